// SPDX-License-Identifier: Apache-2.0
/* What hosts propose for their next boot: whose word is taken, and that nothing follows from it by itself. */
#include "said.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/text.h"
#include "proto/proposal.h"
#include "server/nonce.h"
#include "server/routes.h"

/* ---- bodies and requests ---- */
static struct buf *body_of(const char *kernel, const char *initrd)
{
	struct proposal p = { .release = bytes_text("6.12.2"), .n = 2 };
	struct digest d[] = { sha256_of(bytes_text(kernel)), sha256_of(bytes_text(initrd)) };
	struct buf *b = NULL;
	struct err e = { 0 };

	p.elements[0] = (struct proposal_element){ .name = bytes_text("kernel"), .n_digests = 1 };
	p.elements[1] = (struct proposal_element){ .name = bytes_text("initrd"), .n_digests = 1 };
	for (size_t i = 0; i < 2; i++)
		p.elements[i].digests[0] = (struct corim_digest){ 1, digest_bytes(&d[i]) };
	assert_ok(proposal_write(&p, &b, &e), &e);
	return b;
}

static void begin(struct fixture *f, const struct forge_host *h, const struct buf *body,
		  struct said *s)
{
	said_begin(f, h, "proposals", buf_bytes(body), s);
}

static void quote(struct said *s)
{
	s->t.bind = proposal_bind(s->t.nonce, s->body);
	forge_quote(&s->t);
}

/* Return: what the server says of the next boot, to be dropped. */
static json_t *propose(struct fixture *f, const struct forge_host *h, const struct buf *body)
{
	struct said s;
	json_t *j, *next;

	begin(f, h, body, &s);
	quote(&s);
	j = said_post(&s, 201, NULL);
	next = json_incref(json_object_get(j, "next_boot"));
	assert_non_null(next);
	json_decref(j);
	forged_clear(&s.t);
	return next;
}

static json_t *ask(struct fixture *f, const char *method, const char *path, const char *body,
		   long want)
{
	long status;
	json_t *j = forge_call(&f->s, method, path, body ? "application/json" : NULL, true,
			       body ? bytes_text(body) : BYTES_NONE, &status);

	if (status != want)
		fail_msg("%s %s: %ld, expected %ld: %s", method, path, status, want,
			 json_dumps(j, 0));
	return j;
}

static json_t *proposals(struct fixture *f)
{
	json_t *j = ask(f, "GET", "/api/v1/proposals", NULL, 200);
	json_t *list = json_incref(json_object_get(j, "proposals"));

	json_decref(j);
	return list;
}

static void forget_all(struct fixture *f)
{
	json_t *list = proposals(f), *g;
	size_t i;

	json_array_foreach(list, i, g)
	{
		char path[120];

		snprintf(path, sizeof(path), "/api/v1/proposals/%s",
			 json_string_value(json_object_get(g, "digest")));
		json_decref(ask(f, "DELETE", path, NULL, 200));
	}
	json_decref(list);
}

static void expect_none(struct fixture *f)
{
	json_t *list = proposals(f);

	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* ---- whose word ---- */
static void another_key_than_the_enrolled_ak_is_refused(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) body = body_of("k2", "i2");
	struct forge_host liar = f->a;
	struct said s;

	liar.ak = f->b.ak; /* under the name of the AK of a */
	begin(f, &liar, body, &s);
	quote(&s);
	said_refused(&s, 403, "check quote signature of host-a");

	liar = f->a;
	liar.ak_name[5] ^= 1;
	begin(f, &liar, body, &s);
	quote(&s);
	said_refused(&s, 403, "this AK is not enrolled");
	expect_none(f);
}

static void a_host_proposes_for_itself_only(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) body = body_of("k2", "i2");
	struct said s;

	begin(f, &f->a, body, &s);
	s.name = f->b.name;
	quote(&s);
	said_refused(&s, 403, "this AK is another host's than host-b");
	begin(f, &f->a, body, &s);
	s.name = "nobody";
	quote(&s);
	said_refused(&s, 403, "this AK is another host's than nobody");
	expect_none(f);
}

static void a_body_that_was_not_quoted_is_refused(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) body = body_of("k2", "i2");
	OWNED(buf) other = body_of("evil", "i2");
	struct said s;

	begin(f, &f->a, body, &s);
	quote(&s);
	s.body = buf_bytes(other);
	said_refused(&s, 403, "quote of host-a binds another proposal than this");

	/* a quote made for an attestation is about no proposal */
	begin(f, &f->a, body, &s);
	forge_collect(&s.t);
	forge_bind(&s.t);
	forge_quote(&s.t);
	said_refused(&s, 403, "binds another proposal");

	/* nor is what the AK says of a key */
	begin(f, &f->a, body, &s);
	s.t.bind = proposal_bind(s.t.nonce, buf_bytes(body));
	forge_certify(&s.t);
	s.t.quote = TAKE(s.t.certify);
	s.t.quote_sig = TAKE(s.t.certify_sig);
	said_refused(&s, 403, "is no quote");
	expect_none(f);
}

static void a_nonce_counts_once_and_while_it_is_young(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) body = body_of("k2", "i2");
	struct said s;

	begin(f, &f->a, body, &s);
	quote(&s);
	json_decref(said_post(&s, 201, NULL));
	said_refused(&s, 403, "nonce was used before");

	begin(f, &f->a, body, &s);
	quote(&s);
	clock_set_s(clock_now_s() + NONCE_AGE_MAX_S + 1);
	said_refused(&s, 403, "nonce is stale");
	clock_set_s(0);

	begin(f, &f->a, body, &s);
	s.t.nonce[20] ^= 1;
	quote(&s);
	said_refused(&s, 403, "nonce is foreign");

	/* one that was issued for somebody's own choice */
	begin(f, &f->a, body, &s);
	s.t.nonce[1] = NONCE_FOR_CALLER;
	quote(&s);
	said_refused(&s, 403, "nonce is");
	forget_all(f);
}

static void a_quote_from_before_the_last_attestation_is_refused(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) body = body_of("k2", "i2");
	static const struct {
		u32 reset;
		u64 clock_ms;
	} rows[] = { { 2, 1u << 30 }, { 3, 1 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct said s;

		begin(f, &f->a, body, &s);
		s.t.clock.reset_count = rows[i].reset;
		s.t.clock.clock_ms = rows[i].clock_ms;
		quote(&s);
		said_refused(&s, 403, "quote of host-a is older than its last attestation");
	}
	expect_none(f);
}

static void a_body_with_anything_else_in_it_is_refused(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) body = body_of("k2", "i2");
	OWNED(buf) firmware = buf_copy(buf_bytes(body));
	struct said s;

	/* "kernel" becomes "shimdb": as long, and nothing that a host may propose */
	for (size_t i = 0; i + 6 < firmware->w.len; i++)
		if (!memcmp(firmware->w.at + i, "kernel", 6))
			memcpy(firmware->w.at + i, "shimdb", 6);
	begin(f, &f->a, firmware, &s);
	quote(&s);
	said_refused(&s, 400, "proposal: name");
	expect_none(f);
}

static void a_revoked_host_proposes_nothing(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) body = body_of("k2", "i2");
	struct said s;

	json_decref(ask(f, "POST", "/api/v1/hosts/host-b/revoke", "{}", 200));
	begin(f, &f->b, body, &s);
	quote(&s);
	said_refused(&s, 403, "host-b or its AK is revoked");
	json_decref(ask(f, "POST", "/api/v1/hosts/host-b/restore", "{}", 200));
	expect_none(f);
}

/* ---- how much ---- */
/* What was proposed before is no longer recent; the clock of a server does not go back. */
static void later(void)
{
	clock_set_s(clock_now_s() + NONCE_KEEP_S + 1);
}

static void the_newest_few_stay_and_too_many_are_put_off(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) again = body_of("k2", "i0");
	struct said s;
	json_t *list;

	later();
	for (int i = 0; i < PROPOSALS_RATE_MAX; i++) {
		char initrd[16];
		OWNED(buf) body = NULL;

		snprintf(initrd, sizeof(initrd), "i%d", i);
		body = body_of("k2", initrd);
		json_decref(propose(f, &f->a, body));
	}
	list = proposals(f);
	assert_int_equal(json_array_size(list), PROPOSALS_PER_HOST_MAX);
	json_decref(list);
	begin(f, &f->a, again, &s);
	quote(&s);
	said_refused(&s, 503, "host-a proposed 20 times in 10 minutes");
	json_decref(propose(f, &f->b, again)); /* others may */
	later();
	json_decref(propose(f, &f->a, again));
	forget_all(f);
}

/* ---- what follows ---- */
static void equal_proposals_of_two_hosts_are_one_to_look_at_and_to_sign(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) body = body_of("k2", "i2");
	json_t *next, *list, *g, *whole, *refvals;
	char path[200], said[200];

	later();
	next = propose(f, &f->a, body);
	assert_string_equal(text_of(next, "status"), "refused");
	assert_non_null(strstr(text_of(next, "text"), "no reference value accepts kernel, initrd"));
	json_decref(next);
	json_decref(propose(f, &f->b, body));

	list = proposals(f);
	assert_int_equal(json_array_size(list), 1);
	g = json_array_get(list, 0);
	assert_int_equal(json_array_size(json_object_get(g, "hosts")), 2);
	assert_null(json_object_get(g, "corim"));
	snprintf(path, sizeof(path), "/api/v1/proposals/%s", text_of(g, "digest"));
	whole = ask(f, "GET", path, NULL, 200);
	/* both boots are accepted by one state, and so is what would be signed */
	assert_int_equal(json_array_size(json_object_get(whole, "bases")), 1);
	assert_non_null(json_string_value(json_object_get(whole, "body")));
	json_decref(whole);

	strcat(path, "/signed");
	json_decref(ask(f, "POST", path, "{\"corim\":\"junk\"}", 400));
	snprintf(said, sizeof(said), "{\"corim\":\"%064d\"}", 1);
	json_decref(ask(f, "POST", path, said, 409)); /* it does not count */
	refvals = ask(f, "GET", "/api/v1/refvals", NULL, 200);
	snprintf(said, sizeof(said), "{\"corim\":\"%s\"}",
		 text_of(json_array_get(json_object_get(refvals, "corims"), 0), "digest"));
	json_decref(refvals);
	whole = ask(f, "POST", path, said, 200);
	assert_int_equal(json_integer_value(json_object_get(whole, "hosts")), 2);
	json_decref(whole);
	json_decref(list);

	/* that somebody says so makes nothing acceptable */
	list = proposals(f);
	g = json_array_get(list, 0);
	assert_string_equal(text_of(g, "signed_by"), "token:test");
	assert_string_equal(text_of(json_object_get(g, "next_boot"), "status"), "refused");
	json_decref(list);
	whole = ask(f, "GET", "/api/v1/hosts/host-a", NULL, 200);
	assert_string_equal(text_of(json_object_get(whole, "next_boot"), "status"), "refused");
	json_decref(whole);
	forget_all(f);
}

static void a_text_that_its_digest_is_not_of_is_told_as_such(void **state)
{
	static const struct {
		const char *measured;
		bool covered;
	} rows[] = { { "linux /vmlinuz ro", true }, { "linux /vmlinuz ro init=/bin/sh", false } };
	struct fixture *f = *state;

	later();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct proposal p = { .release = bytes_text("6.12.2"), .n = 1 };
		struct digest d = sha256_of(bytes_text(rows[i].measured));
		OWNED(buf) body = NULL;
		json_t *list, *el;
		struct err e = { 0 };

		p.elements[0] = (struct proposal_element){ .name = bytes_text("grub/command/0"),
							   .n_digests = 1,
							   .text = bytes_text(rows[0].measured) };
		p.elements[0].digests[0] = (struct corim_digest){ 1, digest_bytes(&d) };
		assert_ok(proposal_write(&p, &body, &e), &e);
		json_decref(propose(f, &f->a, body));
		list = proposals(f);
		el = json_array_get(json_object_get(json_array_get(list, 0), "elements"), 0);
		assert_string_equal(text_of(el, "text"), rows[0].measured);
		assert_int_equal(json_is_true(json_object_get(el, "text_covered")),
				 rows[i].covered);
		json_decref(list);
		forget_all(f);
	}
}

/* Of several kernels the highest version is what Debian boots, whichever was proposed last. */
static void the_host_document_tells_of_the_highest_kernel(void **state)
{
	static const char *const releases[] = { "6.12.9", "6.12.10", "6.1.200" };
	struct fixture *f = *state;
	json_t *host;

	later();
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		OWNED(buf) body = body_of("k", "i");
		OWNED(buf) other = NULL;
		struct proposal p;
		struct err e = { 0 };

		assert_ok(proposal_parse(buf_bytes(body), &p, &e), &e);
		p.release = bytes_text(releases[i]);
		assert_ok(proposal_write(&p, &other, &e), &e);
		json_decref(propose(f, &f->a, other));
	}
	host = ask(f, "GET", "/api/v1/hosts/host-a", NULL, 200);
	assert_string_equal(text_of(json_object_get(host, "next_boot"), "release"), "6.12.10");
	json_decref(host);
	forget_all(f);
}

static void only_operators_decide_and_a_host_has_no_say(void **state)
{
	static const struct {
		const char *role, *method, *path, *body;
		long want;
	} rows[] = {
		{ NULL, "GET", "/api/v1/proposals", NULL, 401 },
		{ NULL, "POST", "/api/v1/proposals/%s/signed", "{}", 401 },
		{ NULL, "DELETE", "/api/v1/proposals/%s", NULL, 401 },
		{ "provisioner", "GET", "/api/v1/proposals", NULL, 403 },
		{ "viewer", "GET", "/api/v1/proposals/%s", NULL, 200 },
		{ "viewer", "POST", "/api/v1/proposals/%s/signed", "{}", 403 },
		{ "viewer", "DELETE", "/api/v1/proposals/%s", NULL, 403 },
		{ "operator", "DELETE", "/api/v1/proposals/%s", NULL, 200 },
		{ "operator", "DELETE", "/api/v1/proposals/%s", NULL, 404 },
		{ "operator", "GET", "/api/v1/proposals/%s", NULL, 404 },
	};
	struct fixture *f = *state;
	OWNED(buf) body = body_of("k2", "i2");
	struct digest d = sha256_of(buf_bytes(body));
	char hex[65];

	hex_write(digest_bytes(&d), hex);
	later();
	json_decref(propose(f, &f->a, body));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[200], token[48], name[32];
		struct reply reply;
		struct err e = { 0 };

		snprintf(path, sizeof(path), "%.*s%s%s", (int)strcspn(rows[i].path, "%"),
			 rows[i].path, strchr(rows[i].path, '%') ? hex : "",
			 strchr(rows[i].path, '%') ? strchr(rows[i].path, '%') + 2 : "");
		snprintf(name, sizeof(name), "row-%zu", i);
		if (rows[i].role)
			assert_ok(
				admin_token_make(f->s.server->store, name, rows[i].role, token, &e),
				&e);
		assert_ok(transport_call(f->s.transport, rows[i].method, path,
					 rows[i].body ? "application/json" : NULL,
					 rows[i].role ? token : NULL,
					 rows[i].body ? bytes_text(rows[i].body) : BYTES_NONE,
					 &reply, &e),
			  &e);
		forge_record(&f->s, rows[i].method, path, &reply);
		if (reply.status != rows[i].want)
			fail_msg("row %zu: %ld, expected %ld", i, reply.status, rows[i].want);
		reply_clear(&reply);
	}
	expect_none(f);
}

static void a_token_of_other_groups_sees_none(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *group;
		size_t n;
		long one; /* status of the proposal itself */
	} rows[] = { { "default", 1, 200 }, { "edge", 0, 404 } };
	OWNED(buf) body = body_of("k2", "i2");
	struct digest d = sha256_of(buf_bytes(body));
	char path[120], hex[65];

	later();
	json_decref(propose(f, &f->a, body));
	snprintf(path, sizeof(path), "/api/v1/proposals/%s", hex_write(digest_bytes(&d), hex));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char wanted[200];
		struct reply list, one;
		struct err e = { 0 };
		json_t *made, *j;
		const char *token;

		snprintf(wanted, sizeof(wanted),
			 "{\"name\":\"of-%s\",\"role\":\"viewer\",\"groups\":[\"%s\"]}",
			 rows[i].group, rows[i].group);
		made = ask(f, "POST", "/api/v1/tokens", wanted, 201);
		token = json_string_value(json_object_get(made, "token"));
		assert_ok(transport_call(f->s.transport, "GET", "/api/v1/proposals", NULL, token,
					 BYTES_NONE, &list, &e),
			  &e);
		assert_ok(transport_call(f->s.transport, "GET", path, NULL, token, BYTES_NONE, &one,
					 &e),
			  &e);
		j = json_loadb((const char *)list.body->w.at, list.body->w.len, 0, NULL);
		assert_int_equal(json_array_size(json_object_get(j, "proposals")), rows[i].n);
		assert_int_equal(one.status, rows[i].one);
		json_decref(j);
		json_decref(made);
		reply_clear(&list);
		reply_clear(&one);
	}
	forget_all(f);
}

static void a_proposal_whose_row_was_changed_is_noticed(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) body = body_of("k2", "i2");
	OWNED(db) d = NULL;
	struct err e = { 0 };

	later();
	json_decref(propose(f, &f->a, body));
	assert_ok(db_open(f->s.settings.database, false, &d, &e), &e);
	assert_ok(db_run(d, "UPDATE proposals SET body = x'00'", NULL, 0, NULL, NULL, NULL, &e),
		  &e);
	json_decref(ask(f, "GET", "/api/v1/proposals", NULL, 403));
	assert_ok(db_run(d, "DELETE FROM proposals", NULL, 0, NULL, NULL, NULL, &e), &e);
	expect_none(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_key_than_the_enrolled_ak_is_refused),
		cmocka_unit_test(a_host_proposes_for_itself_only),
		cmocka_unit_test(a_body_that_was_not_quoted_is_refused),
		cmocka_unit_test(a_nonce_counts_once_and_while_it_is_young),
		cmocka_unit_test(a_quote_from_before_the_last_attestation_is_refused),
		cmocka_unit_test(a_body_with_anything_else_in_it_is_refused),
		cmocka_unit_test(a_revoked_host_proposes_nothing),
		cmocka_unit_test(the_newest_few_stay_and_too_many_are_put_off),
		cmocka_unit_test(equal_proposals_of_two_hosts_are_one_to_look_at_and_to_sign),
		cmocka_unit_test(a_text_that_its_digest_is_not_of_is_told_as_such),
		cmocka_unit_test(the_host_document_tells_of_the_highest_kernel),
		cmocka_unit_test(only_operators_decide_and_a_host_has_no_say),
		cmocka_unit_test(a_token_of_other_groups_sees_none),
		cmocka_unit_test(a_proposal_whose_row_was_changed_is_noticed),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
