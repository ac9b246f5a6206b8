// SPDX-License-Identifier: Apache-2.0
#include "rekey.h"

#include "common/reader.h"
#include "rows.h"
#include "secrets.h"

/*
 * How the MACs of each table are made, as their own files make them: a drift between both is found at the first row, whose
 * MAC is checked under the old key. Columns from the third on, a letter each: b as it is; h its SHA-256; 8 4 1 a number
 * of so many bytes; parentheses pack numbers into one field.
 */
static const struct {
	const char *table, *fields, *rows, *update;
} macs[] = {
	{ "hosts", "bbbbbb",
	  "SELECT rowid, mac, ueid, name, grp, ek_pub, ek_trust, state FROM hosts",
	  "UPDATE hosts SET mac = $1 WHERE rowid = $2" },
	{ "aks", "bbbb", "SELECT rowid, mac, name, ueid, pub, state FROM aks",
	  "UPDATE aks SET mac = $1 WHERE rowid = $2" },
	{ "expected_hosts", "bbb", "SELECT rowid, mac, ek_hash, name, grp FROM expected_hosts",
	  "UPDATE expected_hosts SET mac = $1 WHERE rowid = $2" },
	{ "join_tokens", "bbbb8",
	  "SELECT rowid, mac, hash, grp, host_name, ek_hash, not_after FROM join_tokens",
	  "UPDATE join_tokens SET mac = $1 WHERE rowid = $2" },
	{ "enrolments", "bbbbbbbbb8",
	  "SELECT rowid, mac, id, request, secret, name, grp, ek_pub, ek_trust, ak_pub, token,"
	  " not_after FROM enrolments",
	  "UPDATE enrolments SET mac = $1 WHERE rowid = $2" },
	{ "ima_states", "bb", "SELECT rowid, mac, ueid, state FROM ima_states",
	  "UPDATE ima_states SET mac = $1 WHERE rowid = $2" },
	{ "ima_pending", "bbb", "SELECT rowid, mac, ueid, ak_name, state FROM ima_pending",
	  "UPDATE ima_pending SET mac = $1 WHERE rowid = $2" },
	{ "proposals", "bb", "SELECT rowid, mac, ueid, body FROM proposals",
	  "UPDATE proposals SET mac = $1 WHERE rowid = $2" },
	{ "inventories", "bb", "SELECT rowid, mac, ueid, bytes FROM inventories",
	  "UPDATE inventories SET mac = $1 WHERE rowid = $2" },
	{ "devices", "bbb1", "SELECT rowid, mac, ueid, label, leaf_key, version FROM devices",
	  "UPDATE devices SET mac = $1 WHERE rowid = $2" },
	{ "corims", "hhbbbbb",
	  "SELECT rowid, mac, bytes, beside, CASE is_signed WHEN 0 THEN 'unsigned' ELSE 'signed' "
	  "END,"
	  " CASE active WHEN 0 THEN 'inactive' ELSE 'active' END, CAST(until AS TEXT),"
	  " CAST(changed AS TEXT), changed_by FROM corims",
	  "UPDATE corims SET mac = $1 WHERE rowid = $2" },
	{ "corim_anchors", "hbb",
	  "SELECT rowid, mac, der, added_by, CAST(added AS TEXT) FROM corim_anchors",
	  "UPDATE corim_anchors SET mac = $1 WHERE rowid = $2" },
	{ "corim_crls", "hbb",
	  "SELECT rowid, mac, bytes, added_by, CAST(added AS TEXT) FROM corim_crls",
	  "UPDATE corim_crls SET mac = $1 WHERE rowid = $2" },
	{ "volumes", "bb(4811)b",
	  "SELECT rowid, mac, uuid, ueid, counter, counted, length(proof) = 32, rotate <> 0,"
	  " CASE length(proof) WHEN 32 THEN proof ELSE zeroblob(32) END FROM volumes",
	  "UPDATE volumes SET mac = $1 WHERE rowid = $2" },
	{ "leases", "bb(888448)",
	  "SELECT rowid, mac, uuid, ueid, epoch, value, clock_max, counter, reset_max, granted"
	  " FROM leases",
	  "UPDATE leases SET mac = $1 WHERE rowid = $2" },
	{ "lease_hosts", "b(184)",
	  "SELECT rowid, mac, ueid, denied <> 0, used, used_reset FROM lease_hosts",
	  "UPDATE lease_hosts SET mac = $1 WHERE rowid = $2" },
	{ "approvals", "bb", "SELECT rowid, mac, uuid, body FROM approvals",
	  "UPDATE approvals SET mac = $1 WHERE rowid = $2" },
	{ "admin_tokens", "bbbb(81)",
	  "SELECT rowid, mac, hash, name, role, scope, not_after, revoked <> 0 FROM admin_tokens",
	  "UPDATE admin_tokens SET mac = $1 WHERE rowid = $2" },
};

const char *const *rekey_tables(void)
{
	static const char *names[ARRAY_LEN(macs) + 2];

	for (size_t i = 0; i < ARRAY_LEN(macs); i++)
		names[i] = macs[i].table;
	names[ARRAY_LEN(macs)] = "secrets";
	return names;
}

enum { FIELDS_MAX = 10, NUMBERS_MAX = 64 };

struct fields {
	struct bytes at[FIELDS_MAX];
	size_t n;
	struct digest digest[2]; /* what h made */
	u8 number[NUMBERS_MAX];
};

static void write_number(struct writer *w, char size, long long value)
{
	if (size == '8')
		write_be64(w, (u64)value);
	else if (size == '4')
		write_be32(w, (u32)value);
	else
		write_u8(w, (u8)value);
}

static void read_fields(const char *how, const struct db_row *row, struct fields *out)
{
	struct writer w = writer_on(out->number, sizeof(out->number));
	size_t column = 2, digests = 0, began = 0;
	bool packed = false;

	for (; *how; how++) {
		if (*how == '(' || *how == ')') {
			packed = *how == '(';
		} else if (*how == 'b') {
			out->at[out->n++] = row->at[column++].bytes;
		} else if (*how == 'h') {
			out->digest[digests] = sha256_of(row->at[column++].bytes);
			out->at[out->n++] = digest_bytes(&out->digest[digests++]);
		} else {
			write_number(&w, *how, row->at[column++].number);
		}
		if (!packed && w.len > began) {
			out->at[out->n++] = (struct bytes){ out->number + began, w.len - began };
			began = w.len;
		}
	}
}

struct rewriting {
	struct tx *from, *to;
	size_t which; /* of macs[] */
	long long n;
};

static int rewrite_mac(void *user, const struct db_row *row, struct err *e)
{
	struct rewriting *r = user;
	const char *table = macs[r->which].table;
	struct fields f = { .n = 0 };
	struct digest fresh;
	struct db_value v[2];

	read_fields(macs[r->which].fields, row, &f);
	if (row_mac_check(r->from, table, f.at, f.n, row->at[1].bytes, e))
		return err_while(e, "row %lld of %s", row->at[0].number, table);
	if (keys_row_mac(r->to->keys, table, f.at, f.n, &fresh, e))
		return (int)e->code;
	v[0] = DB_B(digest_bytes(&fresh));
	v[1] = DB_I(row->at[0].number);
	r->n++;
	return db_run(r->to->db, macs[r->which].update, v, 2, NULL, NULL, NULL, e);
}

int rekey_rows(struct tx *from, struct tx *to, long long *n_rows, struct err *e)
{
	struct rewriting r = { from, to, 0, 0 };

	for (; r.which < ARRAY_LEN(macs); r.which++)
		if (db_run(from->db, macs[r.which].rows, NULL, 0, rewrite_mac, &r, NULL, e))
			return (int)e->code;
	if (shares_rekey(from, to, &r.n, e))
		return (int)e->code;
	*n_rows = r.n;
	return 0;
}
