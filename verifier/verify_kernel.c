// SPDX-License-Identifier: Apache-2.0
/* What the host's kernel says of its devices: how it guards them, and what it extended into a PCR. */
#include <stdio.h>

#include "proto/device_log.h"
#include "verify_run.h"

static int replay(const struct eat *t, const struct eat_bank *b, struct err *e)
{
	enum digest_alg alg = tpm_digest_alg(b->alg);
	u8 pcr = t->logs.device_log_pcr;
	struct digest value;

	if (!(b->pcrs & 1u << pcr))
		return err_set(e, E_POLICY, "the quote leaves out PCR %u of bank 0x%04x", pcr,
			       b->alg);
	if (device_log_replay(t->logs.device_log, alg, &value, e))
		return (int)e->code;
	if (!digest_equals(&value, b->value[pcr]))
		return err_set(e, E_BINDING, "the device log replays to another PCR %u", pcr);
	return 0;
}

/* The kernel's last word about a device must be about the device whose evidence this is. */
static int compare_last(const struct eat *t, const struct verified_device *d, struct err *e)
{
	struct device_log_entry last;
	struct spdm_chain chain;
	struct digest digest;
	const char *why;

	if (!d->evidence || !bytes_equal(d->claims->source, bytes_text("kernel-cma")))
		return 0;
	if (!device_log_last(t->logs.device_log, d->claims->address, &last))
		return err_set(e, E_POLICY, "the device log has nothing about %s", d->address);
	if (spdm_parse_chain(d->claims->chain, d->evidence->nego.hash_len, &chain, &why))
		return err_set(e, E_FORMAT, "%s", why);
	digest = digest_of(DIGEST_SHA256, &chain.certificates, 1);
	if (!digest_equals(&digest, last.chain_digest))
		return err_set(e, E_BINDING, "the device log has another certificate chain for %s",
			       d->address);
	return 0;
}

void check_device_log(struct run *r, struct err *e)
{
	const struct eat *t = r->t;
	int rc = 0;

	if (!t->logs.device_log.len) {
		if (r->ctx->device_log_required)
			check_failed(r, NULL, CHECK_DEVICE_LOG, "no device log was sent");
		check_passed(&r->v->checks, CHECK_DEVICE_LOG);
		return;
	}
	if (r->v->checks.result[CHECK_QUOTE_DIGEST] != PASSED) {
		check_failed(r, NULL, CHECK_DEVICE_LOG,
			     "there are no quoted PCR values to compare it with");
		return;
	}
	for (size_t i = 0; !rc && i < t->n_banks; i++)
		rc = replay(t, &t->banks[i], e);
	for (size_t i = 0; !rc && i < r->v->n_devices; i++)
		rc = compare_last(t, &r->v->devices[i], e);
	check_judged(r, NULL, CHECK_DEVICE_LOG, rc, e);
}

const char *const guard_names[] = { "reset", "aer", "resume", "d3cold", "hold", NULL };

static void name_bits(u32 bits, char *out, size_t size)
{
	out[0] = 0;
	for (size_t i = 0; guard_names[i]; i++) {
		size_t used = strlen(out);

		if (bits & 1u << i)
			snprintf(out + used, size - used, "%s%s", used ? ", " : "", guard_names[i]);
	}
}

/* The kernel's own claim: worth as much as the kernel, which the boot log measures. */
void check_guard(struct run *r, struct verified_device *d)
{
	const struct kernel_guard *g = &d->claims->guard;
	u32 detects = g->known ? g->detects | g->prevents : 0,
	    prevents = g->known ? g->prevents : 0;
	u32 blind = r->ctx->must_detect & ~detects, open = r->ctx->must_prevent & ~prevents;
	char names[64], text[160];

	if (open) {
		name_bits(open, names, sizeof(names));
		snprintf(text, sizeof(text), "the kernel does not prevent: %s", names);
		check_failed(r, d, CHECK_GUARD, text);
	} else if (blind) {
		name_bits(blind, names, sizeof(names));
		snprintf(text, sizeof(text), "the kernel does not detect: %s", names);
		check_failed(r, d, CHECK_GUARD, text);
	} else {
		check_passed(&d->checks, CHECK_GUARD);
	}
}
