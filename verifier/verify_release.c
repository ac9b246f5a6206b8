// SPDX-License-Identifier: Apache-2.0
/* What must hold besides before a share goes out. */
#include <inttypes.h>
#include <stdio.h>

#include "common/text.h"
#include "proto/tpm_half.h"
#include "proto/tpm_template.h"
#include "verify_run.h"

static bool source_may_release(const struct eat_device *d)
{
	return bytes_equal(d->source, bytes_text("kernel-cma")) ||
	       bytes_equal(d->source, bytes_text("platform-tsm"));
}

static void check_sources(struct run *r)
{
	bool may = !r->ctx->caller_nonce;

	if (!may)
		check_failed(r, NULL, CHECK_SOURCE, "the nonce was the caller's choice");
	for (size_t i = 0; i < r->t->n_devices && !r->ctx->test_sources_may_release; i++) {
		char text[160], source[32], label[LABEL_MAX + 1];

		if (source_may_release(&r->t->devices[i]))
			continue;
		printable(r->t->devices[i].source, source, sizeof(source));
		printable(r->t->devices[i].label, label, sizeof(label));
		snprintf(text, sizeof(text), "device %s comes from source %s", label, source);
		check_failed(r, NULL, CHECK_SOURCE, text);
	}
	if (r->t->n_switches && !r->ctx->test_sources_may_release)
		check_failed(r, NULL, CHECK_SOURCE, "the agent runs with a test switch");
	check_passed(&r->v->checks, CHECK_SOURCE);
}

static void check_k(struct run *r, struct err *e)
{
	struct tpm_attest certify;
	struct tpm_public k;
	u8 name[TPM_NAME_MAX], qualified[TPM_NAME_MAX];
	size_t name_len, qualified_len;
	int rc = tpm_public_parse(r->t->volumes[0].k_public, &k, e);

	if (!rc)
		rc = tpm_template_check(TEMPLATE_K, &k, e);
	check_judged(r, NULL, CHECK_K_TEMPLATE, rc, e);
	if (rc)
		return;
	name_len = tpm_public_name(&k, name);
	qualified_len =
		tpm_qualified_name(TPM_RH_NULL, (struct bytes){ name, name_len }, qualified);
	if (!r->t->certify.len)
		rc = err_set(e, E_POLICY, "no certification of K was sent");
	else
		rc = open_attest(r, r->t->certify, r->t->certify_sig, &certify, NULL, e);
	if (!rc && certify.type != TPM_ST_ATTEST_CERTIFY)
		rc = err_set(e, E_POLICY, "the attestation of K is not a certification");
	if (!rc && !bytes_equal(certify.name, (struct bytes){ name, name_len }))
		rc = err_set(e, E_BINDING, "another key is certified");
	if (!rc && !digest_equals(&r->bind, certify.extra_data))
		rc = err_set(e, E_BINDING, "the certification binds other evidence");
	check_judged(r, NULL, CHECK_K_CERTIFIED, rc, e);
	if (rc)
		return;
	if (bytes_equal(certify.qualified_name, (struct bytes){ qualified, qualified_len }))
		check_passed(&r->v->checks, CHECK_K_HIERARCHY);
	else
		check_failed(r, NULL, CHECK_K_HIERARCHY,
			     "K has another parent: it would survive a reset");
	if (certify.clock.reset_count == r->v->quote.clock.reset_count &&
	    certify.clock.restart_count == r->v->quote.clock.restart_count)
		check_passed(&r->v->checks, CHECK_K_COUNTS);
	else
		check_failed(r, NULL, CHECK_K_COUNTS,
			     "the TPM was reset between quote and certification");
}

static int volume_known(struct run *r, const struct eat_volume *v, struct err *e)
{
	struct known_volume k = { 0 };

	if (r->ctx->lookup_volume(r->ctx->user, v->uuid.at, &k, e))
		return (int)e->code;
	if (k.other_host[0])
		return err_set(e, E_CONFLICT, "the volume belongs to host %.200s", k.other_host);
	if (!k.known && v->act != VOLUME_NEW)
		return err_set(e, E_NOTFOUND, "this host has no share of that volume");
	if (k.known && k.counter && k.counter != v->counter)
		return err_set(e, E_BINDING,
			       "its counter is at NV index 0x%08x, not at 0x%08x as before",
			       v->counter, k.counter);
	return 0;
}

static void check_volumes(struct run *r, struct err *e)
{
	/* a stranger is not told whose volumes there are */
	if (!r->ctx->lookup_volume || !r->v->quoted)
		return;
	for (size_t i = 0; i < r->t->n_volumes; i++) {
		const struct eat_volume *v = &r->t->volumes[i];
		char uuid[UUID_TEXT_LEN + 1];

		if (!volume_known(r, v, e))
			continue;
		uuid_write(v->uuid.at, uuid);
		err_while(e, "volume %s", uuid);
		check_judged(r, NULL, CHECK_VOLUME, (int)e->code, e);
	}
	check_passed(&r->v->checks, CHECK_VOLUME);
}

int check_counted(struct run *r, struct bytes attest, struct bytes sig, struct bytes name,
		  u32 index, u64 *value, struct err *e)
{
	struct tpm_attest a;

	if (open_attest(r, attest, sig, &a, NULL, e) ||
	    tpm_counter_attested(&a, name, index, value, e))
		return (int)e->code;
	if (!digest_equals(&r->bind, a.extra_data))
		return err_set(e, E_BINDING, "the certification of a counter binds other evidence");
	if (a.clock.reset_count != r->v->quote.clock.reset_count ||
	    a.clock.restart_count != r->v->quote.clock.restart_count)
		return err_set(e, E_FRESHNESS, "a counter was certified in another boot");
	return 0;
}

/*
 * What a counter says, in the TPM's own words. A half opens while the counter is at its epoch or below: a share of an
 * epoch that is over opens nothing more, and one that is further ahead than the next is not asked for honestly.
 */
static int counter_says(struct run *r, const struct eat_volume *v, u64 *value, struct err *e)
{
	u8 name[COUNTER_NAME_LEN];

	tpm_counter_name(v->counter, name);
	if (check_counted(r, v->counted, v->counted_sig, BYTES(name), v->counter, value, e))
		return (int)e->code;
	if (v->epoch < *value)
		return err_set(e, E_FRESHNESS,
			       "epoch %" PRIu64 " is over, the counter is at %" PRIu64, v->epoch,
			       *value);
	if (v->epoch - *value > 1)
		return err_set(e, E_FRESHNESS,
			       "epoch %" PRIu64 " is not the next one, the counter is at %" PRIu64,
			       v->epoch, *value);
	return 0;
}

static void check_counters(struct run *r, struct err *e)
{
	for (size_t i = 0; i < r->t->n_volumes; i++) {
		const struct eat_volume *v = &r->t->volumes[i];

		if (v->counter && counter_says(r, v, &r->v->counted[i], e))
			check_judged(r, NULL, CHECK_COUNTER, (int)e->code, e);
	}
	check_passed(&r->v->checks, CHECK_COUNTER);
}

static void check_cap(struct run *r)
{
	const struct eat_bank *b = token_bank(r->t, TPM_ALG_SHA256);
	static const u8 zero[32];

	if (r->v->checks.result[CHECK_QUOTE_DIGEST] != PASSED || !b || !(b->pcrs & 1u << CAP_PCR))
		check_failed(r, NULL, CHECK_CAP, "PCR 15 is not quoted");
	else if (!bytes_equal(b->value[CAP_PCR], BYTES(zero)))
		check_failed(r, NULL, CHECK_CAP,
			     "PCR 15 is extended: this boot has left the initramfs");
	else
		check_passed(&r->v->checks, CHECK_CAP);
	if (b && (b->pcrs & r->ctx->release_pcrs) == r->ctx->release_pcrs)
		check_passed(&r->v->checks, CHECK_RELEASE_SET);
	else
		check_failed(r, NULL, CHECK_RELEASE_SET,
			     "a PCR of the release set is not quoted in the SHA-256 bank");
}

/*
 * No source takes measurements inside a session yet, and what a kernel says of IDE streams does not tell whose keys they use:
 * neither can be shown, whatever a token claims.
 */
static void check_link(struct run *r)
{
	if (r->ctx->session_required)
		check_failed(
			r, NULL, CHECK_SESSION,
			"session: not available: no evidence of this version is taken inside one");
	else
		check_passed(&r->v->checks, CHECK_SESSION);
	if (r->ctx->ide_required)
		check_failed(r, NULL, CHECK_IDE,
			     "ide: not available: no evidence of this version shows whose keys a "
			     "link uses");
	else
		check_passed(&r->v->checks, CHECK_IDE);
}

void check_release(struct run *r, struct err *e)
{
	check_sources(r);
	check_k(r, e);
	check_volumes(r, e);
	check_counters(r, e);
	check_cap(r);
	check_link(r);
	if (r->v->checks.result[CHECK_QUOTE_SIGNATURE] != PASSED)
		check_failed(r, NULL, CHECK_RESTART, "there is no quote");
	else if (r->v->restarted && !r->ctx->release_after_restart)
		check_failed(r, NULL, CHECK_RESTART, "the TPM was restarted since its last reset");
	else
		check_passed(&r->v->checks, CHECK_RESTART);
}
