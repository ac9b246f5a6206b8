// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/netlink_message.h"
#include "common/config.h"
#include "common/text.h"
#include "tpm.h"

enum { DEFAULT_RELEASE_PCRS = 0xdbff };

#define TAKES(name)                                                                                \
	static int name(void *into, const char *argument, const char *value, struct err *e)
#define TEXT(field)                                                                                \
	TAKES(take_##field)                                                                        \
	{                                                                                          \
		struct agent_settings *s = into;                                                   \
		(void)argument;                                                                    \
		return config_text(s->field, sizeof(s->field), value, e);                          \
	}
TEXT(ca)
TEXT(host_name)
TEXT(join_token_file)
TEXT(tcti)
TEXT(boot_log)
TEXT(pci_folder)
TEXT(collector_socket)
TEXT(agent_socket)

/* The whole of it: 127.0.0.1.example.org and 127.0.0.1:80@example.org are somebody else's. */
static bool is_plain_loopback(const char *url)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://[::1]" };

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		const char *rest = url + strlen(hosts[i]);

		if (strncmp(url, hosts[i], strlen(hosts[i])))
			continue;
		if (*rest == ':')
			rest += 1 + strspn(rest + 1, "0123456789");
		return !*rest;
	}
	return false;
}

TAKES(take_url)
{
	struct agent_settings *s = into;

	(void)argument;
	if (s->n_urls == SERVERS_MAX)
		return err_set(e, E_CONFIG, "more than %d servers", SERVERS_MAX);
	if (strncmp(value, "https://", 8) && !is_plain_loopback(value))
		return err_set(e, E_CONFIG,
			       "https:// expected (http:// only to a loopback address)");
	return config_text(s->url[s->n_urls++], sizeof(s->url[0]), value, e);
}

TAKES(take_pin)
{
	struct agent_settings *s = into;
	u8 raw[32];

	(void)argument;
	if (s->n_pins == PINS_MAX)
		return err_set(e, E_CONFIG, "more than %d pins", PINS_MAX);
	if (base64_read(bytes_text(value), raw, sizeof(raw)) != 32)
		return err_set(e, E_CONFIG, "base64 of a SHA-256 expected");
	return config_text(s->pin[s->n_pins++], sizeof(s->pin[0]), value, e);
}

TAKES(take_deployment)
{
	struct agent_settings *s = into;

	(void)argument;
	s->has_deployment = uuid_read(value, s->deployment);
	return s->has_deployment ? 0 : err_set(e, E_CONFIG, "a UUID expected");
}

TAKES(take_ima_list)
{
	struct agent_settings *s = into;

	(void)argument;
	if (strcmp(value, "off") && value[0] != '/')
		return err_set(e, E_CONFIG, "off, or an absolute path expected");
	return config_text(s->ima_list, sizeof(s->ima_list), strcmp(value, "off") ? value : "", e);
}

TAKES(take_interval)
{
	(void)argument;
	return config_duration(&((struct agent_settings *)into)->interval_s, value, e);
}

TAKES(take_event_gap)
{
	(void)argument;
	return config_duration(&((struct agent_settings *)into)->event_gap_s, value, e);
}

TAKES(take_jitter)
{
	(void)argument;
	return config_duration(&((struct agent_settings *)into)->jitter_s, value, e);
}

TAKES(take_enroll_auto)
{
	(void)argument;
	return config_bool(&((struct agent_settings *)into)->enroll_auto, value, e);
}

TAKES(take_enroll_retry)
{
	struct agent_settings *s = into;

	(void)argument;
	if (config_duration(&s->enroll_retry_s, value, e))
		return (int)e->code;
	return s->enroll_retry_s > 0 ? 0 : err_set(e, E_CONFIG, "longer than nothing expected");
}

TAKES(take_allow_socket)
{
	(void)argument;
	return config_bool(&((struct agent_settings *)into)->allow_socket_source, value, e);
}

TAKES(take_allow_file)
{
	(void)argument;
	return config_bool(&((struct agent_settings *)into)->allow_file_source, value, e);
}

/* The next word of a list "a, b c"; NULL at its end. */
static const char *next_word(const char **at, char out[32])
{
	size_t len;

	*at += strspn(*at, ", ");
	len = strcspn(*at, ", ");
	snprintf(out, 32, "%.*s", (int)len, *at);
	*at += len;
	return len ? out : NULL;
}

TAKES(take_sources)
{
	struct agent_settings *s = into;
	char word[32];

	(void)argument;
	s->kernel_cma = false;
	while (next_word(&value, word)) {
		if (strcmp(word, "kernel-cma"))
			return err_set(e, E_CONFIG,
				       "kernel-cma expected, or nothing; \"%s\" is no source of "
				       "this version",
				       word);
		s->kernel_cma = true;
	}
	return 0;
}

TAKES(take_slots)
{
	struct agent_settings *s = into;
	char word[32];

	(void)argument;
	s->n_slots = 0;
	while (next_word(&value, word)) {
		long long v;

		if (config_number(&v, 0, SPDM_SLOTS_MAX - 1, word, e))
			return (int)e->code;
		if (memchr(s->slots, (int)v, s->n_slots))
			return err_set(e, E_CONFIG, "slot %lld stands twice", v);
		s->slots[s->n_slots++] = (u8)v;
	}
	return s->n_slots ? 0 : err_set(e, E_CONFIG, "slots of 0 to 7 expected, best first");
}

/* The place of @value among @names, which end with NULL; -1 and an error when it is not there. */
static int one_of(const char *const *names, const char *value, const char *expected, struct err *e)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(value, names[i]))
			return i;
	err_set(e, E_CONFIG, "%s expected", expected);
	return -1;
}

TAKES(take_ek)
{
	static const char *const kinds[] = {
		"auto",		 "ecc-p256", "ecc-p256-high", "ecc-p384-high", "rsa-2048",
		"rsa-2048-high", NULL
	};
	static const int templates[] = { EK_BY_CERTIFICATE,	    TEMPLATE_EK_ECC_P256,
					 TEMPLATE_EK_ECC_P256_HIGH, TEMPLATE_EK_ECC_P384_HIGH,
					 TEMPLATE_EK_RSA_2048,	    TEMPLATE_EK_RSA_2048_HIGH };
	int kind = one_of(kinds, value,
			  "auto, ecc-p256, ecc-p256-high, ecc-p384-high, rsa-2048 or rsa-2048-high",
			  e);

	(void)argument;
	if (kind < 0)
		return (int)e->code;
	((struct agent_settings *)into)->ek = templates[kind];
	return 0;
}

TAKES(take_ak)
{
	static const char *const kinds[] = { "ecc-p256", "ecc-p384", "rsa-2048", NULL };
	static const enum tpm_template templates[] = { TEMPLATE_AK_ECC_P256, TEMPLATE_AK_ECC_P384,
						       TEMPLATE_AK_RSA_2048 };
	int kind = one_of(kinds, value, "ecc-p256, ecc-p384 or rsa-2048", e);

	(void)argument;
	if (kind < 0)
		return (int)e->code;
	((struct agent_settings *)into)->ak = templates[kind];
	return 0;
}

TAKES(take_gate)
{
	static const char *const modes[] = {
		[GATE_MODE_OFF] = "off", [GATE_MODE_ACCEPT] = "accept", [GATE_MODE_ON] = "on", NULL
	};
	int mode = one_of(modes, value, "off, accept or on", e);

	(void)argument;
	if (mode < 0)
		return (int)e->code;
	((struct agent_settings *)into)->gate = (enum gate_mode)mode;
	return 0;
}

TAKES(take_on_fail)
{
	static const char *const acts[] = { [ASSAY_ON_FAIL_REPORT] = "report",
					    [ASSAY_ON_FAIL_DETACH] = "detach",
					    [ASSAY_ON_FAIL_PANIC] = "panic",
					    NULL };
	int act = one_of(acts, value, "report, detach or panic", e);

	(void)argument;
	if (act < 0)
		return (int)e->code;
	((struct agent_settings *)into)->on_fail = (u32)act;
	return 0;
}

TAKES(take_ungated)
{
	struct agent_settings *s = into;
	char word[32];

	(void)argument;
	while (next_word(&value, word)) {
		if (!pci_address_valid(word) || strlen(word) >= sizeof(s->ungated[0]))
			return err_set(e, E_CONFIG, "PCI addresses as 0000:01:00.0 expected");
		if (s->n_ungated == UNGATED_MAX)
			return err_set(e, E_CONFIG, "more than %d addresses", UNGATED_MAX);
		memcpy(s->ungated[s->n_ungated++], word, strlen(word) + 1);
	}
	return 0;
}

static struct test_device *device_named(struct agent_settings *s, const char *name, struct err *e)
{
	for (size_t i = 0; i < s->n_devices; i++)
		if (!strcmp(s->devices[i].name, name))
			return &s->devices[i];
	if (!*name || strlen(name) >= sizeof(s->devices[0].name) ||
	    s->n_devices == TEST_DEVICES_MAX) {
		err_set(e, E_CONFIG, "[device NAME] expected, at most %d of them",
			TEST_DEVICES_MAX);
		return NULL;
	}
	memcpy(s->devices[s->n_devices].name, name, strlen(name) + 1);
	return &s->devices[s->n_devices++];
}

TAKES(take_device_address)
{
	struct test_device *d = device_named(into, argument, e);

	return d ? config_text(d->address, sizeof(d->address), value, e) : (int)e->code;
}

TAKES(take_device_file)
{
	struct test_device *d = device_named(into, argument, e);

	if (d && value[0] != '/')
		return err_set(e, E_CONFIG, "an absolute path expected");
	return d ? config_text(d->file, sizeof(d->file), value, e) : (int)e->code;
}

TAKES(take_device_identity)
{
	struct test_device *d = device_named(into, argument, e);
	struct pci_identity ignored;

	if (!d || pci_identity_parse(value, &ignored, e))
		return (int)e->code;
	return config_text(d->identity, sizeof(d->identity), value, e);
}

TAKES(take_device_slot)
{
	struct test_device *d = device_named(into, argument, e);
	long long v;

	if (!d || config_number(&v, 0, 7, value, e))
		return (int)e->code;
	d->slot = (u8)v;
	return 0;
}

static struct agent_volume *volume_named(struct agent_settings *s, const char *uuid, struct err *e)
{
	struct agent_volume v = { 0 };

	if (!uuid_read(uuid, v.uuid)) {
		err_set(e, E_CONFIG, "[volume UUID] expected");
		return NULL;
	}
	for (size_t i = 0; i < s->n_volumes; i++)
		if (!memcmp(s->volumes[i].uuid, v.uuid, sizeof(v.uuid)))
			return &s->volumes[i];
	if (s->n_volumes == VOLUMES_MAX) {
		err_set(e, E_CONFIG, "more than %d volumes", VOLUMES_MAX);
		return NULL;
	}
	s->volumes[s->n_volumes] = v;
	return &s->volumes[s->n_volumes++];
}

TAKES(take_epoch)
{
	struct agent_volume *v = volume_named(into, argument, e);
	long long epoch;

	if (!v || config_number(&epoch, 1, 0x7fffffff, value, e))
		return (int)e->code;
	if (v->epoch || v->counter)
		return err_set(e, E_CONFIG, "the volume stands twice");
	v->epoch = (u64)epoch;
	return 0;
}

static int nv_index(const char *value, u32 *out, struct err *e)
{
	char *end;
	unsigned long index = strtoul(value, &end, 0);

	if (!*value || *end || index < COUNTER_FIRST || index > COUNTER_LAST)
		return err_set(e, E_CONFIG, "an NV index from 0x%08x to 0x%08x expected",
			       COUNTER_FIRST, COUNTER_LAST);
	*out = (u32)index;
	return 0;
}

TAKES(take_counter)
{
	struct agent_settings *s = into;
	struct agent_volume *v = volume_named(s, argument, e);
	u32 index = 0;

	if (!v)
		return (int)e->code;
	if (v->epoch || v->counter)
		return err_set(e, E_CONFIG, "the volume stands twice");
	if (nv_index(value, &index, e))
		return (int)e->code;
	for (size_t i = 0; i < s->n_volumes; i++)
		if (s->volumes[i].counter == index)
			return err_set(e, E_CONFIG, "two volumes have this counter");
	v->counter = index;
	return 0;
}

TAKES(take_policy_key)
{
	struct agent_volume *v = volume_named(into, argument, e);
	struct strict_key key;
	long n;

	if (!v)
		return (int)e->code;
	n = base64_read(bytes_text(value), v->policy_key, sizeof(v->policy_key));
	if (n <= 0 || strict_key_of((struct bytes){ v->policy_key, (size_t)n }, &key, e))
		return err_set(e, E_CONFIG,
			       "a P-256 public key expected, SubjectPublicKeyInfo in "
			       "base64");
	v->policy_key_len = (size_t)n;
	return 0;
}

TAKES(take_lease_counter)
{
	(void)argument;
	return nv_index(value, &((struct agent_settings *)into)->lease_counter, e);
}

static const struct config_key keys[] = {
	{ "server", "url", take_url },
	{ "server", "pin", take_pin },
	{ "server", "ca", take_ca },
	{ "server", "deployment", take_deployment },
	{ "host", "name", take_host_name },
	{ "enroll", "auto", take_enroll_auto },
	{ "enroll", "token_file", take_join_token_file },
	{ "enroll", "retry", take_enroll_retry },
	{ "tpm", "tcti", take_tcti },
	{ "tpm", "ek", take_ek },
	{ "tpm", "ak", take_ak },
	{ "logs", "boot", take_boot_log },
	{ "logs", "ima", take_ima_list },
	{ "devices", "pci", take_pci_folder },
	{ "devices", "sources", take_sources },
	{ "devices", "slots", take_slots },
	{ "devices", "gate", take_gate },
	{ "devices", "on_fail", take_on_fail },
	{ "devices", "ungated", take_ungated },
	{ "sockets", "collector", take_collector_socket },
	{ "sockets", "agent", take_agent_socket },
	{ "rounds", "interval", take_interval },
	{ "rounds", "jitter", take_jitter },
	{ "rounds", "event_gap", take_event_gap },
	{ "device", "address", take_device_address },
	{ "device", "file", take_device_file },
	{ "device", "identity", take_device_identity },
	{ "device", "slot", take_device_slot },
	{ "volume", "epoch", take_epoch },
	{ "volume", "counter", take_counter },
	{ "volume", "policy_key", take_policy_key },
	{ "lease", "counter", take_lease_counter },
	{ "test", "allow_socket_source", take_allow_socket },
	{ "test", "allow_file_source", take_allow_file },
};

static int check_device(const struct agent_settings *s, const struct test_device *d, struct err *e)
{
	bool is_file = d->file[0];

	if (is_file == (d->address[0] != 0) || !d->identity[0])
		return err_set(e, E_CONFIG,
			       "[device %s] needs an identity, and either an address or a file",
			       d->name);
	if (is_file ? !s->allow_file_source : !s->allow_socket_source)
		return err_set(e, E_CONFIG, "[device %s] is %s: [test] %s = yes is needed", d->name,
			       is_file ? "saved evidence" : "a simulated device",
			       is_file ? "allow_file_source" : "allow_socket_source");
	return 0;
}

static int check(const struct agent_settings *s, struct err *e)
{
	if (!s->n_urls || !s->has_deployment)
		return err_set(e, E_CONFIG, "[server] url and deployment are needed");
	for (size_t i = 0; i < s->n_urls; i++)
		if (!s->n_pins && !s->ca[0] && !strncmp(s->url[i], "https", 5))
			return err_set(e, E_CONFIG,
				       "[server] pin or ca is needed: the server has to be known");
	if (s->gate != GATE_MODE_OFF && (!s->kernel_cma || !s->pci_folder[0]))
		return err_set(e, E_CONFIG,
			       "[devices] gate is of the kernel's devices: pci and sources = "
			       "kernel-cma are needed");
	for (size_t i = 0; i < s->n_volumes; i++)
		if (s->lease_counter && s->volumes[i].counter == s->lease_counter)
			return err_set(e, E_CONFIG,
				       "[lease] counter is the one of a volume: it needs its own");
	for (size_t i = 0; i < s->n_devices; i++)
		if (check_device(s, &s->devices[i], e))
			return (int)e->code;
	return 0;
}

static int by_uuid(const void *a, const void *b)
{
	return memcmp(((const struct agent_volume *)a)->uuid,
		      ((const struct agent_volume *)b)->uuid, 16);
}

int agent_settings_load(const char *path, struct agent_settings *out, struct err *e)
{
	*out = (struct agent_settings){
		.enroll_auto = true,
		.enroll_retry_s = 300,
		.tcti = "device:/dev/tpmrm0",
		.ek = EK_BY_CERTIFICATE,
		.ak = TEMPLATE_AK_ECC_P256,
		.boot_log = "/sys/kernel/security/tpm0/binary_bios_measurements",
		.ima_list = "/sys/kernel/security/ima/binary_runtime_measurements",
		.pci_folder = "/sys/bus/pci/devices",
		.kernel_cma = true,
		.n_slots = 1,
		.on_fail = ASSAY_ON_FAIL_DETACH,
		.collector_socket = "/run/assay/collector.sock",
		.agent_socket = "/run/assay/agent.sock",
		.interval_s = 3600,
		.jitter_s = 300,
		.event_gap_s = 10,
		.release_pcrs = DEFAULT_RELEASE_PCRS,
	};
	gethostname(out->host_name, sizeof(out->host_name) - 1);
	if (config_load(path, keys, sizeof(keys) / sizeof(keys[0]), out, e) || check(out, e))
		return err_while(e, "%s", path);
	qsort(out->volumes, out->n_volumes, sizeof(out->volumes[0]), by_uuid);
	return 0;
}
