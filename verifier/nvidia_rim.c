// SPDX-License-Identifier: Apache-2.0
#include "nvidia_rim.h"

enum {
	NVDEC0_ON = 0xaa,
	NVDEC0_OFF = 0x55,
	NVDEC0_INDEX = 35, /* measured while it is on alone */
};

const char *nvidia_rim_result_name(enum nvidia_rim_result r)
{
	static const char *const names[] = {
		[NVIDIA_RIM_MISMATCH] = "mismatch",
		[NVIDIA_RIM_MISSING] = "missing",
		[NVIDIA_RIM_SKIPPED] = "skipped",
		[NVIDIA_RIM_MATCH] = "match",
	};

	return names[r];
}

/* A report without a version matches no manifest: a version of a tag is never empty. */
static int take_manifests(const struct nvidia_gpu *g, const struct swid *const *rims, size_t n,
			  struct nvidia_rim_verdict *out, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct swid **place = !strcmp(rims[i]->version, g->driver)  ? &out->driver
					    : !strcmp(rims[i]->version, g->vbios) ? &out->vbios
										  : NULL;

		if (!place)
			return err_set(e, E_POLICY,
				       "version mismatch: manifest for %s, report of driver %s and "
				       "VBIOS %s",
				       rims[i]->version, g->driver, g->vbios);
		if (*place)
			return err_set(e, E_CONFLICT, "two manifests for version %s",
				       rims[i]->version);
		*place = rims[i];
	}
	if (!out->driver)
		return err_set(e, E_NOTFOUND, "no manifest for driver %s", g->driver);
	if (!out->vbios)
		return err_set(e, E_NOTFOUND, "no manifest for VBIOS %s", g->vbios);
	return 0;
}

/* Both speak of the same blocks, and must not say different things of one. */
static int check_overlap(const struct swid *a, const struct swid *b, struct err *e)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; a->at[i].active && j < b->n; j++)
			if (b->at[j].active && a->at[i].index == b->at[j].index)
				return err_set(e, E_CONFLICT,
					       "index %u is active in the manifests of driver and "
					       "VBIOS",
					       a->at[i].index);
	return 0;
}

static enum nvidia_rim_result compare(const struct nvidia_gpu *g, const struct swid_entry *entry,
				      struct bytes *found)
{
	struct reader record = reader_on(g->measurements.record);

	if (entry->index == NVDEC0_INDEX && g->nvdec0 == NVDEC0_OFF)
		return NVIDIA_RIM_SKIPPED;
	for (unsigned int i = 0; i < g->measurements.n_blocks; i++) {
		struct spdm_block b = spdm_next_block(&record);

		if (b.index != entry->index + 1)
			continue;
		*found = b.value;
		for (size_t a = 0; !b.raw && a < entry->n; a++)
			if (bytes_equal(b.value, BYTES(entry->hash[a])))
				return NVIDIA_RIM_MATCH;
		return NVIDIA_RIM_MISMATCH;
	}
	return NVIDIA_RIM_MISSING;
}

static void hold_one(const struct nvidia_gpu *g, const struct swid *rim,
		     struct nvidia_rim_verdict *out)
{
	for (size_t i = 0; i < rim->n; i++) {
		struct nvidia_rim_row *row = &out->at[out->n];

		if (!rim->at[i].active)
			continue;
		*row = (struct nvidia_rim_row){ .rim = rim, .entry = &rim->at[i] };
		row->result = compare(g, row->entry, &row->found);
		out->n_match += row->result == NVIDIA_RIM_MATCH;
		out->n_skipped += row->result == NVIDIA_RIM_SKIPPED;
		out->n_mismatch +=
			row->result == NVIDIA_RIM_MISMATCH || row->result == NVIDIA_RIM_MISSING;
		out->n++;
	}
}

int nvidia_rim_hold(const struct nvidia_gpu *gpu, const struct swid *const *rims, size_t n,
		    struct nvidia_rim_verdict *out, struct err *e)
{
	*out = (struct nvidia_rim_verdict){ 0 };
	if (take_manifests(gpu, rims, n, out, e) || check_overlap(out->driver, out->vbios, e))
		return (int)e->code;
	if (!out->driver->n_active || !out->vbios->n_active)
		return err_set(e, E_POLICY, "a manifest without an active entry");
	if (gpu->nvdec0 != NVDEC0_ON && gpu->nvdec0 != NVDEC0_OFF)
		return err_set(e, E_FORMAT,
			       "GPU report: NVDEC0 status 0x%02x is neither on nor off",
			       gpu->nvdec0);
	hold_one(gpu, out->driver, out);
	hold_one(gpu, out->vbios, out);
	if (out->n_mismatch)
		return err_set(e, E_POLICY,
			       "%zu of %zu measurements are not what the manifests say",
			       out->n_mismatch, out->n);
	return 0;
}
