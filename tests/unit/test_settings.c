// SPDX-License-Identifier: Apache-2.0
/* agent.conf and server.conf: what they mean when little is said, and what they refuse. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/pace.h"
#include "agent/settings.h"
#include "agent/tpm.h"
#include "common/file.h"
#include "server/settings.h"

#define SERVER                                                                                     \
	"[server]\nurl = https://a:8443\npin = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"     \
	"deployment = 01234567-89ab-cdef-0123-456789abcdef\n"
#define IDENTITY                                                                                   \
	"identity = Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:"                \
	"00000000000000a1\n"
#define VOLUME(digit) "[volume 0000000" digit "-0000-0000-0000-000000000000]\nepoch = 1\n"

static void save(const char *text, char path[64])
{
	struct err e = { 0 };
	int fd;

	snprintf(path, 64, "/tmp/assay-settings.XXXXXX");
	fd = mkstemp(path);
	close(fd);
	assert_ok(file_write(path, bytes_text(text), 0600, &e), &e);
}

static int load_agent(const char *text, struct agent_settings *s, struct err *e)
{
	char path[64];
	int rc;

	save(text, path);
	rc = agent_settings_load(path, s, e);
	unlink(path);
	return rc;
}

static int load_server(const char *text, struct settings *s, struct err *e)
{
	char path[64];
	int rc;

	save(text, path);
	rc = settings_load(path, s, e);
	unlink(path);
	return rc;
}

static void an_agent_needs_a_server_that_it_can_know_and_nothing_else(void **state)
{
	struct agent_settings *s = calloc(1, sizeof(*s));
	struct err e = { 0 };

	(void)state;
	assert_ok(load_agent(SERVER, s, &e), &e);
	assert_int_equal(s->n_urls, 1);
	assert_string_equal(s->url[0], "https://a:8443");
	assert_int_equal(s->n_pins, 1);
	assert_int_equal(s->deployment[1], 0x23);
	assert_string_equal(s->tcti, "device:/dev/tpmrm0");
	assert_string_equal(s->boot_log, "/sys/kernel/security/tpm0/binary_bios_measurements");
	assert_string_equal(s->ima_list, "/sys/kernel/security/ima/binary_runtime_measurements");
	assert_string_equal(s->pci_folder, "/sys/bus/pci/devices");
	assert_int_equal(s->interval_s, 3600);
	assert_int_equal(s->event_gap_s, 10);
	assert_true(s->enroll_auto);
	assert_int_equal(s->ek, EK_BY_CERTIFICATE);
	assert_int_equal(s->ak, TEMPLATE_AK_ECC_P256);
	assert_int_equal(s->release_pcrs, 0xdbff);
	assert_false(s->allow_socket_source || s->allow_file_source);
	assert_int_equal(s->n_devices + s->n_volumes, 0);
	assert_true(s->host_name[0]);
	free(s);
}

static void an_agent_refuses_what_would_leave_it_open_or_guessing(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "url and deployment are needed" },
		{ SERVER "[lease]\ncounter = 0x01c00002\n", "an NV index from" },
		{ SERVER "[volume 00000001-0000-0000-0000-000000000000]\npolicy_key = AAAA\n",
		  "a P-256 public key expected" },
		{ SERVER "[lease]\ncounter = 0x01810000\n"
			 "[volume 00000001-0000-0000-0000-000000000000]\ncounter = 0x01810000\n",
		  "it needs its own" },
		{ "[server]\nurl = https://a\n", "url and deployment are needed" },
		{ "[server]\nurl = https://a\ndeployment = 01234567-89ab-cdef-0123-456789abcdef\n",
		  "the server has to be known" },
		{ SERVER "url = http://10.0.0.1\n", "line 5: [server] url: https:// expected" },
		{ SERVER "url = ftp://a\n", "https:// expected" },
		/* loopback by its start only: this one is somebody's domain */
		{ SERVER "url = http://127.0.0.1.example.org\n", "https:// expected" },
		{ SERVER "url = http://127.0.0.1:80@example.org\n", "https:// expected" },
		{ SERVER "url = http://127.0.0.1@example.org\n", "https:// expected" },
		{ SERVER "url = http://[::1]x\n", "https:// expected" },
		/* the second one has to be known as well */
		{ "[server]\nurl = http://127.0.0.1:8080\nurl = https://a\n"
		  "deployment = 01234567-89ab-cdef-0123-456789abcdef\n",
		  "the server has to be known" },
		{ SERVER "pin = AAAA\n", "base64 of a SHA-256 expected" },
		{ SERVER "deployment = here\n", "a UUID expected" },
		{ SERVER "[device a]\naddress = 127.0.0.1:1\n" IDENTITY,
		  "[device a] is a simulated device: [test] allow_socket_source = yes is needed" },
		{ SERVER "[device a]\nfile = /t\n" IDENTITY "[test]\nallow_socket_source = yes\n",
		  "[device a] is saved evidence: [test] allow_file_source = yes is needed" },
		{ SERVER "[device a]\nfile = /t\naddress = 127.0.0.1:1\n" IDENTITY,
		  "[device a] needs an identity, and either an address or a file" },
		{ SERVER "[device a]\n" IDENTITY, "either an address or a file" },
		{ SERVER "[device a]\naddress = 127.0.0.1:1\n", "needs an identity" },
		{ SERVER "[device a]\nfile = t\n" IDENTITY, "an absolute path expected" },
		{ SERVER "[device]\naddress = 127.0.0.1:1\n", "[device NAME] expected" },
		{ SERVER "[device a]\nidentity = Vendor=1\n", "identity" },
		{ SERVER "[device a]\nslot = 8\n", "a number from 0 to 7 expected" },
		{ SERVER "[devices]\nsources = kernel-cma, user-doe\n",
		  "\"user-doe\" is no source of this version" },
		{ SERVER "[logs]\nima = no\n", "off, or an absolute path expected" },
		{ SERVER "[devices]\nslots = 8\n", "a number from 0 to 7 expected" },
		{ SERVER "[devices]\nslots = 1 2 1\n", "slot 1 stands twice" },
		{ SERVER "[devices]\nslots =\n", "slots of 0 to 7 expected" },
		{ SERVER "[devices]\ngate = yes\n", "off, accept or on expected" },
		{ SERVER "[devices]\non_fail = ignore\n", "report, detach or panic expected" },
		{ SERVER "[devices]\nungated = 01:00.0\n", "PCI addresses as 0000:01:00.0" },
		{ SERVER "[devices]\ngate = on\nsources =\n", "gate is of the kernel's devices" },
		{ SERVER "[devices]\ngate = accept\npci =\n", "gate is of the kernel's devices" },
		{ SERVER "[tpm]\nek = ecc-p521\n", "auto, ecc-p256" },
		{ SERVER "[tpm]\nak = auto\n", "ecc-p256, ecc-p384 or rsa-2048 expected" },
		{ SERVER "[enroll]\nauto = perhaps\n", "yes or no" },
		{ SERVER "[enroll]\nretry = 0\n", "longer than nothing" },
		{ SERVER "[enroll]\njoin_token = x\n", "unknown key" },
		{ SERVER "[volume x]\nepoch = 1\n", "[volume UUID] expected" },
		{ SERVER VOLUME("1") VOLUME("1"), "stands twice" },
		{ SERVER "[volume 00000001-0000-0000-0000-000000000000]\nepoch = 0\n",
		  "a number from 1" },
	};
	struct agent_settings *s = calloc(1, sizeof(*s));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };

		if (!load_agent(rows[i].text, s, &e))
			fail_msg("row %zu was taken, expected: %s", i, rows[i].why);
		if (e.code != E_CONFIG || !strstr(e.text, rows[i].why))
			fail_msg("row %zu: %d \"%s\", expected \"%s\"", i, (int)e.code, e.text,
				 rows[i].why);
	}
	free(s);
}

static void the_kernels_devices_are_read_from_slot_0_unless_told_otherwise(void **state)
{
	struct agent_settings *s = calloc(1, sizeof(*s));
	struct err e = { 0 };

	(void)state;
	assert_ok(load_agent(SERVER, s, &e), &e);
	assert_true(s->kernel_cma && s->n_slots == 1 && s->slots[0] == 0);
	assert_ok(load_agent(SERVER "[devices]\nslots = 3, 0 7\nsources = kernel-cma\n", s, &e),
		  &e);
	assert_true(s->kernel_cma);
	assert_int_equal(s->n_slots, 3);
	assert_memory_equal(s->slots, ((u8[]){ 3, 0, 7 }), 3);
	assert_ok(load_agent(SERVER "[devices]\nsources =\n", s, &e), &e);
	assert_false(s->kernel_cma);
	free(s);
}

static void the_gate_is_open_unless_told_otherwise(void **state)
{
	struct agent_settings *s = calloc(1, sizeof(*s));
	struct err e = { 0 };

	(void)state;
	assert_ok(load_agent(SERVER, s, &e), &e);
	assert_int_equal(s->gate, GATE_MODE_OFF);
	assert_int_equal(s->on_fail, 1); /* ASSAY_ON_FAIL_DETACH */
	assert_ok(load_agent(SERVER "[devices]\ngate = on\non_fail = panic\n"
				    "ungated = 0000:01:00.0, 0000:02:00.0\n",
			     s, &e),
		  &e);
	assert_int_equal(s->gate, GATE_MODE_ON);
	assert_int_equal(s->on_fail, 2);
	assert_int_equal(s->n_ungated, 2);
	assert_string_equal(s->ungated[1], "0000:02:00.0");
	assert_ok(load_agent(SERVER "[devices]\ngate = accept\n", s, &e), &e);
	assert_int_equal(s->gate, GATE_MODE_ACCEPT);
	free(s);
}

static void an_agents_lists_are_bounded_and_volumes_are_in_order(void **state)
{
	struct agent_settings *s = calloc(1, sizeof(*s));
	char text[4000];
	struct err e = { 0 };

	(void)state;
	assert_ok(load_agent(SERVER VOLUME("3") VOLUME("1") VOLUME("2"), s, &e), &e);
	assert_int_equal(s->n_volumes, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(s->volumes[i].uuid[3], i + 1); /* as the token wants them */
	snprintf(text, sizeof(text), "%s", SERVER);
	for (int i = 1; i < SERVERS_MAX; i++)
		strcat(text, "url = http://127.0.0.1:80\n");
	assert_ok(load_agent(text, s, &e), &e);
	assert_int_equal(s->n_urls, SERVERS_MAX);
	strcat(text, "url = https://b\n");
	assert_refused(load_agent(text, s, &e), &e, E_CONFIG, "more than 8 servers");
	snprintf(text, sizeof(text), "%s", SERVER);
	for (int i = 1; i <= PINS_MAX; i++)
		strcat(text, "pin = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	assert_refused(load_agent(text, s, &e), &e, E_CONFIG, "more than 4 pins");
	free(s);
}

static void a_server_has_a_safe_default_for_everything(void **state)
{
	struct settings s;
	struct err e = { 0 };

	(void)state;
	assert_ok(load_server("", &s, &e), &e);
	assert_string_equal(s.address, "::");
	assert_int_equal(s.port, 8443);
	assert_true(s.tls);
	assert_string_equal(s.database, "/var/lib/assay-server/assay.db");
	assert_string_equal(s.kek, "/var/lib/assay-server/kek.pem");
	assert_string_equal(settings_kek(&s).provider, "");
	assert_string_equal(s.device_roots, ""); /* nobody is trusted that was not named */
	assert_int_equal(s.release_pcrs, 0xdbff);
	assert_int_equal(s.spdm_version_min, 0x12);
	assert_false(s.release_after_restart);
	assert_false(s.release_from_test_sources);
	assert_ok(load_server("[store]\nstate = /s\ndatabase = /d/x.db\n", &s, &e), &e);
	assert_string_equal(s.database, "/d/x.db");
	assert_string_equal(s.audit_floor, "/s/audit.floor");
}

static void how_corims_are_read_and_compared_is_told(void **state)
{
	struct settings s;
	struct err e = { 0 };

	(void)state;
	assert_ok(load_server("", &s, &e), &e);
	assert_int_equal(s.refs.rules, CORIM_CONTAINMENT);
	assert_false(s.refs.cotl_required || s.corim_old_shapes);
	assert_ok(load_server("[trust]\ncorim_old_shapes = yes\n[policy]\ncotl_required = yes\n"
			      "corim_rules = whole\n",
			      &s, &e),
		  &e);
	assert_int_equal(s.refs.rules, CORIM_WHOLE);
	assert_true(s.refs.cotl_required && s.corim_old_shapes);
	assert_refused(load_server("[policy]\ncorim_rules = published\n", &s, &e), &e, E_CONFIG,
		       "containment or whole");
}

static void what_files_may_run_is_told(void **state)
{
	struct settings *s = calloc(1, sizeof(*s));
	struct ima_rules *r = &s->appraisal.ima;
	struct err e = { 0 };

	(void)state;
	assert_ok(load_server("", s, &e), &e);
	assert_int_equal(r->mode, IMA_MODE_OFF);
	assert_false(r->unknown_warns);
	assert_int_equal(r->changed, IMA_CHANGED_WARNS);
	assert_ok(load_server("[policy]\nima = known\nima_unknown = warn\nima_violations = ignore\n"
			      "ima_exclude = /opt\nima_exclude = /srv\nima_refuse = /tmp\n"
			      "ima_require = /sbin/init\n",
			      s, &e),
		  &e);
	assert_int_equal(r->mode, IMA_MODE_KNOWN);
	assert_true(r->unknown_warns);
	assert_int_equal(r->changed, IMA_CHANGED_IGNORED);
	assert_int_equal(r->excluded.n, 2);
	assert_string_equal(r->excluded.at[1], "/srv");
	assert_string_equal(r->refused.at[0], "/tmp");
	assert_string_equal(r->required.at[0], "/sbin/init");
	free(s);
}

static void a_release_set_has_the_cap_and_nothing_that_can_be_reset(void **state)
{
	static const struct {
		const char *text;
		u32 pcrs; /* 0: refused */
		const char *why;
	} rows[] = {
		{ "0-9,11,12,14,15", 0xdbff, "" },
		{ "15", 0x8000, "" },
		{ "7,15", 0x8080, "" },
		{ "0-9", 0, "PCR 15, the cap" },
		{ "", 0, "PCR 15, the cap" },
		{ "0-15", 0, "PCR 10, 13 and 16 to 23" },
		{ "13,15", 0, "PCR 10, 13 and 16 to 23" },
		{ "15,16", 0, "PCR 10, 13 and 16 to 23" },
		{ "15,23", 0, "PCR 10, 13 and 16 to 23" },
		{ "24,15", 0, "a list like" },
		{ "9-0,15", 0, "a list like" },
		{ "7;15", 0, "a list like" },
		{ "7 15", 0, "a list like" },
		{ "7,,15", 0, "a list like" },
		{ "15,", 0, "a list like" },
		{ "-1,15", 0, "a list like" },
		{ "1-,15", 0, "a list like" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings s;
		struct err e = { 0 };
		char text[100];
		int rc;

		snprintf(text, sizeof(text), "[policy]\nrelease_pcrs = %s\n", rows[i].text);
		rc = load_server(text, &s, &e);
		if (rows[i].pcrs ? rc || s.release_pcrs != rows[i].pcrs
				 : !rc || !strstr(e.text, rows[i].why))
			fail_msg("\"%s\": %s, 0x%x", rows[i].text, rc ? e.text : "taken",
				 s.release_pcrs);
	}
}

static void a_server_refuses_what_it_cannot_mean(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "[listen]\nport = 65536\n", "a number from 0 to 65535" },
		{ "[listen]\nthreads = 0\n", "a number from 1 to 64" },
		{ "[listen]\ntls = perhaps\n", "yes or no" },
		{ "[policy]\nspdm_version_min = 1.4\n", "1.0, 1.1, 1.2 or 1.3 expected" },
		{ "[policy]\ndevice_move_after = soon\n", "a duration" },
		{ "[policy]\nlease_reboots = 101\n", "a number from 0 to 100" },
		{ "[policy]\nlease_hours = 0\n", "a number from 1 to 8760" },
		{ "[policy]\nima = on\n", "off, replay or known expected" },
		{ "[policy]\nima_unknown = ignore\n", "refuse or warn expected" },
		{ "[policy]\nima_violations = off\n", "warn, refuse or ignore expected" },
		{ "[policy]\nima_refuse =\n", "at most 32 paths" },
		{ "[kek]\nfile = pkcs11:object=kek\n", "a URI is [kek] uri" },
		{ "[kek]\nuri = /etc/assay/kek.pem\n", "a URI expected" },
		{ "[trust]\ndevice_root = /x\n", "unknown key" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings s;
		struct err e = { 0 };

		assert_refused(load_server(rows[i].text, &s, &e), &e, E_CONFIG, rows[i].why);
	}
}

/* From the file to when the next round starts: after the gap, not sooner and not later. */
static void the_gap_between_events_is_the_configured_one(void **state)
{
	static const struct {
		const char *line;
		long long gap_ms;
	} rows[] = {
		{ "", 10000 },
		{ "[rounds]\nevent_gap = 3s\n", 3000 },
		{ "[rounds]\nevent_gap = 2m\n", 120000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct agent_settings *s = calloc(1, sizeof(*s));
		struct err e = { 0 };
		char text[1000];
		struct pace p;

		snprintf(text, sizeof(text), "%s%s", SERVER, rows[i].line);
		assert_ok(load_agent(text, s, &e), &e);
		p = pace_start(s->event_gap_s);
		pace_event(&p);
		assert_int_equal(pace_due(&p, 5), 5);
		pace_round(&p, true, 5);
		pace_event(&p);
		assert_int_equal(pace_due(&p, 6), 5 + rows[i].gap_ms);
		free(s);
	}
}

static void a_webhook_goes_over_tls_or_stays_on_this_machine(void **state)
{
	static const struct {
		const char *url;
		bool taken;
	} rows[] = {
		{ "https://hooks.example/assay", true },
		{ "http://127.0.0.1:9000/x", true },
		{ "http://127.0.0.1", true },
		{ "http://[::1]/x", true },
		{ "http://localhost:80/", true },
		{ "http://hooks.example/assay", false },
		{ "http://127.0.0.1.hooks.example/", false },
		{ "http://localhost.hooks.example/", false },
		{ "http://127.0.0.1:x@hooks.example/", false },
		{ "https://name:word@hooks.example/", false },
		{ "file:///etc/passwd", false },
		{ "127.0.0.1", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };
		struct settings s;
		char text[200];
		bool taken;

		snprintf(text, sizeof(text), "[webhook]\nurl = %s\n", rows[i].url);
		taken = !load_server(text, &s, &e);
		if (taken != rows[i].taken)
			fail_msg("%s: %s", rows[i].url, taken ? "taken" : e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_webhook_goes_over_tls_or_stays_on_this_machine),
		cmocka_unit_test(the_gap_between_events_is_the_configured_one),
		cmocka_unit_test(an_agent_needs_a_server_that_it_can_know_and_nothing_else),
		cmocka_unit_test(an_agent_refuses_what_would_leave_it_open_or_guessing),
		cmocka_unit_test(the_kernels_devices_are_read_from_slot_0_unless_told_otherwise),
		cmocka_unit_test(the_gate_is_open_unless_told_otherwise),
		cmocka_unit_test(an_agents_lists_are_bounded_and_volumes_are_in_order),
		cmocka_unit_test(a_server_has_a_safe_default_for_everything),
		cmocka_unit_test(how_corims_are_read_and_compared_is_told),
		cmocka_unit_test(what_files_may_run_is_told),
		cmocka_unit_test(a_release_set_has_the_cap_and_nothing_that_can_be_reset),
		cmocka_unit_test(a_server_refuses_what_it_cannot_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
