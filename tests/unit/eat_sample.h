/* SPDX-License-Identifier: Apache-2.0 */
/* One token with all that a token may hold, for the tests of its reader and its writer. */
#ifndef ASSAY_TEST_EAT_SAMPLE_H
#define ASSAY_TEST_EAT_SAMPLE_H

#include "support.h"

#include "proto/eat.h"

enum { IAT = 1800000000, SIGNATURE_LEN = 64, SAMPLE_FUNCTIONS = 3 };

extern const u8 nonce[32], ueid[UEID_LEN], ak_name[AK_NAME_LEN];
extern const u8 quote[6], quote_sig[16], certify[8], certify_sig[18], boot_log[9], device_log[11],
	k_public[17];
extern const u8 pcr_sha1[20], pcr_zero[32], pcr_sha256[32], uuid_a[16], uuid_b[16];
extern const struct eat_function functions[SAMPLE_FUNCTIONS];
#define NIC  "15b3:1021/00000000deadbeef/0"
#define NVME "1b36:0010/-/0"

/** cnf_key - of tests/vectors/eat: fixed, so that a committed token shows whose it is. */
struct keypair *cnf_key(void);
/** write_token - what one round of an agent writes; @everything: with all that is optional. */
struct buf *write_token(bool everything);

#endif
