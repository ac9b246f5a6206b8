// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <unistd.h>

#include "device.h"
#include "proto/spdm_evidence.h"
#include "table.h"
#include "verifier/appraise.h"

enum { BLOCK_SHOWN = 1024 }; /* bytes of a measurement value that a person is shown */

static int open_device(const struct eat *t, const char *label, struct spdm_evidence **out,
		       const struct eat_device **device, struct err *e)
{
	for (size_t i = 0; i < t->n_devices; i++) {
		const struct eat_device *d = &t->devices[i];

		if (!bytes_equal(d->label, bytes_text(label)))
			continue;
		*device = d;
		if (d->failure.len)
			return err_set(e, E_DEVICE, "no evidence: %.*s", (int)d->failure.len,
				       (const char *)d->failure.at);
		return spdm_evidence_parse(d->vca, d->chain, d->measurements, d->challenge, d->slot,
					   NULL, out, e);
	}
	return err_set(e, E_NOTFOUND, "no device %s in the last token", label);
}

static void text_of(struct bytes b, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)b.len, b.len ? (const char *)b.at : "");
}

static const struct eat_function *function_of(const struct eat *t, const char *label)
{
	static const struct eat_function none;

	for (size_t i = 0; i < t->n_functions; i++)
		if (bytes_equal(t->functions[i].label, bytes_text(label)))
			return &t->functions[i];
	return &none;
}

static int list(struct cli *c, const struct eat *t)
{
	struct table table = table_of("DEVICE|ADDRESS|SOURCE|SPDM|GATE|LEAF CERTIFICATE");
	json_t *rows = json_array();

	for (size_t i = 0; i < t->n_devices; i++) {
		const struct eat_device *d = &t->devices[i];
		OWNED(spdm_evidence) ev = NULL;
		const struct eat_device *ignored;
		struct err e = { 0 };
		char label[LABEL_MAX + 1], address[130], source[32], version[8] = "-";
		const char *subject, *gate, *why;

		text_of(d->label, label, sizeof(label));
		text_of(d->address, address, sizeof(address));
		text_of(d->source, source, sizeof(source));
		subject = open_device(t, label, &ev, &ignored, &e)
				  ? e.text
				  : cert_subject(spdm_evidence_leaf(ev));
		if (ev)
			snprintf(version, sizeof(version), "1.%d", ev->nego.version & 15);
		gate = gate_state(t, d, function_of(t, label), &why);
		if (c->json)
			json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
							      "label", label, "address", address,
							      "source", source, "spdm_version",
							      version, "gate", gate, "gate_why",
							      why, "leaf", subject));
		else
			table_row(&table, label, address, source, version, gate, subject);
	}
	if (c->json) {
		cli_json("device.list", true, json_pack("{s:o}", "devices", rows));
		json_decref(table.rows);
	} else {
		json_decref(rows);
		table_print(&table);
	}
	return 0;
}

/* As its type means it: a version is text, an SVN a number, the rest hex. */
static void value_text(const struct spdm_block *b, char out[2 * BLOCK_SHOWN + 1])
{
	struct reader r = reader_on(b->value);

	if (b->type == SPDM_VALUE_SVN && b->value.len == 8)
		snprintf(out, 2 * BLOCK_SHOWN + 1, "%llu",
			 (unsigned long long)read_le64(&r, "svn"));
	else if (b->type == SPDM_VALUE_VERSION && b->value.len <= 64)
		snprintf(out, 2 * BLOCK_SHOWN + 1, "%.*s", (int)b->value.len,
			 (const char *)b->value.at);
	else
		hex_write(b->value.len > BLOCK_SHOWN ? bytes_slice(b->value, 0, BLOCK_SHOWN)
						     : b->value,
			  out);
}

static json_t *block_json(const struct spdm_block *b)
{
	char hex[2 * BLOCK_SHOWN + 1];

	hex_write(b->value.len > BLOCK_SHOWN ? bytes_slice(b->value, 0, BLOCK_SHOWN) : b->value,
		  hex);
	return json_pack("{s:i, s:i, s:s, s:b, s:s}", "index", b->index, "type", b->type, "means",
			 measurement_type_name(b->type), "raw", (int)b->raw, "value", hex);
}

/* What its kernel says of the link with it; null where it says nothing. */
static json_t *link_json(const struct eat_function *f)
{
	json_t *streams = json_array();

	for (size_t i = 0; i < f->n_streams; i++)
		json_array_append_new(
			streams, json_stringn((const char *)f->streams[i].at, f->streams[i].len));
	return json_pack(
		"{s:o, s:o, s:o}", "tsm",
		f->tsm.len ? json_stringn((const char *)f->tsm.at, f->tsm.len) : json_null(),
		"authenticated",
		f->authenticated_by.len ? json_stringn((const char *)f->authenticated_by.at,
						       f->authenticated_by.len)
		: f->has_authenticated	? json_boolean(f->authenticated)
					: json_null(),
		"ide_streams", streams);
}

static void print_link(const struct eat_function *f)
{
	char text[KERNEL_NAME_MAX + 1];

	if (!f->tsm.len && !f->authenticated_by.len && !f->has_authenticated && !f->n_streams)
		return;
	printf("its kernel says:");
	text_of(f->tsm, text, sizeof(text));
	if (f->tsm.len)
		printf(" connected through %s;", cli_safe(text));
	text_of(f->authenticated_by, text, sizeof(text));
	if (f->authenticated_by.len)
		printf(" authenticated by %s;", cli_safe(text));
	if (f->has_authenticated)
		printf(" %sauthenticated;", f->authenticated ? "" : "not ");
	printf(" IDE streams:%s", f->n_streams ? "" : " none");
	for (size_t i = 0; i < f->n_streams; i++) {
		text_of(f->streams[i], text, sizeof(text));
		printf(" %s", cli_safe(text));
	}
	puts("\n");
}

json_t *device_blocks(const struct cli *c, const struct spdm_evidence *ev)
{
	struct reader record = reader_on(ev->answer.record);
	struct table t = table_of("BLOCK|MEASURES|VALUE");
	json_t *rows = c->json ? json_array() : NULL;

	while (record.left.len && !record.why) {
		struct spdm_block b = spdm_next_block(&record);
		char text[2 * BLOCK_SHOWN + 1];

		if (record.why)
			break;
		value_text(&b, text);
		if (c->json)
			json_array_append_new(rows, block_json(&b));
		else
			table_row(&t, number_text(b.index), measurement_type_name(b.type), text);
	}
	if (c->json)
		json_decref(t.rows);
	else
		table_print(&t);
	return rows;
}

static int show(struct cli *c, const struct eat *t, const struct eat_device *d,
		const struct spdm_evidence *ev, const char *label)
{
	const struct eat_function *f = function_of(t, label);
	json_t *rows;

	if (!c->json) {
		printf("device %s, SPDM 1.%d, slot %u, BaseAsym 0x%x, BaseHash 0x%x\n\n",
		       cli_safe(label), ev->nego.version & 15, ev->slot, ev->nego.base_asym,
		       ev->nego.base_hash);
		gate_print(t, d, f);
		print_link(f);
	}
	rows = device_blocks(c, ev);
	if (c->json)
		cli_json("device.show", true,
			 json_pack("{s:s, s:i, s:i, s:o, s:o, s:o}", "label", label, "spdm_version",
				   ev->nego.version & 15, "slot", ev->slot, "gate",
				   gate_json(t, d, f), "link", link_json(f), "blocks", rows));
	return 0;
}

int cmd_device(struct cli *c, const char *verb)
{
	OWNED(eat) t = NULL;
	OWNED(spdm_evidence) ev = NULL;
	const struct eat_device *d;
	struct err e = { 0 };
	bool wants_label =
		!strcmp(verb, "show") || !strcmp(verb, "cert") || !strcmp(verb, "measure");

	if (!strcmp(verb, "watch") && !c->argc)
		return device_watch(c);
	if ((strcmp(verb, "list") && !wants_label) || c->argc != (wants_label ? 1 : 0))
		return cli_usage();
	if (!strcmp(verb, "measure"))
		return device_measure(c, c->argv[0]);
	if (!strcmp(verb, "cert") && c->option[OPT_SLOT])
		return device_cert_slot(c, c->argv[0]);
	if (last_token(c, &t, &e))
		return cli_fail(c, &e,
				e.code == E_UNREACHABLE ? "is the agent running? see `assay doctor`"
							: "run `assay attest` first");
	if (!wants_label)
		return list(c, t);
	if (open_device(t, c->argv[0], &ev, &d, &e))
		return cli_fail(c, &e, "see `assay device list`");
	return !strcmp(verb, "show") ? show(c, t, d, ev, c->argv[0]) : device_chain(c, ev);
}
