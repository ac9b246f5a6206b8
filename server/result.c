// SPDX-License-Identifier: Apache-2.0
#include "result.h"

#include <stdlib.h>

enum { SENTENCE_MAX = 400 };

struct sentences {
	char text[EAR_REASONS_MAX][SENTENCE_MAX];
	const char *at[EAR_REASONS_MAX];
};

bool result_form_of(const char *word, enum result_form *out)
{
	*out = word && !strcmp(word, "cwt") ? RESULT_CWT : RESULT_JWT;
	return !word || !strcmp(word, "cwt") || !strcmp(word, "jwt");
}

/* Found values come from devices: one byte that is no text would spoil the whole result. */
static void plain(char *text)
{
	for (; *text; text++)
		if ((u8)*text < 0x20 || (u8)*text > 0x7e)
			*text = '?';
}

/* Worst first: what is cut off then matters less. */
static void take_sentences(struct ear_submod *sub, const struct reasons *reasons,
			   struct sentences *into)
{
	static const enum ear_tier order[] = { TIER_CONTRAINDICATED, TIER_WARNING, TIER_NONE };

	sub->reasons = into->at;
	for (size_t t = 0; t < ARRAY_LEN(order); t++)
		for (size_t i = 0; i < reasons->n; i++) {
			const struct reason *r = &reasons->at[i];
			char *text;

			if (r->tier != order[t] || r->alternative || strcmp(r->device, sub->name))
				continue;
			if (sub->n_reasons == EAR_REASONS_MAX)
				return;
			text = into->text[sub->n_reasons];
			reason_text(r, text, SENTENCE_MAX);
			plain(text);
			into->at[sub->n_reasons++] = text;
		}
}

int result_make(const struct ear *draft, const struct appraisal *a, const struct reasons *reasons,
		enum result_form form, const struct keypair *key, struct buf **out, struct err *e)
{
	struct ear_submod *subs = calloc(a->n, sizeof(*subs));
	struct sentences *why = calloc(a->n, sizeof(*why));
	struct ear ear = *draft;
	int rc;

	if (!subs || !why) {
		rc = err_set(e, E_MEMORY, "no memory for a result");
		goto out;
	}
	for (size_t i = 0; i < a->n; i++) {
		subs[i].name = a->at[i].name;
		subs[i].status = (int)a->at[i].status;
		memcpy(subs[i].vector, a->at[i].vector, sizeof(subs[i].vector));
		take_sentences(&subs[i], reasons, &why[i]);
	}
	ear.n = a->n;
	ear.submods = subs;
	rc = (form == RESULT_CWT ? ear_write_cwt : ear_write)(&ear, key, out, e);
out:
	free(subs);
	free(why);
	return rc;
}
