/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dashboard's files, as cmake/embed_dashboard.cmake puts them into the program. Each is there as it is and compressed; the
 * page names the others by dashboard_version, so that a browser keeps them until another version of the server is there.
 */
#ifndef ASSAY_SERVER_DASHBOARD_H
#define ASSAY_SERVER_DASHBOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/bytes.h"

struct dashboard_file {
	const char *name, *type;
	const char *tag; /* the start of its SHA-256, in hex */
	struct bytes plain, gzip;
};

extern const char dashboard_version[];
extern const struct dashboard_file dashboard_files[];
extern const size_t n_dashboard_files;

/** dashboard_find - a file by its name, or NULL. */
const struct dashboard_file *dashboard_find(const char *name);

/**
 * dashboard_takes_gzip - what a value of Accept-Encoding, or NULL, says of gzip; "gzip;q=0" refuses it.
 * SPEC: RFC 9110 12.5.3
 */
bool dashboard_takes_gzip(const char *accept);

#endif
