// SPDX-License-Identifier: Apache-2.0
/* `assay verify --format nvidia-gpu` with a real report: alone, and with manifests of its vendor and of our own. */
#include "rig.h"

#include <stdio.h>
#include <unistd.h>

#include "../unit/swid_sample.h"
#include "common/text.h"

#define ASSAY	  BUILD_FOLDER "/cli/assay"
#define INSTALLED BUILD_FOLDER "/cli/installed/assay"
#define VENDOR	  "spdm/nvidia/"

enum { RECORD_AT = 37 + 8, RECORD_LEN = 3520, MORE_MAX = 9 };
/* Its measurement record, for manifests that say what it says. */
static struct buf *read_report(void)
{
	OWNED(buf) text = third_party(VENDOR "gh100_550.90.07_report.hex.txt");

	while (text->w.len && text->w.at[text->w.len - 1] <= ' ')
		text->w.len--;
	write_u8(&text->w, 0);
	return from_hex((const char *)text->w.at);
}

static void put(const char *name, struct bytes b)
{
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", rig_scratch, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(b.at, 1, b.len, f), b.len);
	fclose(f);
}

static void put_manifests(void)
{
	OWNED(buf) report = read_report();
	struct bytes record = bytes_slice(buf_bytes(report), RECORD_AT, RECORD_LEN);
	OWNED(buf) pem = buf_new(4096);
	struct swid_signer s;
	struct err e = { 0 };

	swid_signer_make(&s, false);
	OWNED(buf) driver = swid_manifest(&s, "550.90.07", record, 10, 40, 12, SWID_SECOND);
	OWNED(buf) wrong = swid_manifest(&s, "550.90.07", record, 10, 40, 20, SWID_WRONG);
	OWNED(buf) vbios = swid_manifest(&s, "96.00.9F.00.01", record, 0, 9, 99, SWID_RIGHT);
	assert_ok(cert_pem(s.root, &pem->w, &e), &e);
	put("driver", buf_bytes(driver));
	put("wrong", buf_bytes(wrong));
	put("vbios", buf_bytes(vbios));
	put("root", buf_bytes(pem));
	swid_signer_clear(&s);
}

/* A word that begins with "@" is a file of the vendor's, with "+" one of ours. */
static const char *word(const char *w, char out[4096])
{
	char vendor[256];

	if (w && w[0] == '@') {
		snprintf(vendor, sizeof(vendor), VENDOR "%s", w + 1);
		return third_party_path(vendor, out, 4096);
	}
	if (w && w[0] == '+')
		snprintf(out, 4096, "%s/%s", rig_scratch, w + 1);
	return w && w[0] == '+' ? out : w;
}

static bool answers(const char *program, const char *const *more, int code,
		    const char *const want[3])
{
	static const char *const first[] = { "verify",	 "@gh100_550.90.07_report.hex.txt",
					     "--format", "nvidia-gpu",
					     "--chain",	 "@gh100_550.90.07_chain.pem",
					     "--root",	 "@device_root.pem",
					     "--nonce" };
	static char room[32][4096];
	const char *argv[32] = { program };
	OWNED(buf) report = read_report();
	char log[320], nonce[65];
	size_t n = 1;
	int got;

	for (size_t i = 0; i < ARRAY_LEN(first); i++, n++)
		argv[n] = word(first[i], room[n]);
	argv[n++] = hex_write(bytes_slice(buf_bytes(report), 4, 32), nonce);
	for (size_t i = 0; i < MORE_MAX && more[i]; i++, n++)
		argv[n] = word(more[i], room[n]);
	snprintf(log, sizeof(log), "%s/log", rig_scratch);
	unlink(log);
	got = rig_run(log, argv);
	OWNED(buf) out = file_bytes(log);
	bool ok = got == code && out;

	assert_non_null(out);
	write_u8(&out->w, 0);
	for (size_t i = 0; i < 3 && want[i]; i++)
		ok &= strstr((const char *)out->w.at, want[i]) != NULL;
	if (!ok)
		print_error("%s %s: exit %d, expected %d and \"%s\":\n%.2000s\n", more[0], more[1],
			    got, code, want[0], out->w.at);
	return ok;
}

#define AT "2025-06-15T00:00:00Z"
static void a_report_is_held_against_the_manifests_that_are_given(void **state)
{
	static const struct {
		const char *more[MORE_MAX];
		int code;
		const char *want[3];
	} rows[] = {
		{ { NULL }, 0, { "nothing was appraised" } },
		{ { "--rim", "@rim_driver_545.00.swidtag", "--rim-root", "@rim_root.pem", "--at",
		    AT },
		  2,
		  { "version mismatch: manifest for 545.00", "driver 550.90.07" } },
		{ { "--rim", "@rim_driver_545.00.swidtag", "--rim-root", "@rim_root.pem" },
		  2,
		  { "signer expired: CN=HCC RIM L4 Signer" } },
		{ { "--rim", "@rim_driver_545.00.swidtag", "--rim-root", "+root", "--at", AT },
		  2,
		  { "signer of the SWID tag" } },
		{ { "--rim", "+driver", "--rim", "+vbios", "--rim-root", "+root", "--at", AT },
		  0,
		  { "verified: driver 550.90.07", "40 match, 0 do not, 1 not compared",
		    "signed by CN=manifest signer" } },
		{ { "--rim", "+wrong", "--rim", "+vbios", "--rim-root", "+root", "--at", AT },
		  2,
		  { "mismatch: driver index 20 (m): wanted 0000",
		    "39 match, 1 do not, 1 not compared" } },
		{ { "--rim", "+wrong", "--rim", "+vbios", "--rim-root", "+root", "--at", AT,
		    "--json" },
		  2,
		  { "\"appraisal\":\"mismatch\"", "\"ok\":false",
		    "\"index\":20,\"manifest\":\"driver\",\"name\":\"m\",\"result\":"
		    "\"mismatch\"" } },
		{ { "--rim", "+driver", "--rim-root", "+root", "--at", AT },
		  2,
		  { "no manifest for VBIOS 96.00.9F.00.01" } },
		{ { "--rim", "+driver" }, 1, { "usage" } },
		{ { "--rim-root", "+root" }, 1, { "usage" } },
		{ { "--at", "yesterday" }, 1, { "usage" } },
		{ { "--rim", "+driver", "--rim", "+vbios", "--rim", "+vbios", "--rim-root",
		    "+root" },
		  1,
		  { "usage" } },
	};
	size_t wrong = 0;

	(void)state;
	put_manifests();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		wrong += !answers(ASSAY, rows[i].more, rows[i].code, rows[i].want);
	assert_int_equal(wrong, 0);
}

/* What is installed does not fall back on the folder that it was built in. */
static void without_its_module_no_manifest_is_read_and_the_file_is_named(void **state)
{
	static const char *const with[MORE_MAX] = { "--rim", "+driver", "--rim-root", "+root" };
	static const char *const without[MORE_MAX] = { NULL };
	static const char *const missing[3] = {
		"assay: the reader of vendors' manifests, " SWID_MODULE_INSTALLED
		", cannot be read: No such file or directory\n"
	};
	static const char *const alone[3] = { "nothing was appraised" };
	char room[4096], log[320];
	const char *inspect[] = { INSTALLED, "inspect", word("+driver", room), NULL };

	(void)state;
	if (!access(SWID_MODULE_INSTALLED, F_OK)) {
		print_message("SKIP: " SWID_MODULE_INSTALLED " is installed here\n");
		skip();
	}
	put_manifests();
	assert_true(answers(INSTALLED, with, 1, missing));
	assert_true(answers(INSTALLED, without, 0, alone));
	snprintf(log, sizeof(log), "%s/inspected", rig_scratch);
	assert_int_equal(rig_run(log, inspect), 1);
	OWNED(buf) said = file_bytes(log);
	assert_non_null(said);
	write_u8(&said->w, 0);
	if (strncmp((const char *)said->w.at, missing[0],
		    strlen(missing[0]))) /* behind it is what to do */
		fail_msg("%s", (const char *)said->w.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_is_held_against_the_manifests_that_are_given),
		cmocka_unit_test(without_its_module_no_manifest_is_read_and_the_file_is_named),
	};

	return cmocka_run_group_tests(tests, rig_scratch_make, rig_scratch_remove);
}
