// SPDX-License-Identifier: Apache-2.0
/* The rules about IMA's list: what ima_judge() found, as reasons. */
#include "policy_run.h"

#include <stdio.h>

#include "common/text.h"

enum { PATH_SHOWN = 240 };

static const char *const signature_texts[] = {
	[IMA_NOT_SIGNED] = "",
	[IMA_SIGNED] = "",
	[IMA_SIGNED_BY_OTHERS] = "; it is signed by a key that policy does not name",
	[IMA_SIGNATURE_WRONG] = "; its signature is wrong",
};

static signed char weight(const struct policing *g, enum ima_fault f)
{
	return ima_fault_refuses(&g->p->ima, f) ? 96 : 32;
}

static void tell_finding(const struct policing *g, const struct ima_finding *f)
{
	struct reason *why = policy_lower(g, 0, TV_FILE_SYSTEM, weight(g, f->fault), "IMA list");
	char path[PATH_SHOWN], hex[2 * DIGEST_MAX + 1];

	text_visible((struct bytes){ f->path, f->path_len }, path, sizeof(path));
	hex_write(digest_bytes(&f->digest), hex);
	hex[64] = 0; /* the longer ones are told by their beginning as well */
	snprintf(why->found, sizeof(why->found), "entry %llu, %s%s, %s%s%s: %s%s",
		 (unsigned long long)f->entry, path, f->cut ? "..." : "",
		 f->digest.alg ? digest_name(f->digest.alg) : "no digest", hex[0] ? ":" : "", hex,
		 ima_fault_text(f->fault), signature_texts[f->signature]);
}

/* Those of one kind that are kept, and how many there are beyond. */
static void tell(const struct policing *g, enum ima_fault fault)
{
	u64 shown = 0;
	struct reason *why;

	if (!g->ima || !g->ima->count[fault])
		return;
	for (size_t i = 0; i < g->ima->n; i++) {
		if (g->ima->at[i].fault != fault)
			continue;
		tell_finding(g, &g->ima->at[i]);
		shown++;
	}
	if (shown == g->ima->count[fault])
		return;
	why = policy_lower(g, 0, TV_FILE_SYSTEM, weight(g, fault), "IMA list");
	snprintf(why->found, sizeof(why->found), "%llu %sentries of which the same is so: %s",
		 (unsigned long long)(g->ima->count[fault] - shown), shown ? "more " : "",
		 ima_fault_text(fault));
}

void rule_ima_files(const struct policing *g)
{
	tell(g, IMA_UNKNOWN);
	tell(g, IMA_LEARNED);
	tell(g, IMA_UNREADABLE);
	tell(g, IMA_AGGREGATE);
}

void rule_ima_paths(const struct policing *g)
{
	tell(g, IMA_REFUSED);
}

void rule_ima_changed(const struct policing *g)
{
	if (g->p->ima.changed != IMA_CHANGED_IGNORED)
		tell(g, IMA_CHANGED);
}

void rule_ima_required(const struct policing *g)
{
	const struct ima_prefixes *p = &g->p->ima.required;

	for (size_t i = 0; g->p->ima.mode != IMA_MODE_OFF && i < p->n; i++) {
		struct reason *why;

		if (g->ima && g->ima->required_seen & 1u << i)
			continue;
		why = policy_lower(g, 0, TV_FILE_SYSTEM, 96, "IMA list");
		snprintf(why->wanted, sizeof(why->wanted), "%s measured", p->at[i]);
		snprintf(why->found, sizeof(why->found), "no entry for it since boot");
	}
}
