// SPDX-License-Identifier: Apache-2.0
#include "single.h"

#include "inventory.h"

/* ---- request ---- */
void single_request_write(const struct single_request *q, struct writer *w)
{
	write_u8(w, q->slot);
	write_bytes(w, BYTES(q->nonce));
	write_bytes(w, bytes_text(q->name));
}

static bool take_text(struct bytes b, char *out, size_t size)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] <= ' ' || b.at[i] > '~')
			return false;
	if (!b.len || b.len >= size)
		return false;
	memcpy(out, b.at, b.len);
	out[b.len] = 0;
	return true;
}

int single_request_parse(struct bytes b, struct single_request *out, struct err *e)
{
	struct reader r = reader_on(b);
	struct bytes nonce;

	*out = (struct single_request){ .slot = read_u8(&r, "slot") };
	nonce = read_bytes(&r, sizeof(out->nonce), "nonce");
	if (!r.why && out->slot >= SPDM_SLOTS_MAX)
		reader_fail(&r, "slot");
	if (!r.why && !take_text(r.left, out->name, sizeof(out->name)))
		reader_fail(&r, "name");
	if (r.why)
		return err_set(e, E_FORMAT, "request for one device: %s", r.why);
	memcpy(out->nonce, nonce.at, nonce.len);
	return 0;
}

void single_challenge_nonce(const u8 nonce[EVIDENCE_NONCE_LEN], u8 out[EVIDENCE_NONCE_LEN])
{
	struct bytes part = { nonce, EVIDENCE_NONCE_LEN };
	struct digest d = hash_labelled("assay/single-challenge/1", &part, 1);

	memcpy(out, d.at, EVIDENCE_NONCE_LEN);
}

/* ---- collection ---- */
static struct source_device *device_named(struct inventory *inv, const char *name)
{
	for (size_t i = 0; i < inv->n_devices; i++)
		if (!strcmp(inv->devices[i].label, name) || !strcmp(inv->devices[i].address, name))
			return &inv->devices[i];
	return NULL;
}

static void write_short(struct writer *w, const char *text)
{
	write_u8(w, (u8)strlen(text));
	write_bytes(w, bytes_text(text));
}

static void write_long(struct writer *w, const struct buf *b)
{
	struct bytes content = buf_bytes(b);

	write_be32(w, (u32)content.len);
	write_bytes(w, content);
}

static int write_answer(const struct source_device *d, const struct device_evidence *got,
			struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(EVIDENCE_MAX);

	if (!b)
		return err_set(e, E_MEMORY, "no memory for evidence");
	write_short(&b->w, d->label);
	write_short(&b->w, d->address);
	write_short(&b->w, d->source->name);
	write_u8(&b->w, got->slot);
	write_u8(&b->w, got->slots);
	write_be32(&b->w, got->generation);
	write_long(&b->w, got->vca);
	write_long(&b->w, got->chain);
	write_long(&b->w, got->measurements);
	write_long(&b->w, got->challenge);
	if (b->w.full)
		return err_set(e, E_LIMIT, "evidence is larger than %d bytes", EVIDENCE_MAX);
	*out = TAKE(b);
	return 0;
}

int single_collect(const struct agent_settings *s, struct known *known,
		   const struct single_request *q, struct buf **out, struct err *e)
{
	OWNED(inventory) inv = NULL;
	struct device_evidence got = { .slot = q->slot };
	u8 challenge_nonce[EVIDENCE_NONCE_LEN];
	struct source_device *d;
	int rc;

	if (inventory_read(s, &inv, e))
		return (int)e->code;
	d = device_named(inv, q->name);
	if (!d)
		return err_set(e, E_NOTFOUND, "no device %s with evidence here", q->name);
	d->slot = q->slot;
	d->known = known;
	single_challenge_nonce(q->nonce, challenge_nonce);
	rc = d->source->collect(d, q->nonce, challenge_nonce, &got, e);
	if (rc)
		err_while(e, "slot %u of %s", q->slot, d->label);
	else
		rc = write_answer(d, &got, out, e);
	device_evidence_clear(&got);
	return rc;
}

/* ---- answer ---- */
static void read_short(struct reader *r, char *out, size_t size, const char *field)
{
	struct bytes text = read_bytes(r, read_u8(r, field), field);

	if (!r->why && !take_text(text, out, size))
		reader_fail(r, field);
}

static struct bytes read_long(struct reader *r, const char *field)
{
	return read_bytes(r, read_be32(r, field), field);
}

int single_answer_parse(struct bytes b, struct single_answer *out, struct err *e)
{
	struct reader r = reader_on(b);

	*out = (struct single_answer){ 0 };
	read_short(&r, out->label, sizeof(out->label), "label");
	read_short(&r, out->address, sizeof(out->address), "address");
	read_short(&r, out->source, sizeof(out->source), "source");
	out->slot = read_u8(&r, "slot");
	out->slots = read_u8(&r, "slots");
	out->generation = read_be32(&r, "generation");
	out->vca = read_long(&r, "vca");
	out->chain = read_long(&r, "chain");
	out->measurements = read_long(&r, "measurements");
	out->challenge = read_long(&r, "challenge");
	if (!r.why && out->slot >= SPDM_SLOTS_MAX)
		reader_fail(&r, "slot");
	return read_done(&r) ? err_set(e, E_FORMAT, "evidence of one device: %s", r.why) : 0;
}
