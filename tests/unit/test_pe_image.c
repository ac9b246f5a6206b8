// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <stdio.h>

#include "common/text.h"
#include "proto/pe_image.h"

#define CORPUS "../fuzz/corpus/fuzz_pe_image/"

/* Of a file it is what it is of memory; only offsets are kept. */
static int parse(struct bytes b, struct pe_image *out, struct err *e)
{
	u8 *copy = heap_copy(b);
	int rc = pe_image_parse(range_of((struct bytes){ copy, b.len }), out, e);
	OWNED(range_file) file = range_file_of(b);
	struct pe_image again;
	struct err other = { 0 };

	assert_int_equal(pe_image_parse(range_whole(file), &again, &other), rc);
	assert_string_equal(other.text, e->text);
	for (size_t i = 0; !rc && i < out->n; i++) {
		assert_int_equal(again.pieces[i].from, (size_t)(out->pieces[i].at - copy));
		assert_int_equal(again.pieces[i].len, out->pieces[i].len);
	}
	free(copy);
	return rc;
}

static struct digest authenticode(struct range file, enum digest_alg alg)
{
	struct digest d = { 0 };
	struct pe_image p;
	struct err e = { 0 };

	assert_ok(pe_image_parse(file, &p, &e), &e);
	assert_ok(pe_image_digest(&p, alg, &d, &e), &e);
	return d;
}

/* What osslsigncode 2.5 calculates for these files once it has signed them. */
static void the_digest_is_the_one_that_another_program_signs(void **state)
{
	static const struct {
		const char *file, *sha256;
	} rows[] = {
		{ "plus", "4ce8a2fa66f4057057672e6bffcc0ec4afbcb975d15fd02ff7c0a568465eeca1" },
		/* the signature in it is not hashed */
		{ "signed", "4ce8a2fa66f4057057672e6bffcc0ec4afbcb975d15fd02ff7c0a568465eeca1" },
		{ "pe32", "6d1bd359016819eecfb00e26294a00a231bc475d5968da78ad6fe099c991ff76" },
		/* sections in another order than in the file, and bytes behind them */
		{ "backwards", "d473c959ce13a82ecbbf182ca19d6543fd87a6b9c89dccb48fbc6de05f7a9c74" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[100], hex[65];
		OWNED(buf) b = NULL;
		OWNED(range_file) file = NULL;
		struct digest d;

		snprintf(path, sizeof(path), CORPUS "%s", rows[i].file);
		b = own_vector(path);
		file = range_file_of(buf_bytes(b));
		assert_true(pe_image_is(range_of(buf_bytes(b))));
		assert_true(pe_image_is(range_whole(file)));
		d = authenticode(range_of(buf_bytes(b)), DIGEST_SHA256);
		assert_string_equal(hex_write(digest_bytes(&d), hex), rows[i].sha256);
		d = authenticode(range_whole(file), DIGEST_SHA256);
		assert_string_equal(hex_write(digest_bytes(&d), hex), rows[i].sha256);
	}
}

/* By hand: all of the file but four bytes of checksum and eight of the entry. */
static void checksum_and_certificate_entry_are_all_that_is_left_out(void **state)
{
	static const struct {
		const char *file;
		size_t skip[2]; /* 0: there is no entry */
	} rows[] = { { "plus", { 0x98, 0xe8 } },
		     { "pe32", { 0x98, 0xd8 } },
		     { "no-directory", { 0x98, 0 } } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[100];
		OWNED(buf) file = NULL;
		OWNED(buf) kept = buf_new(65536);
		struct digest d, expected;

		snprintf(path, sizeof(path), CORPUS "%s", rows[i].file);
		file = own_vector(path);
		for (size_t at = 0; at < file->w.len; at++) {
			bool checksum = at >= rows[i].skip[0] && at < rows[i].skip[0] + 4;
			bool entry = rows[i].skip[1] && at >= rows[i].skip[1] &&
				     at < rows[i].skip[1] + 8;

			if (!checksum && !entry)
				write_u8(&kept->w, file->w.at[at]);
		}
		d = authenticode(range_of(buf_bytes(file)), DIGEST_SHA384);
		expected = digest_of(DIGEST_SHA384, &(struct bytes){ kept->w.at, kept->w.len }, 1);
		assert_true(digest_equals(&d, digest_bytes(&expected)));
	}
}

static void one_wrong_byte_is_refused_and_named(void **state)
{
	/* "signed": PE header at 0x40, optional header at 0x58, sections at 0x148, certificates the last 64 bytes */
	static const struct {
		size_t at;
		u8 put;
		const char *why;
	} rows[] = {
		{ 0x00, 'N', "DOS signature" },
		{ 0x3f, 0x7f, "PE signature" },
		{ 0x40, 'Q', "PE signature" },
		{ 0x46, 97, "more than 96 sections" },
		{ 0x54, 8, "optional header" },
		{ 0x58, 0x0c, "Magic" },
		{ 0x95, 0x80, "SizeOfHeaders" },     /* runs past the file */
		{ 0x95, 0x01, "SizeOfHeaders" },     /* ends before its own headers do: see below */
		{ 0xe9, 0x01, "certificate table" }, /* begins before the end it should have */
		{ 0xec, 0x41, "certificate table" }, /* longer than what is left */
		{ 0x15b, 0x80, "section is not in the file" }, /* SizeOfRawData */
		{ 0x15f, 0x80, "section is not in the file" }, /* PointerToRawData */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) file = own_vector(CORPUS "signed");
		struct pe_image p;
		struct err e = { 0 };

		if (i == 7) /* 0x100 */
			file->w.at[0x94] = 0;
		file->w.at[rows[i].at] = rows[i].put;
		assert_refused(parse(buf_bytes(file), &p, &e), &e, i == 3 ? E_LIMIT : E_FORMAT,
			       rows[i].why);
	}
}

static void every_truncation_is_refused_or_another_digest(void **state)
{
	OWNED(buf) file = own_vector(CORPUS "plus");
	struct pe_image p;
	struct err e = { 0 };

	(void)state;
	for (size_t n = 0; n < file->w.len; n++)
		assert_refused(parse((struct bytes){ file->w.at, n }, &p, &e), &e, E_FORMAT,
			       "PE image");
}

/* A name of eight bytes has no NUL; content is as long as it is in memory; what memory has and the file has not is none. */
static void sections_have_names_and_what_is_in_memory(void **state)
{
	OWNED(buf) file = own_vector(CORPUS "plus");
	struct pe_sections s;
	struct err e = { 0 };
	size_t table, n;

	(void)state;
	assert_ok(pe_image_sections(range_of(buf_bytes(file)), &s, &e), &e);
	n = s.n;
	assert_true(n > 0);
	table = 0x40; /* of the first one, in the file: found by its name */
	while (table + 8 < file->w.len &&
	       strncmp((const char *)file->w.at + table, s.sections[0].name, 8))
		table++;
	memcpy(file->w.at + table, "eight888", 8);
	memcpy(file->w.at + table + 8, "\3\0\0\0", 4);
	assert_ok(pe_image_sections(range_of(buf_bytes(file)), &s, &e), &e);
	assert_string_equal(s.sections[0].name, "eight888");
	assert_int_equal(s.sections[0].content.len, 3);
	assert_ptr_equal(pe_section_find(&s, "eight888"), &s.sections[0]);
	assert_null(pe_section_find(&s, "eight88"));
	memcpy(file->w.at + table + 8, "\0\0\0\1", 4);
	assert_ok(pe_image_sections(range_of(buf_bytes(file)), &s, &e), &e);
	assert_int_equal(s.n, n);
	assert_int_equal(s.sections[0].content.len, 0);
	if (n > 1) { /* a name that stands there twice is nobody's */
		memcpy(file->w.at + table + 40, "eight888", 8);
		assert_ok(pe_image_sections(range_of(buf_bytes(file)), &s, &e), &e);
		assert_null(pe_section_find(&s, "eight888"));
	}
	for (size_t cut = 0; cut < table + 40; cut++) {
		u8 *copy = heap_copy((struct bytes){ file->w.at, cut });

		e = (struct err){ 0 };
		assert_refused(pe_image_sections(range_of((struct bytes){ copy, cut }), &s, &e), &e,
			       E_FORMAT, "PE image: ");
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_have_names_and_what_is_in_memory),
		cmocka_unit_test(the_digest_is_the_one_that_another_program_signs),
		cmocka_unit_test(checksum_and_certificate_entry_are_all_that_is_left_out),
		cmocka_unit_test(one_wrong_byte_is_refused_and_named),
		cmocka_unit_test(every_truncation_is_refused_or_another_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
