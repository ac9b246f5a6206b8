// SPDX-License-Identifier: Apache-2.0
/* The submodule "host": its PCI functions, and what the agent says of itself. */
#include "eat_parts.h"

#include <stdlib.h>

/* ---- one PCI function ---- */
#define TEXT_MEMBER(field)                                                                         \
	static void take_##field(struct eat_parsing *p, const char *name)                          \
	{                                                                                          \
		p->function->field = eat_short_text(p, 128, name);                                 \
	}
TEXT_MEMBER(address)
TEXT_MEMBER(parent)
TEXT_MEMBER(driver)
TEXT_MEMBER(domain)
#define UINT_MEMBER(field, max)                                                                    \
	static void take_##field(struct eat_parsing *p, const char *name)                          \
	{                                                                                          \
		p->function->field = (__typeof__(p->function->field))eat_at_most(p, max, name);    \
	}
UINT_MEMBER(vendor, 0xffff)
UINT_MEMBER(device, 0xffff)
UINT_MEMBER(class_code, 0xffffff)
UINT_MEMBER(revision, 0xff)

static void take_subsystem_vendor(struct eat_parsing *p, const char *name)
{
	p->half_subsystem = true;
	p->function->subsystem_vendor = (u16)eat_at_most(p, 0xffff, name);
}

static void take_subsystem(struct eat_parsing *p, const char *name)
{
	p->function->has_subsystem = p->half_subsystem;
	p->half_subsystem = !p->half_subsystem;
	p->function->subsystem = (u16)eat_at_most(p, 0xffff, name);
}

static void take_serial(struct eat_parsing *p, const char *name)
{
	p->function->serial = eat_sized(p, 8, 8, name);
}

static void take_group(struct eat_parsing *p, const char *name)
{
	p->function->has_group = true;
	p->function->group = (u32)eat_at_most(p, 0xffffffff, name);
}

static void take_cma(struct eat_parsing *p, const char *name)
{
	p->function->cma = cbor_bool(&p->c, name);
}

static void take_label(struct eat_parsing *p, const char *name)
{
	p->function->label = cbor_text(&p->c, name);
	if (!p->c.r.why && !evidence_label_valid(p->function->label))
		cbor_fail(&p->c, name);
}

static struct bytes kernel_name(struct eat_parsing *p, const char *name)
{
	struct bytes b = eat_short_text(p, KERNEL_NAME_MAX, name);

	if (!p->c.r.why && !b.len)
		cbor_fail(&p->c, name);
	return b;
}

static void take_tsm(struct eat_parsing *p, const char *name)
{
	p->function->tsm = kernel_name(p, name);
}

static void take_authenticated(struct eat_parsing *p, const char *name)
{
	if (cbor_peek(&p->c) == CBOR_TEXT) {
		p->function->authenticated_by = kernel_name(p, name);
		return;
	}
	p->function->has_authenticated = true;
	p->function->authenticated = cbor_bool(&p->c, name);
}

static void take_streams(struct eat_parsing *p, const char *name)
{
	size_t n = cbor_array(&p->c, name);

	eat_expect_count(p, n, 1, IDE_STREAMS_MAX, name);
	for (size_t i = 0; i < n && !p->c.r.why; i++)
		p->function->streams[p->function->n_streams++] = kernel_name(p, name);
}

static const struct eat_claim function_members[] = {
	{ 1, "host inventory: address", REQUIRED, take_address },
	{ 2, "host inventory: vendor", REQUIRED, take_vendor },
	{ 3, "host inventory: device", REQUIRED, take_device },
	{ 4, "host inventory: class", REQUIRED, take_class_code },
	{ 5, "host inventory: revision", REQUIRED, take_revision },
	{ 6, "host inventory: subsystem vendor", OPTIONAL, take_subsystem_vendor },
	{ 7, "host inventory: subsystem", OPTIONAL, take_subsystem },
	{ 8, "host inventory: serial number", OPTIONAL, take_serial },
	{ 9, "host inventory: parent", OPTIONAL, take_parent },
	{ 10, "host inventory: driver", OPTIONAL, take_driver },
	{ 11, "host inventory: IOMMU group", OPTIONAL, take_group },
	{ 12, "host inventory: IOMMU domain", OPTIONAL, take_domain },
	{ 13, "host inventory: CMA", REQUIRED, take_cma },
	{ 14, "host inventory: label", OPTIONAL, take_label },
	{ 15, "host inventory: TSM", OPTIONAL, take_tsm },
	{ 16, "host inventory: authenticated", OPTIONAL, take_authenticated },
	{ 17, "host inventory: IDE streams", OPTIONAL, take_streams },
};

static size_t take_functions(struct eat_parsing *p, struct eat_function **out)
{
	size_t n = cbor_array(&p->c, "host inventory");

	eat_expect_count(p, n, 0, PCI_FUNCTIONS_MAX, "host inventory: too many functions");
	*out = p->c.r.why ? NULL : calloc(n ? n : 1, sizeof(**out));
	if (!*out)
		cbor_fail_with(&p->c, E_MEMORY, "host inventory");
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		p->function = &(*out)[i];
		p->half_subsystem = false;
		eat_take_map(p, function_members, ARRAY_LEN(function_members), "host inventory");
		if (p->half_subsystem)
			cbor_fail(&p->c, "host inventory: subsystem without its other half");
	}
	return p->c.r.why ? 0 : n;
}

int eat_inventory_parse(struct bytes inventory, struct eat_function **out, size_t *n, struct err *e)
{
	struct eat_parsing p = { .c = cbor_on(inventory, CBOR_STRICT), .e = e };

	if (cbor_check(inventory, CBOR_STRICT, e))
		return err_while(e, "inventory");
	*n = take_functions(&p, out);
	if (cbor_done(&p.c)) {
		free(*out);
		*out = NULL;
		return err_set(e, cbor_code(&p.c), "inventory: %s", p.c.r.why);
	}
	return 0;
}

/* ---- the submodule ---- */
static void take_host_profile(struct eat_parsing *p, const char *name)
{
	eat_expect_text(p, PROFILE_INVENTORY, name);
}

static void take_inventory(struct eat_parsing *p, const char *name)
{
	struct cbor ahead = p->c;

	p->t->inventory = cbor_item(&ahead, name);
	p->t->n_functions = take_functions(p, &p->t->functions);
}

static void take_agent_version(struct eat_parsing *p, const char *name)
{
	p->t->agent_version = eat_short_text(p, 64, name);
}

static void take_phase(struct eat_parsing *p, const char *name)
{
	p->t->phase = eat_short_text(p, 32, name);
}

static void take_switches(struct eat_parsing *p, const char *name)
{
	size_t n = cbor_array(&p->c, name);

	eat_expect_count(p, n, 1, EAT_SWITCHES_MAX, name);
	for (size_t i = 0; i < n && !p->c.r.why; i++)
		p->t->switches[p->t->n_switches++] = eat_short_text(p, 64, name);
}

static void take_pins(struct eat_parsing *p, const char *name)
{
	size_t n = cbor_array(&p->c, name);

	eat_expect_count(p, n, 1, PINS_MAX, name);
	for (size_t i = 0; i < n && !p->c.r.why; i++)
		p->t->pins[p->t->n_pins++] = eat_sized(p, EAT_PIN_LEN, EAT_PIN_LEN, name);
}

static const struct eat_claim agent_members[] = {
	{ 1, "host: agent version", REQUIRED, take_agent_version },
	{ 2, "host: boot phase", REQUIRED, take_phase },
	{ 3, "host: test switches", OPTIONAL, take_switches },
	{ 4, "host: pins", OPTIONAL, take_pins },
};

static void take_agent(struct eat_parsing *p, const char *name)
{
	eat_take_map(p, agent_members, ARRAY_LEN(agent_members), name);
}

static const struct eat_claim host_claims[] = {
	{ CLAIM_PROFILE, "host: eat_profile", REQUIRED, take_host_profile },
	{ CLAIM_INVENTORY, "host: inventory", REQUIRED, take_inventory },
	{ CLAIM_AGENT, "host: agent", REQUIRED, take_agent },
};

void eat_take_host(struct eat_parsing *p)
{
	eat_take_map(p, host_claims, ARRAY_LEN(host_claims), "host");
}
