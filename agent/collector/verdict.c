// SPDX-License-Identifier: Apache-2.0
#include "verdict.h"

#include "common/reader.h"
#include "proto/evidence.h"

int verdicts_add(struct device_verdicts *v, enum device_standing standing, struct bytes label,
		 struct err *e)
{
	struct device_verdict *d = &v->at[v->n];

	if (v->n == DEVICES_MAX)
		return err_set(e, E_LIMIT, "verdict: more than %d devices", DEVICES_MAX);
	if (standing != DEVICE_AFFIRMED && standing != DEVICE_CONTRAINDICATED)
		return err_set(e, E_FORMAT, "verdict: standing %d", (int)standing);
	if (label.len > LABEL_MAX || !evidence_label_valid(label))
		return err_set(e, E_FORMAT, "verdict: label");
	for (size_t i = 0; i < v->n; i++)
		if (bytes_equal(bytes_text(v->at[i].label), label))
			return err_set(e, E_FORMAT, "verdict: %s stands twice", v->at[i].label);
	d->standing = standing;
	memcpy(d->label, label.at, label.len);
	d->label[label.len] = 0;
	v->n++;
	return 0;
}

void verdicts_write(const struct device_verdicts *v, struct writer *w)
{
	write_bytes(w, BYTES(v->ctx));
	for (size_t i = 0; i < v->n; i++) {
		struct bytes label = bytes_text(v->at[i].label);

		write_u8(w, (u8)v->at[i].standing);
		write_u8(w, (u8)label.len);
		write_bytes(w, label);
	}
}

int verdicts_parse(struct bytes argument, struct device_verdicts *out, struct err *e)
{
	struct reader r = reader_on(argument);
	struct bytes ctx = read_bytes(&r, sizeof(out->ctx), "context");

	*out = (struct device_verdicts){ 0 };
	if (!r.why)
		memcpy(out->ctx, ctx.at, ctx.len);
	while (r.left.len && !r.why) {
		u8 standing = read_u8(&r, "standing");
		struct bytes label = read_bytes(&r, read_u8(&r, "length"), "label");

		if (!r.why && verdicts_add(out, (enum device_standing)standing, label, e))
			return (int)e->code;
	}
	return read_done(&r) ? err_set(e, E_FORMAT, "verdict: %s", r.why) : 0;
}
