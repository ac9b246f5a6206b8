/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files that read a token share: eat.c (the token), eat_host.c, eat_tpm.c, eat_logs.c and eat_device.c
 * (its submodules), eat_parts.c (claims one by one); nobody else includes this.
 */
#ifndef ASSAY_EAT_PARTS_H
#define ASSAY_EAT_PARTS_H

#include "eat.h"
#include "eat_claims.h"

/* What the readers fill; the reason of a failure sticks in the reader. */
struct eat_parsing {
	struct cbor c;
	struct eat *t;
	struct eat_device *device;
	struct eat_function *function;
	bool half_subsystem; /* vendor seen, its device not yet */
	size_t n_counted;    /* counters of the tpm submodule, of volumes not known yet */
	struct bytes counted[VOLUMES_MAX], counted_sig[VOLUMES_MAX];
	struct err *e;
	bool told; /* e holds the story of the failure: it is longer than a literal */
};

enum eat_presence { OPTIONAL, REQUIRED };
/** struct eat_claim - a row of a table of claims: its key, its name in messages, who reads it. */
struct eat_claim {
	long long key;
	const char *name;
	enum eat_presence presence;
	void (*take)(struct eat_parsing *p, const char *name);
};

/** eat_take_map - a map whose keys are all in @claims (64 at most), in any table order; CBOR order was checked before. */
void eat_take_map(struct eat_parsing *p, const struct eat_claim *claims, size_t n_claims,
		  const char *what);
/** eat_sized - bytes, @min to @max of them. */
struct bytes eat_sized(struct eat_parsing *p, size_t min, size_t max, const char *name);
/** eat_at_most - a number; 0 after a failure. */
u64 eat_at_most(struct eat_parsing *p, u64 max, const char *name);
/** eat_short_text - text of at most @max bytes. */
struct bytes eat_short_text(struct eat_parsing *p, size_t max, const char *name);
/** eat_expect_text - that text and no other. */
void eat_expect_text(struct eat_parsing *p, const char *want, const char *name);
/** eat_expect_count - @n items of an array or a map lie within @min and @max. */
void eat_expect_count(struct eat_parsing *p, size_t n, size_t min, size_t max, const char *name);

/* The value of a submodule each; eat_host.c, eat_tpm.c, eat_logs.c, eat_device.c */
void eat_take_host(struct eat_parsing *p);
void eat_take_tpm(struct eat_parsing *p);
void eat_take_logs(struct eat_parsing *p);
/** eat_take_device - into p->device: evidence, or why there is none. */
void eat_take_device(struct eat_parsing *p);

#endif
