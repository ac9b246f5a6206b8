// SPDX-License-Identifier: Apache-2.0
/* What the agent holds of disks between a server's answer and its use: shares, leases, approvals. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/text.h"
#include "disk_parts.h"
#include "tpm_lease.h"

void disk_forget(struct disk *d)
{
	for (size_t i = 0; i < d->n_held; i++)
		secret_drop(&d->held[i].share);
	d->n_held = 0;
	d->n_beside = 0;
	for (size_t i = 0; i < d->n_leases; i++)
		buf_drop(&d->leases[i].kept);
	d->n_leases = 0;
	free(d->approvals);
	d->approvals = NULL;
	d->n_approvals = 0;
}

int disk_forget_volume(struct disk *d, const struct disk_message *m, struct disk_message *out,
		       struct err *e)
{
	size_t n = 0;

	(void)e;
	for (size_t i = 0; i < d->n_held; i++)
		if (!memcmp(d->held[i].uuid, m->uuid, sizeof(m->uuid)))
			secret_drop(&d->held[i].share);
		else
			d->held[n++] = d->held[i];
	d->n_held = n;
	memcpy(out->uuid, m->uuid, sizeof(out->uuid));
	return 0;
}

const struct secret *disk_held(const struct disk *d, const u8 uuid[16], u64 epoch)
{
	for (size_t i = 0; i < d->n_held; i++)
		if (d->held[i].epoch == epoch && !memcmp(d->held[i].uuid, uuid, 16))
			return d->held[i].share;
	return NULL;
}

struct agent_volume *disk_volume(const struct disk *d, const u8 uuid[16])
{
	for (size_t i = 0; i < d->s->n_volumes; i++)
		if (!memcmp(d->s->volumes[i].uuid, uuid, 16))
			return &d->s->volumes[i];
	return NULL;
}

int disk_ueid(struct disk *d, u8 ueid[UEID_LEN], struct err *e)
{
	OWNED(tpm_key) ek = NULL;
	OWNED(buf) cert = NULL;

	return tpm_endorsement(*d->tpm, d->s->ek, &ek, &cert, e)
		       ? (int)e->code
		       : tpm_ueid(buf_bytes(ek->pub), ueid, e);
}

/* ---- shares ---- */
/* One that came before may have been made anew since; of a volume no more than two epochs are of use. */
void disk_keep(struct disk *d, struct round_share *s)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_held; i++) {
		struct round_share *h = &d->held[i];

		if (!memcmp(h->uuid, s->uuid, 16) &&
		    (h->epoch == s->epoch || h->epoch + 1 < s->epoch))
			secret_drop(&h->share);
		else
			d->held[n++] = *h;
	}
	d->n_held = n;
	if (n == ARRAY_LEN(d->held))
		return; /* wiped with the result */
	d->held[d->n_held++] = *s;
	s->share = NULL;
}

/* ---- leases ---- */
static struct round_lease *lease_of(struct disk *d, const u8 uuid[16])
{
	for (size_t i = 0; i < d->n_leases; i++)
		if (!memcmp(d->leases[i].uuid, uuid, 16))
			return &d->leases[i];
	return NULL;
}

/* What came is the newest; a server that gives none takes back what this process knows of. */
static void keep_lease(struct disk *d, const u8 uuid[16], struct round_result *r)
{
	struct round_lease *there = lease_of(d, uuid);

	if (there) {
		buf_drop(&there->kept);
		*there = d->leases[--d->n_leases];
	}
	for (size_t i = 0; i < r->n_leases && d->n_leases < ARRAY_LEN(d->leases); i++)
		if (!memcmp(r->leases[i].uuid, uuid, 16)) {
			d->leases[d->n_leases++] = r->leases[i];
			r->leases[i].kept = NULL;
			return;
		}
}

void disk_keep_answer(struct disk *d, const struct round_ask *ask, struct round_result *r)
{
	for (size_t i = 0; i < ask->n; i++)
		keep_lease(d, ask->volumes[i].uuid, r);
	free(d->approvals);
	d->approvals = r->approvals;
	d->n_approvals = r->n_approvals;
	r->approvals = NULL;
}

/* A lease of the strict profile brings the approval of this boot with it: there is no server to ask for it then. */
static bool with_approval(const struct disk *d, const u8 uuid[16], struct disk_key *key,
			  struct bytes kept)
{
	u8 room[APPROVAL_MAX];
	struct writer w = writer_on(key->lease, sizeof(key->lease)),
		      approval = writer_on(room, sizeof(room));
	struct lease_kept k;
	struct err e = { 0 };

	if (d->used.epoch != key->epoch || memcmp(d->used.uuid, uuid, 16) ||
	    lease_kept_parse(kept, &k, &e) || approval_write(&d->used, &approval, &e))
		return false;
	k.approval = write_done(&approval);
	if (lease_kept_write(&k, &w, &e))
		return false;
	key->lease_len = w.len;
	return true;
}

void disk_give_lease(struct disk *d, const u8 uuid[16], struct disk_key *key)
{
	const struct round_lease *l = lease_of(d, uuid);
	const struct agent_volume *v = disk_volume(d, uuid);
	struct bytes kept = l && l->epoch == key->epoch ? buf_bytes(l->kept) : BYTES_NONE;

	key->lease_len = 0;
	if (!kept.len || kept.len > sizeof(key->lease))
		return;
	if (v && v->policy_key_len) {
		if (!with_approval(d, uuid, key, kept))
			log_event(LOG_LEVEL_ERROR, "no-lease",
				  LOG_T("why", "the approval of this boot does not go with it"));
		return;
	}
	memcpy(key->lease, kept.at, kept.len);
	key->lease_len = kept.len;
}

/* What came with the lease in place of what a server would have given. */
static int take_kept_approval(struct disk *d, struct bytes kept, struct err *e)
{
	struct lease_kept k;

	if (lease_kept_parse(kept, &k, e))
		return (int)e->code;
	free(d->approvals);
	d->n_approvals = 0;
	d->approvals = calloc(1, sizeof(*d->approvals));
	if (!d->approvals)
		return err_set(e, E_MEMORY, "no memory for an approval");
	if (!k.approval.len)
		return 0;
	d->n_approvals = 1;
	return approval_parse(k.approval, d->approvals, e);
}

int disk_open_by_lease(struct disk *d, const u8 uuid[16], const struct disk_key *key,
		       struct disk_message *out, struct err *e)
{
	struct round_share s = { .epoch = key->epoch };
	OWNED(tpm_key) salt = NULL;
	struct lease_left left;
	struct err why = { 0 };
	char unreachable[ERR_TEXT_MAX];

	if (!d->s->lease_counter || !key->lease_len)
		err_set(&why, E_NOTFOUND, "there is no lease that opens without one");
	else if (!tpm_key_make(*d->tpm, TEMPLATE_K, &salt, &why) &&
		 !tpm_lease_open(*d->tpm, salt, d->s->lease_counter,
				 (struct bytes){ key->lease, key->lease_len }, &s.share, &left,
				 &why) &&
		 !take_kept_approval(d, (struct bytes){ key->lease, key->lease_len }, &why)) {
		log_event(LOG_LEVEL_WARN, "lease-used", LOG_N("reboots_left", left.reboots),
			  LOG_T("why", e->text));
		memcpy(s.uuid, uuid, sizeof(s.uuid));
		disk_keep(d, &s);
		out->lease = DISK_LEASE_USED;
		out->reboots_left = left.reboots;
		*e = (struct err){ 0 };
		return 0;
	}
	secret_drop(&s.share);
	memcpy(unreachable, e->text, sizeof(unreachable));
	return err_set(e, E_UNREACHABLE, "%.400s; %.300s", unreachable, why.text);
}

/* ---- the strict profile ---- */
int disk_strict(struct disk *d, const u8 uuid[16], u64 epoch, struct disk_strict_room *room,
		const struct tpm_strict **out, struct err *e)
{
	const struct agent_volume *v = disk_volume(d, uuid);
	u8 ueid[UEID_LEN];

	*out = NULL;
	*room = (struct disk_strict_room){ 0 };
	if (!v || !v->policy_key_len)
		return 0;
	if (strict_key_of((struct bytes){ v->policy_key, v->policy_key_len }, &room->strict.key,
			  e) ||
	    disk_ueid(d, ueid, e))
		return (int)e->code;
	room->approvals = calloc(d->n_approvals + 1, sizeof(*room->approvals));
	if (!room->approvals)
		return err_set(e, E_MEMORY, "no memory for approvals");
	for (size_t i = 0; i < d->n_approvals; i++)
		if (d->approvals[i].epoch == epoch && !memcmp(d->approvals[i].uuid, uuid, 16))
			room->approvals[room->strict.n++] = d->approvals[i];
	room->strict.ref = strict_ref(ueid, epoch);
	room->strict.approvals = room->approvals;
	room->strict.used = &d->used;
	*out = &room->strict;
	return 0;
}

int disk_not_approved(struct disk *d, const u8 uuid[16], u64 epoch, const struct tpm_strict *strict,
		      struct err *e)
{
	char text[UUID_TEXT_LEN + 1], was[ERR_TEXT_MAX];

	if (!tpm_strict_check(*d->tpm, strict, e))
		return 0;
	memcpy(was, e->text, sizeof(was));
	return err_set(e, e->code,
		       "%.300s; `assay policy-sign --volume %s --epoch %" PRIu64 "` signs one", was,
		       uuid_write(uuid, text), epoch);
}
