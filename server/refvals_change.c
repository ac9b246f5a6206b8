// SPDX-License-Identifier: Apache-2.0
/* A change of reference values or of who may sign them: tried out, written with its audit record, swapped in. */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "refvals_inside.h"

/* What a change needs while it is on its way. */
struct changing {
	struct refvals *r;
	struct refvals_change *ch;
	struct buf *bytes, *beside; /* of the row that is activated */
	bool there, active, is_signed;
	long long until;
	char id[CORIM_ID_MAX];
	size_t triples;
	long long now_s;
};

static int copy_row(void *user, const struct corim_row *row, struct err *e)
{
	struct changing *c = user;

	c->active = row->active;
	c->is_signed = row->is_signed;
	c->until = row->until;
	c->bytes = buf_copy(row->bytes);
	c->beside = buf_copy(row->beside);
	return c->bytes && c->beside ? 0 : err_set(e, E_MEMORY, "no memory for a CoRIM");
}

static int find_row(struct tx *tx, void *arg, struct err *e)
{
	struct changing *c = arg;
	int rc = corim_row_find(tx, c->ch->digest, copy_row, c, e);

	c->there = !rc || rc == E_SIGNATURE;
	/* a row that is not genuine can be deleted, and nothing else */
	if (rc != E_NOTFOUND && !(rc == E_SIGNATURE && c->ch->verb == REFVALS_DELETE))
		return rc;
	*e = (struct err){ 0 };
	return 0;
}

static int compare_signer(void *user, const struct signer_row *row, struct err *e)
{
	struct changing *c = user;
	struct digest digest = sha256_of(row->bytes);

	(void)e;
	c->there |= digest_equals(&digest, BYTES(c->ch->digest));
	return 0;
}

static int find_signer(struct tx *tx, void *arg, struct err *e)
{
	struct changing *c = arg;

	return signer_rows_all(tx, c->ch->kind, compare_signer, c, e);
}

static bool is_about_signers(const struct refvals_change *ch)
{
	return ch->verb == REFVALS_ADD_SIGNER || ch->verb == REFVALS_REMOVE_SIGNER;
}

/* What is so already is not done again. Return: 0 with ch->fresh, or why it cannot be done. */
static int look(struct changing *c, struct err *e)
{
	struct refvals_change *ch = c->ch;

	if (store_read(c->r->store, is_about_signers(ch) ? find_signer : find_row, c, e))
		return (int)e->code;
	switch (ch->verb) {
	case REFVALS_IMPORT:
	case REFVALS_ADD_SIGNER:
		ch->fresh = !c->there;
		return 0;
	case REFVALS_REMOVE_SIGNER:
		ch->fresh = true;
		return c->there ? 0
				: err_set(e, E_NOTFOUND, "no such %s", signer_kind_name(ch->kind));
	case REFVALS_ACTIVATE:
		ch->fresh = !c->active || c->until != ch->until;
		break;
	case REFVALS_DEACTIVATE:
		ch->fresh = c->active;
		break;
	default:
		ch->fresh = true;
	}
	return c->there ? 0 : err_set(e, E_NOTFOUND, "no such CoRIM");
}

/* The CoRIM that the change makes count, verified. */
static int read_added(struct changing *c, const struct anchors *anchors, struct corim **out,
		      struct err *e)
{
	struct refvals_change *ch = c->ch;
	bool import = ch->verb == REFVALS_IMPORT;
	OWNED(corim) corim = NULL;

	if (refvals_read(c->r, import ? ch->bytes : buf_bytes(c->bytes),
			 import ? ch->beside : buf_bytes(c->beside), &corim, e))
		return (int)e->code;
	if (ch->beside.len && import && !corim->is_signed)
		return err_set(e, E_USAGE, "CoRIM %s is not signed: nothing belongs beside it",
			       corim->id);
	/* unsigned: only where an operator said so when it came */
	if ((corim->is_signed || (import && !ch->unsigned_ok)) &&
	    anchors_check(anchors, corim, c->now_s, e))
		return (int)e->code;
	c->is_signed = corim->is_signed;
	c->triples = corim_triples(corim);
	snprintf(c->id, sizeof(c->id), "%s", corim->id);
	*out = TAKE(corim);
	return 0;
}

static bool is_known_problem(const struct refvals *r, const char *problem)
{
	const char *old;

	/* only changes replace the current snapshot, and this is the one change */
	for (size_t i = 0; (old = refs_problem(r->current->refs, i)); i++)
		if (!strcmp(old, problem))
			return true;
	return false;
}

/* A circle that was not there before: the change would close it. All that stand in it are named. */
static int check_circles(struct refvals *r, const struct snapshot *next, struct err *e)
{
	char text[ERR_TEXT_MAX] = "";
	const char *problem;
	size_t used = 0;

	for (size_t i = 0; (problem = refs_problem(next->refs, i)); i++)
		if (!is_known_problem(r, problem) && used < sizeof(text))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used ? "; " : "", problem);
	return used ? err_set(e, E_CONFLICT, "it would close a circle: %s", text) : 0;
}

/* Takes @added whatever the result. */
static int add_to(struct snapshot *s, const struct changing *c, struct corim *added, struct err *e)
{
	bool import = c->ch->verb == REFVALS_IMPORT;
	struct corim_row row = { .bytes = import ? c->ch->bytes : buf_bytes(c->bytes),
				 .beside = import ? c->ch->beside : buf_bytes(c->beside),
				 .is_signed = c->is_signed,
				 .until = c->ch->until };

	s->n_verified++;
	return snapshot_add(s, added, &row, e);
}

static int try_out(struct changing *c, const struct anchors *anchors, struct snapshot **out,
		   struct err *e)
{
	struct refvals_change *ch = c->ch;
	bool adds = ch->verb == REFVALS_IMPORT || ch->verb == REFVALS_ACTIVATE;
	OWNED(snapshot) s = NULL;
	struct corim *added = NULL;

	if (adds && read_added(c, anchors, &added, e))
		return (int)e->code;
	if (snapshot_load(c->r, anchors, is_about_signers(ch) ? NULL : ch->digest, &s, e)) {
		corim_drop(&added);
		return (int)e->code;
	}
	if (adds && add_to(s, c, added, e))
		return (int)e->code;
	if (snapshot_ready(s, e) || check_circles(c->r, s, e))
		return (int)e->code;
	*out = TAKE(s);
	return 0;
}

static int write_row(struct tx *tx, struct changing *c, struct err *e)
{
	struct refvals_change *ch = c->ch;
	struct bytes by = bytes_text(ch->actor);

	switch (ch->verb) {
	case REFVALS_IMPORT:
		return corim_row_insert(tx,
					&(struct corim_row){ .bytes = ch->bytes,
							     .beside = ch->beside,
							     .by = by,
							     .is_signed = c->is_signed,
							     .active = true,
							     .until = ch->until,
							     .changed = c->now_s },
					e);
	case REFVALS_ACTIVATE:
	case REFVALS_DEACTIVATE:
		return corim_row_set(tx, ch->digest, ch->verb == REFVALS_ACTIVATE, ch->until,
				     ch->actor, c->now_s, e);
	case REFVALS_DELETE:
		return corim_row_delete(tx, ch->digest, e);
	case REFVALS_ADD_SIGNER:
		return signer_row_insert(
			tx, ch->kind,
			&(struct signer_row){ .bytes = ch->bytes, .by = by, .added = c->now_s }, e);
	case REFVALS_REMOVE_SIGNER:
		return signer_row_delete(tx, ch->kind, ch->digest, e);
	}
	return err_set(e, E_INTERNAL, "no such change");
}

static const char *event_name(const struct refvals_change *ch)
{
	static const char *const corims[] = { [REFVALS_IMPORT] = "corim-imported",
					      [REFVALS_ACTIVATE] = "corim-activated",
					      [REFVALS_DEACTIVATE] = "corim-deactivated",
					      [REFVALS_DELETE] = "corim-deleted" };
	static const char *const signers[SIGNER_KINDS][2] = {
		[SIGNER_ANCHOR] = { "anchor-added", "anchor-removed" },
		[SIGNER_CRL] = { "crl-added", "crl-removed" }
	};

	return is_about_signers(ch) ? signers[ch->kind][ch->verb == REFVALS_REMOVE_SIGNER]
				    : corims[ch->verb];
}

static int write_change(struct tx *tx, void *arg, struct err *e)
{
	struct changing *c = arg;
	char detail[200], hex[65];

	if (write_row(tx, c, e))
		return (int)e->code;
	hex_write(BYTES(c->ch->digest), hex);
	if (c->ch->verb == REFVALS_IMPORT)
		snprintf(detail, sizeof(detail),
			 "{\"digest\":\"%s\",\"triples\":%zu,\"signed\":%s,\"until\":%lld}", hex,
			 c->triples, c->is_signed ? "true" : "false", c->ch->until);
	else
		snprintf(detail, sizeof(detail), "{\"digest\":\"%s\",\"until\":%lld}", hex,
			 c->ch->until);
	return audit_append(tx, c->ch->actor, event_name(c->ch), detail, e);
}

struct anchors_job {
	struct changing *c;
	struct anchors *next;
};

static int load_next_anchors(struct tx *tx, void *arg, struct err *e)
{
	struct anchors_job *j = arg;
	const struct refvals_change *ch = j->c->ch;

	const struct anchors_but but = {
		.kind = ch->kind,
		.skip = ch->verb == REFVALS_REMOVE_SIGNER ? ch->digest : NULL,
		.more = ch->verb == REFVALS_ADD_SIGNER ? ch->bytes : BYTES_NONE
	};

	return anchors_load(tx, j->c->r->settings, &but, &j->next, e);
}

static int change(struct changing *c, struct err *e)
{
	struct anchors_job j = { c, NULL };
	OWNED(snapshot) s = NULL;
	int rc;

	if (look(c, e) || !c->ch->fresh)
		return (int)e->code;
	rc = is_about_signers(c->ch) ? store_read(c->r->store, load_next_anchors, &j, e) : 0;
	if (!rc)
		rc = try_out(c, j.next ? j.next : c->r->anchors, &s, e);
	if (!rc)
		rc = store_write(c->r->store, write_change, c, e);
	if (rc) {
		anchors_drop(&j.next);
		return rc;
	}
	if (j.next)
		refvals_sign_by(c->r, j.next);
	refvals_swap(c->r, TAKE(s));
	return 0;
}

/* One list that is in force: an old one would only take away what it cannot clear. */
static int check_crl(struct bytes b, long long now_s, struct err *e)
{
	OWNED(crls) crls = crls_new();
	struct crl_about about;

	if (!crls)
		return err_set(e, E_MEMORY, "no memory for a revocation list");
	if (crls_add(crls, b, e))
		return (int)e->code;
	if (crls_count(crls) != 1 || !crls_tell(crls, 0, &about))
		return err_set(e, E_FORMAT, "one revocation list at a time");
	if (now_s > about.next_update)
		return err_set(e, E_FRESHNESS, "revocation list of %s has expired", about.issuer);
	return 0;
}

int refvals_change(struct refvals *r, struct refvals_change *ch, struct err *e)
{
	struct changing c = { .r = r, .ch = ch, .now_s = clock_now_s() };
	struct digest digest;
	int rc;

	if (ch->verb == REFVALS_IMPORT || ch->verb == REFVALS_ADD_SIGNER) {
		digest = sha256_of(ch->bytes);
		memcpy(ch->digest, digest.at, 32);
	}
	if (ch->until && ch->until <= c.now_s)
		return err_set(e, E_USAGE, "the update window has ended already");
	if (ch->verb == REFVALS_ADD_SIGNER && ch->kind == SIGNER_CRL &&
	    check_crl(ch->bytes, c.now_s, e))
		return (int)e->code;
	pthread_mutex_lock(&r->change);
	rc = change(&c, e);
	pthread_mutex_unlock(&r->change);
	buf_drop(&c.bytes);
	buf_drop(&c.beside);
	return rc;
}
