// SPDX-License-Identifier: Apache-2.0
/* Fresh evidence of one device, from a device that stays the same meanwhile. */
#include <stdio.h>

#include "../drive.h"
#include "../pci_config.h"
#include "common/clock.h"
#include "family.h"
#include "netlink.h"
#include "proto/spdm/vca.h"

enum {
	MASK_VCA = 1 << DEVICE_EVIDENCE_TYPE_VCA,
	MASK_MEASUREMENTS = 1 << DEVICE_EVIDENCE_TYPE_MEASUREMENTS,
};

/* ---- is it still the same device? ---- */
struct sight {
	struct pci_look look;
	bool has_status;
	struct netlink_status status;
};

static int see(struct family_client *c, const struct source_device *d, struct sight *s,
	       struct err *e)
{
	*s = (struct sight){ .has_status = c->assay };
	snprintf(s->status.name, sizeof(s->status.name), "%.31s", d->address);
	if (pci_look(d->pci_folder, d->address, &s->look, e))
		return (int)e->code;
	return s->has_status ? family_status(c, d->address, &s->status, e) : 0;
}

/* NULL, or what is different in @after. @generation: of the evidence between the two. */
static const char *difference(const struct sight *before, const struct sight *after, u32 generation)
{
	if (!pci_identity_equals(&before->look.identity, &after->look.identity))
		return "identity";
	if (before->look.node != after->look.node)
		return "place in sysfs";
	if (before->status.id != after->status.id)
		return "DEV_ID";
	if (after->has_status && after->status.generation != generation)
		return "GENERATION";
	return NULL;
}

/* ---- evidence ---- */
static struct buf *take(struct netlink_object *o)
{
	struct buf *b = o->bytes ? TAKE(o->bytes) : buf_new(1);

	return b;
}

/* A version that cannot be read is for the form check to refuse. */
static u8 version_of(struct bytes vca)
{
	struct spdm_versions versions;
	struct spdm_negotiated nego = { 0 };
	const char *why;

	return spdm_read_vca(vca, &versions, &nego, &why) ? 0 : nego.version;
}

static int from_read(struct family_client *c, const struct source_device *d, const u8 nonce[32],
		     struct device_evidence *out, struct err *e)
{
	struct netlink_evidence ev = { .mask = 1U << d->slot | MASK_VCA | MASK_MEASUREMENTS };
	int rc = family_read_until(c, d->address, nonce, &ev, e);

	if (!rc) {
		out->generation = ev.generation;
		out->chain = take(&ev.object[d->slot]);
		out->vca = take(&ev.object[DEVICE_EVIDENCE_TYPE_VCA]);
		out->measurements = take(&ev.object[DEVICE_EVIDENCE_TYPE_MEASUREMENTS]);
		out->challenge = buf_new(1);
		if (!out->chain || !out->vca || !out->measurements || !out->challenge)
			rc = family_no_memory(e);
		else if (!out->chain->w.len || !out->measurements->w.len)
			rc = err_set(e, E_DEVICE, "READ: object %s is empty",
				     out->chain->w.len ? "MEASUREMENTS" : "CERT of the slot");
	}
	netlink_evidence_clear(&ev);
	return rc;
}

/* COLLECT, until one of ours runs. */
static int start_collection(struct family_client *c, const struct source_device *d, u64 id,
			    const u8 nonce[32], const u8 challenge_nonce[32], struct err *e)
{
	struct family_answer a;

	for (;;) {
		struct family_request rq =
			family_request(c->assay, ASSAY_CMD_COLLECT, "COLLECT", false);

		family_put_u64(&rq, ASSAY_A_DEV_ID, id);
		family_put_u8(&rq, ASSAY_A_SLOT, d->slot);
		family_put(&rq, ASSAY_A_NONCE, (struct bytes){ nonce, 32 });
		family_put(&rq, ASSAY_A_CHALLENGE_NONCE, (struct bytes){ challenge_nonce, 32 });
		if (family_ask(c, &rq, &a, e))
			return (int)e->code;
		if (!a.error)
			return 0;
		if (a.error != EAGAIN && a.error != EBUSY)
			return family_refused(&a, "COLLECT", e);
		if (family_wait(c, "COLLECT", e))
			return (int)e->code;
	}
}

/* Until STATUS shows evidence over @nonce. E_AGAIN: somebody else's came in its place. */
static int await_collection(struct family_client *c, const struct source_device *d,
			    const u8 nonce[32], struct netlink_status *s, struct err *e)
{
	for (;;) {
		if (family_status(c, d->address, s, e))
			return (int)e->code;
		if (s->has_nonce && s->slot == d->slot && !memcmp(s->nonce, nonce, 32))
			return 0;
		if (s->state != ASSAY_STATE_COLLECTING)
			return s->error ? family_refused(
						  &(struct family_answer){ .error = -s->error },
						  s->why[0] ? s->why : "COLLECT", e)
					: err_set(e, E_AGAIN, "other evidence was collected");
		if (family_wait(c, "COLLECT", e))
			return (int)e->code;
	}
}

struct transcript {
	struct netlink_object object;
	size_t max;
};

static int take_transcript(void *user, struct bytes payload, const char **why)
{
	struct transcript *t = user;

	return netlink_object_take(&t->object, t->max, payload, why);
}

/* E_AGAIN when the evidence is of another generation by now. */
static int transcript(struct family_client *c, u64 id, u32 generation, u8 kind, struct buf **out,
		      struct err *e)
{
	static const char *const names[] = { "", "TRANSCRIPT of the chain", "TRANSCRIPT of the VCA",
					     "TRANSCRIPT of the measurements",
					     "TRANSCRIPT of the challenge" };
	struct family_request rq =
		family_request(c->assay, ASSAY_CMD_TRANSCRIPT, names[kind], true);
	struct transcript t = { .max = kind == ASSAY_KIND_CHAIN ? SPDM_CHAIN_MAX
								: SPDM_TRANSCRIPT_MAX };
	struct family_answer a;
	int rc;

	rq.take = take_transcript;
	rq.user = &t;
	family_put_u64(&rq, ASSAY_A_DEV_ID, id);
	family_put_u32(&rq, ASSAY_A_GENERATION, generation);
	family_put_u8(&rq, ASSAY_A_KIND, kind);
	rc = family_ask(c, &rq, &a, e);
	if (!rc && (a.error == ESTALE || a.interrupted))
		rc = err_set(e, E_AGAIN, "%s: other evidence was collected", names[kind]);
	else if (!rc && a.error)
		rc = family_refused(&a, names[kind], e);
	else if (!rc && !netlink_object_done(&t.object))
		rc = err_set(e, E_FORMAT, "answer to %s: VAL is shorter than LENGTH", names[kind]);
	if (!rc)
		*out = take(&t.object);
	netlink_object_clear(&t.object);
	return rc || *out ? rc : family_no_memory(e);
}

static int from_collect(struct family_client *c, const struct source_device *d, u64 id,
			const u8 nonce[32], const u8 challenge_nonce[32],
			struct device_evidence *out, struct err *e)
{
	struct netlink_status s;

	if (start_collection(c, d, id, nonce, challenge_nonce, e) ||
	    await_collection(c, d, nonce, &s, e))
		return (int)e->code;
	out->generation = s.generation;
	return transcript(c, s.id, s.generation, ASSAY_KIND_CHAIN, &out->chain, e) ||
			       transcript(c, s.id, s.generation, ASSAY_KIND_VCA, &out->vca, e) ||
			       transcript(c, s.id, s.generation, ASSAY_KIND_MEASUREMENTS,
					  &out->measurements, e) ||
			       transcript(c, s.id, s.generation, ASSAY_KIND_CHALLENGE,
					  &out->challenge, e)
		       ? (int)e->code
		       : 0;
}

/*
 * Below 1.2 the measurement signature covers neither the negotiation nor a context: only a CHALLENGE over a
 * nonce of ours does, and only COLLECT asks for one. (RULES 14)
 */
static int evidence(struct family_client *c, const struct source_device *d,
		    const struct sight *before, const u8 nonce[32], const u8 challenge_nonce[32],
		    struct device_evidence *out, struct err *e)
{
	u8 version = before->status.version;

	if (!c->evidence && !c->assay)
		return err_set(e, E_NOTFOUND, "the kernel serves no device any more");
	if (version < SPDM_12 && version && c->assay)
		return from_collect(c, d, before->status.id, nonce, challenge_nonce, out, e);
	if (!c->evidence)
		return from_collect(c, d, before->status.id, nonce, challenge_nonce, out, e);
	if (from_read(c, d, nonce, out, e))
		return (int)e->code;
	version = version_of(buf_bytes(out->vca));
	if (!version || version >= SPDM_12)
		return 0;
	device_evidence_clear(out);
	if (!c->assay)
		return err_set(e, E_UNSUPPORTED,
			       "SPDM 1.%d: its negotiation is authenticated by a CHALLENGE over "
			       "our nonce only, which family device-evidence cannot ask for",
			       version & 15);
	return from_collect(c, d, before->status.id, nonce, challenge_nonce, out, e);
}

/* The newest generation; where only "device-evidence" tells it, a READ without a nonce. */
static int newest(struct family_client *c, const struct source_device *d, struct sight *s,
		  struct err *e)
{
	struct netlink_evidence ev = { .mask = MASK_VCA };
	int rc;

	if (s->has_status)
		return 0;
	rc = family_read_until(c, d->address, NULL, &ev, e);
	s->status.generation = ev.generation;
	s->has_status = true;
	netlink_evidence_clear(&ev);
	return rc;
}

/* The kernel's claim, as it stands once the evidence is there. */
static struct kernel_guard guard_of(const struct netlink_status *s)
{
	if (!s->has_guard)
		return (struct kernel_guard){ 0 };
	return (struct kernel_guard){
		.known = true, .detects = s->coverage, .prevents = s->prevents, .hold = (u8)s->hold
	};
}

/* *@changed: what was another afterwards; then nothing is to be kept. *@last: the last STATUS we saw. */
static int collect_once(struct family_client *c, const struct source_device *d, const u8 nonce[32],
			const u8 challenge_nonce[32], struct device_evidence *out,
			const char **changed, struct netlink_status *last, struct err *e)
{
	struct sight before, after;
	int rc;

	if (see(c, d, &before, e))
		return (int)e->code;
	*last = before.status;
	if (!pci_identity_equals(&before.look.identity, &d->identity))
		return err_set(e, E_DEVICE, "another device than the inventory lists is there now");
	rc = evidence(c, d, &before, nonce, challenge_nonce, out, e);
	if (rc == E_AGAIN)
		*changed = "GENERATION";
	if (rc)
		return rc;
	if (see(c, d, &after, e) || newest(c, d, &after, e))
		return (int)e->code;
	*last = after.status;
	*changed = difference(&before, &after, out->generation);
	out->guard = guard_of(&after.status);
	out->slots = after.status.slots;
	return *changed ? err_set(e, E_AGAIN, "%s changed", *changed) : 0;
}

static int collect(const struct source_device *d, const u8 nonce[32], const u8 challenge_nonce[32],
		   struct device_evidence *out, struct err *e)
{
	const long long deadline = clock_monotonic_ms() + DRIVE_DEADLINE_MS;
	struct netlink_status last = { 0 };
	const char *changed = NULL;
	int rc = E_AGAIN;

	for (int i = 0; rc && i < FAMILY_TRIES && (!i || changed); i++) {
		struct family_client c = { .deadline = deadline };

		changed = NULL;
		e->code = E_OK;
		rc = family_open(&c, e);
		if (!rc)
			rc = collect_once(&c, d, nonce, challenge_nonce, out, &changed, &last, e);
		family_close(&c);
		if (rc) {
			device_evidence_clear(out);
			out->guard = (struct kernel_guard){ 0 };
		}
	}
	out->instance = last.id;
	if (d->known && last.name[0])
		(rc ? known_failed : known_collected)(d->known, &last);
	if (rc && changed)
		err_set(e, E_DEVICE, "%s changed during each of %d collections", changed,
			FAMILY_TRIES);
	return rc ? err_while(e, "%s", d->address) : 0;
}

const struct evidence_source source_netlink = { "kernel-cma", collect };
