// SPDX-License-Identifier: Apache-2.0
#include "spdm_bare.h"

#include "common/x509_tell.h"

enum { CHAIN_HEADER = 4 };

/* ---- measurement records ---- */
bool spdm_record_is(struct bytes b)
{
	struct reader r = reader_on(b);
	u8 index = read_u8(&r, "index"), spec = read_u8(&r, "specification");
	u16 size = read_le16(&r, "size"), value;

	read_u8(&r, "type");
	value = read_le16(&r, "value size");
	return !r.why && index && index != 0xff && spec == SPDM_MEAS_SPEC_DMTF &&
	       size == (u32)value + 3;
}

int spdm_record_check(struct bytes b, struct err *e)
{
	struct reader r = reader_on(b);
	u32 seen[8] = { 0 };
	size_t n = 0;

	for (; r.left.len && !r.why; n++) {
		u8 index = spdm_next_block(&r).index;

		if (!r.why && seen[index / 32] & 1u << (index % 32))
			reader_fail(&r, "block Index twice");
		seen[index / 32] |= 1u << (index % 32);
		if (r.why)
			break;
	}
	if (r.why)
		return err_set(e, E_FORMAT, "record[%zu]: %s%s", n, r.why,
			       r.cut ? " is cut off" : "");
	return n ? 0 : err_set(e, E_FORMAT, "record: no block");
}

/* ---- certificate chains ---- */
static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

static bool certificate_at(struct bytes b, enum digest_alg alg)
{
	size_t at = CHAIN_HEADER + digest_len(alg);

	return at < b.len && x509_file_is((struct bytes){ b.at + at, b.len - at });
}

bool spdm_bare_chain_is(struct bytes b)
{
	if (b.len < CHAIN_HEADER || b.at[2] || b.at[3])
		return false;
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (certificate_at(b, algs[i]))
			return true;
	return false;
}

/* Is the hash behind the header that of the certificate which follows it? */
static bool hash_fits(struct bytes b, enum digest_alg alg)
{
	size_t len = digest_len(alg), at = CHAIN_HEADER + len;
	struct bytes rest = { b.at + at, b.len - at }, first;
	struct digest d;

	first = bytes_slice(rest, 0, x509_der_len(rest));
	d = digest_of(alg, &first, 1);
	return first.len && digest_equals(&d, bytes_slice(b, CHAIN_HEADER, len));
}

int spdm_bare_chain_parse(struct bytes b, struct spdm_bare_chain *out, struct err *e)
{
	struct spdm_bare_chain c = { 0 };
	const char *why;

	for (size_t i = 0; i < ARRAY_LEN(algs) && !c.has_root; i++) {
		if (!certificate_at(b, algs[i]))
			continue;
		c.has_root = hash_fits(b, algs[i]);
		if (!c.alg || c.has_root) /* a hash may look like the beginning of a certificate */
			c.alg = algs[i];
	}
	if (!c.alg)
		return err_set(e, E_FORMAT, "chain: no certificate behind RootHash");
	if (spdm_parse_chain(b, (u16)digest_len(c.alg), &c.parts, &why))
		return err_set(e, E_FORMAT, "chain: %s", why);
	*out = c;
	return 0;
}
