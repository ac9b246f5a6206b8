// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/passphrase.h"

enum {
	TOTAL_MS = 20000, /* whoever waits behind this has other ways in */
	ROOM = 4096,
	SAYS_MAX = 65536,
	TICK_MS = 20
};
#define SAYS_NO_LATER "18" /* seconds, after which it says itself that there was no answer */
#define LEASE_AFTER                                                                                \
	"10" /* seconds without a server, after which a lease will do, where there is one */

struct asked {
	pid_t pid;
	int out, says; /* our ends; -1: closed */
	long long until;
	char *room;
	size_t len, n_said, line; /* of the passphrase; of all it said; of the line it is at */
	size_t n_lines;
	char *said;
};

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- starting ---- */
static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Both ends above 2: who has closed its own standard streams would else get them there. */
static int pipe_above(int ends[2])
{
	int low[2];

	if (pipe2(low, O_CLOEXEC))
		return -1;
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 3);
		close(low[i]);
	}
	if (ends[0] >= 0 && ends[1] >= 0)
		return 0;
	shut(&ends[0]);
	shut(&ends[1]);
	return -1;
}

/* Signals as a new program has them: the caller may have blocked or ignored what it likes. */
static int attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	return posix_spawnattr_setsigmask(a, &none) || posix_spawnattr_setsigdefault(a, &all) ||
	       posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int streams(posix_spawn_file_actions_t *f, int out, int says)
{
	return posix_spawn_file_actions_addopen(f, 0, "/dev/null", O_RDONLY, 0) ||
	       posix_spawn_file_actions_adddup2(f, out, 1) ||
	       posix_spawn_file_actions_adddup2(f, says, 2) ||
	       posix_spawn_file_actions_addclosefrom_np(f, 3);
}

static int spawn(struct asked *a, const char *uuid, const char *device, int out, int says)
{
	char *const argv[] = { (char *)"assay-unlock",
			       (char *)"--plugin",
			       (char *)"--uuid",
			       (char *)uuid,
			       (char *)"--device",
			       (char *)device,
			       (char *)"--deadline",
			       (char *)SAYS_NO_LATER,
			       (char *)"--lease-after",
			       (char *)LEASE_AFTER,
			       NULL };
	char *const environment[] = { (char *)"PATH=/usr/bin:/bin", (char *)"LC_ALL=C", NULL };
	posix_spawn_file_actions_t f;
	posix_spawnattr_t attr;
	int rc = -EAGAIN;

	if (posix_spawn_file_actions_init(&f))
		return -EAGAIN;
	if (posix_spawnattr_init(&attr)) {
		posix_spawn_file_actions_destroy(&f);
		return -EAGAIN;
	}
	if (!streams(&f, out, says) && !attributes(&attr)) {
		rc = posix_spawn(&a->pid, TOKEN_PROGRAM, &f, &attr, argv, environment);
		rc = !rc ? 0 : rc == ENOMEM || rc == EAGAIN ? -EAGAIN : -ENOENT;
	}
	posix_spawn_file_actions_destroy(&f);
	posix_spawnattr_destroy(&attr);
	if (rc)
		snprintf(a->said, TOKEN_SAID_MAX, "%s does not start", TOKEN_PROGRAM);
	return rc;
}

static int start(struct asked *a, const char *uuid, const char *device)
{
	int out[2], says[2], rc;

	if (pipe_above(out))
		return -EAGAIN;
	if (pipe_above(says)) {
		shut(&out[0]);
		shut(&out[1]);
		return -EAGAIN;
	}
	rc = spawn(a, uuid, device, out[1], says[1]);
	shut(&out[1]);
	shut(&says[1]);
	a->out = out[0];
	a->says = says[0];
	return rc;
}

/* ---- listening ---- */
/* The passphrase is as long as all of ours are: one byte more, and it is none. */
static int hear_passphrase(struct asked *a)
{
	ssize_t n = read(a->out, a->room + a->len, PASSPHRASE_LEN + 1 - a->len);

	if (n <= 0)
		shut(&a->out);
	else
		a->len += (size_t)n;
	return a->len > PASSPHRASE_LEN ? -EINVAL : 0;
}

/* A line that begins takes the place of the one before it. */
static void keep_line(struct asked *a, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c == '\n') {
			a->line = 0;
			continue;
		}
		a->n_lines += !a->line;
		if (a->line + 1 < TOKEN_SAID_MAX) {
			a->said[a->line++] = (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
			a->said[a->line] = 0;
		}
	}
}

static int hear_words(struct asked *a)
{
	char text[1024];
	ssize_t n = read(a->says, text, sizeof(text));

	if (n <= 0) {
		shut(&a->says);
		return 0;
	}
	keep_line(a, text, (size_t)n);
	a->n_said += (size_t)n;
	return a->n_said > SAYS_MAX ? -EINVAL : 0;
}

static int too_late(struct asked *a)
{
	snprintf(a->said, TOKEN_SAID_MAX, "there was no answer within %d seconds", TOTAL_MS / 1000);
	return -EAGAIN;
}

static int listen_to(struct asked *a)
{
	while (a->out >= 0 || a->says >= 0) {
		struct pollfd p[2] = { { a->out, POLLIN, 0 }, { a->says, POLLIN, 0 } };
		long long left = a->until - now_ms();

		if (left <= 0)
			return too_late(a);
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			return -EAGAIN;
		if ((p[0].revents && hear_passphrase(a)) || (p[1].revents && hear_words(a))) {
			snprintf(a->said, TOKEN_SAID_MAX, "%s prints more than it has to",
				 TOKEN_PROGRAM);
			return -EINVAL;
		}
	}
	return 0;
}

/* ---- ending ---- */
static int meaning_of(const struct asked *a, int status)
{
	if (!WIFEXITED(status))
		return -EAGAIN;
	switch (WEXITSTATUS(status)) {
	case 0:
		return a->len == PASSPHRASE_LEN ? 0 : -EINVAL;
	case 1: /* no configuration, or another version of it */
		return -ENOENT;
	case 2:	 /* refused */
	case 10: /* a person wants to type */
		return -EPERM;
	default:
		return -EAGAIN;
	}
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL);
}

/* Whoever reaps all children of the caller may have been first: what came then counts for nothing. */
static int reap(struct asked *a)
{
	int status;
	pid_t got;

	while ((got = waitpid(a->pid, &status, WNOHANG)) <= 0) {
		if (got < 0 && errno != EINTR)
			return -EAGAIN;
		if (now_ms() >= a->until)
			return too_late(a);
		pause_ms(TICK_MS);
	}
	a->pid = 0;
	return meaning_of(a, status);
}

static void stop(struct asked *a)
{
	shut(&a->out);
	shut(&a->says);
	if (a->pid <= 0)
		return;
	kill(a->pid, SIGKILL);
	while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void token_passphrase_drop(void *passphrase)
{
	if (!passphrase)
		return;
	explicit_bzero(passphrase, ROOM);
	munmap(passphrase, ROOM);
}

static char *new_room(void)
{
	char *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return NULL;
	/* as mlock(), which the sanitizers make do nothing */
	if (!mlock2(room, ROOM, 0) && !madvise(room, ROOM, MADV_DONTDUMP))
		return room;
	munmap(room, ROOM);
	return NULL;
}

static void without_name(char said[TOKEN_SAID_MAX])
{
	static const char name[] = "assay: ";

	if (!strncmp(said, name, strlen(name)))
		memmove(said, said + strlen(name), strlen(said + strlen(name)) + 1);
}

int token_ask(const char *uuid, const char *device, char **passphrase, char said[TOKEN_SAID_MAX])
{
	struct asked a = { .out = -1, .says = -1, .until = now_ms() + TOTAL_MS, .said = said };
	int rc;

	said[0] = 0;
	a.room = new_room();
	if (!a.room) {
		snprintf(said, TOKEN_SAID_MAX, "no locked memory for a passphrase");
		return -EAGAIN;
	}
	rc = start(&a, uuid, device);
	if (!rc)
		rc = listen_to(&a);
	if (!rc)
		rc = reap(&a);
	stop(&a);
	without_name(said);
	if (!rc && a.n_lines < 2) /* what it always says when it begins */
		said[0] = 0;
	if (rc)
		token_passphrase_drop(a.room);
	else
		*passphrase = a.room;
	return rc;
}
