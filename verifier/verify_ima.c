// SPDX-License-Identifier: Apache-2.0
/* IMA's list: is it what the quoted PCR 10 stands for, and does it start where the server's knowledge ends? */
#include <stdio.h>

#include "verify_run.h"

/* PCR 10 as quoted, of every active bank; the token's banks ascend. */
static int quoted_banks(const struct eat *t, struct ima_banks *out, struct err *e)
{
	*out = (struct ima_banks){ .n = t->n_banks };
	if (!t->n_banks || t->n_banks > IMA_BANKS_MAX)
		return err_set(e, E_UNSUPPORTED, "%zu banks are quoted, at most %d are replayed",
			       t->n_banks, IMA_BANKS_MAX);
	for (size_t i = 0; i < t->n_banks; i++) {
		const struct eat_bank *b = &t->banks[i];

		if (!(b->pcrs & 1u << IMA_PCR))
			return err_set(e, E_POLICY, "the quote leaves out PCR %d of bank 0x%04x",
				       IMA_PCR, b->alg);
		out->at[i].alg = tpm_digest_alg(b->alg);
		memcpy(out->at[i].at, b->value[IMA_PCR].at, b->value[IMA_PCR].len);
	}
	return 0;
}

/* An enabled bank that the list does not speak for would be a bank in which anything may have been extended. */
static int same_banks(const struct ima_banks *list, const struct eat *t, struct err *e)
{
	for (size_t i = 0; i < t->n_banks; i++)
		if (i >= list->n || tpm_alg_of(list->at[i].alg) != t->banks[i].alg)
			return err_set(e, E_POLICY,
				       "bank 0x%04x is active and the list has no PCR 10 to start "
				       "from in it",
				       t->banks[i].alg);
	return list->n == t->n_banks
		       ? 0
		       : err_set(e, E_POLICY, "the list starts in a bank that is not quoted");
}

static bool same_place(const struct ima_place *a, const struct ima_place *b)
{
	return a->reset_count == b->reset_count && a->restart_count == b->restart_count &&
	       a->next == b->next && ima_banks_equal(&a->pcr10, &b->pcr10);
}

/* Entry 0 follows a reset; any other has to follow what was judged already. */
static int check_start(struct run *r, struct err *e)
{
	const struct ima_place *from = &r->t->logs.ima.from;
	const struct tpm_clock *clock = &r->v->quote.clock;
	struct ima_banks zero = from->pcr10;

	if (from->reset_count != clock->reset_count || from->restart_count != clock->restart_count)
		return err_set(e, E_BINDING, "the list is of another boot than the quote");
	if (same_banks(&from->pcr10, r->t, e))
		return (int)e->code;
	for (size_t i = 0; i < zero.n; i++)
		memset(zero.at[i].at, 0, sizeof(zero.at[i].at));
	if (!from->next)
		return ima_banks_equal(&from->pcr10, &zero)
			       ? 0
			       : err_set(e, E_BINDING,
					 "the list starts with its first entry, and PCR 10 is not "
					 "zero there");
	if (r->ctx->ima_any_start || (r->ctx->ima_from && same_place(from, r->ctx->ima_from)))
		return 0;
	r->v->ima.after_pieces = r->ctx->ima_pending && same_place(from, r->ctx->ima_pending);
	if (r->v->ima.after_pieces)
		return 0;
	r->v->ima.whole_wanted = true;
	return err_set(
		e, E_FRESHNESS,
		"the list starts with entry %llu, and what comes before it is not known here",
		(unsigned long long)from->next);
}

/* What it takes to go on behind it: bounds for whoever keeps the place, who must be able to keep it. */
static int check_piece(const struct run *r, struct err *e)
{
	const struct eat_ima *ima = &r->t->logs.ima;

	if (ima->entries.len < IMA_PIECE_MIN)
		return err_set(e, E_POLICY,
			       "a piece of a list has %zu bytes, and at least %d while more follow",
			       ima->entries.len, IMA_PIECE_MIN);
	return r->ctx->caller_nonce
		       ? err_set(e, E_FRESHNESS,
				 "a list in pieces is not taken for a nonce of the caller's choice")
		       : 0;
}

static int replay(struct run *r, struct err *e)
{
	const struct eat_ima *ima = &r->t->logs.ima;
	struct verified_ima *out = &r->v->ima;
	struct ima_banks quoted;
	size_t n, len;

	if (check_start(r, e) || quoted_banks(r->t, &quoted, e))
		return (int)e->code;
	out->first = ima->from.next;
	out->place = ima->from;
	if (!ima->more &&
	    ima_replay(ima->entries, IMA_BINARY, &out->place.pcr10, &quoted, &n, &len, e))
		return (int)e->code;
	if (ima->more && ima_replay_piece(ima->entries, IMA_BINARY, &out->place.pcr10, &quoted, &n,
					  &len, &out->there, e))
		return (int)e->code;
	if (out->first + n > IMA_ENTRIES_MAX)
		return err_set(e, E_LIMIT, "IMA list of more than %d entries", IMA_ENTRIES_MAX);
	out->piece = ima->more && !out->there;
	if (out->piece && check_piece(r, e))
		return (int)e->code;
	out->entries = bytes_slice(ima->entries, 0, len);
	out->place.next = out->first + n;
	return 0;
}

/* Neither passed nor failed: nothing is affirmed on the word of a piece, and nothing speaks against the host yet. */
static void piece_came(struct run *r)
{
	struct reason *why = reasons_add(r->reasons, TIER_WARNING, CHECK_IMA_LOG, "host", "");

	snprintf(why->found, sizeof(why->found),
		 "entries %llu to %llu are a piece of it, the rest follows: nothing is proven yet",
		 (unsigned long long)r->v->ima.first, (unsigned long long)r->v->ima.place.next - 1);
}

/* Only the end of a list can show what its pieces are worth. */
static void replay_failed(struct run *r, struct err *e)
{
	struct verified_ima *ima = &r->v->ima;
	char text[300];

	ima->there = ima->piece = false;
	snprintf(text, sizeof(text), "%.299s", e->text);
	if (ima->after_pieces)
		snprintf(
			text, sizeof(text),
			"%.180s; the %llu entries before came in pieces, and are worth nothing now",
			e->text, (unsigned long long)r->t->logs.ima.from.next);
	check_failed(r, NULL, CHECK_IMA_LOG, text);
}

static void check_none(struct run *r)
{
	char text[300], why[IMA_WHY_MAX + 1];

	if (r->ctx->ima_required) {
		printable(r->t->logs.ima.why, why, sizeof(why));
		snprintf(text, sizeof(text), "no IMA list was sent%s%s", why[0] ? ": " : "", why);
		check_failed(r, NULL, CHECK_IMA_LOG, text);
	}
	check_passed(&r->v->checks, CHECK_IMA_LOG);
}

void check_ima_log(struct run *r, struct err *e)
{
	if (!r->t->logs.ima.sent || r->t->logs.ima.why.len) {
		check_none(r);
		return;
	}
	if (r->v->checks.result[CHECK_QUOTE_DIGEST] != PASSED) {
		check_failed(r, NULL, CHECK_IMA_LOG,
			     "there are no quoted PCR values to compare it with");
		return;
	}
	if (replay(r, e)) {
		replay_failed(r, e);
	} else if (r->v->ima.piece) {
		piece_came(r);
	} else {
		r->v->ima.there = true;
		check_passed(&r->v->checks, CHECK_IMA_LOG);
	}
}
