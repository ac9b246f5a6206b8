// SPDX-License-Identifier: Apache-2.0
/* IMA lists of real kernels: each entry's template hash is made again from its fields. */
#include "support.h"

#include "proto/ima_log.h"

static void real_lists_are_read_to_the_end(void **state)
{
	static const struct {
		const char *file;
		enum digest_alg alg;
		const char *paths[2];
		bool violation; /* the first entry's hash is zero in that list */
	} rows[] = {
		{ "bootlog/ima-log-sha256.txt",
		  DIGEST_SHA256,
		  { "boot_aggregate", "/data" },
		  false },
		{ "bootlog/ima-log-sha1.txt", DIGEST_SHA1, { "boot_aggregate", "/data" }, true },
	};
	struct ima_cursor *c = malloc(sizeof(*c));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = third_party(rows[i].file);
		u8 *copy = heap_copy(buf_bytes(b));
		struct ima_entry entry;
		struct err e = { 0 };

		ima_cursor_on(c, (struct bytes){ copy, b->w.len }, IMA_ASCII);
		for (size_t k = 0; k < 2; k++) {
			struct digest d;

			if (ima_next(c, &entry, &e) != 1)
				fail_msg("%s: %s", rows[i].file, e.text);
			assert_bytes_equal(entry.path, bytes_text(rows[i].paths[k]));
			assert_int_equal(entry.alg, rows[i].alg);
			assert_int_equal(entry.violation, k == 0 && rows[i].violation);
			d = digest_of(DIGEST_SHA1, &entry.data, 1);
			if (!entry.violation)
				assert_true(digest_equals(&d, entry.template_hash));
		}
		assert_int_equal(ima_next(c, &entry, &e), 0);
		free(copy);
	}
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_lists_are_read_to_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
