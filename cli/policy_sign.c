// SPDX-License-Identifier: Apache-2.0
/* assay policy-sign: approve of what a host boots, for a disk of the strict profile, where the key is: off the host and the server. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "common/file.h"
#include "known_host.h"
#include "proto/eat.h"
#include "proto/strict.h"

static const struct eat_bank *sha256_bank(const struct eat *t)
{
	for (size_t i = 0; i < t->n_banks; i++)
		if (t->banks[i].alg == TPM_ALG_SHA256)
			return &t->banks[i];
	return NULL;
}

/* "4=HEX,9=HEX": what will be in these registers in place of what the token has. */
static int put_others(const char *text, u8 values[TPM_PCRS][32], struct err *e)
{
	while (*text) {
		char *end, hex[65] = "";
		unsigned long pcr = strtoul(text, &end, 10);
		size_t len = *end == '=' ? strcspn(end + 1, ",") : 0;

		if (end == text || pcr >= TPM_PCRS || !(STRICT_PCRS >> pcr & 1) || len != 64)
			return err_set(
				e, E_USAGE,
				"--pcr N=HEX,... expected: 64 hex digits for each, N of 0 to "
				"9, 11, 12 and 14");
		memcpy(hex, end + 1, 64);
		if (!hex_read(hex, values[pcr], 32))
			return err_set(e, E_USAGE, "PCR %lu: not 64 hex digits", pcr);
		text = end + 1 + len;
		text += *text == ',';
	}
	return 0;
}

static int take_values(const struct cli *c, const struct eat *t, u8 values[TPM_PCRS][32],
		       struct err *e)
{
	const struct eat_bank *b = sha256_bank(t);

	if (!b || (b->pcrs & STRICT_PCRS) != STRICT_PCRS)
		return err_set(e, E_UNSUPPORTED,
			       "the token does not quote every PCR of the release set in its "
			       "SHA-256 bank");
	for (u32 p = 0; p < TPM_PCRS; p++)
		if (STRICT_PCRS >> p & 1)
			memcpy(values[p], b->value[p].at, 32);
	return c->option[OPT_PCR] ? put_others(c->option[OPT_PCR], values, e) : 0;
}

static int read_key(const char *path, struct keypair **key, struct err *e)
{
	OWNED(buf) pem = NULL;
	int rc;

	if (file_read(path, 65536, &pem, e))
		return (int)e->code;
	rc = keypair_from_pem(buf_bytes(pem), key, e);
	secret_wipe(pem->w.at, pem->w.len);
	return rc ? err_while(e, "%s", path) : 0;
}

/* The values become those that a key is given for: they have to be what this host's TPM has quoted. */
static int check_token(const struct cli *c, const struct eat *t, struct err *e)
{
	struct known_host h;
	int rc;

	if (known_host_read(c->option[OPT_HOST], &h, e))
		return (int)e->code;
	rc = known_host_quoted(t, &h, e);
	known_host_clear(&h);
	return rc;
}

static int sign(struct cli *c, struct approval *a, u8 values[TPM_PCRS][32], struct err *e)
{
	OWNED(buf) bytes = NULL;
	OWNED(buf) out = buf_new(APPROVAL_MAX);
	OWNED(eat) t = NULL;
	OWNED(keypair) key = NULL;
	OWNED(hasher) h = hasher_new(DIGEST_SHA256);
	struct digest d;

	if (!out || !h)
		return err_set(e, E_MEMORY, "no memory for an approval");
	if (file_read(c->argv[0], EVIDENCE_MAX, &bytes, e) || eat_parse(buf_bytes(bytes), &t, e))
		return err_while(e, "%s", c->argv[0]);
	if (check_token(c, t, e) || take_values(c, t, values, e) ||
	    read_key(c->option[OPT_KEY], &key, e))
		return (int)e->code;
	for (u32 p = 0; p < TPM_PCRS; p++)
		if (STRICT_PCRS >> p & 1)
			hasher_add(h, (struct bytes){ values[p], 32 });
	d = hasher_end(h);
	a->pcrs = STRICT_PCRS;
	memcpy(a->pcr_digest, d.at, sizeof(a->pcr_digest));
	return strict_sign(a, t->ueid, key, e) || approval_write(a, &out->w, e) ||
			       file_create(c->option[OPT_OUT], buf_bytes(out), 0644, e)
		       ? (int)e->code
		       : 0;
}

int cmd_policy_sign(struct cli *c)
{
	u8 values[TPM_PCRS][32] = { 0 };
	struct approval a = { 0 };
	struct err e = { 0 };
	char hex[65], *end;

	if (c->argc != 1 || !c->option[OPT_VOLUME] || !c->option[OPT_EPOCH] ||
	    !c->option[OPT_HOST] || !c->option[OPT_KEY] || !c->option[OPT_OUT] ||
	    !uuid_read(c->option[OPT_VOLUME], a.uuid))
		return cli_usage();
	a.epoch = strtoull(c->option[OPT_EPOCH], &end, 10);
	if (*end || !a.epoch || a.epoch >> 63)
		return cli_usage();
	if (sign(c, &a, values, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("policy-sign", true,
			 json_pack("{s:s, s:I, s:s}", "volume", c->option[OPT_VOLUME], "epoch",
				   (json_int_t)a.epoch, "pcr_digest",
				   hex_write(BYTES(a.pcr_digest), hex)));
		return 0;
	}
	for (u32 p = 0; p < TPM_PCRS; p++)
		if (STRICT_PCRS >> p & 1)
			printf("PCR %-2u %s\n", p, hex_write((struct bytes){ values[p], 32 }, hex));
	printf("approved for volume %s, epoch %" PRIu64 ", in %s: assay secret approve %s\n",
	       c->option[OPT_VOLUME], a.epoch, c->option[OPT_OUT], c->option[OPT_OUT]);
	return 0;
}

int secret_approve(struct cli *c)
{
	OWNED(buf) b = NULL;
	char text[2 * APPROVAL_MAX], body[2 * APPROVAL_MAX + 32];
	json_t *answer = NULL;
	struct approval a;
	struct err e = { 0 };

	if (c->argc != 1)
		return cli_usage();
	if (file_read(c->argv[0], APPROVAL_MAX, &b, &e) || approval_parse(buf_bytes(b), &a, &e))
		return cli_fail(c, &e, "assay policy-sign makes one");
	snprintf(body, sizeof(body), "{\"approval\":\"%s\"}",
		 base64url_write(buf_bytes(b), false, text));
	if (call_server(c, "POST", "/api/v1/approvals", "application/json", bytes_text(body),
			&answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json)
		cli_json("secret.approve", true, answer);
	else {
		printf("volume %s, epoch %" PRIu64 ": the host gets it with its next key\n",
		       uuid_write(a.uuid, text), a.epoch);
		json_decref(answer);
	}
	return 0;
}
