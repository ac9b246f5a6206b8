// SPDX-License-Identifier: Apache-2.0
/* A server's result, as a relying party checks it: by the server's key, offline. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "common/cert.h"
#include "common/clock.h"
#include "common/file.h"
#include "proto/ear.h"
#include "table.h"
#include "verifier/explain.h"

enum { KEY_FILE_MAX = 65536 };

/* A JWK, or the whole answer of /.well-known/veraison/verification with one in it. */
static int jwk_in(struct bytes json, struct pubkey **out, struct err *e)
{
	json_t *j = json_loadb((const char *)json.at, json.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *key = json_object_get(j, "ear-verification-key");
	char *text = json_dumps(key ? key : j, JSON_COMPACT | JSON_ENCODE_ANY);
	int rc = text ? jwk_read(bytes_text(text), out, e) : err_set(e, E_FORMAT, "not JSON");

	free(text);
	json_decref(j);
	return rc;
}

int cli_read_key(const char *path, struct pubkey **out, struct err *e)
{
	OWNED(buf) b = NULL;
	int rc;

	if (file_read(path, KEY_FILE_MAX, &b, e))
		return (int)e->code;
	rc = b->w.len && b->w.at[0] == '-' ? pubkey_from_pem(buf_bytes(b), out, e)
					   : jwk_in(buf_bytes(b), out, e);
	return rc ? err_while(e, "%s", path) : 0;
}

/* The certificate's key; a time at which it is not valid makes it nobody's. */
int cli_read_anchor(const char *path, struct pubkey **out, struct err *e)
{
	OWNED(cert_list) list = NULL;

	if (cert_list_load(path, &list, e))
		return (int)e->code;
	if (list->n != 1)
		return err_set(e, E_USAGE, "%s holds %zu certificates, not one", path, list->n);
	if (!cert_valid_at(list->at[0], clock_now_s()))
		return err_set(e, E_SIGNATURE, "%s: the certificate is not valid now", path);
	*out = pubkey_share(cert_pubkey(list->at[0]));
	return 0;
}

static int read_any_key(const struct cli *c, struct pubkey **out, struct err *e)
{
	if (c->option[OPT_ANCHOR])
		return cli_read_anchor(c->option[OPT_ANCHOR], out, e);
	return cli_read_key(c->option[OPT_KEY] ? c->option[OPT_KEY] : c->option[OPT_JWK], out, e);
}

static int check_nonce(const struct cli *c, json_t *claims, struct err *e)
{
	const char *text = json_string_value(json_object_get(claims, "eat_nonce"));
	u8 want[32], got[32];

	if (!c->option[OPT_NONCE])
		return 0;
	if (!hex_read(c->option[OPT_NONCE], want, sizeof(want)))
		return err_set(e, E_USAGE, "--nonce is 64 hex digits");
	if (!text || base64_read(bytes_text(text), got, sizeof(got)) != sizeof(got) ||
	    memcmp(want, got, sizeof(got)))
		return err_set(e, E_FRESHNESS, "the result answers another nonce");
	return 0;
}

static void print_submods(json_t *claims)
{
	const char *name;
	json_t *submod;

	json_object_foreach(json_object_get(claims, "submods"), name, submod)
	{
		const char *status = json_string_value(json_object_get(submod, "ear_status"));
		json_t *reasons = json_object_get(json_object_get(submod, "ear_verifier_claims"),
						  "reasons"),
		       *why;
		size_t i;

		printf("  %s %s\n", text_padded(name, 40), tier_text(cli_safe(status), 0));
		json_array_foreach(reasons, i, why)
			printf("    %s\n", cli_safe(json_string_value(why)));
	}
}

static void print_result(const struct cli *c, const struct ear_seen *seen, json_t *claims)
{
	printf("%s, for %s, made %lld s ago%s%s\n", tier_name((enum ear_tier)seen->status),
	       cli_safe(seen->audience), clock_now_s() - seen->iat,
	       c->option[OPT_NONCE] ? "" : "; freshness is not proven without --nonce",
	       c->option[OPT_AUDIENCE] ? "" : "; whom it is for is not checked without --audience");
	print_submods(claims);
}

int result_verify(struct cli *c, const char *path, const char *command)
{
	OWNED(buf) b = NULL;
	OWNED(pubkey) key = NULL;
	struct ear_seen seen = { 0 };
	struct err e = { 0 };
	const char *status;
	json_t *claims;
	int rc;

	if (!!c->option[OPT_KEY] + !!c->option[OPT_ANCHOR] + !!c->option[OPT_JWK] != 1)
		return cli_usage();
	if (file_read(path, EAR_MAX, &b, &e) || read_any_key(c, &key, &e))
		return cli_fail(c, &e, NULL);
	while (!ear_is_cwt(buf_bytes(b)) && b->w.len && b->w.at[b->w.len - 1] == '\n')
		b->w.len--;
	if (ear_read(buf_bytes(b), key, c->option[OPT_AUDIENCE], clock_now_s(), &seen, &e))
		return cli_fail(c, &e, NULL);
	claims = json_loadb((const char *)seen.claims->w.at, seen.claims->w.len, 0, NULL);
	if (check_nonce(c, claims, &e)) {
		ear_seen_clear(&seen);
		json_decref(claims);
		return cli_fail(c, &e, NULL);
	}
	status = tier_name((enum ear_tier)seen.status);
	rc = exit_of(c, status);
	if (!c->json)
		print_result(c, &seen, claims);
	ear_seen_clear(&seen);
	if (c->json) {
		cli_json(command, rc == 0,
			 json_pack("{s:s, s:o}", "ear_status", status, "claims", claims));
		return rc;
	}
	json_decref(claims);
	return rc;
}

int cmd_result(struct cli *c, const char *verb)
{
	if (strcmp(verb, "verify") || c->argc != 1)
		return cli_usage();
	return result_verify(c, c->argv[0], "result.verify");
}
