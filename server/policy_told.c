// SPDX-License-Identifier: Apache-2.0
#include "policy_told.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "verifier/verify.h"

/* ---- values, as a line of the configuration has them ---- */
__attribute__((format(printf, 2, 3))) static void line(json_t *out, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(out, json_string(text));
}

static void word(json_t *out, bool first, const char *yes, const char *no)
{
	line(out, "%s", first ? yes : no);
}

static void yes_no(json_t *out, bool yes)
{
	word(out, yes, "yes", "no");
}

static void duration(json_t *out, long long s)
{
	static const struct {
		long long s;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	while (s % units[i].s)
		i++;
	if (s)
		line(out, "%lld%c", s / units[i].s, units[i].unit);
	else
		line(out, "0");
}

static void pcrs(json_t *out, u32 bits)
{
	char text[100];
	size_t used = 0;

	text[0] = 0;
	for (int i = 0, to; i < 24 && used < sizeof(text) - 8; i = to + 1) {
		to = i;
		if (!(bits & 1u << i))
			continue;
		while (to < 23 && bits & 1u << (to + 1))
			to++;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d", used ? "," : "",
					 i);
		if (to > i)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "-%d", to);
	}
	line(out, "%s", text);
}

static void guards(json_t *out, u32 bits)
{
	char text[100];
	size_t used = 0;

	text[0] = 0;
	for (size_t i = 0; guard_names[i] && used < sizeof(text) - 10; i++)
		if (bits & 1u << i)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used ? ", " : "", guard_names[i]);
	if (used)
		line(out, "%s", text);
}

static void devices(json_t *out, const struct policy_device *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		line(out, "%04x:%04x %llu", rows[i].vendor, rows[i].device,
		     (unsigned long long)rows[i].number);
}

/* Bytes of the configuration, which need not be UTF-8. */
static void text_line(json_t *out, const char *text)
{
	char safe[4 * IMA_PREFIX_MAX + 1];
	json_t *j = json_string(text);

	json_array_append_new(
		out, j ? j : json_string(text_visible(bytes_text(text), safe, sizeof(safe))));
}

static void names(json_t *out, const char rows[][POLICY_NAME_MAX], size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_line(out, rows[i]);
}

static void prefixes(json_t *out, const struct ima_prefixes *p)
{
	for (size_t i = 0; i < p->n; i++)
		text_line(out, p->at[i]);
}

/* ---- a row for each key ---- */
#define TOLD(key) static void tell_##key(const struct settings *s, json_t *out)
#define APPRAISAL (&s->appraisal)

TOLD(learned)
{
	word(out, APPRAISAL->learned_affirms, "affirm", "warn");
}
TOLD(require)
{
	devices(out, APPRAISAL->required, APPRAISAL->n_required);
}
TOLD(svn_floor)
{
	devices(out, APPRAISAL->floors, APPRAISAL->n_floors);
}
TOLD(refuse_endorsed)
{
	names(out, APPRAISAL->refused, APPRAISAL->n_refused);
}
TOLD(warn_endorsed)
{
	names(out, APPRAISAL->warned, APPRAISAL->n_warned);
}
TOLD(debug)
{
	word(out, APPRAISAL->debug_allowed, "warn", "refuse");
}
TOLD(secure_boot_required)
{
	yes_no(out, APPRAISAL->secure_boot_required);
}
TOLD(reboot_within)
{
	duration(out, APPRAISAL->reboot_within_s);
}
TOLD(boot_phase)
{
	duration(out, APPRAISAL->boot_phase_s);
}
TOLD(stale_after)
{
	duration(out, s->stale_after_s);
}
TOLD(spdm_version_min)
{
	line(out, "1.%u", s->spdm_version_min & 0xfu);
}
TOLD(detects)
{
	guards(out, s->must_detect);
}
TOLD(prevents)
{
	guards(out, s->must_prevent);
}
TOLD(device_log_required)
{
	yes_no(out, s->device_log_required);
}
TOLD(session_required)
{
	yes_no(out, s->session_required);
}
TOLD(ide_required)
{
	yes_no(out, s->ide_required);
}
TOLD(device_move_after)
{
	duration(out, s->device_move_s);
}
TOLD(ima)
{
	line(out, "%s",
	     APPRAISAL->ima.mode == IMA_MODE_OFF      ? "off"
	     : APPRAISAL->ima.mode == IMA_MODE_REPLAY ? "replay"
						      : "known");
}
TOLD(ima_unknown)
{
	word(out, APPRAISAL->ima.unknown_warns, "warn", "refuse");
}
TOLD(ima_violations)
{
	line(out, "%s",
	     APPRAISAL->ima.changed == IMA_CHANGED_WARNS     ? "warn"
	     : APPRAISAL->ima.changed == IMA_CHANGED_REFUSES ? "refuse"
							     : "ignore");
}
TOLD(ima_exclude)
{
	prefixes(out, &APPRAISAL->ima.excluded);
}
TOLD(ima_refuse)
{
	prefixes(out, &APPRAISAL->ima.refused);
}
TOLD(ima_require)
{
	prefixes(out, &APPRAISAL->ima.required);
}
TOLD(ima_signer)
{
	/* the file may be another by now; the key is what counts */
	for (size_t i = 0; i < APPRAISAL->ima.signers.n; i++) {
		char hex[65];

		line(out, "sha-256;%s",
		     hex_write(BYTES(APPRAISAL->ima.signers.at[i].key_hash), hex));
	}
}
TOLD(corim_rules)
{
	word(out, s->refs.rules == CORIM_WHOLE, "whole", "containment");
}
TOLD(cotl_required)
{
	yes_no(out, s->refs.cotl_required);
}
TOLD(release_pcrs)
{
	pcrs(out, s->release_pcrs);
}
TOLD(release_after_restart)
{
	yes_no(out, s->release_after_restart);
}
TOLD(releases)
{
	line(out, "%lld", s->releases_max);
}
TOLD(lease_reboots)
{
	line(out, "%lld", s->lease_reboots);
}
TOLD(lease_hours)
{
	line(out, "%lld", s->lease_hours);
}
TOLD(lease_group)
{
	for (size_t i = 0; i < s->n_lease_groups; i++)
		text_line(out, s->lease_groups[i]);
}

enum { NO_RULE = -1 };

/* tests/layering.sh holds it against the keys of settings.c */
static const struct {
	const char *key;
	void (*tell)(const struct settings *s, json_t *out);
	int rule;
	const char *text;
} rows[] = {
	{ "learned", tell_learned, POLICY_LEARNED,
	  "whether values that nobody but `assay refval learn` vouches for affirm, or warn" },
	{ "require", tell_require, POLICY_REQUIRED,
	  "so many devices of this model have to be there and verified" },
	{ "svn_floor", tell_svn_floor, POLICY_SVN_FLOOR,
	  "a device of this model with a lower security version is refused" },
	{ "refuse_endorsed", tell_refuse_endorsed, POLICY_ENDORSED_NAME,
	  "what a CoRIM endorses with this name is refused" },
	{ "warn_endorsed", tell_warn_endorsed, POLICY_ENDORSED_NAME,
	  "what a CoRIM endorses with this name gets a warning" },
	{ "debug", tell_debug, POLICY_DEBUG,
	  "what becomes of a host with something in debug mode" },
	{ "secure_boot_required", tell_secure_boot_required, POLICY_SECURE_BOOT,
	  "a boot without Secure Boot is refused" },
	{ "reboot_within", tell_reboot_within, POLICY_BOOT_AGE,
	  "a host whose boot is older gets a warning; 0: however old" },
	{ "boot_phase", tell_boot_phase, POLICY_BOOT_END,
	  "a host with volumes whose PCR 15 stays zero for longer gets a warning; 0: for ever" },
	{ "stale_after", tell_stale_after, NO_RULE,
	  "a verdict that is older is neither good nor bad; 0: never" },
	{ "spdm_version_min", tell_spdm_version_min, NO_RULE,
	  "evidence of a device by an older version of SPDM does not count" },
	{ "detects", tell_detects, NO_RULE,
	  "what the host's kernel has to notice about each device before a key is given" },
	{ "prevents", tell_prevents, NO_RULE,
	  "what the host's kernel has to prevent for each device before a key is given" },
	{ "device_log_required", tell_device_log_required, NO_RULE,
	  "a key only with the kernel's own record of devices in a PCR" },
	{ "session_required", tell_session_required, NO_RULE,
	  "a key only for measurements of an SPDM session: no host has one in this version" },
	{ "ide_required", tell_ide_required, NO_RULE,
	  "a key only where links are encrypted: no host shows it in this version" },
	{ "device_move_after", tell_device_move_after, NO_RULE,
	  "a device's key on two hosts within this time is refused on both" },
	{ "ima", tell_ima, POLICY_IMA_FILES,
	  "whether the kernel's list of files is asked for (replay) and each file has to be "
	  "known" },
	{ "ima_unknown", tell_ima_unknown, POLICY_IMA_FILES,
	  "what becomes of a host with a file that nobody knows" },
	{ "ima_violations", tell_ima_violations, POLICY_IMA_CHANGED,
	  "what becomes of a host with a file that was changed while it was measured" },
	{ "ima_exclude", tell_ima_exclude, POLICY_IMA_FILES,
	  "files below this path are not judged" },
	{ "ima_refuse", tell_ima_refuse, POLICY_IMA_PATHS,
	  "a measured file below this path is refused" },
	{ "ima_require", tell_ima_require, POLICY_IMA_REQUIRED,
	  "a file below this path has to be in the list" },
	{ "ima_signer", tell_ima_signer, POLICY_IMA_FILES,
	  "files that this key signed are known; the SHA-256 of the key stands here" },
	{ "corim_rules", tell_corim_rules, NO_RULE,
	  "how measured digests are held against those of a reference value" },
	{ "cotl_required", tell_cotl_required, NO_RULE, "only tags that a CoTL lists count" },
	{ "release_pcrs", tell_release_pcrs, NO_RULE, "what a key share is sealed to" },
	{ "release_after_restart", tell_release_after_restart, NO_RULE,
	  "a share also after a TPM Restart that was no Reset" },
	{ "releases", tell_releases, NO_RULE,
	  "how often a host gets key shares within ten minutes; 0: any number" },
	{ "lease_reboots", tell_lease_reboots, NO_RULE,
	  "for how many boots a disk opens without a server; 0: no leases" },
	{ "lease_hours", tell_lease_hours, NO_RULE, "and for how many hours of the TPM's clock" },
	{ "lease_group", tell_lease_group, NO_RULE,
	  "leases for hosts of this group alone; none: of all" },
};

json_t *policy_told(const struct settings *s)
{
	struct settings *plain = calloc(1, sizeof(*plain));
	json_t *out = json_array();

	if (plain)
		settings_default(plain, "");
	for (size_t i = 0; plain && i < ARRAY_LEN(rows); i++) {
		json_t *value = json_array(), *usual = json_array(), *row;

		rows[i].tell(s, value);
		rows[i].tell(plain, usual);
		row = json_pack("{s:s, s:O, s:b, s:s}", "key", rows[i].key, "value", value,
				"default", json_equal(value, usual), "text", rows[i].text);
		if (rows[i].rule != NO_RULE)
			json_object_set_new(
				row, "rule",
				json_string(policy_rule_name((enum policy_rule)rows[i].rule)));
		json_array_append_new(out, row);
		json_decref(value);
		json_decref(usual);
	}
	free(plain);
	return out;
}
