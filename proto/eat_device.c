// SPDX-License-Identifier: Apache-2.0
/* The submodule of a device: its SPDM evidence, or why there is none. */
#include "eat_parts.h"

static void take_device_profile(struct eat_parsing *p, const char *name)
{
	eat_expect_text(p, PROFILE_DEVICE, name);
}

static void take_certificates(struct eat_parsing *p, const char *name)
{
	if (cbor_map(&p->c, name) != 1)
		cbor_fail(&p->c, name);
	eat_at_most(p, 7, name);
	p->device->certificates = eat_sized(p, 1, SPDM_CHAIN_MAX, name);
}

static void take_vca(struct eat_parsing *p, const char *name)
{
	p->device->vca = eat_sized(p, 0, SPDM_TRANSCRIPT_MAX, name);
}

static void take_source(struct eat_parsing *p, const char *name)
{
	static const char *const sources[] = { "kernel-cma", "platform-tsm", "user-doe", "socket",
					       "file" };
	size_t i = 0;

	p->device->source = cbor_text(&p->c, name);
	while (i < ARRAY_LEN(sources) && !bytes_equal(p->device->source, bytes_text(sources[i])))
		i++;
	if (i == ARRAY_LEN(sources))
		cbor_fail(&p->c, name);
}

static void take_device_address(struct eat_parsing *p, const char *name)
{
	p->device->address = eat_short_text(p, 128, name);
}

static void take_generation(struct eat_parsing *p, const char *name)
{
	p->device->generation = (u32)eat_at_most(p, 0xffffffff, name);
}

static void take_slot(struct eat_parsing *p, const char *name)
{
	p->device->slot = (u8)eat_at_most(p, 7, name);
}

static void take_chain(struct eat_parsing *p, const char *name)
{
	p->device->chain = eat_sized(p, 1, SPDM_CHAIN_MAX, name);
}

static void take_measurements(struct eat_parsing *p, const char *name)
{
	p->device->measurements = eat_sized(p, 1, SPDM_TRANSCRIPT_MAX, name);
}

static void take_challenge(struct eat_parsing *p, const char *name)
{
	p->device->challenge = eat_sized(p, 1, SPDM_TRANSCRIPT_MAX, name);
}

static void take_kernel(struct eat_parsing *p, const char *name)
{
	if (cbor_array(&p->c, name) != 3)
		cbor_fail(&p->c, name);
	p->device->guard.detects = (u32)eat_at_most(p, 0xffffffff, name);
	p->device->guard.prevents = (u32)eat_at_most(p, 0xffffffff, name);
	p->device->guard.hold = (u8)eat_at_most(p, 3, name);
	p->device->guard.known = true;
}

static void take_failure(struct eat_parsing *p, const char *name)
{
	p->device->failure = eat_short_text(p, ERR_TEXT_MAX, name);
	if (!p->device->failure.len)
		cbor_fail(&p->c, name);
}

static const struct eat_claim device_claims[] = {
	{ CLAIM_PROFILE, "device: eat_profile", REQUIRED, take_device_profile },
	{ CLAIM_CERTIFICATES, "device: certificates", OPTIONAL, take_certificates },
	{ CLAIM_VCA, "device: vca", REQUIRED, take_vca },
	{ CLAIM_SOURCE, "device: source", REQUIRED, take_source },
	{ CLAIM_ADDRESS, "device: address", REQUIRED, take_device_address },
	{ CLAIM_GENERATION, "device: generation", REQUIRED, take_generation },
	{ CLAIM_SLOT, "device: slot", REQUIRED, take_slot },
	{ CLAIM_CHAIN, "device: chain", REQUIRED, take_chain },
	{ CLAIM_MEASUREMENTS, "device: measurements", REQUIRED, take_measurements },
	{ CLAIM_CHALLENGE, "device: challenge", OPTIONAL, take_challenge },
	{ CLAIM_KERNEL, "device: kernel", OPTIONAL, take_kernel },
};
static const struct eat_claim failure_claims[] = {
	{ CLAIM_PROFILE, "device: eat_profile", REQUIRED, take_device_profile },
	{ CLAIM_SOURCE, "device: source", REQUIRED, take_source },
	{ CLAIM_ADDRESS, "device: address", REQUIRED, take_device_address },
	{ CLAIM_FAILURE, "device: failure", REQUIRED, take_failure },
};

void eat_take_device(struct eat_parsing *p)
{
	struct cbor ahead = p->c;

	if (cbor_map(&ahead, "device") == ARRAY_LEN(failure_claims))
		eat_take_map(p, failure_claims, ARRAY_LEN(failure_claims), "device");
	else
		eat_take_map(p, device_claims, ARRAY_LEN(device_claims), "device");
}
