// SPDX-License-Identifier: Apache-2.0
/* Who may bring a host in, with what, how often; and how it goes out again. */
#include "enrol_rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "server/sign_in.h"

static const char *id_of(const json_t *challenge)
{
	return json_string_value(json_object_get(challenge, "id"));
}

static void expect_host(struct enrol_rig *r, const struct applicant *a, const char *role, long want,
			const char *group, const char *words)
{
	char body[300], hash[65];

	snprintf(body, sizeof(body), "{\"ek_hash\":\"%s\",\"name\":\"%s\",\"group\":\"%s\"}",
		 applicant_ek_hash(a, hash), a->name, group);
	json_decref(enrol_admin(r, role, "POST", "/api/v1/hosts", body, want, words));
}

static void change(struct enrol_rig *r, const char *sql)
{
	OWNED(db) d = NULL;
	struct err e = { 0 };

	assert_ok(db_open(r->s.settings.database, false, &d, &e), &e);
	assert_ok(db_run(d, sql, NULL, 0, NULL, NULL, NULL, &e), &e);
}

/* ---- the challenge ---- */
static void a_challenge_is_answered_once_within_five_minutes_and_by_its_own_answer(void **state)
{
	static const u8 wrong[32] = { 1 };
	struct enrol_rig *r = *state;
	struct applicant a;
	json_t *one, *two;

	enrol_use(r, 0);
	applicant_make(r, &a, "host-once", TEMPLATE_EK_ECC_P256, TEMPLATE_AK_ECC_P256);
	expect_host(r, &a, "provisioner", 201, "default", NULL);

	one = enrol_ask(r, &a, 202, NULL);
	json_decref(enrol_send(r, id_of(one), BYTES(wrong), 403, "AK and EK are not in one TPM"));
	json_decref(enrol_answer(r, &a, one, 404, "it was tried before"));
	json_decref(one);

	/* a part of it is no answer either */
	one = enrol_ask(r, &a, 202, NULL);
	json_decref(enrol_send(r, id_of(one), bytes_text("x"), 403, "not in one TPM"));
	json_decref(one);

	/* the same request twice: each has its own */
	one = enrol_ask(r, &a, 202, NULL);
	two = enrol_ask(r, &a, 202, NULL);
	assert_string_not_equal(id_of(one), id_of(two));
	json_object_set_new(one, "id", json_string(id_of(two)));
	json_decref(enrol_answer(r, &a, one, 403, "not in one TPM"));
	json_decref(one);
	json_decref(two);

	one = enrol_ask(r, &a, 202, NULL);
	clock_set_s(clock_now_s() + 302);
	json_decref(enrol_answer(r, &a, one, 403, "has expired"));
	clock_set_s(0);
	json_decref(enrol_answer(r, &a, one, 404, "it was tried before"));
	json_decref(one);

	one = enrol_ask(r, &a, 202, NULL);
	clock_set_s(clock_now_s() + 290);
	two = enrol_answer(r, &a, one, 201, NULL);
	json_decref(enrol_answer(r, &a, one, 201, NULL)); /* the same again is no second try */
	clock_set_s(0);
	assert_string_equal(json_string_value(json_object_get(two, "name")), "host-once");
	json_decref(one);
	json_decref(two);
	applicant_clear(&a);
}

/* What it is bound to stands in its row: who can write the database changes none of it. */
static void a_challenge_whose_row_was_changed_is_refused(void **state)
{
	static const char *const changes[] = {
		"UPDATE enrolments SET name = 'host-bent'",
		"UPDATE enrolments SET grp = 'trusted'",
		"UPDATE enrolments SET ek_trust = 'operator'",
		"UPDATE enrolments SET request = zeroblob(32)",
		"UPDATE enrolments SET secret = zeroblob(32)",
		"UPDATE enrolments SET ak_pub = ek_pub",
		"UPDATE enrolments SET not_after = not_after + 1000",
	};
	struct enrol_rig *r = *state;
	struct applicant a;

	enrol_use(r, 0);
	applicant_make(r, &a, "host-row", TEMPLATE_EK_ECC_P256_HIGH, TEMPLATE_AK_ECC_P384);
	expect_host(r, &a, "provisioner", 201, "default", NULL);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		json_t *one = enrol_ask(r, &a, 202, NULL);

		change(r, changes[i]);
		json_decref(enrol_answer(r, &a, one, 403, "changed in the database"));
		json_decref(one);
	}
	enrol(r, &a);
	applicant_clear(&a);
}

/* ---- the keys ---- */
static void a_key_that_is_not_of_its_template_gets_no_challenge(void **state)
{
	/* offsets in TPMT_PUBLIC: nameAlg 2, attributes 4; the EK's authPolicy from 10, then symmetric */
	static const struct {
		bool ak;
		size_t at;
		bool from_end;
		u8 flip;
		long status;
		const char *words;
	} rows[] = {
		{ false, 7, false, 0x02, 403, "EK: attribute fixedTPM is missing" },
		{ false, 7, false, 0x04, 403, "EK: attribute stClear is set and must not be" },
		{ false, 7, false, 0x10, 403, "EK: attribute fixedParent is missing" },
		{ false, 7, false, 0x20, 403, "EK: attribute sensitiveDataOrigin is missing" },
		{ false, 7, false, 0x40, 403, "EK: attribute userWithAuth is set and must not be" },
		{ false, 7, false, 0x80, 403, "EK: attribute adminWithPolicy is missing" },
		{ false, 6, false, 0x04, 403, "EK: attribute noDA is set and must not be" },
		{ false, 6, false, 0x08, 403, "EK: attribute encryptedDuplication is set" },
		{ false, 5, false, 0x01, 403, "EK: attribute restricted is missing" },
		{ false, 5, false, 0x02, 403, "EK: attribute decrypt is missing" },
		{ false, 5, false, 0x04, 403, "EK: attribute sign is set and must not be" },
		{ false, 4, false, 0x01, 403, "EK: attributes 0x" },
		{ false, 3, false, 0x07, 403, "EK: name algorithm is not SHA-256" },
		{ false, 41, false, 0x01, 403, "EK: another authPolicy" },
		{ false, 44, false, 0x01, 403, "EK: symmetric algorithm is not AES-128-CFB" },
		{ false, 51, false, 0x05, 403, "EK: curve is not P-256" },
		{ false, 1, true, 0x01, 400, "EK: " }, /* no point of the curve */
		{ true, 7, false, 0x02, 403, "AK: attribute fixedTPM is missing" },
		{ true, 7, false, 0x04, 403, "AK: attribute stClear is set and must not be" },
		{ true, 7, false, 0x10, 403, "AK: attribute fixedParent is missing" },
		{ true, 7, false, 0x20, 403, "AK: attribute sensitiveDataOrigin is missing" },
		{ true, 7, false, 0x40, 403, "AK: attribute userWithAuth is missing" },
		{ true, 7, false, 0x80, 403, "AK: attribute adminWithPolicy is set" },
		{ true, 6, false, 0x04, 403, "AK: attribute noDA is missing" },
		{ true, 5, false, 0x01, 403, "AK: attribute restricted is missing" },
		{ true, 5, false, 0x02, 403, "AK: attribute decrypt is set and must not be" },
		{ true, 5, false, 0x04, 403, "AK: attribute sign is missing" },
		{ true, 3, false, 0x07, 403, "AK: name algorithm is not SHA-256" },
		{ true, 15, false, 0x07, 403, "AK: another signing scheme" },
		{ true, 17, false, 0x06, 403, "AK: curve is not P-256" },
	};
	struct enrol_rig *r = *state;
	struct applicant a;

	enrol_use(r, 0);
	applicant_make(r, &a, "host-once", TEMPLATE_EK_ECC_P256, TEMPLATE_AK_ECC_P256);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf *b = rows[i].ak ? a.ak->pub : a.ek->pub;
		u8 *byte = b->w.at + (rows[i].from_end ? b->w.len - rows[i].at : rows[i].at);

		*byte ^= rows[i].flip;
		json_decref(enrol_ask(r, &a, rows[i].status, rows[i].words));
		*byte ^= rows[i].flip;
	}
	json_decref(enrol_ask(r, &a, 202, NULL));
	applicant_clear(&a);
}

/* ---- the provisioner ---- */
static void a_provisioner_registers_eks_and_makes_tokens_and_nothing_else(void **state)
{
	static const struct {
		const char *method, *path, *body;
		long want;
	} rows[] = {
		{ "POST", "/api/v1/join-tokens", "{}", 201 },
		{ "POST", "/api/v1/hosts", "{\"ek_hash\":\"junk\"}",
		  400 }, /* heard, and refused for what it is */
		{ "GET", "/api/v1/hosts", NULL, 403 },
		{ "GET", "/api/v1/hosts/host-once", NULL, 403 },
		{ "GET", "/api/v1/hosts/host-once/boot", NULL, 403 },
		{ "POST", "/api/v1/hosts/host-once/confirm", "{}", 403 },
		{ "POST", "/api/v1/hosts/host-once/revoke", "{}", 403 },
		{ "POST", "/api/v1/hosts/host-once/restore", "{}", 403 },
		{ "POST", "/api/v1/hosts/host-once/remove", "{}", 403 },
		{ "POST", "/api/v1/hosts/host-once/accept-inventory", "{}", 403 },
		{ "POST", "/api/v1/hosts/host-once/forget-device", "{}", 403 },
		{ "GET", "/api/v1/refvals", NULL, 403 },
		{ "POST", "/endorsement-provisioning/v1/submit", "{}", 403 },
		{ "GET", "/api/v1/secrets", NULL, 403 },
		{ "POST", "/api/v1/secrets", "{}", 403 },
	};
	struct enrol_rig *r = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		json_decref(enrol_admin(r, "provisioner", rows[i].method, rows[i].path,
					rows[i].body, rows[i].want,
					rows[i].want == 403 ? "no right" : NULL));
	json_decref(enrol_admin(r, "viewer", "POST", "/api/v1/join-tokens", "{}", 403, "no right"));
}

static void a_registration_is_changed_by_an_operator_only(void **state)
{
	struct enrol_rig *r = *state;
	struct applicant a;

	enrol_use(r, 0);
	applicant_make(r, &a, "host-registered", TEMPLATE_EK_RSA_2048_HIGH, TEMPLATE_AK_ECC_P256);
	expect_host(r, &a, "provisioner", 201, "web", NULL);
	expect_host(r, &a, "provisioner", 201, "web", NULL); /* the same is no change */
	expect_host(r, &a, "provisioner", 409, "trusted", "an operator may change that");
	expect_host(r, &a, "operator", 201, "db", NULL);
	a.name = "host-else";
	json_decref(enrol_ask(r, &a, 403, "registered for another host name"));
	applicant_clear(&a);
}

/* ---- join tokens ---- */
/* What is wrong with it is told to the log alone, and everything takes as long. */
static void not_let_in(struct enrol_rig *r, const struct applicant *a, const char *fault)
{
	static const char told[] = "join token is not known, was used, has expired or is for "
				   "another host: the server's log says which";
	char path[300], words[100];
	long long begin = clock_monotonic_ms();
	int was = dup(STDERR_FILENO), fd;
	json_t *j;

	snprintf(path, sizeof(path), "%s/log", r->s.folder);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(was >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	j = enrol_ask(r, a, 403, told);
	dup2(was, STDERR_FILENO);
	close(was);
	close(fd);
	assert_true(clock_monotonic_ms() - begin >= GUESS_DELAY_MS);
	assert_string_equal(json_string_value(json_object_get(j, "detail")), told);
	json_decref(j);
	OWNED(buf) log = file_bytes(path);
	snprintf(words, sizeof(words), "token=\"%s\"", fault);
	write_u8(&log->w, 0);
	if (!strstr((const char *)log->w.at, words))
		fail_msg("%s: %s", fault, (const char *)log->w.at);
}

static void a_join_token_lets_in_what_it_says_and_once(void **state)
{
	static const struct {
		const char *body; /* %s: the EK's hash */
		int later_s;
		const char *refused, *trust;
	} rows[] = {
		{ "{\"name\":\"other\"}", 0, "is for another host name", NULL },
		{ "{\"ek_hash\":\"00000000000000000000000000000000"
		  "00000000000000000000000000000000\"}",
		  0, "is for another TPM", NULL },
		{ "{\"valid_s\":60}", 61, "has expired", NULL },
		{ "{}", 3601, "has expired", NULL }, /* an hour unless it says so */
		{ "{\"valid_s\":60,\"name\":\"host-joined\",\"group\":\"web\"}", 50, NULL,
		  "token" },
		/* the EK is named: nobody has to confirm it */
		{ "{\"ek_hash\":\"%s\"}", 0, NULL, "registered" },
	};
	struct enrol_rig *r = *state;
	struct applicant a;

	enrol_use(r, 1);
	applicant_make(r, &a, "host-joined", TEMPLATE_EK_RSA_2048, TEMPLATE_AK_RSA_2048);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char token[64], hash[65], body[300], trust[32];

		snprintf(body, sizeof(body), "%s", rows[i].body);
		if (strstr(body, "%s"))
			snprintf(body, sizeof(body), "{\"ek_hash\":\"%s\"}",
				 applicant_ek_hash(&a, hash));
		enrol_token(r, body, token);
		a.join_token = token;
		clock_set_s(clock_now_s() + rows[i].later_s);
		if (rows[i].refused) {
			not_let_in(r, &a, rows[i].refused);
		} else {
			enrol(r, &a);
			not_let_in(r, &a, "was used before");
			enrol_trust(r, a.name, trust);
			assert_string_equal(trust, rows[i].trust);
		}
		clock_set_s(0);
	}
	a.join_token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	not_let_in(r, &a, "is not known");
	a.join_token = NULL;
	enrol(r, &a); /* it is enrolled: the same again needs no token, and keeps what was found */
	assert_int_equal(enrol_audit(r, "host-enrolled", "\"group\":\"web\""), 3);
	applicant_clear(&a);
}

/* Both began with it: who finishes second is refused, and who finishes too late. */
static void a_join_token_is_used_up_at_activation(void **state)
{
	struct enrol_rig *r = *state;
	struct applicant a;
	json_t *first, *second;
	char token[64];

	enrol_use(r, 1);
	enrol_token(r, "{}", token);
	applicant_make(r, &a, "host-first", TEMPLATE_EK_RSA_2048, TEMPLATE_AK_ECC_P384);
	a.join_token = token;
	a.name = "host-joined"; /* another AK of a TPM that is enrolled */
	first = enrol_ask(r, &a, 202, NULL);
	applicant_clear(&a);

	applicant_make(r, &a, "host-second", TEMPLATE_EK_ECC_P384_HIGH, TEMPLATE_AK_ECC_P256);
	a.join_token = token;
	second = enrol_ask(r, &a, 202, NULL);
	json_decref(enrol_answer(r, &a, second, 201, NULL));
	json_decref(second);
	applicant_clear(&a);

	applicant_make(r, &a, "host-joined", TEMPLATE_EK_RSA_2048, TEMPLATE_AK_ECC_P384);
	json_decref(enrol_answer(r, &a, first, 403, "join token was used before"));
	json_decref(first);
	assert_int_equal(enrol_audit(r, "enrolment-refused", "join token was used before"), 1);

	enrol_token(r, "{\"valid_s\":60}", token);
	a.join_token = token;
	first = enrol_ask(r, &a, 202, NULL);
	clock_set_s(clock_now_s() + 100);
	json_decref(enrol_answer(r, &a, first, 403, "has expired"));
	clock_set_s(0);
	json_decref(first);
	applicant_clear(&a);
}

static int find_text(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(int *)user += row->at[0].number != 0;
	return 0;
}

static void a_join_token_is_a_digest_in_the_database(void **state)
{
	struct enrol_rig *r = *state;
	OWNED(db) d = NULL;
	struct err e = { 0 };
	struct digest hash;
	struct db_value v[2];
	char token[64];
	int plain = 0, hashed = 0;

	enrol_token(r, "{}", token);
	hash = sha256_of(bytes_text(token));
	v[0] = DB_T(token);
	v[1] = DB_B(digest_bytes(&hash));
	assert_ok(db_open(r->s.settings.database, false, &d, &e), &e);
	assert_ok(db_run(d, "SELECT count(*) FROM join_tokens WHERE hash = $1", &v[1], 1, find_text,
			 &hashed, NULL, &e),
		  &e);
	assert_ok(db_run(d,
			 "SELECT (SELECT count(*) FROM join_tokens WHERE instr(hash, $1))"
			 " + (SELECT count(*) FROM audit WHERE instr(detail, $1))",
			 &v[0], 1, find_text, &plain, NULL, &e),
		  &e);
	assert_int_equal(hashed, 1);
	assert_int_equal(plain, 0);
}

static void an_operator_confirms_the_ek_of_a_host_that_joined_by_token(void **state)
{
	static const char path[] = "/api/v1/hosts/host-second/confirm";
	struct enrol_rig *r = *state;
	struct applicant a;
	char body[200], hash[65], trust[32];

	enrol_use(r, 1);
	enrol_trust(r, "host-second", trust);
	assert_string_equal(trust, "token");
	json_decref(enrol_admin(r, "operator", "POST", path, "{}", 400, "64 hex digits"));
	snprintf(body, sizeof(body), "{\"ek_hash\":\"%064d\"}", 7);
	json_decref(enrol_admin(r, "operator", "POST", path, body, 409, "has another EK"));
	enrol_trust(r, "host-second", trust);
	assert_string_equal(trust, "token");
	applicant_make(r, &a, "host-second", TEMPLATE_EK_ECC_P384_HIGH, TEMPLATE_AK_ECC_P256);
	snprintf(body, sizeof(body), "{\"ek_hash\":\"%s\"}", applicant_ek_hash(&a, hash));
	json_decref(enrol_admin(r, "operator", "POST", path, body, 200, NULL));
	enrol(r, &a); /* enrolling again does not take the confirmation away */
	enrol_trust(r, "host-second", trust);
	assert_string_equal(trust, "operator");
	applicant_clear(&a);
}

/* ---- names and AKs ---- */
static void another_tpm_under_a_known_name_is_refused_and_that_is_kept(void **state)
{
	struct enrol_rig *r = *state;
	struct applicant a;
	json_t *one;
	char hash[65];

	enrol_use(r, 2);
	applicant_make(r, &a, "host-once", TEMPLATE_EK_RSA_2048_HIGH, TEMPLATE_AK_ECC_P384);
	expect_host(r, &a, "operator", 201, "default", NULL);
	one = enrol_ask(r, &a, 202, NULL);
	assert_int_equal(enrol_audit(r, "enrolment-refused", "host-once"), 0);
	json_decref(enrol_answer(r, &a, one, 409, "host host-once is enrolled with another TPM"));
	json_decref(one);
	assert_int_equal(enrol_audit(r, "enrolment-refused", "another TPM"), 1);
	assert_int_equal(enrol_audit(r, "enrolment-refused", applicant_ek_hash(&a, hash)), 1);
	applicant_clear(&a);
}

static void count_aks(struct enrol_rig *r, const char *name, int active, int revoked)
{
	char path[100];
	json_t *j, *row;
	size_t i;

	snprintf(path, sizeof(path), "/api/v1/hosts/%s", name);
	j = enrol_admin(r, "viewer", "GET", path, NULL, 200, NULL);
	json_array_foreach(json_object_get(j, "aks"), i,
			   row) if (!strcmp(json_string_value(json_object_get(row, "state")),
					    "active")) active--;
	else revoked--;
	json_decref(j);
	assert_int_equal(active, 0);
	assert_int_equal(revoked, 0);
}

static void a_new_ak_of_a_known_tpm_needs_a_token_and_revokes_the_old_one(void **state)
{
	struct enrol_rig *r = *state;
	struct applicant a;
	char token[64];

	enrol_use(r, 0);
	count_aks(r, "host-once", 1, 0);
	applicant_make(r, &a, "host-once", TEMPLATE_EK_ECC_P256, TEMPLATE_AK_RSA_2048);
	/* its EK is registered, and that is not enough */
	json_decref(enrol_ask(r, &a, 403, "enrolled with another AK: a join token is needed"));
	enrol_token(r, "{\"name\":\"host-once\"}", token);
	a.join_token = token;
	enrol(r, &a);
	applicant_clear(&a);
	count_aks(r, "host-once", 1, 1);
	assert_int_equal(enrol_audit(r, "host-enrolled", "\"revokes_ak\":\"000b"), 1);
	/* back to the first one: that is a new AK again */
	applicant_make(r, &a, "host-once", TEMPLATE_EK_ECC_P256, TEMPLATE_AK_ECC_P256);
	json_decref(enrol_ask(r, &a, 403, "a join token is needed"));
	applicant_clear(&a);
}

/* Two AKs of a registered TPM began before either was there: the second one needs what it would need later. */
static void of_two_aks_that_race_only_one_gets_in_without_a_token(void **state)
{
	struct enrol_rig *r = *state;
	struct applicant a;
	json_t *one, *two;

	enrol_use(r, 2);
	applicant_make(r, &a, "host-race", TEMPLATE_EK_RSA_2048_HIGH, TEMPLATE_AK_ECC_P256);
	expect_host(r, &a, "operator", 201, "default", NULL);
	one = enrol_ask(r, &a, 202, NULL);
	applicant_clear(&a);
	applicant_make(r, &a, "host-race", TEMPLATE_EK_RSA_2048_HIGH, TEMPLATE_AK_RSA_2048);
	two = enrol_ask(r, &a, 202, NULL);
	json_decref(enrol_answer(r, &a, two, 201, NULL));
	applicant_clear(&a);
	applicant_make(r, &a, "host-race", TEMPLATE_EK_RSA_2048_HIGH, TEMPLATE_AK_ECC_P256);
	json_decref(enrol_answer(r, &a, one, 403, "a join token is needed"));
	json_decref(one);
	json_decref(two);
	applicant_clear(&a);
	count_aks(r, "host-race", 1, 0);
}

/* ---- out again ---- */
static void a_revoked_host_is_not_enrolled_again_until_it_is_restored(void **state)
{
	struct enrol_rig *r = *state;
	struct applicant a;
	char token[64];

	enrol_use(r, 2);
	enrol_token(r, "{}", token);
	applicant_make(r, &a, "host-race", TEMPLATE_EK_RSA_2048_HIGH, TEMPLATE_AK_RSA_2048);
	json_decref(enrol_admin(r, "operator", "POST", "/api/v1/hosts/host-race/revoke", "{}", 200,
				NULL));
	json_decref(enrol_ask(r, &a, 403, "host host-race is revoked"));
	a.join_token = token;
	json_decref(enrol_ask(r, &a, 403, "host host-race is revoked"));
	json_decref(enrol_admin(r, "operator", "POST", "/api/v1/hosts/host-race/restore", "{}", 200,
				NULL));
	a.join_token = NULL;
	enrol(r, &a);
	applicant_clear(&a);
}

static int find_secrets(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

static void a_removed_host_takes_its_shares_along_and_leaves_its_history(void **state)
{
	struct enrol_rig *r = *state;
	OWNED(db) d = NULL;
	struct err e = { 0 };
	struct applicant a;
	long long n = -1;
	char hash[65];
	json_t *j;

	enrol_use(r, 2);
	json_decref(enrol_admin(r, "operator", "POST", "/api/v1/secrets",
				"{\"host\":\"host-race\",\"volume\":"
				"\"6a2f0d3c-0000-4000-8000-000000000001\"}",
				201, NULL));
	j = enrol_admin(r, "operator", "POST", "/api/v1/hosts/host-race/remove", "{}", 200, NULL);
	assert_int_equal(json_integer_value(json_object_get(j, "shares_shredded")), 1);
	json_decref(j);
	json_decref(enrol_admin(r, "viewer", "GET", "/api/v1/hosts/host-race", NULL, 404, NULL));
	assert_ok(db_open(r->s.settings.database, false, &d, &e), &e);
	assert_ok(db_run(d, "SELECT count(*) FROM secrets WHERE hex(uuid) LIKE '6A2F0D3C%'", NULL,
			 0, find_secrets, &n, NULL, &e),
		  &e);
	assert_int_equal(n, 0);
	applicant_make(r, &a, "host-race", TEMPLATE_EK_RSA_2048_HIGH, TEMPLATE_AK_RSA_2048);
	assert_int_equal(enrol_audit(r, "host-removed", applicant_ek_hash(&a, hash)), 1);
	assert_true(enrol_audit(r, "host-enrolled", "host-race") > 0);
	/* its registration went with it */
	json_decref(enrol_ask(r, &a, 403, "nothing vouches for this TPM"));
	expect_host(r, &a, "provisioner", 201, "default", NULL);
	enrol(r, &a);
	applicant_clear(&a);
}

static void every_answer_was_as_openapi_yaml_describes_it(void **state)
{
	struct enrol_rig *f = *state;

	forge_answers_fit(&f->s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_challenge_is_answered_once_within_five_minutes_and_by_its_own_answer),
		cmocka_unit_test(a_challenge_whose_row_was_changed_is_refused),
		cmocka_unit_test(a_key_that_is_not_of_its_template_gets_no_challenge),
		cmocka_unit_test(a_provisioner_registers_eks_and_makes_tokens_and_nothing_else),
		cmocka_unit_test(a_registration_is_changed_by_an_operator_only),
		cmocka_unit_test(a_join_token_lets_in_what_it_says_and_once),
		cmocka_unit_test(a_join_token_is_used_up_at_activation),
		cmocka_unit_test(a_join_token_is_a_digest_in_the_database),
		cmocka_unit_test(an_operator_confirms_the_ek_of_a_host_that_joined_by_token),
		cmocka_unit_test(another_tpm_under_a_known_name_is_refused_and_that_is_kept),
		cmocka_unit_test(a_new_ak_of_a_known_tpm_needs_a_token_and_revokes_the_old_one),
		cmocka_unit_test(of_two_aks_that_race_only_one_gets_in_without_a_token),
		cmocka_unit_test(a_revoked_host_is_not_enrolled_again_until_it_is_restored),
		cmocka_unit_test(a_removed_host_takes_its_shares_along_and_leaves_its_history),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, enrol_rig_start, enrol_rig_stop);
}
