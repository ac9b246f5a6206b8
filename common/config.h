/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration file to a checked struct. A program gives a table of the keys it knows; a key it
 * does not know is an error with its line. FILE.d/ drop-ins (for /etc/assay/agent.conf:
 * agent.conf.d/NAME.conf) are read after the file, in the order of their names. A line has at most
 * CONFIG_LINE_MAX characters and does not start with white space.
 */
#ifndef ASSAY_CONFIG_H
#define ASSAY_CONFIG_H

#include "err.h"

struct config_key {
	const char *section; /* "volume" also takes "[volume ARGUMENT]"              */
	const char *key;
	/* @argument: what follows the section's name, "" if nothing. Fill @e on refusal. */
	int (*take)(void *into, const char *argument, const char *value, struct err *e);
};

int config_load(const char *path, const struct config_key *keys, size_t n_keys, void *into,
		struct err *e);

/* Values, with the refusal a person understands. */
int config_text(char *out, size_t size, const char *value, struct err *e);
int config_bool(bool *out, const char *value, struct err *e); /* yes, no, on, off, true, false */
int config_number(long long *out, long long min, long long max, const char *value, struct err *e);
/** config_duration - seconds from "30", "30s", "5m", "2h". */
int config_duration(long long *out, const char *value, struct err *e);

#endif
