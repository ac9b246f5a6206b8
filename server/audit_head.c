// SPDX-License-Identifier: Apache-2.0
#include "audit_head.h"

#include <jansson.h>
#include <stdlib.h>

#include "audit.h"
#include "common/clock.h"
#include "common/text.h"
#include "proto/audit_record.h"
#include "rotate.h"

static int load_head(struct tx *tx, void *arg, struct err *e)
{
	return audit_head_load(tx->db, arg, e);
}

int audit_head_export(struct server *s, struct buf **out, struct err *e)
{
	char id[UUID_TEXT_LEN + 1], hex[65], *text;
	struct audit_head head;
	json_t *j;
	int rc;

	if (store_read(s->store, load_head, &head, e))
		return (int)e->code;
	j = json_pack("{s:s, s:I, s:s, s:I}", "deployment", uuid_write(s->keys->deployment, id),
		      "seq", (json_int_t)head.seq, "hash", hex_write(BYTES(head.hash), hex), "time",
		      (json_int_t)clock_now_s());
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	rc = text ? jws_sign(&audit_head_kind, text, s->keys->ear, out, e)
		  : err_set(e, E_MEMORY, "no memory for an audit head");
	free(text);
	return rc;
}

struct record {
	long long seq;
	u8 hash[32];
	bool found;
};

static int take_hash(void *user, const struct db_row *row, struct err *e)
{
	struct record *r = user;

	(void)e;
	r->found = bytes_equal(row->at[0].bytes, BYTES(r->hash));
	return 0;
}

static int find_record(struct tx *tx, void *arg, struct err *e)
{
	struct record *r = arg;
	struct db_value seq = DB_I(r->seq);

	return db_run(tx->db, "SELECT hash FROM audit WHERE seq = $1", &seq, 1, take_hash, r, NULL,
		      e);
}

/* Heads that were signed by a key of results before this one are as good. */
struct opening {
	struct bytes jws;
	struct audit_seen *out;
	bool open;
};

static int try_key(void *user, const struct pubkey *k, struct err *e)
{
	struct opening *o = user;

	o->open = o->open || !audit_head_open(o->jws, k, o->out, e);
	return 0;
}

static int open_head(struct server *s, struct bytes jws, struct audit_seen *out, struct err *e)
{
	struct opening o = { jws, out, false };
	struct err ignored = { 0 };

	if (!audit_head_open(jws, keypair_pub(s->keys->ear), out, e))
		return 0;
	if (!ear_old_each(s->settings->state, try_key, &o, &ignored) && o.open)
		return 0;
	return (int)e->code;
}

int audit_head_check(struct server *s, struct bytes jws, long long *seq, struct err *e)
{
	char id[UUID_TEXT_LEN + 1];
	struct audit_seen seen;
	struct record r = { 0 };

	if (open_head(s, jws, &seen, e))
		return (int)e->code;
	if (strcmp(seen.deployment, uuid_write(s->keys->deployment, id)))
		return err_set(e, E_FORMAT, "audit head is of another deployment");
	r.seq = seen.seq;
	memcpy(r.hash, seen.hash, sizeof(r.hash));
	if (store_read(s->store, find_record, &r, e))
		return (int)e->code;
	*seq = r.seq;
	return r.found || !r.seq
		       ? 0
		       : err_set(e, E_CONFLICT,
				 "record %lld of the audit head is not in the log: it was "
				 "cut or written anew",
				 r.seq);
}
