// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "vca.h"

enum { CT_EXPONENT_MAX = 31, DATA_TRANSFER_MIN = 42 };

struct spdm_header spdm_read_header(struct reader *r)
{
	struct spdm_header h;

	h.version = read_u8(r, "SPDMVersion");
	h.code = read_u8(r, "RequestResponseCode");
	h.param1 = read_u8(r, "Param1");
	h.param2 = read_u8(r, "Param2");
	return h;
}

static const char *error_name(u8 code)
{
	switch (code) {
	case SPDM_ERR_INVALID_REQUEST:
		return "device answers ERROR InvalidRequest";
	case SPDM_ERR_BUSY:
		return "device answers ERROR Busy";
	case SPDM_ERR_UNEXPECTED_REQUEST:
		return "device answers ERROR UnexpectedRequest";
	case SPDM_ERR_UNSPECIFIED:
		return "device answers ERROR Unspecified";
	case SPDM_ERR_UNSUPPORTED_REQUEST:
		return "device answers ERROR UnsupportedRequest";
	case SPDM_ERR_LARGE_RESPONSE:
		return "device answers ERROR LargeResponse, and chunks were not negotiated";
	case SPDM_ERR_VERSION_MISMATCH:
		return "device answers ERROR VersionMismatch";
	case SPDM_ERR_RESPONSE_NOT_READY:
		return "device answers ERROR ResponseNotReady";
	case SPDM_ERR_REQUEST_RESYNCH:
		return "device answers ERROR RequestResynch";
	default:
		return "device answers ERROR";
	}
}

struct spdm_header spdm_expect(struct reader *r, u8 code, u8 version)
{
	struct spdm_header h = spdm_read_header(r);

	if (!r->why && h.code == SPDM_ERROR && code != SPDM_ERROR)
		reader_fail(r, error_name(h.param1));
	if (!r->why && h.code != code)
		reader_fail(r, "RequestResponseCode is not the one expected");
	if (!r->why && h.version != version)
		reader_fail(r, "SPDMVersion is not the negotiated one");
	return h;
}

bool spdm_padding(struct bytes rest)
{
	if (rest.len > 3)
		return false;
	for (size_t i = 0; i < rest.len; i++)
		if (rest.at[i])
			return false;
	return true;
}

/* ---- version ---- */
void spdm_read_version(struct reader *r, struct spdm_versions *out)
{
	u8 n;

	spdm_expect(r, SPDM_VERSION, SPDM_10);
	read_u8(r, "reserved");
	n = read_u8(r, "VersionNumberEntryCount");
	if (!r->why && (n == 0 || n > SPDM_VERSION_ENTRIES_MAX))
		reader_fail(r, "VersionNumberEntryCount");
	out->n = 0;
	for (u8 i = 0; i < n && !r->why; i++)
		out->entry[out->n++] = read_le16(r, "VersionNumberEntry");
}

u8 spdm_choose_version(const struct spdm_versions *v, u8 min, u8 max)
{
	u8 best = 0;

	for (u8 i = 0; i < v->n; i++) {
		u8 version = (u8)(v->entry[i] >> 8);

		if (v->entry[i] & 0x000f) /* an alpha of that version */
			continue;
		if (version >= min && version <= max && version > best)
			best = version;
	}
	return best;
}

/* ---- capabilities ---- */
void spdm_write_get_capabilities(struct writer *w, u8 version, u32 flags)
{
	write_u8(w, version);
	write_u8(w, SPDM_GET_CAPABILITIES);
	write_le16(w, 0);
	if (version >= SPDM_11) {
		write_le32(w, 0); /* reserved, CTExponent 0, reserved */
		write_le32(w, flags);
	}
	if (version >= SPDM_12) {
		write_le32(w, SPDM_MSG_MAX);
		write_le32(w, SPDM_MSG_MAX);
	}
}

u32 spdm_read_get_capabilities(struct reader *r, u8 version)
{
	u32 flags = 0;

	spdm_expect(r, SPDM_GET_CAPABILITIES, version);
	if (version >= SPDM_11) {
		read_bytes(r, 4, "GET_CAPABILITIES CTExponent");
		flags = read_le32(r, "GET_CAPABILITIES Flags");
	}
	if (version >= SPDM_12)
		read_bytes(r, 8, "GET_CAPABILITIES DataTransferSize");
	return flags;
}

static void check_flags(struct reader *r, u8 version, u32 f)
{
	if ((f & SPDM_CAP_MEAS) == SPDM_CAP_MEAS)
		reader_fail(r, "MEAS_CAP is 3");
	if ((f & SPDM_CAP_MEAS_FRESH) && !(f & SPDM_CAP_MEAS))
		reader_fail(r, "MEAS_FRESH_CAP without MEAS_CAP");
	if (version >= SPDM_11 && (f & SPDM_CAP_PSK) == SPDM_CAP_PSK)
		reader_fail(r, "PSK_CAP is 3");
	if (version >= SPDM_11 && (f & SPDM_CAP_CERT) && (f & SPDM_CAP_PUB_KEY_ID))
		reader_fail(r, "CERT_CAP together with PUB_KEY_ID_CAP");
	if ((f & SPDM_CAP_CHAL) && !(f & (SPDM_CAP_CERT | SPDM_CAP_PUB_KEY_ID)))
		reader_fail(r, "CHAL_CAP without CERT_CAP");
	if (version >= SPDM_13 && (f & SPDM_CAP_EP_INFO) == SPDM_CAP_EP_INFO)
		reader_fail(r, "EP_INFO_CAP is 3");
	if (version >= SPDM_13 && (f & SPDM_CAP_MULTI_KEY) == SPDM_CAP_MULTI_KEY)
		reader_fail(r, "MULTI_KEY_CAP is 3");
}

void spdm_read_capabilities(struct reader *r, u8 version, struct spdm_capabilities *out)
{
	struct spdm_capabilities c = { 0 };

	spdm_expect(r, SPDM_CAPABILITIES, version);
	read_u8(r, "reserved");
	c.ct_exponent = read_u8(r, "CTExponent");
	read_le16(r, "ExtFlags");
	c.flags = read_le32(r, "Flags");
	if (version >= SPDM_12) {
		c.data_transfer_size = read_le32(r, "DataTransferSize");
		c.max_message_size = read_le32(r, "MaxSPDMmsgSize");
		if (c.data_transfer_size < DATA_TRANSFER_MIN)
			reader_fail(r, "DataTransferSize is less than 42");
		if (c.max_message_size < c.data_transfer_size)
			reader_fail(r, "MaxSPDMmsgSize is less than DataTransferSize");
		if (version >= SPDM_13 && !(c.flags & SPDM_CAP_CHUNK) &&
		    c.max_message_size != c.data_transfer_size)
			reader_fail(
				r,
				"MaxSPDMmsgSize differs from DataTransferSize without CHUNK_CAP");
	}
	if (c.ct_exponent > CT_EXPONENT_MAX)
		reader_fail(r, "CTExponent");
	check_flags(r, version, c.flags);
	if (!r->why)
		*out = c;
}

/* ---- algorithms ---- */
void spdm_write_negotiate_algorithms(struct writer *w, u8 version, const struct spdm_offer *o)
{
	write_u8(w, version);
	write_u8(w, SPDM_NEGOTIATE_ALGORITHMS);
	write_le16(w, 0); /* no AlgStructs: no session is wanted */
	write_le16(w, 32);
	write_u8(w, o->meas_spec);
	write_u8(w, version >= SPDM_12 ? o->other_params : 0);
	write_le32(w, o->base_asym);
	write_le32(w, o->base_hash);
	write_zeros(w, 12);
	write_u8(w, 0); /* ExtAsymCount */
	write_u8(w, 0); /* ExtHashCount */
	write_le16(w, 0);
}

/* One AlgStruct: type, count of fixed bytes and of extended algorithms, mask. Return: the type. */
static u8 read_alg_struct(struct reader *r, u8 version, u8 last, u8 *n_ext, u16 *mask)
{
	u8 type = read_u8(r, "AlgType");
	u8 count = read_u8(r, "AlgCount");
	u8 highest = version < SPDM_14 ? SPDM_ALG_KEY_SCHEDULE : SPDM_ALG_TYPES - 1;

	if (!r->why && (type < SPDM_ALG_DHE || type > highest || type <= last))
		reader_fail(r, "AlgType is unknown, twice or out of order");
	if (!r->why && (count >> 4) != 2)
		reader_fail(r, "AlgCount: fixed algorithms are not two bytes");
	*mask = read_le16(r, "AlgSupported");
	*n_ext = count & 15;
	read_bytes(r, 4 * (size_t)*n_ext, "AlgExternal");
	return r->why ? 0 : type;
}

static void read_alg_structs(struct reader *r, u8 version, u8 n, struct spdm_offer *out)
{
	u8 type = 0, n_ext;
	u16 mask;

	if (n > SPDM_ALG_STRUCTS_MAX)
		reader_fail(r, "AlgStruct count");
	for (u8 i = 0; i < n && !r->why; i++) {
		type = read_alg_struct(r, version, type, &n_ext, &mask);
		out->alg[type].asked = true;
		out->alg[type].n_ext = n_ext;
		out->alg[type].mask = mask;
	}
}

/* Of each type that was asked for at most one algorithm. Return: the DHE group, 0: none. */
static u16 read_alg_selections(struct reader *r, u8 version, u8 n, const struct spdm_offer *o)
{
	u8 type = 0, n_ext;
	u16 mask, dhe = 0;

	if (n > SPDM_ALG_STRUCTS_MAX)
		reader_fail(r, "AlgStruct count");
	for (u8 i = 0; i < n && !r->why; i++) {
		type = read_alg_struct(r, version, type, &n_ext, &mask);
		if (r->why)
			break;
		if (!o->alg[type].asked)
			reader_fail(r, "AlgStruct was not asked for");
		if (n_ext > o->alg[type].n_ext)
			reader_fail(r, "AlgCount: an extended algorithm was not offered");
		if (mask & ~o->alg[type].mask)
			reader_fail(r, "AlgStruct selects what was not offered");
		if ((mask & (mask - 1)) || n_ext > 1 || (mask && n_ext))
			reader_fail(r, "AlgStruct selects more than one algorithm");
		if (type == SPDM_ALG_DHE)
			dhe = mask;
	}
	return dhe;
}

void spdm_read_negotiate_algorithms(struct reader *r, u8 version, struct spdm_offer *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_NEGOTIATE_ALGORITHMS, version);
	size_t start = r->offset - 4;
	u16 length = read_le16(r, "Length");

	out->meas_spec = read_u8(r, "MeasurementSpecification");
	out->other_params = read_u8(r, "OtherParamsSupport");
	out->base_asym = read_le32(r, "BaseAsymAlgo");
	out->base_hash = read_le32(r, "BaseHashAlgo");
	read_bytes(r, 12, "reserved");
	out->n_ext_asym = read_u8(r, "ExtAsymCount");
	out->n_ext_hash = read_u8(r, "ExtHashCount");
	read_u8(r, "reserved");
	out->mel_spec = read_u8(r, "MELspecification");
	read_bytes(r, 4 * ((size_t)out->n_ext_asym + out->n_ext_hash), "ExtAsym");
	if (version >= SPDM_11)
		read_alg_structs(r, version, h.param1, out);
	if (!r->why && r->offset - start != length)
		reader_fail(r, "NEGOTIATE_ALGORITHMS Length");
}

/*
 * The same bit means the responder's keys in the request and the requester's in the response, so it
 * is no selection from an offer: each is legal only with the MULTI_KEY_CAP of the side it is about.
 */
static void check_other_params(struct reader *r, const struct spdm_offer *o,
			       struct spdm_negotiated *n)
{
	u8 format = n->other_params & SPDM_OPAQUE_FMT_MASK;
	u32 cap = n->version >= SPDM_13 ? n->flags & SPDM_CAP_MULTI_KEY : 0;

	if (n->version < SPDM_12)
		return; /* reserved */
	if ((format & ~o->other_params) || (format & (format - 1)))
		reader_fail(r, "OtherParamsSelection was not offered");
	if ((n->other_params & ~SPDM_OPAQUE_FMT_MASK) &&
	    (n->version < SPDM_13 ||
	     (n->other_params & ~SPDM_OPAQUE_FMT_MASK) != SPDM_MULTI_KEY_CONN ||
	     !(o->flags & SPDM_CAP_MULTI_KEY)))
		reader_fail(r, "OtherParamsSelection was not offered");
	n->multi_key = n->version >= SPDM_13 && (o->other_params & SPDM_MULTI_KEY_CONN);
	if (n->multi_key ? !cap : cap == SPDM_CAP_MULTI_KEY_ONLY)
		reader_fail(r, "OtherParamsSupport does not agree with the device's MULTI_KEY_CAP");
}

static void check_selection(struct reader *r, const struct spdm_offer *o,
			    const struct spdm_negotiated *n)
{
	bool measures = n->flags & SPDM_CAP_MEAS;

	if (!spdm_one_bit(n->base_asym) || !(n->base_asym & o->base_asym))
		reader_fail(r, "BaseAsymSel is not one offered algorithm");
	if (!spdm_one_bit(n->base_hash) || !(n->base_hash & o->base_hash))
		reader_fail(r, "BaseHashSel is not one offered algorithm");
	if (n->meas_spec & ~o->meas_spec)
		reader_fail(r, "MeasurementSpecificationSel was not offered");
	if (measures && n->meas_spec != SPDM_MEAS_SPEC_DMTF)
		reader_fail(r, "MeasurementSpecificationSel is not DMTF");
	if (!measures && n->version >= SPDM_11 && n->meas_spec)
		reader_fail(r, "MeasurementSpecificationSel without MEAS_CAP");
	if (measures && (!spdm_one_bit(n->meas_hash) ||
			 (n->meas_hash != SPDM_MEAS_RAW && !spdm_meas_hash_len(n->meas_hash))))
		reader_fail(r, "MeasurementHashAlgo");
	if (!spdm_sig_len(n->base_asym) || !spdm_hash_len(n->base_hash))
		reader_fail(r, "BaseAsymSel or BaseHashSel is unknown");
}

void spdm_read_algorithms(struct reader *r, const struct spdm_offer *o, struct spdm_negotiated *n)
{
	size_t start = r->offset;
	struct spdm_header h = spdm_expect(r, SPDM_ALGORITHMS, n->version);
	u16 length = read_le16(r, "Length");
	u8 n_asym, n_hash, mel_spec;
	u32 pqc;

	n->meas_spec = read_u8(r, "MeasurementSpecificationSel");
	n->other_params = read_u8(r, "OtherParamsSelection");
	n->meas_hash = read_le32(r, "MeasurementHashAlgo");
	n->base_asym = read_le32(r, "BaseAsymSel");
	n->base_hash = read_le32(r, "BaseHashSel");
	pqc = read_le32(r, "PqcAsymSel");
	read_bytes(r, 7, "reserved");
	mel_spec = read_u8(r, "MELspecificationSel");
	n_asym = read_u8(r, "ExtAsymSelCount");
	n_hash = read_u8(r, "ExtHashSelCount");
	read_bytes(r, 2, "reserved");
	if (!r->why &&
	    (n_asym > o->n_ext_asym || n_hash > o->n_ext_hash || n_asym > 1 || n_hash > 1))
		reader_fail(r, "ExtAsymSelCount or ExtHashSelCount: nothing was offered");
	read_bytes(r, 4 * ((size_t)n_asym + n_hash), "ExtAsymSel");
	if (n->version >= SPDM_11)
		n->dhe = read_alg_selections(r, n->version, h.param1, o);
	if (!r->why && r->offset - start != length)
		reader_fail(r, "ALGORITHMS Length");
	if (!r->why && pqc)
		reader_fail(r, n->version < SPDM_14 ? "PqcAsymSel before 1.4"
						    : "PqcAsymSel: unsupported algorithm");
	if (!r->why && n->version >= SPDM_13 && (mel_spec & ~o->mel_spec))
		reader_fail(r, "MELspecificationSel was not offered");
	if (!r->why)
		check_other_params(r, o, n);
	if (!r->why)
		check_selection(r, o, n);
	n->sig_len = spdm_sig_len(n->base_asym);
	n->hash_len = spdm_hash_len(n->base_hash);
	n->meas_hash_len = spdm_meas_hash_len(n->meas_hash);
}

int spdm_read_vca(struct bytes vca, struct spdm_versions *versions, struct spdm_negotiated *out,
		  const char **why)
{
	struct reader r = reader_on(vca);
	struct spdm_negotiated n = { 0 };
	struct spdm_capabilities c = { 0 };
	struct spdm_offer o = { 0 };

	spdm_expect(&r, SPDM_GET_VERSION, SPDM_10);
	spdm_read_version(&r, versions);
	n.version = r.left.len ? r.left.at[0] : 0;
	if (!r.why && (n.version < SPDM_10 || n.version > SPDM_14 ||
		       spdm_choose_version(versions, n.version, n.version) != n.version))
		reader_fail(&r, "SPDMVersion was not among the device's versions");
	o.flags = spdm_read_get_capabilities(&r, n.version);
	spdm_read_capabilities(&r, n.version, &c);
	n.flags = c.flags;
	n.ct_exponent = c.ct_exponent;
	spdm_read_negotiate_algorithms(&r, n.version, &o);
	spdm_read_algorithms(&r, &o, &n);
	if (read_done(&r)) {
		*why = r.why;
		return -EBADMSG;
	}
	*out = n;
	return 0;
}
