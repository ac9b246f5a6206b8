// SPDX-License-Identifier: Apache-2.0
/* A host of the fleet: enrolment and attestation, as an agent would make them. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"

enum { TRIES = 8 };

/* ---- the API ---- */
json_t *fleet_call(struct fleet *f, struct transport *t, const char *method, const char *path,
		   const char *type, bool bearer, struct bytes body, long *status)
{
	struct reply r;
	struct err e = { 0 };
	json_t *j;

	need(transport_call(t, method, path, type, bearer ? f->token : NULL, body, &r, &e), &e);
	*status = r.status;
	j = json_loadb((const char *)r.body->w.at, r.body->w.len, 0, NULL);
	reply_clear(&r);
	return j;
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

void fleet_refused(const char *what, long status, const json_t *answer)
{
	die("%s: the server says %ld %s", what, status, text_of(answer, "detail"));
}

static json_t *post_json(struct fleet *f, struct transport *t, const char *path, bool bearer,
			 json_t *body, long *status)
{
	char *text = json_dumps(body, JSON_COMPACT);
	json_t *answer;

	if (!text)
		die("no memory");
	answer = fleet_call(f, t, "POST", path, "application/json", bearer, bytes_text(text),
			    status);
	free(text);
	json_decref(body);
	return answer;
}

/* ---- keys ---- */
void fleet_host_make(struct fleet *f, struct fleet_host *h)
{
	OWNED(keypair) ek = fleet_keypair(f, KEY_OF_EK, h->index);
	OWNED(keypair) ak = fleet_keypair(f, KEY_OF_AK, h->index);
	struct tpm_public area;
	u8 name[TPM_NAME_MAX];
	struct err e = { 0 };

	h->ek_pub = fleet_public(TEMPLATE_EK_ECC_P256, ek);
	h->ak_pub = fleet_public(TEMPLATE_AK_ECC_P256, ak);
	need(tpm_public_parse(buf_bytes(h->ak_pub), &area, &e), &e);
	if (tpm_public_name(&area, name) != AK_NAME_LEN)
		die("the AK has another name algorithm");
	memcpy(h->ak_name, name, AK_NAME_LEN);
	need(tpm_ueid(buf_bytes(h->ek_pub), h->ueid, &e), &e);
	for (size_t i = 0; i < h->n_devices; i++)
		fleet_device_make(f, h, i);
}

/* ---- enrolment ---- */
static json_t *base64_json(struct bytes b)
{
	char text[2 * TPM_STRUCT_MAX];

	if (base64_len(b.len, true) >= sizeof(text))
		die("a key is too long");
	return json_string(base64_write(b, text));
}

static size_t base64_member(const json_t *j, const char *key, u8 *out, size_t max)
{
	long n = base64_read(bytes_text(text_of(j, key)), out, max);

	if (n <= 0)
		die("the server's \"%s\" is no base64", key);
	return (size_t)n;
}

static void register_ek(struct fleet *f, struct transport *t, const struct fleet_host *h)
{
	struct digest d = sha256_of(buf_bytes(h->ek_pub));
	char hex[65];
	long status;
	json_t *answer =
		post_json(f, t, "/api/v1/hosts", true,
			  json_pack("{s:s, s:s, s:s}", "ek_hash", hex_write(digest_bytes(&d), hex),
				    "group", h->group, "name", h->name),
			  &status);

	if (status != 201)
		fleet_refused(h->name, status, answer);
	json_decref(answer);
}

static json_t *ask(struct fleet *f, struct transport *t, const struct fleet_host *h)
{
	OWNED(keypair) srk = fleet_keypair(f, KEY_OF_SRK, h->index);
	OWNED(buf) srk_pub = fleet_public(TEMPLATE_SRK_ECC_P256, srk);
	long status;
	json_t *answer = post_json(f, t, "/enroll/v1/hosts", false,
				   json_pack("{s:s, s:o, s:o, s:o}", "name", h->name, "ek_pub",
					     base64_json(buf_bytes(h->ek_pub)), "ak_pub",
					     base64_json(buf_bytes(h->ak_pub)), "srk_pub",
					     base64_json(buf_bytes(srk_pub))),
				   &status);

	if (status != 202)
		fleet_refused(h->name, status, answer);
	return answer;
}

void fleet_host_enrol(struct fleet *f, struct transport *t, struct fleet_host *h)
{
	u8 blob[TPM_STRUCT_MAX], seed[TPM_STRUCT_MAX], secret[32];
	size_t n_blob, n_seed, n_secret;
	json_t *challenge, *answer;
	char path[200];
	long status;

	register_ek(f, t, h);
	challenge = ask(f, t, h);
	n_blob = base64_member(challenge, "credential_blob", blob, sizeof(blob));
	n_seed = base64_member(challenge, "secret", seed, sizeof(seed));
	n_secret = fleet_activate(f, h, (struct bytes){ blob, n_blob },
				  (struct bytes){ seed, n_seed }, secret);
	snprintf(path, sizeof(path), "/enroll/v1/hosts/%.64s/activate", text_of(challenge, "id"));
	answer = post_json(
		f, t, path, false,
		json_pack("{s:o}", "secret", base64_json((struct bytes){ secret, n_secret })),
		&status);
	if (status != 201)
		fleet_refused(h->name, status, answer);
	json_decref(challenge);
	json_decref(answer);
}

/* ---- attestation ---- */
struct making {
	struct fleet *f;
	struct fleet_host *h;
	const struct fleet_shown *shown;
	u8 nonce[EVIDENCE_NONCE_LEN];
	struct keypair *cnf;
	struct evidence_context context;
	u8 serials[FLEET_DEVICES_MAX][8];
	char labels[FLEET_DEVICES_MAX][LABEL_MAX + 1], addresses[FLEET_DEVICES_MAX + 1][16];
	struct buf *values[FLEET_DEVICES_MAX], *host, *quote, *signature, *tpm, *logs, *token;
};

static void making_clear(struct making *m)
{
	struct buf **all[] = { &m->host, &m->quote, &m->signature, &m->tpm, &m->logs, &m->token };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		buf_drop(all[i]);
	for (size_t i = 0; i < FLEET_DEVICES_MAX; i++)
		buf_drop(&m->values[i]);
	keypair_drop(&m->cnf);
}

json_t *fleet_session(struct fleet *f, struct transport *t, u8 nonce[EVIDENCE_NONCE_LEN])
{
	long status;
	json_t *session = fleet_call(f, t, "POST", "/challenge-response/v1/newSession?nonceSize=32",
				     NULL, false, BYTES_NONE, &status);

	if (status != 201)
		fleet_refused("a new session", status, session);
	if (base64_member(session, "nonce", nonce, EVIDENCE_NONCE_LEN) != EVIDENCE_NONCE_LEN)
		die("the server's nonce has not 32 bytes");
	return session;
}

static json_t *new_session(struct making *m, struct transport *t, char id[64])
{
	u8 thumb[32];
	struct err e = { 0 };
	json_t *session = fleet_session(m->f, t, m->nonce);

	base64url_write(BYTES(m->nonce), false, id);
	need(keypair_new(KEY_P256, 0, &m->cnf, &e), &e);
	need(cose_thumbprint(keypair_pub(m->cnf), thumb, &e), &e);
	m->context = evidence_context_make(m->nonce, m->f->deployment, BYTES(m->h->ak_name), thumb);
	return session;
}

/* A bridge, and the devices behind it; in the order of their addresses. */
static size_t inventory(struct making *m, struct eat_function *out)
{
	const struct fleet_host *h = m->h;
	bool hostile = m->f->o.hostile;
	size_t n = 0;

	out[n++] = (struct eat_function){ .address = bytes_text("0000:00:01.0"),
					  .vendor = 0x1b36,
					  .device = 0x000c,
					  .class_code = 0x060400,
					  .driver = bytes_text("pcieport") };
	for (size_t i = 0; i < h->n_devices; i++) {
		const struct fleet_model *model = h->devices[i].model;
		struct writer w = writer_on(m->serials[i], 8);

		write_be64(&w, h->devices[i].serial);
		fleet_device_label(&h->devices[i], m->labels[i]);
		snprintf(m->addresses[i], sizeof(m->addresses[i]), "0000:%02x:00.0", (u8)(1 + i));
		if ((int)i == m->shown->missing)
			continue;
		out[n++] = (struct eat_function){
			.address = bytes_text(m->addresses[i]),
			.vendor = model->vendor,
			.device = model->device,
			.class_code = model->class_code,
			.revision = 2,
			.has_subsystem = true,
			.subsystem_vendor = model->subsystem_vendor,
			.subsystem = model->subsystem,
			.serial = BYTES(m->serials[i]),
			.parent = bytes_text("0000:00:01.0"),
			.driver = bytes_text(hostile ? fleet_hostile(h->index + 2) : model->driver),
			.has_group = true,
			.group = (u32)(10 + i),
			.domain = bytes_text(hostile ? fleet_hostile(h->index + 3) : "DMA-FQ"),
			.cma = true,
			.label = bytes_text(m->labels[i])
		};
	}
	return n;
}

static void write_host(struct making *m)
{
	struct eat_function functions[FLEET_DEVICES_MAX + 1];
	const char *const switches[] = { "sources socket" };
	struct eat_host_draft d = { .functions = functions,
				    .agent_version = m->f->o.hostile
							     ? fleet_hostile(m->h->index + 4)
							     : "fleet",
				    .phase = "system",
				    .switches = switches,
				    .n_switches = 1 };
	struct err e = { 0 };

	d.n_functions = inventory(m, functions);
	need(eat_write_host(&d, &m->host, &e), &e);
}

static size_t write_devices(struct making *m, struct eat_submodule *subs)
{
	struct err e = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < m->h->n_devices; i++) {
		struct device_evidence d;

		if ((int)i == m->shown->missing)
			continue;
		fleet_device_collect(m->f, m->h, i, m->shown, &m->context, &d);
		snprintf(d.address, sizeof(d.address), "%s", m->addresses[i]);
		need(eat_write_device(&d, &m->values[i], &e), &e);
		device_evidence_clear(&d);
		subs[n++] =
			(struct eat_submodule){ bytes_text(m->labels[i]), buf_bytes(m->values[i]) };
	}
	eat_sort(subs, n);
	return n;
}

static struct digest bind_of(const struct making *m, const struct eat_submodule *subs, size_t n)
{
	struct evidence_leaf leaves[FLEET_DEVICES_MAX];
	struct digest scratch[FLEET_DEVICES_MAX + 1], root;

	for (size_t i = 0; i < n; i++)
		leaves[i] = (struct evidence_leaf){ subs[i].label, subs[i].value };
	root = evidence_root(leaves, n, scratch);
	return evidence_bind(&m->context, (u32)n, &root, buf_bytes(m->host), BYTES_NONE);
}

/* The TPM's clock goes on, and a boot that shows something else is another boot. */
static u64 tick(struct making *m)
{
	u64 now = (u64)clock_now_s() * 1000;
	struct fleet_host *h = m->h;

	if (h->boot >= 0 && h->boot != m->shown->boot)
		h->reset_count++;
	h->boot = m->shown->boot;
	h->last_ms = now > h->last_ms ? now : h->last_ms + 1;
	return h->last_ms;
}

static void write_tpm(struct making *m, const struct digest *bind)
{
	const struct fleet_boot *b = &m->f->boots[m->shown->boot];
	struct eat_bank bank = { .alg = TPM_ALG_SHA256, .pcrs = 0xffff };
	struct eat_tpm_draft d = { .ak_name = BYTES(m->h->ak_name), .banks = &bank, .n_banks = 1 };
	struct err e = { 0 };

	for (u32 i = 0; i < 16; i++)
		bank.value[i] = digest_bytes(&b->pcrs[i]);
	fleet_quote(m->f, m->h, b, bind, tick(m), &m->quote, &m->signature);
	d.quote = buf_bytes(m->quote);
	d.quote_sig = buf_bytes(m->signature);
	need(eat_write_tpm(&d, &m->tpm, &e), &e);
	need(eat_write_logs(&(struct eat_logs){ .boot_log = buf_bytes(b->log) }, &m->logs, &e), &e);
}

static void make_token(struct making *m)
{
	struct eat_submodule subs[FLEET_DEVICES_MAX + 3];
	struct err e = { 0 };
	struct digest bind;
	size_t n;

	write_host(m);
	n = write_devices(m, subs);
	bind = bind_of(m, subs, n);
	write_tpm(m, &bind);
	subs[n++] = (struct eat_submodule){ bytes_text("host"), buf_bytes(m->host) };
	subs[n++] = (struct eat_submodule){ bytes_text("tpm"), buf_bytes(m->tpm) };
	subs[n++] = (struct eat_submodule){ bytes_text("logs"), buf_bytes(m->logs) };
	need(eat_write_token(m->nonce, m->h->ueid, (u64)clock_now_s(), m->cnf, BYTES_NONE, subs, n,
			     &m->token, &e),
	     &e);
}

static const char *literal(const char *status)
{
	static const char *const known[] = { "affirming", "warning", "contraindicated", "none" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(status, known[i]))
			return known[i];
	return "?";
}

static void keep(struct fleet_host *h, const struct fleet_shown *shown)
{
	for (size_t i = 0; i < h->n_devices; i++) {
		struct fleet_device *d = &h->devices[i];

		if (d->version >= 0)
			d->model->versions[d->version].devices--;
		d->version = (int)i == shown->missing ? -1 : shown->version[i];
		if (d->version >= 0)
			d->model->versions[d->version].devices++;
	}
}

/* What was judged differently from the plan is told with the server's reason, the first times. */
static void tell_reason(struct fleet *f, const struct fleet_host *h, const json_t *answer)
{
	static atomic_int told;
	const json_t *reason = json_array_get(json_object_get(answer, "reasons"), 0);
	char *text; /* in quotes: it may hold what a terminal obeys */

	if (!f->o.n_touched && told++ >= 3)
		return;
	text = json_dumps(json_object_get(reason, "text"), JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	fprintf(stderr, "%s: %s %s\n", h->name, text_of(answer, "ear_status"), text ? text : "");
	free(text);
}

/* 0: another try, the state of the host changed while it was judged. */
static bool attest_once(struct making *m, struct transport *t, const char **status)
{
	char id[64], path[256];
	long http;
	json_t *session = new_session(m, t, id), *answer;

	make_token(m);
	snprintf(path, sizeof(path), "/challenge-response/v1/session/%s", id);
	answer = fleet_call(m->f, t, "POST", path, EAT_MEDIA_TYPE, false, buf_bytes(m->token),
			    &http);
	json_decref(session);
	if (http == 409 || http == 503) {
		json_decref(answer);
		return false;
	}
	if (http != 200 || strcmp(text_of(answer, "status"), "complete"))
		fleet_refused(m->h->name, http, answer);
	*status = literal(text_of(answer, "ear_status"));
	if (m->f->o.n_touched || strcmp(*status, m->shown->verdict))
		tell_reason(m->f, m->h, answer);
	json_decref(answer);
	return true;
}

const char *fleet_host_attest(struct fleet *f, struct transport *t, struct fleet_host *h,
			      const struct fleet_shown *shown)
{
	const char *status = NULL;

	for (int i = 0; i < TRIES && !status; i++) {
		struct making m = { .f = f, .h = h, .shown = shown };

		if (!attest_once(&m, t, &status))
			usleep(10000);
		making_clear(&m);
	}
	if (!status)
		die("%s: the server is too busy", h->name);
	keep(h, shown);
	h->status = status;
	f->attestations++;
	f->mismatches += strcmp(status, shown->verdict) != 0;
	return status;
}

/* ---- what the API turns away ---- */
void fleet_hostile_names(struct fleet *f)
{
	static const char *const ways[] = { "name", "group" };
	char hex[65];
	long status;

	memset(hex, 'a', 64);
	hex[64] = 0;
	for (size_t w = 0; w < ARRAY_LEN(ways); w++)
		for (size_t i = 0; i < 8; i++) {
			json_t *body =
				json_pack("{s:s, s:s}", "ek_hash", hex, ways[w], fleet_hostile(i));
			json_t *answer = post_json(f, f->transports[0], "/api/v1/hosts", true, body,
						   &status);

			json_array_append_new(f->turned_away,
					      json_pack("{s:s, s:s, s:i}", "field", ways[w], "text",
							fleet_hostile(i), "status", (int)status));
			json_decref(answer);
		}
}
