// SPDX-License-Identifier: Apache-2.0
#include "disk_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"

enum { COUNTERS_TRIED = 64 };

/* ---- which counter ---- */
static int counter_of(const struct disk *d, const u8 uuid[16], u32 *out, struct err *e)
{
	const struct agent_volume *v = disk_volume(d, uuid);
	char text[UUID_TEXT_LEN + 1];

	if (!v || !v->counter)
		return err_set(
			e, E_CONFIG,
			"volume %s is not of this host: the configuration has no [volume] with "
			"a counter for it",
			uuid_write(uuid, text));
	*out = v->counter;
	return 0;
}

static bool index_taken(const struct disk *d, u32 index)
{
	if (index == d->s->lease_counter)
		return true;
	for (size_t i = 0; i < d->s->n_volumes; i++)
		if (d->s->volumes[i].counter == index)
			return true;
	return false;
}

/* The first place where nothing is. */
static int choose_counter(struct disk *d, u32 *out, u64 *value, struct err *e)
{
	for (u32 index = COUNTER_FIRST; index < COUNTER_FIRST + COUNTERS_TRIED; index++) {
		u64 there;
		int rc = index_taken(d, index) ? E_CONFLICT
					       : tpm_counter_read(*d->tpm, index, &there, e);

		if (rc == E_TPM)
			return rc;
		if (rc != E_NOTFOUND)
			continue;
		*out = index;
		return tpm_counter_make(*d->tpm, index, value, e);
	}
	return err_set(e, E_LIMIT, "the TPM's first %d places for counters are taken",
		       COUNTERS_TRIED);
}

static int counter_for_new(struct disk *d, const struct disk_message *m, u32 *index, u64 *value,
			   struct err *e)
{
	struct agent_volume *v = disk_volume(d, m->uuid);
	int rc;

	*index = v && v->counter ? v->counter : m->counter;
	if (!*index) {
		rc = choose_counter(d, index, value, e);
	} else {
		rc = tpm_counter_read(*d->tpm, *index, value, e);
		if (rc)
			rc = tpm_counter_make(*d->tpm, *index, value, e);
	}
	if (rc)
		return rc;
	if (!v) { /* until the next start, which reads the configuration, we know it ourselves */
		if (d->s->n_volumes == VOLUMES_MAX)
			return err_set(e, E_LIMIT, "more than %d volumes", VOLUMES_MAX);
		v = &d->s->volumes[d->s->n_volumes++];
		*v = (struct agent_volume){ 0 };
		memcpy(v->uuid, m->uuid, sizeof(v->uuid));
	}
	v->counter = *index;
	if (m->policy_key_len && v->policy_key_len &&
	    !bytes_equal((struct bytes){ m->policy_key, m->policy_key_len },
			 (struct bytes){ v->policy_key, v->policy_key_len }))
		return err_set(e, E_CONFIG, "the configuration has another policy key for it");
	if (m->policy_key_len) {
		memcpy(v->policy_key, m->policy_key, m->policy_key_len);
		v->policy_key_len = m->policy_key_len;
	}
	return 0;
}

/* ---- halves ---- */
static int to_passphrase(struct disk *d, const u8 uuid[16], const struct secret *l,
			 struct disk_key *key, struct err *e)
{
	const struct secret *s = disk_held(d, uuid, key->epoch);
	OWNED(secret) passphrase = NULL;
	u8 ueid[UEID_LEN];

	if (!s)
		return err_set(e, E_NOTFOUND, "no share of epoch %" PRIu64 " is held", key->epoch);
	if (l->len != HALF_LEN || s->len != HALF_LEN)
		return err_set(e, E_FORMAT, "half of a key is not of %d bytes", HALF_LEN);
	if (disk_ueid(d, ueid, e) ||
	    passphrase_make(l->at, s->at, uuid, ueid, key->epoch, &passphrase, e))
		return (int)e->code;
	memcpy(key->passphrase, passphrase->at, PASSPHRASE_LEN);
	key->has_passphrase = true;
	return 0;
}

/* Of the header: whatever it says, only the half of this volume's counter and of this epoch opens. */
static int open_half(struct disk *d, const u8 uuid[16], u32 counter, struct disk_key *key,
		     struct err *e)
{
	struct tpm_half half = {
		.public_2b = buf_copy((struct bytes){ key->public_2b, key->public_len }),
		.private_2b = buf_copy((struct bytes){ key->private_2b, key->private_len }),
	};
	OWNED(tpm_key) salt = NULL;
	OWNED(secret) l = NULL;
	struct disk_strict_room room = { 0 };
	const struct tpm_strict *strict = NULL;
	int rc;

	if (!half.public_2b || !half.private_2b)
		rc = err_set(e, E_MEMORY, "no memory for a half");
	else if (disk_strict(d, uuid, key->epoch, &room, &strict, e) ||
		 tpm_key_make(*d->tpm, TEMPLATE_K, &salt, e))
		rc = (int)e->code;
	else
		rc = tpm_half_open(*d->tpm, salt, &half, counter, key->epoch, strict, &l, e);
	free(room.approvals);
	tpm_half_clear(&half);
	tpm_key_drop(&salt);
	return rc ? rc : to_passphrase(d, uuid, l, key, e);
}

static int take_sealed(u8 out[LUKS_TOKEN_SEALED_MAX], size_t *len, struct bytes b, struct err *e)
{
	if (b.len > LUKS_TOKEN_SEALED_MAX)
		return err_set(e, E_LIMIT, "a sealed half is larger than a token has room for");
	memcpy(out, b.at, b.len);
	*len = b.len;
	return 0;
}

static int make_half(struct disk *d, const u8 uuid[16], u32 counter, struct disk_key *key,
		     struct err *e)
{
	OWNED(secret) l = secret_new(HALF_LEN);
	OWNED(tpm_key) salt = NULL;
	struct disk_strict_room room = { 0 };
	const struct tpm_strict *strict = NULL;
	struct tpm_half half = { 0 };
	int rc;

	if (!l)
		return err_set(e, E_MEMORY, "no locked memory for a half");
	rc = random_bytes(l->at, l->len, e) ||
	     disk_strict(d, uuid, key->epoch, &room, &strict, e) ||
	     (strict && !key->pending && disk_not_approved(d, uuid, key->epoch, strict, e)) ||
	     tpm_key_make(*d->tpm, TEMPLATE_K, &salt, e);
	rc = rc ? (int)e->code
		: tpm_half_seal(*d->tpm, salt, l->at, counter, key->epoch, strict, &half, e);
	free(room.approvals);
	if (!rc)
		rc = take_sealed(key->public_2b, &key->public_len, buf_bytes(half.public_2b), e);
	if (!rc)
		rc = take_sealed(key->private_2b, &key->private_len, buf_bytes(half.private_2b), e);
	tpm_half_clear(&half);
	tpm_key_drop(&salt);
	return rc ? rc : to_passphrase(d, uuid, l, key, e);
}

/* ---- verbs ---- */
static int still_open(struct disk *d, struct err *e)
{
	bool zero;

	if (tpm_cap_is_zero(*d->tpm, &zero, e))
		return (int)e->code;
	return zero ? 0
		    : err_set(e, E_CONFLICT,
			      "PCR 15 is extended: this boot has left the phase in which disks are "
			      "opened; reboot");
}

static const struct disk_key *key_of(const struct disk_message *m, u64 epoch)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->keys[i].epoch == epoch)
			return &m->keys[i];
	return NULL;
}

/* The epoch of the counter has a keyslot: the new one is for the next. */
static bool is_rotation(const struct disk_message *m, u64 value)
{
	const struct disk_key *k = key_of(m, value);

	return k && !k->pending;
}

int disk_new(struct disk *d, const struct disk_message *m, struct disk_message *out, struct err *e)
{
	const struct disk_key *begun;
	struct disk_key *key = &out->keys[0];
	struct err why = { 0 };
	u64 value;

	if (still_open(d, e) || counter_for_new(d, m, &out->counter, &value, e))
		return (int)e->code;
	memcpy(out->uuid, m->uuid, sizeof(out->uuid));
	out->n = 1;
	key->epoch = value + is_rotation(m, value);
	if (disk_ask_one(d, m->uuid, out->counter, key->epoch, VOLUME_NEW, NULL, e))
		return (int)e->code;
	begun = key_of(m, key->epoch);
	if (begun) { /* cut short before: its keyslot may be there already */
		*key = *begun;
		if (!open_half(d, m->uuid, out->counter, key, &why))
			return 0;
		*key = (struct disk_key){ .epoch = begun->epoch };
	}
	return make_half(d, m->uuid, out->counter, key, e);
}

/* Made here, kept there: the share goes to the server before anything on the disk needs it. */
static int deposit(struct disk *d, const u8 uuid[16], u32 counter, u64 epoch, struct err *e)
{
	OWNED(secret) hold = secret_new(sizeof(struct deposit));
	OWNED(secret) share = secret_new(DEPOSIT_SHARE_LEN);
	struct deposit *out = hold ? (void *)hold->at : NULL;
	struct round_share s = { .epoch = epoch, .share = share };

	if (!out || !share)
		return err_set(e, E_MEMORY, "no locked memory for a share");
	if (random_bytes(share->at, share->len, e))
		return (int)e->code;
	memcpy(out->uuid, uuid, sizeof(out->uuid));
	memcpy(s.uuid, uuid, sizeof(s.uuid));
	out->counter = counter;
	out->epoch = epoch;
	memcpy(out->share, share->at, share->len);
	if (d->deposit(d->user, out, e))
		return (int)e->code;
	disk_keep(d, &s);
	share = s.share;
	return 0;
}

int disk_stage(struct disk *d, const struct disk_message *m, struct disk_message *out,
	       struct err *e)
{
	struct disk_key *key = &out->keys[0];
	u64 value;
	bool zero;

	if (tpm_cap_is_zero(*d->tpm, &zero, e))
		return (int)e->code;
	if (zero)
		return err_set(e, E_CONFLICT,
			       "PCR 15 is zero: nothing has to wait for the next boot");
	if (counter_for_new(d, m, &out->counter, &value, e))
		return (int)e->code;
	if (is_rotation(m, value))
		return err_set(e, E_CONFLICT, "the disk has a keyslot of this epoch already");
	memcpy(out->uuid, m->uuid, sizeof(out->uuid));
	out->n = 1;
	key->epoch = value;
	key->pending = true;
	return deposit(d, m->uuid, out->counter, value, e) ||
			       make_half(d, m->uuid, out->counter, key, e)
		       ? (int)e->code
		       : 0;
}

static int get(struct disk *d, const struct disk_message *m, struct disk_message *out,
	       struct err *e)
{
	const struct disk_key *now, *next;
	u64 value;
	int rc;

	if (still_open(d, e) || counter_of(d, m->uuid, &out->counter, e) ||
	    tpm_counter_read(*d->tpm, out->counter, &value, e))
		return (int)e->code;
	now = key_of(m, value);
	if (!now) /* its counter was not made to count yet */
		now = key_of(m, value + 1);
	if (!now)
		return err_set(e, E_FRESHNESS,
			       "the disk's header has no key of epoch %" PRIu64
			       ", where the TPM's counter stands: it is an old or a foreign header",
			       value);
	memcpy(out->uuid, m->uuid, sizeof(out->uuid));
	out->keys[out->n++] = *now;
	rc = disk_ask_all(d, m->uuid, out->counter, now->epoch, e);
	if (rc == E_UNREACHABLE && m->lease == DISK_LEASE_MAY)
		rc = disk_open_by_lease(d, m->uuid, now, out, e);
	if (rc || open_half(d, m->uuid, out->counter, &out->keys[0], e))
		return (int)e->code;
	if (out->lease == DISK_LEASE_USED)
		return 0;
	disk_give_lease(d, m->uuid, &out->keys[0]);
	if (!disk_held(d, m->uuid, now->epoch + 1) || now->epoch != value)
		return 0;
	next = key_of(m, now->epoch + 1);
	out->keys[1] = next ? *next : (struct disk_key){ .epoch = now->epoch + 1 };
	/* that the next epoch fails is no reason not to open the disk with this one */
	if (next ? open_half(d, m->uuid, out->counter, &out->keys[1], e)
		 : make_half(d, m->uuid, out->counter, &out->keys[1], e)) {
		log_event(LOG_LEVEL_ERROR, "rotation", LOG_T("why", e->text));
		return 0;
	}
	out->n = 2;
	return 0;
}

int disk_get(struct disk *d, const struct disk_message *m, struct disk_message *out, struct err *e)
{
	disk_times_begin(d, m->uuid);
	if (get(d, m, out, e))
		return (int)e->code;
	disk_times_give(d, &out->times);
	return 0;
}

int disk_prove(struct disk *d, const struct disk_message *m, struct disk_message *out,
	       struct err *e)
{
	if (m->n != 1)
		return err_set(e, E_USAGE, "one key is proved at a time");
	*out = *m;
	return counter_of(d, m->uuid, &out->counter, e) ||
			       open_half(d, m->uuid, out->counter, &out->keys[0], e)
		       ? (int)e->code
		       : 0;
}

static int count_up(struct disk *d, const struct disk_message *m, u32 counter, struct err *e)
{
	OWNED(secret) hold = NULL;
	struct disk_message *again = disk_message_new(&hold);

	if (!again)
		return err_set(e, E_MEMORY, "no locked memory for a key");
	return tpm_counter_up(*d->tpm, counter, e) || disk_prove(d, m, again, e) ||
			       disk_ask_one(d, m->uuid, counter, m->keys[0].epoch, VOLUME_GET, NULL,
					    e)
		       ? (int)e->code
		       : 0;
}

int disk_stored(struct disk *d, const struct disk_message *m, struct disk_message *out,
		struct err *e)
{
	u64 epoch = m->keys[0].epoch, value;
	u32 counter = 0;

	if (m->n != 1 || !m->has_proof)
		return err_set(e, E_USAGE, "a stored keyslot is told of with its key and a proof");
	if (counter_of(d, m->uuid, &counter, e) || tpm_counter_read(*d->tpm, counter, &value, e) ||
	    disk_ask_one(d, m->uuid, counter, epoch, VOLUME_STORED, m->proof, e))
		return (int)e->code;
	if (value < epoch && count_up(d, m, counter, e))
		return (int)e->code;
	memcpy(out->uuid, m->uuid, sizeof(out->uuid));
	out->n = 1;
	out->keys[0].epoch = epoch;
	disk_give_lease(d, m->uuid, &out->keys[0]);
	return 0;
}
