/* SPDX-License-Identifier: Apache-2.0 */
/* What `assay doctor` finds, row by row. */
#ifndef ASSAY_CLI_DOCTOR_H
#define ASSAY_CLI_DOCTOR_H

#include "agent/settings.h"
#include "common/err.h"

enum { FINDINGS_MAX = 96, FINDING_SAID = 400, FINDING_NEXT = 320 };

struct findings {
	size_t n;
	struct finding {
		bool good;
		char what[48], said[FINDING_SAID],
			next[FINDING_NEXT]; /* next: "" when it is good */
	} at[FINDINGS_MAX];
};
/** found - a row more; @next: what to do where it is not good. */
void found(struct findings *f, bool good, const char *what, const char *next, const char *said, ...)
	__attribute__((format(printf, 5, 6)));

/** struct doctor_view - the machine that is looked at. */
struct doctor_view {
	const char *root;	  /* before paths of the system; "" */
	const char *agent_config; /* without @root */
	long long now_s;
	bool agent_unread; /* there is an agent's configuration, and nobody knows what it says */
	int synchronised; /* whether something keeps the clock right; negative: the kernel is asked */
};
/** doctor_path - @path of the system that is looked at, in a ring of buffers. */
const char *doctor_path(const struct doctor_view *v, const char *path);
/** doctor_release - of the running kernel, "" when it cannot be read. */
const char *doctor_release(const struct doctor_view *v, char out[128]);

/**
 * doctor_machine - kernel, module, TPM, boot log, clock, and who may read and write the agent's configuration.
 * @s: what that says; NULL: there is none here, or it is none.
 */
void doctor_machine(const struct doctor_view *v, const struct agent_settings *s,
		    struct findings *f);
/** doctor_volumes - what opens the volumes of @s at the next boot: crypttab, headers, the initramfs. */
void doctor_volumes(const struct doctor_view *v, const struct agent_settings *s,
		    struct findings *f);

#endif
