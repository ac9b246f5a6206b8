// SPDX-License-Identifier: Apache-2.0
/* Snapshots: made from rows and trust anchors, taken and given back, swapped. */
#include "refvals_inside.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"

int refvals_read(const struct refvals *r, struct bytes bytes, struct bytes beside,
		 struct corim **out, struct err *e)
{
	return corim_read(bytes, r->settings->corim_old_shapes ? CORIM_OLD_SHAPES : CORIM_DRAFT_11,
			  beside, out, e);
}

/* ---- making one ---- */
void snapshot_drop(struct snapshot **sp)
{
	struct snapshot *s = sp ? *sp : NULL;

	if (!s)
		return;
	refs_drop(&s->refs);
	free(s->held);
	free(s);
	*sp = NULL;
}

int snapshot_add(struct snapshot *s, struct corim *c, struct bytes bytes, long long until,
		 struct err *e)
{
	struct digest digest = corim_row_digest(bytes);
	u8(*more)[32];

	if (until && (!c->not_after || until < c->not_after))
		c->not_after = until; /* an update window is one more validity */
	if (s->n_held == s->held_cap) {
		s->held_cap = s->held_cap ? 2 * s->held_cap : 64;
		more = reallocarray(s->held, s->held_cap, sizeof(*more));
		if (!more) {
			corim_drop(&c);
			return err_set(e, E_MEMORY, "no memory for reference values");
		}
		s->held = more;
	}
	memcpy(s->held[s->n_held++], digest.at, 32);
	return refs_add(s->refs, c, e);
}

struct loading {
	struct refvals *r;
	const struct anchors *anchors;
	const u8 *skip;
	struct snapshot *s;
};

/* Signed ones are verified again by their own signature; unsigned ones stand on the row's MAC. */
static int check_row(const struct loading *l, const struct corim_row *row, struct corim **out,
		     struct err *e)
{
	if (!row->genuine)
		return err_set(e, E_SIGNATURE, "row was changed in the database");
	if (refvals_read(l->r, row->bytes, row->beside, out, e))
		return (int)e->code;
	return row->is_signed ? anchors_check(l->anchors, *out, clock_now_s(), e) : 0;
}

static int take_corim(void *user, const struct corim_row *row, struct err *e)
{
	struct loading *l = user;
	struct digest digest = corim_row_digest(row->bytes);
	OWNED(corim) c = NULL;
	struct err why = { 0 };

	if (l->skip && digest_equals(&digest, (struct bytes){ l->skip, 32 }))
		return 0;
	if (check_row(l, row, &c, &why)) {
		log_event(LOG_LEVEL_ERROR, "corim-left-out", LOG_T("corim", c ? c->id : "?"),
			  LOG_T("why", why.text));
		return 0;
	}
	return snapshot_add(l->s, TAKE(c), row->bytes, row->until, e);
}

static int load_rows(struct tx *tx, void *arg, struct err *e)
{
	return corim_rows_active(tx, take_corim, arg, e);
}

int snapshot_load(struct refvals *r, const struct anchors *anchors, const u8 *skip,
		  struct snapshot **out, struct err *e)
{
	OWNED(snapshot) s = calloc(1, sizeof(*s));
	struct loading l = { r, anchors, skip, s };

	if (!s || !(s->refs = refs_new_with(r->settings->refs)))
		return err_set(e, E_MEMORY, "no memory for reference values");
	if (store_read(r->store, load_rows, &l, e))
		return (int)e->code;
	*out = TAKE(s);
	return 0;
}

static int by_digest(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

int snapshot_ready(struct snapshot *s, struct err *e)
{
	if (s->n_held)
		qsort(s->held, s->n_held, sizeof(*s->held), by_digest);
	return refs_ready(s->refs, e);
}

/* ---- which one counts ---- */
static void drop_unused(struct refvals *r)
{
	for (struct snapshot **at = &r->old; *at;) {
		struct snapshot *s = *at;

		if (s->users) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		snapshot_drop(&s);
	}
}

void refvals_swap(struct refvals *r, struct snapshot *s)
{
	pthread_mutex_lock(&r->lock);
	if (r->current) {
		r->current->next = r->old;
		r->old = r->current;
	}
	r->current = s;
	drop_unused(r);
	pthread_mutex_unlock(&r->lock);
}

struct refs *refvals_take(struct refvals *r)
{
	struct refs *refs;

	pthread_mutex_lock(&r->lock);
	r->current->users++;
	refs = r->current->refs;
	pthread_mutex_unlock(&r->lock);
	return refs;
}

void refvals_give(struct refvals *r, struct refs *snapshot)
{
	pthread_mutex_lock(&r->lock);
	if (r->current->refs == snapshot)
		r->current->users--;
	for (struct snapshot *s = r->old; s; s = s->next)
		if (s->refs == snapshot)
			s->users--;
	drop_unused(r);
	pthread_mutex_unlock(&r->lock);
}

bool refvals_holds(struct refvals *r, const u8 digest[32])
{
	bool held;

	pthread_mutex_lock(&r->lock);
	held = r->current->n_held && bsearch(digest, r->current->held, r->current->n_held,
					     sizeof(*r->current->held), by_digest);
	pthread_mutex_unlock(&r->lock);
	return held;
}

size_t refvals_n_anchors(struct refvals *r)
{
	size_t n;

	pthread_mutex_lock(&r->change);
	n = anchors_count(r->anchors);
	pthread_mutex_unlock(&r->change);
	return n;
}

/* ---- life ---- */
static int load_anchors(struct tx *tx, void *arg, struct err *e)
{
	struct refvals *r = arg;

	return anchors_load(tx, r->settings->corim_roots, NULL, NULL, &r->anchors, e);
}

int refvals_open(struct store *store, const struct settings *settings, struct refvals **out,
		 struct err *e)
{
	OWNED(refvals) r = calloc(1, sizeof(*r));
	OWNED(snapshot) s = NULL;

	if (!r)
		return err_set(e, E_MEMORY, "no memory for reference values");
	r->store = store;
	r->settings = settings;
	pthread_mutex_init(&r->lock, NULL);
	pthread_mutex_init(&r->change, NULL);
	if (store_read(store, load_anchors, r, e) || snapshot_load(r, r->anchors, NULL, &s, e) ||
	    snapshot_ready(s, e))
		return (int)e->code;
	refvals_swap(r, TAKE(s));
	*out = TAKE(r);
	return 0;
}

void refvals_drop(struct refvals **rp)
{
	struct refvals *r = rp ? *rp : NULL;

	if (!r)
		return;
	if (r->current) {
		r->current->next = r->old;
		r->old = r->current;
		r->old->users = 0;
	}
	drop_unused(r);
	anchors_drop(&r->anchors);
	pthread_mutex_destroy(&r->lock);
	pthread_mutex_destroy(&r->change);
	free(r);
	*rp = NULL;
}
