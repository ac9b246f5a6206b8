/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that knows how to ask, run from inside of a process that is not ours: for a limited time, with nothing of
 * that process but its working directory, and nothing of what it prints believed beyond its length.
 * SPEC: RULES 3, 19; docs/OPERATIONS.md, By cryptsetup and systemd
 */
#ifndef ASSAY_TOKEN_ASK_H
#define ASSAY_TOKEN_ASK_H

#include <stddef.h>

enum { TOKEN_SAID_MAX = 800 };

/** token_ask - what assay-unlock prints for a volume.
 * @uuid, @device: as it takes them.
 * *@passphrase: PASSPHRASE_LEN bytes, in a page of its own; drop it with token_passphrase_drop().
 * @said: the last line of what the program had to say, without its name; "" for none. At 0: what it had to say besides.
 * Return: 0, or one of the four that let a caller of libcryptsetup go on to its next way: -EPERM refused, -ENOENT not
 * set up here, -EAGAIN no answer, -EINVAL an answer that is none.
 */
int token_ask(const char *uuid, const char *device, char **passphrase, char said[TOKEN_SAID_MAX]);
/** token_passphrase_drop - wipes it too. */
void token_passphrase_drop(void *passphrase);

#endif
