// SPDX-License-Identifier: Apache-2.0
#include "gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "proto/spdm/stable.h"
#include "proto/spdm_evidence.h"
#include "hold.h"
#include "sources/netlink.h"

enum { FUNCTIONS = 8 };
#define MODULES "/sys/module"

struct gate {
	const struct agent_settings *s;
	bool is_open; /* a collection waits for its verdict */
	u8 ctx[32];
	bool told_advisory;
	u64 let[UNGATED_MAX]; /* by place in s->ungated: the instance that was let bind */
	size_t n;
	struct gate_device at[DEVICES_MAX];
};

/* ---- what was sent ---- */
static int stable_digest(struct bytes transcript, const struct spdm_negotiated *nego, u8 *out,
			 const char **why)
{
	struct reader r = reader_on(transcript);
	struct spdm_get_measurements asked;
	struct spdm_measurements m = { 0 };
	u8 indexes[SPDM_INDEXES_LEN];
	OWNED(buf) stable = NULL;
	struct digest d;

	spdm_read_get_measurements(&r, nego->version, &asked);
	if (!r.why)
		spdm_read_measurements(&r, nego, &asked, &m);
	*why = r.why;
	if (r.why)
		return -EBADMSG;
	stable =
		buf_new(m.record.len + 1); /* a block takes no more room there than in the record */
	*why = "no memory";
	if (!stable)
		return -ENOMEM;
	spdm_indexes_default(indexes);
	spdm_write_stable(&stable->w, m.record, indexes);
	if (stable->w.full)
		return -ENOMEM;
	d = sha256_of(buf_bytes(stable));
	memcpy(out, d.at, ASSAY_DIGEST_LEN);
	*why = NULL;
	return 0;
}

int gate_digests(const struct device_evidence *d, struct gate_evidence *out, const char **why)
{
	struct spdm_versions versions;
	struct spdm_negotiated nego = { 0 };
	struct spdm_chain chain;
	struct digest digest;

	*out = (struct gate_evidence){ .slot = d->slot };
	if (spdm_read_vca(buf_bytes(d->vca), &versions, &nego, why) ||
	    spdm_parse_chain(buf_bytes(d->chain), nego.hash_len, &chain, why))
		return -EBADMSG;
	digest = sha256_of(chain.certificates);
	memcpy(out->chain_digest, digest.at, sizeof(out->chain_digest));
	return stable_digest(buf_bytes(d->measurements), &nego, out->meas_digest, why);
}

/* ---- what is to be done ---- */
static bool same_evidence(const struct gate_evidence *a, const struct gate_evidence *b)
{
	return a->slot == b->slot &&
	       !memcmp(a->chain_digest, b->chain_digest, sizeof(a->chain_digest)) &&
	       !memcmp(a->meas_digest, b->meas_digest, sizeof(a->meas_digest));
}

/* While a check runs the acceptance stands; the check ends it when it must. */
static bool stands_accepted(const struct netlink_status *s)
{
	return s->state == ASSAY_STATE_ACCEPTED || s->state == ASSAY_STATE_CHECKING;
}

enum gate_step gate_step_of(const struct gate_device *d, enum device_standing standing,
			    const struct netlink_status *now)
{
	if (now->id != d->id)
		return GATE_ANEW;
	if (standing == DEVICE_CONTRAINDICATED)
		/* while somebody else collects the kernel does not say whether it is accepted */
		return stands_accepted(now) || now->state == ASSAY_STATE_COLLECTING ? GATE_FORGET
										    : GATE_DONE;
	if (stands_accepted(now) && d->was_accepted && same_evidence(&d->accepted, &d->is))
		return GATE_DONE;
	return now->generation == d->generation ? GATE_ACCEPT : GATE_ANEW;
}

/* ---- a collection ---- */
/*
 * What the host needs before it can ask for a verdict is let go at once and judged afterwards: but for one that is in
 * quarantine, and once for each instance, so that what takes its driver away later is not undone.
 */
void gate_let_bootstrap(struct gate *g)
{
	for (size_t i = 0; g->s->gate == GATE_MODE_ON && i < g->s->n_ungated; i++) {
		const char *address = g->s->ungated[i];
		struct netlink_status now;
		struct err e = { 0 };

		if (!hold_is_set(g->s->pci_folder, address) ||
		    hold_is_bound(g->s->pci_folder, address) ||
		    netlink_status_now(address, &now, &e) || now.state == ASSAY_STATE_FAILED ||
		    now.id == g->let[i])
			continue;
		g->let[i] = now.id;
		if (hold_let(g->s->pci_folder, address, &e))
			log_event(LOG_LEVEL_WARN, "not-let", LOG_T("address", address),
				  LOG_T("why", e.text));
		else
			log_event(LOG_LEVEL_WARN, "let-bind", LOG_T("address", address),
				  LOG_T("why", "[devices] ungated"),
				  LOG_T("meaning", "it is judged afterwards"));
	}
}

/* A plugged device is bound at once unless the module holds it; what we do comes after. */
static void say_hold(void)
{
	char option = hold_option(MODULES);

	if (option == 'Y')
		return;
	log_event(
		LOG_LEVEL_WARN, "GATE-OPEN",
		LOG_T("why",
		      option ? "assay_spdm was loaded without hold=1" : "assay_spdm is not loaded"),
		LOG_T("meaning", "drivers bind before the verdict; a contraindicated device loses "
				 "its driver afterwards"),
		LOG_T("next", "load assay_spdm with hold=1, in the initramfs, before the drivers"));
}

struct gate *gate_new(const struct agent_settings *s)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->s = s;
	if (s->gate != GATE_MODE_ON)
		return g;
	say_hold();
	for (size_t i = 0; i < s->n_ungated; i++)
		log_event(LOG_LEVEL_WARN, "ungated", LOG_T("address", s->ungated[i]),
			  LOG_T("why", "[devices] ungated"));
	gate_let_bootstrap(g);
	return g;
}

void gate_drop(struct gate **g)
{
	if (!g || !*g)
		return;
	free(*g);
	*g = NULL;
}

void gate_begin(struct gate *g, const u8 ctx[32])
{
	memcpy(g->ctx, ctx, sizeof(g->ctx));
	g->is_open = true;
	for (size_t i = 0; i < g->n; i++)
		g->at[i].listed = false;
}

/* By address; what was accepted is remembered while the device is there. */
static struct gate_device *place_of(struct gate *g, const char *address)
{
	struct gate_device *free_one = g->n < DEVICES_MAX ? &g->at[g->n] : NULL;

	for (size_t i = 0; i < g->n; i++) {
		if (!strcmp(g->at[i].address, address))
			return &g->at[i];
		if (!free_one && !g->at[i].listed)
			free_one = &g->at[i];
	}
	if (free_one) {
		g->n += free_one == &g->at[g->n];
		*free_one = (struct gate_device){ 0 };
		memcpy(free_one->address, address, strlen(address) + 1);
	}
	return free_one;
}

/* NULL: no driver had it before the verdict, or will. */
static const char *why_ungated(const struct kernel_guard *guard)
{
	if (!guard->known)
		return "the kernel does not say whether its driver waits";
	if (guard->prevents & ASSAY_COVER_HOLD)
		return NULL;
	if (guard->hold == ASSAY_HOLD_TOO_LATE)
		return "its driver was there before the module";
	return hold_option(MODULES) == 'Y' ? "its driver was let bind before the verdict"
					   : "the module was loaded without hold=1: its driver "
					     "does not wait for the verdict";
}

/* What the gate cannot keep from happening is said aloud, once. */
static void say_gaps(struct gate *g, struct gate_device *d, const struct kernel_guard *guard)
{
	const char *gap = g->told_advisory ? NULL : hold_gap(g->s->pci_folder, d->address);

	if (gap) {
		log_event(LOG_LEVEL_WARN, "GATE-ADVISORY", LOG_T("address", d->address),
			  LOG_T("why", gap),
			  LOG_T("meaning",
				"advisory: memory is not safe from devices that have no driver"));
		g->told_advisory = true;
	}
	gap = why_ungated(guard);
	if (gap && !d->told_ungated) {
		log_event(LOG_LEVEL_WARN, "ungated", LOG_T("device", d->label),
			  LOG_T("address", d->address), LOG_T("why", gap));
		d->told_ungated = true;
	}
}

void gate_collected(struct gate *g, const struct device_evidence *d)
{
	struct gate_device *own;
	const char *why;

	if (strcmp(d->source, source_netlink.name) || !pci_address_valid(d->address))
		return;
	own = place_of(g, d->address);
	if (!own)
		return;
	if (own->id != d->instance)
		own->was_accepted = own->told_ungated = false;
	own->id = d->instance;
	own->listed = true;
	own->generation = d->generation;
	snprintf(own->label, sizeof(own->label), "%s", d->label);
	own->has_digests = !d->failure[0] && !gate_digests(d, &own->is, &why);
	if (g->s->gate == GATE_MODE_ON)
		say_gaps(g, own, &d->guard);
}

/* ---- acting ---- */
static void failed(const struct gate_device *d, const char *what, const struct err *e)
{
	log_event(LOG_LEVEL_WARN, what, LOG_T("device", d->label), LOG_T("address", d->address),
		  LOG_T("why", e->text));
}

/* It is asked once more who it is: between the collection and now it may have been exchanged. */
static int look(const struct gate_device *d, enum device_standing standing, enum gate_step *step,
		struct netlink_status *now, struct err *e)
{
	if (netlink_status_now(d->address, now, e))
		return (int)e->code;
	*step = gate_step_of(d, standing, now);
	return *step == GATE_ANEW ? err_set(e, E_AGAIN, "%s is not what was judged",
					    now->id == d->id ? "its evidence" : "the device there")
				  : 0;
}

static int accept(struct gate *g, struct gate_device *d, struct err *e)
{
	struct netlink_acceptance a = { .id = d->id,
					.generation = d->generation,
					.slot = d->is.slot,
					.chain_digest = d->is.chain_digest,
					.meas_digest = d->is.meas_digest,
					.on_fail = g->s->on_fail };
	struct netlink_status now;
	enum gate_step step;

	if (!d->id || !d->has_digests)
		return err_set(e, E_UNSUPPORTED, "%s",
			       d->id ? "its evidence has no digests"
				     : "family " ASSAY_FAMILY_NAME " does not serve it");
	if (look(d, DEVICE_AFFIRMED, &step, &now, e))
		return (int)e->code;
	if (step == GATE_DONE)
		return 0;
	if (netlink_accept(&a, e))
		return (int)e->code;
	d->accepted = d->is;
	d->was_accepted = true;
	log_event(LOG_LEVEL_INFO, "accepted", LOG_T("device", d->label),
		  LOG_T("address", d->address), LOG_N("generation", d->generation));
	return look(d, DEVICE_AFFIRMED, &step, &now, e);
}

static bool is_ungated(const struct gate *g, const char *address)
{
	for (size_t i = 0; i < g->s->n_ungated; i++)
		if (!strcmp(g->s->ungated[i], address))
			return true;
	return false;
}

static bool speaks_for_itself(const struct gate *g, const char *address)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->at[i].listed && !strcmp(g->at[i].address, address))
			return true;
	return false;
}

/* The device as a whole: functions of its package that have no mailbox of their own go with it. */
static int hold_package(struct gate *g, const struct gate_device *d, struct err *e)
{
	int rc = 0;

	for (int i = 0; i < FUNCTIONS; i++) {
		char address[sizeof(d->address)], path[HOLD_PATH_TEXT];
		struct err own = { 0 };
		bool bound;

		snprintf(address, sizeof(address), "%.*s.%d", (int)strcspn(d->address, "."),
			 d->address, i);
		snprintf(path, sizeof(path), "%s/%s", g->s->pci_folder, address);
		if (access(path, F_OK) || is_ungated(g, address) ||
		    (strcmp(address, d->address) && speaks_for_itself(g, address)))
			continue;
		bound = hold_is_bound(g->s->pci_folder, address);
		if (hold_set(g->s->pci_folder, address, &own)) {
			*e = own;
			rc = (int)own.code;
		} else if (bound) {
			log_event(LOG_LEVEL_WARN, "unbound", LOG_T("device", d->label),
				  LOG_T("address", address));
		}
	}
	return rc;
}

static int refuse(struct gate *g, struct gate_device *d, struct err *e)
{
	struct err of_forget = { 0 };
	struct netlink_status now;
	enum gate_step step = GATE_DONE;

	/* without the family there is nobody to forget, and a driver to take away all the same */
	if (d->id && look(d, DEVICE_CONTRAINDICATED, &step, &now, e))
		return (int)e->code;
	if (step == GATE_FORGET && !netlink_forget(d->id, &of_forget))
		log_event(LOG_LEVEL_WARN, "forgotten", LOG_T("device", d->label),
			  LOG_T("address", d->address));
	d->was_accepted = false;
	if (is_ungated(g, d->address))
		log_event(LOG_LEVEL_WARN, "left-bound", LOG_T("device", d->label),
			  LOG_T("address", d->address), LOG_T("why", "[devices] ungated"));
	else if (hold_package(g, d, e))
		return (int)e->code;
	if (of_forget.code)
		*e = of_forget;
	return (int)of_forget.code;
}

static struct gate_device *judged_device(struct gate *g, const char *label)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->at[i].listed && !strcmp(g->at[i].label, label))
			return &g->at[i];
	return NULL; /* of another source */
}

int gate_judge(struct gate *g, const struct device_verdicts *v, bool *anew, struct err *e)
{
	*anew = false;
	if (!g->is_open || memcmp(g->ctx, v->ctx, sizeof(g->ctx)))
		return err_set(e, E_AGAIN, "the verdict is about another collection");
	g->is_open = false;
	for (size_t i = 0; i < v->n; i++) {
		struct gate_device *d = judged_device(g, v->at[i].label);
		bool affirmed = v->at[i].standing == DEVICE_AFFIRMED;
		struct err own = { 0 };

		if (!d || (!affirmed && g->s->gate != GATE_MODE_ON))
			continue;
		if (!(affirmed ? accept : refuse)(g, d, &own))
			continue;
		failed(d, affirmed ? "not-accepted" : "not-refused", &own);
		*anew |= own.code == E_AGAIN || own.code == E_NOTFOUND;
	}
	return 0;
}
