// SPDX-License-Identifier: Apache-2.0
/* Reference values of files, learned from the lists of two hosts by `assay`, signed, imported, and judged by. */
#include "../unit/ima_sample.h"
#include "refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"

/* A host, what it measured, and the files that `refval learn` is given of it. */
struct shown {
	const struct forge_host *host;
	struct buf *list;
	char known[300], token[300], ima[300];
};

static void run_file(struct shown *s, const char *path, const char *content)
{
	ima_sample_put(&s->list->w, &(struct ima_sample){ .path = path, .content = content });
}

static void begin(struct fixture *f, struct shown *s, const struct forge_host *h, u32 reset_count,
		  struct forged *t)
{
	struct ima_place now = ima_sample_place(buf_bytes(s->list), reset_count);

	forge_begin(&f->s, h, t);
	t->clock.reset_count = reset_count;
	t->pcrs[IMA_PCR] = now.pcr10.at[0];
	t->ima = (struct eat_ima){ .sent = true,
				   .from = ima_sample_place(BYTES_NONE, reset_count),
				   .entries = buf_bytes(s->list) };
	forge_collect(t);
	forge_rest(t);
}

static void save(const char *path, struct bytes b)
{
	struct err e = { 0 };

	assert_ok(file_write(path, b, 0600, &e), &e);
}

/* An attestation that the server affirms; its token, the list and what the server knows of the host in files. */
static void show(struct fixture *f, struct shown *s, u32 reset_count)
{
	char path[300];
	struct forged t;
	json_t *j;
	char *text;
	long status;

	begin(f, s, s->host, reset_count, &t);
	released(&t);
	snprintf(s->token, sizeof(s->token), "%.200s/%s.token", f->s.folder, s->host->name);
	snprintf(s->ima, sizeof(s->ima), "%.200s/%s.ima", f->s.folder, s->host->name);
	snprintf(s->known, sizeof(s->known), "%.200s/%s.json", f->s.folder, s->host->name);
	save(s->token, buf_bytes(t.token));
	run_file(s, "/measured/later", "later"); /* when the list was copied */
	save(s->ima, buf_bytes(s->list));
	forged_clear(&t);
	snprintf(path, sizeof(path), "/api/v1/hosts/%s", s->host->name);
	j = forge_call(&f->s, "GET", path, NULL, true, BYTES_NONE, &status);
	assert_int_equal(status, 200);
	text = json_dumps(j, JSON_COMPACT);
	save(s->known, bytes_text(text));
	free(text);
	json_decref(j);
}

static char key[300], cert[300], corim[300], log_path[300];

/* `assay refval learn --files` with what @a and @b (or NULL) show. Return: its exit status. */
static int learn(const struct shown *a, const struct shown *b, bool one_host)
{
	const char *argv[20] = { BUILD_FOLDER "/cli/assay",
				 "refval",
				 "learn",
				 "--files",
				 "--id",
				 "files/learned",
				 "--signer",
				 cert,
				 "--key",
				 key,
				 "--out",
				 corim,
				 one_host ? "--one-host" : "--json",
				 a->known,
				 a->token,
				 a->ima };
	const char *const more[] = { b ? b->known : NULL, b ? b->token : NULL, b ? b->ima : NULL };

	for (size_t i = 0; b && i < 3; i++)
		argv[16 + i] = more[i];
	remove(log_path);
	remove(corim);
	return rig_run(log_path, argv);
}

/* What the program said, as text; the caller frees it. */
static char *log_text(void)
{
	OWNED(buf) b = NULL;
	struct err e = { 0 };

	assert_ok(file_read(log_path, 1 << 20, &b, &e), &e);
	return strndup((const char *)b->w.at, b->w.len);
}

static bool said(const char *words)
{
	char *text = log_text();
	bool found = strstr(text, words) != NULL;

	free(text);
	return found;
}

static void said_all(const char *const *words)
{
	for (; *words; words++)
		if (!said(*words))
			fail_msg("not said: %s, but: %s", *words, log_text());
}
#define SAID(...) said_all((const char *const[]){ __VA_ARGS__, NULL })

static void learns(const struct shown *a, const struct shown *b, bool one_host)
{
	if (learn(a, b, one_host))
		fail_msg("%s", log_text());
}

static void refuses(const struct shown *a, const struct shown *b, bool one_host, const char *words)
{
	assert_int_not_equal(learn(a, b, one_host), 0);
	SAID(words);
	assert_int_not_equal(access(corim, F_OK), 0);
}

static struct shown a, b;

static void what_both_hosts_have_is_learned_and_affirms_where_policy_takes_it(void **state)
{
	struct fixture *f = *state;
	struct ima_rules *rules = &f->s.settings.appraisal.ima;
	OWNED(buf) signed_values = NULL;
	struct forged t;
	struct err e = { 0 };
	long status;

	learns(&a, &b, false);
	SAID("+ /usr/bin/both = sha256:", "seen on 2 host(s)",
	     "2 files that one host alone has are left out", "3 entries are no file's digest",
	     "SHA-1");
	assert_false(said("/usr/bin/sha1"));
	assert_false(said("/usr/bin/one"));
	assert_false(said("/measured/later"));
	assert_ok(file_read(corim, CORIM_MAX, &signed_values, &e), &e);
	json_decref(forge_call(&f->s, "POST", "/endorsement-provisioning/v1/submit",
			       "application/rim+cose", true, buf_bytes(signed_values), &status));
	assert_in_range(status, 200, 201);

	rules->mode = IMA_MODE_KNOWN;
	a.list->w.len = 0; /* another boot of it */
	run_file(&a, "/usr/bin/both", "both");
	begin(f, &a, &f->a, 11, &t);
	doubted(&t, "IMA list", "only learned values hold it");
	forged_clear(&t);
	f->s.settings.appraisal.learned_affirms = true;
	begin(f, &a, &f->a, 11, &t);
	released(&t);
	forged_clear(&t);
	run_file(&a, "/usr/bin/elsewhere", "both"); /* the digest counts for its path */
	begin(f, &a, &f->a, 11, &t);
	refused(&t, "IMA list", "/usr/bin/elsewhere");
	forged_clear(&t);
	f->s.settings.appraisal.learned_affirms = false;
	rules->mode = IMA_MODE_OFF;
}

static void one_host_is_enough_only_when_told_so(void **state)
{
	(void)state;
	refuses(&a, NULL, false, "nothing to learn");
	refuses(&a, &a, false, "nothing to learn"); /* said twice by one voice */
	learns(&a, NULL, true);
	SAID("+ /usr/bin/one-a = sha256:", "seen on 1 host(s)");
}

static void a_list_that_the_host_did_not_quote_is_no_source(void **state)
{
	OWNED(buf) list = NULL;
	struct shown lie = a;
	u8 *at;
	struct err e = { 0 };

	(void)state;
	assert_ok(file_read(a.ima, 1 << 20, &list, &e), &e);
	snprintf(lie.ima, sizeof(lie.ima), "%.250s.lie", a.ima);
	at = memmem(list->w.at, list->w.len, "one-a", 5);
	assert_non_null(at);
	*at ^= 1; /* the digest of another path */
	save(lie.ima, buf_bytes(list));
	refuses(&lie, NULL, true, "does not lead to the quoted PCR 10");
	memcpy(lie.ima, b.ima, sizeof(lie.ima));
	refuses(&lie, NULL, true, "does not lead to the quoted PCR 10");
	memcpy(lie.ima, a.token, sizeof(lie.ima));
	refuses(&lie, NULL, true, "is no IMA list");
}

static void a_token_that_does_not_hold_is_no_proof(void **state)
{
	OWNED(buf) token = NULL;
	struct shown lie = a;
	struct err e = { 0 };

	(void)state;
	memcpy(lie.known, b.known, sizeof(lie.known)); /* signed by another AK than this host's */
	refuses(&lie, NULL, true, "the token does not hold: ");
	lie = a;
	assert_ok(file_read(a.token, EVIDENCE_MAX, &token, &e), &e);
	token->w.at[token->w.len - 10] ^= 1;
	snprintf(lie.token, sizeof(lie.token), "%.250s.lie", a.token);
	save(lie.token, buf_bytes(token));
	refuses(&lie, NULL, true, "the token does not hold: the token is signed");
}

static int set_up(void **state)
{
	struct fixture *f;
	OWNED(buf) pem = buf_new(65536);
	struct bytes content = bytes_text("old");
	struct digest sha1 = digest_of(DIGEST_SHA1, &content, 1);
	struct err e = { 0 };
	int rc = refusal_set_up(state);

	f = *state;
	snprintf(key, sizeof(key), "%.250s/learn.key", f->s.folder);
	snprintf(cert, sizeof(cert), "%.250s/learn.crt", f->s.folder);
	snprintf(corim, sizeof(corim), "%.250s/learned.corim", f->s.folder);
	snprintf(log_path, sizeof(log_path), "%.250s/learn.log", f->s.folder);
	assert_ok(keypair_pem(f->s.signer, &pem->w, &e), &e);
	save(key, buf_bytes(pem));
	pem->w.len = 0;
	assert_ok(cert_pem(f->s.signer_cert, &pem->w, &e), &e);
	save(cert, buf_bytes(pem));
	a = (struct shown){ .host = &f->a, .list = buf_new(1 << 20) };
	b = (struct shown){ .host = &f->b, .list = buf_new(1 << 20) };
	run_file(&a, "/usr/bin/both", "both");
	run_file(&a, "/usr/bin/one-a", "a");
	ima_sample_put(&a.list->w, &(struct ima_sample){ .path = "/var/log/x", .violation = true });
	/* a digest that no reference value has */
	ima_sample_put(&a.list->w,
		       &(struct ima_sample){ .path = "/usr/bin/sha1", .digest = &sha1 });
	ima_sample_put(&b.list->w,
		       &(struct ima_sample){ .path = "/usr/bin/sha1", .digest = &sha1 });
	run_file(&b, "/usr/bin/one-b", "b");
	run_file(&b, "/usr/bin/both", "both");
	show(f, &a, 10);
	show(f, &b, 10);
	return rc;
}

static int tear_down(void **state)
{
	buf_drop(&a.list);
	buf_drop(&b.list);
	return refusal_tear_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_host_is_enough_only_when_told_so),
		cmocka_unit_test(a_list_that_the_host_did_not_quote_is_no_source),
		cmocka_unit_test(a_token_that_does_not_hold_is_no_proof),
		cmocka_unit_test(what_both_hosts_have_is_learned_and_affirms_where_policy_takes_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
