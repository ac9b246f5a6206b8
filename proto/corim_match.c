// SPDX-License-Identifier: Apache-2.0
/* Does a value of the evidence satisfy a reference value? SPEC: draft-ietf-rats-corim-11 9.4, main of August 2026 */
#include "corim_comid.h"

/* Absent has no bytes at all; an empty text is a value like another. */
static bool contained(struct bytes condition, struct bytes entry)
{
	return !condition.at || (entry.at && bytes_equal(condition, entry));
}

bool corim_env_matches(const struct corim_env *c, const struct corim_env *a)
{
	return contained(c->class_id, a->class_id) && contained(c->vendor, a->vendor) &&
	       contained(c->model, a->model) && contained(c->instance, a->instance) &&
	       contained(c->group, a->group) &&
	       (!c->has_layer || (a->has_layer && c->layer == a->layer)) &&
	       (!c->has_index || (a->has_index && c->index == a->index));
}

static bool digests_match(const struct corim_mval *c, const struct corim_mval *a)
{
	size_t common = 0;

	for (size_t i = 0; i < c->n_digests; i++)
		for (size_t k = 0; k < a->n_digests; k++) {
			if (c->digests[i].alg != a->digests[k].alg || c->digests[i].alg < 0)
				continue;
			if (!bytes_equal(c->digests[i].bytes, a->digests[k].bytes))
				return false;
			common++;
		}
	return common > 0;
}

static bool svn_matches(const struct corim_mval *c, const struct corim_mval *a)
{
	if (a->min_svn)
		return c->min_svn && c->svn == a->svn;
	return c->min_svn ? a->svn >= c->svn : a->svn == c->svn;
}

static bool raw_matches(const struct corim_mval *c, const struct corim_mval *a)
{
	if (a->raw_mask.len || a->raw.len != c->raw.len ||
	    (c->raw_mask.len && c->raw_mask.len != c->raw.len))
		return false;
	for (size_t i = 0; i < c->raw.len; i++) {
		u8 mask = c->raw_mask.len ? c->raw_mask.at[i] : 0xff;

		if ((c->raw.at[i] ^ a->raw.at[i]) & mask)
			return false;
	}
	return true;
}

/* Within: a number is a range of one. An open end is only within an open end. */
static bool range_matches(const struct corim_range *c, const struct corim_range *a)
{
	return (!c->has_min || (a->has_min && a->min >= c->min)) &&
	       (!c->has_max || (a->has_max && a->max <= c->max));
}

struct register_id {
	bool is_text;
	u64 number;
	struct bytes text;
};

static struct register_id next_register(struct cbor *c, struct corim_mval *value)
{
	struct register_id id = { .is_text = cbor_peek(c) == CBOR_TEXT };

	if (id.is_text)
		id.text = cbor_text(c, "register");
	else
		id.number = cbor_uint(c, "register");
	*value = (struct corim_mval){ 0 };
	corim_take_digests(c, value);
	return id;
}

/* 5 and "5" are two registers. */
static bool register_matches(const struct register_id *want, const struct corim_mval *c,
			     struct bytes registers)
{
	struct cbor r = cbor_on(registers, CBOR_WELL_FORMED);
	size_t n = cbor_map(&r, "registers");

	for (size_t i = 0; i < n && !r.r.why; i++) {
		struct corim_mval a;
		struct register_id id = next_register(&r, &a);

		if (id.is_text == want->is_text && id.number == want->number &&
		    bytes_equal(id.text, want->text))
			return !r.r.why && digests_match(c, &a);
	}
	return false;
}

static bool registers_match(struct bytes condition, struct bytes entry)
{
	struct cbor r = cbor_on(condition, CBOR_WELL_FORMED);
	size_t n = cbor_map(&r, "registers");

	for (size_t i = 0; i < n && !r.r.why; i++) {
		struct corim_mval c;
		struct register_id id = next_register(&r, &c);

		if (!register_matches(&id, &c, entry))
			return false;
	}
	return n > 0 && !r.r.why;
}

static bool flags_match(const struct corim_mval *c, const struct corim_mval *a)
{
	return !(c->flags_known & ~a->flags_known) && !((c->flags ^ a->flags) & c->flags_known);
}

static bool version_matches(const struct corim_mval *c, const struct corim_mval *a)
{
	return bytes_equal(c->version, a->version) &&
	       contained(c->version_scheme, a->version_scheme);
}

enum corim_match corim_mval_matches(const struct corim_mval *c, const struct corim_mval *a)
{
	/* code point: wanted by the condition, there in the entry, and equal */
	const struct {
		bool wanted, there, equal;
	} points[] = {
		{ c->has_version, a->has_version, version_matches(c, a) },
		{ c->has_svn, a->has_svn, svn_matches(c, a) },
		{ c->n_digests, a->n_digests, digests_match(c, a) },
		{ c->flags_known, a->flags_known, flags_match(c, a) },
		{ c->has_raw, a->has_raw, raw_matches(c, a) },
		{ c->registers.len, a->registers.len,
		  c->registers.len && registers_match(c->registers, a->registers) },
		{ c->has_range, a->has_range, range_matches(&c->range, &a->range) },
	};
	size_t wanted = 0;
	bool absent = false, other = false;

	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		wanted += points[i].wanted;
		absent |= points[i].wanted && !points[i].there;
		other |= points[i].wanted && points[i].there && !points[i].equal;
	}
	if (c->others || !wanted)
		return CORIM_NO_COMPARISON;
	return other ? CORIM_OTHER_VALUE : absent ? CORIM_ABSENT : CORIM_MATCHES;
}

long long corim_alg_of(enum digest_alg alg)
{
	return alg == DIGEST_SHA256 ? 1 : alg == DIGEST_SHA384 ? 7 : alg == DIGEST_SHA512 ? 8 : 0;
}
