// SPDX-License-Identifier: Apache-2.0
/* What `assay inspect` prints about any file: lines for a terminal that none of its bytes steers, and JSON that is JSON. */
#include "fuzz.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/inspect.h"

enum { SHOWN_MAX = 64 * 1024 * 1024, AT = 1700000000 };

static int shown_fd = -1;

/* What it prints; until the next run. */
static struct bytes run(struct cli *c, struct bytes b)
{
	static char shown[SHOWN_MAX];
	ssize_t n;
	int code;

	if (ftruncate(shown_fd, 0) || lseek(shown_fd, 0, SEEK_SET))
		abort();
	code = inspect_bytes(c, b, AT);
	fflush(stdout);
	n = pread(shown_fd, shown, SHOWN_MAX, 0);
	if ((code != 0 && code != 2) || n <= 0 || n == SHOWN_MAX)
		abort();
	return (struct bytes){ (const u8 *)shown, (size_t)n };
}

static void check_lines(struct bytes b)
{
	struct cli c = { 0 };
	struct bytes text = run(&c, b);

	for (size_t i = 0; i < text.len; i++) {
		u8 at = text.at[i], next = i + 1 < text.len ? text.at[i + 1] : 0;

		if ((at < 0x20 && at != '\n') || at == 0x7f || (at == 0xc2 && next < 0xa0))
			abort(); /* a byte of C0 or C1 */
	}
}

/* Return: does the file keep its grammar? */
static bool check_json(struct bytes b)
{
	struct cli c = { .json = true };
	struct bytes text = run(&c, b);
	json_t *j = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, NULL);

	bool ok;

	if (!json_is_array(json_object_get(j, "rows")))
		abort();
	ok = json_is_true(json_object_get(j, "ok"));
	json_decref(j);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	bool kept = false;

	if (shown_fd < 0) {
		shown_fd = memfd_create("shown", MFD_CLOEXEC);
		if (shown_fd < 0 || dup2(shown_fd, STDOUT_FILENO) < 0)
			abort();
	}
	if (!size || copy[0] != '<') { /* SWID tags have a reader, and a target, of their own */
		check_lines(b);
		kept = check_json(b);
	}
	planted_bug(b, kept && size > 8 && copy[0] == '{');
	free(copy);
	return 0;
}
