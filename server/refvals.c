// SPDX-License-Identifier: Apache-2.0
/* Snapshots: made from rows and trust anchors, taken and given back, swapped. */
#include "refvals_inside.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/file.h"
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
	for (size_t i = 0; i < s->n_held; i++)
		corim_drop(&s->held[i].corim);
	refs_drop(&s->refs);
	free(s->held);
	free(s);
	*sp = NULL;
}

/* Takes @h->corim whatever the result. */
static int hold(struct snapshot *s, const struct held *h, struct err *e)
{
	struct corim *c = h->corim;

	if (s->n_held == s->held_cap) {
		size_t cap = s->held_cap ? 2 * s->held_cap : 64;
		struct held *more = reallocarray(s->held, cap, sizeof(*more));

		if (!more) {
			corim_drop(&c);
			return err_set(e, E_MEMORY, "no memory for reference values");
		}
		s->held = more;
		s->held_cap = cap;
	}
	s->held[s->n_held++] = *h;
	return refs_add(s->refs, corim_share(c), e);
}

static void end_at(struct corim *c, long long until)
{
	if (until && (!c->not_after || until < c->not_after))
		c->not_after = until;
}

int snapshot_add(struct snapshot *s, struct corim *c, const struct corim_row *row, struct err *e)
{
	struct digest digest = corim_row_digest(row->bytes), beside = sha256_of(row->beside);
	struct held h = { .until = row->until, .is_signed = row->is_signed, .corim = c };

	memcpy(h.digest, digest.at, sizeof(h.digest));
	memcpy(h.beside, beside.at, sizeof(h.beside));
	end_at(c, row->until); /* an update window is one more validity */
	if (row->is_signed)
		end_at(c, c->signer_until);
	return hold(s, &h, e);
}

struct loading {
	struct refvals *r;
	const struct anchors *anchors;
	const u8 *skip;
	const struct snapshot *before; /* made by the same anchors, or NULL */
	struct snapshot *s;
	long long now_s;
};

/* Signed ones are verified by their own signature; unsigned ones stand on the row's MAC. */
static int check_row(const struct loading *l, const struct corim_row *row, struct corim **out,
		     struct err *e)
{
	if (!row->genuine)
		return err_set(e, E_SIGNATURE, "row was changed in the database");
	if (refvals_read(l->r, row->bytes, row->beside, out, e))
		return (int)e->code;
	return row->is_signed ? anchors_check(l->anchors, *out, l->now_s, e) : 0;
}

static int take_corim(void *user, const struct corim_row *row, struct err *e)
{
	struct loading *l = user;
	OWNED(corim) c = NULL;
	struct err why = { 0 };

	l->s->n_verified++;
	if (!check_row(l, row, &c, &why))
		return snapshot_add(l->s, TAKE(c), row, e);
	log_event(LOG_LEVEL_ERROR, "corim-left-out", LOG_T("corim", c ? c->id : "?"),
		  LOG_T("why", why.text));
	return c ? refs_leave_out(l->s->refs, TAKE(c), why.text, e) : 0;
}

static int by_digest(const void *a, const void *b)
{
	return memcmp(a, b, 32); /* both begin with it */
}

static const struct held *find_held(const struct snapshot *s, const u8 digest[32])
{
	return s->n_held ? bsearch(digest, s->held, s->n_held, sizeof(*s->held), by_digest) : NULL;
}

/* The same bytes, verified by the same anchors, within their time: nothing is left to find out. */
static const struct held *still_good(const struct loading *l, const struct corim_head *head)
{
	const struct held *h = l->before ? find_held(l->before, head->digest.at) : NULL;

	if (!h || h->until != head->row.until || h->is_signed != head->row.is_signed ||
	    (h->corim->not_after && l->now_s > h->corim->not_after) ||
	    (h->corim->not_before && l->now_s < h->corim->not_before))
		return NULL;
	return corim_head_genuine(head, h->digest, h->beside) ? h : NULL;
}

static int take_head(void *user, const struct corim_head *head, struct err *e)
{
	struct loading *l = user;
	const struct held *h;
	struct held shared;

	if (l->skip && bytes_equal(head->digest, (struct bytes){ l->skip, 32 }))
		return 0;
	h = still_good(l, head);
	if (!h)
		return corim_head_row(head, take_corim, l, e);
	shared = *h;
	shared.corim = corim_share(h->corim);
	return hold(l->s, &shared, e);
}

static int load_rows(struct tx *tx, void *arg, struct err *e)
{
	return corim_heads_active(tx, take_head, arg, e);
}

int snapshot_load(struct refvals *r, const struct anchors *anchors, const u8 *skip,
		  struct snapshot **out, struct err *e)
{
	OWNED(snapshot) s = calloc(1, sizeof(*s));
	struct loading l = { r, anchors, skip, NULL, s, clock_now_s() };

	if (!s || !(s->refs = refs_new_with(r->settings->refs)))
		return err_set(e, E_MEMORY, "no memory for reference values");
	memcpy(s->state, anchors_state(anchors), sizeof(s->state));
	/* only who holds r->change replaces the current one */
	if (r->current && !memcmp(r->current->state, s->state, sizeof(s->state)))
		l.before = r->current;
	if (store_read(r->store, load_rows, &l, e))
		return (int)e->code;
	*out = TAKE(s);
	return 0;
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

void refvals_sign_by(struct refvals *r, struct anchors *next)
{
	struct anchors *before;

	pthread_mutex_lock(&r->signers);
	before = r->anchors;
	r->anchors = next;
	pthread_mutex_unlock(&r->signers);
	anchors_drop(&before);
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

bool refvals_holds(struct refvals *r, const u8 digest[32], long long now_s)
{
	const struct held *h;
	bool counts;

	pthread_mutex_lock(&r->lock);
	h = find_held(r->current, digest);
	counts = h && (!h->corim->not_after || now_s <= h->corim->not_after) &&
		 (!h->corim->not_before || now_s >= h->corim->not_before);
	pthread_mutex_unlock(&r->lock);
	return counts;
}

size_t refvals_n_verified(struct refvals *r)
{
	size_t n;

	pthread_mutex_lock(&r->lock);
	n = r->current->n_verified;
	pthread_mutex_unlock(&r->lock);
	return n;
}

int refvals_check(struct refvals *r, struct corim *c, long long now_s, struct err *e)
{
	int rc;

	pthread_mutex_lock(&r->signers);
	rc = anchors_check(r->anchors, c, now_s, e);
	pthread_mutex_unlock(&r->signers);
	return rc;
}

size_t refvals_n_crls(struct refvals *r, struct crl_about *first)
{
	struct crl_about one;
	size_t n = 0;

	pthread_mutex_lock(&r->signers);
	for (; crls_tell(anchors_crls(r->anchors), n, &one); n++)
		if (!n || one.next_update < first->next_update)
			*first = one;
	pthread_mutex_unlock(&r->signers);
	return n;
}

size_t refvals_n_anchors(struct refvals *r)
{
	size_t n;

	pthread_mutex_lock(&r->signers);
	n = anchors_count(r->anchors);
	pthread_mutex_unlock(&r->signers);
	return n;
}

/* ---- the folder of revocation lists: somebody fetches them, and asks nobody ---- */
enum { LOOK_EVERY_S = 60 };

struct anchors_read {
	const struct settings *settings;
	struct anchors *anchors;
};

static int look_at(void *user, const char *path, struct err *e)
{
	u8 *seen = user;
	struct bytes parts[] = { { seen, 32 }, bytes_text(path), BYTES_NONE };
	struct stat st = { 0 };
	long long facts[4];
	struct digest d;

	(void)e;
	if (!stat(path, &st)) {
		facts[0] = st.st_mtim.tv_sec;
		facts[1] = st.st_mtim.tv_nsec;
		facts[2] = st.st_size;
		facts[3] = (long long)st.st_ino;
		parts[2] = (struct bytes){ (const u8 *)facts, sizeof(facts) };
	}
	d = digest_of(DIGEST_SHA256, parts, 3);
	memcpy(seen, d.at, 32);
	return 0;
}

static int load_anchors(struct tx *tx, void *arg, struct err *e)
{
	struct anchors_read *a = arg;

	return anchors_load(tx, a->settings, NULL, &a->anchors, e);
}

static int read_anchors(struct refvals *r, struct anchors **out, struct err *e)
{
	struct anchors_read a = { .settings = r->settings };
	int rc = store_read(r->store, load_anchors, &a, e);

	*out = a.anchors;
	return rc;
}

static int read_again(struct refvals *r, struct err *e)
{
	u8 seen[32] = { 0 };
	struct anchors *next = NULL;
	OWNED(snapshot) s = NULL;

	if (folder_each(r->settings->corim_crls, "revocation lists", look_at, seen, e))
		return (int)e->code;
	if (!memcmp(seen, r->crls_seen, sizeof(seen)))
		return 0;
	if (read_anchors(r, &next, e) || snapshot_load(r, next, NULL, &s, e) ||
	    snapshot_ready(s, e)) {
		anchors_drop(&next);
		return (int)e->code;
	}
	memcpy(r->crls_seen, seen, sizeof(seen));
	refvals_sign_by(r, next);
	refvals_swap(r, TAKE(s));
	return 0;
}

/*
 * What cannot be read leaves all as it was, until it is tried again: what the old lists cleared counts no
 * longer than they do.
 */
void refvals_refresh(struct refvals *r)
{
	struct err e = { 0 };
	long long now_s = clock_now_s();
	long long looked = __atomic_load_n(&r->looked_s, __ATOMIC_RELAXED);

	if (!r->settings->corim_crls[0] || (now_s >= looked && now_s - looked < LOOK_EVERY_S) ||
	    pthread_mutex_trylock(&r->change)) /* somebody changes something: at the next request */
		return;
	__atomic_store_n(&r->looked_s, now_s, __ATOMIC_RELAXED);
	if (read_again(r, &e))
		log_event(LOG_LEVEL_ERROR, "crls-not-read", LOG_T("why", e.text));
	pthread_mutex_unlock(&r->change);
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

/* ---- life ---- */
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
	pthread_mutex_init(&r->signers, NULL);
	r->looked_s = clock_now_s();
	if ((settings->corim_crls[0] &&
	     folder_each(settings->corim_crls, "revocation lists", look_at, r->crls_seen, e)) ||
	    read_anchors(r, &r->anchors, e) || snapshot_load(r, r->anchors, NULL, &s, e) ||
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
	pthread_mutex_destroy(&r->signers);
	free(r);
	*rp = NULL;
}
