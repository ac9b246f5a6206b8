// SPDX-License-Identifier: Apache-2.0
/* What `assay-server doctor` finds: each fault made on its own, on a server that has not got it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "server/corim_rows.h"
#include "server/doctor.h"
#include "server/tokens.h"
#include "server_rig.h"

enum { DAY_S = 86400 };

static struct rig_server server;
static struct settings settings;
static struct doctor_view view;
static char out[65536];

static void look(void *arg)
{
	struct err e = { 0 };

	(void)arg;
	doctor_run(&settings, &view, &e);
}

static char *examined(void)
{
	return stdout_of(look, NULL, out, sizeof(out));
}

/* As `init` left it. */
static void reset(void)
{
	struct err e = { 0 };

	assert_int_equal(rig_shell("cd %s && rm -rf state && cp -a state.good state && chmod 600 "
				   "server.conf",
				   server.folder),
			 0);
	assert_ok(settings_load(server.config, &settings, &e), &e);
	view = (struct doctor_view){ server.config, clock_now_s(), 0, true };
}

static void sql(const char *statement)
{
	assert_int_equal(rig_shell("sqlite3 %s/state/assay.db \"%s\"", server.folder, statement),
			 0);
}

static void a_host_is_enrolled(void)
{
	sql("INSERT INTO hosts VALUES (x'01', 'h', 'g', x'00', 'token', 'active', 1, x'00')");
}

static void write_to_store(int (*fn)(struct tx *tx, void *arg, struct err *e))
{
	OWNED(server) s = NULL;
	struct err e = { 0 };

	assert_ok(server_open(&settings, &s, &e), &e);
	assert_ok(store_write(s->store, fn, NULL, &e), &e);
}

static void make_cert(const char *name, int days)
{
	assert_int_equal(
		rig_shell("mkdir -p %s/%s && openssl req -x509 -newkey ec -pkeyopt "
			  "ec_paramgen_curve:P-256 -nodes -subj /CN=%s-root -days %d -keyout "
			  "%s/%s.key -out %s/%s/root.pem 2>/dev/null",
			  server.folder, name, name, days, server.folder, name, server.folder,
			  name),
		0);
}

/* ---- faults ---- */
static void open_key(void)
{
	rig_shell("chmod 644 %s/state/tls.key", server.folder);
}

static void no_next_key(void)
{
	rig_shell("rm %s/state/tls-next.key", server.folder);
}

static void open_config(void)
{
	rig_shell("chmod 666 %s", server.config);
}

static void no_space(void)
{
	view.space = INT64_MAX;
}

static void no_kek(void)
{
	rig_shell("rm %s/state/kek.pem", server.folder);
}

static void no_kek_in_its_token(void)
{
	snprintf(settings.kek, sizeof(settings.kek), "file:/nowhere/kek.pem");
}

static void no_pin_file(void)
{
	snprintf(settings.kek_pin_file, sizeof(settings.kek_pin_file), "/nowhere/pin");
}

static void older_database(void)
{
	sql("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)");
}

static void certificate_ends(void)
{
	view.now_s += 3640 * (long long)DAY_S;
}

static void certificate_ended(void)
{
	view.now_s += 4000 * (long long)DAY_S;
}

static void no_certificate(void)
{
	rig_shell("rm %s/state/tls.crt", server.folder);
}

static void no_roots(void)
{
}

static void root_ends(void)
{
	make_cert("devices", 10);
	snprintf(settings.device_roots, sizeof(settings.device_roots), "%s/devices", server.folder);
}

static void root_has_ended(void)
{
	root_ends();
	view.now_s += 20 * DAY_S;
}

static void ek_root_ends(void)
{
	make_cert("eks", 10);
	snprintf(settings.ek_roots, sizeof(settings.ek_roots), "%s/eks", server.folder);
}

static void no_crls(void)
{
	snprintf(settings.ek_crls, sizeof(settings.ek_crls), "/nowhere/crls");
}

static void list_is_over(void)
{
	make_cert("ca", 100);
	assert_int_equal(
		rig_shell("cd %s && mkdir -p crls && : >index && printf "
			  "'[ca]\\ndefault_ca=x\\n[x]\\ndatabase=index\\ndefault_md=sha256\\n' "
			  ">ca.cnf && openssl ca -config ca.cnf -gencrl -keyfile ca.key -cert "
			  "ca/root.pem -crldays 2 -out crls/one.crl 2>/dev/null",
			  server.folder),
		0);
	snprintf(settings.corim_roots, sizeof(settings.corim_roots), "%s/ca", server.folder);
	snprintf(settings.corim_crls, sizeof(settings.corim_crls), "%s/crls", server.folder);
	view.now_s += 3 * DAY_S;
}

static void changed_record(void)
{
	sql("UPDATE audit SET actor = 'nobody' WHERE seq = 1");
}

static void no_backup(void)
{
	a_host_is_enrolled();
}

static void old_backup(void)
{
	assert_int_equal(rig_shell("rm -rf %s/copy && %s/server/assay-server --config %s backup "
				   "%s/copy >/dev/null",
				   server.folder, BUILD_FOLDER, server.config, server.folder),
			 0);
	view.now_s += 31 * DAY_S + 60; /* it was made after now_s was read */
}

static void no_administrator(void)
{
	sql("DELETE FROM admin_tokens");
}

static void changed_token(void)
{
	sql("UPDATE admin_tokens SET role = "
	    "'viewer'");
}

static int add_token(struct tx *tx, void *arg, struct err *e)
{
	struct admin_token t = { .name = "ends", .role = "viewer" };
	char text[TOKEN_TEXT_SIZE];

	(void)arg;
	t.not_after = clock_now_s() + 40 * DAY_S;
	return token_make(tx, &t, "test", text, e);
}

static void token_ends(void)
{
	write_to_store(add_token);
	view.now_s +=
		35 *
		DAY_S; /* most of its life is over: one for a week is not told of from its first day on */
}

static int add_window(struct tx *tx, void *arg, struct err *e)
{
	struct corim_row row = { .bytes = bytes_text("no CoRIM"),
				 .by = bytes_text("test"),
				 .is_signed = true,
				 .active = true,
				 .until = clock_now_s() + DAY_S };

	(void)arg;
	return corim_row_insert(tx, &row, e);
}

static void window_ends(void)
{
	write_to_store(add_window);
}

static void configure_webhook(mode_t mode)
{
	struct err e = { 0 };

	snprintf(settings.webhook_url, sizeof(settings.webhook_url), "http://127.0.0.1:1");
	snprintf(settings.webhook_key_file, sizeof(settings.webhook_key_file), "%s/hook.key",
		 server.folder);
	unlink(settings.webhook_key_file);
	assert_ok(file_write(settings.webhook_key_file,
			     bytes_text("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n"), mode, &e),
		  &e);
}

static void webhook_waits(void)
{
	char statement[100];

	configure_webhook(0600);
	snprintf(statement, sizeof(statement), "INSERT INTO webhooks VALUES (1, %lld, '{}', 3, 1)",
		 view.now_s - 7200);
	sql(statement);
}

static void open_webhook_key(void)
{
	configure_webhook(0644);
}

static void pin_is_not_known(void)
{
	a_host_is_enrolled();
	sql("INSERT INTO host_pins VALUES (x'01', 1, x'0102030405060708', 1)");
}

static void clock_of_1970(void)
{
	view.now_s = DAY_S;
}

static void clock_alone(void)
{
	view.synchronised = false;
}

static void test_switch(void)
{
	settings.release_from_test_sources = true;
}

static void policy_that_nobody_meets(void)
{
	settings.ide_required = true;
}

#define FAULT(fn) #fn, fn

/* Whether a line begins with @row, says @said, and is followed by a next step with @next. */
static bool is_told(const char *row, const char *said, const char *next)
{
	char *line, *save = NULL;
	bool told = false;

	for (line = strtok_r(examined(), "\n", &save); line && !told;) {
		char *after = strtok_r(NULL, "\n", &save);

		told = !strncmp(line, row, strlen(row)) && strstr(line, said) &&
		       (!next ||
			(after && !strncmp(after, "     next: ", 11) && strstr(after, next)));
		line = after;
	}
	return told;
}

static void each_fault_is_said_with_its_next_step(void **state)
{
	static const struct {
		const char *name;
		void (*make)(void);
		const char *row, *said, *next; /* no @next: it is a note */
		bool always;		       /* a server that was just made has it, too */
	} rows[] = {
		{ FAULT(open_key), "BAD  state ", "tls.key may be read by others (mode 644)",
		  "chmod go=", false },
		{ FAULT(no_next_key), "BAD  state ", "tls-next.key is not there",
		  "assay-server init", false },
		{ FAULT(open_config), "BAD  configuration ", "mode 666", "chmod go-w", false },
		{ FAULT(no_space), "BAD  space ", "MiB are free", "make room", false },
		{ FAULT(no_kek), "BAD  KEK ", "kek.pem", "backup", false },
		{ FAULT(no_kek_in_its_token), "BAD  KEK ", "the file: URI", "is the token there",
		  false },
		{ FAULT(no_pin_file), "BAD  [kek] pin_file ", "/nowhere/pin", "chmod go=", false },
		{ FAULT(older_database), "BAD  keys and database ", "floor", "restore", false },
		{ FAULT(certificate_ends), "BAD  TLS ", "certificate is good for", "rotate tls",
		  false },
		{ FAULT(certificate_ended), "BAD  TLS ", "certificate ended", "rotate tls", false },
		{ FAULT(no_certificate), "BAD  TLS ", "tls.crt", "assay-server init", false },
		{ FAULT(no_roots), "BAD  device roots ", "0; without one", "[trust] device_roots",
		  true },
		{ FAULT(no_roots), "BAD  CoRIM signers ", "0; without one", "refval anchor add",
		  true },
		{ FAULT(no_roots), "BAD  reference values ", "0 triples", "refval learn", true },
		{ FAULT(root_ends), "BAD  device roots ", "CN=devices-root ends in", "the next one",
		  false },
		{ FAULT(root_has_ended), "note device roots ", "1 of them have ended", NULL,
		  false },
		{ FAULT(ek_root_ends), "BAD  EK roots ", "CN=eks-root ends in", "the next one",
		  false },
		{ FAULT(no_crls), "BAD  keys and database ", "/nowhere/crls", "restore", false },
		{ FAULT(list_is_over), "BAD  CoRIM revocation ", "CN=ca-root ended",
		  "refval crl add", false },
		{ FAULT(changed_record), "BAD  audit log ", "record", "check-audit", false },
		{ FAULT(no_backup), "BAD  backup ", "none was ever made, 1 hosts",
		  "assay-server backup", false },
		{ FAULT(old_backup), "BAD  backup ", "31 days ago", "assay-server backup", false },
		{ FAULT(no_administrator), "BAD  administrators ", "0 tokens",
		  "assay-server token NAME admin", false },
		{ FAULT(changed_token), "BAD  tokens ", "1 rows were changed", "revoke", false },
		{ FAULT(token_ends), "BAD  tokens ", "ends ends at 20", "--until +90d", false },
		{ FAULT(no_roots), "note tokens ", "1 never end", NULL, true },
		{ FAULT(window_ends), "BAD  reference values ", "for three days at most",
		  "refval activate", false },
		{ FAULT(webhook_waits), "BAD  webhook ", "1 wait, the oldest since 120 minutes",
		  "webhook-not-taken", false },
		{ FAULT(open_webhook_key), "BAD  [webhook] key_file ", "may be read by others",
		  "chmod go=", false },
		{ FAULT(pin_is_not_known), "note pins ", "the initramfs of 1 do not know", NULL,
		  false },
		{ FAULT(clock_of_1970), "BAD  clock ", "before 2026", "set it", false },
		{ FAULT(clock_alone), "BAD  clock ", "nothing keeps it right", "set-ntp", false },
		{ FAULT(test_switch), "BAD  test switches ", "simulated", "[test]", false },
		{ FAULT(policy_that_nobody_meets), "BAD  policy ", "no host gets a key",
		  "ide_required", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		reset();
		if (!rows[i].always && is_told(rows[i].row, rows[i].said, NULL))
			fail_msg("%s is there before it is made", rows[i].name);
		reset();
		rows[i].make();
		if (!is_told(rows[i].row, rows[i].said, rows[i].next))
			fail_msg("%s: no \"%s\" with \"%s\" and \"%s\":\n%s", rows[i].name,
				 rows[i].row, rows[i].said, rows[i].next ? rows[i].next : "",
				 examined());
	}
}

static void what_is_well_is_said_to_be(void **state)
{
	static const char *const rows[] = { "ok   state ",  "ok   space ",
					    "ok   KEK ",    "ok   keys and database ",
					    "ok   TLS ",    "ok   audit log ",
					    "ok   backup ", "ok   administrators ",
					    "ok   clock ",  "ok   test switches " };

	(void)state;
	reset();
	examined();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strstr(out, rows[i]))
			fail_msg("no \"%s\":\n%s", rows[i], out);
}

static int set_up(void **state)
{
	if (rig_scratch_make(state))
		return -1;
	rig_server_init(&server, rig_scratch);
	return rig_shell("cp -a %s/state %s/state.good", server.folder, server.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_well_is_said_to_be),
		cmocka_unit_test(each_fault_is_said_with_its_next_step),
	};

	return cmocka_run_group_tests(tests, set_up, rig_scratch_remove);
}
