// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "corim.h"

static void put_env(struct writer *w, const struct corim_env *env)
{
	size_t n = (size_t) !!env->class_id.len + !!env->vendor.len + !!env->model.len +
		   env->has_layer + env->has_index;

	cbor_put_map(w, (n ? 1u : 0u) + !!env->instance.len + !!env->group.len);
	if (n) {
		cbor_put_uint(w, 0);
		cbor_put_map(w, n);
		if (env->class_id.len) {
			cbor_put_uint(w, 0);
			write_bytes(w, env->class_id);
		}
		if (env->vendor.len) {
			cbor_put_uint(w, 1);
			cbor_put_text(w, env->vendor);
		}
		if (env->model.len) {
			cbor_put_uint(w, 2);
			cbor_put_text(w, env->model);
		}
		if (env->has_layer) {
			cbor_put_uint(w, 3);
			cbor_put_uint(w, env->layer);
		}
		if (env->has_index) {
			cbor_put_uint(w, 4);
			cbor_put_uint(w, env->index);
		}
	}
	if (env->instance.len) {
		cbor_put_uint(w, 1);
		write_bytes(w, env->instance);
	}
	if (env->group.len) {
		cbor_put_uint(w, 2);
		write_bytes(w, env->group);
	}
}

static void put_flags(struct writer *w, const struct corim_mval *m)
{
	cbor_put_map(w, (size_t)__builtin_popcount(m->flags_known));
	for (unsigned int i = 0; i < CORIM_FLAGS; i++)
		if (m->flags_known & 1u << i) {
			cbor_put_uint(w, i);
			cbor_put_bool(w, m->flags & 1u << i);
		}
}

static void put_end(struct writer *w, bool there, long long end)
{
	if (there)
		cbor_put_int(w, end);
	else
		cbor_put_null(w);
}

static void put_range(struct writer *w, const struct corim_range *r)
{
	if (r->is_range) {
		cbor_put_tag(w, 564);
		cbor_put_array(w, 2);
		put_end(w, r->has_min, r->min);
	}
	put_end(w, r->has_max, r->max);
}

static void put_mval(struct writer *w, const struct corim_mval *m)
{
	cbor_put_map(w, (size_t)m->has_version + m->has_svn + !!m->n_digests + !!m->flags_known +
				m->has_raw + m->n_plain + !!m->registers.len + m->has_range);
	if (m->has_version) {
		cbor_put_uint(w, 0);
		cbor_put_map(w, m->version_scheme.len ? 2 : 1);
		cbor_put_uint(w, 0);
		cbor_put_text(w, m->version);
		if (m->version_scheme.len) {
			cbor_put_uint(w, 1);
			write_bytes(w, m->version_scheme);
		}
	}
	if (m->has_svn) {
		cbor_put_uint(w, 1);
		cbor_put_tag(w, m->min_svn ? 553 : 552);
		cbor_put_uint(w, m->svn);
	}
	if (m->n_digests) {
		cbor_put_uint(w, 2);
		cbor_put_array(w, m->n_digests);
		for (size_t i = 0; i < m->n_digests; i++) {
			cbor_put_array(w, 2);
			cbor_put_int(w, m->digests[i].alg);
			cbor_put_bytes(w, m->digests[i].bytes);
		}
	}
	if (m->flags_known) {
		cbor_put_uint(w, 3);
		put_flags(w, m);
	}
	if (m->has_raw) {
		cbor_put_uint(w, 4);
		cbor_put_tag(w, m->raw_mask.len ? 563 : 560);
		if (m->raw_mask.len)
			cbor_put_array(w, 2);
		cbor_put_bytes(w, m->raw);
		if (m->raw_mask.len)
			cbor_put_bytes(w, m->raw_mask);
	}
	for (size_t i = 0; i < m->n_plain;
	     i++) { /* 6 to 13; by ascending key, as they were put there */
		cbor_put_uint(w, m->plain[i].key);
		write_bytes(w, m->plain[i].item);
	}
	if (m->registers.len) {
		cbor_put_uint(w, 14);
		write_bytes(w, m->registers);
	}
	if (m->has_range) {
		cbor_put_uint(w, 15);
		put_range(w, &m->range);
	}
}

static void put_triple(struct writer *w, const struct corim_triple *t)
{
	cbor_put_array(w, 2);
	put_env(w, &t->env);
	cbor_put_array(w, t->n);
	for (size_t i = 0; i < t->n; i++) {
		cbor_put_map(w, t->elements[i].mkey.len ? 2 : 1);
		if (t->elements[i].mkey.len) {
			cbor_put_uint(w, 0);
			write_bytes(w, t->elements[i].mkey);
		}
		cbor_put_uint(w, 1);
		put_mval(w, &t->elements[i].mval);
	}
}

static void put_states(struct writer *w, const struct corim_triple *t, size_t n)
{
	cbor_put_array(w, n);
	for (size_t i = 0; i < n; i++)
		put_triple(w, &t[i]);
}

static void put_comid(struct writer *w, const struct corim_draft *d)
{
	cbor_put_map(w, 2);
	cbor_put_uint(w, 1);
	cbor_put_map(w, 1);
	cbor_put_uint(w, 0);
	cbor_put_text(w, bytes_text(d->id));
	cbor_put_uint(w, 4);
	cbor_put_map(w, (size_t) !!d->n + !!d->n_endorsed + !!d->n_conditional);
	if (d->n) {
		cbor_put_uint(w, 0);
		put_states(w, d->triples, d->n);
	}
	if (d->n_endorsed) {
		cbor_put_uint(w, 1);
		put_states(w, d->endorsed, d->n_endorsed);
	}
	if (d->n_conditional) {
		cbor_put_uint(w, 10);
		cbor_put_array(w, d->n_conditional);
	}
	for (size_t i = 0; i < d->n_conditional; i++) {
		cbor_put_array(w, 2);
		put_states(w, d->conditional[i].conditions, d->conditional[i].n_conditions);
		put_states(w, d->conditional[i].additions, d->conditional[i].n_additions);
	}
}

static void put_time(struct writer *w, u64 key, long long t)
{
	cbor_put_uint(w, key);
	cbor_put_tag(w, 1);
	cbor_put_int(w, t);
}

static int put_unsigned(const struct corim_draft *d, struct writer *w, struct err *e)
{
	OWNED(buf) comid = buf_new(CORIM_MAX);

	if (!comid)
		return err_set(e, E_MEMORY, "no memory for a CoMID");
	put_comid(&comid->w, d);
	if (comid->w.full)
		return err_set(e, E_LIMIT, "CoMID is larger than %d bytes", CORIM_MAX);
	if (cbor_check(buf_bytes(comid), CBOR_STRICT,
		       e)) /* text that came from a device may not be UTF-8 */
		return err_while(e, "write a CoMID");
	cbor_put_tag(w, 501);
	cbor_put_map(w, d->not_after ? 3 : 2);
	cbor_put_uint(w, 0);
	cbor_put_text(w, bytes_text(d->id));
	cbor_put_uint(w, 1);
	cbor_put_array(w, 1);
	cbor_put_tag(w, 506);
	cbor_put_bytes(w, buf_bytes(comid));
	if (d->not_after) {
		cbor_put_uint(w, 4);
		cbor_put_map(w, d->not_before ? 2 : 1);
		if (d->not_before)
			put_time(w, 0, d->not_before);
		put_time(w, 1, d->not_after);
	}
	return 0;
}

static void put_protected(const struct corim_draft *d, const struct keypair *key,
			  const struct cert_list *chain, struct writer *w)
{
	u8 room[256];
	struct writer meta = writer_on(room, sizeof(room));

	cbor_put_map(&meta, 1);
	cbor_put_uint(&meta, 0);
	cbor_put_map(&meta, 1);
	cbor_put_uint(&meta, 0);
	cbor_put_text(&meta, bytes_text(d->signer));
	cbor_put_map(w, chain ? 4 : 3);
	cbor_put_uint(w, COSE_HDR_ALG);
	cbor_put_int(w, cose_alg_of(keypair_pub(key)));
	cbor_put_uint(w, COSE_HDR_CONTENT_TYPE);
	cbor_put_text(w, bytes_text("application/rim+cbor"));
	cbor_put_uint(w, COSE_HDR_CORIM_META);
	cbor_put_bytes(w, write_done(&meta));
	if (!chain)
		return;
	cbor_put_uint(w, COSE_HDR_X5CHAIN);
	if (chain->n > 1)
		cbor_put_array(w, chain->n);
	for (size_t i = 0; i < chain->n; i++)
		cbor_put_bytes(w, cert_der(chain->at[i]));
}

int corim_write(const struct corim_draft *d, const struct keypair *key,
		const struct cert_list *chain, struct buf **out, struct err *e)
{
	OWNED(buf) payload = buf_new(CORIM_MAX);
	OWNED(buf) protected = buf_new(CORIM_MAX);
	OWNED(buf) whole = buf_new(CORIM_MAX);

	if (!payload || !protected || !whole)
		return err_set(e, E_MEMORY, "no memory for a CoRIM");
	if (strlen(d->id) > 100 || (d->signer && strlen(d->signer) > 100))
		return err_set(e, E_USAGE, "CoRIM id or signer name is longer than 100 characters");
	if (put_unsigned(d, &payload->w, e))
		return (int)e->code;
	if (payload->w.full)
		return err_set(e, E_LIMIT, "CoRIM is larger than %d bytes", CORIM_MAX);
	if (!key) {
		*out = TAKE(payload);
		return 0;
	}
	put_protected(d, key, chain, &protected->w);
	if (cose_sign1_write(buf_bytes(protected), buf_bytes(payload), key, &whole->w, e))
		return (int)e->code;
	*out = TAKE(whole);
	return 0;
}
