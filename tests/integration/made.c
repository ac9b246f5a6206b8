// SPDX-License-Identifier: Apache-2.0
#include "made.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/collector/source.h"
#include "agent/tpm_disk.h"
#include "agent/tpm_lease.h"
#include "common/clock.h"
#include "common/file.h"

enum { RELEASE_PCRS = 0xdbff, COUNTER = COUNTER_FIRST + 1, OTHER_COUNTER, LEASE_COUNTER };

/* one well-formed entry: lengths, label, address, two digests */
static const u8 device_log[] = { 0,   0,   0,	112, 0,	       0,   0,	 20,  'a',	's', 's',
				 'a', 'y', '/', 'd', 'e',      'v', 'i', 'c', 'e',	'-', 's',
				 't', 'a', 't', 'e', '/',      '1', 0,	 0,   0,	12,  '0',
				 '0', '0', '0', ':', '0',      '1', ':', '0', '0',	'.', '0',
				 0,   0,   0,	32,  [80] = 0, 0,   0,	 32,  [115] = 0 };

void made_clear(struct made *m)
{
	buf_drop(&m->token);
	eat_drop(&m->parsed);
	buf_drop(&m->ak_pub);
	buf_drop(&m->inventory);
}

static int lookup(void *user, const char *label, const u8 leaf_key[32], struct known_leaf *out,
		  struct err *e)
{
	(void)label;
	(void)leaf_key;
	(void)e;
	*out = ((struct made *)user)->known;
	return 0;
}

static int lookup_volume(void *user, const u8 *uuid, struct known_volume *out, struct err *e)
{
	(void)uuid;
	(void)e;
	*out = ((struct made *)user)->volume;
	return 0;
}

/* Both counters are there, and have been counted up since. */
static u64 counters(struct tpm *tpm)
{
	static const u32 indices[] = { OTHER_COUNTER, COUNTER };
	struct err e = { 0 };
	u64 value = 0;

	for (size_t i = 0; i < ARRAY_LEN(indices); i++) {
		if (!tpm_counter_read(tpm, indices[i], &value, &e))
			continue;
		assert_ok(tpm_counter_make(tpm, indices[i], &value, &e), &e);
		assert_ok(tpm_counter_up(tpm, indices[i], &e), &e);
		assert_ok(tpm_counter_read(tpm, indices[i], &value, &e), &e);
	}
	return value;
}

/* TPM2_NV_Certify of the volume's counter, or what a lie puts in its place. */
static void count(struct tpm *tpm, const struct tpm_key *ak, const struct lie *lie,
		  const struct digest *bind, const struct tpm_quoted *quoted, struct buf **attest,
		  struct buf **sig)
{
	struct digest extra = *bind;
	OWNED(tpm_key) other = NULL;
	struct err e = { 0 };

	extra.at[0] ^= lie->counted_before;
	if (lie->counted_by_quote) {
		*attest = buf_copy(buf_bytes(quoted->attest));
		*sig = buf_copy(buf_bytes(quoted->signature));
		return;
	}
	if (lie->counted_by_other_key)
		assert_ok(tpm_key_make(tpm, TEMPLATE_AK_ECC_P384, &other, &e), &e);
	assert_ok(tpm_counter_certify(tpm, other ? other : ak,
				      lie->counted_elsewhere ? OTHER_COUNTER : COUNTER, &extra,
				      attest, sig, &e),
		  &e);
}

static void collect(struct verdict_rig *f, const struct lie *lie, int i,
		    const struct evidence_context *c, const char *label,
		    struct device_evidence *out)
{
	struct source_device d = { .source = &source_socket };
	struct evidence_context other = *c;

	if (lie->foreign_device_nonce)
		other.ctx[0] ^= 1;
	snprintf(d.address, sizeof(d.address), "127.0.0.1:%d",
		 lie->same_device_twice ? f->port[0]
		 : lie->failed_device	? 1
					: f->port[i]);
	snprintf(d.label, sizeof(d.label), "%s", label);
	source_collect(&d, &other, out);
	if (lie->flip_block && out->measurements)
		out->measurements->w.at[37 + 8 + 10] ^= 1;
	if (lie->unsigned_measurements && out->measurements)
		out->measurements->w.at[2] = 0;
	if (lie->other_slot_chain) {
		struct device_evidence second;

		d.slot = 1;
		source_collect(&d, &other, &second);
		buf_drop(&out->chain);
		out->chain = TAKE(second.chain);
		device_evidence_clear(&second);
	}
}

struct eat_function made_twin(const char *address)
{
	return (struct eat_function){ .address = bytes_text(address), .vendor = 1, .device = 2 };
}

/* What the token says of IMA: the two entries that verdict_boot() extended. */
static void send_ima(const struct lie *lie, const struct tpm_clock *clock, struct bytes list,
		     struct eat_ima *out)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA384 };

	*out = (struct eat_ima){ .sent = true, .entries = list };
	if (lie->ima_why)
		out->why = bytes_text("it could not be read");
	out->from.reset_count = clock->reset_count + lie->ima_of_other_boot;
	out->from.restart_count = clock->restart_count;
	out->from.next = lie->ima_from_nowhere;
	ima_banks_start(&out->from.pcr10, algs + lie->ima_other_bank, 1);
	out->from.pcr10.at[0].at[0] = lie->ima_starts_high;
}

/* All events of @log but the last: a log in itself. */
static struct bytes log_prefix(struct bytes log)
{
	struct err e = { 0 };

	while (--log.len) {
		OWNED(boot_log) parsed = NULL;

		if (!boot_log_parse(log, &parsed, &e))
			break;
	}
	assert_true(log.len > 0);
	return log;
}

/* What the same machine would write with another command line. */
static struct buf *log_of_other_boot(const struct verdict_rig *f)
{
	struct buf *log = NULL;
	struct err e = { 0 };
	char path[300], command[900];

	snprintf(path, sizeof(path), "%s/other.log", f->folder);
	snprintf(command, sizeof(command),
		 "%s/tests/tools/boot-log-make %s \"(hd0,gpt2)/vmlinuz init=/bin/sh\" >/dev/null",
		 BUILD_FOLDER, path);
	assert_int_equal(system(command), 0);
	assert_ok(file_read(path, 65536, &log, &e), &e);
	return log;
}

/* What a lease is asked for with: the counter that ends it, and the SRK. K is dropped: the TPM has room for three. */
struct lease_made {
	struct buf *counted, *counted_sig, *certify, *certify_sig, *parent;
};
static void lease_made_clear(struct lease_made *l)
{
	buf_drop(&l->counted);
	buf_drop(&l->counted_sig);
	buf_drop(&l->certify);
	buf_drop(&l->certify_sig);
	buf_drop(&l->parent);
}

static struct eat_lease ask_lease(struct tpm *tpm, const struct tpm_key *ak, const struct lie *lie,
				  const struct digest *bind, struct lease_made *l)
{
	struct digest before = *bind;
	OWNED(tpm_key) parent = NULL;
	struct err e = { 0 };
	u64 value;

	before.at[0] ^= 1;
	assert_ok(tpm_lease_counter_make(tpm, LEASE_COUNTER, &value, &e), &e);
	assert_ok(lie->lease_counter_of_volume
			  ? tpm_counter_certify(tpm, ak, COUNTER, bind, &l->counted,
						&l->counted_sig, &e)
			  : tpm_lease_counter_certify(tpm, ak, LEASE_COUNTER,
						      lie->lease_counted_before ? &before : bind,
						      &l->counted, &l->counted_sig, &e),
		  &e);
	assert_ok(tpm_key_make(tpm, lie->lease_for_k ? TEMPLATE_K : TEMPLATE_SRK_ECC_P256, &parent,
			       &e),
		  &e);
	assert_ok(tpm_certify(tpm, ak, lie->lease_of_other_key ? ak : parent,
			      lie->lease_key_before ? &before : bind, &l->certify, &l->certify_sig,
			      &e),
		  &e);
	l->parent = buf_copy(buf_bytes(parent->pub));
	return (struct eat_lease){ .counter =
					   lie->lease_counter_of_volume ? COUNTER : LEASE_COUNTER,
				   .counted = buf_bytes(l->counted),
				   .counted_sig = buf_bytes(l->counted_sig),
				   .parent = buf_bytes(l->parent),
				   .certify = buf_bytes(l->certify),
				   .certify_sig = buf_bytes(l->certify_sig) };
}

void made_with(struct verdict_rig *f, const struct lie *lie, struct made *m)
{
	struct err e = { 0 };
	OWNED(buf) other_boot = NULL;
	OWNED(tpm) tpm = NULL;
	OWNED(tpm_key) ak = NULL;
	OWNED(tpm_key) k = NULL;
	OWNED(keypair) cnf = NULL;
	OWNED(buf) host = NULL;
	OWNED(buf) release = NULL;
	OWNED(buf) tpm_value = NULL;
	OWNED(buf) logs = NULL;
	struct eat_logs sent = { .device_log_pcr = 13 };
	OWNED(buf) ima = verdict_ima_list(lie->other_ima);
	OWNED(buf) certify = NULL;
	OWNED(buf) certify_sig = NULL;
	struct buf *values[2] = { 0 };
	char labels[2][LABEL_MAX + 1];
	static const int picks[] = { 0, 1 };
	struct eat_function functions[4] = { 0 };
	u8 serials[2][8], nonce[32], thumb[32], deployment[16] = { 1 },
						ueid[UEID_LEN] = { 1, 2, 3 };
	struct evidence_context c;
	struct evidence_leaf leaves[2];
	struct digest scratch[3], root, bind;
	struct tpm_quoted q = { 0 };
	struct eat_bank bank = { .alg = TPM_ALG_SHA256 };
	struct eat_submodule subs[5];
	size_t n = 0, n_leaves = 0;
	struct eat_host_draft hd = { .functions = functions,
				     .agent_version = "test",
				     .phase = "system" };
	struct eat_tpm_draft td = { .banks = &bank, .n_banks = 1 };
	struct eat_volume volume;
	OWNED(buf) counted = NULL;
	OWNED(buf) counted_sig = NULL;
	struct lease_made lease = { 0 };
	struct tpm_attest attest;
	static const u8 uuid[16] = { 9 };

	*m = (struct made){ 0 };
	assert_ok(tpm_open(f->sw.tcti, &tpm, &e), &e);
	assert_ok(tpm_key_make(tpm, TEMPLATE_AK_ECC_P256, &ak, &e), &e);
	assert_ok(tpm_key_make(tpm, lie->k_is_srk ? TEMPLATE_SRK_ECC_P256 : TEMPLATE_K, &k, &e),
		  &e);
	assert_ok(keypair_new(KEY_P256, 0, &cnf, &e), &e);
	assert_ok(cose_thumbprint(keypair_pub(cnf), thumb, &e), &e);
	assert_ok(random_bytes(nonce, sizeof(nonce), &e), &e);
	c = evidence_context_make(nonce, deployment, BYTES(ak->name), thumb);

	for (int i = 0; i < 2; i++) {
		int pick = i == 1 && lie->ca_leaf	    ? 2
			   : i == 1 && lie->unauthenticated ? 3
							    : picks[i];
		int serial = lie->wrong_serial && i == 1 ? 0xb2 : 0xa1 + pick;
		struct device_evidence d;

		snprintf(labels[i], sizeof(labels[i]), "1b36:0010/00000000000000%02x/0", serial);
		memset(serials[i], 0, 8);
		serials[i][7] = (u8)serial;
		functions[i] = (struct eat_function){ .address = bytes_text(i ? "0000:02:00.0"
									      : "0000:01:00.0"),
						      .vendor = 0x1b36,
						      .device = 0x10,
						      .class_code = 0x010802,
						      .revision = 2,
						      .has_subsystem = true,
						      .subsystem_vendor = 0x1af4,
						      .subsystem = 0x1100,
						      .serial = BYTES(serials[i]),
						      .cma = true,
						      .label = bytes_text(labels[i]) };
		collect(f, lie, pick, &c, labels[i], &d);
		assert_ok(eat_write_device(&d, &values[i], &e), &e);
		device_evidence_clear(&d);
		leaves[n_leaves++] =
			(struct evidence_leaf){ bytes_text(labels[i]), buf_bytes(values[i]) };
		if (!lie->lost_device || i == 0)
			subs[n++] = (struct eat_submodule){ bytes_text(labels[i]),
							    buf_bytes(values[i]) };
	}
	for (int i = 2; i < 4; i++)
		functions[i] = made_twin(i == 2 ? "0000:03:00.0" : "0000:04:00.0");
	hd.n_functions = lie->twins ? 4 : 2;
	assert_ok(eat_write_host(&hd, &host, &e), &e);
	volume = (struct eat_volume){ .uuid = BYTES(uuid),
				      .epoch = counters(tpm) + 2 * lie->epoch_ahead -
					       lie->epoch_over,
				      .counter = COUNTER,
				      .k_public = buf_bytes(k->pub) };
	assert_ok(eat_write_release(&volume, 1, &release, &e), &e);
	if (lie->lost_device)
		n_leaves = 1;
	root = evidence_root(leaves, n_leaves, scratch);
	bind = evidence_bind(&c, (u32)n_leaves, &root, buf_bytes(host), buf_bytes(release));

	assert_ok(tpm_quote(tpm, ak, &bind, &q, &e), &e);
	if (lie->restart_between) {
		/* the NULL seed survives a Restart: K comes back, the counts tell */
		tpm_key_drop(&k);
		tpm_key_drop(&ak);
		tpm_drop(&tpm);
		rig_tpm_restart(&f->sw);
		assert_ok(tpm_open(f->sw.tcti, &tpm, &e), &e);
		assert_ok(tpm_key_make(tpm, TEMPLATE_AK_ECC_P256, &ak, &e), &e);
		assert_ok(tpm_key_make(tpm, TEMPLATE_K, &k, &e), &e);
	}
	assert_ok(tpm_certify(tpm, ak, lie->k_not_certified ? ak : k, &bind, &certify, &certify_sig,
			      &e),
		  &e);
	tpm_key_drop(&k); /* the TPM has room for three */
	count(tpm, ak, lie, &bind, &q, &counted, &counted_sig);
	volume.counted = buf_bytes(counted);
	volume.counted_sig = buf_bytes(counted_sig);
	td.lease = ask_lease(tpm, ak, lie, &bind, &lease);
	td.volumes = &volume;
	td.n_volumes = 1;
	bank.pcrs = q.selection.bank[0].pcrs;
	for (u32 i = 0; i < TPM_PCRS; i++)
		if (bank.pcrs & 1u << i)
			bank.value[i] = digest_bytes(&q.pcrs[0][i]);
	if (lie->drop_pcr)
		bank.pcrs &= ~(1u << 3);
	if (lie->change_pcr)
		q.pcrs[0][14].at[0] ^= 1;
	if (lie->wrong_quote_signature)
		q.signature->w.at[20] ^= 1;
	td.ak_name = BYTES(ak->name);
	td.quote = lie->certify_as_quote ? buf_bytes(certify) : buf_bytes(q.attest);
	td.quote_sig = lie->certify_as_quote ? buf_bytes(certify_sig) : buf_bytes(q.signature);
	td.certify = buf_bytes(certify);
	td.certify_sig = buf_bytes(certify_sig);
	assert_ok(eat_write_tpm(&td, &tpm_value, &e), &e);
	lease_made_clear(&lease);
	if (lie->other_log)
		f->boot_log->w.at[f->boot_log->w.len - 60] ^=
			1; /* in the last event's digest or data */
	sent.boot_log = lie->no_log ? BYTES_NONE : buf_bytes(f->boot_log);
	if (lie->log_prefix)
		sent.boot_log = log_prefix(sent.boot_log);
	if (lie->log_of_other_boot) {
		other_boot = log_of_other_boot(f);
		sent.boot_log = buf_bytes(other_boot);
	}
	if (lie->made_up_device_log)
		sent.device_log = BYTES(device_log);
	assert_ok(tpm_attest_parse(buf_bytes(q.attest), &attest, &e), &e);
	if (!lie->no_ima)
		send_ima(lie, &attest.clock, buf_bytes(ima), &sent.ima);
	assert_ok(eat_write_logs(&sent, &logs, &e), &e);
	if (lie->other_log)
		f->boot_log->w.at[f->boot_log->w.len - 60] ^= 1;
	subs[n++] = (struct eat_submodule){ bytes_text("host"), buf_bytes(host) };
	subs[n++] = (struct eat_submodule){ bytes_text("tpm"), buf_bytes(tpm_value) };
	subs[n++] = (struct eat_submodule){ bytes_text("logs"), buf_bytes(logs) };
	assert_ok(eat_write_token(nonce, ueid, 1, cnf, buf_bytes(release), subs, n, &m->token, &e),
		  &e);
	if (lie->wrong_signature)
		m->token->w.at[m->token->w.len - 5] ^= 1;
	assert_ok(eat_parse(buf_bytes(m->token), &m->parsed, &e), &e);

	m->ak_pub = buf_copy(buf_bytes(ak->pub));
	m->inventory = buf_copy(m->parsed->inventory);
	if (lie->other_inventory)
		m->inventory->w.at[m->inventory->w.len - 60] ^= 1;
	m->known = (struct known_leaf){ .known = lie->other_key, .version = 0x12 };
	if (lie->other_host)
		snprintf(m->known.other_host, sizeof(m->known.other_host), "host-b");
	m->volume = (struct known_volume){ .known = !lie->volume_unknown,
					   .counter = lie->counter_elsewhere ? OTHER_COUNTER : 0 };
	if (lie->volume_of_other)
		snprintf(m->volume.other_host, sizeof(m->volume.other_host), "host-b");
	m->ctx = (struct verify_context){
		.now_s = clock_now_s(),
		.nonce = lie->bad_nonce ? FAILED : PASSED,
		.nonce_why = "stale",
		.ak_pub = lie->not_enrolled ? BYTES_NONE : buf_bytes(m->ak_pub),
		.active = !lie->revoked,
		.has_last = lie->clock_back,
		.last_clock = { .reset_count = 0x7fffffff },
		.inventory = lie->other_inventory ? buf_bytes(m->inventory) : BYTES_NONE,
		.device_roots = lie->no_root ? NULL : f->roots,
		.spdm_version_min = lie->floor_13	   ? 0x13
				    : lie->unauthenticated ? 0x10
							   : 0x12,
		.release_pcrs = lie->set_16 ? 0x10000 | RELEASE_PCRS : RELEASE_PCRS,
		.device_log_required = lie->no_device_log,
		.session_required = lie->session_wanted,
		.ide_required = lie->ide_wanted,
		.ima_required = lie->no_ima || lie->ima_why,
		.must_prevent = lie->unguarded ? 1 : 0,
		.test_sources_may_release = !lie->no_test_switch,
		.caller_nonce = lie->caller_nonce,
		.lookup = lookup,
		.lookup_volume = lookup_volume,
		.user = m,
	};
	memcpy(m->ctx.deployment, deployment, 16);
	memcpy(m->ctx.ueid, ueid, UEID_LEN);
	if (lie->wrong_deployment)
		m->ctx.deployment[0] ^= 1;
	if (lie->wrong_ueid)
		m->ctx.ueid[5] ^= 1;
	if (lie->no_root)
		m->ctx.device_roots = trust_store_new();
	tpm_quoted_clear(&q);
	buf_drop(&values[0]);
	buf_drop(&values[1]);
}

struct decision made_judge(struct verdict_rig *f, struct made *m, struct verified_claims **v,
			   struct reasons **reasons, struct appraisal **a)
{
	struct err e = { 0 };

	*reasons = reasons_new();
	assert_ok(verify_evidence(m->parsed, &m->ctx, *reasons, v, &e), &e);
	assert_ok(appraise(*v, f->refs, &(struct appraisal_terms){ 0 }, *reasons, a, &e), &e);
	return decide(*v, *a, true);
}
