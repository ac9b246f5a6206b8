// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "eat.h"
#include "eat_claims.h"

/* @what: "host", a label, "release" */
static int finish(struct buf **b, struct buf **out, const char *what, struct err *e)
{
	if (cbor_written(buf_bytes(*b), what, e))
		return (int)e->code;
	*out = TAKE(*b);
	return 0;
}

static struct bytes text(const char *s)
{
	return bytes_text(s ? s : "");
}

static void put_text_claim(struct writer *w, long long key, struct bytes value)
{
	cbor_put_int(w, key);
	cbor_put_text(w, value);
}

static void put_bytes_claim(struct writer *w, long long key, struct bytes value)
{
	cbor_put_int(w, key);
	cbor_put_bytes(w, value);
}

static void put_uint_claim(struct writer *w, long long key, u64 value)
{
	cbor_put_int(w, key);
	cbor_put_uint(w, value);
}

static void put_kernel_state(struct writer *w, const struct eat_function *f)
{
	if (f->tsm.len)
		put_text_claim(w, 15, f->tsm);
	if (f->authenticated_by.len) {
		put_text_claim(w, 16, f->authenticated_by);
	} else if (f->has_authenticated) {
		cbor_put_int(w, 16);
		cbor_put_bool(w, f->authenticated);
	}
	if (f->n_streams) {
		cbor_put_int(w, 17);
		cbor_put_array(w, f->n_streams);
	}
	for (size_t i = 0; i < f->n_streams; i++)
		cbor_put_text(w, f->streams[i]);
}

static void put_function(struct writer *w, const struct eat_function *f)
{
	size_t n = 6 + 2u * f->has_subsystem + !!f->serial.len + !!f->parent.len + !!f->driver.len +
		   f->has_group + !!f->domain.len + !!f->label.len + !!f->tsm.len +
		   (f->authenticated_by.len || f->has_authenticated) + !!f->n_streams;

	cbor_put_map(w, n);
	put_text_claim(w, 1, f->address);
	put_uint_claim(w, 2, f->vendor);
	put_uint_claim(w, 3, f->device);
	put_uint_claim(w, 4, f->class_code);
	put_uint_claim(w, 5, f->revision);
	if (f->has_subsystem) {
		put_uint_claim(w, 6, f->subsystem_vendor);
		put_uint_claim(w, 7, f->subsystem);
	}
	if (f->serial.len)
		put_bytes_claim(w, 8, f->serial);
	if (f->parent.len)
		put_text_claim(w, 9, f->parent);
	if (f->driver.len)
		put_text_claim(w, 10, f->driver);
	if (f->has_group)
		put_uint_claim(w, 11, f->group);
	if (f->domain.len)
		put_text_claim(w, 12, f->domain);
	cbor_put_int(w, 13);
	cbor_put_bool(w, f->cma);
	if (f->label.len)
		put_text_claim(w, 14, f->label);
	put_kernel_state(w, f);
}

int eat_write_host(const struct eat_host_draft *d, struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(EVIDENCE_MAX);

	if (!b)
		return err_set(e, E_MEMORY, "no memory for the host submodule");
	cbor_put_map(&b->w, 3);
	put_text_claim(&b->w, CLAIM_PROFILE, text(PROFILE_INVENTORY));
	cbor_put_int(&b->w, CLAIM_INVENTORY);
	cbor_put_array(&b->w, d->n_functions);
	for (size_t i = 0; i < d->n_functions; i++)
		put_function(&b->w, &d->functions[i]);
	cbor_put_int(&b->w, CLAIM_AGENT);
	cbor_put_map(&b->w, 2u + (d->n_switches > 0) + (d->n_pins > 0));
	put_text_claim(&b->w, 1, text(d->agent_version));
	put_text_claim(&b->w, 2, text(d->phase));
	if (d->n_switches) {
		cbor_put_int(&b->w, 3);
		cbor_put_array(&b->w, d->n_switches);
		for (size_t i = 0; i < d->n_switches; i++)
			cbor_put_text(&b->w, text(d->switches[i]));
	}
	if (d->n_pins) {
		cbor_put_int(&b->w, 4);
		cbor_put_array(&b->w, d->n_pins);
		for (size_t i = 0; i < d->n_pins; i++)
			cbor_put_bytes(&b->w, BYTES(d->pins[i]));
	}
	return finish(&b, out, "host", e);
}

int eat_write_device(const struct device_evidence *d, struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(EVIDENCE_MAX);
	struct bytes challenge = buf_bytes(d->challenge);

	if (!b)
		return err_set(e, E_MEMORY, "no memory for a device submodule");
	if (d->failure[0]) {
		cbor_put_map(&b->w, 4);
		put_text_claim(&b->w, CLAIM_PROFILE, text(PROFILE_DEVICE));
		put_text_claim(&b->w, CLAIM_SOURCE, text(d->source));
		put_text_claim(&b->w, CLAIM_ADDRESS, text(d->address));
		put_text_claim(&b->w, CLAIM_FAILURE, text(d->failure));
		return finish(&b, out, d->label, e);
	}
	cbor_put_map(&b->w, 8u + (challenge.len > 0) + d->guard.known);
	put_text_claim(&b->w, CLAIM_PROFILE, text(PROFILE_DEVICE));
	put_bytes_claim(&b->w, CLAIM_VCA, buf_bytes(d->vca));
	put_text_claim(&b->w, CLAIM_SOURCE, text(d->source));
	put_text_claim(&b->w, CLAIM_ADDRESS, text(d->address));
	put_uint_claim(&b->w, CLAIM_GENERATION, d->generation);
	put_uint_claim(&b->w, CLAIM_SLOT, d->slot);
	put_bytes_claim(&b->w, CLAIM_CHAIN, buf_bytes(d->chain));
	put_bytes_claim(&b->w, CLAIM_MEASUREMENTS, buf_bytes(d->measurements));
	if (challenge.len)
		put_bytes_claim(&b->w, CLAIM_CHALLENGE, challenge);
	if (d->guard.known) {
		cbor_put_int(&b->w, CLAIM_KERNEL);
		cbor_put_array(&b->w, 3);
		cbor_put_uint(&b->w, d->guard.detects);
		cbor_put_uint(&b->w, d->guard.prevents);
		cbor_put_uint(&b->w, d->guard.hold);
	}
	return finish(&b, out, d->label, e);
}

static void put_volume(struct writer *w, const struct eat_volume *v)
{
	cbor_put_map(w, 3u + (v->counter > 0) + (v->act != VOLUME_GET) + (v->proof.len > 0));
	put_bytes_claim(w, 1, v->uuid);
	put_uint_claim(w, 2, v->epoch);
	put_bytes_claim(w, 3, v->k_public);
	if (v->counter)
		put_uint_claim(w, 4, v->counter);
	if (v->act != VOLUME_GET)
		put_uint_claim(w, 5, v->act);
	if (v->proof.len)
		put_bytes_claim(w, 6, v->proof);
}

static void put_counters(struct writer *w, const struct eat_tpm_draft *d, size_t n)
{
	cbor_put_int(w, CLAIM_COUNTERS);
	cbor_put_array(w, n);
	for (size_t i = 0; i < d->n_volumes; i++) {
		if (!d->volumes[i].counter)
			continue;
		cbor_put_array(w, 2);
		cbor_put_bytes(w, d->volumes[i].counted);
		cbor_put_bytes(w, d->volumes[i].counted_sig);
	}
}

static void put_lease(struct writer *w, const struct eat_lease *l)
{
	cbor_put_int(w, CLAIM_LEASE);
	cbor_put_array(w, l->parent.len ? 6 : 3);
	cbor_put_uint(w, l->counter);
	cbor_put_bytes(w, l->counted);
	cbor_put_bytes(w, l->counted_sig);
	if (!l->parent.len)
		return;
	cbor_put_bytes(w, l->parent);
	cbor_put_bytes(w, l->certify);
	cbor_put_bytes(w, l->certify_sig);
}

int eat_write_release(const struct eat_volume *v, size_t n, struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(VOLUMES_MAX * 512);

	if (!b)
		return err_set(e, E_MEMORY, "no memory for a release claim");
	if (n == 0 || n > VOLUMES_MAX)
		return err_set(e, E_USAGE, "a release asks for 1 to %d volumes", VOLUMES_MAX);
	for (size_t i = 1; i < n; i++)
		if (!cbor_key_less(v[i - 1].uuid, v[i].uuid))
			return err_set(e, E_USAGE, "volumes of a release are not sorted by UUID");
	if (n > 1)
		cbor_put_array(&b->w, n);
	for (size_t i = 0; i < n; i++)
		put_volume(&b->w, &v[i]);
	return finish(&b, out, "release", e);
}

int eat_write_tpm(const struct eat_tpm_draft *d, struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(65536);
	size_t n_counters = 0;

	if (!b)
		return err_set(e, E_MEMORY, "no memory for the tpm submodule");
	for (size_t i = 0; i < d->n_volumes; i++)
		n_counters += d->volumes[i].counter > 0;
	cbor_put_map(&b->w, 5u + (d->certify.len > 0) + (n_counters > 0) + (d->lease.counter > 0));
	put_text_claim(&b->w, CLAIM_PROFILE, text(PROFILE_TPM));
	put_bytes_claim(&b->w, CLAIM_AK_NAME, d->ak_name);
	put_bytes_claim(&b->w, CLAIM_QUOTE, d->quote);
	put_bytes_claim(&b->w, CLAIM_QUOTE_SIG, d->quote_sig);
	cbor_put_int(&b->w, CLAIM_PCRS);
	cbor_put_map(&b->w, d->n_banks);
	for (size_t i = 0; i < d->n_banks;
	     i++) { /* ascending: a TPM may list its banks as it likes */
		cbor_put_uint(&b->w, d->banks[i].alg);
		cbor_put_map(&b->w, (size_t)__builtin_popcount(d->banks[i].pcrs));
		for (u32 k = 0; k < TPM_PCRS; k++)
			if (d->banks[i].pcrs & 1u << k)
				put_bytes_claim(&b->w, (long long)k, d->banks[i].value[k]);
	}
	if (d->certify.len) {
		cbor_put_int(&b->w, CLAIM_CERTIFY);
		cbor_put_array(&b->w, 2);
		cbor_put_bytes(&b->w, d->certify);
		cbor_put_bytes(&b->w, d->certify_sig);
	}
	if (n_counters)
		put_counters(&b->w, d, n_counters);
	if (d->lease.counter)
		put_lease(&b->w, &d->lease);
	return finish(&b, out, "tpm", e);
}

static void put_ima(struct writer *w, const struct eat_ima *ima)
{
	const struct ima_banks *b = &ima->from.pcr10;

	if (ima->why.len) {
		put_text_claim(w, CLAIM_IMA, ima->why);
		return;
	}
	cbor_put_int(w, CLAIM_IMA);
	cbor_put_array(w, 5u + ima->more);
	cbor_put_uint(w, ima->from.reset_count);
	cbor_put_uint(w, ima->from.restart_count);
	cbor_put_uint(w, ima->from.next);
	cbor_put_map(w, b->n);
	for (size_t i = 0; i < b->n; i++)
		put_bytes_claim(w, tpm_alg_of(b->at[i].alg), digest_bytes(&b->at[i]));
	cbor_put_bytes(w, ima->entries);
	if (ima->more)
		cbor_put_bool(w, true);
}

int eat_write_logs(const struct eat_logs *l, struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(EVIDENCE_MAX);

	if (!b)
		return err_set(e, E_MEMORY, "no memory for the logs submodule");
	cbor_put_map(&b->w, 1u + (l->boot_log.len > 0) + (l->device_log.len > 0) + l->ima.sent +
				    (l->command_line.len > 0));
	put_text_claim(&b->w, CLAIM_PROFILE, text(PROFILE_LOGS));
	if (l->boot_log.len)
		put_bytes_claim(&b->w, CLAIM_BOOT_LOG, l->boot_log);
	if (l->device_log.len) {
		cbor_put_int(&b->w, CLAIM_DEVICE_LOG);
		cbor_put_array(&b->w, 2);
		cbor_put_uint(&b->w, l->device_log_pcr);
		cbor_put_bytes(&b->w, l->device_log);
	}
	if (l->ima.sent)
		put_ima(&b->w, &l->ima);
	if (l->command_line.len)
		put_bytes_claim(&b->w, CLAIM_COMMAND_LINE, l->command_line);
	return finish(&b, out, "logs", e);
}

/* Encoded text keys: the head holds the length, so shorter labels come first. */
static int by_key(const void *a, const void *b)
{
	const struct eat_submodule *x = a, *y = b;

	if (x->label.len != y->label.len)
		return x->label.len < y->label.len ? -1 : 1;
	return x->label.len ? memcmp(x->label.at, y->label.at, x->label.len) : 0;
}

void eat_sort(struct eat_submodule *s, size_t n)
{
	qsort(s, n, sizeof(*s), by_key);
}

int eat_write_token(const u8 nonce[32], const u8 ueid[UEID_LEN], u64 iat, const struct keypair *cnf,
		    struct bytes release, struct eat_submodule *s, size_t n, struct buf **out,
		    struct err *e)
{
	OWNED(buf) payload = buf_new(EVIDENCE_MAX);
	OWNED(buf) token = buf_new(EVIDENCE_MAX);
	u8 protected[8];
	struct writer p = writer_on(protected, sizeof(protected));

	if (!payload || !token)
		return err_set(e, E_MEMORY, "no memory for a token");
	eat_sort(s, n);
	cbor_put_map(&payload->w, release.len ? 7 : 6);
	put_uint_claim(&payload->w, CLAIM_IAT, iat);
	cbor_put_int(&payload->w, CLAIM_CNF);
	cbor_put_map(&payload->w, 1);
	cbor_put_int(&payload->w, 1);
	if (cose_key_write(keypair_pub(cnf), &payload->w, e))
		return (int)e->code;
	put_bytes_claim(&payload->w, CLAIM_NONCE, (struct bytes){ nonce, 32 });
	put_bytes_claim(&payload->w, CLAIM_UEID, (struct bytes){ ueid, UEID_LEN });
	put_text_claim(&payload->w, CLAIM_PROFILE, text(EAT_PROFILE_HOST));
	cbor_put_int(&payload->w, CLAIM_SUBMODS);
	cbor_put_map(&payload->w, n);
	for (size_t i = 0; i < n; i++) {
		cbor_put_text(&payload->w, s[i].label);
		write_bytes(&payload->w, s[i].value);
	}
	if (release.len) {
		cbor_put_int(&payload->w, CLAIM_RELEASE);
		write_bytes(&payload->w, release);
	}
	if (cbor_written(buf_bytes(payload), "a token", e))
		return (int)e->code;
	cbor_put_map(&p, 1);
	cbor_put_int(&p, COSE_HDR_ALG);
	cbor_put_int(&p, COSE_ES256);
	if (cose_sign1_write(write_done(&p), buf_bytes(payload), cnf, &token->w, e))
		return (int)e->code;
	*out = TAKE(token);
	return 0;
}
