// SPDX-License-Identifier: Apache-2.0
#include "explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *text;
	enum check_scope scope;
} rows[CHECK_COUNT] = {
#define X(id, scope, text, source) { #id, text, SCOPE_##scope },
	CHECKS(X)
#undef X
};

const char *check_name(enum check_id id)
{
	return rows[id].name;
}

const char *check_text(enum check_id id)
{
	return rows[id].text;
}

enum check_scope check_scope(enum check_id id)
{
	return rows[id].scope;
}

const char *tier_name(enum ear_tier tier)
{
	return tier == TIER_AFFIRMING	      ? "affirming"
	       : tier == TIER_WARNING	      ? "warning"
	       : tier == TIER_CONTRAINDICATED ? "contraindicated"
					      : "none";
}

enum { FIRST_ROOM = 8 };

struct reasons *reasons_new(void)
{
	struct reasons *r = calloc(1, sizeof(*r));

	if (r && !(r->at = calloc(FIRST_ROOM, sizeof(*r->at))))
		reasons_drop(&r);
	if (r)
		r->room = FIRST_ROOM;
	return r;
}

void reasons_drop(struct reasons **r)
{
	if (!r || !*r)
		return;
	free((*r)->at);
	free(*r);
	*r = NULL;
}

/* Most verdicts have no reason at all; a hostile one has as many as it can. */
static struct reason *next_row(struct reasons *r)
{
	if (r->n == r->room && r->room < REASONS_MAX) {
		struct reason *more = reallocarray(r->at, 2 * r->room, sizeof(*more));

		if (more) {
			r->at = more;
			r->room *= 2;
		}
	}
	if (r->n < r->room)
		return &r->at[r->n++];
	r->dropped++;
	return &r->at[r->n - 1];
}

struct reason *reasons_add(struct reasons *r, enum ear_tier tier, int check, const char *device,
			   const char *address)
{
	struct reason *row = next_row(r);

	*row = (struct reason){ .tier = tier, .check = check };
	snprintf(row->device, sizeof(row->device), "%s", device);
	snprintf(row->address, sizeof(row->address), "%s", address ? address : "");
	if (check >= 0)
		snprintf(row->element, sizeof(row->element), "%s", rows[check].name);
	return row;
}

const char *reason_text(const struct reason *r, char *out, size_t size)
{
	char who[200];

	if (!strcmp(r->device, "host"))
		snprintf(who, sizeof(who), "host");
	else
		snprintf(who, sizeof(who), "device %s%s%s%s", r->device, r->address[0] ? " (" : "",
			 r->address, r->address[0] ? ")" : "");
	if (r->check >= 0)
		snprintf(out, size, "%s: %s%s%s", who, rows[r->check].text,
			 r->found[0] ? " - no: " : " - not so", r->found);
	else if (r->wanted[0])
		snprintf(out, size, "%s: %s: expected %s, found %s", who, r->element, r->wanted,
			 r->found);
	else
		snprintf(out, size, "%s: %s: %s", who, r->element, r->found);
	return out;
}
