// SPDX-License-Identifier: Apache-2.0
#include "forge.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/collector/source.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/boot_log.h"
#include "proto/eat_claims.h"
#include "server/keys.h"
#include "server/nonce.h"
#include "server/routes.h"
#include "server/secrets.h"

static const char name[] = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:";

/* ---- the devices ---- */
static void device_tool(const char *const args[])
{
	const char *argv[12] = { BUILD_FOLDER "/tests/device/spdm-device" };
	size_t n = 1;

	for (; args[n - 1] && n < 11; n++)
		argv[n] = args[n - 1];
	assert_int_equal(rig_run(NULL, argv), 0);
}

static void start_devices(struct forge_server *s)
{
	char spec[FORGE_DEVICES][700], log[300], pki[300], id[320], meas[300], path[300];
	char identity[100];
	const char *argv[3 + 2 * FORGE_DEVICES] = { BUILD_FOLDER "/tests/device/spdm-device",
						    "serve" };
	struct err e = { 0 };

	snprintf(pki, sizeof(pki), "%s/pki", s->folder);
	snprintf(meas, sizeof(meas), "%s/measurements", s->folder);
	assert_ok(file_write(meas,
			     bytes_text("1 rom digest-of:rom\n2 firmware digest-of:fw\n16 svn 7\n"),
			     0600, &e),
		  &e);
	for (int i = 0; i < FORGE_DEVICES; i++) {
		snprintf(id, sizeof(id), "%s/id%d", s->folder, i);
		snprintf(identity, sizeof(identity), "%s00000000000000a%d", name, i);
		for (int slot = 0; slot < 2; slot++)
			device_tool((const char *const[]){ "identity", pki, id, slot ? "1" : "0",
							   "p384", identity, NULL });
		snprintf(spec[i], sizeof(spec[i]),
			 "name=d%d,port=0,identity=%s,measurements=%s,versions=1.2-1.2", i, id,
			 meas);
		argv[2 + 2 * i] = "--device";
		argv[3 + 2 * i] = spec[i];
	}
	snprintf(log, sizeof(log), "%s/devices.log", s->folder);
	s->devices = rig_start(log, argv);
	snprintf(path, sizeof(path), "%s/devices.log", s->folder);
	for (int tries = 0; tries < 1000; tries++) {
		OWNED(buf) b = file_bytes(path);
		const char *text;

		if (b)
			write_u8(&b->w, 0);
		text = b && b->w.len ? (const char *)b->w.at : "";
		for (int i = 0; i < FORGE_DEVICES; i++) {
			char wanted[32];
			const char *at;

			snprintf(wanted, sizeof(wanted), "device d%d port ", i);
			at = strstr(text, wanted);
			s->port[i] = at ? atoi(at + strlen(wanted)) : 0;
		}
		if (strstr(text, "ready"))
			return;
		usleep(5000);
	}
	fail_msg("devices did not start, see %s", path);
}

/* ---- the server ---- */
static void make_boot_log(struct forge_server *s)
{
	char path[300];
	const char *const argv[] = { BUILD_FOLDER "/tests/tools/boot-log-make", path, NULL };
	OWNED(boot_log) log = NULL;
	struct err e = { 0 };
	u32 touched;

	snprintf(path, sizeof(path), "%s/boot.log", s->folder);
	assert_int_equal(rig_run("/dev/null", argv), 0);
	assert_ok(file_read(path, 65536, &s->boot_log, &e), &e);
	assert_ok(boot_log_parse(buf_bytes(s->boot_log), &log, &e), &e);
	assert_ok(boot_log_replay(log, 0, s->pcrs, &touched, &e), &e);
}

/* The operator's key, and its certificate where the server looks for accepted signers. */
static void make_signer(struct forge_server *s)
{
	struct cert_request want = { .common_name = "test operator",
				     .not_before = clock_now_s() - 3600,
				     .not_after = clock_now_s() + 86400 };
	OWNED(buf) pem = buf_new(65536);
	struct err e = { 0 };
	char path[300];

	assert_ok(keypair_new(KEY_P256, 0, &s->signer, &e), &e);
	want.key = keypair_pub(s->signer);
	want.issuer_key = s->signer;
	assert_ok(cert_make(&want, &s->signer_cert, &e), &e);
	assert_ok(cert_pem(s->signer_cert, &pem->w, &e), &e);
	snprintf(path, sizeof(path), "%s/signers/operator.pem", s->folder);
	assert_ok(file_write(path, buf_bytes(pem), 0600, &e), &e);
}

static void open_server(struct forge_server *s)
{
	struct settings *c = &s->settings;
	struct http_config h = { .address = "127.0.0.1", .threads = 2, .connections_max = 512 };
	struct http_handler handler;
	char url[64], state[300];
	const char *urls[] = { url };
	struct key_place kek = { c->kek, "", "" };
	u8 root_id[ROOT_ID_LEN];
	struct err e = { 0 };

	snprintf(state, sizeof(state), "%s/state", s->folder);
	settings_default(c, state);
	snprintf(c->database, sizeof(c->database), "%.250s/state/assay.db", s->folder);
	snprintf(c->kek, sizeof(c->kek), "%.250s/state/kek.pem", s->folder);
	snprintf(c->audit_floor, sizeof(c->audit_floor), "%.250s/state/floor", s->folder);
	snprintf(c->device_roots, sizeof(c->device_roots), "%.250s/roots", s->folder);
	snprintf(c->corim_roots, sizeof(c->corim_roots), "%.250s/signers", s->folder);
	c->release_from_test_sources = true;
	assert_ok(folder_make(c->state, 0700, &e), &e);
	assert_ok(keys_init(c->state, &kek, &e), &e);
	assert_ok(root_id_in(c->state, ROOT_FILE, root_id, &e), &e);
	assert_ok(store_init(c->database, root_id, &e), &e);
	assert_ok(server_open(c, &s->server, &e), &e);
	assert_ok(admin_token_make(s->server->store, "test", "admin", s->token, &e), &e);
	handler = routes_handler(s->server);
	assert_ok(http_start(&h, &handler, &s->http, &e), &e);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", http_port(s->http));
	assert_ok(transport_open(urls, 1, NULL, 0, NULL, &s->transport, &e), &e);
}

void forge_server_start(struct forge_server *s)
{
	static const char *const folders[] = { "roots", "signers" };
	char path[300], root[300];
	const char *const copy[] = { "cp", root, path, NULL };
	struct err e = { 0 };

	*s = (struct forge_server){ 0 };
	rig_folder(s->folder);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->folder, folders[i]);
		assert_ok(folder_make(path, 0700, &e), &e);
	}
	snprintf(path, sizeof(path), "%s/pki", s->folder);
	device_tool((const char *const[]){ "init", path, NULL });
	snprintf(root, sizeof(root), "%s/pki/root.pem", s->folder);
	snprintf(path, sizeof(path), "%s/roots/", s->folder);
	assert_int_equal(rig_run(NULL, copy), 0);
	make_boot_log(s);
	make_signer(s);
	start_devices(s);
	open_server(s);
}

void forge_server_stop(struct forge_server *s)
{
	transport_drop(&s->transport);
	http_drop(&s->http);
	server_drop(&s->server);
	rig_stop(s->devices);
	keypair_drop(&s->signer);
	cert_drop(&s->signer_cert);
	buf_drop(&s->boot_log);
	rig_folder_remove(s->folder);
}

void forge_record(struct forge_server *s, const char *method, const char *path,
		  const struct reply *r)
{
	json_t *body = r->body && r->body->w.len
			       ? json_loadb((const char *)r->body->w.at, r->body->w.len, 0, NULL)
			       : NULL;
	json_t *line = json_pack("{s:s, s:s, s:i, s:o?}", "method", method, "path", path, "status",
				 (int)r->status, "body", body);
	char name[300];
	FILE *f;

	snprintf(name, sizeof(name), "%s/answers", s->folder);
	f = fopen(name, "ae");
	assert_non_null(f);
	assert_int_equal(json_dumpf(line, f, JSON_COMPACT), 0);
	fputc('\n', f);
	fclose(f);
	json_decref(line);
}

void forge_answers_fit(struct forge_server *s)
{
	char path[300];
	const char *const argv[] = { SOURCE_FOLDER "/tests/integration/answers", "recorded", path,
				     NULL };

	snprintf(path, sizeof(path), "%s/answers", s->folder);
	assert_int_equal(rig_run(NULL, argv), 0);
}

json_t *forge_call(struct forge_server *s, const char *method, const char *path, const char *type,
		   bool bearer, struct bytes body, long *status)
{
	struct reply r;
	struct err e = { 0 };
	json_t *j;

	assert_ok(transport_call(s->transport, method, path, type, bearer ? s->token : NULL, body,
				 &r, &e),
		  &e);
	*status = r.status;
	snprintf(s->location, sizeof(s->location), "%s", r.location);
	forge_record(s, method, path, &r);
	j = json_loadb((const char *)r.body->w.at, r.body->w.len, 0, NULL);
	reply_clear(&r);
	return j;
}

/* ---- hosts ---- */
static void write_2b(struct writer *w, struct bytes b)
{
	write_be16(w, (u16)b.len);
	write_bytes(w, b);
}

struct buf *forge_public(enum tpm_template which, const struct keypair *key)
{
	struct buf *b = buf_new(TPM_STRUCT_MAX);
	struct tpm_public blank;
	struct err e = { 0 };
	u8 x[32], y[32];

	assert_ok(pubkey_xy(keypair_pub(key), x, y, 32, &e), &e);
	tpm_template_write(which, &b->w);
	assert_ok(tpm_public_parse(buf_bytes(b), &blank, &e), &e);
	b->w.len -= 4 + blank.unique_x.len + blank.unique_y.len;
	write_2b(&b->w, BYTES(x));
	write_2b(&b->w, BYTES(y));
	return b;
}

static void name_of(struct bytes public, u8 out[AK_NAME_LEN])
{
	struct tpm_public p;
	struct err e = { 0 };
	u8 name[TPM_NAME_MAX];

	assert_ok(tpm_public_parse(public, &p, &e), &e);
	assert_int_equal(tpm_public_name(&p, name), AK_NAME_LEN);
	memcpy(out, name, AK_NAME_LEN);
}

void forge_host_make(struct forge_host *h, const char *name, int first_device)
{
	struct err e = { 0 };

	*h = (struct forge_host){ .first_device = first_device };
	snprintf(h->name, sizeof(h->name), "%s", name);
	assert_ok(keypair_new(KEY_P256, 0, &h->ek, &e), &e);
	assert_ok(keypair_new(KEY_P256, 0, &h->ak, &e), &e);
	h->ek_pub = forge_public(TEMPLATE_EK_ECC_P256, h->ek);
	h->ak_pub = forge_public(TEMPLATE_AK_ECC_P256, h->ak);
	name_of(buf_bytes(h->ak_pub), h->ak_name);
	assert_ok(tpm_ueid(buf_bytes(h->ek_pub), h->ueid, &e), &e);
}

void forge_volume(const struct forge_host *h, u8 out[16])
{
	struct digest d = sha256_of(bytes_text(h->name));

	memcpy(out, d.at, 16);
}

static int enrol(struct tx *tx, void *arg, struct err *e)
{
	const struct forge_host *f = arg;
	struct host h = { .active = true,
			  .ak_active = true,
			  .group = "default",
			  .ek_trust = "registered",
			  .ek_pub = f->ek_pub,
			  .ak_pub = f->ak_pub };
	u8 check[SHARE_CHECK_LEN], volume[16];

	forge_volume(f, volume);
	snprintf(h.name, sizeof(h.name), "%s", f->name);
	memcpy(h.ueid, f->ueid, UEID_LEN);
	memcpy(h.ak_name, f->ak_name, AK_NAME_LEN);
	return host_enrol(tx, &h, e) || share_create(tx, f->ueid, volume, check, e) ? (int)e->code
										    : 0;
}

void forge_host_enrol(struct forge_server *s, const struct forge_host *h)
{
	struct err e = { 0 };

	assert_ok(store_write(s->server->store, enrol, (void *)h, &e), &e);
}

void forge_host_clear(struct forge_host *h)
{
	keypair_drop(&h->ek);
	keypair_drop(&h->ak);
	buf_drop(&h->ek_pub);
	buf_drop(&h->ak_pub);
}

/* ---- one attestation ---- */
static void describe_device(struct forged *t, int i)
{
	int serial = 0xa0 + t->host->first_device + i;

	snprintf(t->labels[i], sizeof(t->labels[i]), "1b36:0010/00000000000000%02x/0", serial);
	memset(t->serials[i], 0, 8);
	t->serials[i][7] = (u8)serial;
	t->functions[i] =
		(struct eat_function){ .address = bytes_text(i ? "0000:02:00.0" : "0000:01:00.0"),
				       .vendor = 0x1b36,
				       .device = 0x10,
				       .class_code = 0x010802,
				       .revision = 2,
				       .has_subsystem = true,
				       .subsystem_vendor = 0x1af4,
				       .subsystem = 0x1100,
				       .serial = BYTES(t->serials[i]),
				       .cma = true,
				       .label = bytes_text(t->labels[i]) };
}

void forge_context(struct forged *t, const u8 deployment[DEPLOYMENT_ID_LEN])
{
	struct err e = { 0 };
	u8 thumb[32];

	assert_ok(cose_thumbprint(keypair_pub(t->cnf), thumb, &e), &e);
	t->context = evidence_context_make(t->nonce, deployment, BYTES(t->host->ak_name), thumb);
}

void forge_begin(struct forge_server *s, const struct forge_host *h, struct forged *t)
{
	struct err e = { 0 };

	*t = (struct forged){
		.server = s,
		.host = h,
		.n_functions = 2,
		.ask = true,
		.magic = TPM_GENERATED,
		.quote_type = TPM_ST_ATTEST_QUOTE,
		.clock = { .clock_ms = (u64)clock_monotonic_ms(), .reset_count = 3, .safe = true },
		.selection = { .n = 1, .bank = { { TPM_ALG_SHA256, 0xffff } } },
		.claimed = { .alg = TPM_ALG_SHA256, .pcrs = 0xffff },
		.k_hierarchy = TPM_RH_NULL,
		.k_certifier = h->ak
	};
	memcpy(t->ueid, h->ueid, UEID_LEN);
	memcpy(t->pcrs, s->pcrs, sizeof(t->pcrs));
	forge_volume(h, t->volume);
	assert_ok(nonce_make(s->server->keys, NONCE_FOR_SESSION, BYTES_NONE, clock_now_s(),
			     t->nonce, &e),
		  &e);
	memcpy(t->session, t->nonce, sizeof(t->nonce));
	t->session_len = sizeof(t->nonce);
	assert_ok(keypair_new(KEY_P256, 0, &t->cnf, &e), &e);
	assert_ok(keypair_new(KEY_P256, 0, &t->k, &e), &e);
	t->k_pub = forge_public(TEMPLATE_K, t->k);
	describe_device(t, 0);
	describe_device(t, 1);
	forge_context(t, s->server->keys->deployment);
}

void forge_collect_one(struct forge_server *s, int device, u8 slot, const char *label,
		       const struct evidence_context *c, struct device_evidence *out)
{
	struct source_device d = { .source = &source_socket, .slot = slot };

	snprintf(d.address, sizeof(d.address), "127.0.0.1:%d", s->port[device]);
	snprintf(d.label, sizeof(d.label), "%s", label);
	source_collect(&d, c, out);
	if (out->failure[0])
		fail_msg("device %d: %s", device, out->failure);
}

void forge_collect(struct forged *t)
{
	for (int i = 0; i < 2; i++)
		forge_collect_one(t->server, t->host->first_device + i, 0, t->labels[i],
				  &t->context, &t->evidence[i]);
}

void forge_bind(struct forged *t)
{
	struct eat_host_draft d = { .functions = t->functions,
				    .n_functions = t->n_functions,
				    .agent_version = "test",
				    .phase = t->phase ? t->phase : "system" };
	struct eat_volume v = { .uuid = BYTES(t->volume),
				.epoch = 1,
				.k_public = buf_bytes(t->k_pub) };
	struct evidence_leaf leaves[2];
	struct digest scratch[3], root;
	struct err e = { 0 };
	u32 n = 0;

	assert_ok(eat_write_host(&d, &t->host_value, &e), &e);
	if (t->ask)
		assert_ok(eat_write_release(&v, 1, &t->release, &e), &e);
	for (int i = 0; i < 2; i++) {
		if (!t->evidence[i].label[0])
			continue; /* a test took it out */
		assert_ok(eat_write_device(&t->evidence[i], &t->device_values[i], &e), &e);
		leaves[n++] = (struct evidence_leaf){ bytes_text(t->labels[i]),
						      buf_bytes(t->device_values[i]) };
	}
	root = evidence_root(leaves, n, scratch);
	t->bind = evidence_bind(&t->context, n, &root, buf_bytes(t->host_value),
				buf_bytes(t->release));
}

static struct digest pcr_digest(const struct forged *t)
{
	OWNED(hasher) h = hasher_new(DIGEST_SHA256);

	for (u32 i = 0; i < TPM_PCRS; i++)
		if (t->selection.bank[0].pcrs & 1u << i)
			hasher_add(h, digest_bytes(&t->pcrs[i]));
	return hasher_end(h);
}

static struct buf *attest_head(const struct forged *t, u16 type)
{
	struct buf *b = buf_new(TPM_STRUCT_MAX);

	write_be32(&b->w, t->magic);
	write_be16(&b->w, type);
	write_2b(&b->w, BYTES(t->host->ak_name));
	write_2b(&b->w, digest_bytes(&t->bind));
	write_be64(&b->w, t->clock.clock_ms);
	write_be32(&b->w, t->clock.reset_count);
	write_be32(&b->w, t->clock.restart_count);
	write_u8(&b->w, t->clock.safe);
	write_be64(&b->w, 0x2024);
	return b;
}

static struct buf *attest_sign(const struct keypair *ak, const struct buf *attest)
{
	struct buf *b = buf_new(TPM_STRUCT_MAX);
	struct bytes piece = buf_bytes(attest);
	u8 raw[64];
	struct writer w = writer_on(raw, sizeof(raw));
	struct err e = { 0 };

	assert_ok(keypair_sign(ak, SIG_ECDSA, DIGEST_SHA256, &piece, 1, &w, &e), &e);
	write_be16(&b->w, TPM_ALG_ECDSA);
	write_be16(&b->w, TPM_ALG_SHA256);
	write_2b(&b->w, (struct bytes){ raw, 32 });
	write_2b(&b->w, (struct bytes){ raw + 32, 32 });
	return b;
}

void forge_quote(struct forged *t)
{
	struct digest d = pcr_digest(t);

	t->quote = attest_head(t, t->quote_type);
	tpm_selection_write(&t->selection, &t->quote->w);
	write_2b(&t->quote->w, digest_bytes(&d));
	t->quote_sig = attest_sign(t->host->ak, t->quote);
}

/* Qualified names go from the hierarchy down: QN(child) = nameAlg ‖ H(QN(parent) ‖ Name(child)). */
static size_t qualified_name(const struct forged *t, struct bytes k_name, u8 out[TPM_NAME_MAX])
{
	u8 parent[TPM_NAME_MAX];
	struct bytes pieces[] = { BYTES_NONE, k_name };
	struct writer w = writer_on(out, TPM_NAME_MAX);
	struct digest d;

	if (!t->k_parent_name.len)
		return tpm_qualified_name(t->k_hierarchy, k_name, out);
	pieces[0] = (struct bytes){ parent,
				    tpm_qualified_name(t->k_hierarchy, t->k_parent_name, parent) };
	d = digest_of(DIGEST_SHA256, pieces, 2);
	write_be16(&w, TPM_ALG_SHA256);
	write_bytes(&w, digest_bytes(&d));
	return w.len;
}

void forge_certify(struct forged *t)
{
	u8 name[AK_NAME_LEN], qualified[TPM_NAME_MAX];
	size_t len;

	name_of(buf_bytes(t->k_pub), name);
	len = qualified_name(t, BYTES(name), qualified);
	t->certify = attest_head(t, TPM_ST_ATTEST_CERTIFY);
	write_2b(&t->certify->w, BYTES(name));
	write_2b(&t->certify->w, (struct bytes){ qualified, len });
	t->certify_sig = attest_sign(t->k_certifier, t->certify);
}

void forge_counted(struct forged *t, struct bytes name, u64 value)
{
	u8 content[8];
	struct writer w = writer_on(content, sizeof(content));

	write_be64(&w, value);
	t->quote = attest_head(t, TPM_ST_ATTEST_NV);
	write_2b(&t->quote->w, name);
	write_be16(&t->quote->w, 0); /* from its beginning */
	write_2b(&t->quote->w, BYTES(content));
	t->quote_sig = attest_sign(t->host->ak, t->quote);
}

void forge_assemble(struct forged *t)
{
	struct eat_tpm_draft d = { .ak_name = BYTES(t->host->ak_name),
				   .quote = buf_bytes(t->quote),
				   .quote_sig = buf_bytes(t->quote_sig),
				   .banks = &t->claimed,
				   .n_banks = 1,
				   .certify = buf_bytes(t->certify),
				   .certify_sig = buf_bytes(t->certify_sig) };
	struct err e = { 0 };

	for (u32 i = 0; i < TPM_PCRS; i++)
		if (t->claimed.pcrs & 1u << i)
			t->claimed.value[i] = digest_bytes(&t->pcrs[i]);
	assert_ok(eat_write_tpm(&d, &t->tpm_value, &e), &e);
	assert_ok(eat_write_logs(&(struct eat_logs){ .boot_log = buf_bytes(t->server->boot_log),
						     .ima = t->ima },
				 &t->logs, &e),
		  &e);
	t->subs[t->n_subs++] =
		(struct eat_submodule){ bytes_text("host"), buf_bytes(t->host_value) };
	t->subs[t->n_subs++] = (struct eat_submodule){ bytes_text("tpm"), buf_bytes(t->tpm_value) };
	t->subs[t->n_subs++] = (struct eat_submodule){ bytes_text("logs"), buf_bytes(t->logs) };
	for (int i = 0; i < 2; i++)
		if (t->device_values[i])
			t->subs[t->n_subs++] =
				(struct eat_submodule){ bytes_text(t->labels[i]),
							buf_bytes(t->device_values[i]) };
	eat_sort(t->subs, t->n_subs);
}

/* eat_write_token() would put the submodules in order; here they stay as they are. */
void forge_sign(struct forged *t, const struct keypair *key)
{
	OWNED(buf) payload = buf_new(EVIDENCE_MAX);
	struct writer *w = &payload->w;
	u8 protected[8];
	struct writer p = writer_on(protected, sizeof(protected));
	struct bytes release = buf_bytes(t->release);
	struct err e = { 0 };

	cbor_put_map(w, release.len ? 7 : 6);
	cbor_put_int(w, CLAIM_IAT);
	cbor_put_uint(w, 1);
	cbor_put_int(w, CLAIM_CNF);
	cbor_put_map(w, 1);
	cbor_put_int(w, 1);
	assert_ok(cose_key_write(keypair_pub(t->cnf), w, &e), &e);
	cbor_put_int(w, CLAIM_NONCE);
	cbor_put_bytes(w, BYTES(t->nonce));
	cbor_put_int(w, CLAIM_UEID);
	cbor_put_bytes(w, BYTES(t->ueid));
	cbor_put_int(w, CLAIM_PROFILE);
	cbor_put_text(w, bytes_text(EAT_PROFILE_HOST));
	cbor_put_int(w, CLAIM_SUBMODS);
	cbor_put_map(w, t->n_subs);
	for (size_t i = 0; i < t->n_subs; i++) {
		cbor_put_text(w, t->subs[i].label);
		write_bytes(w, t->subs[i].value);
	}
	if (release.len) {
		cbor_put_int(w, CLAIM_RELEASE);
		write_bytes(w, release);
	}
	cbor_put_map(&p, 1);
	cbor_put_int(&p, COSE_HDR_ALG);
	cbor_put_int(&p, COSE_ES256);
	t->token = buf_new(EVIDENCE_MAX);
	assert_ok(cose_sign1_write(write_done(&p), buf_bytes(payload), key, &t->token->w, &e), &e);
}

void forge_rest(struct forged *t)
{
	forge_bind(t);
	forge_quote(t);
	forge_certify(t);
	forge_assemble(t);
	forge_sign(t, t->cnf);
}

void forged_clear(struct forged *t)
{
	struct buf **all[] = {
		&t->k_pub, &t->host_value, &t->release, &t->device_values[0], &t->device_values[1],
		&t->quote, &t->quote_sig,  &t->certify, &t->certify_sig,      &t->tpm_value,
		&t->logs,  &t->token
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		buf_drop(all[i]);
	device_evidence_clear(&t->evidence[0]);
	device_evidence_clear(&t->evidence[1]);
	keypair_drop(&t->cnf);
	keypair_drop(&t->k);
}

json_t *forge_send(const struct forged *t, struct bytes token, long *status)
{
	char id[128], path[256];

	base64url_write((struct bytes){ t->session, t->session_len }, false, id);
	snprintf(path, sizeof(path), "/challenge-response/v1/session/%s", id);
	return forge_call(t->server, "POST", path, EAT_MEDIA_TYPE, false, token, status);
}

void forge_again(struct forged *t)
{
	buf_drop(&t->tpm_value);
	buf_drop(&t->logs);
	buf_drop(&t->token);
	t->n_subs = 0;
	forge_assemble(t);
	forge_sign(t, t->cnf);
}
