// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "cli.h"
#include "common/file.h"
#include "proto/ear.h"
#include "table.h"

static const char *member(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return cli_safe(s ? s : "");
}

static void print_table(json_t *answer)
{
	struct table t = table_of("DEVICE|ADDRESS|SOURCE|SPDM|@VERDICT|MATCHED");
	json_t *list = json_object_get(answer, "devices"), *row;
	size_t i;

	printf("%-15s %s\n", "host", member(answer, "host"));
	printf("%-15s %s\n\n", "verdict", member(answer, "ear_status"));
	json_array_foreach(list, i, row)
	{
		char version[24], matched[48];

		snprintf(version, sizeof(version), "1.%lld", member_number(row, "spdm_version"));
		snprintf(matched, sizeof(matched), "%lld of %lld", member_number(row, "matched"),
			 member_number(row, "elements"));
		table_row(&t, member(row, "label"), member(row, "address"), member(row, "source"),
			  version, member(row, "status"), matched);
	}
	table_print(&t);
	list = json_object_get(answer, "reasons");
	if (json_array_size(list))
		puts("");
	json_array_foreach(list, i, row) printf("- %s\n", member(row, "text"));
}

/* The share itself is not printed: a check value shows on both sides that the same one arrived. */
static int prove_share(struct cli *c, const char *text, char check[17], struct err *e)
{
	OWNED(buf) share = NULL;
	struct bytes b;
	struct digest d;
	u8 uuid[16];

	if (!uuid_read(text, uuid))
		return err_set(e, E_USAGE, "--share needs the UUID of a volume");
	if (ask_agent(c, AGENT_SHARE, BYTES(uuid), &share, e))
		return (int)e->code;
	b = buf_bytes(share);
	d = hash_labelled("assay/share-check/1", &b, 1);
	secret_wipe(share->w.at, share->w.len);
	hex_write((struct bytes){ d.at, 8 }, check);
	return 0;
}

static int save_token(const struct cli *c, const char *path, struct err *e)
{
	OWNED(buf) token = NULL;

	if (ask_agent(c, AGENT_TOKEN, BYTES_NONE, &token, e))
		return (int)e->code;
	return file_write(path, buf_bytes(token), 0644, e);
}

static int ask_verdict(const struct cli *c, struct buf **out, struct err *e)
{
	u8 room[1 + EVIDENCE_NONCE_LEN + EAR_AUDIENCE_MAX], nonce[EVIDENCE_NONCE_LEN] = { 0 };
	const char *audience = c->option[OPT_AUDIENCE], *format = c->option[OPT_FORMAT];
	struct writer w = writer_on(room, sizeof(room));

	if (format && strcmp(format, "jwt") && strcmp(format, "cwt"))
		return err_set(e, E_USAGE, "--format of a result is jwt or cwt");
	if (!c->option[OPT_NONCE] && !audience && !format)
		return ask_agent(c, AGENT_ATTEST, BYTES_NONE, out, e);
	if (c->option[OPT_NONCE] && !hex_read(c->option[OPT_NONCE], nonce, sizeof(nonce)))
		return err_set(e, E_USAGE, "--nonce is 64 hex digits");
	if (audience && !ear_audience_valid(audience))
		return err_set(e, E_USAGE, "--audience is at most %d characters of a URI",
			       EAR_AUDIENCE_MAX);
	write_u8(&w,
		 (u8)((c->option[OPT_NONCE] ? 1 : 0) | (format && !strcmp(format, "cwt") ? 2 : 0)));
	write_bytes(&w, BYTES(nonce));
	write_bytes(&w, bytes_text(audience ? audience : ""));
	return ask_agent(c, AGENT_ATTEST, write_done(&w), out, e);
}

/* The result alone, for a relying party: what the server signed, a CWT in its own bytes. */
static int save_result(const char *path, json_t *answer, struct err *e)
{
	const char *text = json_string_value(json_object_get(answer, "result"));
	const char *type = json_string_value(json_object_get(answer, "result_type"));
	OWNED(buf) raw = NULL;
	long n;
	u8 *p;

	if (!text)
		return err_set(e, E_NOTFOUND, "the server's answer has no result to keep");
	if (!type || strcmp(type, EAR_MEDIA_TYPE_CWT))
		return file_write(path, bytes_text(text), 0644, e);
	raw = buf_new(EAR_MAX);
	p = raw ? write_space(&raw->w, strlen(text)) : NULL;
	n = p ? base64_read(bytes_text(text), p, strlen(text)) : -1;
	if (n < 0)
		return err_set(e, E_FORMAT, "the server's result is not base64url");
	return file_write(path, (struct bytes){ p, (size_t)n }, 0644, e);
}

int cmd_attest(struct cli *c)
{
	OWNED(buf) b = NULL;
	struct err e = { 0 }, share_error = { 0 };
	char check[17] = "", status[24];
	json_t *answer;
	int code;

	if (c->argc)
		return cli_usage();
	if (c->option[OPT_SHARE])
		prove_share(c, c->option[OPT_SHARE], check, &share_error);
	if (ask_verdict(c, &b, &e))
		return cli_fail(c, &e,
				e.code == E_UNREACHABLE ? "is the agent running? see `assay doctor`"
							: NULL);
	if (c->option[OPT_OUT] && save_token(c, c->option[OPT_OUT], &e))
		return cli_fail(c, &e, NULL);
	answer = json_loadb((const char *)b->w.at, b->w.len, 0, NULL);
	if (c->option[OPT_RESULT] && save_result(c->option[OPT_RESULT], answer, &e)) {
		json_decref(answer);
		return cli_fail(c, &e, NULL);
	}
	snprintf(status, sizeof(status), "%.20s", member(answer, "ear_status"));
	code = exit_of(c, status);
	if (c->option[OPT_SHARE] && share_error.code)
		code = code ? code : err_exit_code(&share_error);
	if (c->json) {
		json_object_set_new(answer, "released", json_boolean(check[0]));
		if (check[0])
			json_object_set_new(answer, "share_check", json_string(check));
		cli_json("attest", code == 0, answer);
		return code;
	}
	print_table(answer);
	if (check[0])
		printf("\nshare of volume %s opened in the TPM, check value %s\n",
		       c->option[OPT_SHARE], check);
	else if (c->option[OPT_SHARE])
		printf("\nno share of volume %s: %s\n", c->option[OPT_SHARE],
		       cli_safe(share_error.text));
	json_decref(answer);
	return code;
}
