// SPDX-License-Identifier: Apache-2.0
/* Headers of LUKS2 volumes as cryptsetup makes them, on plain files: no device mapper is needed for any of it. */
#include "rig.h"

#include "agent/disk_typed.h"
#include "common/text.h"

#include <stdio.h>
#include <unistd.h>

#define UUID_TEXT "11111111-2222-4333-8444-555555555555"

struct fixture {
	char folder[256], disk[300];
	u8 uuid[16];
};

/* cryptsetup with @arguments, in the folder; what it is asked comes from the file "pass". */
static int cryptsetup(const struct fixture *f, const char *arguments)
{
	char command[900];

	snprintf(command, sizeof(command), "cd %s && /sbin/cryptsetup -q %s >out 2>&1 </dev/null",
		 f->folder, arguments);
	return system(command);
}

static void put_file(const struct fixture *f, const char *name, const char *text)
{
	char path[400];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

#define FORMAT                                                                                     \
	"luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid " UUID_TEXT   \
	" --key-file pass disk"

static int make_disk(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	rig_folder(f->folder);
	snprintf(f->disk, sizeof(f->disk), "%s/disk", f->folder);
	assert_true(uuid_read(UUID_TEXT, f->uuid));
	put_file(f, "pass", "of a person");
	put_file(f, "disk", "");
	assert_int_equal(truncate(f->disk, 32 << 20), 0);
	assert_int_equal(cryptsetup(f, FORMAT), 0);
	*state = f;
	return 0;
}

static int remove_disk(void **state)
{
	struct fixture *f = *state;

	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

static struct luks *opened(const struct fixture *f)
{
	struct luks *l = NULL;
	struct err e = { 0 };

	assert_ok(luks_open(f->disk, f->uuid, &l, &e), &e);
	return l;
}

static void a_slot_of_ours_opens_beside_those_that_were_there(void **state)
{
	struct fixture *f = *state;
	OWNED(luks) l = opened(f);
	OWNED(secret) key = NULL;
	OWNED(secret) again = NULL;
	OWNED(secret) none = NULL;
	struct bytes ours = bytes_text("dwUEzpKcp4-vTkzvhM7tEbNJWJI1ktqIkCKEd-0xcgE");
	struct err e = { 0 };
	int slot = -1;

	assert_memory_equal(luks_uuid(l), f->uuid, 16);
	assert_int_equal(luks_n_slots(l), 1);
	assert_ok(luks_volume_key(l, LUKS_ANY_SLOT, bytes_text("of a person"), &key, &e), &e);
	assert_int_equal(key->len, 64);
	assert_ok(luks_slot_add(l, key, ours, false, LUKS_ANY_SLOT, &slot, &e), &e);
	assert_int_equal(slot, 1);
	luks_drop(&l);
	l = opened(f); /* as the disk has it */
	assert_int_equal(luks_n_slots(l), 2);
	assert_ok(luks_volume_key(l, slot, ours, &again, &e), &e);
	assert_memory_equal(again->at, key->at, 64);
	assert_refused(luks_volume_key(l, 0, ours, &none, &e), &e, E_DENIED, "keyslot");
	assert_null(none);
	put_file(f, "ours", "dwUEzpKcp4-vTkzvhM7tEbNJWJI1ktqIkCKEd-0xcgE");
	assert_int_equal(cryptsetup(f, "open --test-passphrase --key-file ours disk"), 0);
	assert_int_equal(cryptsetup(f, "open --test-passphrase --key-file pass disk"), 0);
}

static void a_volume_key_of_another_volume_makes_no_slot(void **state)
{
	struct fixture *f = *state;
	OWNED(luks) l = opened(f);
	OWNED(secret) key = secret_new(64);
	struct err e = { 0 };
	int slot;

	memset(key->at, 7, 64);
	assert_refused(luks_slot_add(l, key, bytes_text("x"), false, LUKS_ANY_SLOT, &slot, &e), &e,
		       E_DENIED, "add a LUKS keyslot");
	assert_int_equal(luks_n_slots(l), 1);
}

static void tokens_of_ours_are_found_among_others(void **state)
{
	struct fixture *f = *state;
	OWNED(luks) l = opened(f);
	struct luks_token t = { .state = LUKS_TOKEN_PENDING,
				.keyslot = 0,
				.epoch = 4,
				.public_len = 3,
				.private_len = 4 };
	struct luks_tokens found;
	struct err e = { 0 };

	put_file(f, "other.json", "{\"type\":\"somebody-else\",\"keyslots\":[\"0\"]}");
	put_file(f, "bad.json",
		 "{\"type\":\"assay\",\"keyslots\":[\"0\"],\"version\":1,\"epoch\":\"-1\"}");
	assert_int_equal(cryptsetup(f, "token import --json-file other.json disk"), 0);
	assert_int_equal(cryptsetup(f, "token import --json-file bad.json disk"), 0);
	luks_drop(&l);
	l = opened(f);
	assert_ok(luks_token_put(l, -1, &t, &e), &e);
	t.state = LUKS_TOKEN_ACTIVE;
	assert_ok(luks_token_put(l, 2, &t, &e), &e); /* in its own place */
	luks_drop(&l);
	l = opened(f);
	luks_tokens(l, &found);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.n_bad, 1);
	assert_int_equal(found.at[0].id, 2);
	assert_int_equal(found.at[0].token.state, LUKS_TOKEN_ACTIVE);
	assert_int_equal(found.at[0].token.epoch, 4);
	assert_ok(luks_token_remove(l, 2, &e), &e);
	luks_tokens(l, &found);
	assert_int_equal(found.n, 0);
	assert_int_equal(cryptsetup(f, "token export --token-id 0 disk"), 0);
}

static void a_hidden_slot_opens_only_when_it_is_named(void **state)
{
	struct fixture *f = *state;
	OWNED(luks) l = opened(f);
	struct err e = { 0 };

	assert_ok(luks_slot_hide(l, 0, &e), &e);
	assert_int_not_equal(cryptsetup(f, "open --test-passphrase --key-file pass disk"), 0);
	assert_int_equal(cryptsetup(f, "open --test-passphrase --key-slot 0 --key-file pass disk"),
			 0);
}

/* Where the recovery key of the table is a hidden keyslot, and "of a person" a keyslot like any other. */
#define RECOVERY "01234-56789-abcde-f0123-45678-9abcd-ef012-34567"

static void add_recovery_slot(struct fixture *f, int *slot)
{
	OWNED(luks) l = opened(f);
	OWNED(secret) key = NULL;
	struct err e = { 0 };

	assert_ok(luks_volume_key(l, 0, bytes_text("of a person"), &key, &e), &e);
	assert_ok(luks_slot_add(l, key, bytes_text(RECOVERY), false, LUKS_ANY_SLOT, slot, &e), &e);
	assert_ok(luks_slot_hide(l, *slot, &e), &e);
}

static void a_person_opens_it_by_passphrase_or_by_a_recovery_key_in_any_of_its_forms(void **state)
{
	static const struct {
		const char *typed, *opens_as;
	} rows[] = {
		{ "of a person", "of a person" },
		{ RECOVERY, RECOVERY },
		{ "0123456789abcdef0123456789abcdef01234567", RECOVERY },
		{ "01234 56789 ABCDE F0123 45678 9ABCD EF012 34567 ", RECOVERY },
		{ "01234-56789-abcde-f0123-45678-9abcd-ef012-34568", NULL },
		{ "01234-56789-abcde-f0123-45678-9abcd-ef012-3456", NULL },
		{ "01234-56789-abcde-f0123-45678-9abcd-ef012-345678", NULL },
		{ "of a person ", NULL },
		{ "-", NULL },
		{ "", NULL },
	};
	struct fixture *f = *state;
	char shown[300];
	int slot;

	add_recovery_slot(f, &slot);
	snprintf(shown, sizeof(shown), "%s/shown", f->folder);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(luks) l = opened(f);
		struct disk_opened o;
		struct err e = { 0 };
		int rc = disk_typed(l, f->disk, shown, bytes_text(rows[i].typed), &o, &e);

		if (!rows[i].opens_as) {
			assert_refused(rc, &e, E_DENIED,
				       rows[i].typed[0] ? "opens no keyslot" : "");
			assert_null(o.passphrase);
			continue;
		}
		assert_ok(rc, &e);
		assert_true(secret_equal(secret_bytes(o.passphrase), bytes_text(rows[i].opens_as)));
		assert_int_not_equal(o.proof[0] | o.proof[1] | o.proof[2] | o.proof[3], 0);
		disk_opened_clear(&o);
	}
}

static void a_recovery_key_that_was_typed_is_found_until_it_is_hidden_again(void **state)
{
	struct fixture *f = *state;
	OWNED(luks) l = opened(f);
	struct disk_opened o;
	struct err e = { 0 };
	char shown[300];
	int slot;

	add_recovery_slot(f, &slot);
	luks_drop(&l);
	l = opened(f);
	snprintf(shown, sizeof(shown), "%s/shown", f->folder);
	put_file(f, "typed", RECOVERY);
	assert_ok(disk_typed(l, f->disk, shown, bytes_text(RECOVERY), &o, &e), &e);
	disk_opened_clear(&o);
	assert_int_equal(cryptsetup(f, "open --test-passphrase --key-file typed disk"), 0);
	assert_ok(disk_hide_again(shown, &e), &e);
	assert_int_not_equal(cryptsetup(f, "open --test-passphrase --key-file typed disk"), 0);
	assert_ok(disk_hide_again(shown, &e), &e); /* and there is nothing left to do */
}

static size_t n_tokens(struct fixture *f)
{
	size_t n = 0;

	for (int id = 0; id < LUKS_KEYSLOTS_MAX; id++) {
		char command[80];

		snprintf(command, sizeof(command), "token export --token-id %d disk", id);
		n += !cryptsetup(f, command);
	}
	return n;
}

static void one_that_a_boot_had_no_time_to_hide_is_hidden_by_the_next(void **state)
{
	struct fixture *f = *state;
	OWNED(luks) l = NULL;
	struct disk_opened o;
	struct err e = { 0 };
	char shown[300];
	int slot, n;

	add_recovery_slot(f, &slot);
	snprintf(shown, sizeof(shown), "%s/shown", f->folder);
	put_file(f, "typed", RECOVERY);
	for (int again = 0; again < 2; again++) { /* power goes, twice even before it is hidden */
		luks_drop(&l);
		l = opened(f);
		assert_ok(disk_typed(l, f->disk, shown, bytes_text(RECOVERY), &o, &e), &e);
		disk_opened_clear(&o);
		assert_int_equal(cryptsetup(f, "open --test-passphrase --key-file typed disk"), 0);
	}
	luks_drop(&l);
	l = opened(f);
	assert_ok(luks_hide_shown(l, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_true(luks_slot_is_hidden(l, slot));
	assert_int_not_equal(cryptsetup(f, "open --test-passphrase --key-file typed disk"), 0);
	assert_int_equal(cryptsetup(f, "open --test-passphrase --key-file pass disk"), 0);
	assert_ok(luks_hide_shown(l, &n, &e), &e);
	assert_int_equal(n, 0);
	assert_int_equal(n_tokens(f), 0);
}

static void the_last_slot_is_not_removed(void **state)
{
	struct fixture *f = *state;
	OWNED(luks) l = opened(f);
	OWNED(secret) key = NULL;
	struct err e = { 0 };
	int slot;

	assert_refused(luks_slot_kill(l, 0, &e), &e, E_CONFLICT, "last one");
	e = (struct err){ 0 };
	assert_ok(luks_volume_key(l, 0, bytes_text("of a person"), &key, &e), &e);
	assert_ok(luks_slot_add(l, key, bytes_text("of a head"), true, LUKS_ANY_SLOT, &slot, &e),
		  &e);
	assert_ok(luks_slot_kill(l, 0, &e), &e);
	assert_int_equal(luks_n_slots(l), 1);
	assert_int_not_equal(cryptsetup(f, "open --test-passphrase --key-file pass disk"), 0);
}

enum { HEADER_LEN = 16384, HEADER_CSUM = 448, CSUM_LEN = 64 };

/*
 * What somebody who has the disk writes into a part of the header, checksum and all.
 * SPEC: LUKS2 On-Disk Format Specification 2.1: two copies, SHA-256 over each with the checksum as zeros
 */
static void lie_about(const struct fixture *f, const char *part, const char *was, const char *now)
{
	static u8 header[HEADER_LEN];
	FILE *file = fopen(f->disk, "r+");

	assert_non_null(file);
	assert_int_equal(strlen(was), strlen(now));
	for (long copy = 0; copy < 2; copy++) {
		struct bytes all = BYTES(header);
		struct digest d;
		u8 *data, *at;

		assert_int_equal(fseek(file, copy * HEADER_LEN, SEEK_SET), 0);
		assert_int_equal(fread(header, 1, sizeof(header), file), sizeof(header));
		data = memmem(header, sizeof(header), part, strlen(part));
		assert_non_null(data);
		at = memmem(data, sizeof(header) - (size_t)(data - header), was, strlen(was));
		assert_non_null(at);
		memcpy(at, now, strlen(now));
		memset(header + HEADER_CSUM, 0, CSUM_LEN);
		d = digest_of(DIGEST_SHA256, &all, 1);
		memcpy(header + HEADER_CSUM, d.at, 32);
		assert_int_equal(fseek(file, copy * HEADER_LEN, SEEK_SET), 0);
		assert_int_equal(fwrite(header, 1, sizeof(header), file), sizeof(header));
	}
	assert_int_equal(fclose(file), 0);
}

static void assert_not_opened(const struct fixture *f, enum err_code code, const char *why)
{
	OWNED(luks) l = NULL;
	struct err e = { 0 };

	assert_refused(luks_open(f->disk, f->uuid, &l, &e), &e, code, why);
	assert_null(l);
}

static void a_header_that_protects_nothing_is_not_opened(void **state)
{
	struct fixture *f = *state;

	lie_about(f, "\"segments\"", "aes-xts-plain64", "cipher_null-ecb");
	assert_not_opened(f, E_POLICY, "data segment 0 is not encrypted (cipher_null-ecb)");
}

static void a_header_with_a_key_in_the_clear_is_not_opened(void **state)
{
	struct fixture *f = *state;

	lie_about(f, "\"keyslots\"", "aes-xts-plain64", "cipher_null-ecb");
	assert_not_opened(f, E_POLICY, "keyslot 0 is not encrypted (cipher_null-ecb)");
}

static void a_keyslot_that_belongs_to_no_data_gives_no_volume_key(void **state)
{
	struct fixture *f = *state;
	OWNED(luks) l = NULL;
	OWNED(secret) key = NULL;
	struct err e = { 0 };

	put_file(f, "other", "of nobody");
	assert_int_equal(cryptsetup(f, "luksAddKey --unbound --key-size 512 --key-slot 5 --pbkdf "
				       "pbkdf2 --pbkdf-force-iterations 1000 --key-file pass "
				       "disk other"),
			 0);
	/* to whom names it, cryptsetup opens it */
	assert_int_equal(cryptsetup(f, "open --test-passphrase --key-slot 5 --key-file other disk"),
			 0);
	l = opened(f);
	assert_refused(luks_volume_key(l, 5, bytes_text("of nobody"), &key, &e), &e, E_DENIED,
		       "keyslot 5 is not that of the data");
	assert_null(key);
}

static void a_header_of_another_kind_or_volume_is_not_opened(void **state)
{
	static const struct {
		const char *prepare; /* for cryptsetup */
		enum err_code code;
		const char *why;
	} rows[] = {
		{ "reencrypt --init-only --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file "
		  "pass disk",
		  E_POLICY, "encrypted anew" },
		{ "luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file "
		  "pass disk",
		  E_BINDING, "of another volume" },
		{ "luksFormat --type luks1 --pbkdf-force-iterations 1000 --uuid " UUID_TEXT
		  " --key-file pass disk",
		  E_FORMAT, "no LUKS2 header" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (cryptsetup(f, rows[i].prepare))
			fail_msg("row %zu: cryptsetup failed", i);
		assert_not_opened(f, rows[i].code, rows[i].why);
	}
}

static void what_is_no_disk_is_said_to_be_none(void **state)
{
	struct fixture *f = *state;
	OWNED(luks) l = NULL;
	struct err e = { 0 };
	char path[400];

	snprintf(path, sizeof(path), "%s/pass", f->folder);
	assert_int_not_equal(luks_open(path, NULL, &l, &e), 0);
	e = (struct err){ 0 };
	assert_refused(luks_open("/nonexistent", NULL, &l, &e), &e, E_NOTFOUND,
		       "open /nonexistent");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, make_disk, remove_disk)
		T(a_slot_of_ours_opens_beside_those_that_were_there),
		T(a_volume_key_of_another_volume_makes_no_slot),
		T(tokens_of_ours_are_found_among_others),
		T(a_hidden_slot_opens_only_when_it_is_named),
		T(a_person_opens_it_by_passphrase_or_by_a_recovery_key_in_any_of_its_forms),
		T(a_recovery_key_that_was_typed_is_found_until_it_is_hidden_again),
		T(one_that_a_boot_had_no_time_to_hide_is_hidden_by_the_next),
		T(the_last_slot_is_not_removed),
		T(a_header_that_protects_nothing_is_not_opened),
		T(a_header_with_a_key_in_the_clear_is_not_opened),
		T(a_keyslot_that_belongs_to_no_data_gives_no_volume_key),
		T(a_header_of_another_kind_or_volume_is_not_opened),
		T(what_is_no_disk_is_said_to_be_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
