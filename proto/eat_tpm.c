// SPDX-License-Identifier: Apache-2.0
/* The submodule "tpm": the quote, the PCR values behind it, the certifications of K and of counters. */
#include "eat_parts.h"
#include "tpm_half.h"

static void take_tpm_profile(struct eat_parsing *p, const char *name)
{
	eat_expect_text(p, PROFILE_TPM, name);
}

static void take_ak_name(struct eat_parsing *p, const char *name)
{
	p->t->ak_name = eat_sized(p, AK_NAME_LEN, AK_NAME_LEN, name);
}

static void take_quote(struct eat_parsing *p, const char *name)
{
	p->t->quote = eat_sized(p, 1, TPM_STRUCT_MAX, name);
}

static void take_quote_sig(struct eat_parsing *p, const char *name)
{
	p->t->quote_sig = eat_sized(p, 1, TPM_STRUCT_MAX, name);
}

static void take_bank(struct eat_parsing *p, struct eat_bank *b, const char *name)
{
	size_t n;

	b->alg = (u16)eat_at_most(p, 0xffff, name);
	n = cbor_map(&p->c, name);
	if (!p->c.r.why && (n == 0 || n > TPM_PCRS || tpm_digest_alg(b->alg) == DIGEST_NONE))
		cbor_fail(&p->c, name);
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		u64 pcr = eat_at_most(p, TPM_PCRS - 1, name);
		size_t len = digest_len(tpm_digest_alg(b->alg));

		b->value[pcr] = eat_sized(p, len, len, name);
		b->pcrs |= 1u << pcr;
	}
}

static void take_pcrs(struct eat_parsing *p, const char *name)
{
	size_t n = cbor_map(&p->c, name);

	eat_expect_count(p, n, 1, TPM_BANKS_MAX, name);
	for (size_t i = 0; i < n && !p->c.r.why; i++)
		take_bank(p, &p->t->banks[p->t->n_banks++], name);
}

static void take_certify(struct eat_parsing *p, const char *name)
{
	if (cbor_array(&p->c, name) != 2)
		cbor_fail(&p->c, name);
	p->t->certify = eat_sized(p, 1, TPM_STRUCT_MAX, name);
	p->t->certify_sig = eat_sized(p, 1, TPM_STRUCT_MAX, name);
}

/* Which volumes they are of is known when the release claim was read: match_counters() of eat.c. */
static void take_counters(struct eat_parsing *p, const char *name)
{
	size_t n = cbor_array(&p->c, name);

	eat_expect_count(p, n, 1, VOLUMES_MAX, name);
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		if (cbor_array(&p->c, name) != 2)
			cbor_fail(&p->c, name);
		p->counted[i] = eat_sized(p, 1, TPM_STRUCT_MAX, name);
		p->counted_sig[i] = eat_sized(p, 1, TPM_STRUCT_MAX, name);
	}
	p->n_counted = p->c.r.why ? 0 : n;
}

/* What a lease hangs on; a release claim is not needed, for a lease ends in a running system, too. */
static void take_lease(struct eat_parsing *p, const char *name)
{
	size_t n = cbor_array(&p->c, name);
	struct eat_lease *l = &p->t->lease;

	if (!p->c.r.why && n != 3 && n != 6)
		cbor_fail(&p->c, name);
	l->counter = (u32)eat_at_most(p, COUNTER_LAST, name);
	if (!p->c.r.why && l->counter < COUNTER_FIRST)
		cbor_fail(&p->c, name);
	l->counted = eat_sized(p, 1, TPM_STRUCT_MAX, name);
	l->counted_sig = eat_sized(p, 1, TPM_STRUCT_MAX, name);
	if (n != 6)
		return;
	l->parent = eat_sized(p, 1, TPM_STRUCT_MAX, name);
	l->certify = eat_sized(p, 1, TPM_STRUCT_MAX, name);
	l->certify_sig = eat_sized(p, 1, TPM_STRUCT_MAX, name);
}

static const struct eat_claim tpm_claims[] = {
	{ CLAIM_PROFILE, "tpm: eat_profile", REQUIRED, take_tpm_profile },
	{ CLAIM_AK_NAME, "tpm: AK name", REQUIRED, take_ak_name },
	{ CLAIM_QUOTE, "tpm: quote", REQUIRED, take_quote },
	{ CLAIM_QUOTE_SIG, "tpm: quote signature", REQUIRED, take_quote_sig },
	{ CLAIM_PCRS, "tpm: PCR values", REQUIRED, take_pcrs },
	{ CLAIM_CERTIFY, "tpm: certification of K", OPTIONAL, take_certify },
	{ CLAIM_COUNTERS, "tpm: counters", OPTIONAL, take_counters },
	{ CLAIM_LEASE, "tpm: lease", OPTIONAL, take_lease },
};

void eat_take_tpm(struct eat_parsing *p)
{
	eat_take_map(p, tpm_claims, ARRAY_LEN(tpm_claims), "tpm");
}
