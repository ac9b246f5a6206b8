// SPDX-License-Identifier: Apache-2.0
/*
 * `assay refval pending`: what hosts say they will boot next, looked at and signed. What is signed is put together here,
 * beside the key: of what was signed before, as the server has it, and of the proposal, both by their digests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/file.h"
#include "proto/corim_json.h"
#include "refval.h"
#include "verifier/next_boot.h"

enum { PREFIX_MIN = 6 };

static const char *text_of(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return cli_safe(s ? s : "");
}

static bool is_text(const json_t *row, const char *key, const char *text)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s && !strcmp(s, text);
}

/* ---- which one: the newest of a host, or by digest ---- */
static bool names_host(const json_t *group, const char *word)
{
	const json_t *hosts = json_object_get(group, "hosts"), *h;
	size_t i;

	json_array_foreach(hosts, i, h) if (is_text(h, "name", word)) return true;
	return false;
}

static int find_digest(const struct cli *c, const char *word, char digest[65], struct err *e)
{
	json_t *answer = NULL, *g;
	size_t i, n = 0, len = strlen(word);
	bool prefix = len >= PREFIX_MIN && len <= 64 && strspn(word, "0123456789abcdef") == len;
	bool of_host = false;

	if (call_server(c, "GET", "/api/v1/proposals", NULL, BYTES_NONE, &answer, e))
		return (int)e->code;
	json_array_foreach(json_object_get(answer, "proposals"), i, g)
	{
		const char *d = json_string_value(json_object_get(g, "digest"));

		if (!d || strlen(d) != 64 || of_host)
			continue;
		of_host = names_host(g, word); /* newest first */
		if (!of_host && !(prefix && !strncmp(d, word, len)))
			continue;
		memcpy(digest, d, 65);
		n = of_host ? 1 : n + 1;
	}
	json_decref(answer);
	if (n > 1)
		return err_set(e, E_USAGE, "%zu proposals begin with \"%s\"", n, word);
	return n ? 0
		 : err_set(e, E_NOTFOUND, "no proposal is of a host \"%s\", or begins so", word);
}

static int fetch(const struct cli *c, const char *word, char digest[65], json_t **out,
		 struct err *e)
{
	char path[128];

	if (find_digest(c, word, digest, e))
		return (int)e->code;
	snprintf(path, sizeof(path), "/api/v1/proposals/%s", digest);
	return call_server(c, "GET", path, NULL, BYTES_NONE, out, e);
}

/* ---- list ---- */
static const char *state_of(const json_t *group)
{
	const json_t *next = json_object_get(group, "next_boot");

	if (is_text(next, "status", "accepted"))
		return "accepted";
	if (json_object_get(group, "corim")) /* signed, and yet */
		return is_text(next, "status", "refused") ? "signed, refused" : "signed";
	return "pending";
}

static int list(struct cli *c)
{
	json_t *answer = NULL, *g;
	struct err e = { 0 };
	struct table t;
	size_t i;

	if (c->argc != 1)
		return cli_usage();
	if (call_server(c, "GET", "/api/v1/proposals", NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("refval.pending.list", true, answer);
		return 0;
	}
	t = table_of("ID|PROPOSED|STATE|KERNEL|HOSTS");
	json_array_foreach(json_object_get(answer, "proposals"), i, g)
	{
		const json_t *hosts = json_object_get(g, "hosts");
		const char *first = text_of(json_array_get(hosts, 0), "name");
		char digest[13], seen[400];

		snprintf(digest, sizeof(digest), "%s", text_of(g, "digest"));
		snprintf(seen, sizeof(seen), "seen on %zu hosts (%.300s, ...)",
			 json_array_size(hosts), first);
		table_row(&t, digest, when_text(json_integer_value(json_object_get(g, "time"))),
			  state_of(g), text_of(g, "release"),
			  json_array_size(hosts) == 1 ? first : seen);
	}
	table_print(&t);
	json_decref(answer);
	return 0;
}

/* ---- diff ---- */
/* All of it: what stands behind the end of a line that was cut is signed, too. */
static void print_text(const char *text)
{
	const size_t piece = 256;

	putchar('"');
	for (size_t n = strlen(text), at = 0; at < n; at += piece) {
		char part[257];

		snprintf(part, sizeof(part), "%s", text + at);
		fputs(cli_safe(part), stdout);
	}
	putchar('"');
}

/* What is signed are the digests. A text stands for them where they are its own; else it is what the host says of them. */
static void print_value(char sign, const char *name, const json_t *value, bool covered)
{
	const char *text = json_string_value(json_object_get(value, "text"));
	const json_t *digest;
	size_t i;

	printf("%c %s = ", sign, name);
	if (text && covered) {
		print_text(text);
	} else {
		json_array_foreach(json_object_get(value, "digests"), i, digest)
			printf("%s%s", i ? ", " : "", cli_safe(json_string_value(digest)));
		if (text) {
			printf("; the host says, and no digest shows, that it is ");
			print_text(text);
		}
	}
	putchar('\n');
}

static void print_element(const json_t *el)
{
	const char *name = text_of(el, "name");
	const json_t *was = json_object_get(el, "was");
	bool refused = is_text(el, "state", "refused");
	bool changes = !json_equal(json_object_get(el, "digests"), json_object_get(was, "digests"));

	if (!was) {
		printf("  %s was not measured by the last boot, and is not signed\n", name);
		return;
	}
	printf("  %s %s; reference values %s it\n", name, changes ? "changes" : "stays as it was",
	       refused ? "do not accept" : "accept");
	if (!changes)
		return;
	print_value('-', name, was,
		    true); /* the server shows texts of a log that its digests cover */
	print_value('+', name, el, json_is_true(json_object_get(el, "text_covered")));
}

static void print_diff(const json_t *p)
{
	const json_t *hosts = json_object_get(p, "hosts"), *v;
	size_t i;

	printf("proposal %.12s: kernel %s, seen on %zu host(s)\n", text_of(p, "digest"),
	       text_of(p, "release"), json_array_size(hosts));
	json_array_foreach(json_object_get(p, "elements"), i, v) print_element(v);
	json_array_foreach(json_object_get(p, "unforeseen"), i, v) printf(
		"  %s changes, and nobody can foretell to what\n", cli_safe(json_string_value(v)));
	json_array_foreach(json_object_get(p, "bases"), i, v)
		printf("  all else as CoRIM %s has it%s\n", text_of(v, "id"),
		       json_is_true(json_object_get(v, "learned")) ? " (learned)" : "");
	if (!json_array_size(json_object_get(p, "bases")))
		printf("  no reference value accepts the last boot: what is signed is of these "
		       "names "
		       "alone\n");
	json_array_foreach(hosts, i, v)
	{
		const json_t *next = json_object_get(v, "next_boot");

		if (!i || !json_equal(next, json_object_get(json_array_get(hosts, 0), "next_boot")))
			printf("%s: %s\n", text_of(v, "name"), text_of(next, "text"));
	}
}

static int diff(struct cli *c)
{
	json_t *p = NULL;
	struct err e = { 0 };
	char digest[65];

	if (c->argc != 2)
		return cli_usage();
	if (fetch(c, c->argv[1], digest, &p, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("refval.pending.diff", true, p);
		return 0;
	}
	print_diff(p);
	json_decref(p);
	return 0;
}

/* ---- sign ---- */
struct signing {
	const struct cli *c;
	json_t *p; /* as the server tells it */
	char digest[65];
	struct buf *body;
	struct proposal proposal;
	size_t n_bases, n;
	struct corim *bases[NEXT_BOOT_BASES_MAX];
	struct next_state *states[NEXT_BOOT_BASES_MAX];
	bool learned;
	struct buf *corim; /* what was made */
	char id[100];
};

static void signing_clear(struct signing *s)
{
	for (size_t i = 0; i < s->n; i++)
		next_state_drop(&s->states[i]);
	for (size_t i = 0; i < s->n_bases; i++)
		corim_drop(&s->bases[i]);
	buf_drop(&s->corim);
	buf_drop(&s->body);
	json_decref(s->p);
	free(s);
}

static int check_digest(struct bytes b, const char *want, const char *what, struct err *e)
{
	struct digest d = sha256_of(b);
	char hex[65];

	return strcmp(hex_write(digest_bytes(&d), hex), want)
		       ? err_set(e, E_BINDING, "%s %.12s: the server gave something else", what,
				 want)
		       : 0;
}

static int read_body(struct signing *s, struct err *e)
{
	const char *text = json_string_value(json_object_get(s->p, "body"));
	u8 *at;
	long n;

	s->body = buf_new(PROPOSAL_MAX + 8);
	at = s->body ? write_space(&s->body->w, PROPOSAL_MAX) : NULL;
	if (!at)
		return err_set(e, E_MEMORY, "no memory for a proposal");
	n = text ? base64_read(bytes_text(text), at, PROPOSAL_MAX) : -1;
	if (n <= 0)
		return err_set(e, E_FORMAT, "server's answer has no proposal");
	s->body->w.len = (size_t)n;
	return check_digest(buf_bytes(s->body), s->digest, "proposal", e) ||
			       proposal_parse(buf_bytes(s->body), &s->proposal, e)
		       ? (int)e->code
		       : 0;
}

/* What the last boot did not measure the next will not either: a state with it would never be met. */
static void drop_unmeasured(struct signing *s)
{
	const json_t *elements = json_object_get(s->p, "elements"), *el;
	struct proposal *p = &s->proposal;
	size_t i, n = 0;

	for (size_t k = 0; k < p->n; k++) {
		bool measured = true;

		json_array_foreach(elements, i, el)
		{
			const char *name = json_string_value(json_object_get(el, "name"));

			if (name && bytes_equal(bytes_text(name), p->elements[k].name))
				measured = json_object_get(el, "was") != NULL;
		}
		if (measured)
			p->elements[n++] = p->elements[k];
	}
	p->n = n;
}

static int add_state(struct signing *s, struct next_state *new)
{
	s->states[s->n++] = new;
	return 0;
}

static int add_base(struct signing *s, const json_t *row, struct err *e)
{
	const char *digest = json_string_value(json_object_get(row, "corim"));
	json_int_t triple = json_integer_value(json_object_get(row, "triple"));
	OWNED(buf) bytes = NULL;
	struct next_state *state = NULL;
	struct corim *base;
	char path[128];

	if (!digest || strlen(digest) != 64 || s->n_bases == NEXT_BOOT_BASES_MAX)
		return err_set(e, E_FORMAT, "server's answer names no CoRIM, or too many");
	if (!json_is_true(json_object_get(row, "usable")))
		return err_set(e, E_UNSUPPORTED,
			       "CoRIM %s, which the last boot is accepted by, came in two parts: "
			       "build the next one from text",
			       text_of(row, "id"));
	snprintf(path, sizeof(path), "/api/v1/refvals/%s/corim", digest);
	if (fetch_server(s->c, "GET", path, NULL, BYTES_NONE, &bytes, e) ||
	    check_digest(buf_bytes(bytes), digest, "CoRIM", e) ||
	    corim_read(buf_bytes(bytes), CORIM_OLD_SHAPES, BYTES_NONE, &s->bases[s->n_bases], e))
		return (int)e->code;
	base = s->bases[s->n_bases++];
	s->learned |= corim_is_learned(base);
	if (triple < 0 || (size_t)triple >= base->n_references)
		return err_set(e, E_FORMAT, "server's answer names a state that CoRIM %s has not",
			       base->id);
	if (next_state_of(&base->references[triple], &s->proposal, &state, e))
		return err_while(e, "CoRIM %s", base->id);
	return add_state(s, state);
}

static int make_states(struct signing *s, struct err *e)
{
	const json_t *bases = json_object_get(s->p, "bases"), *row;
	struct next_state *alone = NULL;
	size_t i;

	json_array_foreach(bases, i, row) if (add_base(s, row, e)) return (int)e->code;
	if (s->n)
		return 0;
	if (!s->proposal.n)
		return err_set(e, E_NOTFOUND, "nothing of it was measured by the last boot");
	return next_state_alone(&s->proposal, &alone, e) ? (int)e->code : add_state(s, alone);
}

static int read_keys(const struct cli *c, struct keypair **key, struct cert_list **chain,
		     struct err *e)
{
	OWNED(buf) key_pem = NULL;
	OWNED(buf) chain_pem = NULL;
	int rc;

	if (file_read(c->option[OPT_KEY], 65536, &key_pem, e))
		return (int)e->code;
	rc = file_read(c->option[OPT_SIGNER], 65536, &chain_pem, e) ||
			     keypair_from_pem(buf_bytes(key_pem), key, e) ||
			     cert_list_from_pem(buf_bytes(chain_pem), chain, e)
		     ? (int)e->code
		     : 0;
	secret_wipe(key_pem->w.at, key_pem->w.len);
	if (!rc && !pubkey_equal(keypair_pub(*key), cert_pubkey((*chain)->at[0])))
		rc = err_set(e, E_USAGE, "%s is not the certificate of that key",
			     c->option[OPT_SIGNER]);
	return rc;
}

/*
 * A host's word for its own kernel is what `refval learn` makes of tokens: it is marked so, unless whoever signs says
 * that the digests were compared with those of another source, and nothing else in it was only learned.
 */
static int make_corim(struct signing *s, struct err *e)
{
	const struct cli *c = s->c;
	OWNED(keypair) key = NULL;
	OWNED(cert_list) chain = NULL;
	OWNED(corim) made = NULL;
	struct corim_triple triples[NEXT_BOOT_BASES_MAX];
	struct corim_draft d = { .id = s->id, .triples = triples, .n = s->n };

	if (c->option[OPT_CHECKED] && s->learned)
		return err_set(
			e, E_USAGE,
			"--checked: the rest of the boot is only learned, and would be taken "
			"for checked, too");
	d.signer = c->option[OPT_CHECKED] ? "operator" : "learned";
	snprintf(s->id, sizeof(s->id), "next-boot/%.*s/%.12s", (int)s->proposal.release.len,
		 (const char *)s->proposal.release.at, s->digest);
	if (c->option[OPT_ID])
		d.id = c->option[OPT_ID];
	for (size_t i = 0; i < s->n; i++)
		triples[i] = s->states[i]->triple;
	if (read_keys(c, &key, &chain, e) || corim_write(&d, key, chain, &s->corim, e) ||
	    corim_parse(buf_bytes(s->corim), &made, e))
		return (int)e->code;
	if (!c->json) {
		json_t *statements = corim_triples_json(made);

		refval_print(statements);
		json_decref(statements);
	}
	return c->option[OPT_OUT] ? file_write(c->option[OPT_OUT], buf_bytes(s->corim), 0644, e)
				  : 0;
}

static int hand_in(struct signing *s, struct err *e)
{
	struct digest d = sha256_of(buf_bytes(s->corim));
	json_t *answer = NULL;
	char path[128], body[100], hex[65];

	if (refval_import_bytes(s->c, buf_bytes(s->corim), &answer, e))
		return (int)e->code;
	json_decref(answer);
	answer = NULL;
	snprintf(path, sizeof(path), "/api/v1/proposals/%s/signed", s->digest);
	snprintf(body, sizeof(body), "{\"corim\":\"%s\"}", hex_write(digest_bytes(&d), hex));
	if (call_server(s->c, "POST", path, "application/json", bytes_text(body), &answer, e))
		return (int)e->code;
	json_decref(answer);
	return 0;
}

static int sign_it(struct signing *s, const char *word, struct err *e)
{
	if (fetch(s->c, word, s->digest, &s->p, e) || read_body(s, e))
		return (int)e->code;
	drop_unmeasured(s);
	if (!proposal_names_fit(&s->proposal))
		return err_set(
			e, E_UNSUPPORTED,
			"without what the last boot did not measure the proposal is one of a boot "
			"loader, or of a file of GRUB's: nothing that a host may propose");
	if (make_states(s, e) || make_corim(s, e) || hand_in(s, e))
		return (int)e->code;
	return 0;
}

static int sign(struct cli *c)
{
	struct signing *s = calloc(1, sizeof(*s));
	struct err e = { 0 };
	size_t n_hosts;

	if (!s || c->argc != 2 || !c->option[OPT_KEY] || !c->option[OPT_SIGNER]) {
		free(s);
		return cli_usage();
	}
	s->c = c;
	if (sign_it(s, c->argv[1], &e)) {
		signing_clear(s);
		return cli_fail(c, &e, NULL);
	}
	n_hosts = json_array_size(json_object_get(s->p, "hosts"));
	if (c->json)
		cli_json("refval.pending.sign", true,
			 json_pack("{s:s, s:s, s:I, s:I}", "proposal", s->digest, "id",
				   c->option[OPT_ID] ? c->option[OPT_ID] : s->id, "hosts",
				   (json_int_t)n_hosts, "states", (json_int_t)s->n));
	else
		printf("%.12s: signed as %s, for %zu host(s)\n", s->digest,
		       cli_safe(c->option[OPT_ID] ? c->option[OPT_ID] : s->id), n_hosts);
	signing_clear(s);
	return 0;
}

/* ---- drop ---- */
static int drop(struct cli *c)
{
	json_t *answer = NULL;
	struct err e = { 0 };
	char digest[65], path[128];

	if (c->argc != 2)
		return cli_usage();
	if (find_digest(c, c->argv[1], digest, &e))
		return cli_fail(c, &e, NULL);
	snprintf(path, sizeof(path), "/api/v1/proposals/%s", digest);
	if (call_server(c, "DELETE", path, NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("refval.pending.drop", true, answer);
		return 0;
	}
	printf("%.12s: dropped, of %lld host(s)\n", digest,
	       (long long)json_integer_value(json_object_get(answer, "hosts")));
	json_decref(answer);
	return 0;
}

int refval_pending(struct cli *c)
{
	static const struct {
		const char *verb;
		int (*run)(struct cli *c);
	} verbs[] = { { "list", list }, { "diff", diff }, { "sign", sign }, { "drop", drop } };

	for (size_t i = 0; c->argc && i < ARRAY_LEN(verbs); i++)
		if (!strcmp(c->argv[0], verbs[i].verb))
			return verbs[i].run(c);
	return cli_usage();
}
