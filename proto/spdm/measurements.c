// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "measurements.h"

#include "challenge.h"

enum { ALL_BLOCKS = 0xff };

void spdm_write_get_measurements(struct writer *w, u8 version, u8 slot, const u8 *nonce,
				 const u8 *context)
{
	write_u8(w, version);
	write_u8(w, SPDM_GET_MEASUREMENTS);
	write_u8(w, 1); /* signed */
	write_u8(w, ALL_BLOCKS);
	write_bytes(w, (struct bytes){ nonce, SPDM_NONCE_LEN });
	if (version >= SPDM_11)
		write_u8(w, slot);
	if (version >= SPDM_13)
		write_bytes(w, (struct bytes){ context, SPDM_CONTEXT_LEN });
}

void spdm_read_get_measurements(struct reader *r, u8 version, struct spdm_get_measurements *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_GET_MEASUREMENTS, version);

	*out = (struct spdm_get_measurements){ .signature = h.param1 & 1, .operation = h.param2 };
	if (out->signature) {
		out->nonce = read_bytes(r, SPDM_NONCE_LEN, "GET_MEASUREMENTS Nonce");
		if (version >= SPDM_11)
			out->slot = read_u8(r, "GET_MEASUREMENTS SlotIDParam") & 0x0f;
		if (!r->why && out->slot >= SPDM_SLOTS_MAX)
			reader_fail(r, "GET_MEASUREMENTS SlotIDParam");
	}
	if (version >= SPDM_13)
		out->context = read_bytes(r, SPDM_CONTEXT_LEN, "RequesterContext");
}

struct spdm_block spdm_next_block(struct reader *record)
{
	struct spdm_block b = { 0 };
	u8 spec, type;
	u16 size, value_size;

	b.index = read_u8(record, "block Index");
	spec = read_u8(record, "block MeasurementSpecification");
	size = read_le16(record, "block MeasurementSize");
	type = read_u8(record, "block DMTFSpecMeasurementValueType");
	value_size = read_le16(record, "block DMTFSpecMeasurementValueSize");
	if (!record->why && (b.index == 0 || b.index == 0xff))
		reader_fail(record, "block Index is 0 or 0xff");
	if (!record->why && spec != SPDM_MEAS_SPEC_DMTF)
		reader_fail(record, "block MeasurementSpecification is not DMTF");
	if (!record->why && size != (u32)value_size + 3)
		reader_fail(record, "block MeasurementSize is not the value's size and 3");
	b.type = type & 0x7f;
	b.raw = type & 0x80;
	b.value = read_bytes(record, value_size, "block value");
	return b;
}

static void check_blocks(struct reader *r, const struct spdm_negotiated *n,
			 const struct spdm_get_measurements *asked,
			 const struct spdm_measurements *m)
{
	struct reader record = reader_on(m->record);
	u32 seen[8] = { 0 };

	for (u8 i = 0; i < m->n_blocks && !record.why; i++) {
		struct spdm_block b = spdm_next_block(&record);

		if (record.why)
			break;
		if (seen[b.index / 32] & 1u << (b.index % 32))
			reader_fail(&record, "block Index twice");
		seen[b.index / 32] |= 1u << (b.index % 32);
		/* raw-only devices have no digests: their meas_hash_len is 0, and 0 bytes are none */
		if (!b.raw && (!n->meas_hash_len || b.value.len != n->meas_hash_len))
			reader_fail(&record,
				    "block digest has not the length of MeasurementHashAlgo");
		if (asked->operation && asked->operation != ALL_BLOCKS &&
		    b.index != asked->operation)
			reader_fail(&record, "block is not the one asked for");
	}
	if (read_done(&record))
		reader_fail(r, record.why);
}

void spdm_read_measurements(struct reader *r, const struct spdm_negotiated *n,
			    const struct spdm_get_measurements *asked,
			    struct spdm_measurements *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_MEASUREMENTS, n->version);

	*out = (struct spdm_measurements){ .total = h.param1 };
	if (asked->signature && n->version >= SPDM_12) {
		out->content_changed = h.param2 >> 4 & 3;
		if (!r->why && out->content_changed == 3)
			reader_fail(r, "MEASUREMENTS ContentChanged");
	}
	if (!r->why && asked->signature && n->version >= SPDM_11 &&
	    (h.param2 & 0x0f) != asked->slot)
		reader_fail(r, "MEASUREMENTS is of another slot");
	out->n_blocks = read_u8(r, "NumberOfBlocks");
	out->record = read_bytes(r, read_le24(r, "MeasurementRecordLength"), "MeasurementRecord");
	out->nonce = read_bytes(r, SPDM_NONCE_LEN, "MEASUREMENTS Nonce");
	out->opaque = spdm_read_opaque(r, n);
	if (n->version >= SPDM_13) {
		struct bytes context = read_bytes(r, SPDM_CONTEXT_LEN, "RequesterContext");

		if (!r->why && !bytes_equal(context, asked->context))
			reader_fail(r, "RequesterContext is not the one sent");
	}
	out->signature = read_bytes(r, asked->signature ? n->sig_len : 0, "Signature");
	if (r->why)
		return;
	if (asked->operation == 0 && (out->n_blocks || out->record.len))
		reader_fail(r, "NumberOfBlocks: only the count was asked for");
	if (asked->operation && asked->operation != ALL_BLOCKS && out->n_blocks != 1)
		reader_fail(r, "NumberOfBlocks: one block was asked for");
	if (asked->operation == ALL_BLOCKS &&
	    (out->n_blocks == 0 || out->n_blocks > SPDM_BLOCKS_MAX))
		reader_fail(r, "NumberOfBlocks");
	if (!r->why)
		check_blocks(r, n, asked, out);
}
