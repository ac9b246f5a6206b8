// SPDX-License-Identifier: Apache-2.0
#include "event.h"

#include "proto/cbor.h"

enum { MEMBERS = 10 };

static void put_text(struct writer *w, unsigned int key, const char *text)
{
	cbor_put_uint(w, key);
	cbor_put_text(w, bytes_text(text));
}

static void put_uint(struct writer *w, unsigned int key, u64 v)
{
	cbor_put_uint(w, key);
	cbor_put_uint(w, v);
}

void device_event_write(const struct device_event *v, struct writer *w)
{
	cbor_put_map(w, MEMBERS);
	put_uint(w, 1, (u64)v->at_ms);
	put_text(w, 2, v->source);
	put_text(w, 3, v->address);
	put_text(w, 4, v->model);
	put_text(w, 5, v->cause);
	put_text(w, 6, v->state);
	put_text(w, 7, v->why);
	put_uint(w, 8, v->generation);
	put_uint(w, 9, v->seq);
	put_uint(w, 10, v->acts);
}

static void take_text(struct cbor *c, unsigned int key, char *out, size_t size, const char *name)
{
	struct bytes text;

	if (cbor_int(c, name) != (long long)key)
		cbor_fail(c, name);
	text = cbor_text(c, name);
	if (text.len >= size || (text.len && memchr(text.at, 0, text.len))) {
		cbor_fail(c, name);
		return;
	}
	if (text.len)
		memcpy(out, text.at, text.len);
	out[text.len] = 0;
}

static u64 take_uint(struct cbor *c, unsigned int key, u64 max, const char *name)
{
	u64 v;

	if (cbor_int(c, name) != (long long)key)
		cbor_fail(c, name);
	v = cbor_uint(c, name);
	if (v > max)
		cbor_fail(c, name);
	return v;
}

int device_event_parse(struct bytes packet, struct device_event *out, struct err *e)
{
	struct cbor c = cbor_on(packet, CBOR_STRICT);

	*out = (struct device_event){ 0 };
	if (cbor_check(packet, CBOR_STRICT, e))
		return err_while(e, "event");
	if (cbor_map(&c, "event") != MEMBERS)
		cbor_fail(&c, "members");
	out->at_ms = (long long)take_uint(&c, 1, 0x7fffffffffffffff, "time");
	take_text(&c, 2, out->source, sizeof(out->source), "source");
	take_text(&c, 3, out->address, sizeof(out->address), "address");
	take_text(&c, 4, out->model, sizeof(out->model), "model");
	take_text(&c, 5, out->cause, sizeof(out->cause), "cause");
	take_text(&c, 6, out->state, sizeof(out->state), "state");
	take_text(&c, 7, out->why, sizeof(out->why), "why");
	out->generation = (u32)take_uint(&c, 8, 0xffffffff, "generation");
	out->seq = take_uint(&c, 9, 0xffffffffffffffff, "number");
	out->acts = take_uint(&c, 10, 1, "acts") == 1;
	return cbor_done(&c) ? err_set(e, E_FORMAT, "event: %s", c.r.why) : 0;
}
