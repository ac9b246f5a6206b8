/* SPDX-License-Identifier: Apache-2.0 */
/* Claim keys of the profile, for its writer and its reader. The text is in assay.cddl. */
#ifndef ASSAY_EAT_CLAIMS_H
#define ASSAY_EAT_CLAIMS_H

enum {
	CLAIM_IAT = 6,
	CLAIM_CNF = 8,
	CLAIM_NONCE = 10,
	CLAIM_UEID = 256,
	CLAIM_PROFILE = 265,
	CLAIM_SUBMODS = 266,
	CLAIM_RELEASE = -75001,
	CLAIM_INVENTORY = -75101,
	CLAIM_AGENT = -75102,
	CLAIM_AK_NAME = -75201,
	CLAIM_QUOTE = -75202,
	CLAIM_QUOTE_SIG = -75203,
	CLAIM_PCRS = -75204,
	CLAIM_CERTIFY = -75205,
	CLAIM_BOOT_LOG = -75301,
	CLAIM_CERTIFICATES = 3803,
	CLAIM_VCA = 3804,
	CLAIM_SOURCE = -75401,
	CLAIM_ADDRESS = -75402,
	CLAIM_GENERATION = -75403,
	CLAIM_SLOT = -75404,
	CLAIM_CHAIN = -75405,
	CLAIM_MEASUREMENTS = -75406,
	CLAIM_CHALLENGE = -75407,
	CLAIM_FAILURE = -75409,
};
#define PROFILE_INVENTORY "tag:assay.dev,2026:inventory#1"
#define PROFILE_TPM	  "tag:assay.dev,2026:tpm#1"
#define PROFILE_LOGS	  "tag:assay.dev,2026:logs#1"
#define PROFILE_DEVICE	  "tag:linaro.org,2025:device-spdm#1.0.0"

#endif
