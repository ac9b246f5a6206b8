// SPDX-License-Identifier: Apache-2.0
/* The checks of one device, and of all of them together. */
#include <stdio.h>
#include <stdlib.h>

#include "verify_run.h"

static const struct eat_function *function_of(const struct eat *t, struct bytes label)
{
	for (size_t i = 0; i < t->n_functions; i++)
		if (bytes_equal(t->functions[i].label, label))
			return &t->functions[i];
	return NULL;
}

static int check_identity(const struct run *r, const struct verified_device *d, struct err *e)
{
	const struct eat_function *f = function_of(r->t, d->claims->label);
	const struct pci_identity *id = &d->identity;
	struct reader serial;

	if (!d->has_identity)
		return err_set(e, E_POLICY, "the leaf certificate has no PCIe name");
	if (!f)
		return err_set(e, E_POLICY, "the device is not in the inventory");
	serial = reader_on(f->serial);
	if (id->vendor != f->vendor || id->device != f->device || id->class_code != f->class_code ||
	    id->revision != f->revision ||
	    (id->has_subsystem &&
	     (!f->has_subsystem || id->subsystem_vendor != f->subsystem_vendor ||
	      id->subsystem != f->subsystem)))
		return err_set(e, E_POLICY,
			       "the certificate is of %04x:%04x class %06x, the function is "
			       "%04x:%04x class %06x",
			       id->vendor, id->device, id->class_code, f->vendor, f->device,
			       f->class_code);
	if (id->has_serial && (!f->serial.len || read_be64(&serial, "serial") != id->serial))
		return err_set(e, E_POLICY, "the certificate is of serial number %016llx",
			       (unsigned long long)id->serial);
	return 0;
}

static int check_version(const struct run *r, const struct verified_device *d,
			 const struct known_leaf *known, struct err *e)
{
	u8 version = d->evidence->nego.version;

	if (version < r->ctx->spdm_version_min)
		return err_set(e, E_POLICY, "SPDM 1.%d, the floor is 1.%d", version & 15,
			       r->ctx->spdm_version_min & 15);
	if (known->known && version < known->version)
		return err_set(e, E_POLICY, "SPDM 1.%d, it spoke 1.%d before", version & 15,
			       known->version & 15);
	return 0;
}

/* Labels of equal devices go by their order on the bus: it is the key that tells which one this is. */
static int check_key(const struct verified_device *d, const struct known_leaf *known, struct err *e)
{
	bool other = known->known && memcmp(known->leaf_key, d->leaf_key, 32);

	if (other && known->moved_from[0])
		return err_set(e, E_POLICY, "the device was moved: its key was enrolled as %s",
			       known->moved_from);
	if (other)
		return err_set(
			e, E_POLICY,
			"the device has another key than when it was enrolled: it was swapped");
	if (known->other_host[0])
		return err_set(e, E_POLICY,
			       "the same key was seen on host %s: relay, clone or unannounced move",
			       known->other_host);
	return 0;
}

static void check_spdm(struct run *r, struct verified_device *d, struct err *e)
{
	u8 nonce[32], challenge_nonce[32];
	const struct eat_device *c = d->claims;
	struct known_leaf known = { 0 };
	int rc;

	evidence_device_nonce(&r->context, NONCE_MEASUREMENTS, c->label, c->slot, nonce);
	evidence_device_nonce(&r->context, NONCE_CHALLENGE, c->label, c->slot, challenge_nonce);
	check_judged(r, d, CHECK_NONCE_BOUND,
		     spdm_evidence_check_nonces(d->evidence, nonce, challenge_nonce, e), e);
	check_judged(r, d, CHECK_SIGNATURE, spdm_evidence_check_signatures(d->evidence, e), e);
	rc = spdm_evidence_check_chain_digest(d->evidence, e);
	if (!rc && c->certificates.len &&
	    !bytes_equal(c->certificates, d->evidence->chain_parts.certificates))
		rc = err_set(e, E_FORMAT, "claim 3803 is not the chain object's certificates");
	check_judged(r, d, CHECK_CHAIN_DIGEST, rc, e);
	check_judged(r, d, CHECK_LEAF, spdm_evidence_check_leaf(d->evidence, e), e);
	check_judged(r, d, CHECK_PATH,
		     spdm_evidence_check_path(d->evidence, r->ctx->device_roots, r->ctx->now_s, e),
		     e);
	if (spdm_evidence_authenticated(d->evidence))
		check_passed(&d->checks, CHECK_NEGOTIATION);
	else
		check_failed(r, d, CHECK_NEGOTIATION, "SPDM 1.0 or 1.1 without a signed challenge");
	d->has_identity = !spdm_evidence_pci_identity(d->evidence, &d->identity, e);
	check_judged(r, d, CHECK_IDENTITY, check_identity(r, d, e), e);
	memcpy(d->leaf_key, cert_key_hash(spdm_evidence_leaf(d->evidence)), 32);
	rc = r->ctx->lookup(r->ctx->user, d->label, d->leaf_key, &known, e);
	if (rc) {
		check_judged(r, d, CHECK_KEY_KNOWN, rc, e);
		return;
	}
	check_judged(r, d, CHECK_VERSION, check_version(r, d, &known, e), e);
	check_judged(r, d, CHECK_KEY_KNOWN, check_key(d, &known, e), e);
	/* Recorded even when it was seen elsewhere: then both hosts are refused, not only the second. */
	d->sighted = d->checks.result[CHECK_NONCE_BOUND] == PASSED &&
		     d->checks.result[CHECK_SIGNATURE] == PASSED &&
		     d->checks.result[CHECK_PATH] == PASSED &&
		     (!known.known || !memcmp(known.leaf_key, d->leaf_key, 32));
}

void check_device(struct run *r, struct verified_device *d, struct err *e)
{
	const struct eat_device *c = d->claims;
	char failure[300];
	int rc;

	if (c->failure.len) {
		printable(c->failure, failure, sizeof(failure));
		check_failed(r, d, CHECK_EVIDENCE, failure);
		return;
	}
	rc = spdm_evidence_parse(c->vca, c->chain, c->measurements, c->challenge, c->slot,
				 r->ctx->device_roots, &d->evidence, e);
	check_judged(r, d, CHECK_GRAMMAR, rc, e);
	if (rc) {
		check_passed(&d->checks, CHECK_EVIDENCE);
		return;
	}
	if (d->evidence->answer.content_changed == SPDM_CONTENT_CHANGED)
		check_failed(r, d, CHECK_EVIDENCE, "measurements changed while they were read");
	else
		check_passed(&d->checks, CHECK_EVIDENCE);
	check_spdm(r, d, e);
	check_guard(r, d);
	d->verified = true;
	for (int i = 0; i < CHECK_COUNT; i++)
		if (check_scope((enum check_id)i) == SCOPE_DEVICE && d->checks.result[i] != PASSED)
			d->verified = false;
}

void check_distinct(struct run *r)
{
	for (size_t i = 0; i < r->v->n_devices; i++)
		for (size_t k = i + 1; k < r->v->n_devices; k++) {
			const struct verified_device *a = &r->v->devices[i], *b = &r->v->devices[k];
			char text[200];

			if (!a->evidence || !b->evidence || memcmp(a->leaf_key, b->leaf_key, 32))
				continue;
			snprintf(text, sizeof(text), "%s and %s answer with one key", a->label,
				 b->label);
			check_failed(r, NULL, CHECK_KEYS_DISTINCT, text);
		}
	check_passed(&r->v->checks, CHECK_KEYS_DISTINCT);
}
