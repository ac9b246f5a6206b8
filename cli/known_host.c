// SPDX-License-Identifier: Apache-2.0
#include "known_host.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/text.h"

int known_host_read(const char *path, struct known_host *out, struct err *e)
{
	OWNED(buf) b = NULL;
	const char *ak, *deployment, *ueid, *state;
	json_t *j;
	u8 *at;
	long n;
	int rc = 0;

	*out = (struct known_host){ 0 };
	if (file_read(path, JSON_BODY_MAX, &b, e))
		return (int)e->code;
	j = json_loadb((const char *)b->w.at, b->w.len, 0, NULL);
	ak = json_string_value(json_object_get(j, "ak"));
	deployment = json_string_value(json_object_get(j, "deployment"));
	ueid = json_string_value(json_object_get(j, "ueid"));
	state = json_string_value(json_object_get(j, "state"));
	out->ak = buf_new(TPM_STRUCT_MAX);
	at = out->ak ? write_space(&out->ak->w, TPM_STRUCT_MAX) : NULL;
	n = at && ak ? base64_read(bytes_text(ak), at, TPM_STRUCT_MAX) : -1;
	if (n <= 0 || !deployment || !uuid_read(deployment, out->deployment) || !ueid ||
	    !hex_read(ueid, out->ueid, UEID_LEN) || !state)
		rc = err_set(e, E_FORMAT, "%s is not what `assay host show HOST --json` prints",
			     path);
	else
		out->ak->w.len = (size_t)n;
	out->active = state && !strcmp(state, "active");
	json_decref(j);
	if (rc)
		known_host_clear(out);
	return rc;
}

void known_host_clear(struct known_host *h)
{
	buf_drop(&h->ak);
}

int known_leaf_of_nobody(void *user, const char *label, const u8 leaf_key[32],
			 struct known_leaf *out, struct err *e)
{
	(void)user;
	(void)label;
	(void)leaf_key;
	(void)out;
	(void)e;
	return 0;
}

void known_host_context(const struct known_host *h, struct verify_context *ctx)
{
	*ctx = (struct verify_context){ .now_s = clock_now_s(),
					.nonce = PASSED,
					.active = h->active,
					.ak_pub = buf_bytes(h->ak),
					.spdm_version_min = 0x10,
					.ima_any_start = true,
					.lookup = known_leaf_of_nobody,
					.host_name = "offline" };
	memcpy(ctx->deployment, h->deployment, sizeof(ctx->deployment));
	memcpy(ctx->ueid, h->ueid, sizeof(ctx->ueid));
}

int known_host_quoted(const struct eat *t, const struct known_host *h, struct err *e)
{
	static const enum check_id wanted[] = {
		CHECK_TOKEN_SIGNATURE, CHECK_ENROLLED,	 CHECK_UEID,
		CHECK_QUOTE_SIGNATURE, CHECK_QUOTE_TYPE, CHECK_QUOTE_SELECTION,
		CHECK_QUOTE_DIGEST,    CHECK_QUOTE_BINDS
	};
	OWNED(verified_claims) verified = NULL;
	OWNED(reasons) reasons = reasons_new();
	OWNED(trust_store) roots = trust_store_new(); /* none: devices are another matter */
	struct verify_context ctx;

	if (!reasons || !roots)
		return err_set(e, E_MEMORY, "no memory to check a token");
	known_host_context(h, &ctx);
	ctx.device_roots = roots;
	if (verify_evidence(t, &ctx, reasons, &verified, e))
		return (int)e->code;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (verified_view(verified)->checks.result[wanted[i]] != PASSED)
			return err_set(e, E_SIGNATURE, "the token does not hold: %s",
				       check_text(wanted[i]));
	return 0;
}
