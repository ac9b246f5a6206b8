// SPDX-License-Identifier: Apache-2.0
/* The server as a program, over HTTPS: what it takes, what it refuses and with which words. */
#include "server_rig.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/round.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/corim.h"
#include "proto/eat.h"
#include "server/db.h"

struct fixture {
	char folder[256];
	struct rig_server s;
	struct rig_tpm sw;
	struct agent_settings settings;
	pid_t collector;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char text[1500], path[400];
	struct err e = { 0 };

	rig_folder(f->folder);
	rig_server_init(&f->s, f->folder);
	rig_server_start(&f->s);
	snprintf(path, sizeof(path), "%s/tpm", f->folder);
	assert_ok(folder_make(path, 0700, &e), &e);
	rig_tpm_start(&f->sw, path);
	snprintf(text, sizeof(text),
		 "[server]\nurl = https://127.0.0.1:%d\npin = %s\ndeployment = %s\n[host]\nname = "
		 "host-a\n[tpm]\ntcti = %s\n"
		 "[devices]\npci =\n[sockets]\ncollector = %s/collector.sock\nagent = "
		 "%s/agent.sock\n",
		 f->s.port, f->s.pin, f->s.deployment, f->sw.tcti, f->folder, f->folder);
	rig_write(f->folder, "agent.conf", text);
	snprintf(path, sizeof(path), "%s/agent.conf", f->folder);
	assert_ok(agent_settings_load(path, &f->settings, &e), &e);
	{
		const char *const collector[] = { BUILD_FOLDER "/agent/assay-collector", "--config",
						  path, NULL };
		char log[300], sock[300];

		snprintf(log, sizeof(log), "%s/collector.log", f->folder);
		f->collector = rig_start(log, collector);
		snprintf(sock, sizeof(sock), "%s/collector.sock", f->folder);
		rig_wait_for(sock);
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rig_stop(f->collector);
	rig_server_stop(&f->s);
	rig_tpm_stop(&f->sw);
	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

static void refused(struct transport *t, const char *method, const char *path, const char *type,
		    const char *token, struct bytes body, long want, const char *words)
{
	json_t *j = rig_call(t, method, path, type, token, body, want);
	const char *detail = json_string_value(json_object_get(j, "detail"));

	if (*words && (!detail || !strstr(detail, words)))
		fail_msg("%s %s: \"%s\", expected \"%s\"", method, path, detail ? detail : "",
			 words);
	json_decref(j);
}

static void a_server_with_another_key_is_not_spoken_to(void **state)
{
	struct fixture *f = *state;
	OWNED(transport)
	t = rig_server_connect(&f->s, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	struct reply r;
	struct err e = { 0 };

	assert_refused(transport_call(t, "GET", "/healthz", NULL, NULL, BYTES_NONE, &r, &e), &e,
		       E_SIGNATURE, "pinned");
}

static int call_with_ca(const struct fixture *f, const char *host, const char *ca, struct err *e)
{
	char url[64], path[400];
	const char *urls[] = { url };
	OWNED(transport) t = NULL;
	struct reply r;

	snprintf(url, sizeof(url), "https://%s:%d", host, f->s.port);
	snprintf(path, sizeof(path), "%s/state/%s", f->s.folder, ca);
	assert_ok(transport_open(urls, 1, NULL, 0, path, &t, e), e);
	if (transport_call(t, "GET", "/healthz", NULL, NULL, BYTES_NONE, &r, e))
		return (int)e->code;
	assert_int_equal(r.status, 200);
	reply_clear(&r);
	return 0;
}

static void with_a_ca_instead_of_a_pin_name_and_certificate_must_fit(void **state)
{
	static const struct {
		const char *host, *ca;
		bool good;
	} rows[] = {
		{ "localhost", "tls.crt", true },
		{ "localhost", "tls-next.crt", false }, /* of another key */
		{ "127.0.0.1", "tls.crt", false },	/* not a name of the certificate */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };
		int rc = call_with_ca(*state, rows[i].host, rows[i].ca, &e);

		if (!rc != rows[i].good || (rc && rc != E_SIGNATURE))
			fail_msg("%s by %s: %d %s", rows[i].host, rows[i].ca, rc, e.text);
	}
}

static void routes_refuse_who_has_no_right_and_what_is_too_large(void **state)
{
	struct fixture *f = *state;
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);
	char *large = malloc(100000);

	memset(large, 'x', 100000);
	refused(t, "GET", "/api/v1/hosts", NULL, NULL, BYTES_NONE, 401, "bearer token");
	refused(t, "GET", "/api/v1/hosts", NULL, "not-a-token", BYTES_NONE, 401, "not known");
	refused(t, "POST", "/endorsement-provisioning/v1/submit", "application/rim+cose", NULL,
		bytes_text("x"), 401, "");
	refused(t, "GET", "/nothing/here", NULL, NULL, BYTES_NONE, 404, "");
	refused(t, "DELETE", "/api/v1/hosts", NULL, f->s.token, BYTES_NONE, 405, "");
	refused(t, "POST", "/enroll/v1/hosts", "application/json", NULL,
		(struct bytes){ (u8 *)large, 100000 }, 413, "");
	refused(t, "POST", "/challenge-response/v1/newSession?nonce=AAAA", NULL, NULL, BYTES_NONE,
		400, "32 bytes");
	refused(t, "POST", "/challenge-response/v1/newSession?nonceSize=64", NULL, NULL, BYTES_NONE,
		400, "nonceSize");
	refused(t, "GET", "/challenge-response/v1/session/AAAA", NULL, NULL, BYTES_NONE, 404, "");
	free(large);
}

static void unsigned_and_wrongly_signed_corims_are_refused(void **state)
{
	struct fixture *f = *state;
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);
	OWNED(keypair) key = NULL;
	OWNED(cert) cert = NULL;
	OWNED(buf) plain = NULL;
	OWNED(buf) foreign = NULL;
	struct cert_list chain = { .n = 1 };
	u8 mkey[] = { 0x01 }, digest[32] = { 7 };
	struct corim_element el = {
		.mkey = BYTES(mkey), .mval = { .n_digests = 1, .digests = { { 1, BYTES(digest) } } }
	};
	struct corim_triple triple = { .env = { .vendor = bytes_text("pci:1b36") },
				       .n = 1,
				       .elements = &el };
	struct corim_draft d = { .id = "x", .signer = "x", .triples = &triple, .n = 1 };
	struct cert_request want = { .common_name = "nobody", .not_after = 4000000000 };
	struct err e = { 0 };

	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	want.key = keypair_pub(key);
	want.issuer_key = key;
	assert_ok(cert_make(&want, &cert, &e), &e);
	chain.at[0] = cert;
	assert_ok(corim_write(&d, NULL, NULL, &plain, &e), &e);
	assert_ok(corim_write(&d, key, &chain, &foreign, &e), &e);
	refused(t, "POST", "/endorsement-provisioning/v1/submit", "application/rim+cbor",
		f->s.token, buf_bytes(plain), 403, "not signed");
	refused(t, "POST", "/endorsement-provisioning/v1/submit", "application/rim+cose",
		f->s.token, buf_bytes(foreign), 403, "signer of CoRIM");
	foreign->w.at[foreign->w.len - 3] ^= 1;
	refused(t, "POST", "/endorsement-provisioning/v1/submit", "application/rim+cose",
		f->s.token, buf_bytes(foreign), 403, "");
	refused(t, "POST", "/endorsement-provisioning/v1/submit", "application/rim+cose",
		f->s.token, bytes_text("junk"), 400, "CoRIM");
}

static void
an_unknown_tpm_is_refused_a_registered_one_enrols_another_under_its_name_does_not(void **state)
{
	struct fixture *f = *state;
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);
	OWNED(tpm) tpm = NULL;
	struct rig_tpm other = { 0 };
	struct round_result r;
	char hash[65], folder[300];
	struct err e = { 0 };

	assert_ok(tpm_open(f->settings.tcti, &tpm, &e), &e);
	assert_refused(enroll_run(&f->settings, tpm, t, &e), &e, E_DENIED,
		       "nothing vouches for this TPM");
	assert_ok(ek_hash_run(&f->settings, tpm, hash, &e), &e);
	rig_register(&f->s, t, hash, "host-a");
	assert_ok(enroll_run(&f->settings, tpm, t, &e), &e);
	assert_ok(enroll_run(&f->settings, tpm, t, &e), &e); /* the same again changes nothing */
	tpm_drop(&tpm);

	snprintf(folder, sizeof(folder), "%s/tpm2", f->folder);
	assert_ok(folder_make(folder, 0700, &e), &e);
	rig_tpm_start(&other, folder);
	assert_ok(tpm_open(other.tcti, &tpm, &e), &e);
	assert_ok(ek_hash_run(&f->settings, tpm, hash, &e), &e);
	rig_register(&f->s, t, hash, "");
	assert_refused(enroll_run(&f->settings, tpm, t, &e), &e, E_CONFLICT,
		       "enrolled with another TPM");
	/* and what it sends under that name is nobody's */
	assert_ok(round_run(&f->settings, tpm, t, NULL, NULL, NULL, &r, &e), &e);
	assert_string_equal(r.status, "contraindicated");
	assert_int_equal(r.n_shares, 0);
	write_u8(&r.json->w, 0);
	assert_non_null(strstr((char *)r.json->w.at, "this AK is not enrolled"));
	round_result_clear(&r);
	tpm_drop(&tpm);
	rig_tpm_stop(&other);
}

static void a_token_is_taken_once_and_only_in_its_session(void **state)
{
	struct fixture *f = *state;
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);
	OWNED(tpm) tpm = NULL;
	OWNED(eat) parsed = NULL;
	struct round_result r;
	struct err e = { 0 };
	char path[200], id[64];
	json_t *j;

	assert_ok(tpm_open(f->settings.tcti, &tpm, &e), &e);
	assert_ok(round_run(&f->settings, tpm, t, NULL, NULL, NULL, &r, &e), &e);
	assert_string_equal(r.status,
			    "contraindicated"); /* no boot log: not affirmed, and said why */
	assert_ok(eat_parse(buf_bytes(r.token), &parsed, &e), &e);
	base64url_write(BYTES(parsed->nonce), false, id);
	snprintf(path, sizeof(path), "/challenge-response/v1/session/%s", id);
	refused(t, "POST", path, EAT_MEDIA_TYPE, NULL, buf_bytes(r.token), 403, "used before");
	refused(t, "POST", path, "application/json", NULL, buf_bytes(r.token), 415, "");
	j = rig_call(t, "GET", path, NULL, NULL, BYTES_NONE, 200);
	assert_string_equal(json_string_value(json_object_get(j, "status")), "complete");
	assert_null(json_object_get(j, "release"));
	json_decref(j);

	/* the same token in a session of its own */
	j = rig_call(t, "POST", "/challenge-response/v1/newSession?nonceSize=32", NULL, NULL,
		     BYTES_NONE, 201);
	{
		u8 nonce[32];

		assert_int_equal(
			base64_read(bytes_text(json_string_value(json_object_get(j, "nonce"))),
				    nonce, 32),
			32);
		base64url_write(BYTES(nonce), false, id);
	}
	json_decref(j);
	snprintf(path, sizeof(path), "/challenge-response/v1/session/%s", id);
	j = rig_call(t, "GET", path, NULL, NULL, BYTES_NONE, 200);
	assert_string_equal(json_string_value(json_object_get(j, "status")), "waiting");
	json_decref(j);
	refused(t, "POST", path, EAT_MEDIA_TYPE, NULL, buf_bytes(r.token), 403, "used before");
	json_decref(rig_call(t, "DELETE", path, NULL, NULL, BYTES_NONE, 204));
	refused(t, "DELETE", path, NULL, NULL, BYTES_NONE, 404, "");
	round_result_clear(&r);
}

static void an_acknowledged_enrolment_survives_kill_9_and_an_old_database_is_noticed(void **state)
{
	struct fixture *f = *state;
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);
	char old[400], db[400], wal[420], log[300];
	const char *const copy[] = { "cp", db, old, NULL };
	const char *const back[] = { "cp", old, db, NULL };
	const char *const drop[] = { "rm", "-f", wal, NULL };
	const char *const run[] = { BUILD_FOLDER "/server/assay-server", "--config", f->s.config,
				    "check-audit", NULL };
	json_t *j;

	snprintf(db, sizeof(db), "%s/state/assay.db", f->folder);
	snprintf(wal, sizeof(wal), "%s-wal", db);
	snprintf(old, sizeof(old), "%s/old.db", f->folder);
	snprintf(log, sizeof(log), "%s/check.log", f->folder);
	rig_server_stop(&f->s); /* a clean stop folds the log into the database */
	assert_int_equal(rig_run(NULL, copy), 0);
	rig_server_start(&f->s);
	transport_drop(&t);
	t = rig_server_connect(&f->s, f->s.pin);
	json_decref(rig_call(t, "POST", "/api/v1/join-tokens", "application/json", f->s.token,
			     bytes_text("{}"), 201));
	kill(f->s.pid, SIGKILL);
	rig_server_stop(&f->s);
	assert_int_equal(rig_run(log, run),
			 0); /* the chain holds, the acknowledged record is in it */
	rig_server_start(&f->s);
	transport_drop(&t);
	t = rig_server_connect(&f->s, f->s.pin);
	j = rig_call(t, "GET", "/api/v1/hosts", NULL, f->s.token, BYTES_NONE, 200);
	assert_int_equal(json_array_size(json_object_get(j, "hosts")), 1);
	json_decref(j);
	rig_server_stop(&f->s);
	assert_int_equal(rig_run(NULL, back), 0);
	assert_int_equal(rig_run(NULL, drop), 0);
	assert_int_equal(rig_run(log, run), 2);
	{
		OWNED(buf) b = file_bytes(log);

		write_u8(&b->w, 0);
		assert_non_null(strstr((char *)b->w.at, "it was put back"));
	}
}

/* Who can only write the database raises nobody's trust: the row's MAC says so. */
static void a_changed_row_is_noticed(void **state)
{
	struct fixture *f = *state;
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);
	OWNED(tpm) tpm = NULL;
	OWNED(db) d = NULL;
	struct round_result r;
	struct err e = { 0 };
	char path[300];

	snprintf(path, sizeof(path), "%s/state/assay.db", f->folder);
	assert_ok(tpm_open(f->settings.tcti, &tpm, &e), &e);
	assert_ok(db_open(path, false, &d, &e), &e);
	assert_ok(db_run(d, "UPDATE hosts SET grp = 'trusted' WHERE name = 'host-a'", NULL, 0, NULL,
			 NULL, NULL, &e),
		  &e);
	assert_int_not_equal(round_run(&f->settings, tpm, t, NULL, NULL, NULL, &r, &e), 0);
	assert_non_null(strstr(e.text, "changed in the database"));
	assert_ok(db_run(d, "UPDATE hosts SET grp = 'default' WHERE name = 'host-a'", NULL, 0, NULL,
			 NULL, NULL, &e),
		  &e);
	assert_ok(round_run(&f->settings, tpm, t, NULL, NULL, NULL, &r, &e), &e);
	round_result_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_with_another_key_is_not_spoken_to),
		cmocka_unit_test(with_a_ca_instead_of_a_pin_name_and_certificate_must_fit),
		cmocka_unit_test(routes_refuse_who_has_no_right_and_what_is_too_large),
		cmocka_unit_test(unsigned_and_wrongly_signed_corims_are_refused),
		cmocka_unit_test(
			an_unknown_tpm_is_refused_a_registered_one_enrols_another_under_its_name_does_not),
		cmocka_unit_test(a_token_is_taken_once_and_only_in_its_session),
		cmocka_unit_test(a_changed_row_is_noticed),
		cmocka_unit_test(
			an_acknowledged_enrolment_survives_kill_9_and_an_old_database_is_noticed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
