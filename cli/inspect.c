// SPDX-License-Identifier: Apache-2.0
/* What is in a file: decoded, held to its grammar, and with a key to its signature. Nothing is appraised. */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/text.h"
#include "inspect.h"
#include "proto/cbor_tree.h"
#include "proto/coev.h"
#include "proto/corim_json.h"
#include "proto/jws.h"
#include "swid_load.h"

enum { INSPECT_FILE_MAX = 64 * 1024 * 1024 };

/* ---- showing ---- */
/* Rows go out one by one: a log may have a million of them. */
static int put_row(struct inspection *in, json_t *row)
{
	if (!row)
		return -1;
	fputs(in->n_rows++ ? "," : "", stdout);
	json_dumpf(row, stdout, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	json_decref(row);
	return 0;
}

static int take_row(void *user, const struct cbor_row *row, struct err *e)
{
	struct inspection *in = user;
	json_t *j;

	if (!in->c->json) {
		printf("%*s%s%s%s%s%s\n", (int)(2 * row->depth), "", cli_safe(row->label),
		       row->label[0] ? ": " : "", row->kind, row->value[0] ? " " : "",
		       cli_safe(row->value));
		return 0;
	}
	j = json_pack("{s:I, s:s, s:s, s:s, s:s}", "depth", (json_int_t)row->depth, "path",
		      cli_safe(row->path), "label", cli_safe(row->label), "kind", row->kind,
		      "value", cli_safe(row->value));
	return put_row(in, j) ? err_set(e, E_MEMORY, "no memory for a row") : 0;
}

void inspect_say_at(struct inspection *in, size_t depth, const char *path, const char *label,
		    const char *value)
{
	struct cbor_row row = { depth, path, label, "text", value };
	struct err e = { 0 };

	take_row(in, &row, &e);
}

void inspect_say(struct inspection *in, size_t depth, const char *label, const char *value)
{
	inspect_say_at(in, depth, label, label, value);
}

static enum cbor_place place_of(enum format f)
{
	switch (f) {
	case FORMAT_COMID:
		return AT_COMID;
	case FORMAT_COTL:
		return AT_COTL;
	case FORMAT_COMPONENT:
		return AT_COMPONENT;
	case FORMAT_CORIM:
		return AT_CORIM; /* of old drafts; others have a tag, which tells more */
	case FORMAT_CMW:
	case FORMAT_PARSEC:
	case FORMAT_CBOR:
		return AT_NOWHERE;
	default:
		return AT_ROOT;
	}
}

/* A line of JSON on its way to the terminal; what is longer than it is shown by its beginning. */
struct line {
	char text[4096];
	size_t len;
};

static int print_part(const char *part, size_t len, void *user)
{
	struct line *l = user;

	for (size_t i = 0; i < len; i++) {
		if (part[i] != '\n') {
			if (l->len < sizeof(l->text) - 1)
				l->text[l->len++] = part[i];
			continue;
		}
		l->text[l->len] = 0;
		puts(cli_safe(l->text));
		l->len = 0;
	}
	return 0;
}

static void show_json(struct inspection *in, const char *label, struct bytes json)
{
	struct line line = { .len = 0 };
	struct err e = { 0 };
	json_t *j;

	if (format_json_fits(json, &e))
		return; /* told as a fault */
	j = json_loadb((const char *)json.at, json.len, JSON_DECODE_ANY, NULL);
	if (!j)
		return;
	if (in->c->json) {
		put_row(in,
			json_pack("{s:s, s:s, s:O}", "label", label, "kind", "json", "value", j));
	} else {
		printf("%s%s", label, label[0] ? ":\n" : "");
		json_dump_callback(j, print_part, &line, JSON_INDENT(2));
		print_part("\n", 1, &line);
	}
	json_decref(j);
}

static void show_jwt(struct inspection *in)
{
	OWNED(buf) header = NULL;
	OWNED(buf) claims = NULL;
	struct err e = { 0 };

	if (jws_look(in->bytes, &header, &claims, &e))
		return;
	show_json(in, "header", buf_bytes(header));
	show_json(in, "claims", buf_bytes(claims));
}

/* ---- the files that CoSWIDs list ---- */
static void show_files(struct inspection *in, const struct corim *c)
{
	json_t *files = corim_files_json(c), *notes = corim_notes_json(c), *v;
	size_t i;

	json_array_foreach(files, i, v)
	{
		const char *digest = json_string_value(json_object_get(v, "digest"));
		char size[40] = "", value[COSWID_PATH_MAX + 400];

		if (json_object_get(v, "size"))
			snprintf(size, sizeof(size), ", %lld bytes",
				 (long long)json_integer_value(json_object_get(v, "size")));
		snprintf(value, sizeof(value), "%s%s, %s",
			 json_string_value(json_object_get(v, "path")), size,
			 digest ? digest : "without a hash");
		inspect_say(in, 0, "file", value);
	}
	json_array_foreach(notes, i, v) inspect_say(in, 0, "note", json_string_value(v));
	json_decref(files);
	json_decref(notes);
}

static void show_software(struct inspection *in)
{
	OWNED(corim) c = NULL;
	OWNED(coev) ev = NULL;
	struct err e = { 0 };

	switch (in->seen.format) {
	case FORMAT_CORIM:
	case FORMAT_SIGNED_CORIM:
		if (!corim_read(in->bytes, CORIM_OLD_SHAPES, BYTES_NONE, &c, &e))
			show_files(in, c);
		return;
	case FORMAT_COEV:
	case FORMAT_TOC:
		if (coev_parse(in->bytes, &ev, &e))
			return;
		for (size_t i = 0; i < ev->n; i++)
			show_files(in, ev->at[i]);
		return;
	default:
		return;
	}
}

/* ---- SWID tags ---- */

/* Told here and not by format_check(): its callers shall not need a reader of XML. */
static int check_swid(struct inspection *in, struct err *e)
{
	OWNED(swid) s = NULL;
	struct bytes b = in->bytes;

	if (in->seen.format != FORMAT_UNKNOWN || !b.len || b.at[0] != '<')
		return 0;
	if (swid_load(swid_module_path, &in->swid, e))
		return (int)e->code;
	in->seen.format = FORMAT_SWID;
	in->fault = (struct err){ 0 };
	in->swid->parse(b, &s, &in->fault);
	return 0;
}

static void show_swid(struct inspection *in)
{
	OWNED(swid) s = NULL;
	struct err e = { 0 };
	char label[40], hex[2 * SWID_HASH_LEN + 1], value[300];

	if (in->swid->parse(in->bytes, &s, &e))
		return;
	inspect_say(in, 0, "tag-id", s->tag_id);
	inspect_say(in, 0, "name", s->name);
	inspect_say(in, 0, "version", s->version);
	for (size_t i = 0; i < s->signers->n; i++)
		inspect_say(in, 0, i ? "its certificate" : "signer",
			    cert_subject(s->signers->at[i]));
	snprintf(value, sizeof(value), "%zu, %zu active", s->n, s->n_active);
	inspect_say(in, 0, "entries", value);
	for (size_t i = 0; i < s->n; i++)
		for (size_t a = 0; a < s->at[i].n; a++) {
			snprintf(label, sizeof(label), "index %u", s->at[i].index);
			hex_write(BYTES(s->at[i].hash[a]), hex);
			snprintf(value, sizeof(value), "%s sha384:%s%s %s",
				 s->at[i].active ? "active" : "inactive", hex, a ? " (or)" : "",
				 s->at[i].name);
			inspect_say(in, 1, label, value);
		}
}

static void show(struct inspection *in)
{
	struct err e = { 0 };
	struct bytes text;

	switch (in->seen.format) {
	case FORMAT_PCAP:
		inspect_capture(in);
		return;
	case FORMAT_BOOT_LOG:
		inspect_boot_log(in);
		return;
	case FORMAT_IMA_LIST:
		inspect_ima_list(in);
		return;
	case FORMAT_NVIDIA_GPU:
		inspect_gpu_report(in);
		return;
	case FORMAT_SPDM_RECORD:
		inspect_record(in, 0, in->bytes);
		return;
	case FORMAT_SPDM_CHAIN:
		inspect_chain(in);
		return;
	case FORMAT_X509:
		inspect_x509(in, "", in->bytes);
		return;
	case FORMAT_EAR_JWT:
		show_jwt(in);
		return;
	case FORMAT_SWID:
		show_swid(in);
		return;
	case FORMAT_ENACTTRUST:
		inspect_tpm_token(in);
		return;
	default:
		break;
	}
	text = format_trimmed(in->bytes);
	if (text.len && (text.at[0] == '{' || text.at[0] == '['))
		show_json(in, "", text);
	else if (cbor_tree(in->bytes, place_of(in->seen.format), take_row, in, &e) &&
		 !in->fault.code)
		in->fault = e;
	else
		show_software(in);
}

/* ---- the answer ---- */
static void print_end(const struct inspection *in)
{
	if (in->seen.note[0])
		printf("note: %s\n", cli_safe(in->seen.note));
	if (in->fault.code)
		printf("refused: %s\n", cli_safe(in->fault.text));
	else
		printf("grammar: kept\n");
	if (in->judged)
		printf("signature: %s\n",
		       in->signature.code ? cli_safe(in->signature.text) : "valid");
	else
		printf("signature: not checked (--key or --anchor)\n");
}

static void print_json(const struct inspection *in, bool ok)
{
	fputs("],", stdout); /* of the rows, which are printed already */
	cli_json_rest("inspect", ok,
		      json_pack("{s:s, s:s, s:s, s:s}", "format", format_name(in->seen.format),
				"note", cli_safe(in->seen.note), "fault", cli_safe(in->fault.text),
				"signature",
				!in->judged	     ? "not checked"
				: in->signature.code ? cli_safe(in->signature.text)
						     : "valid"));
}

int inspect_bytes(struct cli *c, struct bytes b, long long at)
{
	struct inspection in = { .c = c, .bytes = b, .at = at };
	struct err e = { 0 };
	int code;

	format_check(in.bytes, &in.seen, &in.fault);
	if (check_swid(&in, &e))
		return cli_fail(c, &e, NULL);
	if (in.seen.format == FORMAT_EAR_JWT)
		in.bytes = format_trimmed(in.bytes);
	if (c->json)
		fputs("{\"rows\":[", stdout);
	else
		printf("format: %s, %zu bytes\n", format_name(in.seen.format), in.bytes.len);
	show(&in);
	in.judged = c->option[OPT_KEY] || c->option[OPT_ANCHOR];
	if (in.judged)
		inspect_signature(&in, &in.signature);
	code = in.fault.code || in.signature.code ? 2 : 0;
	if (c->json)
		print_json(&in, code == 0);
	else
		print_end(&in);
	return code;
}

int cmd_inspect(struct cli *c)
{
	const char *when = c->option[OPT_AT];
	long long at = clock_now_s();
	OWNED(buf) b = NULL;
	struct err e = { 0 };

	if (c->argc != 1 || (c->option[OPT_KEY] && c->option[OPT_ANCHOR]) ||
	    (c->option[OPT_CHAIN] && !c->option[OPT_ANCHOR]) ||
	    (when && !clock_read_utc(when, &at)))
		return cli_usage();
	if (file_read(c->argv[0], INSPECT_FILE_MAX, &b, &e)) {
		e.code = e.code == E_IO ? E_NOTFOUND : e.code; /* a folder, say: no fault of ours */
		return cli_fail(c, &e, NULL);
	}
	return inspect_bytes(c, buf_bytes(b), at);
}
