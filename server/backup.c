// SPDX-License-Identifier: Apache-2.0
#include "backup.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/text.h"
#include "rekey.h"
#include "server.h"
#include "state_lock.h"

enum { BACKUP_VERSION = 1, BACKUP_PATH = 2 * PATH_TEXT, MANIFEST_MAX = 65536 };

/* ---- what it is made of ---- */
enum where { IN_STATE, THE_KEK, THE_FLOOR, THE_DATABASE };
static const struct artefact {
	const char *in; /* the backup */
	enum where where;
	const char *name; /* in the state folder */
	mode_t mode;
	bool needed;
} artefacts[] = {
	{ "keys/deployment.id", IN_STATE, "deployment.id", 0600, true },
	{ "keys/root.sealed", IN_STATE, ROOT_FILE, 0600, true },
	{ "keys/nonce.keys", IN_STATE, "nonce.keys", 0600, true },
	{ "keys/ear.pem", IN_STATE, "ear.pem", 0600, true },
	{ "keys/ear-old.pem", IN_STATE, "ear-old.pem", 0644, false },
	{ "keys/tls.key", IN_STATE, "tls.key", 0600, false },
	{ "keys/tls.crt", IN_STATE, "tls.crt", 0644, false },
	{ "keys/tls-next.key", IN_STATE, "tls-next.key", 0600, false },
	{ "keys/tls-next.crt", IN_STATE, "tls-next.crt", 0644, false },
	{ "kek/kek.pem", THE_KEK, NULL, 0600, true },
	{ "floor/audit.floor", THE_FLOOR, NULL, 0600, true },
	{ "database/assay.db", THE_DATABASE, NULL, 0600, true },
};

/* "" for a KEK that is in a token. */
static void place_of(const struct settings *s, const struct artefact *a, char out[BACKUP_PATH])
{
	const char *at = a->where == THE_KEK	 ? s->kek
			 : a->where == THE_FLOOR ? s->audit_floor
						 : s->database;

	if (a->where == IN_STATE)
		snprintf(out, BACKUP_PATH, "%s/%s", s->state, a->name);
	else
		snprintf(out, BACKUP_PATH, "%s",
			 a->where == THE_KEK && key_place_is_uri(at) ? "" : at);
}

/* ---- copying ---- */
static int copy_open(int from, int to, const char *what, struct digest *digest, struct err *e)
{
	OWNED(hasher) h = hasher_new(DIGEST_SHA256);
	OWNED(secret) part = secret_new(65536);
	ssize_t n = 0;

	if (!h || !part)
		return err_set(e, E_MEMORY, "no locked memory to copy");
	while ((n = read(from, part->at, part->len)) > 0) {
		hasher_add(h, (struct bytes){ part->at, (size_t)n });
		if (to >= 0 && write(to, part->at, (size_t)n) != n)
			return err_set(e, E_IO, "write %s: %s", what, strerror(errno));
	}
	if (n < 0 || (to >= 0 && fsync(to)))
		return err_set(e, E_IO, "copy %s: %s", what, strerror(errno));
	*digest = hasher_end(h);
	return 0;
}

/* @to NULL: its digest only. */
static int copy(const char *from, const char *to, mode_t mode, struct digest *digest, struct err *e)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, rc;

	if (in < 0)
		return err_set(e, errno == ENOENT ? E_NOTFOUND : E_IO, "open %s: %s", from,
			       strerror(errno));
	if (to)
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (to && (out < 0 || fchmod(out, mode)))
		rc = err_set(e, errno == EEXIST ? E_CONFLICT : E_IO, "create %s: %s", to,
			     strerror(errno));
	else
		rc = copy_open(in, out, from, digest, e);
	close(in);
	if (out >= 0)
		close(out);
	return rc;
}

/* ---- making one ---- */
struct making {
	const struct settings *s;
	const char *folder;
	struct server *server;
	json_t *files;
};

static int told(struct tx *tx, void *arg, struct err *e)
{
	return audit_append(tx, "local", arg, "{}", e);
}

/* Its digest is taken when it has been opened and checked. */
static int copy_database(struct making *m, const char *to, struct err *e)
{
	OWNED(db) from = NULL;
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(e, E_IO, "create %s: %s", to, strerror(errno));
	close(fd);
	return db_open(m->s->database, false, &from, e) || db_copy(from, to, e) ? (int)e->code : 0;
}

static void note(struct making *m, const char *name, const struct digest *digest)
{
	char hex[65];

	json_object_set_new(m->files, name, json_string(hex_write(digest_bytes(digest), hex)));
}

static int take(struct making *m, const struct artefact *a, struct err *e)
{
	char from[BACKUP_PATH], to[BACKUP_PATH];
	struct digest digest;

	place_of(m->s, a, from);
	if (!from[0] || (!a->needed && access(from, F_OK)))
		return 0;
	snprintf(to, sizeof(to), "%s/%s", m->folder, a->in);
	if (a->where == THE_DATABASE)
		return copy_database(m, to, e);
	if (copy(from, to, a->mode, &digest, e))
		return (int)e->code;
	note(m, a->in, &digest);
	return 0;
}

/* The floor was copied before the database: it must hold for it, and the log must be whole. */
static int check_copy(struct making *m, long long *seq, struct err *e)
{
	char path[BACKUP_PATH];
	struct digest digest;
	OWNED(db) d = NULL;
	int fd, rc;

	snprintf(path, sizeof(path), "%s/floor/audit.floor", m->folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, E_IO, "open %s: %s", path, strerror(errno));
	snprintf(path, sizeof(path), "%s/database/assay.db", m->folder);
	rc = db_open(path, false, &d, e) || audit_floor_check(fd, d, m->server->keys, e) ||
			     audit_verify(d, seq, e)
		     ? (int)e->code
		     : 0;
	close(fd);
	db_drop(&d);
	if (!rc)
		rc = copy(path, NULL, 0, &digest, e);
	if (rc)
		return err_while(e, "the copy");
	note(m, "database/assay.db", &digest);
	return 0;
}

static int write_manifest(struct making *m, long long seq, struct err *e)
{
	char id[UUID_TEXT_LEN + 1], path[BACKUP_PATH];
	json_t *j = json_pack(
		"{s:i, s:s, s:s, s:I, s:I, s:O}", "assay-backup", BACKUP_VERSION, "server",
		ASSAY_VERSION, "deployment", uuid_write(m->server->keys->deployment, id), "time",
		(json_int_t)clock_now_s(), "records", (json_int_t)seq, "files", m->files);
	char *text = j ? json_dumps(j, JSON_INDENT(2)) : NULL;
	int rc;

	snprintf(path, sizeof(path), "%s/manifest.json", m->folder);
	rc = text ? file_create(path, bytes_text(text), 0600, e)
		  : err_set(e, E_MEMORY, "no memory for the manifest");
	free(text);
	json_decref(j);
	return rc;
}

static int make_folders(const char *folder, struct err *e)
{
	static const char *const parts[] = { "", "/keys", "/kek", "/floor", "/database" };
	char path[BACKUP_PATH];

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		snprintf(path, sizeof(path), "%s%s", folder, parts[i]);
		if (mkdir(path, 0700))
			return err_set(e, errno == EEXIST ? E_CONFLICT : E_IO, "make folder %s: %s",
				       path, strerror(errno));
	}
	return 0;
}

static int make(struct making *m, long long *seq, struct err *e)
{
	static char event[] = "backup-made";

	if (store_write(m->server->store, told, event, e))
		return (int)e->code;
	for (size_t i = 0; i < ARRAY_LEN(artefacts); i++)
		if (take(m, &artefacts[i], e))
			return (int)e->code;
	/* the manifest is the last: a backup without one is none */
	return check_copy(m, seq, e) || write_manifest(m, *seq, e) ? (int)e->code : 0;
}

int backup_make(const struct settings *s, const char *folder, long long *seq, struct err *e)
{
	struct making m = { .s = s, .folder = folder, .files = json_object() };
	int rc;

	if (strlen(folder) >= PATH_TEXT)
		return err_set(e, E_USAGE, "name of the folder is too long");
	rc = !m.files				  ? err_set(e, E_MEMORY, "no memory for a backup")
	     : server_open_store(s, &m.server, e) ? (int)e->code
						  : make_folders(folder, e);
	if (!rc)
		rc = make(&m, seq, e);
	server_drop(&m.server);
	json_decref(m.files);
	return rc ? err_while(e, "backup") : 0;
}

/* ---- restoring ---- */
static int read_manifest(const char *folder, json_t **out, struct err *e)
{
	char path[BACKUP_PATH];
	OWNED(buf) b = NULL;

	snprintf(path, sizeof(path), "%s/manifest.json", folder);
	if (file_read(path, MANIFEST_MAX, &b, e))
		return (int)e->code;
	*out = json_loadb((const char *)b->w.at, b->w.len, JSON_REJECT_DUPLICATES, NULL);
	if (json_integer_value(json_object_get(*out, "assay-backup")) == BACKUP_VERSION &&
	    json_is_object(json_object_get(*out, "files")))
		return 0;
	json_decref(*out);
	*out = NULL;
	return err_set(e, E_FORMAT, "%s is no manifest of a backup that this version reads", path);
}

/* Before anything is written: each is as it was made, and nothing is in its place. */
static int check_artefact(const struct settings *s, const char *folder, const json_t *manifest,
			  const struct artefact *a, struct err *e)
{
	const char *want =
		json_string_value(json_object_get(json_object_get(manifest, "files"), a->in));
	char from[BACKUP_PATH], to[BACKUP_PATH], hex[65];
	struct digest digest;

	place_of(s, a, to);
	if (to[0] && a->where != THE_FLOOR && !access(to, F_OK))
		return err_set(e, E_CONFLICT, "%s is there already: restore into an empty place",
			       to);
	if (!want)
		return a->needed && to[0] ? err_set(e, E_FORMAT, "the backup has no %s", a->in) : 0;
	snprintf(from, sizeof(from), "%s/%s", folder, a->in);
	if (copy(from, NULL, 0, &digest, e))
		return (int)e->code;
	return !strcmp(hex_write(digest_bytes(&digest), hex), want)
		       ? 0
		       : err_set(e, E_FORMAT, "%s is not what the manifest says", from);
}

static int put(const struct settings *s, const char *folder, const json_t *manifest,
	       const struct artefact *a, struct err *e)
{
	char from[BACKUP_PATH], to[BACKUP_PATH], beside[BACKUP_PATH + 16];
	struct digest digest;

	place_of(s, a, to);
	if (!to[0] || !json_object_get(json_object_get(manifest, "files"), a->in) ||
	    (a->where == THE_FLOOR && !access(to, F_OK)))
		return 0;
	snprintf(from, sizeof(from), "%s/%s", folder, a->in);
	snprintf(beside, sizeof(beside), "%s.restoring", to);
	if (file_remove(beside, e) || copy(from, beside, a->mode, &digest, e))
		return (int)e->code;
	/* the database is the last, and without it nothing starts: by then no old nonce counts any more */
	if (a->where == THE_DATABASE && keys_renew_nonces(s->state, e))
		return (int)e->code;
	return file_rename(beside, to, e);
}

static int tell_restored(const struct settings *s, struct err *e)
{
	static char event[] = "restored";
	struct server *v = NULL;
	int rc = server_open_store(s, &v, e) || store_write(v->store, told, event, e) ? (int)e->code
										      : 0;

	server_drop(&v);
	return rc;
}

int backup_restore(const struct settings *s, const char *folder, struct err *e)
{
	json_t *manifest = NULL;
	int rc, lock = -1;

	if (strlen(folder) >= PATH_TEXT)
		return err_set(e, E_USAGE, "name of the folder is too long");
	rc = read_manifest(folder, &manifest, e) || folder_make(s->state, 0700, e) ||
			     state_lock(s->state, true, &lock, e)
		     ? (int)e->code
		     : 0;
	for (size_t i = 0; !rc && i < ARRAY_LEN(artefacts); i++)
		rc = check_artefact(s, folder, manifest, &artefacts[i], e);
	for (size_t i = 0; !rc && i < ARRAY_LEN(artefacts); i++)
		rc = put(s, folder, manifest, &artefacts[i], e);
	if (lock >= 0)
		close(lock);
	json_decref(manifest);
	if (rc)
		return err_while(e, "restore");
	return tell_restored(s, e) ? err_while(e, "all is restored, but") : 0;
}

/* ---- an older database, on purpose ---- */
static int accept(const struct settings *s, struct db *d, const struct server_keys *k,
		  long long seq, struct err *e)
{
	int fd = open(s->audit_floor, O_RDWR | O_CREAT | O_CLOEXEC, 0600), rc;
	struct audit_head head;
	char detail[120];
	u64 floor = 0;

	if (fd < 0)
		return err_set(e, E_IO, "open %s: %s", s->audit_floor, strerror(errno));
	rc = audit_head_load(d, &head, e);
	if (!rc && (long long)head.seq != seq)
		rc = err_set(e, E_USAGE, "the log of this database ends at record %llu, not %lld",
			     (unsigned long long)head.seq, seq);
	audit_floor_read(fd, k, &floor);
	snprintf(detail, sizeof(detail), "{\"ends\":%lld,\"floor\":%llu}", seq,
		 (unsigned long long)floor);
	rc = rc || keys_renew_nonces(s->state, e) || db_begin(d, e) ? (int)e->code : 0;
	if (!rc && audit_insert(d, &head, "local", "older-database-accepted", detail, e)) {
		db_rollback(d);
		rc = (int)e->code;
	}
	rc = rc || db_commit(d, e) || audit_floor_write(fd, &head, k, true, e) ? (int)e->code : 0;
	close(fd);
	return rc;
}

int backup_accept(const struct settings *s, long long seq, struct err *e)
{
	struct key_place kek = settings_kek(s);
	OWNED(server_keys) k = NULL;
	OWNED(db) d = NULL;
	u8 id[ROOT_ID_LEN];
	bool known;
	int lock, rc;

	if (rekey_settle(s, e) || state_lock(s->state, true, &lock, e))
		return (int)e->code;
	rc = store_root_id(s->database, id, &known, e) ||
			     keys_load(s->state, &kek, known ? id : NULL, &k, e) ||
			     db_open(s->database, false, &d, e) || accept(s, d, k, seq, e)
		     ? (int)e->code
		     : 0;
	close(lock);
	return rc;
}
