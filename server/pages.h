/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dashboard's files, as cmake/embed_pages.cmake puts them into the program. Each is there as it is and compressed; the
 * page names the others by pages_version, so that a browser keeps them until another version of the server is there.
 */
#ifndef ASSAY_SERVER_PAGES_H
#define ASSAY_SERVER_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/bytes.h"

struct page_file {
	const char *name, *type;
	const char *tag; /* the start of its SHA-256, in hex */
	struct bytes plain, gzip;
};

extern const char pages_version[];
extern const struct page_file page_files[];
extern const size_t n_page_files;

/** page_find - a file by its name, or NULL. */
const struct page_file *page_find(const char *name);

/**
 * pages_takes_gzip - what a value of Accept-Encoding, or NULL, says of gzip; "gzip;q=0" refuses it.
 * SPEC: RFC 9110 12.5.3
 */
bool pages_takes_gzip(const char *accept);

#endif
