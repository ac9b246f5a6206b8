// SPDX-License-Identifier: Apache-2.0
#include "anchors.h"

#include <stdlib.h>

#include "common/file.h"
#include "common/log.h"

struct anchors {
	struct trust_store *roots;
	struct crls *crls;
	u8 state[32];
	bool spoilt; /* a list was changed in the database: nobody knows whom it revoked */
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
	crls_drop(&a->crls);
	free(a);
	*ap = NULL;
}

size_t anchors_count(const struct anchors *a)
{
	return a->n;
}

const struct crls *anchors_crls(const struct anchors *a)
{
	return a->crls;
}

const u8 *anchors_state(const struct anchors *a)
{
	return a->state;
}

/* What was taken, in its order. */
static void add_to_state(struct anchors *a, struct bytes b)
{
	struct bytes both[] = { BYTES(a->state), BYTES_NONE };
	struct digest d = sha256_of(b), next;

	both[1] = digest_bytes(&d);
	next = digest_of(DIGEST_SHA256, both, 2);
	memcpy(a->state, next.at, sizeof(a->state));
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
	for (size_t i = 0; i < l->n; i++) {
		add_to_state(a, cert_der(l->at[i]));
		if (trust_store_add(a->roots, l->at[i], e))
			return (int)e->code;
	}
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

static int add_crl(struct anchors *a, struct bytes b, struct err *e)
{
	add_to_state(a, b);
	return crls_add(a->crls, b, e);
}

static int add_crl_file(void *user, const char *path, struct err *e)
{
	OWNED(buf) b = NULL;

	if (file_read(path, CRL_FILE_MAX, &b, e))
		return (int)e->code;
	return add_crl(user, buf_bytes(b), e) ? err_while(e, "%s", path) : 0;
}

struct adding {
	struct anchors *a;
	const u8 *skip;
	int (*add)(struct anchors *a, struct bytes b, struct err *e);
	const char *event;
};

static int take_one(void *user, const struct signer_row *row, struct err *e)
{
	struct adding *ad = user;
	struct digest digest = sha256_of(row->bytes);

	if (ad->skip && digest_equals(&digest, (struct bytes){ ad->skip, 32 }))
		return 0;
	if (!row->genuine) {
		log_event(LOG_LEVEL_ERROR, ad->event,
			  LOG_T("why", "row was changed in the database"));
		ad->a->spoilt |= ad->add == add_crl;
		return 0;
	}
	return ad->add(ad->a, row->bytes, e);
}

static int add_rows(struct tx *tx, struct anchors *a, enum signer_kind kind,
		    const struct anchors_but *but, struct err *e)
{
	bool here = but && but->kind == kind;
	struct adding ad = { a, here ? but->skip : NULL, kind == SIGNER_CRL ? add_crl : add_der,
			     kind == SIGNER_CRL ? "crl-left-out" : "anchor-left-out" };

	if (signer_rows_all(tx, kind, take_one, &ad, e))
		return (int)e->code;
	return here && but->more.len ? ad.add(a, but->more, e) : 0;
}

int anchors_load(struct tx *tx, const struct settings *s, const struct anchors_but *but,
		 struct anchors **out, struct err *e)
{
	OWNED(anchors) a = calloc(1, sizeof(*a));

	if (!a || !(a->roots = trust_store_new()) || !(a->crls = crls_new()))
		return err_set(e, E_MEMORY, "no memory for trust anchors");
	if ((s->corim_roots[0] && folder_each(s->corim_roots, "trust anchors", add_file, a, e)) ||
	    (s->corim_crls[0] &&
	     folder_each(s->corim_crls, "revocation lists", add_crl_file, a, e)) ||
	    add_rows(tx, a, SIGNER_ANCHOR, but, e) || add_rows(tx, a, SIGNER_CRL, but, e))
		return (int)e->code;
	*out = TAKE(a);
	return 0;
}

/* Of several refusals the one by a signer's key tells more than that another key is another. */
int anchors_check(const struct anchors *a, struct corim *c, long long unix_s, struct err *e)
{
	struct err first = { 0 };

	if (a->spoilt)
		return err_set(e, E_SIGNATURE,
			       "a revocation list was changed in the database: "
			       "remove it and bring it again");
	if (!c->is_signed || c->x5chain || !a->n_lists)
		return corim_check_signature(c, a->roots, NULL, a->crls, unix_s, e);
	for (size_t i = 0; i < a->n_lists; i++) {
		*e = (struct err){ 0 };
		if (!corim_check_signature(c, a->roots, a->at[i], a->crls, unix_s, e))
			return 0;
		if (!first.code || first.code == E_SIGNATURE)
			first = *e;
	}
	*e = first;
	return (int)e->code;
}
