// SPDX-License-Identifier: Apache-2.0
#include "inspect_rig.h"

#include <stdio.h>
#include <unistd.h>

#define ASSAY BUILD_FOLDER "/cli/assay"

struct buf *inspect_run(const char *file, const char *const *more, int *code)
{
	const char *argv[4 + INSPECT_MORE_MAX] = { ASSAY, "inspect", file };
	char log[320];
	struct buf *out;

	for (size_t i = 0; more && more[i]; i++)
		argv[3 + i] = more[i];
	snprintf(log, sizeof(log), "%s/log", rig_scratch);
	unlink(log); /* what the file before it left */
	*code = rig_run(log, argv);
	out = file_bytes(log);
	assert_non_null(out);
	write_u8(&out->w, 0);
	return out;
}

bool inspect_answers(const char *file, const char *const *more, int code, const char *const want[3])
{
	int got;
	OWNED(buf) out = inspect_run(file, more, &got);
	bool ok = got == code;

	for (size_t i = 0; i < 3 && want[i]; i++)
		ok &= strstr((const char *)out->w.at, want[i]) != NULL;
	if (!ok)
		print_error("%s: exit %d, expected %d and \"%s\":\n%.6000s\n", file, got, code,
			    want[0], out->w.at);
	return ok;
}
