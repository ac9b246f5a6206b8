// SPDX-License-Identifier: Apache-2.0
#include "state_lock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int state_lock(const char *state, bool alone, int *fd, struct err *e)
{
	int no;

	*fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return err_set(e, E_IO, "open %s: %s", state, strerror(errno));
	if (!flock(*fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB))
		return 0;
	no = errno;
	close(*fd);
	*fd = -1;
	if (no != EWOULDBLOCK)
		return err_set(e, E_IO, "lock %s: %s", state, strerror(no));
	return err_set(e, E_CONFLICT,
		       alone ? "a server or another command uses %s: stop it first"
			     : "the keys of %s are being changed by another command",
		       state);
}
