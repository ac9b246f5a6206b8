// SPDX-License-Identifier: Apache-2.0
/* SPDM devices in this process: tests/device answers, the requester of the agent asks, no socket between. */
#include "fleet.h"

#include <stdio.h>

#include "agent/collector/drive.h"

void fleet_device_label(const struct fleet_device *d, char out[LABEL_MAX + 1])
{
	snprintf(out, LABEL_MAX + 1, "%04x:%04x/%016llx/0", d->model->vendor, d->model->device,
		 (unsigned long long)d->serial);
}

static EVP_PKEY *key_of(const struct fleet *f, const struct fleet_host *h, size_t i)
{
	return fleet_key(f, KEY_OF_DEVICE, h->index, i, h->devices[i].model->p384);
}

/* @bad: one that is refused, with a sentence that repeats what it says of itself: its subject, or its PCIe name. */
static void make_leaf(const struct fleet *f, const struct fleet_host *h, size_t i, bool bad,
		      EVP_PKEY *key, struct octets *out)
{
	const struct fleet_device *d = &h->devices[i];
	const struct fleet_model *m = d->model;
	bool bad_name = bad && h->bad_name;
	char name[240];
	struct leaf_options o = { .subject =
					  f->o.hostile ? fleet_hostile(h->index / 2 + i) : m->name,
				  .number = f->o.hostile ? fleet_hostile(h->index + i + 3) : NULL,
				  .name = name,
				  .flaw = bad && !bad_name ? "no-digital-signature" : NULL };

	snprintf(name, sizeof(name),
		 "Vendor=%04x:Device=%04x:CC=%06x:REV=02:SSVID=%04x:SSID=%04x:%016llx%s%s",
		 m->vendor, m->device, m->class_code, m->subsystem_vendor, m->subsystem,
		 (unsigned long long)d->serial, bad_name ? " " : "",
		 !bad_name	? ""
		 : f->o.hostile ? fleet_hostile(h->index / 2)
				: "of mine");
	if (authority_leaf(f->authority, key, &o, out))
		die("no certificate for a device of %s", h->name);
}

void fleet_device_make(const struct fleet *f, struct fleet_host *h, size_t i)
{
	EVP_PKEY *key = key_of(f, h, i);

	make_leaf(f, h, i, false, key, &h->devices[i].leaf);
	EVP_PKEY_free(key);
}

static int exchange(void *user, struct bytes request, u8 *response, size_t *len, struct err *e)
{
	static __thread u8 room[MESSAGE_MAX + 600]; /* what respond() wants */

	*len = respond(user, request.at, request.len, room);
	if (!*len || *len > SPDM_MSG_MAX + 4)
		return err_set(e, E_DEVICE, "the device's answer has %zu bytes", *len);
	memcpy(response, room, *len);
	return 0;
}

/* As `spdm-device serve` sets one up. */
static void wake(const struct fleet *f, const struct fleet_device *d, int version, EVP_PKEY *key,
		 const struct octets *leaf, struct device *out)
{
	*out = (struct device){ .flags = 0x16, /* certificates, challenge, signed measurements */
				.asym = asym_bit(d->model->p384 ? "p384" : "p256"),
				.hash = hash_bit(d->model->p384 ? "sha384" : "sha256"),
				.meas_hash = 2, /* SHA-256 */
				.portion_max = 4096 };
	snprintf(out->measurements, sizeof(out->measurements), "%s",
		 d->model->versions[version].file);
	if (!versions_set(out, d->model->p384 ? "1.2-1.3" : "1.2-1.2") ||
	    authority_fill(f->authority, out, 0, key, leaf))
		die("a device cannot be set up");
}

void fleet_device_collect(const struct fleet *f, const struct fleet_host *h, size_t i,
			  const struct fleet_shown *shown, const struct evidence_context *c,
			  struct device_evidence *out)
{
	struct spdm_requester_config config = { .version_min = SPDM_10, .version_max = SPDM_13 };
	const struct fleet_device *d = &h->devices[i];
	EVP_PKEY *key = key_of(f, h, i);
	bool bad = shown->bad_certificate && !i;
	struct octets bad_leaf = { 0 };
	struct device device;
	struct session session = { .device = &device };
	struct spdm_transport t = { &session, exchange };
	struct err e = { 0 };

	*out = (struct device_evidence){ .source = "socket", .generation = 1 };
	fleet_device_label(d, out->label);
	evidence_device_nonce(c, NONCE_MEASUREMENTS, bytes_text(out->label), 0, config.nonce);
	evidence_device_nonce(c, NONCE_CHALLENGE, bytes_text(out->label), 0,
			      config.challenge_nonce);
	need(random_bytes(config.context, sizeof(config.context), &e), &e);
	if (bad)
		make_leaf(f, h, i, true, key, &bad_leaf);
	wake(f, d, shown->version[i], key, bad ? &bad_leaf : &d->leaf, &device);
	session_reset(&session);
	need(spdm_drive(&t, &config, out, &e), &e);
	session_free(&session);
	identity_clear(&device);
	octets_free(&bad_leaf);
	EVP_PKEY_free(key);
}
