// SPDX-License-Identifier: Apache-2.0
#include "token_json.h"

#include <string.h>

#include "common/text.h"

enum member { TYPE, KEYSLOTS, VERSION, STATE, EPOCH, PUBLIC, PRIVATE, PLANNED, LEASE, N_MEMBERS };
enum { N_NEEDED = PLANNED };
static const char *const names[N_MEMBERS] = { "type",	"keyslots", "version", "state", "epoch",
					      "public", "private",  "planned", "lease" };
static const char *const states[] = { "staged", "pending", "active" };

/* What stands in the text: views, not yet read. */
struct found {
	bool is[N_MEMBERS];
	struct bytes value[N_MEMBERS]; /* of keyslots the one entry */
	bool has_keyslot;
};

/* ---- the little of JSON that there is ---- */
struct text {
	struct bytes left;
};

static bool is_space(u8 c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void step(struct text *t)
{
	t->left.at++;
	t->left.len--;
}

/* The next character that is no space, or NUL at the end. */
static u8 peek(struct text *t)
{
	while (t->left.len && is_space(*t->left.at))
		step(t);
	return t->left.len ? *t->left.at : 0;
}

static bool take(struct text *t, u8 c)
{
	if (peek(t) != c || !t->left.len)
		return false;
	step(t);
	return true;
}

static bool take_string(struct text *t, struct bytes *out)
{
	if (!take(t, '"'))
		return false;
	out->at = t->left.at;
	while (t->left.len && *t->left.at >= ' ' && *t->left.at < 0x7f && *t->left.at != '"' &&
	       *t->left.at != '\\')
		step(t);
	out->len = (size_t)(t->left.at - out->at);
	if (!t->left.len || *t->left.at != '"')
		return false;
	step(t);
	return true;
}

static bool take_digits(struct text *t, struct bytes *out)
{
	peek(t);
	out->at = t->left.at;
	while (t->left.len && *t->left.at >= '0' && *t->left.at <= '9')
		step(t);
	out->len = (size_t)(t->left.at - out->at);
	return out->len > 0;
}

static bool take_keyslots(struct text *t, struct found *f)
{
	if (!take(t, '['))
		return false;
	if (take(t, ']'))
		return true;
	f->has_keyslot = true;
	return take_string(t, &f->value[KEYSLOTS]) && take(t, ']');
}

static bool take_value(struct text *t, enum member m, struct found *f)
{
	switch (m) {
	case KEYSLOTS:
		return take_keyslots(t, f);
	case VERSION:
		return take_digits(t, &f->value[m]);
	default:
		return take_string(t, &f->value[m]);
	}
}

static bool is_text(struct bytes b, const char *text)
{
	return b.len == strlen(text) && !memcmp(b.at, text, b.len);
}

static int take_member(struct text *t, struct found *f, struct err *e)
{
	struct bytes name;
	int m = 0;

	if (!take_string(t, &name) || !take(t, ':'))
		return err_set(e, E_FORMAT, "LUKS token: not a JSON object of ours");
	while (m < N_MEMBERS && !is_text(name, names[m]))
		m++;
	if (m == N_MEMBERS)
		return err_set(e, E_FORMAT, "LUKS token: more members than version 1 has");
	if (f->is[m])
		return err_set(e, E_FORMAT, "LUKS token: %s stands there twice", names[m]);
	f->is[m] = true;
	if (!take_value(t, (enum member)m, f))
		return err_set(e, E_FORMAT, "LUKS token: %s is not of its kind", names[m]);
	if (m == TYPE && !is_text(f->value[TYPE], LUKS_TOKEN_TYPE))
		return err_set(e, E_NOTFOUND, "LUKS token: not one of ours");
	return 0;
}

static int take_object(struct text *t, struct found *f, struct err *e)
{
	if (!take(t, '{'))
		return err_set(e, E_FORMAT, "LUKS token: not a JSON object");
	do {
		if (take_member(t, f, e))
			return (int)e->code;
	} while (take(t, ','));
	if (!take(t, '}') || peek(t) || t->left.len)
		return err_set(e, E_FORMAT, "LUKS token: its JSON does not end as an object does");
	for (int m = 0; m < N_NEEDED; m++)
		if (!f->is[m])
			return err_set(e, E_FORMAT, "LUKS token: %s is missing", names[m]);
	return 0;
}

/* ---- what it says ---- */
/* A number in the one form it has: no sign, no zeros before it. */
static int number_of(const struct found *f, enum member m, u64 max, u64 *out, struct err *e)
{
	struct bytes b = f->value[m];
	u64 n = 0;

	for (size_t i = 0; i < b.len; i++) {
		u8 c = b.at[i];

		if (c < '0' || c > '9')
			return err_set(e, E_FORMAT, "LUKS token: %s is not a number", names[m]);
		if (n > (max - (u64)(c - '0')) / 10)
			return err_set(e, E_LIMIT, "LUKS token: %s is too large", names[m]);
		n = 10 * n + (u64)(c - '0');
	}
	if (!b.len || (b.at[0] == '0' && b.len > 1))
		return err_set(e, E_FORMAT, "LUKS token: %s is not a number", names[m]);
	*out = n;
	return 0;
}

static int slot_of(const struct found *f, enum member m, int *out, struct err *e)
{
	u64 n;

	if (number_of(f, m, LUKS_KEYSLOTS_MAX - 1, &n, e))
		return (int)e->code;
	*out = (int)n;
	return 0;
}

static int sealed_of(const struct found *f, enum member m, int max, u8 *out, size_t *len,
		     struct err *e)
{
	long n = base64_read(f->value[m], out, (size_t)max);

	if (n <= 0)
		return err_set(e, E_FORMAT, "LUKS token: %s is not base64url of 1 to %d bytes",
			       names[m], max);
	*len = (size_t)n;
	return 0;
}

static int state_of(const struct found *f, enum luks_token_state *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (!is_text(f->value[STATE], states[i]))
			continue;
		*out = (enum luks_token_state)i;
		return 0;
	}
	return err_set(e, E_FORMAT, "LUKS token: no such state");
}

static int read_values(const struct found *f, struct luks_token *out, struct err *e)
{
	if (!is_text(f->value[VERSION], "1"))
		return err_set(e, E_UNSUPPORTED, "LUKS token: version is not 1");
	if (f->is[PLANNED] && f->has_keyslot)
		return err_set(e, E_FORMAT,
			       "LUKS token: a keyslot is planned beside the one it has");
	if (number_of(f, EPOCH, (1ull << 63) - 1, &out->epoch, e) || state_of(f, &out->state, e) ||
	    (f->has_keyslot && slot_of(f, KEYSLOTS, &out->keyslot, e)) ||
	    (f->is[PLANNED] && slot_of(f, PLANNED, &out->planned, e)) ||
	    sealed_of(f, PUBLIC, LUKS_TOKEN_SEALED_MAX, out->public_2b, &out->public_len, e) ||
	    sealed_of(f, PRIVATE, LUKS_TOKEN_SEALED_MAX, out->private_2b, &out->private_len, e) ||
	    (f->is[LEASE] && sealed_of(f, LEASE, LEASE_KEPT_MAX, out->lease, &out->lease_len, e)))
		return (int)e->code;
	return out->epoch ? 0 : err_set(e, E_FORMAT, "LUKS token: epoch 0 is none");
}

const char *token_state_name(enum luks_token_state state)
{
	return states[state];
}

int token_json_parse(struct bytes json, struct luks_token *out, struct err *e)
{
	struct text t = { json };
	struct found f = { 0 };

	if (json.len > LUKS_TOKEN_MAX)
		return err_set(e, E_LIMIT, "LUKS token of more than %d bytes", LUKS_TOKEN_MAX);
	*out = (struct luks_token){ .keyslot = LUKS_NO_KEYSLOT, .planned = LUKS_NO_KEYSLOT };
	return take_object(&t, &f, e) ? (int)e->code : read_values(&f, out, e);
}
