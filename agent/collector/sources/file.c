// SPDX-License-Identifier: Apache-2.0
/*
 * Evidence of an earlier attestation, from a saved token (`assay attest --out FILE`): to try a policy or
 * reference values on a machine that has not the device. It was signed over another session's nonce, so
 * a verifier sees that it is old and never affirms it.
 */
#include "../source.h"
#include "common/file.h"
#include "proto/eat.h"

static const struct eat_device *device_of(const struct eat *t, const char *label)
{
	for (size_t i = 0; i < t->n_devices; i++)
		if (bytes_equal(t->devices[i].label, bytes_text(label)))
			return &t->devices[i];
	return NULL;
}

static int copy_evidence(const struct eat_device *from, struct device_evidence *out, struct err *e)
{
	out->slot = from->slot;
	out->generation = from->generation;
	out->vca = buf_copy(from->vca);
	out->chain = buf_copy(from->chain);
	out->measurements = buf_copy(from->measurements);
	out->challenge = buf_copy(from->challenge);
	if (out->vca && out->chain && out->measurements && out->challenge)
		return 0;
	device_evidence_clear(out);
	return err_set(e, E_MEMORY, "no memory for evidence");
}

static int collect(const struct source_device *d, const u8 nonce[32], const u8 challenge_nonce[32],
		   struct device_evidence *out, struct err *e)
{
	OWNED(buf) bytes = NULL;
	OWNED(eat) token = NULL;
	const struct eat_device *saved;

	(void)nonce; /* what is saved was signed over its own */
	(void)challenge_nonce;
	if (file_read(d->address, EVIDENCE_MAX, &bytes, e) ||
	    eat_parse(buf_bytes(bytes), &token, e))
		return err_while(e, "saved evidence %s", d->address);
	saved = device_of(token, d->label);
	if (!saved)
		return err_set(e, E_NOTFOUND, "saved evidence %s has no device %s", d->address,
			       d->label);
	if (saved->failure.len)
		return err_set(e, E_DEVICE, "saved evidence %s has none of %s: %.*s", d->address,
			       d->label, (int)saved->failure.len, (const char *)saved->failure.at);
	return copy_evidence(saved, out, e);
}

const struct evidence_source source_file = { "file", collect };
