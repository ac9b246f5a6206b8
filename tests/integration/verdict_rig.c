// SPDX-License-Identifier: Apache-2.0
#include "verdict_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/ima_sample.h"
#include "common/file.h"
#include "common/text.h"
#include "made.h"
#include "proto/ima_log.h"
#include "verifier/boot_claims.h"

static const char *const names[DEVICES] = {
	"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:"
	"00000000000000a1",
	"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:"
	"00000000000000a2",
	"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:"
	"00000000000000a3", /* leaf is a CA      */
	"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:"
	"00000000000000a4", /* 1.1, no challenge */
};

static void tool(const char *program, const char *const args[])
{
	char path[400];
	const char *argv[20] = { path };
	size_t n = 1;

	snprintf(path, sizeof(path), "%s/tests/%s", BUILD_FOLDER, program);
	for (; args[n - 1] && n < 19; n++)
		argv[n] = args[n - 1];
	assert_int_equal(rig_run(NULL, argv), 0);
}

static void start_devices(struct verdict_rig *f)
{
	char spec[DEVICES][700], log[300], line[128];
	const char *argv[3 + 2 * DEVICES] = { BUILD_FOLDER "/tests/device/spdm-device", "serve" };
	char pki[300], id[320], meas[300];
	FILE *m;

	snprintf(pki, sizeof(pki), "%s/pki", f->folder);
	tool("device/spdm-device", (const char *const[]){ "init", pki, NULL });
	snprintf(meas, sizeof(meas), "%s/meas", f->folder);
	m = fopen(meas, "w");
	fputs("1 rom digest-of:rom\n2 firmware digest-of:fw\n16 svn 7\n", m);
	fclose(m);
	for (int i = 0; i < DEVICES; i++) {
		snprintf(id, sizeof(id), "%s/id%d", f->folder, i);
		tool("device/spdm-device",
		     (const char *const[]){ "identity", pki, id, "0", "p384", names[i],
					    i == 2 ? "ca-leaf" : NULL, NULL });
		tool("device/spdm-device",
		     (const char *const[]){ "identity", pki, id, "1", "p384", names[i], NULL });
		snprintf(spec[i], sizeof(spec[i]), "name=d%d,port=0,identity=%s,measurements=%s,%s",
			 i, id, meas, i == 3 ? "versions=1.1-1.1,flags=0x12" : "versions=1.2-1.2");
		argv[2 + 2 * i] = "--device";
		argv[3 + 2 * i] = spec[i];
	}
	snprintf(log, sizeof(log), "%s/devices.log", f->folder);
	f->devices = rig_start(log, argv);
	for (int tries = 0; tries < 1000; tries++) {
		FILE *in = fopen(log, "r");
		bool ready = false;

		while (in && fgets(line, sizeof(line), in)) {
			int i, port;

			if (sscanf(line, "device d%d port %d", &i, &port) == 2)
				f->port[i] = port;
			ready |= !strncmp(line, "ready", 5);
		}
		if (in)
			fclose(in);
		if (ready)
			return;
		usleep(5000);
	}
	fail_msg("devices did not start");
}

struct buf *verdict_ima_list(bool changed)
{
	struct buf *b = buf_new(4096);

	ima_sample_put(&b->w, &(struct ima_sample){ .path = "/usr/bin/a",
						    .content = changed ? "other" : "a" });
	ima_sample_put(&b->w, &(struct ima_sample){ .path = "/var/log/b", .violation = true });
	return b;
}

static void extend_ima(struct verdict_rig *f)
{
	OWNED(buf) list = verdict_ima_list(false);
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry entry;
	struct err e = { 0 };

	ima_cursor_on(c, buf_bytes(list), IMA_BINARY);
	while (ima_next(c, &entry, &e) > 0) {
		struct digest d = sha256_of(entry.data);
		char hex[65], argument[100];
		const char *const extend[] = { "tpm2_pcrextend", argument, NULL };

		if (entry.violation)
			memset(d.at, 0xff, sizeof(d.at));
		snprintf(argument, sizeof(argument), "10:sha256=%s",
			 hex_write(digest_bytes(&d), hex));
		assert_int_equal(rig_tpm_tool(&f->sw, extend), 0);
	}
	free(c);
}

void verdict_boot(struct verdict_rig *f)
{
	char path[300];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/boot.log", f->folder);
	rig_tpm_boot(&f->sw, path);
	extend_ima(f);
	buf_drop(&f->boot_log);
	assert_ok(file_read(path, 65536, &f->boot_log, &e), &e);
}

static void learn(struct verdict_rig *f)
{
	static const struct lie none = { .name = "honest" };
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;
	struct corim_triple t[2];
	OWNED(ect) device = NULL;
	OWNED(ect) log = NULL;
	struct corim_draft d = { .id = "test", .signer = "test", .triples = t, .n = 2 };
	OWNED(buf) corim = NULL;
	struct corim *parsed = NULL;
	struct err e = { 0 };

	f->refs = refs_new();
	made_with(f, &none, &m);
	made_judge(f, &m, &v, &reasons, &a);
	assert_ok(ect_of_device(&verified_view(v)->devices[0], &device, &e), &e);
	assert_ok(boot_claims(verified_view(v)->log, TPM_ALG_SHA256, BYTES_NONE, &log, &e), &e);
	t[0] = (struct corim_triple){ .env = device->env, .n = 2, .elements = device->elements };
	t[1] = (struct corim_triple){ .env = log->env, .n = log->n, .elements = log->elements };
	assert_ok(corim_write(&d, NULL, NULL, &corim, &e), &e);
	assert_ok(corim_parse(buf_bytes(corim), &parsed, &e), &e);
	assert_ok(refs_add(f->refs, parsed, &e), &e);
	assert_ok(refs_ready(f->refs, &e), &e);
	made_clear(&m);
}

int verdict_set_up(void **state)
{
	struct verdict_rig *f = calloc(1, sizeof(*f));
	struct err e = { 0 };
	char path[300];

	rig_folder(f->folder);
	snprintf(path, sizeof(path), "%s/tpm", f->folder);
	assert_ok(folder_make(path, 0700, &e), &e);
	rig_tpm_start(&f->sw, path);
	start_devices(f);
	verdict_boot(f);
	snprintf(path, sizeof(path), "%s/pki/root.pem", f->folder);
	f->roots = trust_store_new();
	assert_ok(trust_store_add_file(f->roots, path, &e), &e);
	learn(f);
	*state = f;
	return 0;
}

int verdict_tear_down(void **state)
{
	struct verdict_rig *f = *state;

	rig_stop(f->devices);
	rig_tpm_stop(&f->sw);
	trust_store_drop(&f->roots);
	refs_drop(&f->refs);
	buf_drop(&f->boot_log);
	rig_folder_remove(f->folder);
	free(f);
	return 0;
}
