// SPDX-License-Identifier: Apache-2.0
/* IMA's list: is it what the quoted PCR 10 stands for, and does it start where the server's knowledge ends? */
#include <stdio.h>

#include "verify_run.h"

/* A list that ends this near to the most that a token holds was cut by its agent. */
enum { CUT_NEAR = IMA_LIST_MAX - IMA_DATA_MAX - 128 };

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
	r->v->ima.whole_wanted = true;
	return err_set(
		e, E_FRESHNESS,
		"the list starts with entry %llu, and what comes before it is not known here",
		(unsigned long long)from->next);
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
	if (ima_replay(ima->entries, IMA_BINARY, &out->place.pcr10, &quoted, &n, &len, e))
		return e->code == E_BINDING && ima->entries.len > CUT_NEAR
			       ? err_while(e, "as much as a token holds")
			       : (int)e->code;
	if (out->first + n > IMA_ENTRIES_MAX)
		return err_set(e, E_LIMIT, "IMA list of more than %d entries", IMA_ENTRIES_MAX);
	out->entries = bytes_slice(ima->entries, 0, len);
	out->place.next = out->first + n;
	return 0;
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
	int rc;

	if (!r->t->logs.ima.sent || r->t->logs.ima.why.len) {
		check_none(r);
		return;
	}
	if (r->v->checks.result[CHECK_QUOTE_DIGEST] != PASSED) {
		check_failed(r, NULL, CHECK_IMA_LOG,
			     "there are no quoted PCR values to compare it with");
		return;
	}
	rc = replay(r, e);
	check_judged(r, NULL, CHECK_IMA_LOG, rc, e);
	r->v->ima.there = !rc;
}
