// SPDX-License-Identifier: Apache-2.0
#include "ima.h"

#include "collector/ima.h"
#include "collector/service.h"
#include "common/log.h"

static void set_reason(struct eat_ima *out, struct buf **kept, const struct err *e)
{
	char text[IMA_WHY_MAX + 1];
	size_t n = 0;

	for (; e->text[n] && n < IMA_WHY_MAX; n++)
		text[n] = e->text[n] < 0x20 || e->text[n] > 0x7e ? '?' : e->text[n];
	log_event(LOG_LEVEL_WARN, "ima-left-out", LOG_T("why", e->text));
	buf_drop(kept);
	*kept = buf_copy((struct bytes){ (const u8 *)text, n });
	*out = (struct eat_ima){ .sent = *kept != NULL, .why = buf_bytes(*kept) };
}

/* PCR 10 of every quoted bank, ascending; the TPM lists its banks as it likes. */
static void quoted_pcr10(const struct tpm_quoted *q, struct ima_banks *out)
{
	*out = (struct ima_banks){ 0 };
	for (int alg = DIGEST_SHA1; alg <= DIGEST_SHA512; alg++)
		for (size_t i = 0; i < q->selection.n && out->n < IMA_BANKS_MAX; i++)
			if (q->selection.bank[i].alg == tpm_alg_of((enum digest_alg)alg))
				out->at[out->n++] = q->pcrs[i][IMA_PCR];
}

static int ask(const struct agent_settings *s, u64 first, struct buf **kept, struct err *e)
{
	u8 room[8];
	struct writer w = writer_on(room, sizeof(room));

	write_be64(&w, first);
	return collector_ask(s->collector_socket, COLLECT_IMA, write_done(&w), kept, e);
}

void ima_take(const struct agent_settings *s, const struct tpm_quoted *quoted,
	      const struct tpm_clock *clock, const struct ima_sent *sent, struct eat_ima *out,
	      struct buf **kept)
{
	bool goes_on = sent && sent->known && sent->place.reset_count == clock->reset_count &&
		       sent->place.restart_count == clock->restart_count;
	struct err e = { 0 };
	struct reader r;
	u8 extent;

	*out = (struct eat_ima){ .sent = true };
	if (goes_on)
		out->from = sent->place;
	if (goes_on && ask(s, out->from.next, kept, &e)) {
		goes_on =
			false; /* a list that is shorter than it was: the server shall see all of it */
		e = (struct err){ 0 };
	}
	if (!goes_on) {
		out->from = (struct ima_place){ .reset_count = clock->reset_count,
						.restart_count = clock->restart_count };
		quoted_pcr10(quoted, &out->from.pcr10);
		for (size_t i = 0; i < out->from.pcr10.n; i++)
			memset(out->from.pcr10.at[i].at, 0, DIGEST_MAX);
		if (ask(s, 0, kept, &e)) {
			set_reason(out, kept, &e);
			return;
		}
	}
	r = reader_on(buf_bytes(*kept));
	extent = read_u8(&r, "extent of the IMA list");
	out->sent = extent != IMA_NONE;
	out->more = extent == IMA_CUT;
	out->entries = r.left;
}

/* A number of the answer's member "ima". */
static bool take_number(const json_t *answer, const char *name, u64 *out)
{
	const json_t *j = json_object_get(json_object_get(answer, "ima"), name);
	long long n = json_integer_value(j);

	*out = (u64)n;
	return json_is_integer(j) && n >= 0 && n <= IMA_ENTRIES_MAX;
}

void ima_heard(struct ima_sent *sent, const struct ima_place *from, const json_t *answer,
	       const struct tpm_quoted *quoted, const struct tpm_clock *clock)
{
	u64 next, entries;

	sent->known = take_number(answer, "next", &next) &&
		      take_number(answer, "entries", &entries) &&
		      (next == entries || next == from->next);
	if (!sent->known)
		return;
	/* the pieces are good, and what follows them was not accepted: from there again */
	sent->place = *from;
	if (next != entries)
		return;
	sent->place = (struct ima_place){ .reset_count = clock->reset_count,
					  .restart_count = clock->restart_count,
					  .next = next };
	quoted_pcr10(quoted, &sent->place.pcr10);
}

int ima_piece_taken(struct ima_sent *sent, const struct eat_ima *piece, const json_t *answer,
		    const struct tpm_quoted *quoted, struct err *e)
{
	struct ima_place behind = piece->from;
	struct ima_banks end;
	size_t n, len;
	bool reached;
	u64 next;

	sent->known = false;
	quoted_pcr10(quoted, &end);
	if (!piece->more || !take_number(answer, "next", &next))
		return err_set(e, E_FORMAT, "server wants the rest of a list that was not a piece");
	if (ima_replay_piece(piece->entries, IMA_BINARY, &behind.pcr10, &end, &n, &len, &reached,
			     e))
		return (int)e->code;
	behind.next += n;
	if (!n || behind.next != next)
		return err_set(
			e, E_FORMAT,
			"server goes on from entry %llu, and the piece ends before entry %llu",
			(unsigned long long)next, (unsigned long long)behind.next);
	*sent = (struct ima_sent){ .known = true, .place = behind };
	return 0;
}
