// SPDX-License-Identifier: Apache-2.0
/*
 * Stands in the initramfs where cryptsetup would, and becomes it. Debian runs `keyscript | cryptsetup open`: both begin at
 * once, and cryptsetup would have read the header before the keyscript changes it: a keyslot of the next epoch, or a recovery
 * key's that is shown. Where the keyscript is ours this waits until there is something to read; it reads none of it.
 * A program and no script, for cryptroot-unlock looks for a process that runs the very file /sbin/cryptsetup.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef CRYPTSETUP_PROGRAM
#define CRYPTSETUP_PROGRAM "/lib/assay/cryptsetup"
#endif

static bool has_word(char **argv, const char *word)
{
	while (*++argv)
		if (!strcmp(*argv, word))
			return true;
	return false;
}

/* Others do not wait: theirs may be opened by a token while somebody is asked. */
static bool is_our_keyscript(void)
{
	static const char name[] = "/assay-keyscript";
	const char *path = getenv("CRYPTTAB_OPTION_keyscript");
	size_t len = path ? strlen(path) : 0;

	return len >= strlen(name) && !strcmp(path + len - strlen(name), name);
}

int main(int argc, char **argv)
{
	struct pollfd p = { STDIN_FILENO, POLLIN, 0 };

	if (argc > 0 && is_our_keyscript() && has_word(argv, "open") &&
	    has_word(argv, "--key-file=-"))
		while (poll(&p, 1, -1) < 0 && errno == EINTR)
			;
	execv(CRYPTSETUP_PROGRAM, argv);
	perror("assay: " CRYPTSETUP_PROGRAM);
	return 1;
}
