// SPDX-License-Identifier: Apache-2.0
#include "disk_typed.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"

/* ---- recovery keys ---- */
static void put_digit(u8 out[RECOVERY_LEN], size_t n, u8 digit)
{
	size_t at = n + n / RECOVERY_GROUP;

	if (n && n % RECOVERY_GROUP == 0)
		out[at - 1] = '-';
	out[at] = digit;
}

void recovery_write(const u8 raw[RECOVERY_BYTES], u8 out[RECOVERY_LEN])
{
	for (size_t i = 0; i < 2u * RECOVERY_BYTES; i++) {
		u8 half = i % 2 ? raw[i / 2] & 15 : raw[i / 2] >> 4;

		put_digit(out, i, (u8) "0123456789abcdef"[half]);
	}
}

bool recovery_read(struct bytes typed, u8 out[RECOVERY_LEN])
{
	size_t n = 0;

	for (size_t i = 0; i < typed.len; i++) {
		u8 c = typed.at[i];

		if (c == '-' || c == ' ')
			continue;
		if (!isxdigit(c) || n == 2u * RECOVERY_BYTES)
			return false;
		put_digit(out, n++, (u8)tolower(c));
	}
	return n == 2u * RECOVERY_BYTES;
}

/* ---- keyslots ---- */
/* Of those that nothing tries by itself. Return: the keyslot, or -1. */
static int hidden_slot(struct luks *l, struct bytes passphrase, struct secret **volume_key)
{
	for (int slot = 0; slot < LUKS_KEYSLOTS_MAX; slot++) {
		struct err why = { 0 };

		if (luks_slot_is_hidden(l, slot) &&
		    !luks_volume_key(l, slot, passphrase, volume_key, &why))
			return slot;
	}
	return -1;
}

/* The note comes before the deed: one too many hides what is hidden. */
static int show(struct luks *l, const char *path, const char *folder, int slot, struct err *e)
{
	char uuid[UUID_TEXT_LEN + 1], note[600], line[600];

	uuid_write(luks_uuid(l), uuid);
	if (snprintf(note, sizeof(note), "%s/%s", folder, uuid) >= (int)sizeof(note) ||
	    snprintf(line, sizeof(line), "%d %s", slot, path) >= (int)sizeof(line))
		return err_set(e, E_LIMIT, "the path of %.200s is too long", path);
	return folder_make(folder, 0700, e) || file_write(note, bytes_text(line), 0600, e) ||
			       luks_slot_show(l, slot, e)
		       ? (int)e->code
		       : 0;
}

static int keep(struct bytes passphrase, struct disk_opened *out, struct err *e)
{
	out->passphrase = secret_new(passphrase.len);
	if (!out->passphrase)
		return err_set(e, E_MEMORY, "no locked memory for a passphrase");
	memcpy(out->passphrase->at, passphrase.at, passphrase.len);
	return cap_proof(secret_bytes(out->volume_key), out->proof, e);
}

/* One way of reading what was typed. E_DENIED: it opens nothing. */
static int try_one(struct luks *l, const char *path, const char *shown, struct bytes passphrase,
		   struct disk_opened *out, struct err *e)
{
	int rc = luks_volume_key(l, LUKS_ANY_SLOT, passphrase, &out->volume_key, e);
	int slot;

	if (rc && rc != E_DENIED)
		return rc;
	if (rc) {
		slot = hidden_slot(l, passphrase, &out->volume_key);
		if (slot < 0)
			return rc;
		if (show(l, path, shown, slot, e))
			return (int)e->code;
	}
	return keep(passphrase, out, e);
}

int disk_typed(struct luks *l, const char *path, const char *shown, struct bytes typed,
	       struct disk_opened *out, struct err *e)
{
	OWNED(secret) as_key = secret_new(RECOVERY_LEN);
	int rc;

	*out = (struct disk_opened){ 0 };
	if (!as_key)
		return err_set(e, E_MEMORY, "no locked memory for a passphrase");
	if (!typed.len)
		return err_set(e, E_DENIED, "nothing was typed");
	/* a recovery key is known by its shape, and what was meant as one is not stretched twice */
	if (recovery_read(typed, as_key->at)) {
		rc = try_one(l, path, shown, secret_bytes(as_key), out, e);
		if (rc != E_DENIED || secret_equal(typed, secret_bytes(as_key)))
			goto done;
	}
	rc = try_one(l, path, shown, typed, out, e);
done:
	if (rc)
		disk_opened_clear(out);
	return rc == E_DENIED ? err_set(e, E_DENIED, "that opens no keyslot of the volume") : rc;
}

/* ---- afterwards ---- */
static int hide_one(const char *note, struct err *e)
{
	OWNED(buf) b = NULL;
	OWNED(luks) l = NULL;
	char line[600] = "", *path;
	long slot;

	if (file_read(note, sizeof(line) - 1, &b, e))
		return (int)e->code;
	memcpy(line, b->w.at, b->w.len);
	slot = strtol(line, &path, 10);
	if (*path != ' ' || slot < 0 || slot >= LUKS_KEYSLOTS_MAX)
		return err_set(e, E_FORMAT, "%s is no note about a keyslot", note);
	return luks_open(path + 1, NULL, &l, e) || luks_slot_hide(l, (int)slot, e) ? (int)e->code
										   : 0;
}

int disk_hide_again(const char *shown, struct err *e)
{
	DIR *d = opendir(shown);
	struct dirent *entry;
	int rc = 0;

	if (!d)
		return errno == ENOENT ? 0
				       : err_set(e, E_IO, "open %s: %s", shown, strerror(errno));
	while ((entry = readdir(d))) {
		char note[600];

		if (entry->d_name[0] == '.' || snprintf(note, sizeof(note), "%s/%s", shown,
							entry->d_name) >= (int)sizeof(note))
			continue;
		if (hide_one(note, e))
			rc = (int)e->code;
		unlink(note);
	}
	closedir(d);
	return rc;
}
