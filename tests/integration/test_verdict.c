// SPDX-License-Identifier: Apache-2.0
/*
 * Every check of checks.h, reached by evidence that is wrong in just that way: a real TPM, real device
 * signatures, one lie at a time. None releases a share. A check that no row reaches fails the suite.
 */
#include "../unit/ima_sample.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/collector/source.h"
#include "agent/tpm.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/cbor.h"
#include "proto/eat.h"
#include "verifier/boot_claims.h"
#include "verifier/decide.h"

enum { DEVICES = 4, RELEASE_PCRS = 0xdbff };

static const char *const names[DEVICES] = {
	"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:"
	"00000000000000a1",
	"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:"
	"00000000000000a2",
	"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:"
	"00000000000000a3", /* leaf is a CA      */
	"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:"
	"00000000000000a4", /* 1.1, no challenge */
};

struct fixture {
	char folder[256];
	struct rig_tpm sw;
	pid_t devices;
	int port[DEVICES];
	struct trust_store *roots;
	struct refs *refs;
	struct buf *boot_log;
	bool reached[CHECK_COUNT];
};

static void tool(const char *program, const char *const args[])
{
	char path[400];
	const char *argv[20] = { path };
	size_t n = 1;

	snprintf(path, sizeof(path), "%s/tests/%s", BUILD_FOLDER, program);
	for (; args[n - 1] && n < 19; n++)
		argv[n] = args[n - 1];
	assert_int_equal(rig_run(NULL, argv), 0);
}

static void start_devices(struct fixture *f)
{
	char spec[DEVICES][700], log[300], line[128];
	const char *argv[3 + 2 * DEVICES] = { BUILD_FOLDER "/tests/device/spdm-device", "serve" };
	char pki[300], id[320], meas[300];
	FILE *m;

	snprintf(pki, sizeof(pki), "%s/pki", f->folder);
	tool("device/spdm-device", (const char *const[]){ "init", pki, NULL });
	snprintf(meas, sizeof(meas), "%s/meas", f->folder);
	m = fopen(meas, "w");
	fputs("1 rom digest-of:rom\n2 firmware digest-of:fw\n16 svn 7\n", m);
	fclose(m);
	for (int i = 0; i < DEVICES; i++) {
		snprintf(id, sizeof(id), "%s/id%d", f->folder, i);
		tool("device/spdm-device",
		     (const char *const[]){ "identity", pki, id, "0", "p384", names[i],
					    i == 2 ? "ca-leaf" : NULL, NULL });
		tool("device/spdm-device",
		     (const char *const[]){ "identity", pki, id, "1", "p384", names[i], NULL });
		snprintf(spec[i], sizeof(spec[i]), "name=d%d,port=0,identity=%s,measurements=%s,%s",
			 i, id, meas, i == 3 ? "versions=1.1-1.1,flags=0x12" : "versions=1.2-1.2");
		argv[2 + 2 * i] = "--device";
		argv[3 + 2 * i] = spec[i];
	}
	snprintf(log, sizeof(log), "%s/devices.log", f->folder);
	f->devices = rig_start(log, argv);
	for (int tries = 0; tries < 1000; tries++) {
		FILE *in = fopen(log, "r");
		bool ready = false;

		while (in && fgets(line, sizeof(line), in)) {
			int i, port;

			if (sscanf(line, "device d%d port %d", &i, &port) == 2)
				f->port[i] = port;
			ready |= !strncmp(line, "ready", 5);
		}
		if (in)
			fclose(in);
		if (ready)
			return;
		usleep(5000);
	}
	fail_msg("devices did not start");
}

/* one well-formed entry: lengths, label, address, two digests */
static const u8 device_log[] = { 0,   0,   0,	112, 0,	       0,   0,	 20,  'a',	's', 's',
				 'a', 'y', '/', 'd', 'e',      'v', 'i', 'c', 'e',	'-', 's',
				 't', 'a', 't', 'e', '/',      '1', 0,	 0,   0,	12,  '0',
				 '0', '0', '0', ':', '0',      '1', ':', '0', '0',	'.', '0',
				 0,   0,   0,	32,  [80] = 0, 0,   0,	 32,  [115] = 0 };

/* A file that somebody ran and one that changed meanwhile; @changed: the first one's content is another. */
static struct buf *ima_list(bool changed)
{
	struct buf *b = buf_new(4096);

	ima_sample_put(&b->w, &(struct ima_sample){ .path = "/usr/bin/a",
						    .content = changed ? "other" : "a" });
	ima_sample_put(&b->w, &(struct ima_sample){ .path = "/var/log/b", .violation = true });
	return b;
}

static void extend_ima(struct fixture *f)
{
	OWNED(buf) list = ima_list(false);
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry entry;
	struct err e = { 0 };

	ima_cursor_on(c, buf_bytes(list), IMA_BINARY);
	while (ima_next(c, &entry, &e) > 0) {
		struct digest d = sha256_of(entry.data);
		char hex[65], argument[100];
		const char *const extend[] = { "tpm2_pcrextend", argument, NULL };

		if (entry.violation)
			memset(d.at, 0xff, sizeof(d.at));
		snprintf(argument, sizeof(argument), "10:sha256=%s",
			 hex_write(digest_bytes(&d), hex));
		assert_int_equal(rig_tpm_tool(&f->sw, extend), 0);
	}
	free(c);
}

static void extend_log(struct fixture *f)
{
	char path[300];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/boot.log", f->folder);
	rig_tpm_boot(&f->sw, path);
	extend_ima(f);
	buf_drop(&f->boot_log);
	assert_ok(file_read(path, 65536, &f->boot_log, &e), &e);
}

/* ---- one token, with at most one thing wrong ---- */
struct lie {
	const char *name;
	enum check_id check;
	/* what is done differently */
	bool foreign_device_nonce, flip_block, unsigned_measurements, other_slot_chain, lost_device,
		failed_device;
	bool same_device_twice, ca_leaf, unauthenticated, wrong_serial;
	bool wrong_deployment, wrong_signature, wrong_ueid, no_log, other_log, log_prefix,
		log_of_other_boot, made_up_device_log, no_device_log, unguarded, no_ima, ima_why,
		other_ima, ima_of_other_boot, ima_from_nowhere, ima_other_bank, ima_starts_high,
		drop_pcr, change_pcr, certify_as_quote;
	bool wrong_quote_signature, twins;
	bool k_is_srk, k_not_certified, restart_between;
	/* what the server knows or demands */
	bool bad_nonce, not_enrolled, revoked, clock_back, other_inventory, other_key, other_host,
		floor_13, no_root;
	bool no_test_switch, caller_nonce, set_16;
};

struct made {
	struct buf *token;
	struct eat *parsed;
	struct verify_context ctx;
	struct known_leaf known;
	struct buf *ak_pub, *inventory;
};

static void made_clear(struct made *m)
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

static void collect(struct fixture *f, const struct lie *lie, int i,
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

/* Nothing but its address tells one of these from another: no serial number, no certificate. */
static struct eat_function twin_at(const char *address)
{
	return (struct eat_function){ .address = bytes_text(address), .vendor = 1, .device = 2 };
}

/* What make() says of IMA: the two entries that set_up() extended. */
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
static struct buf *log_of_other_boot(const struct fixture *f)
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

static void make(struct fixture *f, const struct lie *lie, struct made *m)
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
	OWNED(buf) ima = ima_list(lie->other_ima);
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
		functions[i] = twin_at(i == 2 ? "0000:03:00.0" : "0000:04:00.0");
	hd.n_functions = lie->twins ? 4 : 2;
	assert_ok(eat_write_host(&hd, &host, &e), &e);
	volume = (struct eat_volume){ .uuid = BYTES(uuid),
				      .epoch = 1,
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
		.ima_required = lie->no_ima || lie->ima_why,
		.must_prevent = lie->unguarded ? 1 : 0,
		.test_sources_may_release = !lie->no_test_switch,
		.caller_nonce = lie->caller_nonce,
		.lookup = lookup,
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

static const struct lie lies[] = {
	{ .name = "token signed by another key", CHECK_TOKEN_SIGNATURE, .wrong_signature = true },
	{ .name = "stale nonce", CHECK_NONCE, .bad_nonce = true },
	{ .name = "AK not activated", CHECK_ENROLLED, .not_enrolled = true },
	{ .name = "revoked host", CHECK_ENROLLED, .revoked = true },
	{ .name = "ueid of another host", CHECK_UEID, .wrong_ueid = true },
	{ .name = "quote signature changed", CHECK_QUOTE_SIGNATURE, .wrong_quote_signature = true },
	{ .name = "certification instead of a quote", CHECK_QUOTE_TYPE, .certify_as_quote = true },
	{ .name = "quote over other PCRs than claimed", CHECK_QUOTE_SELECTION, .drop_pcr = true },
	{ .name = "PCR value changed", CHECK_QUOTE_DIGEST, .change_pcr = true },
	{ .name = "another deployment", CHECK_QUOTE_BINDS, .wrong_deployment = true },
	{ .name = "counts went back", CHECK_CLOCK, .clock_back = true },
	{ .name = "no boot log", CHECK_BOOT_LOG, .no_log = true },
	{ .name = "boot log changed", CHECK_BOOT_LOG, .other_log = true },
	{ .name = "boot log without its last event", CHECK_BOOT_LOG, .log_prefix = true },
	{ .name = "boot log of another boot", CHECK_BOOT_LOG, .log_of_other_boot = true },
	{ .name = "device log that the PCR does not show",
	  CHECK_DEVICE_LOG,
	  .made_up_device_log = true },
	{ .name = "no device log where policy wants one", CHECK_DEVICE_LOG, .no_device_log = true },
	{ .name = "no IMA list where policy wants one", CHECK_IMA_LOG, .no_ima = true },
	{ .name = "a reason in place of an IMA list", CHECK_IMA_LOG, .ima_why = true },
	{ .name = "IMA entry changed", CHECK_IMA_LOG, .other_ima = true },
	{ .name = "IMA list of another boot", CHECK_IMA_LOG, .ima_of_other_boot = true },
	{ .name = "IMA list from an entry on", CHECK_IMA_LOG, .ima_from_nowhere = true },
	{ .name = "IMA list in another bank", CHECK_IMA_LOG, .ima_other_bank = true },
	{ .name = "IMA list whose start is not zero", CHECK_IMA_LOG, .ima_starts_high = true },
	{ .name = "kernel does not prevent what policy wants", CHECK_GUARD, .unguarded = true },
	{ .name = "device removed", CHECK_DEVICES_PRESENT, .lost_device = true },
	{ .name = "inventory differs", CHECK_INVENTORY, .other_inventory = true },
	{ .name = "two devices with one key", CHECK_KEYS_DISTINCT, .same_device_twice = true },
	{ .name = "device does not answer", CHECK_EVIDENCE, .failed_device = true },
	{ .name = "unsigned measurements", CHECK_GRAMMAR, .unsigned_measurements = true },
	{ .name = "chain of another slot", CHECK_GRAMMAR, .other_slot_chain = true },
	{ .name = "device nonce of another session",
	  CHECK_NONCE_BOUND,
	  .foreign_device_nonce = true },
	{ .name = "measurement changed by one bit", CHECK_SIGNATURE, .flip_block = true },
	{ .name = "leaf certificate is a CA", CHECK_LEAF, .ca_leaf = true },
	{ .name = "no device root", CHECK_PATH, .no_root = true },
	{ .name = "version below the floor", CHECK_VERSION, .floor_13 = true },
	{ .name = "SPDM 1.1 without challenge", CHECK_NEGOTIATION, .unauthenticated = true },
	{ .name = "certificate of another function", CHECK_IDENTITY, .wrong_serial = true },
	{ .name = "swapped device", CHECK_KEY_KNOWN, .other_key = true },
	{ .name = "key seen on another host", CHECK_KEY_KNOWN, .other_host = true },
	{ .name = "test source without the switch", CHECK_SOURCE, .no_test_switch = true },
	{ .name = "nonce of the caller's choice", CHECK_SOURCE, .caller_nonce = true },
	{ .name = "K is the SRK", CHECK_K_HIERARCHY, .k_is_srk = true },
	{ .name = "another key is certified", CHECK_K_CERTIFIED, .k_not_certified = true },
	{ .name = "release set not quoted", CHECK_RELEASE_SET, .set_16 = true },
};

static struct decision judge(struct fixture *f, struct made *m, struct verified_claims **v,
			     struct reasons **reasons, struct appraisal **a)
{
	struct err e = { 0 };

	*reasons = reasons_new();
	assert_ok(verify_evidence(m->parsed, &m->ctx, *reasons, v, &e), &e);
	assert_ok(appraise(*v, f->refs, &(struct appraisal_terms){ 0 }, *reasons, a, &e), &e);
	return decide(*v, *a, true);
}

static bool failed_somewhere(const struct verified_view *v, enum check_id id)
{
	bool found = v->checks.result[id] == FAILED;

	for (size_t i = 0; i < v->n_devices; i++)
		found |= v->devices[i].checks.result[id] == FAILED;
	return found;
}

static void learn(struct fixture *f)
{
	static const struct lie none = { .name = "honest" };
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;
	struct corim_triple t[2];
	OWNED(ect) device = NULL;
	OWNED(ect) log = NULL;
	struct corim_draft d = { .id = "test", .signer = "test", .triples = t, .n = 2 };
	OWNED(buf) corim = NULL;
	struct corim *parsed = NULL;
	struct err e = { 0 };

	f->refs = refs_new();
	make(f, &none, &m);
	judge(f, &m, &v, &reasons, &a);
	assert_ok(ect_of_device(&verified_view(v)->devices[0], &device, &e), &e);
	assert_ok(boot_claims(verified_view(v)->log, TPM_ALG_SHA256, BYTES_NONE, &log, &e), &e);
	t[0] = (struct corim_triple){ .env = device->env, .n = 2, .elements = device->elements };
	t[1] = (struct corim_triple){ .env = log->env, .n = log->n, .elements = log->elements };
	assert_ok(corim_write(&d, NULL, NULL, &corim, &e), &e);
	assert_ok(corim_parse(buf_bytes(corim), &parsed, &e), &e);
	assert_ok(refs_add(f->refs, parsed, &e), &e);
	assert_ok(refs_ready(f->refs, &e), &e);
	made_clear(&m);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e = { 0 };
	char path[300];

	rig_folder(f->folder);
	snprintf(path, sizeof(path), "%s/tpm", f->folder);
	assert_ok(folder_make(path, 0700, &e), &e);
	rig_tpm_start(&f->sw, path);
	start_devices(f);
	extend_log(f);
	snprintf(path, sizeof(path), "%s/pki/root.pem", f->folder);
	f->roots = trust_store_new();
	assert_ok(trust_store_add_file(f->roots, path, &e), &e);
	learn(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rig_stop(f->devices);
	rig_tpm_stop(&f->sw);
	trust_store_drop(&f->roots);
	refs_drop(&f->refs);
	buf_drop(&f->boot_log);
	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

static void honest_evidence_is_affirmed_and_releases(void **state)
{
	static const struct lie none = { .name = "honest" };
	struct fixture *f = *state;
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;
	struct decision d;

	make(f, &none, &m);
	d = judge(f, &m, &v, &reasons, &a);
	if (reasons->n) {
		char text[1200];

		fail_msg("%s", reason_text(&reasons->at[0], text, sizeof(text)));
	}
	assert_int_equal(d.status, TIER_AFFIRMING);
	assert_true(d.release);
	made_clear(&m);
}

/* Rule 28: forced to NOT_RUN and to FAILED, each check by itself denies. */
static void each_check_not_run_or_failed_denies_a_release(void **state)
{
	static const struct lie none = { .name = "honest" };
	struct fixture *f = *state;
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;
	struct verified_view *view;

	make(f, &none, &m);
	assert_true(judge(f, &m, &v, &reasons, &a).release);
	view = (struct verified_view *)verified_view(v); /* const to everybody but this test */
	for (int i = 0; i < CHECK_COUNT; i++) {
		struct checks *c = check_scope((enum check_id)i) == SCOPE_DEVICE
					   ? &view->devices[1].checks
					   : &view->checks;
		enum check_result before = c->result[i];

		assert_int_equal(before, PASSED);
		c->result[i] = NOT_RUN;
		assert_false(decide(v, a, true).release);
		c->result[i] = FAILED;
		assert_false(decide(v, a, true).release);
		c->result[i] = before;
	}
	assert_true(decide(v, a, true).release);
	made_clear(&m);
}

static bool said_of_log(const struct reasons *reasons)
{
	for (size_t i = 0; i < reasons->n; i++)
		if (strstr(reasons->at[i].found, "the log replays to another PCR"))
			return true;
	return false;
}

static void each_lie_fails_its_check_and_releases_nothing(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		struct made m;
		OWNED(verified_claims) v = NULL;
		OWNED(reasons) reasons = NULL;
		OWNED(appraisal) a = NULL;
		struct decision d;

		make(f, &lies[i], &m);
		d = judge(f, &m, &v, &reasons, &a);
		if (d.release)
			fail_msg("%s: a share went out", lies[i].name);
		if (lies[i].log_prefix || lies[i].log_of_other_boot)
			assert_true(said_of_log(reasons));
		if (!failed_somewhere(verified_view(v), lies[i].check))
			fail_msg("%s: check %s did not fail", lies[i].name,
				 check_name(lies[i].check));
		assert_true(reasons->n > 0);
		if (check_scope(lies[i].check) != SCOPE_RELEASE)
			assert_int_equal(d.status, TIER_CONTRAINDICATED);
		assert_int_equal(verified_view(v)->quoted, !lies[i].not_enrolled &&
								   !lies[i].revoked &&
								   !lies[i].wrong_quote_signature &&
								   !lies[i].certify_as_quote);
		/* a token that nobody vouches for gets no work done on its devices */
		for (size_t k = 0; k < verified_view(v)->n_devices && !verified_view(v)->quoted;
		     k++)
			assert_null(verified_view(v)->devices[k].evidence);
		f->reached[lies[i].check] = true;
		if (lies[i].no_root)
			trust_store_drop((struct trust_store **)&m.ctx.device_roots);
		made_clear(&m);
	}
}

/* As it is stored: the encoded array of the host submodule. */
static struct buf *inventory_of(const struct eat_function *functions, size_t n)
{
	struct eat_host_draft d = { .functions = functions, .n_functions = n };
	OWNED(buf) host = NULL;
	struct err e = { 0 };
	struct cbor c;

	assert_ok(eat_write_host(&d, &host, &e), &e);
	c = cbor_on(buf_bytes(host), CBOR_STRICT);
	assert_int_equal(cbor_map(&c, "host"), 3);
	for (int i = 0; i < 3; i++)
		cbor_item(&c, "profile, its value, key of the inventory");
	return buf_copy(cbor_item(&c, "inventory"));
}

/* Rule 10. Functions that are alike count: one more or one less of them is a difference. */
static void each_difference_from_the_known_inventory_is_said(void **state)
{
	static const struct lie with_twins = { .name = "honest", .twins = true };
	static const struct {
		const char *known[4]; /* addresses of twins; they stand at 3 and 4 now */
		const char *mailbox;  /* of this one a CMA mailbox is known            */
		const char *said[2];
	} rows[] = {
		{ { "0000:03:00.0", "0000:04:00.0" }, NULL, { NULL } },
		{ { "0000:03:00.0" }, NULL, { "0001:0002 at 0000:04:00.0 was added" } },
		{ { "0000:04:00.0" }, NULL, { "0001:0002 at 0000:03:00.0 was added" } },
		{ { NULL },
		  NULL,
		  { "0001:0002 at 0000:03:00.0 was added",
		    "0001:0002 at 0000:04:00.0 was added" } },
		{ { "0000:03:00.0", "0000:04:00.0", "0000:05:00.0" },
		  NULL,
		  { "0001:0002 at 0000:05:00.0 is missing" } },
		{ { "0000:02:01.0", "0000:03:00.0", "0000:04:00.0" },
		  NULL,
		  { "0001:0002 at 0000:02:01.0 is missing" } },
		{ { "0000:03:00.0", "0000:05:00.0" },
		  NULL,
		  { "0001:0002 at 0000:05:00.0 was moved" } },
		{ { "0000:05:00.0" },
		  NULL,
		  { "0001:0002 at 0000:05:00.0 was moved",
		    "0001:0002 at 0000:04:00.0 was added" } },
		{ { "0000:03:00.0", "0000:04:00.0" },
		  "0000:03:00.0",
		  { "0001:0002 at 0000:03:00.0 lost its CMA mailbox" } },
	};
	struct fixture *f = *state;
	struct made m;

	make(f, &with_twins, &m);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct eat_function known[6] = { m.parsed->functions[0], m.parsed->functions[1] };
		OWNED(verified_claims) v = NULL;
		OWNED(reasons) reasons = NULL;
		OWNED(appraisal) a = NULL;
		OWNED(buf) inventory = NULL;
		size_t n = 2, said = 0;
		struct decision d;

		for (size_t k = 0; k < 4 && rows[i].known[k]; k++) {
			known[n] = twin_at(rows[i].known[k]);
			known[n++].cma =
				rows[i].mailbox && !strcmp(rows[i].mailbox, rows[i].known[k]);
		}
		inventory = inventory_of(known, n);
		m.ctx.inventory = buf_bytes(inventory);
		d = judge(f, &m, &v, &reasons, &a);
		for (; said < 2 && rows[i].said[said]; said++) {
			if (said >= reasons->n)
				fail_msg("row %zu: nobody says: %s", i, rows[i].said[said]);
			assert_string_equal(reasons->at[said].found, rows[i].said[said]);
		}
		assert_int_equal(reasons->n, said);
		assert_int_equal(d.status, said ? TIER_CONTRAINDICATED : TIER_AFFIRMING);
		assert_int_equal(d.release, !said);
		m.ctx.inventory = BYTES_NONE;
	}
	made_clear(&m);
}

static void k_with_other_attributes_is_refused(void **state)
{
	static const struct lie none = { .name = "honest" };
	struct fixture *f = *state;
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;
	u8 *attributes;

	make(f, &none, &m);
	attributes = (u8 *)m.parsed->volumes[0].k_public.at + 4; /* type 2, nameAlg 2 */
	attributes[1] &= (u8)~1u;				 /* restricted */
	assert_false(judge(f, &m, &v, &reasons, &a).release);
	assert_int_equal(verified_view(v)->checks.result[CHECK_K_TEMPLATE], FAILED);
	f->reached[CHECK_K_TEMPLATE] = true;
	made_clear(&m);
}

static void a_restart_between_quote_and_certification_and_after_it_is_refused(void **state)
{
	static const struct lie restart = { .name = "restart between", .restart_between = true };
	static const struct lie none = { .name = "honest" };
	struct fixture *f = *state;
	struct made m;

	for (int i = 0; i < 2; i++) {
		OWNED(verified_claims) v = NULL;
		OWNED(reasons) reasons = NULL;
		OWNED(appraisal) a = NULL;
		enum check_id check = i ? CHECK_RESTART : CHECK_K_COUNTS;

		make(f, i ? &none : &restart, &m);
		assert_false(judge(f, &m, &v, &reasons, &a).release);
		assert_int_equal(verified_view(v)->checks.result[check], FAILED);
		f->reached[check] = true;
		made_clear(&m);
	}
	rig_tpm_reset(&f->sw);
	extend_log(f);
}

static void a_pcr_that_the_log_does_not_explain_is_refused(void **state)
{
	static const struct lie none = { .name = "honest" };
	static const char *const extend[] = {
		"tpm2_pcrextend",
		"12:sha256=00000000000000000000000000000000000000000000000000000000000000cb", NULL
	};
	struct fixture *f = *state;
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;

	assert_int_equal(rig_tpm_tool(&f->sw, extend), 0);
	make(f, &none, &m);
	assert_false(judge(f, &m, &v, &reasons, &a).release);
	assert_int_equal(verified_view(v)->checks.result[CHECK_BOOT_LOG], FAILED);
	made_clear(&m);
	rig_tpm_reset(&f->sw);
	extend_log(f);
}

static void an_extended_cap_releases_nothing(void **state)
{
	static const struct lie none = { .name = "honest" };
	static const char *const cap[] = {
		"tpm2_pcrextend",
		"15:sha256=00000000000000000000000000000000000000000000000000000000000000ca", NULL
	};
	struct fixture *f = *state;
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;

	assert_int_equal(rig_tpm_tool(&f->sw, cap), 0);
	make(f, &none, &m);
	assert_false(judge(f, &m, &v, &reasons, &a).release);
	assert_int_equal(verified_view(v)->checks.result[CHECK_CAP], FAILED);
	f->reached[CHECK_CAP] = true;
	made_clear(&m);
}

static void a_token_cut_short_anywhere_is_refused(void **state)
{
	static const struct lie none = { .name = "honest" };
	struct fixture *f = *state;
	struct made m;

	make(f, &none, &m);
	for (size_t len = 0; len < m.token->w.len; len++) {
		OWNED(eat) t = NULL;
		struct err e = { 0 };
		u8 *copy = heap_copy((struct bytes){ m.token->w.at, len });

		assert_int_not_equal(eat_parse((struct bytes){ copy, len }, &t, &e), 0);
		assert_true(e.text[0]);
		free(copy);
	}
	made_clear(&m);
}

static void no_check_is_without_a_lie_that_reaches_it(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < CHECK_COUNT; i++)
		if (!f->reached[i] &&
		    i != CHECK_CHAIN_DIGEST) /* its lies: integration_devices, digest-of-other-chain */
			fail_msg("nothing makes check %s fail", check_name((enum check_id)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_evidence_is_affirmed_and_releases),
		cmocka_unit_test(each_check_not_run_or_failed_denies_a_release),
		cmocka_unit_test(each_lie_fails_its_check_and_releases_nothing),
		cmocka_unit_test(each_difference_from_the_known_inventory_is_said),
		cmocka_unit_test(k_with_other_attributes_is_refused),
		cmocka_unit_test(a_token_cut_short_anywhere_is_refused),
		cmocka_unit_test(a_restart_between_quote_and_certification_and_after_it_is_refused),
		cmocka_unit_test(a_pcr_that_the_log_does_not_explain_is_refused),
		cmocka_unit_test(an_extended_cap_releases_nothing),
		cmocka_unit_test(no_check_is_without_a_lie_that_reaches_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
