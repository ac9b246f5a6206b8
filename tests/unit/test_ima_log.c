// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <stdio.h>

#include "common/text.h"
#include "proto/ima_log.h"

/* ---- lists made here, as the kernel makes them ---- */
static void put_field(struct writer *w, struct bytes b)
{
	write_le32(w, (u32)b.len);
	write_bytes(w, b);
}

static struct digest file_digest(const char *path)
{
	return sha256_of(bytes_text(path));
}

static bool has_third(const char *template)
{
	return strstr(template, "-sig") || !strcmp(template, "ima-buf");
}

static void put_data(struct writer *w, const char *template, const char *path, const char *sig)
{
	struct digest d = file_digest(path);
	OWNED(buf) digest = buf_new(100);
	OWNED(buf) sig_bytes = from_hex(sig);

	if (!strcmp(template, "ima")) {
		write_bytes(w, (struct bytes){ d.at, 20 });
		write_bytes(w, bytes_text(path));
		for (size_t i = strlen(path); i < 256; i++)
			write_u8(w, 0);
		return;
	}
	if (strstr(template, "v2"))
		write_bytes(&digest->w, bytes_text(strstr(path, "verity") ? "verity:" : "ima:"));
	write_bytes(&digest->w, bytes_text("sha256:"));
	write_u8(&digest->w, 0);
	write_bytes(&digest->w, digest_bytes(&d));
	put_field(w, buf_bytes(digest));
	put_field(w, (struct bytes){ (const u8 *)path, strlen(path) + 1 });
	if (has_third(template))
		put_field(w, buf_bytes(sig_bytes));
}

static const char *hex_of(struct bytes b, char *out)
{
	return hex_write(b, out);
}

static void put_entry(struct writer *w, enum ima_form form, const char *template, const char *path,
		      const char *sig, bool violation)
{
	OWNED(buf) data = buf_new(65536);
	struct digest sha1 = { .alg = DIGEST_SHA1 }, d = file_digest(path);
	char text[20000], hex1[200], hex2[200];

	put_data(&data->w, template, path, sig);
	if (!violation)
		sha1 = digest_of(DIGEST_SHA1, &(struct bytes){ data->w.at, data->w.len }, 1);
	if (form == IMA_BINARY) {
		write_le32(w, 10);
		write_bytes(w, digest_bytes(&sha1));
		put_field(w, bytes_text(template));
		if (strcmp(template, "ima")) {
			put_field(w, buf_bytes(data));
		} else {
			write_bytes(w, (struct bytes){ d.at, 20 });
			put_field(w, bytes_text(path));
		}
		return;
	}
	snprintf(text, sizeof(text), "10 %s %s %s%s %s%s%s\n", hex_of(digest_bytes(&sha1), hex1),
		 template,
		 !strcmp(template, "ima")  ? ""
		 : !strstr(template, "v2") ? "sha256:"
		 : strstr(path, "verity")  ? "verity:sha256:"
					   : "ima:sha256:",
		 hex_of(strcmp(template, "ima") ? digest_bytes(&d) : (struct bytes){ d.at, 20 },
			hex2),
		 path, has_third(template) ? " " : "", sig);
	write_bytes(w, bytes_text(text));
}

static const struct made {
	const char *template, *path, *sig;
	bool violation;
} entries[] = {
	{ "ima-ng", "boot_aggregate", "", false },
	{ "ima-ng", "/usr/bin/a", "", false },
	{ "ima-ng", "/with spaces/and more", "", false },
	{ "ima-ng", "/with a\nline end", "", false },
	{ "ima-ng", "/three\n\nline\nends", "", false },
	{ "ima-ng", "/ends in a space ", "", false },
	{ "ima-sig", "/usr/bin/signed", "0302041122334455", false },
	{ "ima-sig", "/usr/bin/not-signed", "", false },
	{ "ima-sig", "/named like a signature 0302", "", false },
	{ "ima-sig", "/both 0302", "030204aa", false },
	{ "ima-buf", "kexec-cmdline", "726f6f743d2f", false },
	{ "ima-ngv2", "/usr/bin/b", "", false },
	{ "ima-sigv2", "/usr/bin/with-verity", "0603041122334455", false },
	{ "ima-sigv2", "/usr/bin/c", "0302041122334455", false },
	{ "ima", "/old", "", false },
	{ "ima", "/old with spaces", "", false },
	{ "ima-ng", "/changed-while-measured", "", true },
};

static struct buf *list_of(enum ima_form form)
{
	struct buf *b = buf_new(1 << 20);

	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		put_entry(&b->w, form, entries[i].template, entries[i].path, entries[i].sig,
			  entries[i].violation);
	return b;
}

static void every_template_is_read_in_both_forms(void **state)
{
	struct ima_cursor *c = malloc(sizeof(*c));

	(void)state;
	for (int form = IMA_BINARY; form <= IMA_ASCII; form++) {
		OWNED(buf) list = list_of((enum ima_form)form);
		u8 *copy = heap_copy(buf_bytes(list));
		struct ima_entry entry;
		struct err e = { 0 };

		ima_cursor_on(c, (struct bytes){ copy, list->w.len }, (enum ima_form)form);
		for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
			OWNED(buf) sig = from_hex(entries[i].sig);

			if (ima_next(c, &entry, &e) != 1)
				fail_msg("form %d, entry %zu: %s", form, i, e.text);
			assert_int_equal(entry.pcr, 10);
			assert_bytes_equal(entry.path, bytes_text(entries[i].path));
			assert_bytes_equal(entry.template_name, bytes_text(entries[i].template));
			assert_int_equal(entry.violation, entries[i].violation);
			assert_int_equal(entry.alg, strcmp(entries[i].template, "ima")
							    ? DIGEST_SHA256
							    : DIGEST_SHA1);
			assert_bytes_equal(strcmp(entries[i].template, "ima-buf") ? entry.signature
										  : entry.buffer,
					   buf_bytes(sig));
			assert_int_equal(entry.verity, strstr(entries[i].path, "verity") != NULL);
		}
		assert_int_equal(ima_next(c, &entry, &e), 0);
		free(copy);
	}
	free(c);
}

/* ---- replay ---- */
static struct ima_banks after(size_t n)
{
	static const enum digest_alg algs[] = { DIGEST_SHA1, DIGEST_SHA256 };
	OWNED(buf) list = list_of(IMA_BINARY);
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry entry;
	struct ima_banks b;
	struct err e = { 0 };

	ima_banks_start(&b, algs, 2);
	ima_cursor_on(c, buf_bytes(list), IMA_BINARY);
	for (size_t i = 0; i < n && ima_next(c, &entry, &e) == 1; i++)
		ima_extend(&b, &entry);
	free(c);
	return b;
}

static void what_the_quote_does_not_cover_is_not_counted(void **state)
{
	OWNED(buf) list = list_of(IMA_BINARY);

	(void)state;
	for (size_t n = 1; n <= ARRAY_LEN(entries); n++) {
		struct ima_banks quoted = after(n), running = after(0);
		size_t entries_read, bytes_read;
		struct err e = { 0 };

		assert_ok(ima_replay(buf_bytes(list), IMA_BINARY, &running, &quoted, &entries_read,
				     &bytes_read, &e),
			  &e);
		assert_int_equal(entries_read, n);
		assert_true(bytes_read <= list->w.len);
		assert_memory_equal(running.at[1].at, quoted.at[1].at, 32);
		/* and from there on, what is left of the list leads to the next quote */
		struct ima_banks all = after(ARRAY_LEN(entries));

		assert_ok(ima_replay(bytes_slice(buf_bytes(list), bytes_read,
						 list->w.len - bytes_read),
				     IMA_BINARY, &running, &all, &entries_read, &bytes_read, &e),
			  &e);
		assert_int_equal(entries_read, ARRAY_LEN(entries) - n);
	}
}

/* What goes on elsewhere may end anywhere; two halves lead to where the whole does. */
static void a_piece_may_end_before_the_quote(void **state)
{
	OWNED(buf) list = list_of(IMA_BINARY);
	struct ima_banks all = after(ARRAY_LEN(entries));

	(void)state;
	for (size_t n = 0; n < ARRAY_LEN(entries); n++) {
		struct ima_banks here = after(n), running = after(0);
		size_t n_entries, first, rest;
		bool reached;
		struct err e = { 0 };

		assert_ok(ima_replay(buf_bytes(list), IMA_BINARY, &running, &here, &n_entries,
				     &first, &e),
			  &e);
		running = after(0);
		assert_ok(ima_replay_piece(bytes_slice(buf_bytes(list), 0, first), IMA_BINARY,
					   &running, &all, &n_entries, &rest, &reached, &e),
			  &e);
		assert_false(reached);
		assert_int_equal(n_entries, n);
		assert_int_equal(rest, first);
		assert_true(ima_banks_equal(&running, &here));
		assert_ok(ima_replay_piece(bytes_slice(buf_bytes(list), first, list->w.len - first),
					   IMA_BINARY, &running, &all, &n_entries, &rest, &reached,
					   &e),
			  &e);
		assert_true(reached);
		assert_int_equal(n_entries, ARRAY_LEN(entries) - n);
		if (n) /* and it ends at an entry */
			assert_refused(ima_replay_piece(bytes_slice(buf_bytes(list), 0, first - 1),
							IMA_BINARY, &running, &here, &n_entries,
							&rest, &reached, &e),
				       &e, E_FORMAT, "the list ends inside entry");
	}
}

static void a_list_that_does_not_lead_to_the_quote_is_refused(void **state)
{
	OWNED(buf) list = list_of(IMA_BINARY);
	struct ima_banks quoted = after(ARRAY_LEN(entries)), start = after(0), running;
	size_t n, bytes;
	struct err e = { 0 };

	(void)state;
	/* the quote of another boot */
	running = start;
	quoted.at[0].at[0] ^= 1;
	assert_refused(ima_replay(buf_bytes(list), IMA_BINARY, &running, &quoted, &n, &bytes, &e),
		       &e, E_BINDING, "does not lead to the quoted PCR 10");
	/* right in one bank only: an enabled bank that nobody replays would prove nothing */
	quoted = after(ARRAY_LEN(entries));
	quoted.at[1].at[0] ^= 1;
	running = start;
	e = (struct err){ 0 };
	assert_refused(ima_replay(buf_bytes(list), IMA_BINARY, &running, &quoted, &n, &bytes, &e),
		       &e, E_BINDING, "does not lead");
	/* an entry left out, one that stands in another's place */
	quoted = after(ARRAY_LEN(entries));
	running = after(1);
	e = (struct err){ 0 };
	assert_refused(ima_replay(buf_bytes(list), IMA_BINARY, &running, &quoted, &n, &bytes, &e),
		       &e, E_BINDING, "does not lead");
	/* no banks at all are no proof */
	running = (struct ima_banks){ 0 };
	quoted = (struct ima_banks){ 0 };
	e = (struct err){ 0 };
	assert_refused(ima_replay(buf_bytes(list), IMA_BINARY, &running, &quoted, &n, &bytes, &e),
		       &e, E_BINDING, "does not lead");
}

static void every_truncation_ends_at_an_entry_or_is_told_as_one(void **state)
{
	struct ima_cursor *c = malloc(sizeof(*c));
	OWNED(buf) list = list_of(IMA_BINARY);
	size_t whole = 0;

	(void)state;
	for (size_t len = 0; len < list->w.len; len++) {
		u8 *copy = heap_copy((struct bytes){ list->w.at, len });
		struct ima_entry entry;
		struct err e = { 0 };
		int rc;

		ima_cursor_on(c, (struct bytes){ copy, len }, IMA_BINARY);
		while ((rc = ima_next(c, &entry, &e)) > 0)
			;
		whole += rc == 0;
		assert_true(rc == 0 || strstr(e.text, "IMA list: the list ends inside entry "));
		free(copy);
	}
	assert_int_equal(whole, ARRAY_LEN(entries)); /* the empty list among them */
	free(c);
}

static void each_lie_of_a_list_is_named(void **state)
{
	static const struct {
		enum ima_form form;
		const char *list; /* hex for binary, text for ASCII */
		const char *why;
	} rows[] = {
		{ IMA_BINARY, "18000000", "the list ends inside entry 0: template hash" },
		{ IMA_ASCII, "10 00000000000000000000000000",
		  "the list ends inside entry 0: template hash" },
		{ IMA_ASCII,
		  "10 ffffffffffffffffffffffffffffffffffffffff ima-ng sha1:"
		  "0000000000000000000000000000000000000000 /usr/bin/a",
		  "the list ends inside entry 0: template hash is not that of the line" },
		{ IMA_ASCII,
		  "10 ffffffffffffffffffffffffffffffffffffffff ima-ng sha1:"
		  "0000000000000000000000000000000000000000 /usr/bin/a\n",
		  "IMA list: entry 0: template hash is not that of the line" },
		{ IMA_BINARY,
		  "18000000 0000000000000000000000000000000000000000 06000000 696d612d6e67 "
		  "00000000",
		  "digest length" },
		{ IMA_BINARY, "0a000000 0000000000000000000000000000000000000000 00000000",
		  "template name length" },
		{ IMA_BINARY, "0a000000 0000000000000000000000000000000000000000 21000000",
		  "template name length" },
		{ IMA_BINARY,
		  "0a000000 0000000000000000000000000000000000000000 06000000 696d612d6e67 "
		  "01400000",
		  "template data length" },
		{ IMA_BINARY,
		  "0a000000 0000000000000000000000000000000000000000 06000000 696d612d6e67 "
		  "ffffffff",
		  "template data length" },
		{ IMA_BINARY,
		  "0a000000 0000000000000000000000000000000000000000 06000000 696d612d6e67 09000000"
		  "00000000 01000000 41",
		  "path does not end with NUL" },
		{ IMA_BINARY,
		  "0a000000 0000000000000000000000000000000000000000 03000000 696d61"
		  "0000000000000000000000000000000000000000 00010000",
		  "path" },
		{ IMA_ASCII, "10\n", "PCR" },
		{ IMA_ASCII, "1x 00 ima-ng sha1:00 a\n", "PCR" },
		{ IMA_ASCII, "99 0000000000000000000000000000000000000000 ima-ng sha1:00 a\n",
		  "PCR" },
		{ IMA_ASCII, "10 00 ima-ng sha1:00 a\n", "template hash" },
		{ IMA_ASCII, "10  ima-ng sha1:00 a\n", "template hash" },
		{ IMA_ASCII, "10 0000000000000000000000000000000000000000 ima-ng sha256: a\n",
		  "digest" },
		{ IMA_ASCII, "10 0000000000000000000000000000000000000000 ima-modsig sha1:00 a\n",
		  "ASCII form cannot be hashed again" },
		{ IMA_ASCII, "10 0000000000000000000000000000000000000000 ima-ng 00 a\n",
		  "digest without its algorithm" },
		{ IMA_ASCII, "10 0000000000000000000000000000000000000001 ima-ng sha1:00 a\n",
		  "template hash is not that of the line" },
	};
	struct ima_cursor *c = malloc(sizeof(*c));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) hex = rows[i].form == IMA_BINARY ? from_hex(rows[i].list) : NULL;
		struct bytes b = hex ? buf_bytes(hex) : bytes_text(rows[i].list);
		u8 *copy = heap_copy(b);
		struct ima_entry entry;
		struct err e = { 0 };

		ima_cursor_on(c, (struct bytes){ copy, b.len }, rows[i].form);
		if (ima_next(c, &entry, &e) != -1 || !strstr(e.text, rows[i].why))
			fail_msg("%s: \"%s\"", rows[i].list, e.text);
		free(copy);
	}
	free(c);
}

/* What a collector does with a list that it reads in portions: whole entries, and none of a length that lies. */
/*
 * A template's name is extended nowhere. What was extended as "ima-ng" with a path of 227 characters is as long as what
 * "ima" hashes, and the other way round: the path would begin with a piece of the digest, or be longer by NULs.
 */
static void a_path_does_not_hide_under_the_name_of_another_template(void **state)
{
	static const enum digest_alg alg = DIGEST_SHA256;
	char path[228] = "/tmp/";
	OWNED(buf) data = buf_new(4096);
	OWNED(buf) was = buf_new(4096);
	OWNED(buf) lies = buf_new(4096);
	OWNED(buf) longer = buf_new(4096);
	struct bytes d;
	struct ima_cursor c;
	struct ima_entry entry;
	struct err e = { 0 };
	struct ima_banks start, quoted;
	size_t n, len;

	(void)state;
	memset(path + 5, 'x', sizeof(path) - 6);
	put_entry(&was->w, IMA_BINARY, "ima-ng", path, "", false);
	put_data(&data->w, "ima-ng", path, "");
	d = buf_bytes(data);
	assert_int_equal(d.len, 20 + 256);
	write_bytes(&lies->w, bytes_slice(buf_bytes(was), 0, 24));
	put_field(&lies->w, bytes_text("ima"));
	write_bytes(&lies->w, bytes_slice(d, 0, 20));
	put_field(&lies->w, bytes_slice(d, 20, d.len - 21)); /* its last NUL is of the room */
	/* what the TPM holds is the same */
	ima_banks_start(&start, &alg, 1);
	quoted = start;
	ima_extend(&quoted, &(struct ima_entry){ .data = d });
	assert_refused(ima_replay(buf_bytes(lies), IMA_BINARY, &start, &quoted, &n, &len, &e), &e,
		       E_FORMAT, "path has a NUL");

	put_entry(&longer->w, IMA_BINARY, "ima", "/tmp/x", "", false);
	longer->w.at[24 + 4 + 3 + 20] +=
		1; /* the path's length, and one more of the room's zeros */
	write_u8(&longer->w, 0);
	ima_cursor_on(&c, buf_bytes(longer), IMA_BINARY);
	e = (struct err){ 0 };
	assert_int_equal(ima_next(&c, &entry, &e), -1);
	assert_non_null(strstr(e.text, "path has a NUL"));
}

static void an_entry_is_whole_or_waited_for_or_refused(void **state)
{
	OWNED(buf) list = list_of(IMA_BINARY);
	OWNED(buf)
	lie = from_hex("0a000000 0000000000000000000000000000000000000000 06000000 "
		       "696d612d6e67 01400000");
	OWNED(buf) name = from_hex("0a000000 0000000000000000000000000000000000000000 21000000");
	struct bytes left = buf_bytes(list);
	struct err e = { 0 };
	size_t n = 0, len;

	(void)state;
	while (left.len) {
		assert_int_equal(ima_entry_len(left, &len, &e), 1);
		for (size_t cut = 0; cut < len; cut++) {
			u8 *copy = heap_copy((struct bytes){ left.at, cut });
			size_t ignored;

			assert_int_equal(ima_entry_len((struct bytes){ copy, cut }, &ignored, &e),
					 0);
			free(copy);
		}
		left = bytes_slice(left, len, left.len - len);
		n++;
	}
	assert_int_equal(n, ARRAY_LEN(entries));
	assert_int_equal(ima_entry_len(buf_bytes(lie), &len, &e), -1);
	assert_non_null(strstr(e.text, "16385"));
	assert_int_equal(ima_entry_len(buf_bytes(name), &len, &e), -1);
}

static void a_list_is_told_from_other_bytes(void **state)
{
	static const char *const others[] = {
		"", "0a000000", "10 00", "{\"a\": 1}",
		"10 0000000000000000000000000000000000000000 imx-ng sha1:00 a\n"
	};
	enum ima_form form;

	(void)state;
	for (int f = IMA_BINARY; f <= IMA_ASCII; f++) {
		OWNED(buf) list = list_of((enum ima_form)f);

		assert_true(ima_list_form(buf_bytes(list), &form));
		assert_int_equal(form, f);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		u8 *copy = heap_copy(bytes_text(others[i]));

		if (ima_list_form((struct bytes){ copy, strlen(others[i]) }, &form))
			fail_msg("\"%s\" is taken for a list", others[i]);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_template_is_read_in_both_forms),
		cmocka_unit_test(what_the_quote_does_not_cover_is_not_counted),
		cmocka_unit_test(a_piece_may_end_before_the_quote),
		cmocka_unit_test(a_list_that_does_not_lead_to_the_quote_is_refused),
		cmocka_unit_test(every_truncation_ends_at_an_entry_or_is_told_as_one),
		cmocka_unit_test(each_lie_of_a_list_is_named),
		cmocka_unit_test(a_path_does_not_hide_under_the_name_of_another_template),
		cmocka_unit_test(an_entry_is_whole_or_waited_for_or_refused),
		cmocka_unit_test(a_list_is_told_from_other_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
