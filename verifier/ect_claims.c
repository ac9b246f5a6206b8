// SPDX-License-Identifier: Apache-2.0
/*
 * What a device says of itself beside its measurement blocks: concise evidence in its manifest, and the
 * DiceTcbInfo of its certificates. Nothing has to be there; what is, is held against reference values.
 * SPEC: draft-ietf-rats-evidence-trans 4.1 (DICE), 4.2 (SPDM manifest)
 */
#include <stdio.h>
#include <stdlib.h>

#include "ect.h"
#include "proto/coev.h"
#include "proto/dice.h"

enum { MANIFEST_INDEX = 0xfd, SVH_CBOR = 0x0a };

struct ect_claims_memory {
	struct coev *coev;
	size_t n_infos;
	struct dice_tcb_info *infos;
};

void ect_claims_drop(struct ect_claims **cp)
{
	struct ect_claims *c = cp ? *cp : NULL;

	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		ect_drop(&c->at[i]);
	if (c->memory) {
		coev_drop(&c->memory->coev);
		free(c->memory->infos);
		free(c->memory);
	}
	free(c);
	*cp = NULL;
}

static struct ect *add(struct ect_claims *c, const struct corim_env *env, size_t n)
{
	struct ect *x = c->n < ECT_CLAIMS_MAX ? ect_new(n) : NULL;

	if (!x)
		return NULL;
	x->env = *env;
	c->at[c->n++] = x;
	return x;
}

static void add_element(struct ect *x, const struct corim_element *el, const char *name)
{
	struct ect_info *info = &x->info[x->n];

	x->elements[x->n++] = *el;
	info->vector = TV_IF_KNOWN;
	snprintf(info->name, sizeof(info->name), "%s", name);
}

/* ---- concise evidence ---- */
/* Before 1.3 the manifest is the block's value; from 1.3 on a standard's header says what it is. */
static struct bytes manifest_of(const struct spdm_block *b)
{
	struct reader r = reader_on(b->value);
	struct bytes tag, rest;
	u8 id, len;

	if (b->type == SPDM_VALUE_MANIFEST)
		return b->value;
	if (b->type != SPDM_VALUE_STRUCTURED_MANIFEST)
		return BYTES_NONE;
	id = read_u8(&r, "SVH id");
	len = read_u8(&r, "SVH length");
	if (r.why || id != SVH_CBOR || len > r.left.len)
		return BYTES_NONE;
	/* the header's vendor id is the CBOR tag of the item, which may or may not begin with it once more */
	tag = (struct bytes){ r.left.at, len };
	rest = bytes_slice(r.left, len, r.left.len - len);
	return rest.len >= len && bytes_equal((struct bytes){ rest.at, len }, tag) ? rest : r.left;
}

static struct spdm_block block_at(const struct verified_device *d, u8 index)
{
	struct reader record = reader_on(d->evidence->answer.record);

	while (record.left.len && !record.why) {
		struct spdm_block b = spdm_next_block(&record);

		if (!record.why && b.index == index)
			return b;
	}
	return (struct spdm_block){ 0 };
}

/* spdm-indirect: the value is that of a block that the device measured anyway */
static void resolve(const struct verified_device *d, struct corim_element *el)
{
	struct spdm_block b;
	u8 index;

	if (!coev_indirect(&el->mval, &index))
		return;
	b = block_at(d, index);
	if (b.index != index)
		return; /* it names what is not there: the element stays without a value */
	el->mval.indirect = BYTES_NONE;
	ect_set_block_value(&el->mval, &b, d->evidence->nego.meas_hash);
}

/* A file by its path, which is what its element is called; what is no ASCII in it is shown as "?". */
static void name_of(const struct corim_triple *t, size_t i, size_t k, size_t j, char out[96])
{
	struct cbor c = cbor_on(t->elements[j].mkey, CBOR_WELL_FORMED);
	struct bytes path = t->software ? cbor_text(&c, "path") : BYTES_NONE;

	snprintf(out, 96, "manifest evidence %zu.%zu element %zu", i, k, j);
	if (!t->software || c.r.why)
		return;
	if (path.len > 80) /* its end tells more */
		path = bytes_slice(path, path.len - 80, 80);
	snprintf(out, 96, "manifest file %.*s", (int)path.len, (const char *)path.at);
	for (char *p = out; *p; p++)
		if ((u8)*p < 0x20 || (u8)*p > 0x7e)
			*p = '?';
}

static void take_coev(const struct verified_device *d, struct ect_claims *c)
{
	struct spdm_block b = block_at(d, MANIFEST_INDEX);
	struct bytes manifest = b.index ? manifest_of(&b) : BYTES_NONE;
	struct err none = { 0 };
	char name[96];

	/* a manifest in another format is no fault: nobody has to write this one */
	if (!manifest.len || coev_parse(manifest, &c->memory->coev, &none))
		return;
	for (size_t i = 0; i < c->memory->coev->n; i++) {
		const struct corim *ev = c->memory->coev->at[i];

		for (size_t k = 0; k < ev->n_references; k++) {
			const struct corim_triple *t = &ev->references[k];
			struct ect *x = add(c, &t->env, t->n);

			for (size_t j = 0; x && j < t->n; j++) {
				struct corim_element el = t->elements[j];

				resolve(d, &el);
				name_of(t, i, k, j, name);
				add_element(x, &el, name);
			}
		}
	}
}

/* ---- DICE ---- */
static bool says_something(const struct dice_tcb_info *info)
{
	const struct corim_env *e = &info->env;

	return (e->class_id.len || e->vendor.len || e->model.len || e->has_layer || e->has_index) &&
	       corim_mval_points(&info->mval);
}

static int take_dice(const struct verified_device *d, struct ect_claims *c, struct err *e)
{
	const struct cert_list *certs = d->evidence->certs;
	struct dice_tcb_info *infos;
	char name[96];

	if (!certs || !certs->n)
		return 0;
	infos = calloc(certs->n * DICE_INFOS_MAX, sizeof(*infos));
	if (!infos)
		return err_set(e, E_MEMORY, "no memory for DICE claims");
	c->memory->infos = infos;
	for (size_t i = 0; i < certs->n; i++) {
		struct dice_tcb_info *row = &infos[i * DICE_INFOS_MAX];
		struct err none = { 0 };
		int n = dice_tcb_infos(certs->at[i], row, &none);

		for (int k = 0; k < n; k++) {
			struct ect *x = says_something(&row[k]) ? add(c, &row[k].env, 1) : NULL;
			struct corim_element el = { .mval = row[k].mval };

			snprintf(name, sizeof(name), "certificate %zu TcbInfo %d", i, k);
			if (x)
				add_element(x, &el, name);
		}
	}
	return 0;
}

int ect_claims_of_device(const struct verified_device *d, struct ect_claims **out, struct err *e)
{
	OWNED(ect_claims) c = calloc(1, sizeof(*c));

	if (!c || !(c->memory = calloc(1, sizeof(*c->memory))))
		return err_set(e, E_MEMORY, "no memory for a device's claims");
	if (d->evidence) {
		take_coev(d, c);
		if (take_dice(d, c, e))
			return (int)e->code;
	}
	*out = TAKE(c);
	return 0;
}
