// SPDX-License-Identifier: Apache-2.0
#include "source.h"

#include <stdio.h>
#include <stdlib.h>

static int by_address(const void *a, const void *b)
{
	return strcmp(((const struct source_device *)a)->address,
		      ((const struct source_device *)b)->address);
}

static void write_label(struct source_device *d, unsigned int ordinal)
{
	char serial[17] = "-";

	if (d->identity.has_serial)
		snprintf(serial, sizeof(serial), "%016llx", (unsigned long long)d->identity.serial);
	snprintf(d->label, sizeof(d->label), "%04x:%04x/%s/%u", d->identity.vendor,
		 d->identity.device, serial, ordinal);
}

void labels_fix(struct source_device *d, size_t n)
{
	qsort(d, n, sizeof(*d), by_address);
	for (size_t i = 0; i < n; i++) {
		unsigned int ordinal = 0;

		for (size_t k = 0; k < i; k++)
			ordinal += d[k].identity.vendor == d[i].identity.vendor &&
				   d[k].identity.device == d[i].identity.device &&
				   d[k].identity.has_serial == d[i].identity.has_serial &&
				   d[k].identity.serial == d[i].identity.serial;
		write_label(&d[i], ordinal);
	}
}

/* One slot: evidence, or why there is none. */
static int collect_slot(const struct source_device *d, const struct evidence_context *c,
			struct device_evidence *out, struct err *e)
{
	u8 nonce[32], challenge_nonce[32];

	out->slot = d->slot;
	evidence_device_nonce(c, NONCE_MEASUREMENTS, bytes_text(d->label), d->slot, nonce);
	evidence_device_nonce(c, NONCE_CHALLENGE, bytes_text(d->label), d->slot, challenge_nonce);
	return d->source->collect(d, nonce, challenge_nonce, out, e);
}

/* Is it worth sending while there is another slot to try? What it is worth is for the verifier. */
static int check_form(const struct device_evidence *d, struct err *e)
{
	OWNED(spdm_evidence) ev = NULL;

	return spdm_evidence_parse(buf_bytes(d->vca), buf_bytes(d->chain),
				   buf_bytes(d->measurements), buf_bytes(d->challenge), d->slot,
				   NULL, &ev, e);
}

static void add_failure(struct device_evidence *out, u8 slot, bool several, const char *why)
{
	size_t at = strlen(out->failure);

	if (several)
		snprintf(out->failure + at, sizeof(out->failure) - at, "%sslot %u: %s",
			 at ? "; " : "", slot, why);
	else
		snprintf(out->failure, sizeof(out->failure), "%s", why);
}

void source_collect(const struct source_device *d, const struct evidence_context *c,
		    struct device_evidence *out)
{
	struct source_device one = *d;

	*out = (struct device_evidence){ .slot = d->slot };
	snprintf(out->label, sizeof(out->label), "%s", d->label);
	snprintf(out->address, sizeof(out->address), "%s", d->address);
	snprintf(out->source, sizeof(out->source), "%s", d->source->name);
	for (size_t i = 0; i <= d->n_other_slots; i++) {
		bool last = i == d->n_other_slots;
		struct err e = { 0 };

		one.slot = i ? d->other_slots[i - 1] : d->slot;
		if (!collect_slot(&one, c, out, &e) && (last || !check_form(out, &e))) {
			out->failure[0] = 0;
			return;
		}
		device_evidence_clear(out);
		add_failure(out, one.slot, d->n_other_slots, e.text);
	}
}
