// SPDX-License-Identifier: Apache-2.0
/* Offline: a saved token, against what is known of its host and, if wished, against reference values. */
#include <stdio.h>

#include "cli.h"
#include "common/clock.h"
#include "common/file.h"
#include "verifier/decide.h"

/* What is given beside the token. */
struct given {
	struct buf *ak;
	struct trust_store *roots, *signers;
	struct refs *refs; /* NULL: nothing is appraised */
	struct verify_context ctx;
	bool nonce_known;
};

static void given_clear(struct given *g)
{
	buf_drop(&g->ak);
	trust_store_drop(&g->roots);
	trust_store_drop(&g->signers);
	refs_drop(&g->refs);
}

static int nobody_known(void *user, const char *label, const u8 leaf_key[32],
			struct known_leaf *out, struct err *e)
{
	(void)user;
	(void)label;
	(void)leaf_key;
	(void)out;
	(void)e;
	return 0;
}

/* The JSON of `assay host show HOST --json`. */
static int take_host(const char *path, struct given *g, struct err *e)
{
	OWNED(buf) b = NULL;
	const char *ak, *deployment, *ueid, *state;
	json_t *j;
	u8 *at;
	long n;
	int rc = 0;

	if (file_read(path, JSON_BODY_MAX, &b, e))
		return (int)e->code;
	j = json_loadb((const char *)b->w.at, b->w.len, 0, NULL);
	ak = json_string_value(json_object_get(j, "ak"));
	deployment = json_string_value(json_object_get(j, "deployment"));
	ueid = json_string_value(json_object_get(j, "ueid"));
	state = json_string_value(json_object_get(j, "state"));
	g->ak = buf_new(TPM_STRUCT_MAX);
	at = g->ak ? write_space(&g->ak->w, TPM_STRUCT_MAX) : NULL;
	n = at && ak ? base64_read(bytes_text(ak), at, TPM_STRUCT_MAX) : -1;
	if (n <= 0 || !deployment || !uuid_read(deployment, g->ctx.deployment) || !ueid ||
	    !hex_read(ueid, g->ctx.ueid, UEID_LEN) || !state)
		rc = err_set(e, E_FORMAT, "%s is not what `assay host show HOST --json` prints",
			     path);
	else
		g->ak->w.len = (size_t)n;
	g->ctx.active = state && !strcmp(state, "active");
	json_decref(j);
	return rc;
}

static int take_corim(const struct cli *c, struct given *g, struct err *e)
{
	OWNED(buf) b = NULL;
	OWNED(corim) corim = NULL;

	g->signers = trust_store_new();
	g->refs = refs_new();
	if (!g->signers || !g->refs)
		return err_set(e, E_MEMORY, "no memory for reference values");
	if (!c->option[OPT_SIGNER])
		return err_set(e, E_USAGE, "--corim needs --signer: who may give reference values");
	if (trust_store_add_file(g->signers, c->option[OPT_SIGNER], e) ||
	    file_read(c->option[OPT_CORIM], CORIM_MAX, &b, e) ||
	    corim_parse(buf_bytes(b), &corim, e) ||
	    corim_check_signature(corim, g->signers, NULL, clock_now_s(), e))
		return err_while(e, "%s", c->option[OPT_CORIM]);
	return refs_add(g->refs, TAKE(corim), e) || refs_ready(g->refs, e) ? (int)e->code : 0;
}

/* Without --nonce it is whatever the token carries: freshness is not proven, and that is said. */
static int take_nonce(const struct cli *c, const struct eat *t, struct given *g, struct err *e)
{
	u8 nonce[32];

	g->ctx.nonce = PASSED;
	if (!c->option[OPT_NONCE])
		return 0;
	if (!hex_read(c->option[OPT_NONCE], nonce, sizeof(nonce)))
		return err_set(e, E_USAGE, "--nonce is 64 hex digits");
	g->nonce_known = true;
	if (!bytes_equal(BYTES(nonce), BYTES(t->nonce))) {
		g->ctx.nonce = FAILED;
		snprintf(g->ctx.nonce_why, sizeof(g->ctx.nonce_why),
			 "the token answers another nonce");
	}
	return 0;
}

static int take_given(const struct cli *c, const struct eat *t, struct given *g, struct err *e)
{
	g->ctx = (struct verify_context){ .now_s = clock_now_s(),
					  .active = true,
					  .spdm_version_min = 0x10,
					  .release_pcrs = 0xdbff,
					  .lookup = nobody_known,
					  .host_name = "offline" };
	g->roots = trust_store_new();
	if (!g->roots)
		return err_set(e, E_MEMORY, "no memory for trust anchors");
	if (c->option[OPT_HOST]) {
		if (take_host(c->option[OPT_HOST], g, e))
			return (int)e->code;
	} else if (!c->option[OPT_AK] || !c->option[OPT_DEPLOYMENT] ||
		   !uuid_read(c->option[OPT_DEPLOYMENT], g->ctx.deployment)) {
		return err_set(e, E_USAGE, "--host FILE, or --ak FILE and --deployment UUID");
	} else if (file_read(c->option[OPT_AK], TPM_STRUCT_MAX, &g->ak, e)) {
		return (int)e->code;
	}
	if ((c->option[OPT_ROOT] && trust_store_add_file(g->roots, c->option[OPT_ROOT], e)) ||
	    (c->option[OPT_CORIM] && take_corim(c, g, e)) || take_nonce(c, t, g, e))
		return (int)e->code;
	g->ctx.ak_pub = buf_bytes(g->ak);
	g->ctx.device_roots = g->roots;
	if (!c->option[OPT_HOST]) /* the AK alone says which host it is */
		memcpy(g->ctx.ueid, t->ueid, UEID_LEN);
	return 0;
}

static json_t *submodules_json(const struct appraisal *a)
{
	json_t *list = json_array();

	for (size_t i = 0; a && i < a->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I}", "name", a->at[i].name,
						      "status", tier_name(a->at[i].status),
						      "elements", (json_int_t)a->at[i].n_elements,
						      "matched", (json_int_t)a->at[i].n_matched));
	return list;
}

static void print_json(const struct given *g, const struct reasons *reasons,
		       const struct appraisal *a, const char *status, bool good)
{
	json_t *rows = json_array(), *j;

	for (size_t i = 0; i < reasons->n; i++) {
		char text[1200];

		json_array_append_new(
			rows, json_string(reason_text(&reasons->at[i], text, sizeof(text))));
	}
	j = json_pack("{s:o, s:s}", "reasons", rows, "freshness",
		      !g->nonce_known	       ? "not checked"
		      : g->ctx.nonce == PASSED ? "checked"
					       : "stale");
	if (a) {
		json_object_set_new(j, "ear_status", json_string(status));
		json_object_set_new(j, "submods", submodules_json(a));
	}
	cli_json("verify", good, j);
}

static void print_text(const struct given *g, const struct reasons *reasons,
		       const struct appraisal *a, const char *status, bool good)
{
	for (size_t i = 0; a && i < a->n; i++)
		printf("%-38s %-16s %zu of %zu\n", cli_safe(a->at[i].name),
		       tier_name(a->at[i].status), a->at[i].n_matched, a->at[i].n_elements);
	for (size_t i = 0; i < reasons->n; i++) {
		char text[1200];

		printf("- %s\n", cli_safe(reason_text(&reasons->at[i], text, sizeof(text))));
	}
	printf("%s%s%s%s\n",
	       a      ? status
	       : good ? "verified"
		      : "not verified",
	       g->nonce_known ? "" : "; freshness is not proven without --nonce",
	       a ? "" : "; nothing was appraised without --corim",
	       "; whether its devices were seen elsewhere only the server knows");
}

int verify_token(struct cli *c, const char *path)
{
	OWNED(buf) b = NULL;
	OWNED(eat) t = NULL;
	OWNED(reasons) reasons = reasons_new();
	OWNED(verified_claims) v = NULL;
	OWNED(appraisal) a = NULL;
	struct given g = { 0 };
	struct err e = { 0 };
	/* what was only learned is as good as the one who hands it over says */
	const struct policy policy = { .learned_affirms = c->option[OPT_LEARNED] != NULL };
	const struct appraisal_terms terms = { .policy = &policy, .now_s = clock_now_s() };
	const char *status = "none";
	bool good;
	int rc;

	rc = !reasons || file_read(path, EVIDENCE_MAX, &b, &e) || eat_parse(buf_bytes(b), &t, &e) ||
	     take_given(c, t, &g, &e) || verify_evidence(t, &g.ctx, reasons, &v, &e) ||
	     (g.refs && appraise(v, g.refs, &terms, reasons, &a, &e));
	if (rc) {
		given_clear(&g);
		return cli_fail(c, &e, NULL);
	}
	good = reasons->n == 0;
	if (a) {
		status = tier_name(decide(v, a, false).status);
		good = !exit_of(c, status);
	}
	(c->json ? print_json : print_text)(&g, reasons, a, status, good);
	given_clear(&g);
	return good ? 0 : 2;
}
