// SPDX-License-Identifier: Apache-2.0
/* Offline: a saved token, against what is known of its host and, if wished, against reference values. */
#include <stdio.h>

#include "cli.h"
#include "common/clock.h"
#include "common/file.h"
#include "known_host.h"
#include "table.h"
#include "verifier/decide.h"
#include "verifier/reasons_json.h"

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

static int take_host(const char *path, struct given *g, struct err *e)
{
	struct known_host h;

	if (known_host_read(path, &h, e))
		return (int)e->code;
	memcpy(g->ctx.deployment, h.deployment, sizeof(g->ctx.deployment));
	memcpy(g->ctx.ueid, h.ueid, sizeof(g->ctx.ueid));
	g->ctx.active = h.active;
	g->ak = TAKE(h.ak);
	return 0;
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
	    corim_check_signature(corim, g->signers, NULL, NULL, clock_now_s(), e))
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
					  .ima_any_start = true,
					  .lookup = known_leaf_of_nobody,
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
	json_t *j = json_pack("{s:o, s:s}", "reasons", reasons_json(reasons), "freshness",
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
	struct table t = table_of("|@|");

	for (size_t i = 0; a && i < a->n; i++) {
		char matched[48];

		snprintf(matched, sizeof(matched), "%zu of %zu", a->at[i].n_matched,
			 a->at[i].n_elements);
		table_row(&t, a->at[i].name, tier_name(a->at[i].status), matched);
	}
	table_print(&t);
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

/* One token, from its bytes to what can be said of it. */
struct judged {
	struct buf *bytes;
	struct eat *token;
	struct reasons *reasons;
	struct verified_claims *verified;
	struct appraisal *appraisal; /* NULL: no CoRIM was given */
	struct given given;
	const char *status;
};

static void judged_clear(struct judged *j)
{
	appraisal_drop(&j->appraisal);
	verified_claims_drop(&j->verified);
	reasons_drop(&j->reasons);
	eat_drop(&j->token);
	buf_drop(&j->bytes);
	given_clear(&j->given);
}

/* The server has seen what is not in this token; a person has to know that it was not looked at here. */
static void note_ima(struct judged *j)
{
	const struct verified_ima *ima = &verified_view(j->verified)->ima;
	struct reason *why;

	if (!ima->there || !ima->first)
		return;
	why = reasons_add(j->reasons, TIER_WARNING, -1, "host", "");
	snprintf(why->element, sizeof(why->element), "IMA list");
	snprintf(why->found, sizeof(why->found),
		 "entry %llu is the first in this token; only the server knows what comes before",
		 (unsigned long long)ima->first);
}

static int judge(const struct cli *c, const char *path, struct judged *j, struct err *e)
{
	/* what was only learned is as good as the one who hands it over says */
	const struct policy policy = { .learned_affirms = c->option[OPT_LEARNED] != NULL };
	const struct appraisal_terms terms = { .policy = &policy, .now_s = clock_now_s() };

	j->status = "none";
	j->reasons = reasons_new();
	if (!j->reasons)
		return err_set(e, E_MEMORY, "no memory for reasons");
	if (file_read(path, EVIDENCE_MAX, &j->bytes, e) ||
	    eat_parse(buf_bytes(j->bytes), &j->token, e) || take_given(c, j->token, &j->given, e) ||
	    verify_evidence(j->token, &j->given.ctx, j->reasons, &j->verified, e))
		return (int)e->code;
	note_ima(j);
	if (!j->given.refs)
		return 0;
	if (appraise(j->verified, j->given.refs, &terms, j->reasons, &j->appraisal, e))
		return (int)e->code;
	j->status = tier_name(decide(j->verified, j->appraisal, false).status);
	return 0;
}

int verify_token(struct cli *c, const char *path)
{
	struct judged j = { 0 };
	struct err e = { 0 };
	bool good;
	int rc = judge(c, path, &j, &e);

	if (rc) {
		judged_clear(&j);
		return cli_fail(c, &e, NULL);
	}
	good = j.appraisal ? !exit_of(c, j.status) : j.reasons->n == 0;
	(c->json ? print_json : print_text)(&j.given, j.reasons, j.appraisal, j.status, good);
	judged_clear(&j);
	return good ? 0 : 2;
}

int token_reasons(struct cli *c, const char *path, json_t **reasons, char status[24], struct err *e)
{
	struct judged j = { 0 };
	int rc = judge(c, path, &j, e);

	if (!rc) {
		/* without reference values nothing is affirmed, and what fails is contraindicated */
		snprintf(status, 24, "%s",
			 !j.appraisal && j.reasons->n ? tier_name(TIER_CONTRAINDICATED) : j.status);
		*reasons = reasons_json(j.reasons);
	}
	judged_clear(&j);
	return rc;
}
