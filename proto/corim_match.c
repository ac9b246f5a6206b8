// SPDX-License-Identifier: Apache-2.0
/* Does a value of the evidence satisfy a reference value? SPEC: draft-ietf-rats-corim-11 9.4, main of August 2026 */
#include "corim_read.h"

/* Absent has no bytes at all; an empty text is a value like another. */
static bool contained(struct bytes condition, struct bytes entry)
{
	return !condition.at || (entry.at && bytes_equal(condition, entry));
}

static bool same_item(struct bytes a, struct bytes b)
{
	return bytes_equal(a, b) || (a.len && b.len && cbor_same(a, b));
}

static bool item_contained(struct bytes condition, struct bytes entry)
{
	return !condition.at || (entry.at && same_item(condition, entry));
}

bool corim_env_matches(const struct corim_env *c, const struct corim_env *a)
{
	return contained(c->vendor, a->vendor) && contained(c->model, a->model) &&
	       item_contained(c->class_id, a->class_id) &&
	       item_contained(c->instance, a->instance) && item_contained(c->group, a->group) &&
	       (!c->has_layer || (a->has_layer && c->layer == a->layer)) &&
	       (!c->has_index || (a->has_index && c->index == a->index));
}

static bool has_class(const struct corim_env *e)
{
	return e->class_id.at || e->vendor.at || e->model.at || e->has_layer || e->has_index;
}

bool corim_env_matches_by(enum corim_rules rules, const struct corim_env *c,
			  const struct corim_env *a)
{
	struct corim_env class_only = *a;

	if (!corim_env_matches(c, a))
		return false;
	if (rules == CORIM_CONTAINMENT || !has_class(c))
		return true;
	class_only.instance = class_only.group = BYTES_NONE;
	return corim_env_matches(&class_only, c);
}

static bool text_agrees(struct bytes a, struct bytes b)
{
	return !a.at || !b.at || bytes_equal(a, b);
}

static bool item_agrees(struct bytes a, struct bytes b)
{
	return !a.at || !b.at || same_item(a, b);
}

bool corim_env_agree(const struct corim_env *a, const struct corim_env *b)
{
	return text_agrees(a->vendor, b->vendor) && text_agrees(a->model, b->model) &&
	       item_agrees(a->class_id, b->class_id) && item_agrees(a->instance, b->instance) &&
	       item_agrees(a->group, b->group) &&
	       (!a->has_layer || !b->has_layer || a->layer == b->layer) &&
	       (!a->has_index || !b->has_index || a->index == b->index);
}

bool corim_mkey_same(struct bytes a, struct bytes b)
{
	return !a.at || !b.at ? !a.at && !b.at : same_item(a, b);
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

static bool flags_match(enum corim_rules rules, const struct corim_mval *c,
			const struct corim_mval *a)
{
	if (rules == CORIM_WHOLE && c->flags_known != a->flags_known)
		return false;
	return !(c->flags_known & ~a->flags_known) && !((c->flags ^ a->flags) & c->flags_known);
}

static bool version_matches(enum corim_rules rules, const struct corim_mval *c,
			    const struct corim_mval *a)
{
	if (rules == CORIM_WHOLE && !c->version_scheme.at != !a->version_scheme.at)
		return false;
	return bytes_equal(c->version, a->version) &&
	       item_contained(c->version_scheme, a->version_scheme);
}

struct bytes corim_plain_of(const struct corim_mval *m, u64 key)
{
	for (size_t i = 0; i < m->n_plain; i++)
		if (m->plain[i].key == key)
			return m->plain[i].item;
	return BYTES_NONE;
}

u32 corim_mval_points(const struct corim_mval *m)
{
	u32 points = 0;

	for (size_t i = 0; i < m->n_plain; i++)
		points |= 1u << m->plain[i].key;
	return points | (u32)m->has_version << 0 | (u32)m->has_svn << 1 |
	       (u32)(m->n_digests > 0) << 2 | (u32)(m->flags_known != 0) << 3 |
	       (u32)m->has_raw << 4 | (u32)(m->indirect.len > 0) << 12 |
	       (u32)(m->registers.len > 0) << 14 | (u32)m->has_range << 15;
}

enum corim_match corim_mval_matches_by(enum corim_rules rules, const struct corim_mval *c,
				       const struct corim_mval *a)
{
	u32 wanted = corim_mval_points(c), there = corim_mval_points(a);
	/* code point, and whether the entry's value satisfies the condition's */
	const struct {
		u32 point;
		bool equal;
	} points[] = {
		{ 1u << 0, version_matches(rules, c, a) },
		{ 1u << 1, svn_matches(c, a) },
		{ 1u << 2, digests_match(c, a) },
		{ 1u << 3, flags_match(rules, c, a) },
		{ 1u << 4, raw_matches(c, a) },
		{ 1u << 14, c->registers.len && registers_match(c->registers, a->registers) },
		{ 1u << 15, range_matches(&c->range, &a->range) },
	};
	bool other = false;

	if (c->others || c->indirect.len || !wanted)
		return CORIM_NO_COMPARISON;
	for (size_t i = 0; i < ARRAY_LEN(points); i++)
		other |= (wanted & there & points[i].point) && !points[i].equal;
	for (size_t i = 0; i < c->n_plain; i++)
		other |= (there & 1u << c->plain[i].key) &&
			 !same_item(c->plain[i].item, corim_plain_of(a, c->plain[i].key));
	return other ? CORIM_OTHER_VALUE : wanted & ~there ? CORIM_ABSENT : CORIM_MATCHES;
}

enum corim_match corim_mval_matches(const struct corim_mval *c, const struct corim_mval *a)
{
	return corim_mval_matches_by(CORIM_CONTAINMENT, c, a);
}

const char *corim_flag_name(unsigned int flag)
{
	static const char *const names[CORIM_FLAGS] = { "configured",
							"secure",
							"recovery",
							"debug",
							"replay-protected",
							"integrity-protected",
							"runtime-measured",
							"immutable",
							"tcb",
							"confidentiality-protected",
							"runtime-updatable" };

	return names[flag];
}

long long corim_alg_of(enum digest_alg alg)
{
	return alg == DIGEST_SHA256 ? 1 : alg == DIGEST_SHA384 ? 7 : alg == DIGEST_SHA512 ? 8 : 0;
}
