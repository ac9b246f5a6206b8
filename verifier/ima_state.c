// SPDX-License-Identifier: Apache-2.0
/* The state of a boot's list as bytes, for a database. */
#include "ima_judge.h"

enum { VERSION = 1 };

static void write_place(struct writer *w, const struct ima_place *p)
{
	write_be32(w, p->reset_count);
	write_be32(w, p->restart_count);
	write_be64(w, p->next);
	write_u8(w, (u8)p->pcr10.n);
	for (size_t i = 0; i < p->pcr10.n; i++) {
		write_u8(w, (u8)p->pcr10.at[i].alg);
		write_bytes(w, digest_bytes(&p->pcr10.at[i]));
	}
}

void ima_state_write(const struct ima_state *s, struct writer *w)
{
	write_u8(w, VERSION);
	write_place(w, &s->place);
	write_bytes(w, BYTES(s->rules));
	write_be32(w, s->required_seen);
	for (size_t i = 0; i < IMA_FAULT_COUNT; i++)
		write_be64(w, s->count[i]);
	write_u8(w, (u8)s->n);
	for (size_t i = 0; i < s->n; i++) {
		const struct ima_finding *f = &s->at[i];

		write_be64(w, f->entry);
		write_u8(w, (u8)f->fault);
		write_u8(w, (u8)f->signature);
		write_u8(w, (u8)f->digest.alg);
		write_bytes(w, digest_bytes(&f->digest));
		write_u8(w, (u8)(f->cut | f->verity << 1 | f->buffer << 2));
		write_be16(w, f->path_len);
		write_bytes(w, (struct bytes){ f->path, f->path_len });
	}
	write_u8(w, (u8)s->n_vouchers);
	for (size_t i = 0; i < s->n_vouchers; i++) {
		write_bytes(w, BYTES(s->vouchers[i].corim));
		write_be32(w, s->vouchers[i].tag);
	}
}

static u8 below(struct reader *r, u8 end, const char *field)
{
	u8 v = read_u8(r, field);

	if (v >= end)
		reader_fail(r, field);
	return r->why ? 0 : v;
}

static void take(struct reader *r, u8 *out, size_t n, const char *field)
{
	struct bytes b = read_bytes(r, n, field);

	if (b.len)
		memcpy(out, b.at, b.len);
}

static void take_digest(struct reader *r, u8 least, struct digest *out, const char *field)
{
	out->alg = (enum digest_alg)below(r, DIGEST_SHA512 + 1, field);
	if ((u8)out->alg < least)
		reader_fail(r, field);
	take(r, out->at, digest_len(out->alg), field);
}

static void take_finding(struct reader *r, struct ima_finding *f)
{
	u8 flags;

	f->entry = read_be64(r, "entry");
	f->fault = (enum ima_fault)below(r, IMA_FAULT_COUNT, "fault");
	f->signature = (enum ima_signed)below(r, IMA_SIGNATURE_WRONG + 1, "signature");
	take_digest(r, DIGEST_NONE, &f->digest, "digest");
	flags = below(r, 8, "flags");
	f->cut = flags & 1;
	f->verity = flags & 2;
	f->buffer = flags & 4;
	f->path_len = read_be16(r, "path length");
	if (f->path_len > sizeof(f->path))
		reader_fail(r, "path length");
	else
		take(r, f->path, f->path_len, "path");
}

int ima_state_parse(struct bytes b, struct ima_state *out, struct err *e)
{
	struct reader r = reader_on(b);

	*out = (struct ima_state){ 0 };
	if (read_u8(&r, "version") != VERSION)
		reader_fail(&r, "version");
	out->place.reset_count = read_be32(&r, "reset count");
	out->place.restart_count = read_be32(&r, "restart count");
	out->place.next = read_be64(&r, "next entry");
	out->place.pcr10.n = below(&r, IMA_BANKS_MAX + 1, "banks");
	for (size_t i = 0; i < out->place.pcr10.n; i++)
		take_digest(&r, DIGEST_SHA1, &out->place.pcr10.at[i], "PCR 10");
	take(&r, out->rules, sizeof(out->rules), "rules");
	out->required_seen = read_be32(&r, "required");
	for (size_t i = 0; i < IMA_FAULT_COUNT; i++)
		out->count[i] = read_be64(&r, "count");
	out->n = below(&r, IMA_FINDINGS_MAX + 1, "findings");
	for (size_t i = 0; i < out->n; i++)
		take_finding(&r, &out->at[i]);
	out->n_vouchers = below(&r, IMA_VOUCHERS_MAX + 1, "vouchers");
	for (size_t i = 0; i < out->n_vouchers; i++) {
		take(&r, out->vouchers[i].corim, 32, "voucher");
		out->vouchers[i].tag = read_be32(&r, "voucher");
	}
	return read_done(&r) ? err_set(e, E_FORMAT, "state of an IMA list: %s", r.why) : 0;
}
