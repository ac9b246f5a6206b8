// SPDX-License-Identifier: Apache-2.0
/* Claims of a token one by one: bounds at the read, and the claim that did not fit is named. */
#include "eat_parts.h"

void eat_take_map(struct eat_parsing *p, const struct eat_claim *claims, size_t n_claims,
		  const char *what)
{
	size_t n = cbor_map(&p->c, what);
	u64 seen = 0;

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		long long key = cbor_int(&p->c, what);
		size_t k = 0;

		while (k < n_claims && claims[k].key != key)
			k++;
		if (k == n_claims) {
			cbor_fail(&p->c, "unknown claim");
			return;
		}
		seen |= 1ull << k;
		claims[k].take(p, claims[k].name);
	}
	for (size_t k = 0; k < n_claims && !p->c.r.why; k++)
		if (claims[k].presence == REQUIRED && !(seen & 1ull << k))
			cbor_fail(&p->c, claims[k].name);
}

struct bytes eat_sized(struct eat_parsing *p, size_t min, size_t max, const char *name)
{
	struct bytes b = cbor_bytes(&p->c, name);

	if (!p->c.r.why && (b.len < min || b.len > max))
		cbor_fail_with(&p->c, min < max && b.len > max ? E_LIMIT : E_FORMAT, name);
	return b;
}

u64 eat_at_most(struct eat_parsing *p, u64 max, const char *name)
{
	u64 v = cbor_uint(&p->c, name);

	if (v > max)
		cbor_fail(&p->c, name);
	return p->c.r.why ? 0 : v;
}

void eat_expect_count(struct eat_parsing *p, size_t n, size_t min, size_t max, const char *name)
{
	if (!p->c.r.why && (n < min || n > max))
		cbor_fail_with(&p->c, n > max ? E_LIMIT : E_FORMAT, name);
}

struct bytes eat_short_text(struct eat_parsing *p, size_t max, const char *name)
{
	struct bytes b = cbor_text(&p->c, name);

	if (b.len > max)
		cbor_fail_with(&p->c, E_LIMIT, name);
	return b;
}

void eat_expect_text(struct eat_parsing *p, const char *want, const char *name)
{
	struct bytes got = cbor_text(&p->c, name);

	if (!p->c.r.why && !bytes_equal(got, bytes_text(want)))
		cbor_fail(&p->c, name);
}
