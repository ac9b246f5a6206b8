// SPDX-License-Identifier: Apache-2.0
#include "round.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "collector/service.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "proto/device_log.h"
#include "proto/eat.h"
#include "judged.h"
#include "proto/release_answer.h"

/* Everything that one round makes on its way. */
struct round {
	const struct agent_settings *s;
	struct tpm *tpm;
	struct transport *t;
	bool ask; /* for shares */
	struct tpm_key *ak, *k;
	u8 ueid[UEID_LEN];
	struct keypair *cnf;
	u8 thumbprint[32];
	struct relying_party whom;
	struct ima_sent *ima; /* NULL: nothing is remembered */
	bool ima_continues;   /* the token holds what is new of the list, not all of it */
	u8 nonce[EVIDENCE_NONCE_LEN];
	char session[512];
	struct evidence_context context;
	struct buf *host, *devices, *release, *tpm_value, *logs;
	size_t n_submods;
	struct eat_submodule submods[DEVICES_MAX + 3];
	struct digest bind;
	struct tpm_quoted quoted;
	struct tpm_clock clock;
	struct buf *certify, *certify_sig;
	struct buf *token;
};

void round_drop(struct round **rp)
{
	struct round *r = rp ? *rp : NULL;

	if (!r)
		return;
	tpm_key_drop(&r->k);
	tpm_key_drop(&r->ak);
	keypair_drop(&r->cnf);
	buf_drop(&r->host);
	buf_drop(&r->devices);
	buf_drop(&r->release);
	buf_drop(&r->tpm_value);
	buf_drop(&r->logs);
	buf_drop(&r->certify);
	buf_drop(&r->certify_sig);
	tpm_quoted_clear(&r->quoted);
	buf_drop(&r->token);
	free(r);
	*rp = NULL;
}

void round_result_clear(struct round_result *r)
{
	buf_drop(&r->json);
	buf_drop(&r->token);
	for (size_t i = 0; i < r->n_shares; i++)
		secret_drop(&r->shares[i].share);
	r->n_shares = 0;
}

/* A step may wait for a device or a server; between two of them the service manager hears of us. */
static void say(const char *step)
{
	sd_notifyf(0, "STATUS=attesting: %s\nWATCHDOG=1", step);
}

/* ---- keys ---- */
static int make_keys(struct round *r, struct err *e)
{
	OWNED(tpm_key) ek = NULL;
	OWNED(buf) cert = NULL;

	if (tpm_endorsement(r->tpm, r->s->ek, &ek, &cert, e) ||
	    tpm_ueid(buf_bytes(ek->pub), r->ueid, e))
		return (int)e->code;
	tpm_key_drop(&ek); /* a TPM without resource manager holds three objects */
	if (tpm_key_make(r->tpm, r->s->ak, &r->ak, e) ||
	    (r->ask && tpm_key_make(r->tpm, TEMPLATE_K, &r->k, e)) ||
	    keypair_new(KEY_P256, 0, &r->cnf, e))
		return (int)e->code;
	return cose_thumbprint(keypair_pub(r->cnf), r->thumbprint, e);
}

/* ---- newSession ---- */
static int get_nonce(struct round *r, struct err *e)
{
	struct reply reply;
	json_t *j;
	const char *text;
	char path[128] = "/challenge-response/v1/newSession?nonceSize=32";
	int rc;

	if (r->whom.has_nonce) {
		strcpy(path, "/challenge-response/v1/newSession?nonce=");
		base64url_write(BYTES(r->whom.nonce), false, path + strlen(path));
	}
	if (transport_call(r->t, "POST", path, NULL, NULL, BYTES_NONE, &reply, e))
		return err_while(e, "ask for a nonce");
	if (reply.status != 201) {
		transport_problem(&reply, e);
		reply_clear(&reply);
		return err_while(e, "ask for a nonce");
	}
	j = json_loadb((const char *)reply.body->w.at, reply.body->w.len, 0, NULL);
	text = json_string_value(json_object_get(j, "nonce"));
	rc = text &&
			     base64_read(bytes_text(text), r->nonce, sizeof(r->nonce)) ==
				     sizeof(r->nonce) &&
			     reply.location[0] == '/'
		     ? 0
		     : err_set(e, E_FORMAT, "server's session has no nonce of 32 bytes or no path");
	if (!rc && r->whom.has_nonce && memcmp(r->nonce, r->whom.nonce, sizeof(r->nonce)))
		rc = err_set(e, E_FRESHNESS,
			     "server's session is for another nonce than asked for");
	memcpy(r->session, reply.location, sizeof(r->session));
	json_decref(j);
	reply_clear(&reply);
	return rc;
}

/* ---- submodules ---- */
static void add_submodule(struct round *r, struct bytes label, struct bytes value)
{
	r->submods[r->n_submods++] = (struct eat_submodule){ label, value };
}

static int collect_devices(struct round *r, struct err *e)
{
	struct cbor c;
	size_t n;

	r->context = evidence_context_make(r->nonce, r->s->deployment, BYTES(r->ak->name),
					   r->thumbprint);
	if (collector_ask(r->s->collector_socket, COLLECT_DEVICES, BYTES(r->context.ctx),
			  &r->devices, e))
		return err_while(e, "collect device evidence");
	if (cbor_check(buf_bytes(r->devices), CBOR_STRICT, e))
		return err_while(e, "device evidence");
	c = cbor_on(buf_bytes(r->devices), CBOR_STRICT);
	n = cbor_array(&c, "devices");
	if (n > DEVICES_MAX)
		cbor_fail(&c, "too many devices");
	for (size_t i = 0; i < n && !c.r.why; i++) {
		struct bytes label, value;

		if (cbor_array(&c, "device") != 2)
			cbor_fail(&c, "device");
		label = cbor_text(&c, "label");
		value = cbor_bytes(&c, "value");
		if (!c.r.why)
			add_submodule(r, label, value);
	}
	return cbor_done(&c) ? err_set(e, E_FORMAT, "device evidence: %s", c.r.why) : 0;
}

static int write_host(struct round *r, struct err *e)
{
	const char *switches[2];
	OWNED(buf) inventory = NULL;
	struct eat_host_draft d = { .agent_version = ASSAY_VERSION,
				    .phase = "system",
				    .switches = switches };
	struct eat_function *functions = NULL;
	int rc;

	if (r->s->allow_file_source)
		switches[d.n_switches++] = "allow_file_source";
	if (r->s->allow_socket_source)
		switches[d.n_switches++] = "allow_socket_source";
	if (collector_ask(r->s->collector_socket, COLLECT_INVENTORY, BYTES_NONE, &inventory, e) ||
	    eat_inventory_parse(buf_bytes(inventory), &functions, &d.n_functions, e))
		return err_while(e, "collect the inventory");
	d.functions = functions;
	rc = eat_write_host(&d, &r->host, e);
	free(functions);
	if (!rc)
		add_submodule(r, bytes_text("host"), buf_bytes(r->host));
	return rc;
}

static int write_release(struct round *r, struct err *e)
{
	struct eat_volume v[VOLUMES_MAX];

	for (size_t i = 0; i < r->s->n_volumes; i++)
		v[i] = (struct eat_volume){ BYTES(r->s->volumes[i].uuid), r->s->volumes[i].epoch,
					    buf_bytes(r->k->pub) };
	return eat_write_release(v, r->s->n_volumes, &r->release, e);
}

/* ---- bind and quote ---- */
static int bind_evidence(struct round *r, struct err *e)
{
	struct evidence_leaf *leaves = calloc(r->n_submods + 1, sizeof(*leaves));
	struct digest *scratch = calloc(r->n_submods + 1, sizeof(*scratch));
	struct digest root;
	u32 n = 0;

	if (!leaves || !scratch) {
		free(leaves);
		free(scratch);
		return err_set(e, E_MEMORY, "no memory to bind evidence");
	}
	eat_sort(r->submods, r->n_submods);
	for (size_t i = 0; i < r->n_submods; i++)
		if (!bytes_equal(r->submods[i].label, bytes_text("host")))
			leaves[n++] =
				(struct evidence_leaf){ r->submods[i].label, r->submods[i].value };
	root = evidence_root(leaves, n, scratch);
	r->bind = evidence_bind(&r->context, n, &root, buf_bytes(r->host), buf_bytes(r->release));
	free(leaves);
	free(scratch);
	return 0;
}

static int by_alg(const void *a, const void *b)
{
	return (int)((const struct eat_bank *)a)->alg - (int)((const struct eat_bank *)b)->alg;
}

static int quote(struct round *r, struct err *e)
{
	struct eat_bank banks[TPM_BANKS_MAX] = { 0 };
	struct eat_tpm_draft d = { .ak_name = BYTES(r->ak->name), .banks = banks };
	struct tpm_attest attest;

	if (tpm_quote(r->tpm, r->ak, &r->bind, &r->quoted, e) ||
	    tpm_attest_parse(buf_bytes(r->quoted.attest), &attest, e) ||
	    (r->k && tpm_certify(r->tpm, r->ak, r->k, &r->bind, &r->certify, &r->certify_sig, e)))
		return (int)e->code;
	r->clock = attest.clock;
	for (size_t i = 0; i < r->quoted.selection.n; i++) {
		struct eat_bank *b = &banks[d.n_banks++];

		b->alg = r->quoted.selection.bank[i].alg;
		b->pcrs = r->quoted.selection.bank[i].pcrs;
		for (u32 p = 0; p < TPM_PCRS; p++)
			if (b->pcrs & 1u << p)
				b->value[p] = digest_bytes(&r->quoted.pcrs[i][p]);
	}
	qsort(banks, d.n_banks, sizeof(banks[0]), by_alg);
	d.quote = buf_bytes(r->quoted.attest);
	d.quote_sig = buf_bytes(r->quoted.signature);
	d.certify = buf_bytes(r->certify);
	d.certify_sig = buf_bytes(r->certify_sig);
	if (eat_write_tpm(&d, &r->tpm_value, e))
		return (int)e->code;
	add_submodule(r, bytes_text("tpm"), buf_bytes(r->tpm_value));
	return 0;
}

/* NULL: it is not quoted. */
static const struct digest *quoted_pcr(const struct round *r, u8 pcr)
{
	for (size_t i = 0; pcr < TPM_PCRS && i < r->quoted.selection.n; i++)
		if (r->quoted.selection.bank[i].pcrs & 1u << pcr)
			return &r->quoted.pcrs[i][pcr];
	return NULL;
}

static void put_logs(struct round *r)
{
	struct bytes label = bytes_text("logs");

	for (size_t i = 0; i < r->n_submods; i++) {
		if (!bytes_equal(r->submods[i].label, label))
			continue;
		r->submods[i].value = buf_bytes(r->logs);
		return;
	}
	add_submodule(r, label, buf_bytes(r->logs));
}

static int read_logs(struct round *r, struct err *e)
{
	struct eat_logs logs = { 0 };
	OWNED(buf) kernel = NULL;
	OWNED(buf) log = NULL;
	OWNED(buf) device_log = NULL;
	OWNED(buf) ima = NULL;
	struct reader pcr_and_log;

	if (collector_ask(r->s->collector_socket, COLLECT_LOGS, BYTES_NONE, &log, e))
		return err_while(e, "read the boot log");
	logs.boot_log = buf_bytes(log);
	if (collector_ask(r->s->collector_socket, COLLECT_DEVICE_LOG, BYTES_NONE, &device_log, e))
		return err_while(e, "read the device log");
	pcr_and_log = reader_on(buf_bytes(device_log));
	if (pcr_and_log.left.len) {
		logs.device_log_pcr = read_u8(&pcr_and_log, "PCR of the device log");
		logs.device_log =
			device_log_before(pcr_and_log.left, quoted_pcr(r, logs.device_log_pcr));
	}
	ima_take(r->s, &r->quoted, &r->clock, r->ima, &logs.ima, &ima);
	r->ima_continues = logs.ima.from.next > 0;
	/* everybody may read it; without it the verdict shows the measured digest alone */
	logs.command_line = file_line("/proc/cmdline", COMMAND_LINE_MAX, &kernel);
	buf_drop(&r->logs);
	if (eat_write_logs(&logs, &r->logs, e))
		return (int)e->code;
	put_logs(r);
	return 0;
}

/* ---- the answer ---- */
static int open_shares(struct round *r, const char *text, struct round_result *out, struct err *e)
{
	OWNED(buf) raw = buf_new(RELEASE_ANSWER_MAX);
	struct release_answer answer;
	u8 *p = raw ? write_space(&raw->w, RELEASE_ANSWER_MAX) : NULL;
	long n = p ? base64_read(bytes_text(text), p, RELEASE_ANSWER_MAX) : -1;

	if (n <= 0)
		return err_set(e, E_FORMAT, "release is not base64url");
	if (release_answer_parse((struct bytes){ p, (size_t)n }, &answer, e))
		return (int)e->code;
	if (!r->k || !bytes_equal(answer.k_name, BYTES(r->k->name)))
		return err_set(e, E_BINDING, "release is wrapped to another key");
	for (size_t i = 0; i < answer.n && out->n_shares < VOLUMES_MAX; i++) {
		struct round_share *s = &out->shares[out->n_shares];

		if (tpm_open_share(r->tpm, r->k, answer.shares[i].public_2b,
				   answer.shares[i].private_2b, answer.shares[i].secret_2b,
				   r->s->release_pcrs, &r->clock, &s->share, e))
			return (int)e->code;
		memcpy(s->uuid, answer.shares[i].uuid.at, 16);
		s->epoch = answer.shares[i].epoch;
		out->n_shares++;
	}
	return 0;
}

/* What the collector does about it is its own affair: a round has its verdict all the same. */
static int tell_collector(struct round *r, const json_t *answer, struct round_result *out,
			  struct err *e)
{
	struct device_verdicts *v = calloc(1, sizeof(*v));
	OWNED(buf) argument = buf_new(VERDICTS_MAX);
	OWNED(buf) anew = NULL;
	int rc = v && argument ? judged_read(answer, v, e)
			       : err_set(e, E_MEMORY, "no memory for a verdict");

	if (!rc) {
		memcpy(v->ctx, r->context.ctx, sizeof(v->ctx));
		verdicts_write(v, &argument->w);
		rc = argument->w.full ? err_set(e, E_MEMORY, "no memory for a verdict")
				      : collector_ask(r->s->collector_socket, COLLECT_JUDGED,
						      buf_bytes(argument), &anew, e);
	}
	free(v);
	out->anew = rc ? rc == E_AGAIN : anew->w.len == 1 && anew->w.at[0] == 1;
	return rc;
}

static void act_on(struct round *r, const json_t *answer, struct round_result *out)
{
	struct err e = { 0 };

	/* the server cannot say that a caller's nonce is fresh: nothing here may change for it (RULES 13) */
	if (r->s->gate == GATE_MODE_OFF || r->whom.has_nonce)
		return;
	say("gate");
	if (tell_collector(r, answer, out, &e))
		log_event(LOG_LEVEL_ERROR, "gate-failed", LOG_T("why", e.text));
}

static int take_answer(struct round *r, const struct reply *reply, struct round_result *out,
		       struct err *e)
{
	json_t *j = json_loadb((const char *)reply->body->w.at, reply->body->w.len, 0, NULL);
	const char *status = json_string_value(json_object_get(j, "ear_status"));
	const char *release = json_string_value(json_object_get(j, "release"));
	char *text;
	int rc = 0;

	if (!status)
		rc = err_set(e, E_FORMAT, "server's answer has no ear_status");
	else
		snprintf(out->status, sizeof(out->status), "%.20s", status);
	out->not_enrolled = json_is_false(json_object_get(j, "enrolled"));
	if (r->ima && !r->whom.has_nonce)
		ima_heard(r->ima, j, &r->quoted, &r->clock);
	if (!rc)
		act_on(r, j, out);
	if (!rc && release && r->k)
		rc = open_shares(r, release, out, e);
	json_object_del(j, "release");
	json_object_del(j, "evidence");
	text = rc ? NULL : json_dumps(j, JSON_COMPACT);
	json_decref(j);
	if (text)
		out->json = buf_copy(bytes_text(text));
	free(text);
	return rc ? rc : out->json ? 0 : err_set(e, E_MEMORY, "no memory for the answer");
}

static int write_token(struct round *r, struct err *e)
{
	buf_drop(&r->token);
	return eat_write_token(r->nonce, r->ueid, (u64)clock_now_s(), r->cnf, buf_bytes(r->release),
			       r->submods, r->n_submods, &r->token, e);
}

static int send_token(struct round *r, struct reply *reply, struct err *e)
{
	char path[sizeof(r->session) + EAR_AUDIENCE_MAX + 32];

	say("verdict");
	snprintf(path, sizeof(path), "%s%s%s%s", r->session,
		 r->whom.cwt ? "?result=cwt" : "?result=jwt",
		 r->whom.audience[0] ? "&audience=" : "", r->whom.audience);
	if (transport_call_same(r->t, "POST", path, EAT_MEDIA_TYPE, buf_bytes(r->token), reply, e))
		return err_while(e, "send evidence");
	return 0;
}

static bool wants_whole_ima(const struct reply *reply)
{
	struct bytes b = buf_bytes(reply->body);
	json_t *j = reply->status == 409 ? json_loadb((const char *)b.at, b.len, 0, NULL) : NULL;
	const char *type = json_string_value(json_object_get(j, "type"));
	bool wants = type && !strcmp(type, IMA_WHOLE_PROBLEM);

	json_decref(j);
	return wants;
}

/* The logs are outside of `bind`: nonce, devices and quote stay as they are, the token is signed anew. */
static int send_whole_ima(struct round *r, struct reply *reply, struct err *e)
{
	log_event(LOG_LEVEL_INFO, "ima-whole",
		  LOG_T("why", "the server cannot go on from what it was sent before"));
	reply_clear(reply);
	r->ima->known = false;
	return read_logs(r, e) || write_token(r, e) ? (int)e->code : send_token(r, reply, e);
}

int round_send(struct round *r, struct round_result *out, struct err *e)
{
	struct reply reply;
	int rc;

	*out = (struct round_result){ 0 };
	if (send_token(r, &reply, e) ||
	    (r->ima_continues && wants_whole_ima(&reply) && send_whole_ima(r, &reply, e)))
		return (int)e->code;
	rc = reply.status == 200 ? take_answer(r, &reply, out, e) : transport_problem(&reply, e);
	reply_clear(&reply);
	if (rc)
		round_result_clear(out);
	else
		out->token = TAKE(r->token);
	return rc;
}

static int collect(struct round *r, struct err *e)
{
	static const struct {
		const char *what;
		int (*run)(struct round *r, struct err *e);
		bool only_to_ask;
	} steps[] = {
		{ "keys", make_keys, false },
		{ "inventory", write_host, false },
		{ "release request", write_release, true },
		{ "nonce", get_nonce, false },
		{ "device evidence", collect_devices, false },
		{ "binding", bind_evidence, false },
		{ "quote", quote, false },
		{ "boot log", read_logs, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (steps[i].only_to_ask && !r->ask)
			continue;
		say(steps[i].what);
		if (steps[i].run(r, e))
			return (int)e->code;
	}
	tpm_key_drop(&r->ak); /* the TPM has room for three */
	return write_token(r, e);
}

int round_collect(const struct agent_settings *s, struct tpm *tpm, struct transport *t, bool ask,
		  const struct relying_party *whom, struct ima_sent *ima, struct round **out,
		  struct err *e)
{
	OWNED(round) r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(e, E_MEMORY, "no memory for a round");
	if (ask && !s->n_volumes)
		return err_set(e, E_USAGE, "no [volume] is configured to ask a share for");
	r->s = s;
	r->tpm = tpm;
	r->t = t;
	r->ask = ask;
	r->ima = ima;
	if (whom)
		r->whom = *whom;
	if (collect(r, e))
		return (int)e->code;
	*out = TAKE(r);
	return 0;
}

int round_run(const struct agent_settings *s, struct tpm *tpm, struct transport *t, bool ask,
	      const struct relying_party *whom, struct ima_sent *ima, struct round_result *out,
	      struct err *e)
{
	OWNED(round) r = NULL;

	*out = (struct round_result){ 0 };
	return round_collect(s, tpm, t, ask, whom, ima, &r, e) ? (int)e->code
							       : round_send(r, out, e);
}
