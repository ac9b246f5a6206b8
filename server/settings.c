// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/config.h"
#include "common/limits.h"
#include "verifier/verify.h"

/* 0-7, 8, 9, 11, 12, 14, 15: never 10 (IMA), 13 (evidence), 16 to 23 (resettable) */
enum { DEFAULT_RELEASE_PCRS = 0xdbff, FORBIDDEN_RELEASE_PCRS = 0xff2400, CAP_PCR_BIT = 1 << 15 };

#define TEXT(field)                                                                                \
	static int take_##field(void *into, const char *arg, const char *value, struct err *e)     \
	{                                                                                          \
		struct settings *s = into;                                                         \
		(void)arg;                                                                         \
		return config_text(s->field, sizeof(s->field), value, e);                          \
	}
#define BOOL(field)                                                                                \
	static int take_##field(void *into, const char *arg, const char *value, struct err *e)     \
	{                                                                                          \
		(void)arg;                                                                         \
		return config_bool(&((struct settings *)into)->field, value, e);                   \
	}

TEXT(address)
TEXT(state)
TEXT(database)
TEXT(kek)
TEXT(kek_provider)
TEXT(kek_pin_file)
TEXT(audit_floor)
TEXT(ek_roots)
TEXT(ek_intermediates)
TEXT(ek_crls)
TEXT(device_roots)
TEXT(corim_roots)
TEXT(corim_crls)
BOOL(tls)
BOOL(release_after_restart)
BOOL(device_log_required)
BOOL(session_required)
BOOL(ide_required)
BOOL(release_from_test_sources)
BOOL(corim_old_shapes)

/* One key: whichever of both is said last. */
static int take_kek_path(void *into, const char *arg, const char *value, struct err *e)
{
	if (key_place_is_uri(value))
		return err_set(e, E_CONFIG, "a path expected; a URI is [kek] uri");
	return take_kek(into, arg, value, e);
}

static int take_kek_uri(void *into, const char *arg, const char *value, struct err *e)
{
	if (!key_place_is_uri(value))
		return err_set(e, E_CONFIG, "a URI expected, file: or pkcs11: for example");
	return take_kek(into, arg, value, e);
}

static int take_port(void *into, const char *arg, const char *value, struct err *e)
{
	long long v;

	(void)arg;
	if (config_number(&v, 0, 65535, value, e))
		return (int)e->code;
	((struct settings *)into)->port = (u16)v;
	return 0;
}

static int take_threads(void *into, const char *arg, const char *value, struct err *e)
{
	long long v;

	(void)arg;
	if (config_number(&v, 1, 64, value, e))
		return (int)e->code;
	((struct settings *)into)->threads = (unsigned int)v;
	return 0;
}

static int take_move(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_duration(&((struct settings *)into)->device_move_s, value, e);
}

static int take_stale(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_duration(&((struct settings *)into)->stale_after_s, value, e);
}

static int take_spdm_min(void *into, const char *arg, const char *value, struct err *e)
{
	static const char *const versions[] = { "1.0", "1.1", "1.2", "1.3" };

	(void)arg;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (!strcmp(value, versions[i])) {
			((struct settings *)into)->spdm_version_min = (u8)(0x10 + i);
			return 0;
		}
	}
	return err_set(e, E_CONFIG, "1.0, 1.1, 1.2 or 1.3 expected, not \"%s\"", value);
}

static int take_releases(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_number(&((struct settings *)into)->releases_max, 0, 1000000, value, e);
}

static int take_lease_reboots(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_number(&((struct settings *)into)->lease_reboots, 0, LEASE_REBOOTS_MAX, value,
			     e);
}

static int take_lease_hours(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_number(&((struct settings *)into)->lease_hours, 1, LEASE_HOURS_MAX, value, e);
}

static int take_lease_group(void *into, const char *arg, const char *value, struct err *e)
{
	struct settings *s = into;

	(void)arg;
	if (s->n_lease_groups == ARRAY_LEN(s->lease_groups))
		return err_set(e, E_CONFIG, "more than %zu groups", ARRAY_LEN(s->lease_groups));
	return config_text(s->lease_groups[s->n_lease_groups++], sizeof(s->lease_groups[0]), value,
			   e);
}

/* "0-9,11,12,14,15" */
static int take_release_pcrs(void *into, const char *arg, const char *value, struct err *e)
{
	const char *p = value;
	u32 pcrs = 0;

	(void)arg;
	while (*p) {
		char *end;
		unsigned long from = strtoul(p, &end, 10), to = from;

		if (end != p && *end == '-') {
			p = end + 1;
			to = strtoul(p, &end, 10);
		}
		if (end == p || from > to || to > 23 || (*end && *end != ',') || !strcmp(end, ","))
			return err_set(e, E_CONFIG, "a list like 0-9,11,12 expected, not \"%s\"",
				       value);
		for (; from <= to; from++)
			pcrs |= 1u << from;
		p = *end ? end + 1 : end;
	}
	if (pcrs & FORBIDDEN_RELEASE_PCRS)
		return err_set(e, E_CONFIG, "PCR 10, 13 and 16 to 23 cannot be in the release set");
	if (!(pcrs & CAP_PCR_BIT))
		return err_set(e, E_CONFIG, "PCR 15, the cap, must be in the release set");
	((struct settings *)into)->release_pcrs = pcrs;
	return 0;
}

/* "reset, resume": what the kernel must do about each device */
static int take_guard(u32 *out, const char *value, struct err *e)
{
	char text[200], *save = NULL;

	*out = 0;
	if (snprintf(text, sizeof(text), "%s", value) >= (int)sizeof(text))
		return err_set(e, E_CONFIG, "too long");
	for (char *word = strtok_r(text, ", ", &save); word; word = strtok_r(NULL, ", ", &save)) {
		size_t i = 0;

		while (guard_names[i] && strcmp(guard_names[i], word))
			i++;
		if (!guard_names[i])
			return err_set(e, E_CONFIG,
				       "reset, aer, resume, d3cold or hold expected, not \"%s\"",
				       word);
		*out |= 1u << i;
	}
	return 0;
}

static int take_detects(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return take_guard(&((struct settings *)into)->must_detect, value, e);
}

static int take_prevents(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return take_guard(&((struct settings *)into)->must_prevent, value, e);
}

static int take_learned(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	if (strcmp(value, "affirm") && strcmp(value, "warn"))
		return err_set(e, E_CONFIG, "affirm or warn expected, not \"%s\"", value);
	((struct settings *)into)->appraisal.learned_affirms = !strcmp(value, "affirm");
	return 0;
}

static int take_debug(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	if (strcmp(value, "refuse") && strcmp(value, "warn"))
		return err_set(e, E_CONFIG, "refuse or warn expected, not \"%s\"", value);
	((struct settings *)into)->appraisal.debug_allowed = !strcmp(value, "warn");
	return 0;
}

static int take_secure_boot(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_bool(&((struct settings *)into)->appraisal.secure_boot_required, value, e);
}

static int take_require(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return policy_add_required(&((struct settings *)into)->appraisal, value, e);
}

static int take_svn_floor(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return policy_add_floor(&((struct settings *)into)->appraisal, value, e);
}

static int take_refuse_endorsed(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return policy_add_name(&((struct settings *)into)->appraisal, true, value, e);
}

static int take_warn_endorsed(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return policy_add_name(&((struct settings *)into)->appraisal, false, value, e);
}

static int take_cotl_required(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_bool(&((struct settings *)into)->refs.cotl_required, value, e);
}

static int take_corim_rules(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	if (strcmp(value, "containment") && strcmp(value, "whole"))
		return err_set(e, E_CONFIG, "containment or whole expected, not \"%s\"", value);
	((struct settings *)into)->refs.rules =
		strcmp(value, "whole") ? CORIM_CONTAINMENT : CORIM_WHOLE;
	return 0;
}

static int take_reboot_within(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_duration(&((struct settings *)into)->appraisal.reboot_within_s, value, e);
}

static int take_boot_phase(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_duration(&((struct settings *)into)->appraisal.boot_phase_s, value, e);
}

static int take_ima(void *into, const char *arg, const char *value, struct err *e)
{
	static const char *const modes[] = {
		[IMA_MODE_OFF] = "off", [IMA_MODE_REPLAY] = "replay", [IMA_MODE_KNOWN] = "known"
	};

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (!strcmp(value, modes[i])) {
			((struct settings *)into)->appraisal.ima.mode = (enum ima_mode)i;
			return 0;
		}
	return err_set(e, E_CONFIG, "off, replay or known expected, not \"%s\"", value);
}

static int take_ima_unknown(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	if (strcmp(value, "refuse") && strcmp(value, "warn"))
		return err_set(e, E_CONFIG, "refuse or warn expected, not \"%s\"", value);
	((struct settings *)into)->appraisal.ima.unknown_warns = !strcmp(value, "warn");
	return 0;
}

static int take_ima_violations(void *into, const char *arg, const char *value, struct err *e)
{
	static const char *const acts[] = { [IMA_CHANGED_WARNS] = "warn",
					    [IMA_CHANGED_REFUSES] = "refuse",
					    [IMA_CHANGED_IGNORED] = "ignore" };

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(acts); i++)
		if (!strcmp(value, acts[i])) {
			((struct settings *)into)->appraisal.ima.changed = (enum ima_changed)i;
			return 0;
		}
	return err_set(e, E_CONFIG, "warn, refuse or ignore expected, not \"%s\"", value);
}

static int take_ima_exclude(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return ima_rules_add(&((struct settings *)into)->appraisal.ima.excluded, value, e);
}

static int take_ima_refuse(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return ima_rules_add(&((struct settings *)into)->appraisal.ima.refused, value, e);
}

static int take_ima_require(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return ima_rules_add(&((struct settings *)into)->appraisal.ima.required, value, e);
}

static int take_ima_signer(void *into, const char *arg, const char *value, struct err *e)
{
	struct settings *s = into;

	(void)arg;
	return s->named_elsewhere ? 0 : ima_signers_add(&s->appraisal.ima.signers, value, e);
}

/* What it says is signed and no secret, but who reads along learns where a fleet is weak. */
static int take_webhook_url(void *into, const char *arg, const char *value, struct err *e)
{
	static const char *const loopback[] = { "http://127.0.0.1", "http://[::1]",
						"http://localhost" };
	bool allowed = !strncmp(value, "https://", 8);

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(loopback); i++) {
		size_t n = strlen(loopback[i]);

		allowed |= !strncmp(value, loopback[i], n) &&
			   (!value[n] || value[n] == ':' || value[n] == '/');
	}
	if (!allowed || strchr(value, '@'))
		return err_set(e, E_CONFIG,
			       "a webhook is https://, or http:// on loopback, without a name or "
			       "password");
	return config_text(((struct settings *)into)->webhook_url, PATH_TEXT, value, e);
}

static int take_webhook_key(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_text(((struct settings *)into)->webhook_key_file, PATH_TEXT, value, e);
}

static int take_webhook_ca(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_text(((struct settings *)into)->webhook_ca, PATH_TEXT, value, e);
}

static const struct config_key keys[] = {
	{ "listen", "address", take_address },
	{ "listen", "port", take_port },
	{ "listen", "tls", take_tls },
	{ "listen", "threads", take_threads },
	{ "store", "state", take_state },
	{ "store", "database", take_database },
	{ "kek", "file", take_kek_path },
	{ "kek", "uri", take_kek_uri },
	{ "kek", "provider", take_kek_provider },
	{ "kek", "pin_file", take_kek_pin_file },
	{ "audit", "floor", take_audit_floor },
	{ "trust", "ek_roots", take_ek_roots },
	{ "trust", "ek_intermediates", take_ek_intermediates },
	{ "trust", "ek_crls", take_ek_crls },
	{ "trust", "device_roots", take_device_roots },
	{ "trust", "corim_roots", take_corim_roots },
	{ "trust", "corim_crls", take_corim_crls },
	{ "trust", "corim_old_shapes", take_corim_old_shapes },
	{ "policy", "release_pcrs", take_release_pcrs },
	{ "policy", "spdm_version_min", take_spdm_min },
	{ "policy", "release_after_restart", take_release_after_restart },
	{ "policy", "releases", take_releases },
	{ "policy", "lease_reboots", take_lease_reboots },
	{ "policy", "lease_hours", take_lease_hours },
	{ "policy", "lease_group", take_lease_group },
	{ "policy", "detects", take_detects },
	{ "policy", "prevents", take_prevents },
	{ "policy", "device_log_required", take_device_log_required },
	{ "policy", "session_required", take_session_required },
	{ "policy", "ide_required", take_ide_required },
	{ "policy", "device_move_after", take_move },
	{ "policy", "stale_after", take_stale },
	{ "policy", "learned", take_learned },
	{ "policy", "debug", take_debug },
	{ "policy", "secure_boot_required", take_secure_boot },
	{ "policy", "require", take_require },
	{ "policy", "svn_floor", take_svn_floor },
	{ "policy", "refuse_endorsed", take_refuse_endorsed },
	{ "policy", "warn_endorsed", take_warn_endorsed },
	{ "policy", "reboot_within", take_reboot_within },
	{ "policy", "boot_phase", take_boot_phase },
	{ "policy", "ima", take_ima },
	{ "policy", "ima_unknown", take_ima_unknown },
	{ "policy", "ima_violations", take_ima_violations },
	{ "policy", "ima_exclude", take_ima_exclude },
	{ "policy", "ima_refuse", take_ima_refuse },
	{ "policy", "ima_require", take_ima_require },
	{ "policy", "ima_signer", take_ima_signer },
	{ "policy", "cotl_required", take_cotl_required },
	{ "policy", "corim_rules", take_corim_rules },
	{ "webhook", "url", take_webhook_url },
	{ "webhook", "key_file", take_webhook_key },
	{ "webhook", "ca", take_webhook_ca },
	{ "test", "release_from_test_sources", take_release_from_test_sources },
};

void settings_default(struct settings *out, const char *state)
{
	*out = (struct settings){
		.address = "::",
		.port = 8443,
		.tls = true,
		.threads = 8,
		.release_pcrs = DEFAULT_RELEASE_PCRS,
		.spdm_version_min = 0x12,
		.stale_after_s = 2 * 86400,
		.device_move_s = 86400,
		.releases_max = 30,
		.lease_hours = 72,
	};
	snprintf(out->state, sizeof(out->state), "%s", state);
}

struct key_place settings_kek(const struct settings *s)
{
	return (struct key_place){ s->kek, s->kek_provider, s->kek_pin_file };
}

static void default_path(char out[PATH_TEXT], const char *state, const char *name)
{
	if (!out[0])
		snprintf(out, PATH_TEXT, "%.*s/%s", PATH_TEXT - 32, state, name);
}

static int load(const char *path, bool named_elsewhere, struct settings *out, struct err *e)
{
	settings_default(out, "/var/lib/assay-server");
	out->named_elsewhere = named_elsewhere;
	if (config_load(path, keys, sizeof(keys) / sizeof(keys[0]), out, e))
		return (int)e->code;
	default_path(out->database, out->state, "assay.db");
	default_path(out->kek, out->state, "kek.pem");
	default_path(out->audit_floor, out->state, "audit.floor");
	return 0;
}

int settings_load(const char *path, struct settings *out, struct err *e)
{
	return load(path, false, out, e);
}

int settings_load_elsewhere(const char *path, struct settings *out, struct err *e)
{
	return load(path, true, out, e);
}
