// SPDX-License-Identifier: Apache-2.0
#include "policy_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "nonmatch.h"

/* ---- configuration ---- */
static int take_device(const char *value, struct policy_device *d, bool number_needed,
		       struct err *e)
{
	unsigned int vendor, device;
	unsigned long long number = 1;
	int used = 0, n = sscanf(value, "%4x:%4x%n", &vendor, &device, &used);
	char *end = NULL;

	if (n == 2 && value[used] == ' ' && value[used + 1] >= '0' && value[used + 1] <= '9')
		number = strtoull(value + used + 1, &end, 10);
	if (n != 2 || vendor > 0xffff || device > 0xffff || (number_needed && !end) ||
	    (end ? *end != 0 : value[used] != 0))
		return err_set(e, E_CONFIG,
			       "\"1b36:0010 2\" expected: vendor, device, number; not \"%s\"",
			       value);
	*d = (struct policy_device){ (u16)vendor, (u16)device, number };
	return 0;
}

static int add_device(struct policy_device *rows, size_t *n, const char *value, bool number_needed,
		      struct err *e)
{
	if (*n == POLICY_ROWS_MAX)
		return err_set(e, E_LIMIT, "more than %d rows", POLICY_ROWS_MAX);
	if (take_device(value, &rows[*n], number_needed, e))
		return (int)e->code;
	(*n)++;
	return 0;
}

int policy_add_required(struct policy *p, const char *value, struct err *e)
{
	return add_device(p->required, &p->n_required, value, false, e);
}

int policy_add_floor(struct policy *p, const char *value, struct err *e)
{
	return add_device(p->floors, &p->n_floors, value, true, e);
}

int policy_add_name(struct policy *p, bool refuse, const char *value, struct err *e)
{
	size_t *n = refuse ? &p->n_refused : &p->n_warned;
	char(*rows)[POLICY_NAME_MAX] = refuse ? p->refused : p->warned;

	if (*n == POLICY_ROWS_MAX || !value[0] || strlen(value) >= POLICY_NAME_MAX)
		return err_set(e, E_CONFIG, "at most %d names of at most %d characters",
			       POLICY_ROWS_MAX, POLICY_NAME_MAX - 1);
	memcpy(rows[(*n)++], value, strlen(value) + 1);
	return 0;
}

void policy_clear(struct policy *p)
{
	ima_signers_clear(&p->ima.signers);
}

/* ---- what the rules share ---- */
struct reason *policy_lower(const struct policing *g, int submod, int claim, signed char value,
			    const char *element)
{
	const struct policed *s = &g->submods[submod];
	struct reason *why =
		reasons_add(g->reasons, value >= 96 ? TIER_CONTRAINDICATED : TIER_WARNING, -1,
			    s->name, s->address);

	claim_worse(s->vector, claim, value);
	snprintf(why->element, sizeof(why->element), "%s", element);
	snprintf(why->policy, sizeof(why->policy), "%s", policy_rule_name(g->rule));
	return why;
}

/* Each entry of each submodule. */
static void each_entry(const struct policing *g,
		       void (*fn)(const struct policing *g, const struct acs_env *x,
				  const struct acs_entry *entry))
{
	for (size_t i = 0; i < g->acs->n; i++)
		for (size_t k = 0; g->acs->envs[i]->submod >= 0 && k < g->acs->envs[i]->n; k++)
			fn(g, g->acs->envs[i], &g->acs->envs[i]->at[k]);
}

static void note_source(struct reason *why, const struct acs_entry *entry)
{
	if (entry->corim)
		snprintf(why->corim, sizeof(why->corim), "%s", entry->corim->id);
}

/* ---- the rules ---- */
static void rule_required(const struct policing *g)
{
	for (size_t i = 0; i < g->p->n_required; i++) {
		const struct policy_device *want = &g->p->required[i];
		struct reason *why;
		u64 there = 0;

		for (size_t k = 0; k < g->v->n_devices; k++)
			there += g->v->devices[k].verified &&
				 g->v->devices[k].identity.vendor == want->vendor &&
				 g->v->devices[k].identity.device == want->device;
		if (there >= want->number)
			continue;
		why = policy_lower(g, 0, TV_HARDWARE, 97, "required devices");
		snprintf(why->wanted, sizeof(why->wanted), "%llu of %04x:%04x",
			 (unsigned long long)want->number, want->vendor, want->device);
		snprintf(why->found, sizeof(why->found), "%llu with evidence that holds",
			 (unsigned long long)there);
	}
}

/* The security version that a device shows; several: the lowest. */
static bool svn_of(const struct policing *g, int submod, u64 *svn)
{
	bool found = false;

	for (size_t i = 0; i < g->acs->n; i++)
		for (size_t k = 0; g->acs->envs[i]->submod == submod && k < g->acs->envs[i]->n;
		     k++) {
			const struct acs_entry *en = &g->acs->envs[i]->at[k];

			if (en->type != ACS_EVIDENCE || !en->mval->has_svn)
				continue;
			if (!found || en->mval->svn < *svn)
				*svn = en->mval->svn;
			found = true;
		}
	return found;
}

static void rule_svn_floor(const struct policing *g)
{
	for (size_t k = 0; k < g->v->n_devices; k++)
		for (size_t i = 0; i < g->p->n_floors; i++) {
			const struct policy_device *floor = &g->p->floors[i];
			const struct verified_device *d = &g->v->devices[k];
			struct reason *why;
			u64 svn = 0;
			bool shown;

			if (!d->verified || d->identity.vendor != floor->vendor ||
			    d->identity.device != floor->device)
				continue;
			shown = svn_of(g, (int)k + 1, &svn);
			if (shown && svn >= floor->number)
				continue;
			why = policy_lower(g, (int)k + 1, TV_EXECUTABLES, shown ? 96 : 33,
					   "security version");
			snprintf(why->wanted, sizeof(why->wanted), "svn >= %llu",
				 (unsigned long long)floor->number);
			if (shown)
				snprintf(why->found, sizeof(why->found), "svn %llu",
					 (unsigned long long)svn);
			else
				snprintf(why->found, sizeof(why->found), "none is measured");
		}
}

static bool somebody_else_vouches(const struct acs_env *x, const struct acs_entry *learned)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->at[i].type == ACS_REFERENCE && x->at[i].mval == learned->mval &&
		    !corim_is_learned(x->at[i].corim))
			return true;
	return false;
}

static void learned_entry(const struct policing *g, const struct acs_env *x,
			  const struct acs_entry *entry)
{
	size_t i = (size_t)acs_element(x, entry->mkey);
	struct reason *why;

	if (entry->type != ACS_REFERENCE || !corim_is_learned(entry->corim) ||
	    somebody_else_vouches(x, entry) || x->ect->info[i].vector < 0)
		return;
	why = policy_lower(g, x->submod, x->ect->info[i].vector, 33, x->ect->info[i].name);
	snprintf(why->found, sizeof(why->found),
		 "only learned values hold it, and policy does not take those");
	note_source(why, entry);
}

static void rule_learned(const struct policing *g)
{
	if (!g->p->learned_affirms)
		each_entry(g, learned_entry);
}

enum { FLAG_CONFIGURED = 0, FLAG_SECURE = 1, FLAG_RECOVERY = 2, FLAG_DEBUG = 3 };

static void tell_flag(const struct policing *g, const struct acs_env *x, const struct acs_entry *en,
		      unsigned int flag, bool bad, signed char value, const char *found)
{
	bool set = en->mval->flags & 1u << flag;
	struct reason *why;

	if (!(en->mval->flags_known & 1u << flag) || set != bad || en->type == ACS_REFERENCE)
		return;
	why = policy_lower(g, x->submod, TV_CONFIGURATION, value, "flags");
	snprintf(why->found, sizeof(why->found), "%s", found);
	note_source(why, en);
}

static void debug_entry(const struct policing *g, const struct acs_env *x,
			const struct acs_entry *en)
{
	tell_flag(g, x, en, FLAG_DEBUG, true, g->p->debug_allowed ? 32 : 96, "it is in debug mode");
	tell_flag(g, x, en, FLAG_RECOVERY, true, 32, "it is in recovery mode");
}

static void rule_debug(const struct policing *g)
{
	each_entry(g, debug_entry);
}

static void insecure_entry(const struct policing *g, const struct acs_env *x,
			   const struct acs_entry *en)
{
	tell_flag(g, x, en, FLAG_SECURE, false, 32, "it is not in its secure state");
	tell_flag(g, x, en, FLAG_CONFIGURED, false, 32, "it is not configured");
}

static void rule_insecure(const struct policing *g)
{
	each_entry(g, insecure_entry);
}

static bool name_fits(const char *pattern, struct bytes name)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return name.len >= n - 1 && !memcmp(name.at, pattern, n - 1);
	return bytes_equal(name, bytes_text(pattern));
}

static bool any_fits(const char rows[][POLICY_NAME_MAX], size_t n, struct bytes name)
{
	for (size_t i = 0; i < n; i++)
		if (name_fits(rows[i], name))
			return true;
	return false;
}

static void named_entry(const struct policing *g, const struct acs_env *x,
			const struct acs_entry *en)
{
	struct bytes item = corim_plain_of(en->mval, 11);
	struct cbor c = cbor_on(item, CBOR_WELL_FORMED);
	struct bytes name = item.len ? cbor_text(&c, "name") : BYTES_NONE;
	struct reason *why;
	bool refused;

	if (en->type != ACS_ENDORSEMENT || !name.len)
		return;
	refused = any_fits(g->p->refused, g->p->n_refused, name);
	if (!refused && !any_fits(g->p->warned, g->p->n_warned, name))
		return;
	why = policy_lower(g, x->submod, TV_EXECUTABLES, refused ? 96 : 32, "endorsement");
	snprintf(why->found, sizeof(why->found), "its maker says \"%.*s\"",
		 (int)(name.len < 100 ? name.len : 100), (const char *)name.at);
	for (char *p = why->found; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = '?';
	note_source(why, en);
}

static void rule_endorsed_name(const struct policing *g)
{
	each_entry(g, named_entry);
}

static void rule_secure_boot(const struct policing *g)
{
	struct reason *why;
	bool on = false;

	if (!g->p->secure_boot_required)
		return;
	for (size_t i = 0; i < g->acs->n; i++)
		if (g->acs->envs[i]->submod == 0 && g->acs->envs[i]->ect)
			on |= ect_secure_boot_is_on(g->acs->envs[i]->ect);
	if (on)
		return;
	why = policy_lower(g, 0, TV_CONFIGURATION, 96, "secure-boot");
	snprintf(why->wanted, sizeof(why->wanted), "on");
	snprintf(why->found, sizeof(why->found), "not on, or not measured");
}

static void rule_boot_age(const struct policing *g)
{
	struct reason *why;

	if (!g->p->reboot_within_s || !g->boot_seen_s ||
	    g->now_s - g->boot_seen_s <= g->p->reboot_within_s)
		return;
	why = policy_lower(g, 0, TV_EXECUTABLES, 32, "time since boot");
	snprintf(why->wanted, sizeof(why->wanted), "at most %lld days",
		 g->p->reboot_within_s / 86400);
	snprintf(why->found, sizeof(why->found), "%lld days", (g->now_s - g->boot_seen_s) / 86400);
}

/* An initramfs that does not end the phase leaves keys within reach of whoever is root behind it. */
static void boot_goes_on(const struct policing *g)
{
	long long age_s = g->now_s - g->boot_seen_s;
	struct reason *why;

	if (!g->p->boot_phase_s || !g->boot_seen_s || age_s <= g->p->boot_phase_s)
		return;
	why = policy_lower(g, 0, TV_CONFIGURATION, 32, "PCR 15");
	snprintf(why->wanted, sizeof(why->wanted), "extended within %lld minutes of the boot",
		 g->p->boot_phase_s / 60);
	snprintf(why->found, sizeof(why->found),
		 "zero after %lld minutes: its initramfs does not end the boot phase", age_s / 60);
}

/* In the boot phase itself nothing is opened yet, and so nothing is wrong. */
static void rule_boot_end(const struct policing *g)
{
	enum cap_state end = g->v->boot_end;
	struct reason *why;

	if (!g->v->boot_end_known || end == CAP_VOLUMES)
		return;
	if (end == CAP_OPEN) {
		boot_goes_on(g);
		return;
	}
	why = policy_lower(g, 0, TV_CONFIGURATION, end == CAP_OTHER ? 96 : 32, "PCR 15");
	snprintf(why->wanted, sizeof(why->wanted), "%s", cap_state_text(CAP_VOLUMES));
	snprintf(why->found, sizeof(why->found), "%s", cap_state_text(end));
}

/* ---- the table ---- */
static const struct {
	const char *name, *text;
	void (*run)(const struct policing *g);
} rules[POLICY_RULE_COUNT] = {
#define RUN_REQUIRED	  rule_required
#define RUN_SVN_FLOOR	  rule_svn_floor
#define RUN_LEARNED	  rule_learned
#define RUN_DEBUG	  rule_debug
#define RUN_INSECURE	  rule_insecure
#define RUN_ENDORSED_NAME rule_endorsed_name
#define RUN_SECURE_BOOT	  rule_secure_boot
#define RUN_BOOT_AGE	  rule_boot_age
#define RUN_BOOT_END	  rule_boot_end
#define RUN_IMA_FILES	  rule_ima_files
#define RUN_IMA_PATHS	  rule_ima_paths
#define RUN_IMA_REQUIRED  rule_ima_required
#define RUN_IMA_CHANGED	  rule_ima_changed
#define X(id, text)	  { #id, text, RUN_##id },
	POLICY_RULES(X)
#undef X
};

const char *policy_rule_name(enum policy_rule r)
{
	return rules[r].name;
}

const char *policy_rule_text(enum policy_rule r)
{
	return rules[r].text;
}

void policy_apply(const struct policy *p, const struct verified_view *v, const struct acs *acs,
		  const struct policed *submods, long long now_s, long long boot_seen_s,
		  const struct ima_state *ima, struct reasons *reasons)
{
	struct policing g = {
		p, v, acs, submods, now_s, boot_seen_s, ima, reasons, POLICY_REQUIRED
	};

	for (int i = 0; i < POLICY_RULE_COUNT; i++) {
		g.rule = (enum policy_rule)i;
		rules[i].run(&g);
	}
}
