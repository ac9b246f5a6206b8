// SPDX-License-Identifier: Apache-2.0
#include "tpm_policy.h"

enum {
	CC_POLICY_NV = 0x00000149,
	CC_POLICY_AUTHORIZE = 0x0000016a,
	CC_POLICY_COMMAND_CODE = 0x0000016c,
	CC_POLICY_COUNTER_TIMER = 0x0000016d,
	CC_POLICY_OR = 0x00000171,
	CC_POLICY_PCR = 0x0000017f,
	CC_POLICY_NV_WRITTEN = 0x0000018f,
};

struct tpm_policy tpm_policy_start(void)
{
	return (struct tpm_policy){ .digest = { .alg = DIGEST_SHA256 } };
}

static void extend(struct tpm_policy *p, struct writer *argument)
{
	struct bytes pieces[] = { digest_bytes(&p->digest), write_done(argument) };

	p->digest = digest_of(DIGEST_SHA256, pieces, 2);
}

void tpm_policy_pcr(struct tpm_policy *p, const struct tpm_selection *s, struct bytes pcr_digest)
{
	u8 room[4 + 4 + TPM_BANKS_MAX * 6 + DIGEST_MAX];
	struct writer w = writer_on(room, sizeof(room));

	write_be32(&w, CC_POLICY_PCR);
	tpm_selection_write(s, &w);
	write_bytes(&w, pcr_digest);
	extend(p, &w);
}

/* What PolicyNV and PolicyCounterTimer compare, as one digest. */
static struct digest comparison(struct bytes operand, u16 offset, u16 operation)
{
	u8 numbers[4];
	struct writer n = writer_on(numbers, sizeof(numbers));
	struct bytes pieces[2] = { operand, BYTES_NONE };

	write_be16(&n, offset);
	write_be16(&n, operation);
	pieces[1] = write_done(&n);
	return digest_of(DIGEST_SHA256, pieces, 2);
}

void tpm_policy_counter_timer(struct tpm_policy *p, struct bytes operand, u16 offset, u16 operation)
{
	u8 room[4 + 32];
	struct writer w = writer_on(room, sizeof(room));
	struct digest args = comparison(operand, offset, operation);

	write_be32(&w, CC_POLICY_COUNTER_TIMER);
	write_bytes(&w, digest_bytes(&args));
	extend(p, &w);
}

void tpm_policy_nv(struct tpm_policy *p, struct bytes index_name, struct bytes operand, u16 offset,
		   u16 operation)
{
	u8 room[4 + 32 + TPM_NAME_MAX];
	struct writer w = writer_on(room, sizeof(room));
	struct digest args = comparison(operand, offset, operation);

	write_be32(&w, CC_POLICY_NV);
	write_bytes(&w, digest_bytes(&args));
	write_bytes(&w, index_name);
	extend(p, &w);
}

void tpm_policy_nv_written(struct tpm_policy *p, bool written)
{
	u8 room[5];
	struct writer w = writer_on(room, sizeof(room));

	write_be32(&w, CC_POLICY_NV_WRITTEN);
	write_u8(&w, written);
	extend(p, &w);
}

void tpm_policy_or(struct tpm_policy *p, const struct digest *a, const struct digest *b)
{
	u8 room[4 + 2 * 32];
	struct writer w = writer_on(room, sizeof(room));

	*p = tpm_policy_start();
	write_be32(&w, CC_POLICY_OR);
	write_bytes(&w, digest_bytes(a));
	write_bytes(&w, digest_bytes(b));
	extend(p, &w);
}

void tpm_policy_authorize(struct tpm_policy *p, struct bytes key_name, struct bytes policy_ref)
{
	u8 room[4 + TPM_NAME_MAX];
	struct writer w = writer_on(room, sizeof(room));
	struct bytes pieces[2] = { BYTES_NONE, policy_ref };

	*p = tpm_policy_start();
	write_be32(&w, CC_POLICY_AUTHORIZE);
	write_bytes(&w, key_name);
	extend(p, &w);
	pieces[0] = digest_bytes(&p->digest);
	p->digest = digest_of(DIGEST_SHA256, pieces, 2);
}

void tpm_policy_command_code(struct tpm_policy *p, u32 command)
{
	u8 room[8];
	struct writer w = writer_on(room, sizeof(room));

	write_be32(&w, CC_POLICY_COMMAND_CODE);
	write_be32(&w, command);
	extend(p, &w);
}

struct digest tpm_release_policy(const struct tpm_selection *s, struct bytes pcr_digest,
				 const struct tpm_clock *clock)
{
	struct tpm_policy p = tpm_policy_start();
	u8 counts[8];
	struct writer w = writer_on(counts, sizeof(counts));

	write_be32(&w, clock->reset_count);
	write_be32(&w, clock->restart_count);
	tpm_policy_pcr(&p, s, pcr_digest);
	tpm_policy_counter_timer(&p, BYTES(counts), TIME_INFO_RESET_COUNT, TPM_EO_EQ);
	tpm_policy_command_code(&p, TPM_CC_UNSEAL);
	return p.digest;
}
