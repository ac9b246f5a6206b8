/* SPDX-License-Identifier: Apache-2.0 */
/* What is missing or insecure on this server, and the next step; a line a finding on stdout. */
#ifndef ASSAY_SERVER_DOCTOR_H
#define ASSAY_SERVER_DOCTOR_H

#include "server.h"

/** struct doctor_view - what is held against what: doctor_view_now() but in tests. */
struct doctor_view {
	const char *config; /* the file that the settings were read from */
	long long now_s;
	long long space;   /* bytes that have to be free where the state is */
	bool synchronised; /* something keeps the clock right */
};
struct doctor_view doctor_view_now(const char *config);

/** doctor_run - Return: 0 when all is well, E_POLICY when something is not. */
int doctor_run(const struct settings *s, const struct doctor_view *v, struct err *e);

/* ---- of its files ---- */
struct doctor {
	const struct settings *s;
	const struct doctor_view *v;
	struct server *server; /* NULL: it does not open */
	size_t n_bad;
};
/** doctor_tell - a line, and where it is not @good the @next step. */
void doctor_tell(struct doctor *d, bool good, const char *what, const char *next, const char *said,
		 ...) __attribute__((format(printf, 5, 6)));
/** doctor_note - a line that nothing has to be done about. */
void doctor_note(const char *what, const char *said, ...) __attribute__((format(printf, 2, 3)));
/** doctor_rows - doctor_rows.c: the audit log, backups, tokens, windows of reference values, webhooks, pins. */
void doctor_rows(struct doctor *d);

#endif
