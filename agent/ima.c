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
	out->entries = r.left;
	if (extent == IMA_CUT)
		log_event(LOG_LEVEL_WARN, "ima-cut", LOG_N("bytes", out->entries.len),
			  LOG_T("why", "the list is longer than a token holds"));
}

void ima_heard(struct ima_sent *sent, const json_t *answer, const struct tpm_quoted *quoted,
	       const struct tpm_clock *clock)
{
	json_t *next = json_object_get(json_object_get(answer, "ima"), "next");
	long long n = json_integer_value(next);

	sent->known = json_is_integer(next) && n >= 0 && n <= IMA_ENTRIES_MAX;
	if (!sent->known)
		return;
	sent->place = (struct ima_place){ .reset_count = clock->reset_count,
					  .restart_count = clock->restart_count,
					  .next = (u64)n };
	quoted_pcr10(quoted, &sent->place.pcr10);
}
