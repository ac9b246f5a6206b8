// SPDX-License-Identifier: Apache-2.0
#include "verify_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "boot_claims.h"
#include "proto/boot_phase.h"

/* PCRs that only the boot log explains: 0 to 9, 12, 14. PCR 10 is IMA's, 11 is systemd's: what its stub measured is in the log. */
enum { BOOT_PCRS = 0x53ff };

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
	pubkey_drop(&(*v)->view.ak);
	free(*v);
	*v = NULL;
}

/* ---- what every check does with its result ---- */
void check_passed(struct checks *c, enum check_id id)
{
	if (c->result[id] == NOT_RUN)
		c->result[id] = PASSED;
}

void check_failed(struct run *r, struct verified_device *d, enum check_id id, const char *found)
{
	struct checks *c = d ? &d->checks : &r->v->checks;
	struct reason *why = reasons_add(r->reasons, TIER_CONTRAINDICATED, (int)id,
					 d ? d->label : "host", d ? d->address : "");

	c->result[id] = FAILED;
	snprintf(why->found, sizeof(why->found), "%.299s", found);
}

void check_judged(struct run *r, struct verified_device *d, enum check_id id, int rc,
		  const struct err *e)
{
	if (rc)
		check_failed(r, d, id, e->text);
	else
		check_passed(d ? &d->checks : &r->v->checks, id);
}

void printable(struct bytes b, char *out, size_t size)
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
		check_failed(r, NULL, CHECK_ENROLLED, "this AK is not enrolled");
		return;
	}
	if (decode_ak(r, e)) {
		check_failed(r, NULL, CHECK_ENROLLED, e->text);
		return;
	}
	if (!r->ctx->active) {
		check_failed(r, NULL, CHECK_ENROLLED, "host or AK is revoked");
		return;
	}
	check_passed(&r->v->checks, CHECK_ENROLLED);
	if (memcmp(r->ctx->ueid, r->t->ueid, UEID_LEN))
		check_failed(r, NULL, CHECK_UEID, "the token names another host than its AK");
	else
		check_passed(&r->v->checks, CHECK_UEID);
}

int open_attest(struct run *r, struct bytes attest, struct bytes sig, struct tpm_attest *out,
		enum digest_alg *hash, struct err *e)
{
	struct tpm_signature s;

	if (!r->ak)
		return err_set(e, E_SIGNATURE, "no enrolled AK to check it with");
	if (tpm_signature_parse(sig, r->ak, &s, e))
		return (int)e->code;
	if (pubkey_verify(r->ak, s.scheme, s.hash, &attest, 1, (struct bytes){ s.raw, s.len }, e))
		return (int)e->code;
	if (hash)
		*hash = s.hash;
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
	h = hasher_new(r->quote_hash);
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
		check_failed(r, NULL, CHECK_QUOTE_SELECTION,
			     "the quote selects other PCRs or another bank than the token claims");
		return;
	}
	check_passed(&r->v->checks, CHECK_QUOTE_SELECTION);
	d = hasher_end(h);
	if (digest_equals(&d, r->v->quote.pcr_digest))
		check_passed(&r->v->checks, CHECK_QUOTE_DIGEST);
	else
		check_failed(r, NULL, CHECK_QUOTE_DIGEST,
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
		check_failed(r, NULL, CHECK_CLOCK,
			     "the TPM's counts went back: its state was put back or cloned");
	else
		check_passed(&r->v->checks, CHECK_CLOCK);
}

static void check_quote(struct run *r, struct err *e)
{
	int rc = open_attest(r, r->t->quote, r->t->quote_sig, &r->v->quote, &r->quote_hash, e);

	if (rc && e->code == E_FORMAT && strstr(e->text, "TPMS_ATTEST")) {
		/* the AK signed it, so it is genuine: but it is not a quote */
		check_passed(&r->v->checks, CHECK_QUOTE_SIGNATURE);
		check_failed(r, NULL, CHECK_QUOTE_TYPE, e->text);
		return;
	}
	check_judged(r, NULL, CHECK_QUOTE_SIGNATURE, rc, e);
	if (rc)
		return;
	if (r->v->quote.type != TPM_ST_ATTEST_QUOTE) {
		check_failed(r, NULL, CHECK_QUOTE_TYPE, "it certifies something else");
		return;
	}
	check_passed(&r->v->checks, CHECK_QUOTE_TYPE);
	r->v->quoted = r->v->checks.result[CHECK_ENROLLED] == PASSED;
	check_pcrs(r);
	if (digest_equals(&r->bind, r->v->quote.extra_data))
		check_passed(&r->v->checks, CHECK_QUOTE_BINDS);
	else
		check_failed(r, NULL, CHECK_QUOTE_BINDS,
			     "the quote binds other evidence, another nonce or another deployment");
	check_clock(r);
}

const struct eat_bank *token_bank(const struct eat *t, u16 alg)
{
	for (size_t i = 0; i < t->n_banks; i++)
		if (t->banks[i].alg == alg)
			return &t->banks[i];
	return NULL;
}

/*
 * A value that the log does not explain is refused: somebody measured something and says not what. So is
 * an event in a PCR that was left out of the quote: nothing then says that it happened.
 */
static int replay_bank(struct boot_log *log, const struct eat_bank *b, struct err *e)
{
	int index = boot_log_bank(log, b->alg);
	struct digest pcrs[TPM_PCRS];
	u32 touched;

	if (index < 0)
		return err_set(e, E_POLICY,
			       "bank 0x%04x is active and the log has no digests for it", b->alg);
	if (boot_log_replay(log, (size_t)index, pcrs, &touched, e))
		return (int)e->code;
	for (u32 i = 0; i < TPM_PCRS; i++) {
		if (!((BOOT_PCRS | touched) & BOOT_LOG_PCRS & 1u << i))
			continue;
		if (!(b->pcrs & 1u << i))
			return err_set(e, E_POLICY, "the quote leaves out PCR %u of bank 0x%04x", i,
				       b->alg);
		if (digest_equals(&pcrs[i], b->value[i]) ||
		    (i == BOOT_PHASE_PCR && boot_phase_reached(&pcrs[i], b->value[i])))
			continue;
		return err_set(e, E_BINDING, "the log replays to another PCR %u", i);
	}
	log->quoted |= 1u << index;
	return 0;
}

static void check_boot_log(struct run *r, struct err *e)
{
	OWNED(boot_log) log = NULL;
	int rc = 0;

	if (!r->t->logs.boot_log.len) {
		check_failed(r, NULL, CHECK_BOOT_LOG, "no boot log was sent");
		return;
	}
	if (r->v->checks.result[CHECK_QUOTE_DIGEST] != PASSED) {
		check_failed(r, NULL, CHECK_BOOT_LOG,
			     "there are no quoted PCR values to compare it with");
		return;
	}
	rc = boot_log_parse(r->t->logs.boot_log, &log, e);
	if (!rc &&
	    !token_bank(r->t,
			TPM_ALG_SHA256)) /* whose digests reference values are compared with */
		rc = err_set(e, E_POLICY, "the quote leaves out the SHA-256 bank");
	for (size_t i = 0; !rc && i < r->t->n_banks; i++)
		rc = replay_bank(log, &r->t->banks[i], e);
	if (!rc)
		rc = boot_claims_check(log, TPM_ALG_SHA256, e);
	check_judged(r, NULL, CHECK_BOOT_LOG, rc, e);
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
		printable(f->address, address, sizeof(address));
		snprintf(text, sizeof(text), "%.120s has CMA and no evidence", address);
		check_failed(r, NULL, CHECK_DEVICES_PRESENT, text);
	}
	for (size_t i = 0; i < r->t->n_devices; i++) {
		size_t named = 0;

		for (size_t k = 0; k < r->t->n_functions; k++)
			named += bytes_equal(r->t->functions[k].label, r->t->devices[i].label);
		if (named == 1)
			continue;
		printable(r->t->devices[i].label, label, sizeof(label));
		snprintf(text, sizeof(text), "device %s stands %zu times in the inventory", label,
			 named);
		check_failed(r, NULL, CHECK_DEVICES_PRESENT, text);
	}
	check_passed(&r->v->checks, CHECK_DEVICES_PRESENT);
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

	printable(f->address, address, sizeof(address));
	snprintf(text, sizeof(text), "%04x:%04x at %.120s %s", f->vendor, f->device, address, what);
	check_failed(r, NULL, CHECK_INVENTORY, text);
}

enum { ALONE = PCI_FUNCTIONS_MAX };

/* Functions that were known, and those that are there; each belongs to at most one of the others. */
struct pairing {
	const struct eat_function *known, *now;
	size_t n_known, n_now;
	u16 now_of[PCI_FUNCTIONS_MAX], known_of[PCI_FUNCTIONS_MAX]; /* or ALONE */
};

static void pair_up(struct pairing *p, bool in_place)
{
	for (size_t i = 0; i < p->n_known; i++) {
		for (size_t k = 0; k < p->n_now && p->now_of[i] == ALONE; k++) {
			if (p->known_of[k] != ALONE || !same_function(&p->known[i], &p->now[k]) ||
			    (in_place && !bytes_equal(p->known[i].address, p->now[k].address)))
				continue;
			p->now_of[i] = (u16)k;
			p->known_of[k] = (u16)i;
		}
	}
}

/*
 * Functions that are alike are counted, not only found: two drives of one model without serial numbers
 * are two. Those that stand where they stood are paired first, so that what is left was moved.
 */
static void compare_functions(struct run *r, struct pairing *p)
{
	for (size_t i = 0; i < PCI_FUNCTIONS_MAX; i++)
		p->now_of[i] = p->known_of[i] = ALONE;
	pair_up(p, true);
	pair_up(p, false);
	for (size_t i = 0; i < p->n_known; i++) {
		const struct eat_function *known = &p->known[i];
		const struct eat_function *now =
			p->now_of[i] == ALONE ? NULL : &p->now[p->now_of[i]];

		if (!now)
			differ(r, known, "is missing");
		else if (!bytes_equal(known->address, now->address))
			differ(r, known, "was moved");
		else if (known->cma && !now->cma)
			differ(r, known, "lost its CMA mailbox");
	}
	for (size_t k = 0; k < p->n_now; k++)
		if (p->known_of[k] == ALONE)
			differ(r, &p->now[k], "was added");
}

static void check_inventory(struct run *r, struct err *e)
{
	struct pairing p = { .now = r->t->functions, .n_now = r->t->n_functions };
	struct eat_function *known = NULL;

	if (!r->ctx->inventory.len) {
		r->v->first_inventory = true;
		check_passed(&r->v->checks, CHECK_INVENTORY);
		return;
	}
	if (bytes_equal(r->ctx->inventory, r->t->inventory)) {
		check_passed(&r->v->checks, CHECK_INVENTORY);
		return;
	}
	if (eat_inventory_parse(r->ctx->inventory, &known, &p.n_known, e)) {
		check_failed(r, NULL, CHECK_INVENTORY, e->text);
		return;
	}
	p.known = known;
	compare_functions(r, &p);
	free(known);
	check_passed(&r->v->checks, CHECK_INVENTORY);
}

/* What the initramfs opened stands in PCR 15; how good that is, policy says. */
static void look_at_boot_end(struct run *r)
{
	const struct eat_bank *b = token_bank(r->t, TPM_ALG_SHA256);
	struct digest pcr = { .alg = DIGEST_SHA256 };

	if (!r->ctx->n_enrolled || r->v->checks.result[CHECK_QUOTE_DIGEST] != PASSED || !b ||
	    !(b->pcrs & 1u << CAP_PCR))
		return;
	memcpy(pcr.at, b->value[CAP_PCR].at, digest_len(DIGEST_SHA256));
	r->v->boot_end = cap_judge(&pcr, r->ctx->enrolled, r->ctx->n_enrolled, &r->v->leased);
	if (r->v->boot_end == CAP_OTHER && r->ctx->has_unproven)
		r->v->boot_end = CAP_UNPROVEN;
	r->v->boot_end_known = true;
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
	check_judged(&r, NULL, CHECK_TOKEN_SIGNATURE, eat_check_signature(token, e), e);
	if (ctx->nonce == PASSED)
		check_passed(&r.v->checks, CHECK_NONCE);
	else
		check_failed(&r, NULL, CHECK_NONCE, ctx->nonce_why);
	check_enrolment(&r, e);
	compute_bind(&r);
	check_quote(&r, e);
	look_at_boot_end(&r);
	check_boot_log(&r, e);
	check_presence(&r);
	check_inventory(&r, e);
	for (size_t i = 0; i < token->n_devices; i++) {
		struct verified_device *d = &r.v->devices[i];

		d->claims = &token->devices[i];
		printable(d->claims->label, d->label, sizeof(d->label));
		printable(d->claims->address, d->address, sizeof(d->address));
		r.v->n_devices++;
		if (r.v->quoted) /* a stranger gets no work done: 256 devices are a second of it */
			check_device(&r, d, e);
	}
	check_distinct(&r);
	check_device_log(&r, e);
	check_ima_log(&r, e);
	check_lease(&r, e);
	if (token->release.len)
		check_release(&r, e);
	r.v->ak = TAKE(r.ak);
	*out = TAKE(v);
	return 0;
}
