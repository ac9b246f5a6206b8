// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a command with its first allocation failing, then with its second, and so on until one is left over: a kernel with
 * CONFIG_FAILSLAB counts those of the task that the filters in debugfs let through.
 *
 *	fail-nth MAX BETWEEN COMMAND [ARGUMENT]...
 *
 * BETWEEN is for a shell, before each run, to have things as they were. Ends with "N allocations failed, M runs said so", and
 * with status 1 if there were more than MAX, or a run was killed. The command must not leave its work to a child.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(unsigned long nth, char **command)
{
	char text[24];
	int fd = open("/proc/self/fail-nth", O_WRONLY | O_CLOEXEC);
	int n = snprintf(text, sizeof(text), "%lu", nth);

	if (fd < 0 || write(fd, text, (size_t)n) != n) {
		perror("/proc/self/fail-nth");
		_exit(126);
	}
	execvp(command[0], command);
	_exit(127);
}

/* What is left of the count: 0 once the allocation has failed. A process that has ended still shows it. */
static long left_over(pid_t pid)
{
	char path[48], text[24] = "";
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	return n > 0 ? strtol(text, NULL, 0) : -1;
}

int main(int argc, char **argv)
{
	unsigned long max = argc > 3 ? strtoul(argv[1], NULL, 0) : 0, nth, said = 0;

	if (!max) {
		fputs("usage: fail-nth MAX BETWEEN COMMAND [ARGUMENT]...\n", stderr);
		return 126;
	}
	for (nth = 1; nth <= max; nth++) {
		siginfo_t ended;
		int status;
		long left;
		pid_t pid;

		if (*argv[2] && system(argv[2]))
			return fprintf(stderr, "fail-nth: before run %lu: %s\n", nth, argv[2]), 1;
		pid = fork();
		if (!pid)
			run(nth, argv + 3);
		if (pid < 0 || waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT))
			return perror("fail-nth"), 1;
		left = left_over(pid);
		waitpid(pid, &status, 0);
		if (left < 0 || !WIFEXITED(status) || WEXITSTATUS(status) >= 126)
			return fprintf(stderr, "fail-nth: run %lu ended with %#x\n", nth, status),
			       1;
		if (left)
			break;
		said += WEXITSTATUS(status) != 0;
		/* who waits for it sees that it goes on */
		printf("%lu: %d\n", nth, WEXITSTATUS(status));
		fflush(stdout);
	}
	printf("%lu allocations failed, %lu runs said so\n", nth - 1, said);
	return nth > max;
}
