// SPDX-License-Identifier: Apache-2.0
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/tpm_template.h"

/* PCRs that only the boot log explains: 0 to 9, 12, 14. PCR 10 is IMA's, 11 grows with systemd's phases. */
enum { CAP_PCR = 15, BOOT_PCRS = 0x53ff };

struct verified_claims {
	struct verified_view view;
};

const struct verified_view *verified_view(const struct verified_claims *v)
{
	return &v->view;
}

static void *share_ak(void *thing)
{
	return pubkey_share(thing);
}

static void drop_ak(void *thing)
{
	struct pubkey *ak = thing;

	pubkey_drop(&ak);
}

struct recall *verify_aks_new(size_t max)
{
	return recall_new(max, share_ak, drop_ak);
}

void verified_claims_drop(struct verified_claims **v)
{
	if (!v || !*v)
		return;
	boot_log_drop(&(*v)->view.log);
	for (size_t i = 0; i < (*v)->view.n_devices; i++)
		spdm_evidence_drop(&(*v)->view.devices[i].evidence);
	free((*v)->view.devices);
	free(*v);
	*v = NULL;
}

/* What a run of checks works on. */
struct run {
	const struct eat *t;
	const struct verify_context *ctx;
	struct verified_view *v;
	struct reasons *reasons;
	struct pubkey *ak;
	struct digest bind;
	struct evidence_context context;
};

static void passed(struct checks *c, enum check_id id)
{
	if (c->result[id] == NOT_RUN)
		c->result[id] = PASSED;
}

static void failed(struct run *r, struct verified_device *d, enum check_id id, const char *found)
{
	struct checks *c = d ? &d->checks : &r->v->checks;
	struct reason *why = reasons_add(r->reasons, TIER_CONTRAINDICATED, (int)id,
					 d ? d->label : "host", d ? d->address : "");

	c->result[id] = FAILED;
	snprintf(why->found, sizeof(why->found), "%.299s", found);
}

static void judge(struct run *r, struct verified_device *d, enum check_id id, int rc,
		  const struct err *e)
{
	if (rc)
		failed(r, d, id, e->text);
	else
		passed(d ? &d->checks : &r->v->checks, id);
}

static void text_of(struct bytes b, char *out, size_t size)
{
	size_t n = b.len < size ? b.len : size - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = b.at[i] < 0x20 || b.at[i] > 0x7e ? '?' : (char)b.at[i];
	out[n] = 0;
}

/* ---- the host ---- */
static int decode_ak(struct run *r, struct err *e)
{
	struct digest name = sha256_of(r->ctx->ak_pub);
	struct tpm_public ak;

	r->ak = recall_find(r->ctx->aks, name.at);
	if (r->ak)
		return 0;
	if (tpm_public_parse(r->ctx->ak_pub, &ak, e) || tpm_public_key(&ak, &r->ak, e))
		return (int)e->code;
	recall_keep(r->ctx->aks, name.at, r->ak);
	return 0;
}

static void check_enrolment(struct run *r, struct err *e)
{
	if (!r->ctx->ak_pub.len) {
		failed(r, NULL, CHECK_ENROLLED, "this AK is not enrolled");
		return;
	}
	if (decode_ak(r, e)) {
		failed(r, NULL, CHECK_ENROLLED, e->text);
		return;
	}
	if (!r->ctx->active) {
		failed(r, NULL, CHECK_ENROLLED, "host or AK is revoked");
		return;
	}
	passed(&r->v->checks, CHECK_ENROLLED);
	if (memcmp(r->ctx->ueid, r->t->ueid, UEID_LEN))
		failed(r, NULL, CHECK_UEID, "the token names another host than its AK");
	else
		passed(&r->v->checks, CHECK_UEID);
}

/* Signature first, parsing second. */
static int open_attest(struct run *r, struct bytes attest, struct bytes sig, struct tpm_attest *out,
		       struct err *e)
{
	struct tpm_signature s;

	if (!r->ak)
		return err_set(e, E_SIGNATURE, "no enrolled AK to check it with");
	if (tpm_signature_parse(sig, r->ak, &s, e))
		return (int)e->code;
	if (pubkey_verify(r->ak, s.scheme, s.hash, &attest, 1, (struct bytes){ s.raw, s.len }, e))
		return (int)e->code;
	return tpm_attest_parse(attest, out, e);
}

static void compute_bind(struct run *r)
{
	struct evidence_leaf *leaves = calloc(r->t->n_devices + 1, sizeof(*leaves));
	struct digest *scratch = calloc(r->t->n_devices + 1, sizeof(*scratch));
	struct digest root;

	if (!leaves || !scratch)
		abort();
	for (size_t i = 0; i < r->t->n_devices; i++)
		leaves[i] =
			(struct evidence_leaf){ r->t->devices[i].label, r->t->devices[i].value };
	root = evidence_root(leaves, r->t->n_devices, scratch);
	r->bind =
		evidence_bind(&r->context, (u32)r->t->n_devices, &root, r->t->host, r->t->release);
	free(leaves);
	free(scratch);
}

/* The token's PCR map against what was quoted: same banks, same PCRs, same values. */
static void check_pcrs(struct run *r)
{
	const struct tpm_selection *s = &r->v->quote.selection;
	OWNED(hasher)
	h = hasher_new(DIGEST_SHA256); /* of the quote's signing scheme: the AK template's */
	struct digest d;
	bool same = s->n == r->t->n_banks;

	for (size_t i = 0; h && same && i < s->n; i++) {
		const struct eat_bank *b = NULL;

		for (size_t k = 0; k < r->t->n_banks; k++)
			if (r->t->banks[k].alg == s->bank[i].alg)
				b = &r->t->banks[k];
		same = b && b->pcrs == s->bank[i].pcrs;
		for (u32 p = 0; same && p < TPM_PCRS; p++)
			if (b->pcrs & 1u << p)
				hasher_add(h, b->value[p]);
	}
	if (!same || !h) {
		failed(r, NULL, CHECK_QUOTE_SELECTION,
		       "the quote selects other PCRs or another bank than the token claims");
		return;
	}
	passed(&r->v->checks, CHECK_QUOTE_SELECTION);
	d = hasher_end(h);
	if (digest_equals(&d, r->v->quote.pcr_digest))
		passed(&r->v->checks, CHECK_QUOTE_DIGEST);
	else
		failed(r, NULL, CHECK_QUOTE_DIGEST,
		       "the claimed PCR values do not hash to the quoted digest");
}

static void check_clock(struct run *r)
{
	const struct tpm_clock *now = &r->v->quote.clock, *last = &r->ctx->last_clock;
	bool same_boot =
		now->reset_count == last->reset_count && now->restart_count == last->restart_count;
	bool back = now->reset_count < last->reset_count ||
		    (now->reset_count == last->reset_count &&
		     now->restart_count < last->restart_count) ||
		    (same_boot && now->clock_ms < last->clock_ms);

	r->v->restarted = now->restart_count != 0;
	if (r->ctx->has_last && back)
		failed(r, NULL, CHECK_CLOCK,
		       "the TPM's counts went back: its state was put back or cloned");
	else
		passed(&r->v->checks, CHECK_CLOCK);
}

static void check_quote(struct run *r, struct err *e)
{
	int rc = open_attest(r, r->t->quote, r->t->quote_sig, &r->v->quote, e);

	if (rc && e->code == E_FORMAT && strstr(e->text, "TPMS_ATTEST")) {
		/* the AK signed it, so it is genuine: but it is not a quote */
		passed(&r->v->checks, CHECK_QUOTE_SIGNATURE);
		failed(r, NULL, CHECK_QUOTE_TYPE, e->text);
		return;
	}
	judge(r, NULL, CHECK_QUOTE_SIGNATURE, rc, e);
	if (rc)
		return;
	if (r->v->quote.type != TPM_ST_ATTEST_QUOTE) {
		failed(r, NULL, CHECK_QUOTE_TYPE, "it certifies a key");
		return;
	}
	passed(&r->v->checks, CHECK_QUOTE_TYPE);
	r->v->quoted = r->v->checks.result[CHECK_ENROLLED] == PASSED;
	check_pcrs(r);
	if (digest_equals(&r->bind, r->v->quote.extra_data))
		passed(&r->v->checks, CHECK_QUOTE_BINDS);
	else
		failed(r, NULL, CHECK_QUOTE_BINDS,
		       "the quote binds other evidence, another nonce or another deployment");
	check_clock(r);
}

static const struct eat_bank *bank_of(const struct eat *t, u16 alg)
{
	for (size_t i = 0; i < t->n_banks; i++)
		if (t->banks[i].alg == alg)
			return &t->banks[i];
	return NULL;
}

/* A value that the log does not explain is refused: somebody measured something and says not what. */
static int replay_bank(const struct boot_log *log, const struct eat_bank *b, struct err *e)
{
	int index = boot_log_bank(log, b->alg);
	struct digest pcrs[TPM_PCRS];
	u32 touched;

	if (index < 0)
		return err_set(e, E_POLICY,
			       "bank 0x%04x is active and the log has no digests for it", b->alg);
	if (boot_log_replay(log, (size_t)index, pcrs, &touched, e))
		return (int)e->code;
	for (u32 i = 0; i < CAP_PCR; i++) {
		bool counts = BOOT_PCRS & 1u << i || touched & 1u << i;

		if (i == 10 || !counts || !(b->pcrs & 1u << i))
			continue; /* PCR 10 is IMA's */
		if (!digest_equals(&pcrs[i], b->value[i]))
			return err_set(e, E_BINDING, "the log replays to another PCR %u", i);
	}
	return 0;
}

static void check_boot_log(struct run *r, struct err *e)
{
	OWNED(boot_log) log = NULL;
	int rc = 0;

	if (!r->t->boot_log.len) {
		failed(r, NULL, CHECK_BOOT_LOG, "no boot log was sent");
		return;
	}
	if (r->v->checks.result[CHECK_QUOTE_DIGEST] != PASSED) {
		failed(r, NULL, CHECK_BOOT_LOG,
		       "there are no quoted PCR values to compare it with");
		return;
	}
	rc = boot_log_parse(r->t->boot_log, &log, e);
	for (size_t i = 0; !rc && i < r->t->n_banks; i++)
		rc = replay_bank(log, &r->t->banks[i], e);
	judge(r, NULL, CHECK_BOOT_LOG, rc, e);
	if (!rc)
		r->v->log = TAKE(log);
}

/* ---- inventory ---- */
static const struct eat_device *device_of(const struct eat *t, struct bytes label)
{
	for (size_t i = 0; i < t->n_devices; i++)
		if (bytes_equal(t->devices[i].label, label))
			return &t->devices[i];
	return NULL;
}

static void check_presence(struct run *r)
{
	char text[200], address[130], label[LABEL_MAX + 1];

	for (size_t i = 0; i < r->t->n_functions; i++) {
		const struct eat_function *f = &r->t->functions[i];

		if (!f->cma || (f->label.len && device_of(r->t, f->label)))
			continue;
		text_of(f->address, address, sizeof(address));
		snprintf(text, sizeof(text), "%.120s has CMA and no evidence", address);
		failed(r, NULL, CHECK_DEVICES_PRESENT, text);
	}
	for (size_t i = 0; i < r->t->n_devices; i++) {
		size_t named = 0;

		for (size_t k = 0; k < r->t->n_functions; k++)
			named += bytes_equal(r->t->functions[k].label, r->t->devices[i].label);
		if (named == 1)
			continue;
		text_of(r->t->devices[i].label, label, sizeof(label));
		snprintf(text, sizeof(text), "device %s stands %zu times in the inventory", label,
			 named);
		failed(r, NULL, CHECK_DEVICES_PRESENT, text);
	}
	passed(&r->v->checks, CHECK_DEVICES_PRESENT);
}

/* What a function is, without what may change from boot to boot (driver, IOMMU group). */
static bool same_function(const struct eat_function *a, const struct eat_function *b)
{
	return a->vendor == b->vendor && a->device == b->device && a->class_code == b->class_code &&
	       a->revision == b->revision && a->has_subsystem == b->has_subsystem &&
	       a->subsystem_vendor == b->subsystem_vendor && a->subsystem == b->subsystem &&
	       bytes_equal(a->serial, b->serial);
}

static void differ(struct run *r, const struct eat_function *f, const char *what)
{
	char text[220], address[130];

	text_of(f->address, address, sizeof(address));
	snprintf(text, sizeof(text), "%04x:%04x at %.120s %s", f->vendor, f->device, address, what);
	failed(r, NULL, CHECK_INVENTORY, text);
}

static void check_inventory(struct run *r, struct err *e)
{
	struct eat_function *want = NULL;
	size_t n_want = 0;

	if (!r->ctx->inventory.len) {
		r->v->first_inventory = true;
		passed(&r->v->checks, CHECK_INVENTORY);
		return;
	}
	if (bytes_equal(r->ctx->inventory, r->t->inventory)) {
		passed(&r->v->checks, CHECK_INVENTORY);
		return;
	}
	if (eat_inventory_parse(r->ctx->inventory, &want, &n_want, e)) {
		failed(r, NULL, CHECK_INVENTORY, e->text);
		return;
	}
	for (size_t i = 0; i < n_want; i++) {
		const struct eat_function *here = NULL, *moved = NULL;

		for (size_t k = 0; k < r->t->n_functions; k++) {
			if (!same_function(&want[i], &r->t->functions[k]))
				continue;
			moved = &r->t->functions[k];
			if (bytes_equal(want[i].address, moved->address))
				here = moved;
		}
		if (!moved)
			differ(r, &want[i], "is missing");
		else if (!here)
			differ(r, &want[i], "was moved");
		else if (want[i].cma && !here->cma)
			differ(r, &want[i], "lost its CMA mailbox");
	}
	for (size_t k = 0; k < r->t->n_functions; k++) {
		bool known = false;

		for (size_t i = 0; i < n_want && !known; i++)
			known = same_function(&want[i], &r->t->functions[k]);
		if (!known)
			differ(r, &r->t->functions[k], "was added");
	}
	free(want);
	passed(&r->v->checks, CHECK_INVENTORY);
}

/* ---- devices ---- */
static const struct eat_function *function_of(const struct eat *t, struct bytes label)
{
	for (size_t i = 0; i < t->n_functions; i++)
		if (bytes_equal(t->functions[i].label, label))
			return &t->functions[i];
	return NULL;
}

static int check_identity(const struct run *r, const struct verified_device *d, struct err *e)
{
	const struct eat_function *f = function_of(r->t, d->claims->label);
	const struct pci_identity *id = &d->identity;
	struct reader serial;

	if (!d->has_identity)
		return err_set(e, E_POLICY, "the leaf certificate has no PCIe name");
	if (!f)
		return err_set(e, E_POLICY, "the device is not in the inventory");
	serial = reader_on(f->serial);
	if (id->vendor != f->vendor || id->device != f->device || id->class_code != f->class_code ||
	    id->revision != f->revision ||
	    (id->has_subsystem &&
	     (!f->has_subsystem || id->subsystem_vendor != f->subsystem_vendor ||
	      id->subsystem != f->subsystem)))
		return err_set(e, E_POLICY,
			       "the certificate is of %04x:%04x class %06x, the function is "
			       "%04x:%04x class %06x",
			       id->vendor, id->device, id->class_code, f->vendor, f->device,
			       f->class_code);
	if (id->has_serial && (!f->serial.len || read_be64(&serial, "serial") != id->serial))
		return err_set(e, E_POLICY, "the certificate is of serial number %016llx",
			       (unsigned long long)id->serial);
	return 0;
}

static int check_version(const struct run *r, const struct verified_device *d,
			 const struct known_leaf *known, struct err *e)
{
	u8 version = d->evidence->nego.version;

	if (version < r->ctx->spdm_version_min)
		return err_set(e, E_POLICY, "SPDM 1.%d, the floor is 1.%d", version & 15,
			       r->ctx->spdm_version_min & 15);
	if (known->known && version < known->version)
		return err_set(e, E_POLICY, "SPDM 1.%d, it spoke 1.%d before", version & 15,
			       known->version & 15);
	return 0;
}

static int check_key(const struct verified_device *d, const struct known_leaf *known, struct err *e)
{
	if (known->known && memcmp(known->leaf_key, d->leaf_key, 32))
		return err_set(
			e, E_POLICY,
			"the device has another key than when it was enrolled: it was swapped");
	if (known->other_host[0])
		return err_set(e, E_POLICY,
			       "the same key was seen on host %s: relay, clone or unannounced move",
			       known->other_host);
	return 0;
}

static void check_spdm(struct run *r, struct verified_device *d, struct err *e)
{
	u8 nonce[32], challenge_nonce[32];
	const struct eat_device *c = d->claims;
	struct known_leaf known = { 0 };
	int rc;

	evidence_device_nonce(&r->context, NONCE_MEASUREMENTS, c->label, c->slot, nonce);
	evidence_device_nonce(&r->context, NONCE_CHALLENGE, c->label, c->slot, challenge_nonce);
	judge(r, d, CHECK_NONCE_BOUND,
	      spdm_evidence_check_nonces(d->evidence, nonce, challenge_nonce, e), e);
	judge(r, d, CHECK_SIGNATURE, spdm_evidence_check_signatures(d->evidence, e), e);
	rc = spdm_evidence_check_chain_digest(d->evidence, e);
	if (!rc && c->certificates.len &&
	    !bytes_equal(c->certificates, d->evidence->chain_parts.certificates))
		rc = err_set(e, E_FORMAT, "claim 3803 is not the chain object's certificates");
	judge(r, d, CHECK_CHAIN_DIGEST, rc, e);
	judge(r, d, CHECK_LEAF, spdm_evidence_check_leaf(d->evidence, e), e);
	judge(r, d, CHECK_PATH,
	      spdm_evidence_check_path(d->evidence, r->ctx->device_roots, r->ctx->now_s, e), e);
	if (spdm_evidence_authenticated(d->evidence))
		passed(&d->checks, CHECK_NEGOTIATION);
	else
		failed(r, d, CHECK_NEGOTIATION, "SPDM 1.0 or 1.1 without a signed challenge");
	d->has_identity = !spdm_evidence_pci_identity(d->evidence, &d->identity, e);
	judge(r, d, CHECK_IDENTITY, check_identity(r, d, e), e);
	memcpy(d->leaf_key, cert_key_hash(spdm_evidence_leaf(d->evidence)), 32);
	rc = r->ctx->lookup(r->ctx->user, d->label, d->leaf_key, &known, e);
	if (rc) {
		judge(r, d, CHECK_KEY_KNOWN, rc, e);
		return;
	}
	judge(r, d, CHECK_VERSION, check_version(r, d, &known, e), e);
	judge(r, d, CHECK_KEY_KNOWN, check_key(d, &known, e), e);
	/* Recorded even when it was seen elsewhere: then both hosts are refused, not only the second. */
	d->sighted = d->checks.result[CHECK_NONCE_BOUND] == PASSED &&
		     d->checks.result[CHECK_SIGNATURE] == PASSED &&
		     d->checks.result[CHECK_PATH] == PASSED &&
		     (!known.known || !memcmp(known.leaf_key, d->leaf_key, 32));
}

static void check_device(struct run *r, struct verified_device *d, struct err *e)
{
	const struct eat_device *c = d->claims;
	char failure[300];
	int rc;

	if (c->failure.len) {
		text_of(c->failure, failure, sizeof(failure));
		failed(r, d, CHECK_EVIDENCE, failure);
		return;
	}
	rc = spdm_evidence_parse(c->vca, c->chain, c->measurements, c->challenge, c->slot,
				 r->ctx->device_roots, &d->evidence, e);
	judge(r, d, CHECK_GRAMMAR, rc, e);
	if (rc) {
		passed(&d->checks, CHECK_EVIDENCE);
		return;
	}
	if (d->evidence->answer.content_changed == SPDM_CONTENT_CHANGED)
		failed(r, d, CHECK_EVIDENCE, "measurements changed while they were read");
	else
		passed(&d->checks, CHECK_EVIDENCE);
	check_spdm(r, d, e);
	d->verified = true;
	for (int i = 0; i < CHECK_COUNT; i++)
		if (check_scope((enum check_id)i) == SCOPE_DEVICE && d->checks.result[i] != PASSED)
			d->verified = false;
}

static void check_distinct(struct run *r)
{
	for (size_t i = 0; i < r->v->n_devices; i++)
		for (size_t k = i + 1; k < r->v->n_devices; k++) {
			const struct verified_device *a = &r->v->devices[i], *b = &r->v->devices[k];
			char text[200];

			if (!a->evidence || !b->evidence || memcmp(a->leaf_key, b->leaf_key, 32))
				continue;
			snprintf(text, sizeof(text), "%s and %s answer with one key", a->label,
				 b->label);
			failed(r, NULL, CHECK_KEYS_DISTINCT, text);
		}
	passed(&r->v->checks, CHECK_KEYS_DISTINCT);
}

/* ---- release ---- */
static bool source_may_release(const struct eat_device *d)
{
	return bytes_equal(d->source, bytes_text("kernel-cma")) ||
	       bytes_equal(d->source, bytes_text("platform-tsm"));
}

static void check_sources(struct run *r)
{
	bool may = !r->ctx->caller_nonce;

	if (!may)
		failed(r, NULL, CHECK_SOURCE, "the nonce was the caller's choice");
	for (size_t i = 0; i < r->t->n_devices && !r->ctx->test_sources_may_release; i++) {
		char text[160], source[32], label[LABEL_MAX + 1];

		if (source_may_release(&r->t->devices[i]))
			continue;
		text_of(r->t->devices[i].source, source, sizeof(source));
		text_of(r->t->devices[i].label, label, sizeof(label));
		snprintf(text, sizeof(text), "device %s comes from source %s", label, source);
		failed(r, NULL, CHECK_SOURCE, text);
	}
	if (r->t->n_switches && !r->ctx->test_sources_may_release)
		failed(r, NULL, CHECK_SOURCE, "the agent runs with a test switch");
	passed(&r->v->checks, CHECK_SOURCE);
}

static void check_k(struct run *r, struct err *e)
{
	struct tpm_attest certify;
	struct tpm_public k;
	u8 name[TPM_NAME_MAX], qualified[TPM_NAME_MAX];
	size_t name_len, qualified_len;
	int rc = tpm_public_parse(r->t->volumes[0].k_public, &k, e);

	if (!rc)
		rc = tpm_template_check(TEMPLATE_K, &k, e);
	judge(r, NULL, CHECK_K_TEMPLATE, rc, e);
	if (rc)
		return;
	name_len = tpm_public_name(&k, name);
	qualified_len =
		tpm_qualified_name(TPM_RH_NULL, (struct bytes){ name, name_len }, qualified);
	if (!r->t->certify.len)
		rc = err_set(e, E_POLICY, "no certification of K was sent");
	else
		rc = open_attest(r, r->t->certify, r->t->certify_sig, &certify, e);
	if (!rc && certify.type != TPM_ST_ATTEST_CERTIFY)
		rc = err_set(e, E_POLICY, "the attestation of K is not a certification");
	if (!rc && !bytes_equal(certify.name, (struct bytes){ name, name_len }))
		rc = err_set(e, E_BINDING, "another key is certified");
	if (!rc && !digest_equals(&r->bind, certify.extra_data))
		rc = err_set(e, E_BINDING, "the certification binds other evidence");
	judge(r, NULL, CHECK_K_CERTIFIED, rc, e);
	if (rc)
		return;
	if (bytes_equal(certify.qualified_name, (struct bytes){ qualified, qualified_len }))
		passed(&r->v->checks, CHECK_K_HIERARCHY);
	else
		failed(r, NULL, CHECK_K_HIERARCHY,
		       "K has another parent: it would survive a reset");
	if (certify.clock.reset_count == r->v->quote.clock.reset_count &&
	    certify.clock.restart_count == r->v->quote.clock.restart_count)
		passed(&r->v->checks, CHECK_K_COUNTS);
	else
		failed(r, NULL, CHECK_K_COUNTS,
		       "the TPM was reset between quote and certification");
}

static void check_cap(struct run *r)
{
	const struct eat_bank *b = bank_of(r->t, TPM_ALG_SHA256);
	static const u8 zero[32];

	if (r->v->checks.result[CHECK_QUOTE_DIGEST] != PASSED || !b || !(b->pcrs & 1u << CAP_PCR))
		failed(r, NULL, CHECK_CAP, "PCR 15 is not quoted");
	else if (!bytes_equal(b->value[CAP_PCR], BYTES(zero)))
		failed(r, NULL, CHECK_CAP, "PCR 15 is extended: this boot has left the initramfs");
	else
		passed(&r->v->checks, CHECK_CAP);
	if (b && (b->pcrs & r->ctx->release_pcrs) == r->ctx->release_pcrs)
		passed(&r->v->checks, CHECK_RELEASE_SET);
	else
		failed(r, NULL, CHECK_RELEASE_SET,
		       "a PCR of the release set is not quoted in the SHA-256 bank");
}

static void check_release(struct run *r, struct err *e)
{
	check_sources(r);
	check_k(r, e);
	check_cap(r);
	if (r->v->checks.result[CHECK_QUOTE_SIGNATURE] != PASSED)
		failed(r, NULL, CHECK_RESTART, "there is no quote");
	else if (r->v->restarted && !r->ctx->release_after_restart)
		failed(r, NULL, CHECK_RESTART, "the TPM was restarted since its last reset");
	else
		passed(&r->v->checks, CHECK_RESTART);
}

int verify_evidence(const struct eat *token, const struct verify_context *ctx,
		    struct reasons *reasons, struct verified_claims **out, struct err *e)
{
	OWNED(verified_claims) v = calloc(1, sizeof(*v));
	struct run r = { .t = token, .ctx = ctx, .reasons = reasons };

	if (!v || !(v->view.devices = calloc(token->n_devices + 1, sizeof(*v->view.devices))))
		return err_set(e, E_MEMORY, "no memory for verified claims");
	r.v = &v->view;
	r.v->token = token;
	r.context = evidence_context_make(token->nonce, ctx->deployment, token->ak_name,
					  token->thumbprint);
	judge(&r, NULL, CHECK_TOKEN_SIGNATURE, eat_check_signature(token, e), e);
	if (ctx->nonce == PASSED)
		passed(&r.v->checks, CHECK_NONCE);
	else
		failed(&r, NULL, CHECK_NONCE, ctx->nonce_why);
	check_enrolment(&r, e);
	compute_bind(&r);
	check_quote(&r, e);
	check_boot_log(&r, e);
	check_presence(&r);
	check_inventory(&r, e);
	for (size_t i = 0; i < token->n_devices; i++) {
		struct verified_device *d = &r.v->devices[i];

		d->claims = &token->devices[i];
		text_of(d->claims->label, d->label, sizeof(d->label));
		text_of(d->claims->address, d->address, sizeof(d->address));
		r.v->n_devices++;
		if (r.v->quoted) /* a stranger gets no work done: 256 devices are a second of it */
			check_device(&r, d, e);
	}
	check_distinct(&r);
	if (token->release.len)
		check_release(&r, e);
	pubkey_drop(&r.ak);
	*out = TAKE(v);
	return 0;
}
