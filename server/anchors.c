// SPDX-License-Identifier: Apache-2.0
#include "anchors.h"

#include <stdlib.h>

#include "common/file.h"
#include "common/log.h"

struct anchors {
	struct trust_store *roots;
	size_t n;
	struct cert_list **at; /* in lists of as many as one list holds */
	size_t n_lists;
};

void anchors_drop(struct anchors **ap)
{
	struct anchors *a = ap ? *ap : NULL;

	if (!a)
		return;
	for (size_t i = 0; i < a->n_lists; i++)
		cert_list_drop(&a->at[i]);
	free(a->at);
	trust_store_drop(&a->roots);
	free(a);
	*ap = NULL;
}

size_t anchors_count(const struct anchors *a)
{
	return a->n;
}

/* A list is taken as it is: every certificate of it is an anchor. */
static int add_list(struct anchors *a, struct cert_list *l, struct err *e)
{
	struct cert_list **more = reallocarray(a->at, a->n_lists + 1, sizeof(*more));

	if (!more) {
		cert_list_drop(&l);
		return err_set(e, E_MEMORY, "no memory for trust anchors");
	}
	a->at = more;
	a->at[a->n_lists++] = l;
	for (size_t i = 0; i < l->n; i++)
		if (trust_store_add(a->roots, l->at[i], e))
			return (int)e->code;
	a->n += l->n;
	return 0;
}

static int add_der(struct anchors *a, struct bytes der, struct err *e)
{
	struct cert_list *l = NULL;

	return cert_list_from_der(der, &l, e) ? (int)e->code : add_list(a, l, e);
}

static int add_file(void *user, const char *path, struct err *e)
{
	struct cert_list *l = NULL;

	return cert_list_load(path, &l, e) ? (int)e->code : add_list(user, l, e);
}

struct adding {
	struct anchors *a;
	const u8 *skip;
};

static int take_anchor(void *user, const struct anchor_row *row, struct err *e)
{
	struct adding *ad = user;
	struct digest digest = sha256_of(row->der);

	if (ad->skip && digest_equals(&digest, (struct bytes){ ad->skip, 32 }))
		return 0;
	if (!row->genuine) {
		log_event(LOG_LEVEL_ERROR, "anchor-left-out",
			  LOG_T("why", "row was changed in the database"));
		return 0;
	}
	return add_der(ad->a, row->der, e);
}

int anchors_load(struct tx *tx, const char *folder, const u8 *skip, const struct cert *more,
		 struct anchors **out, struct err *e)
{
	OWNED(anchors) a = calloc(1, sizeof(*a));
	struct adding ad = { a, skip };

	if (!a || !(a->roots = trust_store_new()))
		return err_set(e, E_MEMORY, "no memory for trust anchors");
	if ((folder[0] && folder_each(folder, "trust anchors", add_file, a, e)) ||
	    anchor_rows_all(tx, take_anchor, &ad, e) || (more && add_der(a, cert_der(more), e)))
		return (int)e->code;
	*out = TAKE(a);
	return 0;
}

int anchors_check(const struct anchors *a, struct corim *c, long long unix_s, struct err *e)
{
	if (!c->is_signed || c->x5chain || !a->n_lists)
		return corim_check_signature(c, a->roots, NULL, unix_s, e);
	for (size_t i = 0; i < a->n_lists; i++)
		if (!corim_check_signature(c, a->roots, a->at[i], unix_s, e))
			return 0;
	return (int)e->code;
}
