// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "common/text.h"
#include "proto/proposal.h"

#define D32(x) "5820" x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x

/* {1: 1, 2: "6.12", 3: [["kernel", [[1, h'11..']]], ["command-line", [[1, h'22..']], "ro"]], 4: ["grub/command/1"]} */
static const char good[] =
	"a4 0101 0264362e3132 0382"
	"82 666b65726e656c 81 8201" D32("11") "83 6c636f6d6d616e642d6c696e65 81 8201" D32(
		"22") "62726f"
		      "0481 6e677275622f636f6d6d616e642f31";

static int parse(struct bytes b, struct proposal *out, struct err *e)
{
	u8 *copy = heap_copy(b);
	int rc = proposal_parse((struct bytes){ copy, b.len }, out, e);

	free(copy); /* nothing of *out is looked at but numbers */
	return rc;
}

static void a_good_proposal_yields_names_digests_and_texts(void **state)
{
	OWNED(buf) b = from_hex(good);
	struct proposal p;
	struct err e = { 0 };

	(void)state;
	assert_ok(proposal_parse(buf_bytes(b), &p, &e), &e);
	assert_true(bytes_equal(p.release, bytes_text("6.12")));
	assert_int_equal(p.n, 2);
	assert_ptr_equal(proposal_find(&p, bytes_text("command-line")), &p.elements[1]);
	assert_null(proposal_find(&p, bytes_text("initrd")));
	assert_int_equal(p.elements[0].n_digests, 1);
	assert_int_equal(p.elements[0].digests[0].alg, 1);
	assert_int_equal(p.elements[0].digests[0].bytes.at[31], 0x11);
	assert_true(bytes_equal(p.elements[1].text, bytes_text("ro")));
	assert_int_equal(p.n_unforeseen, 1);
	assert_true(bytes_equal(p.unforeseen[0], bytes_text("grub/command/1")));
}

static void what_is_written_is_the_bytes_that_were_read(void **state)
{
	OWNED(buf) b = from_hex(good);
	OWNED(buf) again = NULL;
	struct proposal p;
	struct err e = { 0 };

	(void)state;
	assert_ok(proposal_parse(buf_bytes(b), &p, &e), &e);
	assert_ok(proposal_write(&p, &again, &e), &e);
	assert_true(bytes_equal(buf_bytes(b), buf_bytes(again)));
	p.elements[1].name = bytes_text("secure-boot");
	buf_drop(&again);
	assert_refused(proposal_write(&p, &again, &e), &e, E_FORMAT, "name");
}

static void a_wrong_member_is_refused_and_named(void **state)
{
	static const struct {
		struct edit edit;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ { "0101 0264", "0102 0264" }, E_FORMAT, "version" },
		{ { "0101 0264362e3132", "0101 0260" }, E_FORMAT, "release" },
		{ { "0264362e3132", "0264362e3107" }, E_FORMAT, "release" },
		{ { "0264362e3132", "02 44362e3132" }, E_FORMAT, "release" },
		{ { "666b65726e656c", "666b65726e656d" }, E_FORMAT, "name" }, /* "kernem" */
		{ { "666b65726e656c", "60" }, E_FORMAT, "name" },
		{ { "666b65726e656c", "6e7365637572652d626f6f742f6462" }, E_FORMAT, "name" },
		{ { "666b65726e656c", "6c636f6d6d616e642d6c696e65" },
		  E_FORMAT,
		  "name" }, /* twice */
		{ { "81 8201 5820 11", "80" }, E_FORMAT, "" },
		{ { "82 666b65726e656c 81 82 01", "82 666b65726e656c 81 82 07" },
		  E_FORMAT,
		  "digest value" }, /* SHA-384 has 48 bytes */
		{ { "82 666b65726e656c 81 82 01", "82 666b65726e656c 81 82 02" },
		  E_FORMAT,
		  "digest value" }, /* nobody's number */
		{ { "82 666b65726e656c 81 82 01", "82 666b65726e656c 81 82 20" },
		  E_FORMAT,
		  "digest algorithm" },
		{ { "62726f", "62720a" }, E_FORMAT, "text" },
		{ { "62726f", "60" }, E_FORMAT, "text" },
		{ { "62726f", "01" }, E_FORMAT, "text" },
		{ { "0481 6e677275622f636f6d6d616e642f31", "0480" }, E_LIMIT, "unforeseen" },
		{ { "0481 6e", "0581 6e" }, E_FORMAT, "unforeseen" },
		{ { "a4 0101", "a3 0101" }, E_FORMAT, "" },
		{ { "a4 0101", "bf 0101" }, E_FORMAT, "" }, /* an indefinite length */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = from_hex(good);
		OWNED(buf) bad = edited(buf_bytes(b), &rows[i].edit);
		struct proposal p;
		struct err e = { 0 };

		assert_refused(parse(buf_bytes(bad), &p, &e), &e, rows[i].code, rows[i].why);
	}
}

static void digests_ascend_so_that_none_comes_twice(void **state)
{
	OWNED(buf)
	b = from_hex("a3 0101 0264362e3132 0381 82 666b65726e656c 82"
		     "8201" D32("11") "8201" D32("12"));
	struct proposal p;
	struct err e = { 0 };

	(void)state;
	assert_refused(parse(buf_bytes(b), &p, &e), &e, E_FORMAT, "digest algorithm");
}

static void every_truncation_is_refused(void **state)
{
	OWNED(buf) b = from_hex(good);
	struct proposal p;
	struct err e = { 0 };

	(void)state;
	for (size_t n = 0; n < b->w.len; n++)
		assert_int_not_equal(parse((struct bytes){ b->w.at, n }, &p, &e), 0);
}

static void a_host_may_propose_its_kernel_and_not_its_firmware(void **state)
{
	static const struct {
		const char *name;
		bool may;
	} rows[] = {
		{ "kernel", true },
		{ "kernel/1", true },
		{ "kernel/file", true },
		{ "initrd", true },
		{ "initrd/12", true },
		{ "command-line", true },
		{ "command-line/1", true },
		{ "grub/command/0", true },
		{ "grub/command/1234", true },
		{ "grub/command", false },
		{ "grub/command/", false },
		{ "grub/command/12345", false },
		{ "grub/command/1a", false },
		{ "kernel/", false },
		{ "kernel/files", false },
		{ "kernels", false },
		{ "firmware/blob/0", false },
		{ "secure-boot", false },
		{ "secure-boot/db", false },
		/* these two not alone, see below */
		{ "boot-loader/0", true },
		{ "boot-loader", false },
		{ "grub/file/3", true },
		{ "grub/file", false },
		{ "uki/.linux", true },
		{ "uki/.pcrpkey", true },
		{ "uki/.", false },
		{ "uki/linux", false },
		{ "uki/.linux/1", false },
		{ "uki/.toolongs", false },
		{ "uki/.LINUX", false },
		{ "uki/name/.linux", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (proposal_name_valid(bytes_text(rows[i].name)) != rows[i].may)
			fail_msg("\"%s\"", rows[i].name);
}

/* A boot loader is no host's to propose, unless it is a kernel with all that is in it; nor is a file that GRUB reads but its menu. */
static void a_loader_comes_with_sections_and_a_file_of_grubs_with_a_kernel(void **state)
{
	static const struct {
		const char *names[3];
		bool fit;
	} rows[] = {
		{ { "boot-loader/0", "kernel" }, false },
		{ { "boot-loader/0", "uki/.linux" }, true },
		{ { "uki/.linux", "boot-loader/1" }, true },
		{ { "grub/file/0", "kernel" }, false },
		{ { "grub/file/0", "grub/command/1" }, false },
		{ { "kernel/file", "grub/file/0" }, true },
		{ { "boot-loader/0", "uki/.linux", "boot-loader/1" }, false },
		{ { "grub/file/0", "kernel/file", "grub/file/1" }, false },
	};
	struct digest d = sha256_of(bytes_text("x"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct proposal p = { .release = bytes_text("6.12"),
				      .n = rows[i].names[2] ? 3 : 2 };
		OWNED(buf) b = NULL;
		struct err e = { 0 };

		for (size_t k = 0; k < p.n; k++) {
			p.elements[k].name = bytes_text(rows[i].names[k]);
			p.elements[k].n_digests = 1;
			p.elements[k].digests[0] = (struct corim_digest){ 1, digest_bytes(&d) };
		}
		if (rows[i].fit)
			assert_ok(proposal_write(&p, &b, &e), &e);
		else
			assert_refused(proposal_write(&p, &b, &e), &e, E_FORMAT, "name");
	}
}

/* What an operator reads is the text, what is signed the digest: a host may say one thing and have another signed. */
static void a_text_that_is_not_the_digests_is_told_from_one_that_is(void **state)
{
	static const u8 wide[] = { 'r', 0, 'o', 0, 0, 0 };
	static const struct {
		const char *text;
		struct bytes of[2]; /* SHA-256, SHA-384 */
		bool covered;
	} rows[] = {
		{ "ro", { { (const u8 *)"ro", 2 } }, true },
		{ "ro", { { (const u8 *)"ro", 2 }, { (const u8 *)"ro", 2 } }, true },
		{ "ro", { { wide, 4 } }, true },
		{ "ro", { { wide, 6 } }, true },
		{ "ro", { { (const u8 *)"ro init=/bin/sh", 15 } }, false },
		{ "ro", { { (const u8 *)"ro", 2 }, { (const u8 *)"rw", 2 } }, false },
		{ "ro", { { (const u8 *)"ro", 2 }, { wide, 4 } }, false },
		{ "", { { (const u8 *)"", 0 } }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct proposal_element el = { .text = bytes_text(rows[i].text) };
		struct digest d[] = { digest_of(DIGEST_SHA256, &rows[i].of[0], 1),
				      digest_of(DIGEST_SHA384, &rows[i].of[1], 1) };

		el.n_digests = rows[i].of[1].len ? 2 : 1;
		for (size_t k = 0; k < el.n_digests; k++)
			el.digests[k] = (struct corim_digest){ corim_alg_of(d[k].alg),
							       digest_bytes(&d[k]) };
		if (proposal_text_covered(&el) != rows[i].covered)
			fail_msg("row %zu", i);
	}
}

/* By hand: H(label, ...) = SHA-256 of each with its length in front. */
static void the_quote_binds_nonce_and_body(void **state)
{
	static const char label[] = "assay/proposal/1";
	u8 nonce[32], room[200];
	struct writer w = writer_on(room, sizeof(room));
	struct digest body = sha256_of(bytes_text("body")), bind, expected;

	(void)state;
	memset(nonce, 7, sizeof(nonce));
	write_be32(&w, sizeof(label) - 1);
	write_bytes(&w, bytes_text(label));
	write_be32(&w, 32);
	write_bytes(&w, BYTES(nonce));
	write_be32(&w, 32);
	write_bytes(&w, digest_bytes(&body));
	expected = sha256_of(write_done(&w));
	bind = proposal_bind(nonce, bytes_text("body"));
	assert_true(digest_equals(&bind, digest_bytes(&expected)));
	bind = proposal_bind(nonce, bytes_text("Body"));
	assert_false(digest_equals(&bind, digest_bytes(&expected)));
}

static void a_request_is_its_five_members_and_nothing_else(void **state)
{
	static const u8 zeros[64];
	struct proposal_request rq = { { zeros, 32 },
				       { zeros, 34 },
				       { zeros, 5 },
				       { zeros, 6 },
				       { zeros, 7 } },
				got;
	static const struct {
		size_t member, len;
		const char *why;
	} rows[] = { { 0, 31, "nonce" },
		     { 1, 33, "AK name" },
		     { 2, 0, "quote" },
		     { 3, 0, "quote signature" },
		     { 4, 0, "body" } };
	OWNED(buf) b = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(proposal_request_write(&rq, &b, &e), &e);
	assert_ok(proposal_request_parse(buf_bytes(b), &got, &e), &e);
	assert_int_equal(got.quote.len, 5);
	assert_int_equal(got.body.len, 7);
	for (size_t n = 0; n < b->w.len; n++)
		assert_int_not_equal(proposal_request_parse((struct bytes){ b->w.at, n }, &got, &e),
				     0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes *members[] = { &rq.nonce, &rq.ak_name, &rq.quote, &rq.quote_sig,
					    &rq.body };
		size_t was = members[rows[i].member]->len;

		members[rows[i].member]->len = rows[i].len;
		buf_drop(&b);
		assert_ok(proposal_request_write(&rq, &b, &e), &e);
		assert_refused(proposal_request_parse(buf_bytes(b), &got, &e), &e, E_FORMAT,
			       rows[i].why);
		members[rows[i].member]->len = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_proposal_yields_names_digests_and_texts),
		cmocka_unit_test(what_is_written_is_the_bytes_that_were_read),
		cmocka_unit_test(a_wrong_member_is_refused_and_named),
		cmocka_unit_test(digests_ascend_so_that_none_comes_twice),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(a_host_may_propose_its_kernel_and_not_its_firmware),
		cmocka_unit_test(a_loader_comes_with_sections_and_a_file_of_grubs_with_a_kernel),
		cmocka_unit_test(a_text_that_is_not_the_digests_is_told_from_one_that_is),
		cmocka_unit_test(the_quote_binds_nonce_and_body),
		cmocka_unit_test(a_request_is_its_five_members_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
