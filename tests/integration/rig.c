// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void rig_folder(char out[256])
{
	snprintf(out, 256, "/tmp/assay-test.XXXXXX");
	if (!mkdtemp(out))
		fail_msg("no scratch folder");
}

void rig_folder_remove(const char *folder)
{
	const char *const argv[] = { "rm", "-rf", "--", folder, NULL };

	if (strncmp(folder, "/tmp/assay-test.", 16) == 0)
		rig_run(NULL, argv);
}

char rig_scratch[256];

int rig_scratch_make(void **state)
{
	(void)state;
	rig_folder(rig_scratch);
	return 0;
}

int rig_scratch_remove(void **state)
{
	(void)state;
	rig_folder_remove(rig_scratch);
	return 0;
}

int rig_shell(const char *format, ...)
{
	char command[2000];
	va_list args;
	int status;

	va_start(args, format);
	assert_true(vsnprintf(command, sizeof(command), format, args) < (int)sizeof(command));
	va_end(args);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

pid_t rig_start(const char *log, const char *const argv[])
{
	pid_t pid = fork();

	if (pid < 0)
		fail_msg("fork");
	if (pid == 0) {
		if (log) {
			int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

			if (fd >= 0) {
				dup2(fd, 1);
				dup2(fd, 2);
			}
		}
		execvp(argv[0], (char *const *)argv);
		fprintf(stderr, "cannot run %s\n", argv[0]);
		_exit(127);
	}
	return pid;
}

int rig_run(const char *log, const char *const argv[])
{
	int status = 0;
	pid_t pid = rig_start(log, argv);

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void rig_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGTERM);
	for (int i = 0; i < 500; i++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void rig_wait_for(const char *path)
{
	for (int i = 0; i < 1000; i++) {
		if (access(path, F_OK) == 0)
			return;
		usleep(10000);
	}
	fail_msg("%s did not appear", path);
}

void rig_tpm_start(struct rig_tpm *t, const char *folder)
{
	char state[300], server[340], ctrl[340], log[340];
	const char *setup[] = { "swtpm_setup", "--tpm2",      "--tpmstate", folder, "--pcr-banks",
				"sha256",      "--overwrite", "--logfile",  log,    NULL };
	const char *run[] = { "swtpm",
			      "socket",
			      "--tpm2",
			      "--tpmstate",
			      state,
			      "--server",
			      server,
			      "--ctrl",
			      ctrl,
			      "--flags",
			      "not-need-init,startup-clear",
			      NULL };
	char path[300];

	snprintf(t->folder, sizeof(t->folder), "%s", folder);
	snprintf(state, sizeof(state), "dir=%s", folder);
	snprintf(server, sizeof(server), "type=unixio,path=%s/sock", folder);
	snprintf(ctrl, sizeof(ctrl), "type=unixio,path=%s/sock.ctrl", folder);
	snprintf(t->tcti, sizeof(t->tcti), "swtpm:path=%s/sock", folder);
	snprintf(log, sizeof(log), "%s/swtpm.log", folder);
	snprintf(path, sizeof(path), "%s/sock", folder);
	if (rig_run(log, setup))
		fail_msg("swtpm_setup failed, see %s", log);
	t->pid = rig_start(log, run);
	rig_wait_for(path);
}

void rig_tpm_stop(struct rig_tpm *t)
{
	rig_stop(t->pid);
	t->pid = 0;
}

int rig_tpm_tool(const struct rig_tpm *t, const char *const argv[])
{
	char log[300];

	setenv("TPM2TOOLS_TCTI", t->tcti, 1);
	snprintf(log, sizeof(log), "%s/tools.log", t->folder);
	return rig_run(log, argv);
}

void rig_tpm_boot(struct rig_tpm *t, const char *log)
{
	char command[800], line[200];
	FILE *p;

	snprintf(command, sizeof(command), "%s/tests/tools/boot-log-make %s", BUILD_FOLDER, log);
	p = popen(command, "r");
	assert_non_null(p);
	while (fgets(line, sizeof(line), p)) {
		char pcr[8], hex[80], argument[100];
		const char *const extend[] = { "tpm2_pcrextend", argument, NULL };

		assert_int_equal(sscanf(line, "%7s %79s", pcr, hex), 2);
		snprintf(argument, sizeof(argument), "%s:sha256=%s", pcr, hex);
		assert_int_equal(rig_tpm_tool(t, extend), 0);
	}
	assert_int_equal(pclose(p), 0);
}

static void power_cycle(struct rig_tpm *t, bool clear)
{
	char ctrl[300];
	const char *const shut[] = { "tpm2_shutdown", clear ? "--clear" : NULL, NULL };
	const char *const init[] = { "swtpm_ioctl", "-i", "--unix", ctrl, NULL };
	const char *const start[] = { "tpm2_startup", "--clear", NULL };

	snprintf(ctrl, sizeof(ctrl), "%s/sock.ctrl", t->folder);
	if (rig_tpm_tool(t, shut) || rig_tpm_tool(t, init) || rig_tpm_tool(t, start))
		fail_msg("power cycle of the TPM failed, see %s/tools.log", t->folder);
}

void rig_tpm_reset(struct rig_tpm *t)
{
	power_cycle(t, true);
}

void rig_tpm_restart(struct rig_tpm *t)
{
	power_cycle(t, false);
}
