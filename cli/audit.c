// SPDX-License-Identifier: Apache-2.0
/* assay audit: the server's log of decisions, shown, taken away, and checked where the server has no hand in it. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "common/file.h"
#include "progress.h"
#include "proto/audit_record.h"
#include "table.h"

enum { LINE_MAX_LEN = 65536 };

static int fetch_page(const struct cli *c, long long from, json_t **answer, struct err *e)
{
	char path[64] = "/api/v1/audit";

	if (from)
		snprintf(path, sizeof(path), "/api/v1/audit?from=%lld", from);
	return call_server(c, "GET", path, NULL, BYTES_NONE, answer, e);
}

static const char *text_of(const json_t *record, const char *name)
{
	const char *s = json_string_value(json_object_get(record, name));

	return s ? s : "";
}

static long long number_of(const json_t *record, const char *name)
{
	return json_integer_value(json_object_get(record, name));
}

/* ---- list ---- */
static int audit_list(struct cli *c)
{
	struct table t;
	json_t *answer = NULL, *record;
	struct err e = { 0 };
	long long from = 0;
	char *end = "";
	size_t i;

	if (c->argc)
		from = strtoll(c->argv[0], &end, 10);
	if (c->argc > 1 || *end || from < 0)
		return cli_usage();
	if (fetch_page(c, from, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("audit.list", true, answer);
		return 0;
	}
	t = table_of("||||");
	json_array_foreach(json_object_get(answer, "records"), i, record) table_row(
		&t, number_text(number_of(record, "seq")), when_text(number_of(record, "time")),
		text_of(record, "actor"), text_of(record, "event"), text_of(record, "detail"));
	table_print(&t);
	json_decref(answer);
	return 0;
}

/* ---- verify: a record a line, from the first on ---- */
struct chain {
	u64 seq;
	u8 hash[AUDIT_HASH_LEN];
	const struct audit_seen *head; /* or NULL */
	bool head_found;
};

static int next_record(struct chain *h, const json_t *record, struct err *e)
{
	struct audit_record r = { .seq = (u64)number_of(record, "seq"),
				  .time = (u64)number_of(record, "time"),
				  .actor = bytes_text(text_of(record, "actor")),
				  .event = bytes_text(text_of(record, "event")),
				  .detail = bytes_text(text_of(record, "detail")) };
	u8 hash[AUDIT_HASH_LEN], said[AUDIT_HASH_LEN];

	if (r.seq != h->seq + 1)
		return err_set(e, E_SIGNATURE, "audit record %" PRIu64 " is missing", h->seq + 1);
	audit_record_hash(h->hash, &r, hash);
	if (!hex_read(text_of(record, "hash"), said, sizeof(said)) ||
	    memcmp(said, hash, sizeof(hash)))
		return err_set(e, E_SIGNATURE,
			       "audit record %" PRIu64 " was changed, or one before it", r.seq);
	h->seq = r.seq;
	memcpy(h->hash, hash, sizeof(hash));
	if (h->head && h->seq == (u64)h->head->seq)
		h->head_found = !memcmp(h->head->hash, hash, sizeof(hash));
	return 0;
}

static int check_line(struct chain *h, const char *line, size_t len, struct err *e)
{
	json_t *record = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	int rc = json_is_object(record)
			 ? next_record(h, record, e)
			 : err_set(e, E_FORMAT, "the line after record %" PRIu64 " is no record",
				   h->seq);

	json_decref(record);
	return rc;
}

static int check_file(const struct cli *c, struct chain *h, const char *path, struct err *e)
{
	struct progress p = progress_begin(c, "checking the log", "records", 0);
	FILE *f = fopen(path, "re");
	char *line;
	int rc = 0;

	if (!f)
		return err_set(e, errno == ENOENT ? E_NOTFOUND : E_IO, "open %s: %m", path);
	line = malloc(LINE_MAX_LEN);
	if (!line)
		rc = err_set(e, E_MEMORY, "no memory for a line");
	while (!rc && fgets(line, LINE_MAX_LEN, f)) {
		size_t len = strlen(line);

		if (len && line[len - 1] == '\n')
			len--;
		rc = check_line(h, line, len, e);
		progress_to(&p, h->seq);
	}
	progress_end(&p);
	if (!rc && ferror(f))
		rc = err_set(e, E_IO, "read %s: %m", path);
	fclose(f);
	free(line);
	return rc ? err_while(e, "%s", path) : 0;
}

static int read_head(const struct cli *c, struct audit_seen *out, struct err *e)
{
	OWNED(buf) jws = NULL;
	OWNED(pubkey) key = NULL;
	struct bytes b;

	if (file_read(c->option[OPT_HEAD], JWS_MAX, &jws, e) ||
	    cli_read_key(c->option[OPT_KEY], &key, e))
		return (int)e->code;
	b = buf_bytes(jws);
	while (b.len && b.at[b.len - 1] == '\n')
		b.len--;
	return audit_head_open(b, key, out, e) ? err_while(e, "%s", c->option[OPT_HEAD]) : 0;
}

static int audit_verify_file(struct cli *c)
{
	struct audit_seen head = { 0 };
	struct chain h = { .head = c->option[OPT_HEAD] ? &head : NULL };
	struct err e = { 0 };

	if (c->argc != 1 || !c->option[OPT_HEAD] != !c->option[OPT_KEY])
		return cli_usage();
	if ((h.head && read_head(c, &head, &e)) || check_file(c, &h, c->argv[0], &e))
		return cli_fail(c, &e, NULL);
	if (h.head && head.seq && !h.head_found) {
		err_set(&e, E_CONFLICT,
			"record %lld of the audit head is not in the log: it was cut or written "
			"anew",
			head.seq);
		return cli_fail(c, &e, NULL);
	}
	if (c->json)
		cli_json("audit.verify", true,
			 json_pack("{s:I, s:b}", "records", (json_int_t)h.seq, "head",
				   h.head != NULL));
	else
		printf("%" PRIu64 " audit records, unbroken%s\n", h.seq,
		       h.head ? ", and the head is among them"
			      : "; that none was cut off at the end is told by a head alone "
				"(--head, --key)");
	return 0;
}

/* ---- export ---- */
static int put_page(FILE *f, json_t *answer, long long *last, size_t *n)
{
	json_t *record;
	size_t i;

	json_array_foreach(json_object_get(answer, "records"), i, record)
	{
		if (json_dumpf(record, f, JSON_COMPACT) || fputc('\n', f) == EOF)
			return -1;
		*last = number_of(record, "seq");
	}
	*n = i;
	return 0;
}

static int export_all(const struct cli *c, FILE *f, long long *last, struct err *e)
{
	struct progress p = progress_begin(c, "fetching the log", "records", 0);
	size_t n = AUDIT_PAGE_MAX;
	int rc = 0;

	while (n == AUDIT_PAGE_MAX && !rc) {
		json_t *answer = NULL;
		long long from = *last + 1;
		int bad;

		rc = fetch_page(c, from, &answer, e);
		if (rc)
			break;
		bad = put_page(f, answer, last, &n);
		json_decref(answer);
		if (bad)
			rc = err_set(e, E_IO, "write the records: %m");
		else if (n && (*last < from || *last == LLONG_MAX))
			rc = err_set(e, E_FORMAT, "the server's records go back");
		progress_to(&p, (u64)*last);
	}
	progress_end(&p);
	return rc;
}

static int audit_export(struct cli *c)
{
	const char *path = c->option[OPT_OUT];
	struct err e = { 0 };
	long long last = 0;
	FILE *f;
	int rc;

	if (c->argc || !path)
		return cli_usage();
	f = fopen(path, "wxe");
	rc = f ? export_all(c, f, &last, &e) : err_set(&e, E_IO, "create %s: %m", path);
	if (f && fclose(f) && !rc)
		rc = err_set(&e, E_IO, "write %s: %m", path);
	if (rc)
		return cli_fail(c, &e, NULL);
	if (c->json)
		cli_json("audit.export", true, json_pack("{s:I}", "records", (json_int_t)last));
	else
		printf("%lld records in %s; assay audit verify checks them\n", last, path);
	return 0;
}

static int audit_head(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL;
	int rc;

	if (c->argc || !c->option[OPT_OUT])
		return cli_usage();
	rc = call_server(c, "GET", "/api/v1/audit/head", NULL, BYTES_NONE, &answer, &e) ||
	     file_write(c->option[OPT_OUT], bytes_text(text_of(answer, "head")), 0644, &e);
	json_decref(answer);
	if (rc)
		return cli_fail(c, &e, NULL);
	if (c->json)
		cli_json("audit.head", true, json_pack("{s:s}", "file", c->option[OPT_OUT]));
	else
		printf("the head is in %s: keep it where the server cannot reach it\n",
		       c->option[OPT_OUT]);
	return 0;
}

int cmd_audit(struct cli *c, const char *verb)
{
	if (!strcmp(verb, "list"))
		return audit_list(c);
	if (!strcmp(verb, "export"))
		return audit_export(c);
	if (!strcmp(verb, "head"))
		return audit_head(c);
	if (!strcmp(verb, "verify"))
		return audit_verify_file(c);
	return cli_usage();
}
