// SPDX-License-Identifier: Apache-2.0
#include "dice.h"

static const char oid_tcb_info[] = "2.23.133.5.4.1";
static const char oid_multi_tcb_info[] = "2.23.133.5.4.5";

enum {
	INTEGER = 0x02,
	OCTET_STRING = 0x04,
	OID = 0x06,
	SEQUENCE = 0x30,
	/* the members of DiceTcbInfo are implicitly tagged [0] to [11] */
	VENDOR = 0x80,
	MODEL,
	VERSION,
	SVN,
	LAYER,
	INDEX,
	FWIDS = 0xa6,
	FLAGS = 0x87,
	VENDOR_INFO,
	TYPE,
	FLAGS_MASK,
	REGISTERS = 0xab,
};

static const u8 oid_sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
static const u8 oid_sha384[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02 };
static const u8 oid_sha512[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03 };

/* One element of DER: its tag and what it holds. Lengths of up to 64 KiB, each in its one form. */
static struct bytes next(struct reader *r, u8 *tag)
{
	u8 first;
	size_t len;

	*tag = read_u8(r, "DER tag");
	first = read_u8(r, "DER length");
	len = first;
	if (first == 0x81)
		len = read_u8(r, "DER length");
	else if (first == 0x82)
		len = read_be16(r, "DER length");
	else if (first >= 0x80)
		reader_fail(r, "DER length");
	if ((first == 0x81 && len < 0x80) || (first == 0x82 && len < 0x100))
		reader_fail(r, "DER length is not the shortest");
	return read_bytes(r, len, "DER value");
}

static struct bytes expect(struct reader *r, u8 tag, const char *field)
{
	u8 got;
	struct bytes b = next(r, &got);

	if (!r->why && got != tag)
		reader_fail(r, field);
	return b;
}

/* INTEGER that is not negative and fits; implicit tags leave its content as it is */
static u64 number(struct reader *r, struct bytes b, const char *field)
{
	u64 v = 0;

	if (!b.len || b.at[0] & 0x80 || b.len > 9 || (b.len == 9 && b.at[0])) {
		reader_fail(r, field);
		return 0;
	}
	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.at[i];
	return v;
}

static long long named_alg(struct bytes oid)
{
	return bytes_equal(oid, BYTES(oid_sha256))   ? 1
	       : bytes_equal(oid, BYTES(oid_sha384)) ? 7
	       : bytes_equal(oid, BYTES(oid_sha512)) ? 8
						     : -1;
}

/* SEQUENCE OF { hashAlg OID, digest OCTET STRING }; one algorithm twice would be two values */
static void take_fwids(struct reader *r, struct bytes list, struct corim_mval *m)
{
	struct reader in = reader_on(list);

	while (in.left.len && !in.why) {
		struct reader fwid = reader_on(expect(&in, SEQUENCE, "FWID"));
		struct corim_digest d = { .alg = named_alg(expect(&fwid, OID, "FWID hashAlg")) };

		d.bytes = expect(&fwid, OCTET_STRING, "FWID digest");
		if (read_done(&fwid))
			reader_fail(&in, "FWID");
		for (size_t i = 0; i < m->n_digests; i++)
			if (m->digests[i].alg == d.alg)
				reader_fail(&in, "fwids: algorithm twice");
		if (m->n_digests == DICE_FWIDS_MAX)
			reader_fail(&in, "more FWIDs than a certificate has");
		if (!in.why)
			m->digests[m->n_digests++] = d;
	}
	if (in.why)
		reader_fail(r, in.why);
}

/* BIT STRING; bit 0 is the first. Return: the first 16 bits, bit n for flag n. */
static u16 take_bits(struct reader *r, struct bytes b)
{
	u16 bits = 0;

	if (!b.len || b.at[0] > 7 || (b.len == 1 && b.at[0]))
		reader_fail(r, "flags");
	for (size_t i = 0; i < 16 && !r->why && 1 + i / 8 < b.len; i++)
		if (b.at[1 + i / 8] & 0x80 >> i % 8)
			bits |= (u16)(1u << i);
	return bits;
}

/*
 * OperationalFlags are notConfigured, notSecure, recovery, debug, notReplay..., and CoRIM's are without
 * the "not". Recovery and debug have none, yet evidence-trans inverts them too; copied as they are: a
 * device in debug mode is not to be read as one that is not.
 */
static void set_flags(struct corim_mval *m, u16 flags, u16 mask)
{
	const u16 plain = 1u << 2 | 1u << 3, known = 0x1ff;

	m->flags_known = mask & known;
	m->flags = (u16)((flags & plain) | (~flags & ~plain)) & m->flags_known;
}

/* type, an OCTET STRING, as class-id 560(type): evidence-trans has an OID there, which few write */
static void set_class_id(struct reader *r, struct dice_tcb_info *out, struct bytes type)
{
	struct writer w = writer_on(out->class_id, sizeof(out->class_id));

	cbor_put_tag(&w, 560);
	cbor_put_bytes(&w, type);
	out->env.class_id = write_done(&w);
	if (!type.len || !out->env.class_id.len)
		reader_fail(r, "type");
}

static void take_member(struct reader *r, u8 tag, struct bytes b, struct dice_tcb_info *out,
			u16 *flags, u16 *mask)
{
	switch (tag) {
	case VENDOR:
		out->env.vendor = b;
		break;
	case MODEL:
		out->env.model = b;
		break;
	case VERSION:
		out->mval.has_version = true;
		out->mval.version = b;
		break;
	case SVN:
		out->mval.has_svn = true;
		out->mval.svn = number(r, b, "svn");
		break;
	case LAYER:
		out->env.has_layer = true;
		out->env.layer = number(r, b, "layer");
		break;
	case INDEX:
		out->env.has_index = true;
		out->env.index = number(r, b, "index");
		break;
	case FWIDS:
		take_fwids(r, b, &out->mval);
		break;
	case FLAGS:
		*flags = take_bits(r, b);
		*mask |= *flags; /* without a mask of its own, what is set is meant */
		break;
	case FLAGS_MASK:
		*mask = take_bits(r, b);
		break;
	case VENDOR_INFO:
		out->mval.has_raw = true;
		out->mval.raw = b;
		break;
	case TYPE:
		set_class_id(r, out, b);
		break;
	case REGISTERS:
		out->mval.others++; /* in DER here, in CBOR there: compared with nothing */
		break;
	default:
		reader_fail(r, "member that DiceTcbInfo does not have");
	}
}

static int parse_content(struct bytes content, struct dice_tcb_info *out, struct err *e)
{
	struct reader r = reader_on(content);
	u16 flags = 0, mask = 0;
	u8 tag, last = 0;

	*out = (struct dice_tcb_info){ 0 };
	while (r.left.len && !r.why) {
		struct bytes b = next(&r, &tag);

		if (!r.why && (tag & 0x1f) < last)
			reader_fail(&r, "members out of order, or one twice");
		last = (u8)((tag & 0x1f) + 1);
		if (!r.why)
			take_member(&r, tag, b, out, &flags, &mask);
	}
	if (read_done(&r))
		return err_set(e, E_FORMAT, "DiceTcbInfo: %s", r.why);
	set_flags(&out->mval, flags, mask);
	return 0;
}

int dice_tcb_info_parse(struct bytes der, struct dice_tcb_info *out, struct err *e)
{
	struct reader r = reader_on(der);
	struct bytes content = expect(&r, SEQUENCE, "not a SEQUENCE");

	if (read_done(&r))
		return err_set(e, E_FORMAT, "DiceTcbInfo: %s", r.why);
	return parse_content(content, out, e);
}

int dice_tcb_infos(const struct cert *c, struct dice_tcb_info out[DICE_INFOS_MAX], struct err *e)
{
	struct bytes der;
	struct err none = { 0 };
	struct reader r, list;
	int n = 0;

	if (!cert_extension(c, oid_tcb_info, &der, &none)) {
		if (dice_tcb_info_parse(der, &out[n++], e))
			return -1;
	}
	if (cert_extension(c, oid_multi_tcb_info, &der, &none))
		return n;
	r = reader_on(der);
	list = reader_on(expect(&r, SEQUENCE, "not a SEQUENCE"));
	if (read_done(&r)) {
		err_set(e, E_FORMAT, "DiceTcbInfoSeq: %s", r.why);
		return -1;
	}
	while (list.left.len && !list.why) {
		struct bytes content = expect(&list, SEQUENCE, "not a SEQUENCE");

		if (!list.why && n == DICE_INFOS_MAX)
			reader_fail(&list, "more than a certificate has");
		if (!list.why && parse_content(content, &out[n++], e))
			return -1;
	}
	if (list.why) {
		err_set(e, E_FORMAT, "DiceTcbInfoSeq: %s", list.why);
		return -1;
	}
	return n;
}
