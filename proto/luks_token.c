// SPDX-License-Identifier: Apache-2.0
#include "luks_token.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static const char *const states[] = { "staged", "pending", "active" };

/* ---- writing ---- */
static json_t *sealed_json(const u8 *at, size_t len)
{
	char text[LEASE_KEPT_MAX * 4 / 3 + 5];

	return json_string(base64url_write((struct bytes){ at, len }, false, text));
}

int luks_token_write(const struct luks_token *t, struct buf **json, struct err *e)
{
	char slot[12], epoch[24], *text;
	json_t *j, *slots;

	if (t->public_len > LUKS_TOKEN_SEALED_MAX || t->private_len > LUKS_TOKEN_SEALED_MAX ||
	    t->lease_len > LEASE_KEPT_MAX)
		return err_set(e, E_LIMIT,
			       "a sealed half or a lease is longer than a token has "
			       "room for");
	slots = json_array();
	snprintf(slot, sizeof(slot), "%d", t->keyslot >= 0 ? t->keyslot : t->planned);
	if (t->keyslot >= 0)
		json_array_append_new(slots, json_string(slot));
	snprintf(epoch, sizeof(epoch), "%llu", (unsigned long long)t->epoch);
	j = json_pack("{s:s, s:o, s:i, s:s, s:s, s:o, s:o}", "type", LUKS_TOKEN_TYPE, "keyslots",
		      slots, "version", 1, "state", states[t->state], "epoch", epoch, "public",
		      sealed_json(t->public_2b, t->public_len), "private",
		      sealed_json(t->private_2b, t->private_len));
	if (t->keyslot < 0 && t->planned >= 0)
		json_object_set_new(j, "planned", json_string(slot));
	if (t->lease_len)
		json_object_set_new(j, "lease", sealed_json(t->lease, t->lease_len));
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	*json = text ? buf_copy((struct bytes){ (const u8 *)text, strlen(text) + 1 }) : NULL;
	free(text);
	if (!*json)
		return err_set(e, E_MEMORY, "no memory for a token");
	(*json)->w.len--;
	return 0;
}

/* ---- reading ---- */
static const char *text_of(const json_t *j, const char *name, struct err *e)
{
	const char *s = json_string_value(json_object_get(j, name));

	if (!s || strlen(s) != json_string_length(json_object_get(j, name))) {
		err_set(e, E_FORMAT, "LUKS token: %s is not a text", name);
		return NULL;
	}
	return s;
}

/* A number in the one form it has: no sign, no zeros before it. */
static int number_of(const char *s, const char *name, u64 max, u64 *out, struct err *e)
{
	u64 n = 0;
	const char *c = s;

	for (; *c >= '0' && *c <= '9'; c++) {
		if (n > (max - (u64)(*c - '0')) / 10)
			return err_set(e, E_LIMIT, "LUKS token: %s is too large", name);
		n = 10 * n + (u64)(*c - '0');
	}
	if (*c || c == s || (*s == '0' && c != s + 1))
		return err_set(e, E_FORMAT, "LUKS token: %s is not a number", name);
	*out = n;
	return 0;
}

static int sealed_of(const json_t *j, const char *name, int max, u8 *out, size_t *len,
		     struct err *e)
{
	const char *s = text_of(j, name, e);
	long n;

	if (!s)
		return (int)e->code;
	n = base64_read(bytes_text(s), out, (size_t)max);
	if (n <= 0)
		return err_set(e, E_FORMAT, "LUKS token: %s is not base64url of 1 to %d bytes",
			       name, max);
	*len = (size_t)n;
	return 0;
}

static int state_of(const json_t *j, enum luks_token_state *out, struct err *e)
{
	const char *s = text_of(j, "state", e);

	for (size_t i = 0; s && i < ARRAY_LEN(states); i++) {
		if (strcmp(s, states[i]))
			continue;
		*out = (enum luks_token_state)i;
		return 0;
	}
	return s ? err_set(e, E_FORMAT, "LUKS token: no such state") : (int)e->code;
}

static int slot_number(const char *s, const char *name, int *out, struct err *e)
{
	u64 n;

	if (number_of(s, name, LUKS_KEYSLOTS_MAX - 1, &n, e))
		return (int)e->code;
	*out = (int)n;
	return 0;
}

static int keyslot_of(const json_t *j, int *out, struct err *e)
{
	const json_t *slots = json_object_get(j, "keyslots");
	const char *s = json_string_value(json_array_get(slots, 0));

	if (!json_is_array(slots) || json_array_size(slots) > 1 || (json_array_size(slots) && !s))
		return err_set(e, E_FORMAT, "LUKS token: keyslots has to name one, or none");
	return s ? slot_number(s, "keyslots", out, e) : 0;
}

static int planned_of(const json_t *j, int *out, struct err *e)
{
	const char *s = text_of(j, "planned", e);

	return s ? slot_number(s, "planned", out, e) : (int)e->code;
}

static int take(const json_t *j, struct luks_token *out, struct err *e)
{
	const char *type = text_of(j, "type", e), *epoch;
	bool planned = json_object_get(j, "planned") != NULL,
	     leased = json_object_get(j, "lease") != NULL;

	if (!type)
		return (int)e->code;
	if (strcmp(type, LUKS_TOKEN_TYPE))
		return err_set(e, E_NOTFOUND, "LUKS token: not one of ours");
	if (json_integer_value(json_object_get(j, "version")) != 1)
		return err_set(e, E_UNSUPPORTED, "LUKS token: version is not 1");
	if (json_object_size(j) != 7u + planned + leased)
		return err_set(e, E_FORMAT, "LUKS token: more members than version 1 has");
	epoch = text_of(j, "epoch", e);
	if (!epoch || number_of(epoch, "epoch", (1ull << 63) - 1, &out->epoch, e) ||
	    state_of(j, &out->state, e) || keyslot_of(j, &out->keyslot, e) ||
	    sealed_of(j, "public", LUKS_TOKEN_SEALED_MAX, out->public_2b, &out->public_len, e) ||
	    sealed_of(j, "private", LUKS_TOKEN_SEALED_MAX, out->private_2b, &out->private_len, e) ||
	    (leased && sealed_of(j, "lease", LEASE_KEPT_MAX, out->lease, &out->lease_len, e)))
		return (int)e->code;
	if (planned && planned_of(j, &out->planned, e))
		return (int)e->code;
	if (planned && out->keyslot >= 0)
		return err_set(e, E_FORMAT,
			       "LUKS token: a keyslot is planned beside the one it has");
	return out->epoch ? 0 : err_set(e, E_FORMAT, "LUKS token: epoch 0 is none");
}

int luks_token_parse(struct bytes json, struct luks_token *out, struct err *e)
{
	json_t *j;
	int rc;

	if (json.len > LUKS_TOKEN_MAX)
		return err_set(e, E_LIMIT, "LUKS token of more than %d bytes", LUKS_TOKEN_MAX);
	j = json_loadb((const char *)json.at, json.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(j)) {
		json_decref(j);
		return err_set(e, E_FORMAT, "LUKS token: not a JSON object, or a member twice");
	}
	*out = (struct luks_token){ .keyslot = LUKS_NO_KEYSLOT, .planned = LUKS_NO_KEYSLOT };
	rc = take(j, out, e);
	json_decref(j);
	return rc;
}
