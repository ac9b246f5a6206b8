// SPDX-License-Identifier: Apache-2.0
/* The requester and the evidence checks against the software device: honest ones of every kind, and liars. */
#include "rig.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/collector/source.h"
#include "common/clock.h"

static const char pci_name[] =
	"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:00000000000000a1";

struct fixture {
	char folder[256];
	struct trust_store *roots;
};

static void device_tool(const char *const args[])
{
	const char *argv[16] = { BUILD_FOLDER "/tests/device/spdm-device" };
	size_t n = 1;

	for (; args[n - 1] && n < 15; n++)
		argv[n] = args[n - 1];
	assert_int_equal(rig_run(NULL, argv), 0);
}

static int make_pki(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e = { 0 };
	char path[300];
	FILE *m;

	rig_folder(f->folder);
	snprintf(path, sizeof(path), "%s/pki", f->folder);
	device_tool((const char *const[]){ "init", path, NULL });
	snprintf(path, sizeof(path), "%s/pki/root.pem", f->folder);
	f->roots = trust_store_new();
	assert_ok(trust_store_add_file(f->roots, path, &e), &e);
	snprintf(path, sizeof(path), "%s/good.meas", f->folder);
	m = fopen(path, "w");
	assert_non_null(m);
	fputs("1 rom digest-of:boot rom 1\n2 firmware digest-of:firmware 1.2.3\n6 version "
	      "1.2.3\n16 svn 7\n"
	      "0xfe mode hex:00000000000000000000000000000000\n",
	      m);
	fclose(m);
	*state = f;
	return 0;
}

static int drop_pki(void **state)
{
	struct fixture *f = *state;

	trust_store_drop(&f->roots);
	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

static void make_identity(const struct fixture *f, const char *name, const char *slot,
			  const char *asym, const char *flaw)
{
	char pki[300], folder[400];

	snprintf(pki, sizeof(pki), "%s/pki", f->folder);
	snprintf(folder, sizeof(folder), "%s/%s", f->folder, name);
	device_tool(
		(const char *const[]){ "identity", pki, folder, slot, asym, pci_name, flaw, NULL });
}

/* Start one device; its port comes from its first line. */
static pid_t start_device(const struct fixture *f, const char *options, const char *identity,
			  int *port)
{
	char spec[1200], log[400], line[128] = "";
	const char *const argv[] = { BUILD_FOLDER "/tests/device/spdm-device", "serve", "--device",
				     spec, NULL };
	pid_t pid;

	snprintf(spec, sizeof(spec), "name=d,port=0,identity=%s/%s,measurements=%s/good.meas%s%s",
		 f->folder, identity, f->folder, options[0] ? "," : "", options);
	snprintf(log, sizeof(log), "%s/device.log", f->folder);
	unlink(log);
	pid = rig_start(log, argv);
	for (int i = 0; i < 1000; i++) {
		FILE *in = fopen(log, "r");
		bool ready = in && fgets(line, sizeof(line), in) &&
			     sscanf(line, "device d port %d", port) == 1;

		if (in)
			fclose(in);
		if (ready)
			return pid;
		usleep(5000);
	}
	fail_msg("device did not start: %s", line);
	return 0;
}

/* What the agent does, then what the server checks. 0, or the first reason. */
static int collect_and_check(const struct fixture *f, int port, u8 slot, struct err *e)
{
	struct source_device d = { .source = &source_socket, .slot = slot };
	struct device_evidence got = { 0 };
	OWNED(spdm_evidence) ev = NULL;
	struct pci_identity id;
	u8 nonce[32], challenge_nonce[32];
	int rc;

	snprintf(d.address, sizeof(d.address), "127.0.0.1:%d", port);
	random_bytes(nonce, 32, e);
	random_bytes(challenge_nonce, 32, e);
	rc = source_socket.collect(&d, nonce, challenge_nonce, &got, e);
	if (!rc)
		rc = spdm_evidence_parse(buf_bytes(got.vca), buf_bytes(got.chain),
					 buf_bytes(got.measurements), buf_bytes(got.challenge),
					 slot, NULL, &ev, e);
	if (!rc)
		rc = spdm_evidence_check_nonces(ev, nonce, challenge_nonce, e);
	if (!rc)
		rc = spdm_evidence_check_chain_digest(ev, e);
	if (!rc)
		rc = spdm_evidence_check_leaf(ev, e);
	if (!rc)
		rc = spdm_evidence_check_signatures(ev, e);
	if (!rc)
		rc = spdm_evidence_check_path(ev, f->roots, clock_now_s(), e);
	if (!rc)
		rc = spdm_evidence_pci_identity(ev, &id, e);
	if (!rc && !spdm_evidence_authenticated(ev))
		rc = err_set(e, E_POLICY, "negotiation not authenticated");
	if (!rc && ev->answer.content_changed == 1)
		rc = err_set(e, E_AGAIN, "measurements changed while they were read");
	device_evidence_clear(&got);
	return rc;
}

static void an_honest_device_of_every_version_and_algorithm_passes(void **state)
{
	static const struct {
		const char *asym, *hash;
	} algorithms[] = {
		{ "p256", "sha256" },	    { "p384", "sha384" },	{ "p521", "sha512" },
		{ "rsassa2048", "sha256" }, { "rsapss2048", "sha256" }, { "rsassa3072", "sha384" },
		{ "rsapss3072", "sha384" }, { "rsassa4096", "sha512" }, { "rsapss4096", "sha512" },
	};
	static const char *const versions[] = { "1.0-1.0", "1.0-1.1", "1.0-1.2", "1.0-1.3" };
	struct fixture *f = *state;

	for (size_t a = 0; a < ARRAY_LEN(algorithms); a++) {
		make_identity(f, algorithms[a].asym, "0", algorithms[a].asym, NULL);
		for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
			struct err e = { 0 };
			char options[200];
			int port, rc;
			pid_t pid;

			snprintf(options, sizeof(options),
				 "versions=%s,asym=%s,hash=%s,meas=sha512", versions[v],
				 algorithms[a].asym, algorithms[a].hash);
			pid = start_device(f, options, algorithms[a].asym, &port);
			rc = collect_and_check(f, port, 0, &e);
			rig_stop(pid);
			if (rc)
				fail_msg("%s %s: %s", algorithms[a].asym, versions[v], e.text);
		}
	}
}

static void the_chain_of_each_slot_is_its_own(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	int port;
	pid_t pid;

	make_identity(f, "two", "0", "p384", NULL);
	make_identity(f, "two", "1", "p384", NULL);
	pid = start_device(f, "versions=1.1-1.3", "two", &port);
	assert_ok(collect_and_check(f, port, 0, &e), &e);
	assert_ok(collect_and_check(f, port, 1, &e), &e);
	assert_refused(collect_and_check(f, port, 2, &e), &e, E_DEVICE, "not provisioned");
	rig_stop(pid);
}

static void a_device_with_keys_of_their_own_in_its_slots_passes(void **state)
{
	static const char *const options[] = {
		"versions=1.3-1.3,flags=0x04000016", /* it insists: MULTI_KEY_CAP is 1 */
		"versions=1.3-1.3,flags=0x08000016", /* it can do either */
	};
	struct fixture *f = *state;

	make_identity(f, "own-keys", "0", "p384", NULL);
	make_identity(f, "own-keys", "3", "p384", NULL);
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		struct err e = { 0 };
		int port;
		pid_t pid = start_device(f, options[i], "own-keys", &port);

		assert_ok(collect_and_check(f, port, 0, &e), &e);
		assert_ok(collect_and_check(f, port, 3, &e), &e);
		rig_stop(pid);
	}
}

/* Most run at 1.2. CHALLENGE is asked for at 1.0 and 1.1 only, RequesterContext comes with 1.3. */
static const struct {
	const char *mode, *options;
} special[] = {
	/* a requester that takes 1.0 takes it; the floor is policy */
	{ "version-only-1.0", "versions=1.0-1.3" },
	{ "version-list-stripped", "versions=1.0-1.3" },
	{ "ep-info-cap-3", "versions=1.3-1.3" },
	{ "multi-key-cap-3", "versions=1.3-1.3" },
	{ "sizes-unequal-1.3", "versions=1.3-1.3" },
	{ "log-spec-not-offered", "versions=1.3-1.3" },
	{ "slot-not-supported", "versions=1.3-1.3" },
	{ "slot-0-generic", "versions=1.3-1.3,flags=0x04000016" },
	{ "slot-0-no-model", "versions=1.3-1.3,flags=0x04000016" },
	{ "key-usage-reserved", "versions=1.3-1.3,flags=0x04000016" },
	{ "key-usage-challenge-only", "versions=1.3-1.3,flags=0x04000016" },
	{ "measurements-context", "versions=1.3-1.3" },
	{ "measurements-no-context", "versions=1.3-1.3" },
	{ "certificate-large", "versions=1.3-1.3" },
};

static const char *options_of(const char *mode)
{
	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if (!strcmp(special[i].mode, mode))
			return special[i].options;
	return strncmp(mode, "challenge-", 10) ? "versions=1.2-1.2" : "versions=1.1-1.1";
}

static void run_mode(struct fixture *f, const char *mode, const char *flaw, const char *want)
{
	bool tolerated = !strcmp(want, "accepted");
	struct err e = { 0 };
	char options[300];
	int port, rc;
	pid_t pid;

	assert_true(want[0]);
	if (strcmp(flaw, "-"))
		make_identity(f, mode, "0", "p384", flaw);
	snprintf(options, sizeof(options), "%s,hostile=%s", options_of(mode), mode);
	pid = start_device(f, options, strcmp(flaw, "-") ? mode : "honest", &port);
	rc = collect_and_check(f, port, 0, &e);
	if (strstr(mode, "-replayed"))
		rc = collect_and_check(f, port, 0, &e); /* the second answer is the replay */
	rig_stop(pid);
	if (tolerated && rc)
		fail_msg("%s: is legal, and was refused: %s", mode, e.text);
	if (!tolerated && !rc)
		fail_msg("%s: was accepted, expected \"%s\"", mode, want);
	if (!tolerated && !strstr(e.text, want))
		fail_msg("%s: refused with \"%s\", expected \"%s\"", mode, e.text, want);
}

static void every_hostile_device_is_refused_with_its_reason(void **state)
{
	struct fixture *f = *state;
	char line[512], path[300];
	size_t n = 0;
	FILE *modes;

	make_identity(f, "honest", "0", "p384", NULL);
	snprintf(path, sizeof(path), "%s/tests/device/spdm-device modes", BUILD_FOLDER);
	modes = popen(path, "r");
	assert_non_null(modes);
	while (fgets(line, sizeof(line), modes)) {
		char *save = NULL, *name = strtok_r(line, "\t", &save), *want;

		strtok_r(NULL, "\t", &save); /* the lie's number */
		strtok_r(NULL, "\t", &save); /* the response it alters */
		char *flaw = strtok_r(NULL, "\t", &save);

		want = save ? save : (char *)"";
		want[strcspn(want, "\n")] = 0;
		run_mode(f, name, flaw, want);
		n++;
	}
	assert_int_equal(pclose(modes), 0);
	assert_true(n >= 150);
}

static void a_device_that_is_not_there_is_named_unreachable(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_refused(collect_and_check(f, 1, 0, &e), &e, E_UNREACHABLE, "connect to 127.0.0.1:1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_device_of_every_version_and_algorithm_passes),
		cmocka_unit_test(the_chain_of_each_slot_is_its_own),
		cmocka_unit_test(a_device_with_keys_of_their_own_in_its_slots_passes),
		cmocka_unit_test(every_hostile_device_is_refused_with_its_reason),
		cmocka_unit_test(a_device_that_is_not_there_is_named_unreachable),
	};

	return cmocka_run_group_tests(tests, make_pki, drop_pki);
}
