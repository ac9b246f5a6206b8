// SPDX-License-Identifier: Apache-2.0
/* Did a device's driver wait for the verdict, and what is that worth? By the token alone: the kernel's own claims. (RULES 21) */
#include <stdio.h>

#include "device.h"
#include "kernel-patches/assay_spdm/assay_netlink.h"
#include "verifier/verify.h"

static bool is_text(struct bytes b, const char *text)
{
	return bytes_equal(b, bytes_text(text));
}

/* 0000:01:00 of 0000:01:00.0 */
static struct bytes slot_of(struct bytes address)
{
	return address.len > 2 ? bytes_slice(address, 0, address.len - 2) : address;
}

static bool shares_group(const struct eat *t, const struct eat_function *f)
{
	for (size_t i = 0; i < t->n_functions; i++) {
		const struct eat_function *o = &t->functions[i];

		if (o->has_group && o->group == f->group &&
		    !bytes_equal(slot_of(o->address), slot_of(f->address)))
			return true;
	}
	return false;
}

static const char *memory_gap(const struct eat *t, const struct eat_function *f)
{
	if (!f->has_group)
		return "no IOMMU translates its DMA";
	if (is_text(f->domain, "identity"))
		return "the IOMMU passes its DMA through";
	return shares_group(t, f) ? "no ACS keeps it apart from others of its IOMMU group" : NULL;
}

const char *gate_state(const struct eat *t, const struct eat_device *d,
		       const struct eat_function *f, const char **why)
{
	*why = "";
	if (!d->guard.known) {
		*why = "its source does not say whether a driver waits";
		return "-";
	}
	if (d->guard.hold == ASSAY_HOLD_TOO_LATE) {
		*why = "its driver was there before the module";
		return "ungated";
	}
	if (!(d->guard.prevents & ASSAY_COVER_HOLD)) {
		*why = "nothing kept a driver from it before the verdict";
		return "ungated";
	}
	*why = memory_gap(t, f);
	if (*why)
		return "advisory";
	*why = "";
	return "gated";
}

static json_t *names_json(u32 bits)
{
	json_t *list = json_array();

	for (size_t i = 0; guard_names[i]; i++)
		if (bits & 1u << i)
			json_array_append_new(list, json_string(guard_names[i]));
	return list;
}

json_t *gate_json(const struct eat *t, const struct eat_device *d, const struct eat_function *f)
{
	const char *why, *state = gate_state(t, d, f, &why);

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "state", state, "why", why, "detects",
			 names_json(d->guard.detects), "prevents", names_json(d->guard.prevents),
			 "iommu_group", f->has_group ? json_integer(f->group) : json_null(),
			 "iommu_domain",
			 f->domain.len ? json_stringn((const char *)f->domain.at, f->domain.len)
				       : json_null());
}

void gate_print(const struct eat *t, const struct eat_device *d, const struct eat_function *f)
{
	const char *why, *state = gate_state(t, d, f, &why);

	if (d->guard.known)
		printf("gate: %s%s%s\n\n", state, why[0] ? ": " : "", why);
}
