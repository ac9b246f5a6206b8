// SPDX-License-Identifier: Apache-2.0
/* What the token plugin makes of what assay-unlock does: a row each, with a shell script in its place. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/token/ask.h"
#include "proto/passphrase.h"

#define PHRASE "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
_Static_assert(sizeof(PHRASE) - 1 == PASSPHRASE_LEN, "as long as ours");

static void put_program(const char *script)
{
	FILE *f;

	unlink(TOKEN_PROGRAM);
	f = fopen(TOKEN_PROGRAM, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(TOKEN_PROGRAM, 0755), 0);
}

static long long seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static const struct row {
	const char *script;
	int rc;
	const char *said;
} rows[] = {
	{ "printf " PHRASE, 0, "" },
	{ "echo assay: asking >&2; printf " PHRASE, 0, "" },
	{ "echo assay: asking >&2; echo assay: not changed >&2; printf " PHRASE, 0, "not changed" },
	{ "printf " PHRASE "; exit 2", -EPERM, "" },
	{ "echo assay: asking >&2; echo assay: because >&2; exit 2", -EPERM, "because" },
	{ "printf 'assay: because' >&2; exit 2", -EPERM, "because" },
	{ "echo because >&2; exit 2", -EPERM, "because" },
	{ "exit 10", -EPERM, "" },
	{ "exit 1", -ENOENT, "" },
	{ "exit 3", -EAGAIN, "" },
	{ "exit 4", -EAGAIN, "" },
	{ "exit 61", -EAGAIN, "" }, /* ENODATA, as a code */
	{ "exit 255", -EAGAIN, "" },
	{ "kill -9 $$", -EAGAIN, "" },
	{ "kill -15 $$", -EAGAIN, "" },
	{ "true", -EINVAL, "" },
	{ "printf short", -EINVAL, "" },
	{ "echo " PHRASE, -EINVAL, TOKEN_PROGRAM " prints more than it has to" },
	{ "exec yes", -EINVAL, TOKEN_PROGRAM " prints more than it has to" },
	{ "exec yes >&2", -EINVAL, TOKEN_PROGRAM " prints more than it has to" },
	{ "exec cat", -EINVAL, "" }, /* there is nothing on its stdin */
	{ "[ \"$*\" = '--plugin --uuid UUID --device /dev/x --deadline 18 --lease-after 10' ] || "
	  "exit 2; "
	  "printf " PHRASE,
	  0, "" },
	{ "exec sleep 1000", -EAGAIN, "there was no answer within 20 seconds" },
};

static void each_end_of_the_program_has_one_of_four_codes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char said[TOKEN_SAID_MAX], *passphrase = NULL;
		long long begun = seconds();
		int rc;

		put_program(rows[i].script);
		rc = token_ask("UUID", "/dev/x", &passphrase, said);
		if (rc != rows[i].rc || strcmp(said, rows[i].said))
			fail_msg("%s: %d, \"%s\"; wanted %d, \"%s\"", rows[i].script, rc, said,
				 rows[i].rc, rows[i].said);
		assert_true(seconds() - begun <= 25);
		assert_int_equal(!rc, passphrase != NULL);
		if (passphrase)
			assert_memory_equal(passphrase, PHRASE, PASSPHRASE_LEN);
		token_passphrase_drop(passphrase);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	}
}

static void no_program_is_told(void **state)
{
	char said[TOKEN_SAID_MAX], *passphrase = NULL;

	(void)state;
	unlink(TOKEN_PROGRAM);
	assert_int_equal(token_ask("UUID", "/dev/x", &passphrase, said), -ENOENT);
	assert_string_equal(said, TOKEN_PROGRAM " does not start");
}

/* A line longer than what is kept, and bytes that would move a cursor. */
static void what_it_says_is_one_short_line(void **state)
{
	char said[TOKEN_SAID_MAX], *passphrase = NULL;

	(void)state;
	put_program("printf 'assay: a\\033[2Jb\\r' >&2; head -c 5000 /dev/zero | tr '\\0' x >&2; "
		    "exit 2");
	assert_int_equal(token_ask("UUID", "/dev/x", &passphrase, said), -EPERM);
	assert_memory_equal(said, "a?[2Jb?xxx", 10);
	assert_true(strlen(said) < TOKEN_SAID_MAX);
}

/* Who ignores SIGCHLD has its children reaped: nobody can say how this one ended. */
static void an_end_that_the_caller_reaps_gives_nothing(void **state)
{
	char said[TOKEN_SAID_MAX], *passphrase = NULL;

	(void)state;
	put_program("printf " PHRASE);
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(token_ask("UUID", "/dev/x", &passphrase, said), -EAGAIN);
	signal(SIGCHLD, SIG_DFL);
	assert_null(passphrase);
}

/* A caller without standard streams, with blocked signals and open files. */
static void it_starts_the_same_from_any_caller(void **state)
{
	char said[TOKEN_SAID_MAX], *passphrase = NULL;
	int kept[3], open_file = dup(1), rc;
	sigset_t all, before;

	(void)state;
	put_program("[ -z \"$HOME$SECRET\" ] || exit 2\n"
		    "for f in 3 4 5 6 7 8 9 20 21 22; do [ ! -e /proc/$$/fd/$f ] || exit 2; done\n"
		    "grep -q '^SigBlk:.0*$' /proc/self/status || exit 2\n"
		    "printf " PHRASE);
	setenv("SECRET", "x", 1);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	for (int i = 0; i < 3; i++) {
		kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 20);
		close(i);
	}
	rc = token_ask("UUID", "/dev/x", &passphrase, said);
	for (int i = 0; i < 3; i++) {
		dup2(kept[i], i);
		close(kept[i]);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(open_file);
	assert_int_equal(rc, 0);
	token_passphrase_drop(passphrase);
}

static int gives_none(void)
{
	char *passphrase = NULL, said[TOKEN_SAID_MAX] = "";
	int rc = token_ask("uuid", "device", &passphrase, said);

	return rc != -EAGAIN || passphrase || !strstr(said, "no locked memory");
}

static void without_memory_that_is_locked_there_is_no_passphrase(void **state)
{
	(void)state;
	put_program("printf " PHRASE);
	assert_without_locked_memory(gives_none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_of_the_program_has_one_of_four_codes),
		cmocka_unit_test(no_program_is_told),
		cmocka_unit_test(what_it_says_is_one_short_line),
		cmocka_unit_test(an_end_that_the_caller_reaps_gives_nothing),
		cmocka_unit_test(it_starts_the_same_from_any_caller),
		cmocka_unit_test(without_memory_that_is_locked_there_is_no_passphrase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
