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
#define ACCEPT "if you have done that, assay-server accept-database"
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

/* Return: its content is ours. */
static bool read_floor(int fd, const struct server_keys *k, u64 *seq, u8 hash[32])
{
	u8 content[FLOOR_LEN + 1];
	struct reader r = reader_on((struct bytes){ content, FLOOR_LEN });
	struct err ignored = { 0 };
	struct digest mac;

	if (pread(fd, content, sizeof(content), 0) != FLOOR_LEN ||
	    floor_mac(k, content, &mac, &ignored) ||
	    !digest_equals(&mac, (struct bytes){ content + FLOOR_CONTENT, 32 }))
		return false;
	*seq = read_be64(&r, "seq");
	memcpy(hash, read_bytes(&r, 32, "hash").at, 32);
	return true;
}

void audit_floor_read(int fd, const struct server_keys *k, u64 *seq)
{
	u8 hash[32];

	read_floor(fd, k, seq, hash);
}

int audit_floor_check(int fd, struct db *d, const struct server_keys *k, struct err *e)
{
	u8 hash[32], found[32] = { 0 };
	struct audit_head head;
	struct db_value seq;
	u64 floor = 0;

	if (audit_head_load(d, &head, e))
		return (int)e->code;
	if (lseek(fd, 0, SEEK_END) == 0) /* a first start; a log without its floor is not one */
		return head.seq
			       ? err_set(e, E_CONFLICT,
					 "the audit floor file is empty, the log ends at record "
					 "%llu: " ACCEPT " %llu",
					 (unsigned long long)head.seq, (unsigned long long)head.seq)
			       : 0;
	if (!read_floor(fd, k, &floor, hash))
		return err_set(e, E_CONFLICT, "the audit floor file was changed: " ACCEPT " %llu",
			       (unsigned long long)head.seq);
	seq = DB_I(floor);
	if (db_run(d, "SELECT hash FROM audit WHERE seq = $1", &seq, 1, take_hash, found, NULL, e))
		return (int)e->code;
	if (floor && !bytes_equal(BYTES(found), BYTES(hash)))
		return err_set(e, E_CONFLICT,
			       "database is older than record %llu of the audit floor: it was put "
			       "back, its log ends at record %llu: " ACCEPT " %llu",
			       (unsigned long long)floor, (unsigned long long)head.seq,
			       (unsigned long long)head.seq);
	return 0;
}
