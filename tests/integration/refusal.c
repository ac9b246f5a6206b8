// SPDX-License-Identifier: Apache-2.0
#include "refusal.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/text.h"
#include "proto/release_answer.h"
#include "verifier/boot_claims.h"

/* ---- what the server says ---- */
static json_t *session_again(const struct forged *t)
{
	char id[128], path[256];
	long status;
	json_t *j;

	base64url_write((struct bytes){ t->session, t->session_len }, false, id);
	snprintf(path, sizeof(path), "/challenge-response/v1/session/%s", id);
	j = forge_call(t->server, "GET", path, NULL, false, BYTES_NONE, &status);
	return j;
}

void nothing_went_out(const struct forged *t, json_t *answer)
{
	json_t *again = session_again(t);

	assert_null(json_object_get(answer, "release"));
	assert_null(json_object_get(again, "release"));
	json_decref(again);
}

/* The elements of the reasons, each once, in their order: "QUOTE_BINDS NONCE_BOUND". */
static void elements_of(json_t *answer, char *out, size_t size)
{
	json_t *list = json_object_get(answer, "reasons"), *row;
	size_t i, len = 0;

	out[0] = 0;
	json_array_foreach(list, i, row)
	{
		const char *element = json_string_value(json_object_get(row, "element"));
		const char *at = strstr(out, element);
		size_t n = strlen(element);

		assert_int_equal(json_object_size(row), 14); /* every reason has every member */
		if (at && (at == out || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			continue;
		len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "", element);
		assert_true(len < size);
	}
}

static bool says(json_t *answer, const char *words)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "reasons"), i,
			   row) if (strstr(json_string_value(json_object_get(row, "text")),
					   words)) return true;
	return false;
}

/* The answer as text, without the token and the result that it carries. */
static char *shown(json_t *answer)
{
	json_t *copy = json_copy(answer);
	char *text;

	json_object_del(copy, "evidence");
	json_object_del(copy, "result");
	text = json_dumps(copy, JSON_COMPACT);
	json_decref(copy);
	return text;
}

static void expect(const struct forged *t, const char *ear_status, const char *checks,
		   const char *words)
{
	char got[600], *all;
	long status;
	json_t *j = forge_send(t, buf_bytes(t->token), &status);

	all = shown(j);
	elements_of(j, got, sizeof(got));
	if (status != 200 || strcmp(got, checks) || !says(j, words) ||
	    strcmp(json_string_value(json_object_get(j, "ear_status")), ear_status))
		fail_msg("expected 200 %s, %s failed, \"%s\"; got %ld, %s failed: %.3000s",
			 ear_status, checks, words, status, got, all);
	free(all);
	nothing_went_out(t, j);
	json_decref(j);
}

void refused(const struct forged *t, const char *checks, const char *words)
{
	expect(t, "contraindicated", checks, words);
}

void doubted(const struct forged *t, const char *elements, const char *words)
{
	expect(t, "warning", elements, words);
}

void withheld(const struct forged *t, const char *checks, const char *words)
{
	expect(t, "affirming", checks, words);
}

void turned_away(const struct forged *t, struct bytes token, long want, const char *words)
{
	long status;
	json_t *j = forge_send(t, token, &status);
	const char *detail = json_string_value(json_object_get(j, "detail"));

	if (status != want || !detail || !strstr(detail, words))
		fail_msg("expected %ld \"%s\", got %ld \"%s\"", want, words, status,
			 detail ? detail : "");
	nothing_went_out(t, j);
	json_decref(j);
}

/* ---- honest ---- */
void honest(struct fixture *f, const struct forge_host *h, struct forged *t)
{
	forge_begin(&f->s, h, t);
	forge_collect(t);
	forge_rest(t);
}

struct buf *released_answer(const struct forged *t)
{
	OWNED(buf) b = buf_new(RELEASE_ANSWER_MAX);
	long status, n;
	json_t *j = forge_send(t, buf_bytes(t->token), &status);
	const char *release = json_string_value(json_object_get(j, "release"));
	const char *ear_status = json_string_value(json_object_get(j, "ear_status"));
	char *all = shown(j);

	if (status != 200 || !release || !ear_status || strcmp(ear_status, "affirming"))
		fail_msg("an honest host is refused: %ld %.3000s", status, all);
	free(all);
	n = base64_read(bytes_text(release), write_space(&b->w, RELEASE_ANSWER_MAX),
			RELEASE_ANSWER_MAX);
	assert_true(n > 0);
	b->w.len = (size_t)n;
	json_decref(j);
	return TAKE(b);
}

void released(const struct forged *t)
{
	OWNED(buf) b = released_answer(t);
	struct release_answer a;
	struct err e = { 0 };

	assert_ok(release_answer_parse(buf_bytes(b), &a, &e), &e);
	assert_int_equal(a.n, 1);
	assert_bytes_equal(a.shares[0].uuid, BYTES(t->volume));
}

/* Reference values: what the first host has, signed by the operator. */
static void learn(struct fixture *f)
{
	struct corim_triple triples[2];
	struct corim_draft d = {
		.id = "test/golden", .signer = "test", .triples = triples, .n = 2
	};
	struct cert_list chain = { .n = 1, .at = { f->s.signer_cert } };
	OWNED(spdm_evidence) device = NULL;
	OWNED(boot_log) log = NULL;
	OWNED(ect) of_device = NULL;
	OWNED(ect) of_log = NULL;
	OWNED(buf) corim = NULL;
	struct verified_device v = { 0 };
	struct forged t;
	struct err e = { 0 };
	long status;

	honest(f, &f->a, &t);
	assert_ok(spdm_evidence_parse(buf_bytes(t.evidence[0].vca), buf_bytes(t.evidence[0].chain),
				      buf_bytes(t.evidence[0].measurements), BYTES_NONE, 0, NULL,
				      &v.evidence, &e),
		  &e);
	device = v.evidence;
	v.has_identity = !spdm_evidence_pci_identity(device, &v.identity, &e);
	assert_ok(ect_of_device(&v, &of_device, &e), &e);
	assert_ok(boot_log_parse(buf_bytes(f->s.boot_log), &log, &e), &e);
	assert_ok(boot_claims(log, TPM_ALG_SHA256, BYTES_NONE, &of_log, &e), &e);
	triples[0] = (struct corim_triple){ .env = of_device->env,
					    .n = 2, /* rom, firmware: the version may differ */
					    .elements = of_device->elements };
	triples[1] = (struct corim_triple){ .env = of_log->env,
					    .n = of_log->n,
					    .elements = of_log->elements };
	assert_ok(corim_write(&d, f->s.signer, &chain, &corim, &e), &e);
	json_decref(forge_call(&f->s, "POST", "/endorsement-provisioning/v1/submit",
			       "application/rim+cose", true, buf_bytes(corim), &status));
	assert_in_range(status, 200, 201);
	forged_clear(&t);
}

int refusal_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct forged t;

	*state = f;
	forge_server_start(&f->s);
	forge_host_make(&f->a, "host-a", 0);
	forge_host_make(&f->b, "host-b", 2);
	forge_host_enrol(&f->s, &f->a);
	forge_host_enrol(&f->s, &f->b);
	learn(f);
	honest(f, &f->a, &t); /* its inventory and devices are known from here on */
	released(&t);
	forged_clear(&t);
	honest(f, &f->b, &t);
	released(&t);
	forged_clear(&t);
	return 0;
}

int refusal_tear_down(void **state)
{
	struct fixture *f = *state;

	forge_host_clear(&f->a);
	forge_host_clear(&f->b);
	forge_server_stop(&f->s);
	free(f);
	return 0;
}

int still_serves(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	clock_set_s(0);
	honest(f, &f->a, &t);
	released(&t);
	forged_clear(&t);
	return 0;
}

void every_answer_was_as_openapi_yaml_describes_it(void **state)
{
	struct fixture *f = *state;

	forge_answers_fit(&f->s);
}
