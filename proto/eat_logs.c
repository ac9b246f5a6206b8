// SPDX-License-Identifier: Apache-2.0
/* The submodule "logs": what authenticates itself by replay to the quoted PCRs. */
#include "eat_parts.h"

static void take_logs_profile(struct eat_parsing *p, const char *name)
{
	eat_expect_text(p, PROFILE_LOGS, name);
}

static void take_boot_log(struct eat_parsing *p, const char *name)
{
	p->t->logs.boot_log = eat_sized(p, 1, BOOT_LOG_MAX, name);
}

static void take_device_log(struct eat_parsing *p, const char *name)
{
	if (cbor_array(&p->c, name) != 2)
		cbor_fail(&p->c, name);
	p->t->logs.device_log_pcr = (u8)eat_at_most(p, TPM_PCRS - 1, name);
	p->t->logs.device_log = eat_sized(p, 1, DEVICE_LOG_MAX, name);
}

static void take_ima_banks(struct eat_parsing *p, struct ima_banks *b, const char *name)
{
	b->n = cbor_map(&p->c, name);
	eat_expect_count(p, b->n, 1, IMA_BANKS_MAX, name);
	for (size_t i = 0; i < b->n && !p->c.r.why; i++) {
		enum digest_alg alg = tpm_digest_alg((u16)eat_at_most(p, 0xffff, name));
		struct bytes value;

		if (alg == DIGEST_NONE)
			cbor_fail(&p->c, name);
		value = eat_sized(p, digest_len(alg), digest_len(alg), name);
		b->at[i].alg = alg;
		if (!p->c.r.why)
			memcpy(b->at[i].at, value.at, value.len);
	}
}

static void take_ima(struct eat_parsing *p, const char *name)
{
	struct eat_ima *ima = &p->t->logs.ima;
	size_t n;

	ima->sent = true;
	if (cbor_peek(&p->c) == CBOR_TEXT) {
		ima->why = eat_short_text(p, IMA_WHY_MAX, name);
		if (!ima->why.len)
			cbor_fail(&p->c, name);
		return;
	}
	n = cbor_array(&p->c, name);
	if (n != 5 && n != 6)
		cbor_fail(&p->c, name);
	ima->from.reset_count = (u32)eat_at_most(p, 0xffffffff, name);
	ima->from.restart_count = (u32)eat_at_most(p, 0xffffffff, name);
	ima->from.next = eat_at_most(p, IMA_ENTRIES_MAX, "logs: IMA list: first entry");
	take_ima_banks(p, &ima->from.pcr10, "logs: IMA list: PCR 10");
	ima->entries = eat_sized(p, 0, IMA_LIST_MAX, "logs: IMA list: entries");
	ima->more = n == 6 && cbor_bool(&p->c, "logs: IMA list: more");
	if (n == 6 && !ima->more) /* one way to say it */
		cbor_fail(&p->c, "logs: IMA list: more");
}

static void take_command_line(struct eat_parsing *p, const char *name)
{
	p->t->logs.command_line = eat_sized(p, 1, COMMAND_LINE_MAX, name);
}

static const struct eat_claim logs_claims[] = {
	{ CLAIM_PROFILE, "logs: eat_profile", REQUIRED, take_logs_profile },
	{ CLAIM_BOOT_LOG, "logs: boot log", OPTIONAL, take_boot_log },
	{ CLAIM_DEVICE_LOG, "logs: device log", OPTIONAL, take_device_log },
	{ CLAIM_IMA, "logs: IMA list", OPTIONAL, take_ima },
	{ CLAIM_COMMAND_LINE, "logs: command line", OPTIONAL, take_command_line },
};

void eat_take_logs(struct eat_parsing *p)
{
	eat_take_map(p, logs_claims, ARRAY_LEN(logs_claims), "logs");
}
