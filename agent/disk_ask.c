// SPDX-License-Identifier: Apache-2.0
/* What the agent asks the server for when a disk wants a key, and what a person is told when it gives none. */
#include <jansson.h>
#include <stdio.h>

#include "common/clock.h"
#include "disk_parts.h"

/* What came beside another volume's share is as good as that for the time that an initramfs needs from one to the next. */
enum { BESIDE_MS = 60 * 1000 };

/* ---- what a refusal says ---- */
/* On a console a digest says nothing more than its beginning. */
static void put_short(char *out, size_t size, const char *text)
{
	enum { DIGITS_SHOWN = 8, DIGITS_MAX = 32 };
	size_t at = 0;

	while (*text && at + 4 < size) {
		size_t digits = strspn(text, "0123456789abcdef");
		size_t n = digits > DIGITS_MAX ? DIGITS_SHOWN : digits ? digits : 1;

		for (size_t i = 0; i < n && at + 4 < size; i++)
			out[at++] = text[i];
		if (digits > DIGITS_MAX) {
			memcpy(out + at, "...", 3);
			at += 3;
		}
		text += digits ? digits : 1;
	}
	out[at] = 0;
}

/* One that was affirmed and whose shares could not be given all the same has no check: one of them may be lost. */
static bool is_of_a_volume(const json_t *reason)
{
	const char *check = json_string_value(json_object_get(reason, "check"));
	const char *element = json_string_value(json_object_get(reason, "element"));

	if (!check || !element)
		return false;
	return !strcmp(check, "VOLUME") || !strcmp(check, "COUNTER") ||
	       (!*check && !strcmp(element, "release"));
}

/*
 * The first things that a person has to know of a refusal. *@for_a_volume: it is one of the volumes that is refused, or
 * nobody says what is; else the host is, whichever it asks for.
 */
static int refused(const struct round_result *r, bool *for_a_volume, struct err *e)
{
	json_t *j =
		r->json ? json_loadb((const char *)r->json->w.at, r->json->w.len, 0, NULL) : NULL;
	const json_t *reasons = json_object_get(j, "reasons");
	char text[600] = "";
	size_t len = 0, n = json_array_size(reasons);

	*for_a_volume = !n;
	for (size_t i = 0; i < n; i++)
		*for_a_volume |= is_of_a_volume(json_array_get(reasons, i));
	for (size_t i = 0; i < n && i < 3 && len < sizeof(text) - 1; i++) {
		const char *s =
			json_string_value(json_object_get(json_array_get(reasons, i), "text"));
		char one[190];

		put_short(one, sizeof(one), s ? s : "?");
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? "; " : ": ",
					one);
	}
	json_decref(j);
	return err_set(e, E_POLICY, "the server gives no key, its verdict is \"%s\"%s%s", r->status,
		       text, n > 3 ? "; and more" : "");
}

/* ---- questions ---- */
/* @uuid, @epoch: of the volume that somebody waits for; *@for_a_volume: of a refusal, see refused(). */
static int ask_round(struct disk *d, const struct round_ask *ask, const u8 uuid[16], u64 epoch,
		     bool *for_a_volume, struct err *e)
{
	struct round_result r;
	long long since_ms = clock_monotonic_ms();
	int rc = d->attest(d->user, ask, &r, e);

	disk_times_asked(d, since_ms, rc ? NULL : r.ms);
	if (rc)
		return rc;
	for (size_t i = 0; i < r.n_shares; i++)
		disk_keep(d, &r.shares[i]);
	disk_keep_answer(d, ask, &r);
	rc = disk_held(d, uuid, epoch) && r.n_shares ? 0 : refused(&r, for_a_volume, e);
	round_result_clear(&r);
	return rc;
}

static struct round_volume *add(struct round_ask *ask, const u8 uuid[16], u32 counter, u64 epoch)
{
	size_t at = ask->n++;

	for (; at && memcmp(ask->volumes[at - 1].uuid, uuid, 16) > 0; at--)
		ask->volumes[at] = ask->volumes[at - 1];
	ask->volumes[at] = (struct round_volume){ .counter = counter, .epoch = epoch };
	memcpy(ask->volumes[at].uuid, uuid, 16);
	return &ask->volumes[at];
}

int disk_ask_one(struct disk *d, const u8 uuid[16], u32 counter, u64 epoch, enum eat_volume_act act,
		 const u8 *proof, struct err *e)
{
	struct round_ask ask = { 0 };
	struct round_volume *v = add(&ask, uuid, counter, epoch);
	bool for_a_volume;

	v->act = act;
	if (proof)
		memcpy(v->proof, proof, CAP_PROOF_LEN);
	return ask_round(d, &ask, uuid, epoch, &for_a_volume, e);
}

/* ---- one attestation for all volumes ---- */
/* Their headers are not seen from here: of each the epoch at which its counter stands, and the server adds the next. */
static void add_others(struct disk *d, const u8 uuid[16], struct round_ask *ask)
{
	for (size_t i = 0; i < d->s->n_volumes && ask->n < VOLUMES_MAX; i++) {
		const struct agent_volume *v = &d->s->volumes[i];
		struct err why = { 0 };
		u64 value;

		if (v->counter && memcmp(v->uuid, uuid, 16) &&
		    !tpm_counter_read(*d->tpm, v->counter, &value, &why))
			add(ask, v->uuid, v->counter, value);
	}
}

static void mark_others(struct disk *d, const struct round_ask *ask, const u8 uuid[16])
{
	d->n_beside = 0;
	for (size_t i = 0; i < ask->n; i++)
		if (memcmp(ask->volumes[i].uuid, uuid, 16))
			memcpy(d->beside[d->n_beside++], ask->volumes[i].uuid, 16);
	d->beside_until_ms = clock_monotonic_ms() + BESIDE_MS;
}

/* Once: who asks for the same volume again wants to know what is so now. */
static bool came_beside(struct disk *d, const u8 uuid[16], u64 epoch)
{
	for (size_t i = 0; i < d->n_beside; i++) {
		if (memcmp(d->beside[i], uuid, 16))
			continue;
		memmove(d->beside[i], d->beside[--d->n_beside], 16);
		return clock_monotonic_ms() < d->beside_until_ms && disk_held(d, uuid, epoch);
	}
	return false;
}

int disk_ask_all(struct disk *d, const u8 uuid[16], u32 counter, u64 epoch, struct err *e)
{
	struct round_ask ask = { 0 };
	bool for_a_volume = false;
	int rc;

	if (came_beside(d, uuid, epoch))
		return 0;
	add(&ask, uuid, counter, epoch);
	if (!d->asks_alone)
		add_others(d, uuid, &ask);
	rc = ask_round(d, &ask, uuid, epoch, &for_a_volume, e);
	if (!rc) {
		mark_others(d, &ask, uuid);
		return 0;
	}
	if (rc != E_POLICY || ask.n == 1 || !for_a_volume)
		return rc;
	/* the server gives all or none: one that is no volume of this host any more does not keep the others closed */
	d->asks_alone = true;
	*e = (struct err){ 0 };
	return disk_ask_one(d, uuid, counter, epoch, VOLUME_GET, NULL, e);
}
