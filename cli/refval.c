// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/file.h"
#include "progress.h"
#include "refval.h"
#include "verifier/boot_claims.h"

static int keygen(struct cli *c)
{
	const char *folder = c->option[OPT_OUT];
	OWNED(keypair) key = NULL;
	OWNED(cert) cert = NULL;
	OWNED(buf) pem = buf_new(65536);
	struct cert_request want = { .common_name = c->option[OPT_NAME] ? c->option[OPT_NAME]
									: "assay operator",
				     .not_before = clock_now_s() - 3600,
				     .not_after = clock_now_s() + 5LL * 365 * 86400 };
	struct err e = { 0 };
	char path[600];

	if (!folder || c->argc || !pem)
		return cli_usage();
	if (folder_make(folder, 0700, &e) || keypair_new(KEY_P256, 0, &key, &e) ||
	    keypair_pem(key, &pem->w, &e))
		return cli_fail(c, &e, NULL);
	snprintf(path, sizeof(path), "%s/operator.key", folder);
	if (file_create(path, buf_bytes(pem), 0600, &e))
		return cli_fail(c, &e, NULL);
	secret_wipe(pem->w.at, pem->w.len);
	pem->w.len = 0;
	want.key = keypair_pub(key);
	want.issuer_key = key;
	snprintf(path, sizeof(path), "%s/operator.crt", folder);
	if (cert_make(&want, &cert, &e) || cert_pem(cert, &pem->w, &e) ||
	    file_create(path, buf_bytes(pem), 0644, &e))
		return cli_fail(c, &e, NULL);
	if (!c->json)
		printf("%s/operator.key and %s; give the certificate to the server: "
		       "`assay refval anchor add`, or the folder corim_roots\n",
		       folder, path);
	else
		cli_json("refval.keygen", true, json_pack("{s:s}", "certificate", path));
	return 0;
}

/* ---- learn ---- */
enum { TOKENS_MAX = 16 };
struct learned {
	size_t n;
	struct corim_triple triples[DEVICES_MAX + 1];
	u16 hosts[DEVICES_MAX + 1]; /* which hosts showed the triple: bit i, host of tokens[i] */
	struct ect *ects[DEVICES_MAX + 1];
	struct eat *tokens[TOKENS_MAX];
	struct spdm_evidence *evidence[DEVICES_MAX];
	struct boot_log *logs[TOKENS_MAX];
	size_t n_tokens, n_evidence, n_logs;
};

static void learned_clear(struct learned *l)
{
	for (size_t i = 0; i < l->n; i++)
		ect_drop(&l->ects[i]);
	for (size_t i = 0; i < l->n_evidence; i++)
		spdm_evidence_drop(&l->evidence[i]);
	for (size_t i = 0; i < l->n_logs; i++)
		boot_log_drop(&l->logs[i]);
	for (size_t i = 0; i < l->n_tokens; i++)
		eat_drop(&l->tokens[i]);
}

static bool same_triple(const struct corim_triple *a, const struct corim_triple *b)
{
	if (a->n != b->n || !bytes_equal(a->env.model, b->env.model))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!bytes_equal(a->elements[i].mkey, b->elements[i].mkey) ||
		    corim_mval_matches(&a->elements[i].mval, &b->elements[i].mval) != CORIM_MATCHES)
			return false;
	return true;
}

/* Several tokens of one host are one voice: the bit of the first of them. */
static u16 host_bit(const struct learned *l)
{
	const struct eat *t = l->tokens[l->n_tokens - 1];
	size_t i = 0;

	while (memcmp(l->tokens[i]->ueid, t->ueid, UEID_LEN))
		i++;
	return (u16)(1u << i);
}

/* What speaks for nothing (manifests, modes) is not pinned. */
static void keep(struct learned *l, struct ect *x)
{
	struct corim_triple t = { .env = x->env };
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++)
		if (x->info[i].vector >= 0) {
			x->elements[n] = x->elements[i];
			n++;
		}
	t.n = n;
	t.elements = x->elements;
	for (size_t i = 0; i < l->n; i++)
		if (same_triple(&l->triples[i], &t)) {
			l->hosts[i] |= host_bit(l);
			ect_drop(&x);
			return;
		}
	if (!n || l->n == ARRAY_LEN(l->triples)) {
		ect_drop(&x);
		return;
	}
	l->hosts[l->n] = host_bit(l);
	l->ects[l->n] = x;
	l->triples[l->n++] = t;
}

/* For devices only from evidence whose signature holds (rule 1); the chain is the importer's to know. */
static int learn_device(struct learned *l, const struct eat_device *d, struct err *e)
{
	struct verified_device v = { .claims = d };
	struct ect *x = NULL;

	if (d->failure.len || l->n_evidence == DEVICES_MAX)
		return 0;
	if (spdm_evidence_parse(d->vca, d->chain, d->measurements, d->challenge, d->slot, NULL,
				&v.evidence, e))
		return (int)e->code;
	l->evidence[l->n_evidence++] = v.evidence;
	if (spdm_evidence_check_signatures(v.evidence, e) ||
	    spdm_evidence_pci_identity(v.evidence, &v.identity, e) || ect_of_device(&v, &x, e))
		return (int)e->code;
	keep(l, x);
	return 0;
}

static int learn_token(struct learned *l, const char *path, struct err *e)
{
	OWNED(buf) b = NULL;
	struct eat *t;
	struct ect *x = NULL;

	if (l->n_tokens == ARRAY_LEN(l->tokens))
		return err_set(e, E_LIMIT, "at most %zu tokens", ARRAY_LEN(l->tokens));
	if (file_read(path, EVIDENCE_MAX, &b, e) ||
	    eat_parse(buf_bytes(b), &l->tokens[l->n_tokens], e))
		return err_while(e, "%s", path);
	t = l->tokens[l->n_tokens++];
	if (eat_check_signature(t, e))
		return err_while(e, "%s", path);
	if (t->logs.boot_log.len) {
		if (boot_log_parse(t->logs.boot_log, &l->logs[l->n_logs], e) ||
		    boot_claims_check(l->logs[l->n_logs], TPM_ALG_SHA256, e) ||
		    boot_claims(l->logs[l->n_logs], TPM_ALG_SHA256, t->logs.command_line, &x, e))
			return err_while(e, "%s", path);
		l->n_logs++;
		keep(l, x);
	}
	for (size_t i = 0; i < t->n_devices; i++)
		if (learn_device(l, &t->devices[i], e))
			return err_while(e, "%s", path);
	return 0;
}

static const char *text_of(const struct ect *x, struct bytes mkey)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->info[i].mkey == mkey.at)
			return x->info[i].text;
	return NULL;
}

static void show_learned(const struct learned *l, FILE *out)
{
	for (size_t i = 0; i < l->n; i++) {
		fprintf(out, "%.*s, seen on %d host(s)\n", (int)l->triples[i].env.model.len,
			(const char *)l->triples[i].env.model.at, __builtin_popcount(l->hosts[i]));
		for (size_t k = 0; k < l->triples[i].n; k++) {
			const struct corim_mval *m = &l->triples[i].elements[k].mval;
			char hex[2 * DIGEST_MAX + 1] = "";
			struct cbor key = cbor_on(l->triples[i].elements[k].mkey, CBOR_STRICT);

			if (m->n_digests && m->digests[0].bytes.len <= DIGEST_MAX)
				hex_write(m->digests[0].bytes, hex);
			if (cbor_peek(&key) == CBOR_UINT) {
				fprintf(out, "  + block %llu = %s\n",
					(unsigned long long)cbor_uint(&key, "mkey"), hex);
			} else {
				struct bytes name = cbor_text(&key, "mkey");
				const char *text =
					text_of(l->ects[i], l->triples[i].elements[k].mkey);

				fprintf(out, "  + %.*s = %s%s%s\n", (int)name.len,
					(const char *)name.at, hex, text ? "  " : "",
					text ? text : "");
			}
		}
	}
}

/* One host may be the one that is wrong: what it alone shows is no reference unless told so. */
static int check_agreement(const struct learned *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (__builtin_popcount(l->hosts[i]) < 2)
			return err_set(e, E_POLICY,
				       "%.*s: only one host shows these values; add the token of "
				       "another, or --one-host",
				       (int)l->triples[i].env.model.len,
				       (const char *)l->triples[i].env.model.at);
	return 0;
}

static int learn(struct cli *c)
{
	struct learned *l = calloc(1, sizeof(*l));
	OWNED(buf) key_pem = NULL;
	OWNED(buf) cert_text = NULL;
	OWNED(keypair) key = NULL;
	OWNED(cert_list) chain = NULL;
	OWNED(buf) corim = NULL;
	struct corim_draft d = { .id = c->option[OPT_ID], .signer = "learned" };
	struct progress p;
	struct err e = { 0 };
	int rc = 0;

	if (!l || !c->argc || !c->option[OPT_ID] || !c->option[OPT_KEY] || !c->option[OPT_SIGNER] ||
	    !c->option[OPT_OUT]) {
		free(l);
		return cli_usage();
	}
	p = progress_begin(c, "reading", "tokens", (u64)c->argc);
	for (int i = 0; !rc && i < c->argc; i++) {
		rc = learn_token(l, c->argv[i], &e);
		progress_to(&p, (u64)i + 1);
	}
	progress_end(&p);
	if (!rc)
		show_learned(l, c->json ? stderr : stdout); /* the diff before signing */
	if (!rc && !c->option[OPT_ONE_HOST])
		rc = check_agreement(l, &e);
	if (!rc)
		rc = file_read(c->option[OPT_KEY], 65536, &key_pem, &e) ||
		     file_read(c->option[OPT_SIGNER], 65536, &cert_text, &e) ||
		     keypair_from_pem(buf_bytes(key_pem), &key, &e) ||
		     cert_list_from_pem(buf_bytes(cert_text), &chain, &e);
	d.triples = l->triples;
	d.n = l->n;
	if (!rc && !l->n)
		rc = err_set(&e, E_NOTFOUND, "nothing to learn in these tokens");
	if (!rc)
		rc = corim_write(&d, key, chain, &corim, &e) ||
		     file_write(c->option[OPT_OUT], buf_bytes(corim), 0644, &e);
	if (!rc && c->json)
		cli_json("refval.learn", true,
			 json_pack("{s:s, s:I}", "file", c->option[OPT_OUT], "triples",
				   (json_int_t)l->n));
	else if (!rc)
		printf("%zu environments signed into %s\n", l->n, c->option[OPT_OUT]);
	learned_clear(l);
	free(l);
	return rc ? cli_fail(c, &e, NULL) : 0;
}

int cmd_refval(struct cli *c, const char *verb)
{
	if (!strcmp(verb, "keygen"))
		return keygen(c);
	if (!strcmp(verb, "learn"))
		return c->option[OPT_FILES] ? refval_learn_files(c) : learn(c);
	if (!strcmp(verb, "build"))
		return refval_build(c);
	if (!strcmp(verb, "check"))
		return refval_check(c);
	if (!strcmp(verb, "diff"))
		return refval_diff(c);
	if (!strcmp(verb, "propose"))
		return refval_propose(c);
	if (!strcmp(verb, "pending"))
		return refval_pending(c);
	return refval_manage(c, verb);
}
