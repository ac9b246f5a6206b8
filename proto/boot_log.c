// SPDX-License-Identifier: Apache-2.0
#include "boot_log.h"

#include <stdlib.h>
#include <string.h>

#include "common/reader.h"
#include "tpm_attest.h"

enum { SPEC_ID_LEN = 16, LOCALITY_HCRTM = 4 };

static const struct {
	u32 type;
	const char *name;
} names[] = {
#define X(id, number) { id, #id },
	BOOT_EVENT_TYPES(X)
#undef X
};

const char *boot_event_name(u32 type)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].type == type)
			return names[i].name;
	return NULL;
}

/* The first event of a crypto-agile log, in the old form: which banks the others carry. */
static void take_spec_id(struct reader *r, struct boot_log *l, u16 sizes[BOOT_LOG_BANKS_MAX])
{
	u32 n;

	read_bytes(r, SPEC_ID_LEN, "SpecID signature");
	read_bytes(r, 8, "platformClass, version, errata, uintnSize");
	n = read_le32(r, "numberOfAlgorithms");
	if (!r->why && (n == 0 || n > BOOT_LOG_BANKS_MAX))
		reader_fail(r, "numberOfAlgorithms is zero or too many");
	for (u32 i = 0; i < n && !r->why; i++) {
		l->tpm_alg[i] = read_le16(r, "algorithmId");
		sizes[i] = read_le16(r, "digestSize");
		l->alg[i] = tpm_digest_alg(l->tpm_alg[i]);
		if (!r->why && (sizes[i] == 0 || sizes[i] > DIGEST_MAX ||
				(l->alg[i] && sizes[i] != digest_len(l->alg[i]))))
			reader_fail(r, "digestSize does not fit algorithmId");
		for (u32 k = 0; k < i; k++)
			if (l->tpm_alg[k] == l->tpm_alg[i])
				reader_fail(r, "algorithmId twice");
	}
	l->n_banks = r->why ? 0 : n;
	read_bytes(r, read_u8(r, "vendorInfoSize"), "vendorInfo");
	read_done(r);
}

static void take_digests(struct reader *r, const struct boot_log *l,
			 const u16 sizes[BOOT_LOG_BANKS_MAX], struct boot_event *ev)
{
	u32 count = read_le32(r, "digest count");

	if (!r->why && count != l->n_banks)
		reader_fail(r, "digest count is not that of the log's header");
	for (u32 i = 0; i < count && !r->why; i++) {
		u16 alg = read_le16(r, "digest algorithm");
		int bank = boot_log_bank(l, alg);

		if (r->why)
			return;
		if (bank < 0 || ev->digests[bank].len) {
			reader_fail(r, "digest algorithm unknown to the log's header, or twice");
			return;
		}
		ev->digests[bank] = read_bytes(r, sizes[bank], "digest");
	}
}

/*
 * What PCR 0 starts from. TPM2_Startup comes from locality 0 or 3; 4 says that an H-CRTM was measured
 * before it. It is told once, before anything stands in PCR 0.
 */
static void take_startup_locality(struct reader *r, struct boot_log *l, const struct boot_event *ev)
{
	static const char mark[] = "StartupLocality"; /* with its NUL: 16 bytes */
	u8 value;

	if (ev->pcr || ev->data.len < sizeof(mark) || memcmp(ev->data.at, mark, sizeof(mark)))
		return;
	if (ev->data.len != sizeof(mark) + 1) {
		reader_fail(r, "StartupLocality is not one byte");
		return;
	}
	value = ev->data.at[sizeof(mark)];
	if (value != 0 && value != 3 && value != LOCALITY_HCRTM)
		reader_fail(r, "StartupLocality is none that a TPM starts from");
	else if (l->has_locality)
		reader_fail(r, "StartupLocality twice");
	else if (l->pcr0_begun)
		reader_fail(r, "StartupLocality after an event of PCR 0");
	l->startup_locality = value;
	l->has_locality = true;
}

/* An H-CRTM is measured before TPM2_Startup: PCR 0 starts at 4 then, whether or not the log says it again. */
static void take_first_of_pcr_0(struct reader *r, struct boot_log *l, const struct boot_event *ev)
{
	if (ev->type == EV_EFI_HCRTM_EVENT) {
		if (l->pcr0_begun)
			reader_fail(r, "EV_EFI_HCRTM_EVENT is not the first event of PCR 0");
		else if (l->has_locality && l->startup_locality != LOCALITY_HCRTM)
			reader_fail(r,
				    "EV_EFI_HCRTM_EVENT, and StartupLocality says there is none");
		l->startup_locality = LOCALITY_HCRTM;
	}
	l->pcr0_begun = true;
}

static void take_event(struct reader *r, struct boot_log *l, bool agile,
		       const u16 sizes[BOOT_LOG_BANKS_MAX])
{
	struct boot_event *ev = &l->events[l->n_events];
	u32 size;

	*ev = (struct boot_event){ .pcr = read_le32(r, "pcrIndex"),
				   .type = read_le32(r, "eventType") };
	if (agile)
		take_digests(r, l, sizes, ev);
	else
		ev->digests[0] = read_bytes(r, 20, "digest");
	size = read_le32(r, "eventSize");
	if (!r->why && size > BOOT_EVENT_MAX)
		reader_fail(r, "eventSize is larger than any event may be");
	ev->data = read_bytes(r, size, "event");
	if (!r->why && ev->pcr >= TPM_PCRS && ev->type != EV_NO_ACTION)
		reader_fail(r, "pcrIndex is none that a TPM has");
	if (r->why)
		return;
	if (ev->type == EV_NO_ACTION)
		take_startup_locality(r, l, ev);
	else if (ev->pcr == 0)
		take_first_of_pcr_0(r, l, ev);
	if (!r->why)
		l->n_events++;
}

/* Grown as events come: a log of a few hundred must not cost what the longest one may. */
static int make_room(struct boot_log *l, struct err *e)
{
	size_t room = l->room ? 2 * l->room : 128;
	struct boot_event *more;

	if (l->n_events == BOOT_EVENTS_MAX)
		return err_set(e, E_LIMIT, "boot log has more than %d events", BOOT_EVENTS_MAX);
	if (l->n_events < l->room)
		return 0;
	more = reallocarray(l->events, room, sizeof(*more));
	if (!more)
		return err_set(e, E_MEMORY, "no memory for a boot log");
	l->events = more;
	l->room = room;
	return 0;
}

int boot_log_parse(struct bytes log, struct boot_log **out, struct err *e)
{
	OWNED(boot_log) l = calloc(1, sizeof(*l));
	struct reader r = reader_on(log);
	u16 sizes[BOOT_LOG_BANKS_MAX] = { 20 };
	bool agile;

	if (log.len > BOOT_LOG_MAX)
		return err_set(e, E_LIMIT, "boot log of %zu bytes, at most %d", log.len,
			       BOOT_LOG_MAX);
	if (!l)
		return err_set(e, E_MEMORY, "no memory for a boot log");
	if (make_room(l, e))
		return (int)e->code;
	l->n_banks = 1;
	l->tpm_alg[0] = TPM_ALG_SHA1;
	l->alg[0] = DIGEST_SHA1;
	take_event(&r, l, false, sizes);
	agile = l->n_events && l->events[0].type == EV_NO_ACTION &&
		l->events[0].data.len >= SPEC_ID_LEN &&
		!memcmp(l->events[0].data.at, "Spec ID Event03", SPEC_ID_LEN);
	if (agile) {
		struct reader spec = reader_on(l->events[0].data);

		take_spec_id(&spec, l, sizes);
		if (spec.why)
			return err_set(e, E_FORMAT, "boot log header: %s%s", spec.why,
				       spec.cut ? " is cut off" : "");
		l->events[0].digests[0] = BYTES_NONE; /* all zero, extended nowhere */
	}
	while (!r.why && r.left.len) {
		if (make_room(l, e))
			return (int)e->code;
		take_event(&r, l, agile, sizes);
	}
	if (read_done(&r))
		return err_set(e, E_FORMAT, "boot log event %zu: %s%s", l->n_events, r.why,
			       r.cut ? " is cut off" : "");
	if (!l->n_events)
		return err_set(e, E_FORMAT, "boot log has no event");
	*out = TAKE(l);
	return 0;
}

void boot_log_drop(struct boot_log **l)
{
	if (!l || !*l)
		return;
	free((*l)->events);
	free(*l);
	*l = NULL;
}

int boot_log_bank(const struct boot_log *l, u16 tpm_alg)
{
	for (size_t i = 0; i < l->n_banks; i++)
		if (l->tpm_alg[i] == tpm_alg)
			return (int)i;
	return -1;
}

int boot_log_replay(const struct boot_log *l, size_t bank, struct digest pcrs[TPM_PCRS],
		    u32 *touched, struct err *e)
{
	enum digest_alg alg = bank < l->n_banks ? l->alg[bank] : DIGEST_NONE;
	size_t len = digest_len(alg);

	if (!len)
		return err_set(e, E_UNSUPPORTED,
			       "boot log bank of an algorithm that cannot be replayed");
	for (u32 i = 0; i < TPM_PCRS; i++) {
		pcrs[i] = (struct digest){ .alg = alg };
		memset(pcrs[i].at, i >= 17 && i <= 22 ? 0xff : 0, len);
	}
	pcrs[0].at[len - 1] = l->startup_locality;
	*touched = 0;
	for (size_t i = 0; i < l->n_events; i++) {
		const struct boot_event *ev = &l->events[i];
		struct bytes pieces[2];

		if (ev->type == EV_NO_ACTION)
			continue;
		pieces[0] = digest_bytes(&pcrs[ev->pcr]);
		pieces[1] = ev->digests[bank];
		pcrs[ev->pcr] = digest_of(alg, pieces, 2);
		*touched |= 1u << ev->pcr;
	}
	return 0;
}
