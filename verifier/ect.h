/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence as ECTs: one environment, its elements. SPEC: draft-ietf-rats-evidence-trans 4, PROTOCOL Environments */
#ifndef ASSAY_ECT_H
#define ASSAY_ECT_H

#include "verify.h"

#include "proto/corim.h"

/* the trustworthiness vector, by AR4SI number */
enum {
	TV_INSTANCE,
	TV_CONFIGURATION,
	TV_EXECUTABLES,
	TV_FILE_SYSTEM,
	TV_HARDWARE,
	TV_RUNTIME,
	TV_STORAGE,
	TV_SOURCED,
	TV_COUNT,
	/* of an element: it needs no reference value, but if there is one it must be that */
	TV_IF_KNOWN = -2
};

/** struct ect - elements of one environment, as evidence gives them (also what `refval learn` writes). */
struct ect {
	struct corim_env env;
	char vendor[32], model[64];
	size_t n;
	struct corim_element *elements;
	struct ect_info {
		char name[96]; /* for people */
		u8 mkey[100];
		signed char
			vector; /* which claim it speaks for, TV_...; -1: information only; or TV_IF_KNOWN */
		char *text; /* the value for people, where the measured digest vouches for it; or NULL */
		struct buf *
			named; /* the same as an encoded item, where it is the value's name; or NULL */
	} * info;
};
/** measurement_type_name - DMTFSpecMeasurementValueType (without its raw bit) for people. */
const char *measurement_type_name(u8 type);
int ect_of_device(const struct verified_device *d, struct ect **out, struct err *e);
/** ect_new, ect_set_class - an environment of at most @n elements, to be filled. */
struct ect *ect_new(size_t n);
void ect_set_class(struct ect *x, const char *vendor, const char *model);
/** ect_set_block_value - the value of a measurement block, by its type; @meas_hash as negotiated. */
void ect_set_block_value(struct corim_mval *m, const struct spdm_block *b, u32 meas_hash);

enum { ECT_CLAIMS_MAX = 64 };
/** struct ect_claims - what a device says of itself in its manifest and its certificates. */
struct ect_claims {
	size_t n;
	struct ect *at[ECT_CLAIMS_MAX];
	struct ect_claims_memory *memory; /* what the ECTs point into, beside @d */
};
int ect_claims_of_device(const struct verified_device *d, struct ect_claims **out, struct err *e);
void ect_claims_drop(struct ect_claims **c);

/** ect_secure_boot_is_on - the boot log of this ECT measured the variable SecureBoot as 1. */
bool ect_secure_boot_is_on(const struct ect *x);
void ect_drop(struct ect **x);

#endif
