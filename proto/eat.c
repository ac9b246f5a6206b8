// SPDX-License-Identifier: Apache-2.0
/* The token: its envelope, its claims, its submodules by name, the release claim. */
#include "eat.h"

#include <stdlib.h>

#include "cap.h"
#include "eat_parts.h"

/* ---- submodules ---- */
static void take_device(struct eat_parsing *p, struct bytes label)
{
	struct cbor ahead = p->c;

	if (!evidence_label_valid(label)) {
		cbor_fail(&p->c, "submods: label is neither host, tpm, logs nor a device's");
		return;
	}
	if (p->t->n_devices == DEVICES_MAX) {
		cbor_fail_with(&p->c, E_LIMIT, "submods: too many devices");
		return;
	}
	p->device = &p->t->devices[p->t->n_devices++];
	p->device->label = label;
	p->device->value = cbor_item(&ahead, "device");
	eat_take_device(p);
}

static void take_submods(struct eat_parsing *p, const char *name)
{
	size_t n = cbor_map(&p->c, name);

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		struct bytes label = cbor_text(&p->c, name);
		struct cbor ahead = p->c;

		if (bytes_equal(label, bytes_text("host"))) {
			p->t->host = cbor_item(&ahead, name);
			eat_take_host(p);
		} else if (bytes_equal(label, bytes_text("tpm"))) {
			eat_take_tpm(p);
		} else if (bytes_equal(label, bytes_text("logs"))) {
			eat_take_logs(p);
		} else {
			take_device(p, label);
		}
	}
	if (!p->c.r.why && !p->t->host.len)
		cbor_fail(&p->c, "submods: host is missing");
	if (!p->c.r.why && !p->t->ak_name.len)
		cbor_fail(&p->c, "submods: tpm is missing");
}

/* ---- release ---- */
static void take_uuid(struct eat_parsing *p, const char *name)
{
	p->t->volumes[p->t->n_volumes].uuid = eat_sized(p, 16, 16, name);
}

static void take_epoch(struct eat_parsing *p, const char *name)
{
	p->t->volumes[p->t->n_volumes].epoch = eat_at_most(p, 0x7fffffffffffffffULL, name);
}

static void take_k_public(struct eat_parsing *p, const char *name)
{
	p->t->volumes[p->t->n_volumes].k_public = eat_sized(p, 1, TPM_STRUCT_MAX, name);
}

static void take_counter(struct eat_parsing *p, const char *name)
{
	u64 index = eat_at_most(p, COUNTER_LAST, name);

	if (!p->c.r.why && index < COUNTER_FIRST)
		cbor_fail(&p->c, name);
	p->t->volumes[p->t->n_volumes].counter = (u32)index;
}

static void take_act(struct eat_parsing *p, const char *name)
{
	u64 act = eat_at_most(p, VOLUME_STORED, name);

	if (!p->c.r.why && (act == VOLUME_GET || !p->t->volumes[p->t->n_volumes].counter))
		cbor_fail(&p->c, name);
	p->t->volumes[p->t->n_volumes].act = (enum eat_volume_act)act;
}

static void take_proof(struct eat_parsing *p, const char *name)
{
	p->t->volumes[p->t->n_volumes].proof = eat_sized(p, CAP_PROOF_LEN, CAP_PROOF_LEN, name);
}

/* In the order of CBOR's keys: what an act needs was read before it. */
static const struct eat_claim volume_members[] = {
	{ 1, "release: UUID", REQUIRED, take_uuid },
	{ 2, "release: epoch", REQUIRED, take_epoch },
	{ 3, "release: K", REQUIRED, take_k_public },
	{ 4, "release: counter", OPTIONAL, take_counter },
	{ 5, "release: what is wanted", OPTIONAL, take_act },
	{ 6, "release: proof of the volume key", OPTIONAL, take_proof },
};

static void check_volume(struct eat_parsing *p, const struct eat_volume *v, bool first)
{
	if (!first && memcmp(v[-1].uuid.at, v->uuid.at, 16) >= 0)
		cbor_fail(&p->c, "release: volumes are not sorted by UUID");
	if (!first && !bytes_equal(v[-1].k_public, v->k_public))
		cbor_fail(&p->c, "release: volumes name different keys K");
	if ((v->proof.len > 0) != (v->act == VOLUME_STORED))
		cbor_fail(&p->c, "release: the proof of a volume key goes with a stored keyslot");
	if (v->counter && !v->epoch)
		cbor_fail(&p->c, "release: epoch 0 of a counted volume");
}

/* The n-th certification of the tpm submodule is that of the n-th volume with a counter. */
static void match_counters(struct eat_parsing *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->t->n_volumes && !p->c.r.why; i++) {
		struct eat_volume *v = &p->t->volumes[i];

		if (!v->counter)
			continue;
		if (n == p->n_counted) {
			cbor_fail(&p->c, "tpm: a counter of the release claim is not certified");
			return;
		}
		v->counted = p->counted[n];
		v->counted_sig = p->counted_sig[n++];
	}
	if (!p->c.r.why && n != p->n_counted)
		cbor_fail(&p->c, "tpm: counters that no volume of the release claim has");
}

static void take_release(struct eat_parsing *p, const char *name)
{
	struct cbor ahead = p->c;
	size_t n = 1;

	p->t->release = cbor_item(&ahead, name);
	if (cbor_peek(&p->c) == CBOR_ARRAY) {
		n = cbor_array(&p->c, name);
		eat_expect_count(p, n, 2, VOLUMES_MAX, name);
	}
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		struct eat_volume *v = &p->t->volumes[i];

		eat_take_map(p, volume_members, ARRAY_LEN(volume_members), name);
		if (!p->c.r.why)
			check_volume(p, v, i == 0);
		p->t->n_volumes++;
	}
}

/* ---- the token ---- */
static void take_iat(struct eat_parsing *p, const char *name)
{
	p->t->iat = cbor_uint(&p->c, name);
}

static void take_cnf(struct eat_parsing *p, const char *name)
{
	if (cbor_map(&p->c, name) != 1 || cbor_int(&p->c, name) != 1)
		cbor_fail(&p->c, name);
	if (p->c.r.why)
		return;
	p->told = cose_key_read(&p->c, &p->t->cnf, p->e) ||
		  cose_thumbprint(p->t->cnf, p->t->thumbprint, p->e);
	if (p->told) {
		err_while(p->e, "%s", name);
		cbor_fail(&p->c, name);
	}
}

static void take_nonce(struct eat_parsing *p, const char *name)
{
	struct bytes b = eat_sized(p, EVIDENCE_NONCE_LEN, EVIDENCE_NONCE_LEN, name);

	if (!p->c.r.why)
		memcpy(p->t->nonce, b.at, b.len);
}

static void take_ueid(struct eat_parsing *p, const char *name)
{
	struct bytes b = eat_sized(p, UEID_LEN, UEID_LEN, name);

	if (!p->c.r.why && b.at[0] != 0x01)
		cbor_fail(&p->c, name);
	if (!p->c.r.why)
		memcpy(p->t->ueid, b.at, b.len);
}

static void take_profile(struct eat_parsing *p, const char *name)
{
	eat_expect_text(p, EAT_PROFILE_HOST, name);
}

static const struct eat_claim token_claims[] = {
	{ CLAIM_IAT, "iat", REQUIRED, take_iat },
	{ CLAIM_CNF, "cnf", REQUIRED, take_cnf },
	{ CLAIM_NONCE, "eat_nonce", REQUIRED, take_nonce },
	{ CLAIM_UEID, "ueid", REQUIRED, take_ueid },
	{ CLAIM_PROFILE, "eat_profile", REQUIRED, take_profile },
	{ CLAIM_SUBMODS, "submods", REQUIRED, take_submods },
	{ CLAIM_RELEASE, "release", OPTIONAL, take_release },
};

int eat_parse(struct bytes token, struct eat **out, struct err *e)
{
	OWNED(eat) t = calloc(1, sizeof(*t));
	struct eat_parsing p = { .t = t, .e = e };

	if (token.len > EVIDENCE_MAX)
		return err_set(e, E_LIMIT, "token of %zu bytes, at most %d", token.len,
			       EVIDENCE_MAX);
	if (!t || !(t->bytes = buf_copy(token)) ||
	    !(t->devices = calloc(DEVICES_MAX, sizeof(*t->devices))))
		return err_set(e, E_MEMORY, "no memory for a token");
	if (cose_sign1_parse(buf_bytes(t->bytes), CBOR_STRICT, &t->cose, e))
		return err_while(e, "token");
	if (t->cose.alg != COSE_ES256 || !t->cose.bare_protected || !t->cose.bare_unprotected)
		return err_set(e, E_FORMAT, "token: headers are not alg ES256 alone");
	if (cbor_check(t->cose.payload, CBOR_STRICT, e))
		return err_while(e, "token claims");
	p.c = cbor_on(t->cose.payload, CBOR_STRICT);
	eat_take_map(&p, token_claims, ARRAY_LEN(token_claims), "claims");
	match_counters(&p);
	if (cbor_done(&p.c) && p.told)
		return err_while(e, "token claims");
	if (p.c.r.why)
		return err_set(e, cbor_code(&p.c), "token claims: %s", p.c.r.why);
	*out = TAKE(t);
	return 0;
}

void eat_drop(struct eat **t)
{
	if (!t || !*t)
		return;
	buf_drop(&(*t)->bytes);
	pubkey_drop(&(*t)->cnf);
	free((*t)->functions);
	free((*t)->devices);
	free(*t);
	*t = NULL;
}

int eat_check_signature(const struct eat *t, struct err *e)
{
	return cose_sign1_verify(&t->cose, t->cnf, e);
}
