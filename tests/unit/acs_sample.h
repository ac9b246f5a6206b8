/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of model "m" and CoRIMs in diagnostic notation, for tests of what appraisal makes of them. */
#ifndef ASSAY_ACS_SAMPLE_H
#define ASSAY_ACS_SAMPLE_H

#include "verifier/acs.h"

enum { NOW = 1800000000 };

struct device {
	struct ect ect;
	struct corim_element elements[8];
	struct ect_info info[8];
	u8 mkeys[8];
	struct digest digests[8];
	struct authority by;
	u8 instance[8];
};

/** device_make - "1a 2b 5=3": element 1 has the digest of "a", element 5 the security version 3; each makes a claim. */
void device_make(struct device *d, const char *values, u8 key);

#define ENV	    "{0: {2: \"m\"}}"
#define SHA_A	    "[[1, h'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb']]"
#define SHA_B	    "[[1, h'3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d']]"
#define ONE_IS_A    "{0: 1, 1: {2: " SHA_A "}}"
#define ONE_IS_B    "{0: 1, 1: {2: " SHA_B "}}"
#define SVN(key, n) "{0: " #key ", 1: {1: " #n "}}"

/** sample_add - a CoRIM @id with those triples in its tag "t-ID", on the word of the key 32 times @signer. */
void sample_add(struct refs *refs, const char *id, const char *triples, u8 signer);
void sample_add_whole(struct refs *refs, const char *corim);
/** acs_of - phases 2 to 4 over @n devices; the instance of the i-th is 560(h'd0' + i). */
struct acs *acs_of(const struct refs *refs, struct device *d, size_t n);

#endif
