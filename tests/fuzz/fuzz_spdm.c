// SPDX-License-Identifier: Apache-2.0
/* A device's answers to the requester, one after the other: u16be length and bytes each. */
#include "fuzz.h"

#include "common/reader.h"
#include "proto/spdm/requester.h"
#include "proto/spdm_evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u8 vca[4096], chain[SPDM_CHAIN_MAX], meas[2 * SPDM_MSG_MAX],
		challenge[SPDM_TRANSCRIPT_MAX];
	struct spdm_requester rq = {
		.config = { .version_min = 0x10, .version_max = 0x13, .want_challenge = true }
	};
	struct reader r = reader_on((struct bytes){ data, size });
	struct spdm_evidence *ev = NULL;
	struct err e = { 0 };
	const char *why = NULL;

	rq.vca = writer_on(vca, sizeof(vca));
	rq.chain = writer_on(chain, sizeof(chain));
	rq.measurements = writer_on(meas, sizeof(meas));
	rq.challenge = writer_on(challenge, sizeof(challenge));
	spdm_requester_start(&rq);
	while (!spdm_requester_done(&rq) && r.left.len > 2) {
		struct bytes answer = read_bytes(&r, read_be16(&r, "length"), "answer");
		u8 *copy;
		int rc;

		if (r.why)
			break;
		copy = fuzz_copy(answer.at, answer.len);
		spdm_requester_next(&rq);
		rc = spdm_requester_take(&rq, (struct bytes){ copy, answer.len }, &why);
		if (rc && rc != -EAGAIN && !why)
			abort(); /* every refusal has a reason */
		planted_bug((struct bytes){ copy, answer.len }, !rc && rq.nego.base_asym != 0);
		free(copy);
		if (rc && rc != -EAGAIN)
			break;
	}
	if (spdm_requester_done(&rq))
		spdm_evidence_parse(write_done(&rq.vca), write_done(&rq.chain),
				    write_done(&rq.measurements), write_done(&rq.challenge), 0,
				    NULL, &ev, &e);
	spdm_evidence_drop(&ev);
	return 0;
}
