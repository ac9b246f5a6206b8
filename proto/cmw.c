// SPDX-License-Identifier: Apache-2.0
#include "cmw.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"

enum {
	TAG_FIRST = 1668546817, /* content format 0 */
	FORMAT_MAX = 65535,
	BLOCK = 255, /* formats that a block of 256 tags has: none of them ends in a zero byte */
	INDICATOR_BITS = 0x1f,
};
static const char type_name[] = "__cmwc_t";

struct walk {
	struct cmw_seen *out;
	struct err *e;
	char path[160];
};

static int wrong(const struct walk *w, enum err_code code, const char *why)
{
	return err_set(w->e, code, "%s: %s", w->path, why);
}

bool cmw_tag_valid(u64 tag, u64 *format)
{
	u64 n = tag - TAG_FIRST;

	*format = n / 256 * BLOCK + n % 256;
	return tag >= TAG_FIRST && n % 256 < BLOCK && *format <= FORMAT_MAX;
}

static int count_record(struct walk *w)
{
	return ++w->out->n_records > CMW_RECORDS_MAX ? wrong(w, E_LIMIT, "too many records") : 0;
}

/* A media type is type/subtype and perhaps parameters. */
static bool media_type(const char *text, size_t len)
{
	const char *slash = len ? memchr(text, '/', len) : NULL;

	return slash && slash != text && slash != text + len - 1;
}

/* ---- CBOR ---- */
static int check_one(struct walk *w, struct bytes item, size_t depth);

/* The path with @key behind it; the caller cuts it off again at what is returned. */
static size_t go_down(struct walk *w, struct bytes key)
{
	struct cbor c = cbor_on(key, CBOR_WELL_FORMED);
	size_t here = strlen(w->path);
	struct bytes text;

	if (cbor_peek(&c) == CBOR_TEXT) {
		text = cbor_text(&c, "label");
		snprintf(w->path + here, sizeof(w->path) - here, ".%.*s",
			 (int)(text.len > 60 ? 60 : text.len), text.at);
	} else {
		snprintf(w->path + here, sizeof(w->path) - here, ".%lld", cbor_int(&c, "label"));
	}
	return here;
}

static int check_record(struct walk *w, struct cbor *c)
{
	size_t n = cbor_array(c, "record");
	struct bytes type;
	u64 indicator;

	if (count_record(w))
		return (int)w->e->code;
	if (n != 2 && n != 3)
		return wrong(w, E_FORMAT, "a record has two or three members");
	if (cbor_peek(c) == CBOR_TEXT) {
		type = cbor_text(c, "type");
		if (!media_type((const char *)type.at, type.len))
			return wrong(w, E_FORMAT, "[0]: not a media type");
	} else if (cbor_uint(c, "[0]: neither media type nor content format") > FORMAT_MAX) {
		return wrong(w, E_FORMAT, "[0]: content format above 65535");
	}
	cbor_bytes(c, "[1]: not bytes");
	indicator = n == 3 ? cbor_uint(c, "[2]: no indicator") : 1;
	if (!c->r.why && (!indicator || indicator & ~(u64)INDICATOR_BITS))
		return wrong(w, E_FORMAT, "[2]: indicator of none, or of no kind that is known");
	cbor_end(c);
	return cbor_done(c) ? wrong(w, cbor_code(c), c->r.why) : 0;
}

static int check_collection(struct walk *w, struct cbor *c, size_t depth)
{
	size_t n = cbor_map(c, "collection"), members = 0;

	w->out->n_collections++;
	if (depth == CMW_DEPTH_MAX)
		return wrong(w, E_LIMIT, "collections nested too deep");
	while (n-- && !c->r.why) {
		struct bytes key = cbor_item(c, "label"), item = cbor_item(c, "member");
		struct cbor k = cbor_on(key, CBOR_WELL_FORMED), v = cbor_on(item, CBOR_WELL_FORMED);
		enum cbor_kind kind = cbor_peek(&k);
		size_t here;

		if (c->r.why)
			break;
		if (kind != CBOR_TEXT && kind != CBOR_UINT && kind != CBOR_NEGINT)
			return wrong(w, E_FORMAT, "a label is neither text nor number");
		here = go_down(w, key);
		if (kind == CBOR_TEXT &&
		    bytes_equal(cbor_text(&k, "label"), bytes_text(type_name))) {
			if (cbor_peek(&v) != CBOR_TEXT && cbor_peek(&v) != CBOR_BYTES)
				return wrong(w, E_FORMAT, "neither URI nor OID");
		} else if (check_one(w, item, depth + 1)) {
			return (int)w->e->code;
		} else {
			members++;
		}
		w->path[here] = 0;
	}
	cbor_end(c);
	if (cbor_done(c))
		return wrong(w, cbor_code(c), c->r.why);
	return members ? 0 : wrong(w, E_FORMAT, "collection of nothing");
}

static int check_one(struct walk *w, struct bytes item, size_t depth)
{
	struct cbor c = cbor_on(item, CBOR_WELL_FORMED);
	u64 format;

	switch (cbor_peek(&c)) {
	case CBOR_ARRAY:
		return check_record(w, &c);
	case CBOR_MAP:
		return check_collection(w, &c, depth);
	case CBOR_TAG:
		if (!cmw_tag_valid(cbor_tag(&c, "tag"), &format))
			return wrong(w, E_FORMAT, "tag stands for no content format");
		cbor_bytes(&c, "a tag without bytes behind it");
		if (cbor_done(&c))
			return wrong(w, E_FORMAT, c.r.why);
		return count_record(w);
	default:
		return wrong(w, E_FORMAT, "neither record, tag nor collection");
	}
}

int cmw_check(struct bytes b, struct cmw_seen *out, struct err *e)
{
	struct walk w = { .out = out, .e = e, .path = "cmw" };

	*out = (struct cmw_seen){ 0 };
	if (cbor_check(b, CBOR_WELL_FORMED, e))
		return err_while(e, "cmw");
	return check_one(&w, b, 0);
}

/* ---- JSON ---- */
static bool base64url_text(const char *text, size_t len)
{
	u8 *room = malloc(len + 1);
	bool ok = room && !memchr(text, '=', len) && !memchr(text, '+', len) &&
		  !memchr(text, '/', len) &&
		  base64_read((struct bytes){ (const u8 *)text, len }, room, len) >= 0;

	free(room);
	return ok;
}

static int check_json_record(struct walk *w, const json_t *j)
{
	const json_t *type = json_array_get(j, 0), *value = json_array_get(j, 1),
		     *indicator = json_array_get(j, 2);
	size_t n = json_array_size(j);
	long long bits = json_integer_value(indicator);

	if (count_record(w))
		return (int)w->e->code;
	if (n != 2 && n != 3)
		return wrong(w, E_FORMAT, "a record has two or three members");
	if (json_is_string(type) ? !media_type(json_string_value(type), json_string_length(type))
				 : !json_is_integer(type) || json_integer_value(type) < 0 ||
					   json_integer_value(type) > FORMAT_MAX)
		return wrong(w, E_FORMAT, "[0]: neither media type nor content format");
	if (!json_is_string(value) ||
	    !base64url_text(json_string_value(value), json_string_length(value)))
		return wrong(w, E_FORMAT, "[1]: not base64url without padding");
	if (n == 3 && (!json_is_integer(indicator) || bits < 1 || bits > INDICATOR_BITS))
		return wrong(w, E_FORMAT, "[2]: indicator of none, or of no kind that is known");
	return 0;
}

static int check_json(struct walk *w, json_t *j, size_t depth)
{
	size_t members = 0;
	const char *name;
	json_t *member;

	if (json_is_array(j))
		return check_json_record(w, j);
	if (!json_is_object(j))
		return wrong(w, E_FORMAT, "neither record nor collection");
	w->out->n_collections++;
	if (depth == CMW_DEPTH_MAX)
		return wrong(w, E_LIMIT, "collections nested too deep");
	json_object_foreach(j, name, member)
	{
		size_t here = strlen(w->path);

		snprintf(w->path + here, sizeof(w->path) - here, ".%.60s", name);
		if (!strcmp(name, type_name)) {
			if (!json_is_string(member))
				return wrong(w, E_FORMAT, "neither URI nor OID");
		} else if (check_json(w, member, depth + 1)) {
			return (int)w->e->code;
		} else {
			members++;
		}
		w->path[here] = 0;
	}
	return members ? 0 : wrong(w, E_FORMAT, "collection of nothing");
}

int cmw_check_json(struct bytes json, struct cmw_seen *out, struct err *e)
{
	struct walk w = { .out = out, .e = e, .path = "cmw" };
	json_t *j = json_loadb((const char *)json.at, json.len, JSON_REJECT_DUPLICATES, NULL);
	int rc = j ? (*out = (struct cmw_seen){ 0 }, check_json(&w, j, 0))
		   : err_set(e, E_FORMAT, "cmw: not JSON");

	json_decref(j);
	return rc;
}
