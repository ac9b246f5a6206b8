/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference values for single files: of environments {vendor "linux", model "linux:ima"}. There each measurement
 * stands for itself, for a host has no one state in which it has run all of a hundred thousand files; so they are
 * looked up by digest and never become elements of a claims set.
 * SPEC: docs/PROTOCOL.md, Files
 */
#ifndef ASSAY_REFS_FILES_H
#define ASSAY_REFS_FILES_H

#include "refs.h"

#define IMA_VENDOR "linux"
#define IMA_MODEL  "linux:ima"

/** struct ref_files - one way to each file: the hash of one of its digests. */
struct ref_files {
	size_t n;
	struct ref_file {
		u64 hash;
		u32 ref, element;
	} * at;
};
/** ref_files_gather - of the @n triples at @refs, which outlive it. E_MEMORY. */
int ref_files_gather(struct ref_files *f, const struct ref *refs, size_t n, struct err *e);

/** struct file_sought - what was measured, and on whose word. */
struct file_sought {
	const struct corim_env *host; /* class, and the host's instance */
	struct corim_digest digest;
	struct bytes path;
	bool by_path; /* only a reference that names the path will do */
	const struct authority *by;
	long long now_s;
};
/**
 * refs_file - the usable reference that holds this digest, with this path or for any. One that somebody made is
 * taken before one that was only learned. Return: NULL when there is none.
 */
const struct ref *refs_file(const struct refs *r, const struct file_sought *s);

#endif
