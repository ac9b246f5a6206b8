/* SPDX-License-Identifier: Apache-2.0 */
/* What an integration test stands on: a scratch folder, child processes, a software TPM. */
#ifndef ASSAY_TEST_RIG_H
#define ASSAY_TEST_RIG_H

#include <sys/types.h>

#include "../unit/support.h"

/** rig_folder - a fresh scratch folder, removed by rig_folder_remove(). */
void rig_folder(char out[256]);
void rig_folder_remove(const char *folder);
/** rig_scratch - one for all tests of a program; rig_scratch_make() and _remove() are its set-up and tear-down. */
extern char rig_scratch[256];
int rig_scratch_make(void **state);
int rig_scratch_remove(void **state);
/** rig_run - run @argv (NULL-terminated), output to @log (or inherited). Return: exit status, -1 if killed. */
int rig_run(const char *log, const char *const argv[]);
/** rig_shell - a line for sh. Return: its exit status, -1 if killed. */
int rig_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** rig_start - rig_run() in the background. */
pid_t rig_start(const char *log, const char *const argv[]);
void rig_stop(pid_t pid);
/** rig_wait_for - poll until @path exists; fails the test after 10 s. */
void rig_wait_for(const char *path);

/** struct rig_tpm - a swtpm with a SHA-256 bank, started up. */
struct rig_tpm {
	char folder[256];
	char tcti[300];
	pid_t pid;
};
void rig_tpm_start(struct rig_tpm *t, const char *folder);
void rig_tpm_stop(struct rig_tpm *t);
/** rig_tpm_reset - TPM2_Shutdown(CLEAR), power cycle, TPM2_Startup(CLEAR): a TPM Reset. */
void rig_tpm_reset(struct rig_tpm *t);
/** rig_tpm_restart - TPM2_Shutdown(STATE), power cycle, TPM2_Startup(CLEAR): a TPM Restart. */
void rig_tpm_restart(struct rig_tpm *t);
/** rig_tpm_boot - extend it as a firmware would; the boot log of our own bytes goes to @log. */
void rig_tpm_boot(struct rig_tpm *t, const char *log);
/** rig_tpm_tool - run a tpm2-tools command against it, e.g. { "tpm2_pcrextend", "15:sha256=...", NULL }. */
int rig_tpm_tool(const struct rig_tpm *t, const char *const argv[]);

#endif
