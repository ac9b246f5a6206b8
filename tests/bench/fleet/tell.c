// SPDX-License-Identifier: Apache-2.0
/* The JSON object about what was made. */
#include "fleet.h"

#include <stdio.h>

static json_t *models_json(struct fleet *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i <= f->n_models; i++) {
		const struct fleet_model *m = &f->models[i];
		json_t *versions = json_array();
		char id[16];

		for (int v = 0; v < FLEET_VERSIONS; v++)
			json_array_append_new(versions,
					      json_pack("{s:s, s:b, s:i}", "version",
							m->versions[v].name, "reference",
							(int)m->versions[v].referenced, "devices",
							(int)m->versions[v].devices));
		snprintf(id, sizeof(id), "%04x:%04x", m->vendor, m->device);
		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "id", id, "name", m->name,
						      "versions", versions));
	}
	return list;
}

/* A host of each state by name, for who wants to look at one. */
static json_t *states_json(const struct fleet *f)
{
	json_t *o = json_object();

	for (int s = 0; s < FLEET_STATES; s++) {
		json_t *names = json_array();

		for (size_t i = 0; i < (size_t)f->o.hosts && json_array_size(names) < 20; i++)
			if (f->hosts[i].state == (enum fleet_state)s)
				json_array_append_new(names, json_string(f->hosts[i].name));
		json_object_set_new(o, fleet_state_name((enum fleet_state)s), names);
	}
	return o;
}

/* Who proposes a boot that reference values hold, and who one that they do not. */
static json_t *proposing_json(const struct fleet *f)
{
	json_t *accepted = json_array(), *refused = json_array();

	for (size_t i = 0; i < (size_t)f->o.hosts; i++)
		if (f->hosts[i].next_boot >= 0)
			json_array_append_new(f->hosts[i].next_boot < FLEET_BOOT_SHELL ? accepted
										       : refused,
					      json_string(f->hosts[i].name));
	return json_pack("{s:o, s:o}", "accepted", accepted, "refused", refused);
}

static json_t *expected_json(const struct fleet *f)
{
	static const char *const verdicts[] = { "affirming", "warning", "contraindicated", "stale",
						"never" };
	json_t *o = json_object();

	for (size_t v = 0; v < ARRAY_LEN(verdicts); v++) {
		int n = 0;

		for (size_t i = 0; i < (size_t)f->o.hosts; i++) {
			enum fleet_state s = f->hosts[i].state;
			bool old = s == FLEET_LATELY && f->o.rewind_days;

			n += !strcmp(verdicts[v], old ? "stale" : fleet_state_verdict(s));
		}
		json_object_set_new(o, verdicts[v], json_integer(n));
	}
	return o;
}

static json_t *groups_json(const struct fleet *f)
{
	json_t *list = json_array();

	for (size_t g = 0; g < (size_t)f->o.groups; g++)
		json_array_append_new(list, json_string(f->groups[g]));
	return list;
}

void fleet_tell(struct fleet *f, bool ended_early)
{
	json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:i, s:i, s:i, s:b}", "schema", "assay.fleet/1",
			      "seed", (json_int_t)f->o.seed, "hosts", (json_int_t)f->o.hosts,
			      "devices_each", (json_int_t)f->o.devices, "attestations",
			      (int)f->attestations, "mismatches", (int)f->mismatches, "corims",
			      (int)f->corims, "ended_early", (int)ended_early);

	json_object_set_new(o, "expected", expected_json(f));
	json_object_set_new(o, "states", states_json(f));
	json_object_set_new(o, "proposing", proposing_json(f));
	json_object_set_new(o, "groups", groups_json(f));
	json_object_set_new(o, "models", models_json(f));
	json_object_set(o, "turned_away", f->turned_away);
	json_dumpf(o, stdout, 0);
	puts("");
	json_decref(o);
}
