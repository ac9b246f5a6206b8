// SPDX-License-Identifier: Apache-2.0
#include "audit.h"

#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/reader.h"
#include "proto/audit_record.h"

static void record_hash(const u8 previous[32], u64 seq, u64 time, struct bytes actor,
			struct bytes event, struct bytes detail, u8 out[32])
{
	struct audit_record r = { seq, time, actor, event, detail };

	audit_record_hash(previous, &r, out);
}

static int take_head(void *user, const struct db_row *row, struct err *e)
{
	struct audit_head *h = user;

	if (row->at[1].bytes.len != sizeof(h->hash))
		return err_set(e, E_FORMAT, "audit record %lld: hash of another length",
			       row->at[0].number);
	h->seq = (u64)row->at[0].number;
	memcpy(h->hash, row->at[1].bytes.at, sizeof(h->hash));
	return 0;
}

int audit_head_load(struct db *d, struct audit_head *out, struct err *e)
{
	*out = (struct audit_head){ 0 };
	return db_run(d, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", NULL, 0,
		      take_head, out, NULL, e);
}

int audit_insert(struct db *d, struct audit_head *head, const char *actor, const char *event,
		 const char *detail, struct err *e)
{
	struct audit_head next = { .seq = head->seq + 1 };
	long long now = clock_now_s();
	struct db_value values[6];

	record_hash(head->hash, next.seq, (u64)now, bytes_text(actor), bytes_text(event),
		    bytes_text(detail), next.hash);
	values[0] = DB_I(next.seq);
	values[1] = DB_I(now);
	values[2] = DB_T(actor);
	values[3] = DB_T(event);
	values[4] = DB_T(detail);
	values[5] = DB_B(BYTES(next.hash));
	if (db_run(d,
		   "INSERT INTO audit (seq, time, actor, event, detail, hash)"
		   " VALUES ($1, $2, $3, $4, $5, $6)",
		   values, 6, NULL, NULL, NULL, e))
		return err_while(e, "audit record");
	*head = next;
	return 0;
}

static int check_record(void *user, const struct db_row *row, struct err *e)
{
	struct audit_head *h = user;
	u8 want[32];

	record_hash(h->hash, h->seq + 1, (u64)row->at[1].number, row->at[2].bytes, row->at[3].bytes,
		    row->at[4].bytes, want);
	if ((u64)row->at[0].number != h->seq + 1)
		return err_set(e, E_SIGNATURE, "audit record %llu is missing",
			       (unsigned long long)h->seq + 1);
	if (!bytes_equal(row->at[5].bytes, BYTES(want)))
		return err_set(e, E_SIGNATURE, "audit record %lld was changed, or one before it",
			       row->at[0].number);
	h->seq++;
	memcpy(h->hash, want, sizeof(want));
	return 0;
}

int audit_verify(struct db *d, long long *n_records, struct err *e)
{
	struct audit_head h = { 0 };
	int rc = db_run(d, "SELECT seq, time, actor, event, detail, hash FROM audit ORDER BY seq",
			NULL, 0, check_record, &h, NULL, e);

	*n_records = (long long)h.seq;
	return rc;
}

int audit_follow(struct db *d, struct audit_head *head, struct err *e)
{
	struct db_value after = DB_I(head->seq);
	struct audit_head h = *head;

	if (db_run(d,
		   "SELECT seq, time, actor, event, detail, hash FROM audit WHERE seq > $1"
		   " ORDER BY seq",
		   &after, 1, check_record, &h, NULL, e))
		return err_while(e, "records of another process");
	*head = h;
	return 0;
}

/* ---- the floor: u64be seq ‖ hash ‖ MAC ---- */
enum { FLOOR_CONTENT = 8 + 32, FLOOR_LEN = FLOOR_CONTENT + 32 };

static int floor_mac(const struct server_keys *k, const u8 content[FLOOR_CONTENT],
		     struct digest *out, struct err *e)
{
	struct bytes field = { content, FLOOR_CONTENT };

	return keys_row_mac(k, "assay/audit-floor/1", &field, 1, out, e);
}

int audit_floor_write(int fd, const struct audit_head *head, const struct server_keys *k, bool sync,
		      struct err *e)
{
	u8 content[FLOOR_LEN];
	struct writer w = writer_on(content, sizeof(content));
	struct digest mac;

	write_be64(&w, head->seq);
	write_bytes(&w, BYTES(head->hash));
	if (floor_mac(k, content, &mac, e))
		return (int)e->code;
	write_bytes(&w, digest_bytes(&mac));
	if (pwrite(fd, content, sizeof(content), 0) != sizeof(content) || (sync && fdatasync(fd)))
		return err_set(e, E_IO, "write the audit floor: %s", strerror(errno));
	return 0;
}

static int take_hash(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	if (row->at[0].bytes.len == 32)
		memcpy(user, row->at[0].bytes.at, 32);
	return 0;
}

int audit_floor_check(int fd, struct db *d, const struct server_keys *k, struct err *e)
{
	u8 content[FLOOR_LEN + 1], found[32] = { 0 };
	ssize_t n = pread(fd, content, sizeof(content), 0);
	struct reader r = reader_on((struct bytes){ content, FLOOR_LEN });
	struct digest mac;
	struct db_value seq;
	struct bytes hash;

	if (n == 0) { /* a first start; an existing log without its floor is not one */
		struct audit_head h;

		if (audit_head_load(d, &h, e))
			return (int)e->code;
		return h.seq ? err_set(e, E_CONFLICT,
				       "the audit floor file is empty, the log is not")
			     : 0;
	}
	if (n != FLOOR_LEN || floor_mac(k, content, &mac, e) ||
	    !digest_equals(&mac, (struct bytes){ content + FLOOR_CONTENT, 32 }))
		return err_set(e, E_CONFLICT, "the audit floor file was changed");
	seq = DB_I(read_be64(&r, "seq"));
	hash = read_bytes(&r, 32, "hash");
	if (db_run(d, "SELECT hash FROM audit WHERE seq = $1", &seq, 1, take_hash, found, NULL, e))
		return (int)e->code;
	if (seq.number && !bytes_equal(BYTES(found), hash))
		return err_set(
			e, E_CONFLICT,
			"database is older than record %lld of the audit floor: it was put back",
			seq.number);
	return 0;
}
