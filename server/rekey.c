// SPDX-License-Identifier: Apache-2.0
#include "rekey.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "state_lock.h"

enum { PLACE_TEXT = PATH_TEXT + 32 };

/* What a rekey puts beside what is in force. */
struct beside {
	char root[PLACE_TEXT], kek[PLACE_TEXT], floor[PLACE_TEXT];
};

static struct beside beside_of(const struct settings *s)
{
	struct beside b = { "", "", "" };

	snprintf(b.root, sizeof(b.root), "%s/" ROOT_NEXT_FILE, s->state);
	snprintf(b.floor, sizeof(b.floor), "%s.next", s->audit_floor);
	if (!key_place_is_uri(s->kek))
		snprintf(b.kek, sizeof(b.kek), "%s" KEK_NEXT_SUFFIX, s->kek);
	return b;
}

/* ---- what was left ---- */
static int move_if_there(const char *from, const char *to, struct err *e)
{
	return !from[0] || access(from, F_OK) ? 0 : file_rename(from, to, e);
}

/* The root key's file is the last: until it is in its place all of this is done again. */
static int put_in_place(const struct settings *s, const struct beside *b, struct err *e)
{
	char root[PLACE_TEXT];

	snprintf(root, sizeof(root), "%s/" ROOT_FILE, s->state);
	return move_if_there(b->floor, s->audit_floor, e) || move_if_there(b->kek, s->kek, e) ||
			       file_rename(b->root, root, e)
		       ? err_while(e, "finish the change of the key-encryption key")
		       : 0;
}

static int throw_away(const struct beside *b, struct err *e)
{
	return file_remove(b->root, e) || file_remove(b->floor, e) ||
			       (b->kek[0] && file_remove(b->kek, e))
		       ? err_while(e, "undo the change of the key-encryption key")
		       : 0;
}

static bool same_id(const u8 a[ROOT_ID_LEN], const u8 b[ROOT_ID_LEN])
{
	return !memcmp(a, b, ROOT_ID_LEN);
}

/* With nobody else at work. What is not certain to be left over stays where it is. */
static int settle(const struct settings *s, struct err *e)
{
	u8 next[ROOT_ID_LEN], now[ROOT_ID_LEN], ours[ROOT_ID_LEN];
	struct beside b = beside_of(s);
	bool known, there;
	char hex[17];

	there = !root_id_in(s->state, ROOT_NEXT_FILE, next, e);
	if ((!there && e->code != E_NOTFOUND) || store_root_id(s->database, now, &known, e))
		return (int)e->code;
	if (there && known && same_id(now, next)) {
		log_event(LOG_LEVEL_INFO, "rekey-finished", LOG_T("kek", "new"),
			  LOG_T("root", hex_write((struct bytes){ now, 8 }, hex)));
		return put_in_place(s, &b, e);
	}
	if (root_id_in(s->state, ROOT_FILE, ours, e)) {
		if (e->code != E_UNSUPPORTED || known)
			return (int)e->code;
	} else if (known && !same_id(now, ours)) {
		return err_set(e, E_CONFIG, "the database belongs to neither root key of %s",
			       s->state);
	}
	if (there)
		log_event(LOG_LEVEL_WARN, "rekey-undone", LOG_T("kek", "old"),
			  LOG_T("meaning", "the change did not happen; run it again"));
	return throw_away(&b, e);
}

int rekey_settle(const struct settings *s, struct err *e)
{
	struct beside b = beside_of(s);
	int fd, rc;

	if (access(b.root, F_OK) && access(b.floor, F_OK) && (!b.kek[0] || access(b.kek, F_OK)))
		return 0;
	if (state_lock(s->state, true, &fd, e))
		return (int)e->code;
	rc = settle(s, e);
	close(fd);
	return rc;
}

/* ---- the change ---- */
struct change {
	const struct settings *s;
	struct beside beside;
	struct server_keys *was, *fresh;
	struct db *db;
	long long n_rows;
};

static int load_old(struct change *c, struct err *e)
{
	struct key_place kek = settings_kek(c->s);
	u8 id[ROOT_ID_LEN];
	int floor, rc;
	bool known;

	if (store_root_id(c->s->database, id, &known, e) ||
	    keys_load(c->s->state, &kek, known ? id : NULL, &c->was, e) ||
	    db_open(c->s->database, false, &c->db, e))
		return (int)e->code;
	floor = open(c->s->audit_floor, O_RDONLY | O_CLOEXEC);
	if (floor < 0)
		return err_set(e, E_IO, "open %s: %s", c->s->audit_floor, strerror(errno));
	rc = audit_floor_check(floor, c->db, c->was, e);
	close(floor);
	return rc;
}

static int make_fresh(struct change *c, const struct key_place *to, struct err *e)
{
	OWNED(secret) root = secret_new(ROOT_KEY_LEN);
	OWNED(keypair) kek = NULL;

	c->fresh = calloc(1, sizeof(*c->fresh));
	if (!root || !c->fresh)
		return err_set(e, E_MEMORY, "no locked memory");
	if (!to && !c->beside.kek[0])
		return err_set(e, E_USAGE,
			       "the key-encryption key is no file: make the next one in its"
			       " token, and name it by --kek");
	return (to ? kek_open(to, &kek, e) : kek_make(c->beside.kek, &kek, e)) ||
			       kek_id_of(keypair_pub(kek), c->fresh->kek_id, e) ||
			       random_bytes(root->at, root->len, e) ||
			       root_seal(c->s->state, ROOT_NEXT_FILE, root, keypair_pub(kek), e) ||
			       keys_derive(root, c->fresh, e)
		       ? (int)e->code
		       : 0;
}

static int write_floor(const struct change *c, const struct audit_head *head, struct err *e)
{
	int fd = open(c->beside.floor, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return err_set(e, E_IO, "create %s: %s", c->beside.floor, strerror(errno));
	rc = audit_floor_write(fd, head, c->fresh, true, e);
	close(fd);
	return rc;
}

static int write_all(struct change *c, struct err *e)
{
	struct tx from = { c->db, c->was, NULL }, to = { c->db, c->fresh, NULL };
	char was[17], fresh[17], detail[120];
	struct audit_head head;

	if (rekey_rows(&from, &to, &c->n_rows, e) || audit_head_load(c->db, &head, e))
		return (int)e->code;
	snprintf(detail, sizeof(detail), "{\"was\":\"%s\",\"kek\":\"%s\",\"rows\":%lld}",
		 hex_write((struct bytes){ c->was->kek_id, 8 }, was),
		 hex_write((struct bytes){ c->fresh->kek_id, 8 }, fresh), c->n_rows);
	return audit_insert(c->db, &head, "local", "kek-changed", detail, e) ||
			       store_set_root_id(c->db, c->fresh->root_id, e) ||
			       write_floor(c, &head, e)
		       ? (int)e->code
		       : 0;
}

/* What the rows were before stays neither in the log of writes nor in free pages (secure_delete). */
static int commit(struct change *c, struct err *e)
{
	return db_commit(c->db, e) || db_run(c->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, 0,
					     NULL, NULL, NULL, e)
		       ? (int)e->code
		       : 0;
}

static int change(struct change *c, const struct key_place *to, struct err *e)
{
	if (settle(c->s, e) || load_old(c, e) || make_fresh(c, to, e) || db_begin(c->db, e))
		return (int)e->code;
	if (write_all(c, e)) {
		db_rollback(c->db);
		return (int)e->code;
	}
	return commit(c, e);
}

int rekey_run(const struct settings *s, const struct key_place *to, u8 kek_id[KEK_ID_LEN],
	      long long *n_rows, struct err *e)
{
	struct change c = { .s = s, .beside = beside_of(s) };
	struct err second = { 0 };
	int lock, rc;

	if (state_lock(s->state, true, &lock, e))
		return (int)e->code;
	rc = change(&c, to, e);
	if (!rc) {
		memcpy(kek_id, c.fresh->kek_id, KEK_ID_LEN);
		*n_rows = c.n_rows;
	}
	db_drop(&c.db);
	server_keys_drop(&c.fresh);
	server_keys_drop(&c.was);
	/* whether it happened or not, the database knows */
	if (settle(s, &second) && !rc) {
		*e = second;
		rc = (int)e->code;
	}
	close(lock);
	return rc;
}
