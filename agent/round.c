// SPDX-License-Identifier: Apache-2.0
#include "round_parts.h"

#include <jansson.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <systemd/sd-daemon.h>

#include "collector/service.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "proto/device_log.h"
#include "tpm_disk.h"

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
	buf_drop(&r->ima_bytes);
	buf_drop(&r->certify);
	buf_drop(&r->certify_sig);
	buf_drop(&r->lease_counted);
	buf_drop(&r->lease_counted_sig);
	buf_drop(&r->srk);
	buf_drop(&r->srk_certify);
	buf_drop(&r->srk_certify_sig);
	for (size_t i = 0; i < VOLUMES_MAX; i++) {
		buf_drop(&r->counted[i]);
		buf_drop(&r->counted_sig[i]);
	}
	tpm_quoted_clear(&r->quoted);
	buf_drop(&r->token);
	free(r);
	*rp = NULL;
}

enum { ROUNDS_MAX = 16 };

/* A step may wait for a device or a server; between two of them the service manager hears of us. */
void round_say(const char *step)
{
	sd_notifyf(0, "STATUS=attesting: %s\nWATCHDOG=1", step);
}

void round_took(struct round *r, enum round_part part, long long since_ms)
{
	r->ms[part] += (u32)(clock_monotonic_ms() - since_ms);
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
	r->nonce_at_ms = clock_monotonic_ms();
	if (transport_call_first(r->t, "POST", path, &reply, e))
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
/* A collector that is not there is no server that is not there: E_UNREACHABLE is about servers alone. */
static int from_collector(struct round *r, enum collector_verb verb, struct bytes argument,
			  struct buf **out, struct err *e)
{
	int rc = collector_ask(r->s->collector_socket, verb, argument, out, e);

	if (rc == E_UNREACHABLE)
		e->code = E_AGAIN;
	return (int)(rc ? e->code : 0);
}

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
	if (from_collector(r, COLLECT_DEVICES, BYTES(r->context.ctx), &r->devices, e))
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

/* For who reads a token: an initramfs is where the kernel has unpacked it, in memory. It decides nothing. */
static const char *phase_seen(void)
{
	struct statfs root;

	return !statfs("/", &root) && (root.f_type == RAMFS_MAGIC || root.f_type == TMPFS_MAGIC)
		       ? "initrd"
		       : "system";
}

static int write_host(struct round *r, struct err *e)
{
	const char *switches[2];
	OWNED(buf) inventory = NULL;
	struct eat_host_draft d = { .agent_version = ASSAY_VERSION,
				    .phase = phase_seen(),
				    .switches = switches };
	struct eat_function *functions = NULL;
	int rc;

	for (; d.n_pins < r->s->n_pins; d.n_pins++) {
		u8 pin[32];

		/* the settings took it as base64 of 32 bytes */
		if (base64_read(bytes_text(r->s->pin[d.n_pins]), pin, sizeof(pin)) != sizeof(pin))
			return err_set(e, E_INTERNAL, "pin %zu", d.n_pins);
		memcpy(d.pins[d.n_pins], pin, EAT_PIN_LEN);
	}
	if (r->s->allow_file_source)
		switches[d.n_switches++] = "allow_file_source";
	if (r->s->allow_socket_source)
		switches[d.n_switches++] = "allow_socket_source";
	if (from_collector(r, COLLECT_INVENTORY, BYTES_NONE, &inventory, e) ||
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
	for (size_t i = 0; i < r->ask->n; i++) {
		const struct round_volume *v = &r->ask->volumes[i];

		r->volumes[i] = (struct eat_volume){
			.uuid = BYTES(v->uuid),
			.epoch = v->epoch,
			.k_public = buf_bytes(r->k->pub),
			.counter = v->counter,
			.act = v->act,
			.proof = v->act == VOLUME_STORED ? BYTES(v->proof) : BYTES_NONE,
		};
	}
	return eat_write_release(r->volumes, r->ask->n, &r->release, e);
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

/* K, and what each counter says: in the same boot, about the same evidence. */
static int certify(struct round *r, struct err *e)
{
	if (!r->k)
		return 0;
	if (tpm_certify(r->tpm, r->ak, r->k, &r->bind, &r->certify, &r->certify_sig, e))
		return (int)e->code;
	for (size_t i = 0; i < r->ask->n; i++) {
		if (!r->volumes[i].counter)
			continue;
		if (tpm_counter_certify(r->tpm, r->ak, r->volumes[i].counter, &r->bind,
					&r->counted[i], &r->counted_sig[i], e))
			return (int)e->code;
		r->volumes[i].counted = buf_bytes(r->counted[i]);
		r->volumes[i].counted_sig = buf_bytes(r->counted_sig[i]);
	}
	return 0;
}

static int quote(struct round *r, struct err *e)
{
	struct eat_bank banks[TPM_BANKS_MAX] = { 0 };
	struct eat_tpm_draft d = { .ak_name = BYTES(r->ak->name), .banks = banks };
	struct tpm_attest attest;

	if (tpm_quote(r->tpm, r->ak, &r->bind, &r->quoted, e) ||
	    tpm_attest_parse(buf_bytes(r->quoted.attest), &attest, e) || certify(r, e))
		return (int)e->code;
	r->clock = attest.clock;
	round_certify_lease(r);
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
	d.volumes = r->volumes;
	d.n_volumes = r->ask ? r->ask->n : 0;
	d.lease = r->lease;
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

int round_read_logs(struct round *r, struct err *e)
{
	struct eat_logs logs = { 0 };
	OWNED(buf) kernel = NULL;
	OWNED(buf) log = NULL;
	OWNED(buf) device_log = NULL;
	struct reader pcr_and_log;

	if (from_collector(r, COLLECT_LOGS, BYTES_NONE, &log, e))
		return err_while(e, "read the boot log");
	logs.boot_log = buf_bytes(log);
	if (from_collector(r, COLLECT_DEVICE_LOG, BYTES_NONE, &device_log, e))
		return err_while(e, "read the device log");
	pcr_and_log = reader_on(buf_bytes(device_log));
	if (pcr_and_log.left.len) {
		logs.device_log_pcr = read_u8(&pcr_and_log, "PCR of the device log");
		logs.device_log =
			device_log_before(pcr_and_log.left, quoted_pcr(r, logs.device_log_pcr));
	}
	buf_drop(&r->ima_bytes);
	ima_take(r->s, &r->quoted, &r->clock, r->ima, &r->ima_part, &r->ima_bytes);
	logs.ima = r->ima_part;
	if (!r->ima_part.more) /* nobody asks for what follows it */
		r->ima_part.entries = BYTES_NONE;
	/* everybody may read it; without it the verdict shows the measured digest alone */
	logs.command_line = file_line("/proc/cmdline", COMMAND_LINE_MAX, &kernel);
	buf_drop(&r->logs);
	if (eat_write_logs(&logs, &r->logs, e))
		return (int)e->code;
	put_logs(r);
	if (!r->ima_part.more)
		buf_drop(&r->ima_bytes);
	return 0;
}

int round_write_token(struct round *r, struct err *e)
{
	buf_drop(&r->token);
	return eat_write_token(r->nonce, r->ueid, (u64)clock_now_s(), r->cnf, buf_bytes(r->release),
			       r->submods, r->n_submods, &r->token, e);
}

static int collect(struct round *r, struct err *e)
{
	static const struct {
		const char *what;
		int (*run)(struct round *r, struct err *e);
		enum round_part waits_for;
		bool only_to_ask;
	} steps[] = {
		{ "keys", make_keys, ROUND_PART_TPM, false },
		{ "inventory", write_host, ROUND_PART_DEVICES, false },
		{ "release request", write_release, ROUND_PART_OWN, true },
		{ "nonce", get_nonce, ROUND_PART_SERVER, false },
		{ "device evidence", collect_devices, ROUND_PART_DEVICES, false },
		{ "binding", bind_evidence, ROUND_PART_OWN, false },
		{ "quote", quote, ROUND_PART_TPM, false },
		{ "boot log", round_read_logs, ROUND_PART_DEVICES, false },
	};
	long long since_ms;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (steps[i].only_to_ask && !r->ask)
			continue;
		since_ms = clock_monotonic_ms();
		round_say(steps[i].what);
		if (steps[i].run(r, e))
			return (int)e->code;
		round_took(r, steps[i].waits_for, since_ms);
	}
	tpm_key_drop(&r->ak); /* the TPM has room for three */
	return round_write_token(r, e);
}

int round_collect(const struct agent_settings *s, struct tpm *tpm, struct transport *t,
		  const struct round_ask *ask, const struct relying_party *whom,
		  struct ima_sent *ima, struct round **out, struct err *e)
{
	OWNED(round) r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(e, E_MEMORY, "no memory for a round");
	r->s = s;
	r->tpm = tpm;
	r->t = t;
	r->ask = ask;
	r->ima = ima ? ima : &r->own;
	if (whom)
		r->whom = *whom;
	if (collect(r, e))
		return (int)e->code;
	*out = TAKE(r);
	return 0;
}

/* A list of many pieces outlasts a nonce: the next one goes on with it. */
static int run_once(const struct agent_settings *s, struct tpm *tpm, struct transport *t,
		    const struct round_ask *ask, const struct relying_party *whom,
		    struct ima_sent *ima, struct round_result *out, struct err *e)
{
	OWNED(round) r = NULL;

	*out = (struct round_result){ 0 };
	return round_collect(s, tpm, t, ask, whom, ima, &r, e) ? (int)e->code
							       : round_send(r, out, e);
}

int round_run(const struct agent_settings *s, struct tpm *tpm, struct transport *t,
	      const struct round_ask *ask, const struct relying_party *whom, struct ima_sent *ima,
	      struct round_result *out, struct err *e)
{
	bool callers = whom && whom->has_nonce, own_turn = false, was_through = false;
	struct ima_sent own = { 0 };

	ima = ima ? ima : &own;
	for (int i = 0; i < ROUNDS_MAX; i++) {
		if (run_once(s, tpm, t, ask, own_turn ? NULL : whom, ima, out, e))
			return (int)e->code;
		if (!out->goes_on && !own_turn)
			return 0;
		/* for a nonce of somebody's choice nothing is kept: the pieces go to the server before */
		was_through |= own_turn && !out->goes_on;
		if (was_through && out->goes_on)
			return err_set(e, E_AGAIN,
				       "IMA's list is longer than what goes with a nonce of the "
				       "caller's choice, and the server has not accepted it");
		own_turn = callers && out->goes_on;
		round_result_clear(out);
	}
	return err_set(e, E_AGAIN, "IMA's list was not through after %d nonces", ROUNDS_MAX);
}
