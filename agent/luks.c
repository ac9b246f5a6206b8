// SPDX-License-Identifier: Apache-2.0
#include "luks.h"

#include <errno.h>
#include <jansson.h>
#include <libcryptsetup.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

struct luks {
	struct crypt_device *cd;
	u8 uuid[16];
	char said[200]; /* the library's last complaint */
};

static void hear(int level, const char *text, void *user)
{
	struct luks *l = user;
	size_t n = strcspn(text, "\n");

	if (level == CRYPT_LOG_ERROR)
		snprintf(l->said, sizeof(l->said), "%.*s", (int)n, text);
}

/* What it has to say before there is a device to speak of stands in its return code as well. */
static void hear_nothing(int level, const char *text, void *user)
{
	(void)level;
	(void)text;
	(void)user;
}

static int failed(struct luks *l, struct err *e, enum err_code code, const char *what, int rc)
{
	err_set(e, code, "%s: %s", what, l->said[0] ? l->said : strerror(-rc));
	l->said[0] = 0;
	return (int)e->code;
}

void luks_drop(struct luks **lp)
{
	struct luks *l = lp ? *lp : NULL;

	if (!l)
		return;
	crypt_free(l->cd);
	free(l);
	*lp = NULL;
}

/* ---- is this a header that protects something? ---- */
static int check_segments(const json_t *header, struct err *e)
{
	const json_t *segments = json_object_get(header, "segments"), *segment;
	const char *name;

	if (!json_object_size(segments))
		return err_set(e, E_FORMAT, "LUKS header: no data segment");
	json_object_foreach((json_t *)segments, name, segment)
	{
		const char *type = json_string_value(json_object_get(segment, "type"));
		const char *cipher = json_string_value(json_object_get(segment, "encryption"));

		if (!type || strcmp(type, "crypt") || !cipher || strstr(cipher, "null"))
			return err_set(e, E_POLICY,
				       "LUKS header: data segment %.20s is not encrypted (%.40s)",
				       name,
				       cipher ? cipher
				       : type ? type
					      : "of no type");
	}
	return json_object_size(segments) == 1
		       ? 0
		       : err_set(e, E_POLICY,
				 "LUKS header: more than one data segment: it is being "
				 "encrypted anew");
}

/* What is stored in the clear opens to any passphrase, and not every libcryptsetup refuses it. */
static int check_keyslots(const json_t *header, struct err *e)
{
	const json_t *keyslots = json_object_get(header, "keyslots"), *keyslot;
	const char *name;

	json_object_foreach((json_t *)keyslots, name, keyslot)
	{
		const json_t *area = json_object_get(keyslot, "area");
		const char *cipher = json_string_value(json_object_get(area, "encryption"));

		if (cipher && strstr(cipher, "null"))
			return err_set(e, E_POLICY,
				       "LUKS header: keyslot %.20s is not encrypted (%.40s)", name,
				       cipher);
	}
	return 0;
}

static int check_header(struct luks *l, struct err *e)
{
	const char *text = NULL;
	uint32_t unfinished = 0;
	json_t *header;
	int rc = crypt_dump_json(l->cd, &text, 0);

	header = rc ? NULL : json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!header)
		return failed(l, e, E_FORMAT, "LUKS header", rc ? rc : -EINVAL);
	rc = check_segments(header, e) || check_keyslots(header, e) ? (int)e->code : 0;
	json_decref(header);
	if (rc)
		return rc;
	if (crypt_persistent_flags_get(l->cd, CRYPT_FLAGS_REQUIREMENTS, &unfinished) || unfinished)
		return err_set(e, E_POLICY,
			       "LUKS header: it has requirements (0x%x): it is being "
			       "encrypted anew, or of a newer version",
			       unfinished);
	return 0;
}

static int take_uuid(struct luks *l, const u8 *wanted, struct err *e)
{
	const char *text = crypt_get_uuid(l->cd);

	if (!text || !uuid_read(text, l->uuid))
		return err_set(e, E_FORMAT, "LUKS header: its UUID is none");
	if (wanted && memcmp(l->uuid, wanted, sizeof(l->uuid)))
		return err_set(e, E_BINDING, "LUKS header: of another volume, %s", text);
	return 0;
}

int luks_open(const char *path, const u8 *uuid, struct luks **out, struct err *e)
{
	OWNED(luks) l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return err_set(e, E_MEMORY, "no memory for a LUKS header");
	crypt_set_log_callback(NULL, hear_nothing, NULL);
	rc = crypt_init(&l->cd, path);
	if (rc)
		return err_set(e, rc == -ENOENT || rc == -ENOTBLK ? E_NOTFOUND : E_IO,
			       "open %s: %s", path, strerror(-rc));
	crypt_set_log_callback(l->cd, hear, l);
	rc = crypt_load(l->cd, CRYPT_LUKS2, NULL);
	if (rc) {
		failed(l, e, E_FORMAT, "no LUKS2 header", rc);
		return err_while(e, "%s", path);
	}
	if (take_uuid(l, uuid, e) || check_header(l, e))
		return err_while(e, "%s", path);
	*out = TAKE(l);
	return 0;
}

const u8 *luks_uuid(const struct luks *l)
{
	return l->uuid;
}

/* ---- tokens ---- */
void luks_tokens(const struct luks *l, struct luks_tokens *out)
{
	*out = (struct luks_tokens){ 0 };
	for (int id = 0; id < LUKS_KEYSLOTS_MAX; id++) {
		struct luks_found *f = &out->at[out->n];
		const char *json = NULL;
		struct err why = { 0 };

		if (crypt_token_json_get(l->cd, id, &json) < 0 || !json)
			continue;
		f->id = id;
		if (!luks_token_parse(bytes_text(json), &f->token, &why))
			out->n++;
		else if (why.code != E_NOTFOUND)
			out->n_bad++;
	}
}

int luks_token_put(struct luks *l, int id, const struct luks_token *t, struct err *e)
{
	OWNED(buf) json = NULL;
	int rc;

	if (luks_token_write(t, &json, e))
		return (int)e->code;
	rc = crypt_token_json_set(l->cd, id < 0 ? CRYPT_ANY_TOKEN : id, (const char *)json->w.at);
	return rc < 0 ? failed(l, e, E_IO, "write a LUKS token", rc) : 0;
}

int luks_token_remove(struct luks *l, int id, struct err *e)
{
	int rc = crypt_token_json_set(l->cd, id, NULL);

	return rc < 0 ? failed(l, e, E_IO, "remove a LUKS token", rc) : 0;
}

/* ---- keyslots ---- */
int luks_volume_key(struct luks *l, int slot, struct bytes passphrase, struct secret **out,
		    struct err *e)
{
	size_t len = (size_t)crypt_get_volume_key_size(l->cd);
	OWNED(secret) key = len ? secret_new(len) : NULL;
	int rc;

	if (!key)
		return err_set(e, E_MEMORY, "no locked memory for a volume key");
	rc = crypt_volume_key_get(l->cd, slot == LUKS_ANY_SLOT ? CRYPT_ANY_SLOT : slot,
				  (char *)key->at, &len, (const char *)passphrase.at,
				  passphrase.len);
	if (rc < 0)
		return failed(l, e, rc == -EPERM || rc == -ENOENT ? E_DENIED : E_IO,
			      "open a LUKS keyslot", rc);
	/* a slot that is named may belong to no data: its key would vouch for what another one opens */
	if (crypt_volume_key_verify(l->cd, (const char *)key->at, len))
		return err_set(e, E_DENIED,
			       "open a LUKS keyslot: the key of keyslot %d is not that of the data",
			       rc);
	key->len = len;
	*out = TAKE(key);
	return 0;
}

/* Stretching costs time and, in an initramfs, memory; 256 random bits gain nothing by it. */
static int choose_pbkdf(struct luks *l, bool stretch, struct err *e)
{
	static const struct crypt_pbkdf_type once = {
		.type = CRYPT_KDF_PBKDF2,
		.hash = "sha256",
		.iterations = 1000,
		.flags = CRYPT_PBKDF_NO_BENCHMARK,
	};
	int rc = crypt_set_pbkdf_type(l->cd, stretch ? NULL : &once);

	return rc ? failed(l, e, E_IO, "choose how a LUKS keyslot is derived", rc) : 0;
}

int luks_slot_add(struct luks *l, const struct secret *volume_key, struct bytes passphrase,
		  bool stretch, int want, int *slot, struct err *e)
{
	int rc;

	if (choose_pbkdf(l, stretch, e))
		return (int)e->code;
	rc = crypt_keyslot_add_by_key(l->cd, want == LUKS_ANY_SLOT ? CRYPT_ANY_SLOT : want,
				      (const char *)volume_key->at, volume_key->len,
				      (const char *)passphrase.at, passphrase.len, 0);
	if (rc < 0)
		return failed(l, e, rc == -EPERM ? E_DENIED : E_IO, "add a LUKS keyslot", rc);
	*slot = rc;
	return 0;
}

static bool slot_is_used(const struct luks *l, int slot)
{
	crypt_keyslot_info s = crypt_keyslot_status(l->cd, slot);

	return s == CRYPT_SLOT_ACTIVE || s == CRYPT_SLOT_ACTIVE_LAST;
}

static int set_priority(struct luks *l, int slot, crypt_keyslot_priority p, struct err *e)
{
	int rc = crypt_keyslot_set_priority(l->cd, slot, p);

	return rc ? failed(l, e, E_IO, "hide or show a LUKS keyslot", rc) : 0;
}

/* What stands in the header while a keyslot is to be hidden again: who starts next knows of it. */
static const char shown_type[] = "assay-shown";

static bool is_shown_mark(const struct luks *l, int id)
{
	const char *type = NULL;

	switch (crypt_token_status(l->cd, id, &type)) {
	case CRYPT_TOKEN_INTERNAL:
	case CRYPT_TOKEN_INTERNAL_UNKNOWN:
	case CRYPT_TOKEN_EXTERNAL:
	case CRYPT_TOKEN_EXTERNAL_UNKNOWN:
		return type && !strcmp(type, shown_type);
	default:
		return false;
	}
}

static bool is_marked(const struct luks *l, int slot)
{
	for (int id = 0; id < LUKS_KEYSLOTS_MAX; id++)
		if (is_shown_mark(l, id) && !crypt_token_is_assigned(l->cd, id, slot))
			return true;
	return false;
}

static int remove_marks(struct luks *l, int slot, struct err *e)
{
	for (int id = 0; id < LUKS_KEYSLOTS_MAX; id++)
		if (is_shown_mark(l, id) && !crypt_token_is_assigned(l->cd, id, slot) &&
		    luks_token_remove(l, id, e))
			return (int)e->code;
	return 0;
}

int luks_slot_hide(struct luks *l, int slot, struct err *e)
{
	return set_priority(l, slot, CRYPT_SLOT_PRIORITY_IGNORE, e) || remove_marks(l, slot, e)
		       ? (int)e->code
		       : 0;
}

int luks_slot_show(struct luks *l, int slot, struct err *e)
{
	char mark[80];
	int rc = 0;

	snprintf(mark, sizeof(mark), "{\"type\":\"%s\",\"keyslots\":[\"%d\"]}", shown_type, slot);
	if (!is_marked(l, slot))
		rc = crypt_token_json_set(l->cd, CRYPT_ANY_TOKEN, mark);
	if (rc < 0)
		return failed(l, e, E_IO, "write a LUKS token", rc);
	return set_priority(l, slot, CRYPT_SLOT_PRIORITY_NORMAL, e);
}

int luks_hide_shown(struct luks *l, int *n, struct err *e)
{
	*n = 0;
	for (int slot = 0; slot < LUKS_KEYSLOTS_MAX; slot++) {
		if (!slot_is_used(l, slot) || !is_marked(l, slot))
			continue;
		if (luks_slot_hide(l, slot, e))
			return (int)e->code;
		(*n)++;
	}
	return 0;
}

bool luks_slot_is_hidden(const struct luks *l, int slot)
{
	return slot_is_used(l, slot) &&
	       crypt_keyslot_get_priority(l->cd, slot) == CRYPT_SLOT_PRIORITY_IGNORE;
}

size_t luks_n_slots(const struct luks *l)
{
	size_t n = 0;

	for (int slot = 0; slot < LUKS_KEYSLOTS_MAX; slot++)
		n += slot_is_used(l, slot);
	return n;
}

int luks_slot_free(const struct luks *l, int *slot, struct err *e)
{
	for (int i = 0; i < LUKS_KEYSLOTS_MAX; i++) {
		if (crypt_keyslot_status(l->cd, i) != CRYPT_SLOT_INACTIVE)
			continue;
		*slot = i;
		return 0;
	}
	return err_set(e, E_LIMIT, "all keyslots of the LUKS header are in use");
}

int luks_slot_kill(struct luks *l, int slot, struct err *e)
{
	int rc;

	if (luks_n_slots(l) <= 1)
		return err_set(e, E_CONFLICT,
			       "LUKS keyslot %d is the last one: without it nobody opens "
			       "the volume",
			       slot);
	rc = crypt_keyslot_destroy(l->cd, slot);
	return rc ? failed(l, e, E_IO, "remove a LUKS keyslot", rc) : 0;
}

int luks_activate(struct luks *l, const char *name, const struct secret *volume_key, struct err *e)
{
	int rc = crypt_activate_by_volume_key(l->cd, name, (const char *)volume_key->at,
					      volume_key->len, 0);

	return rc ? failed(l, e, rc == -EEXIST || rc == -EBUSY ? E_CONFLICT : E_IO,
			   "open a LUKS volume", rc)
		  : 0;
}
