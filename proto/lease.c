// SPDX-License-Identifier: Apache-2.0
#include "lease.h"

#include "cbor.h"
#include "strict.h"

enum { VERSION = 1, RELEASABLE_PCRS = 0xdbff };
enum {
	TPMA_NV_AUTHWRITE = 1 << 2,
	TPMA_NV_COUNTER = 1 << 4,
	TPMA_NV_AUTHREAD = 1 << 18,
	TPMA_NV_NO_DA = 1 << 25,
	TPMA_NV_WRITTEN = 1 << 29,
};

/* ---- the counter ---- */
void lease_counter_public(u32 index, bool written, struct writer *w)
{
	write_be32(w, index);
	write_be16(w, TPM_ALG_SHA256);
	write_be32(w, TPMA_NV_AUTHWRITE | TPMA_NV_COUNTER | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA |
			      (written ? TPMA_NV_WRITTEN : 0));
	write_be16(w, 0); /* no policy */
	write_be16(w, COUNTER_LEN);
}

void lease_counter_name(u32 index, u8 out[COUNTER_NAME_LEN])
{
	u8 room[NV_PUBLIC_MAX];
	struct writer w = writer_on(room, sizeof(room));

	lease_counter_public(index, true, &w);
	tpm_nv_name(write_done(&w), out);
}

/* ---- the policy ---- */
struct digest lease_policy(const struct lease_terms *t, struct bytes pcr_digest)
{
	const struct tpm_selection pcrs = { 1, { { TPM_ALG_SHA256, t->pcrs } } };
	static const u8 no_restart[4];
	struct tpm_policy p = tpm_policy_start();
	u8 resets[4], clock[8], value[COUNTER_LEN], name[COUNTER_NAME_LEN];
	struct writer rw = writer_on(resets, sizeof(resets)), cw = writer_on(clock, sizeof(clock));
	struct writer vw = writer_on(value, sizeof(value));

	write_be32(&rw, t->reset_max);
	write_be64(&cw, t->clock_max);
	write_be64(&vw, t->value);
	lease_counter_name(t->counter, name);
	tpm_policy_counter_timer(&p, BYTES(resets), TIME_INFO_RESET_COUNT, TPM_EO_UNSIGNED_LE);
	tpm_policy_counter_timer(&p, BYTES(no_restart), TIME_INFO_RESTART_COUNT, TPM_EO_EQ);
	tpm_policy_counter_timer(&p, BYTES(clock), TIME_INFO_CLOCK, TPM_EO_UNSIGNED_LE);
	tpm_policy_pcr(&p, &pcrs, pcr_digest);
	tpm_policy_nv(&p, BYTES(name), BYTES(value), 0, TPM_EO_EQ);
	tpm_policy_command_code(&p, TPM_CC_UNSEAL);
	return p.digest;
}

/* ---- terms ---- */
static void put_terms(struct writer *w, const struct lease_terms *t)
{
	cbor_put_array(w, 5);
	cbor_put_uint(w, t->counter);
	cbor_put_uint(w, t->value);
	cbor_put_uint(w, t->reset_max);
	cbor_put_uint(w, t->clock_max);
	cbor_put_uint(w, t->pcrs);
}

static u64 at_most(struct cbor *c, u64 max, const char *name)
{
	u64 v = cbor_uint(c, name);

	if (!c->r.why && v > max)
		cbor_fail(c, name);
	return c->r.why ? 0 : v;
}

/* Without the cap among its PCRs it would open in a running system. */
static void take_terms(struct cbor *c, struct lease_terms *t)
{
	if (cbor_array(c, "terms") != 5)
		cbor_fail(c, "terms are not five numbers");
	t->counter = (u32)at_most(c, COUNTER_LAST, "NV index of the counter");
	if (!c->r.why && t->counter < COUNTER_FIRST)
		cbor_fail(c, "NV index of the counter");
	t->value = cbor_uint(c, "value of the counter");
	t->reset_max = (u32)at_most(c, 0xffffffff, "last boot");
	t->clock_max = cbor_uint(c, "end of the clock");
	t->pcrs = (u32)at_most(c, RELEASABLE_PCRS, "PCRs");
	if (!c->r.why && (t->pcrs & ~(u32)RELEASABLE_PCRS || !(t->pcrs & 1u << CAP_PCR)))
		cbor_fail(c, "PCRs");
}

static struct bytes sized(struct cbor *c, size_t min, size_t max, const char *name)
{
	struct bytes b = cbor_bytes(c, name);

	if (!c->r.why && (b.len < min || b.len > max))
		cbor_fail_with(c, b.len > max && min < max ? E_LIMIT : E_FORMAT, name);
	return b;
}

static void expect_version(struct cbor *c)
{
	if (cbor_uint(c, "version") != VERSION)
		cbor_fail_with(c, E_UNSUPPORTED, "version");
}

/* ---- granted ---- */
int lease_grant_write(const struct lease_grant *g, struct writer *out, struct err *e)
{
	struct lease_grant back;

	cbor_put_array(out, 3);
	cbor_put_uint(out, VERSION);
	put_terms(out, &g->terms);
	cbor_put_array(out, g->n);
	for (size_t i = 0; i < g->n; i++) {
		const struct lease_share *s = &g->shares[i];

		cbor_put_array(out, 5);
		cbor_put_bytes(out, s->uuid);
		cbor_put_uint(out, s->epoch);
		cbor_put_bytes(out, s->public_2b);
		cbor_put_bytes(out, s->private_2b);
		cbor_put_bytes(out, s->secret_2b);
	}
	if (out->full)
		return err_set(e, E_LIMIT, "no room for a lease");
	return lease_grant_parse(write_done(out), &back, e) ? err_while(e, "write") : 0;
}

static void take_share(struct cbor *c, struct lease_share *s)
{
	if (cbor_array(c, "volume") != 5)
		cbor_fail(c, "volume has not five members");
	s->uuid = sized(c, 16, 16, "UUID");
	s->epoch = at_most(c, 0x7fffffffffffffffULL, "epoch");
	if (!c->r.why && !s->epoch)
		cbor_fail(c, "epoch");
	s->public_2b = sized(c, 1, LEASE_KEPT_MAX, "public");
	s->private_2b = sized(c, 1, LEASE_KEPT_MAX, "private");
	s->secret_2b = sized(c, 1, LEASE_KEPT_MAX, "secret");
}

int lease_grant_parse(struct bytes b, struct lease_grant *out, struct err *e)
{
	struct cbor c = cbor_on(b, CBOR_STRICT);

	*out = (struct lease_grant){ 0 };
	if (b.len > LEASE_GRANT_MAX)
		return err_set(e, E_LIMIT, "lease of %zu bytes", b.len);
	if (cbor_check(b, CBOR_STRICT, e))
		return err_while(e, "lease");
	if (cbor_array(&c, "lease") != 3)
		cbor_fail(&c, "not three members");
	expect_version(&c);
	take_terms(&c, &out->terms);
	out->n = cbor_array(&c, "volumes");
	if (!c.r.why && (!out->n || out->n > VOLUMES_MAX))
		cbor_fail_with(&c, out->n ? E_LIMIT : E_FORMAT, "volumes");
	for (size_t i = 0; i < out->n && !c.r.why; i++) {
		take_share(&c, &out->shares[i]);
		for (size_t k = 0; k < i && !c.r.why; k++)
			if (bytes_equal(out->shares[k].uuid, out->shares[i].uuid))
				cbor_fail(&c, "a volume stands twice");
	}
	return cbor_done(&c) ? err_set(e, cbor_code(&c), "lease: %s", c.r.why) : 0;
}

/* ---- kept ---- */
int lease_kept_write(const struct lease_kept *k, struct writer *out, struct err *e)
{
	struct lease_kept back;

	cbor_put_array(out, k->approval.len ? 5 : 4);
	cbor_put_uint(out, VERSION);
	put_terms(out, &k->terms);
	cbor_put_bytes(out, k->public_2b);
	cbor_put_bytes(out, k->private_2b);
	if (k->approval.len)
		cbor_put_bytes(out, k->approval);
	if (out->full)
		return err_set(e, E_LIMIT, "no room for a lease");
	return lease_kept_parse(write_done(out), &back, e) ? err_while(e, "write") : 0;
}

int lease_kept_parse(struct bytes b, struct lease_kept *out, struct err *e)
{
	struct cbor c = cbor_on(b, CBOR_STRICT);
	size_t n;

	*out = (struct lease_kept){ 0 };
	if (b.len > LEASE_KEPT_MAX)
		return err_set(e, E_LIMIT, "kept lease of %zu bytes", b.len);
	if (cbor_check(b, CBOR_STRICT, e))
		return err_while(e, "kept lease");
	n = cbor_array(&c, "kept lease");
	if (n != 4 && n != 5)
		cbor_fail(&c, "not four or five members");
	expect_version(&c);
	take_terms(&c, &out->terms);
	out->public_2b = sized(&c, 1, LEASE_KEPT_MAX, "public");
	out->private_2b = sized(&c, 1, LEASE_KEPT_MAX, "private");
	if (n == 5)
		out->approval = sized(&c, 1, APPROVAL_MAX, "approval");
	return cbor_done(&c) ? err_set(e, cbor_code(&c), "kept lease: %s", c.r.why) : 0;
}
