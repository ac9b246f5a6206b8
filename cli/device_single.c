// SPDX-License-Identifier: Apache-2.0
/* `assay device measure` and `assay device cert --slot`: one device asked now, over a nonce of our own. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/collector/service.h"
#include "agent/collector/single.h"
#include "cli.h"
#include "common/config.h"
#include "device.h"
#include "table.h"

struct asked {
	struct single_request q;
	struct buf *bytes;
	struct single_answer a; /* views into @bytes */
	struct spdm_evidence *ev;
};

static void asked_clear(struct asked *k)
{
	spdm_evidence_drop(&k->ev);
	buf_drop(&k->bytes);
	*k = (struct asked){ 0 };
}

/* Where no collector runs, root asks the kernel as it would. */
static int ask_here(const struct single_request *q, struct buf **out, struct err *e)
{
	struct agent_settings *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_set(e, E_MEMORY, "no memory for settings");
	strcpy(s->pci_folder, "/sys/bus/pci/devices");
	s->kernel_cma = true;
	s->n_slots = 1;
	rc = single_collect(s, NULL, q, out, e);
	free(s);
	return rc;
}

static int ask(const struct cli *c, const char *name, u8 slot, struct asked *k, struct err *e)
{
	const char *path = c->option[OPT_COLLECTOR];
	u8 room[SINGLE_REQUEST_MAX];
	struct writer w = writer_on(room, sizeof(room));

	k->q.slot = slot;
	if (strlen(name) > LABEL_MAX)
		return err_set(e, E_NOTFOUND, "no device has a name of %zu characters",
			       strlen(name));
	strcpy(k->q.name, name);
	single_request_write(&k->q, &w);
	if (collector_ask(path ? path : "/run/assay/collector.sock", COLLECT_SINGLE, write_done(&w),
			  &k->bytes, e)) {
		if (e->code != E_UNREACHABLE || path || geteuid())
			return (int)e->code;
		*e = (struct err){ 0 };
		if (ask_here(&k->q, &k->bytes, e))
			return (int)e->code;
	}
	if (single_answer_parse(buf_bytes(k->bytes), &k->a, e))
		return (int)e->code;
	return spdm_evidence_parse(k->a.vca, k->a.chain, k->a.measurements, k->a.challenge,
				   k->a.slot, NULL, &k->ev, e);
}

/* Is it fresh, and the device's own? Not whether the device is to be trusted: that is the server's. */
static int check(const struct asked *k, struct err *e)
{
	u8 challenge_nonce[EVIDENCE_NONCE_LEN];

	single_challenge_nonce(k->q.nonce, challenge_nonce);
	if (k->a.slot != k->q.slot)
		return err_set(e, E_FORMAT, "the answer is of slot %u", k->a.slot);
	return spdm_evidence_check_nonces(k->ev, k->q.nonce, challenge_nonce, e) ||
			       spdm_evidence_check_signatures(k->ev, e) ||
			       spdm_evidence_check_chain_digest(k->ev, e)
		       ? (int)e->code
		       : 0;
}

static int slot_option(const struct cli *c, u8 *out, struct err *e)
{
	long long v = 0;

	if (c->option[OPT_SLOT] &&
	    config_number(&v, 0, SPDM_SLOTS_MAX - 1, c->option[OPT_SLOT], e)) {
		*e = (struct err){ 0 };
		return err_set(e, E_USAGE, "--slot is 0 to %d", SPDM_SLOTS_MAX - 1);
	}
	*out = (u8)v;
	return 0;
}

/* ---- measure ---- */
static void print_head(const struct asked *k, const char *nonce, const char *why)
{
	printf("device %s at %s (%s), SPDM 1.%d, slot %u, generation %u\n", cli_safe(k->a.label),
	       cli_safe(k->a.address), k->a.source, k->ev->nego.version & 15, k->a.slot,
	       k->a.generation);
	printf("nonce %s\n", nonce);
	if (why[0])
		printf("NOT GENUINE: %s\n\n", cli_safe(why));
	else
		printf("signed over it by %s\n\n",
		       cli_safe(cert_subject(spdm_evidence_leaf(k->ev))));
}

int device_measure(struct cli *c, const char *name)
{
	struct asked k = { 0 };
	struct err e = { 0 }, bad = { 0 };
	char nonce[65];
	json_t *blocks;
	int rc;

	if (slot_option(c, &k.q.slot, &e))
		return cli_fail(c, &e, NULL);
	if (c->option[OPT_NONCE] ? !hex_read(c->option[OPT_NONCE], k.q.nonce, sizeof(k.q.nonce)) &&
					   err_set(&e, E_USAGE, "--nonce is 64 hex digits")
				 : random_bytes(k.q.nonce, sizeof(k.q.nonce), &e))
		return cli_fail(c, &e, NULL);
	if (ask(c, name, k.q.slot, &k, &e)) {
		asked_clear(&k);
		return cli_fail(c, &e, "run as root; see `assay device list`");
	}
	rc = check(&k, &bad);
	hex_write(BYTES(k.q.nonce), nonce);
	if (!c->json)
		print_head(&k, nonce, bad.text);
	blocks = device_blocks(c, k.ev);
	if (c->json)
		cli_json("device.measure", !rc,
			 json_pack("{s:s, s:s, s:s, s:i, s:I, s:s, s:i, s:s, s:b, s:s%, s:o}",
				   "label", k.a.label, "address", k.a.address, "source", k.a.source,
				   "slot", k.a.slot, "generation", (json_int_t)k.a.generation,
				   "nonce", nonce, "spdm_version", k.ev->nego.version & 15, "leaf",
				   cli_safe(cert_subject(spdm_evidence_leaf(k.ev))), "genuine", !rc,
				   "why", bad.text, strlen(bad.text), "blocks", blocks));
	asked_clear(&k);
	return rc ? 2 : 0;
}

/* ---- cert ---- */
int device_chain(struct cli *c, const struct spdm_evidence *ev)
{
	struct bytes der = ev->chain_parts.certificates;
	struct err e = { 0 };
	char note[512];

	if (c->option[OPT_DER] && c->option[OPT_PEM])
		return cli_usage();
	if (spdm_evidence_oddity(ev, note))
		fprintf(stderr, "assay: note: %s\n", cli_safe(note));
	if (c->option[OPT_DER]) { /* as it stands in the slot: root first */
		if (fwrite(der.at, 1, der.len, stdout) == der.len)
			return 0;
		err_set(&e, E_IO, "write the chain");
		return cli_fail(c, &e, NULL);
	}
	for (size_t i = ev->certs->n; i > 0; i--) { /* leaf first, as everybody's tools want it */
		OWNED(buf) pem = buf_new(65536);

		if (!pem || cert_pem(ev->certs->at[i - 1], &pem->w, &e))
			return cli_fail(c, &e, NULL);
		fwrite(pem->w.at, pem->w.len, 1, stdout);
	}
	return 0;
}

/* The chain that is shown has signed over a nonce of ours: the device has its key, and nobody made it up. */
static int slot_read(struct cli *c, const char *name, u8 slot, struct asked *k, struct err *e)
{
	return random_bytes(k->q.nonce, sizeof(k->q.nonce), e) || ask(c, name, slot, k, e) ||
			       check(k, e)
		       ? (int)e->code
		       : 0;
}

struct slot_row {
	bool provisioned;
	size_t n_certs;
	char leaf[256], digest[65], why[ERR_TEXT_MAX];
};

static void fill_row(struct slot_row *row, const struct asked *k, int rc, const struct err *e)
{
	struct digest d;

	*row = (struct slot_row){ .provisioned = true };
	if (rc) {
		snprintf(row->why, sizeof(row->why), "%s", e->text);
		return;
	}
	d = sha256_of(k->ev->chain_parts.certificates);
	hex_write((struct bytes){ d.at, 32 }, row->digest);
	row->n_certs = k->ev->certs->n;
	snprintf(row->leaf, sizeof(row->leaf), "%s",
		 cli_safe(cert_subject(spdm_evidence_leaf(k->ev))));
}

static int print_rows(struct cli *c, const char *name, const struct slot_row *rows)
{
	struct table t = table_of("SLOT|CERTS|SHA-256 OF THE CHAIN|LEAF CERTIFICATE");
	json_t *list = json_array();
	bool good = true;

	for (int i = 0; i < SPDM_SLOTS_MAX; i++) {
		const struct slot_row *r = &rows[i];

		good &= !r->why[0];
		if (c->json)
			json_array_append_new(
				list, json_pack("{s:i, s:b, s:I, s:s, s:s, s:s}", "slot", i,
						"provisioned", (int)r->provisioned, "certificates",
						(json_int_t)r->n_certs, "sha256", r->digest, "leaf",
						r->leaf, "why", cli_safe(r->why)));
		else if (r->why[0])
			table_row(&t, number_text(i), "-", "-", r->why);
		else if (r->provisioned)
			table_row(&t, number_text(i), number_text((long long)r->n_certs), r->digest,
				  r->leaf);
		else
			table_row(&t, number_text(i), "empty", "-", "-");
	}
	if (c->json) {
		cli_json("device.cert", good,
			 json_pack("{s:s, s:o}", "label", name, "slots", list));
		json_decref(t.rows);
	} else {
		json_decref(list);
		table_print(&t);
	}
	return good ? 0 : 2;
}

/*
 * Slot 0 tells which others have a chain. A kernel keeps the evidence of the slot that was read last, and others expect
 * that of slot 0 there: it is read once more at the end.
 */
static int all_slots(struct cli *c, const char *name)
{
	struct slot_row rows[SPDM_SLOTS_MAX] = { 0 };
	struct asked k = { 0 };
	struct err e = { 0 };
	char label[LABEL_MAX + 1];
	u8 slots;
	int rc = slot_read(c, name, 0, &k, &e);

	if (!k.ev) {
		asked_clear(&k);
		return cli_fail(c, &e, "run as root; see `assay device list`");
	}
	slots = k.a.slots | 1;
	strcpy(label, k.a.label);
	fill_row(&rows[0], &k, rc, &e);
	asked_clear(&k);
	for (u8 i = SPDM_SLOTS_MAX - 1; i > 0; i--) {
		if (!(slots & 1 << i))
			continue;
		e = (struct err){ 0 };
		rc = slot_read(c, name, i, &k, &e);
		fill_row(&rows[i], &k, rc, &e);
		asked_clear(&k);
	}
	if (slots != 1)
		slot_read(c, name, 0, &k, &e);
	asked_clear(&k);
	return print_rows(c, label, rows);
}

int device_cert_slot(struct cli *c, const char *name)
{
	struct asked k = { 0 };
	struct err e = { 0 };
	u8 slot = 0;
	int rc;

	if (!strcmp(c->option[OPT_SLOT], "all"))
		return all_slots(c, name);
	if (slot_option(c, &slot, &e) || slot_read(c, name, slot, &k, &e)) {
		asked_clear(&k);
		return cli_fail(
			c, &e, "`assay device cert NAME --slot all` says which slots have a chain");
	}
	if (c->json) {
		struct slot_row row;

		fill_row(&row, &k, 0, &e);
		cli_json("device.cert", true,
			 json_pack("{s:s, s:i, s:I, s:s, s:s}", "label", k.a.label, "slot",
				   (int)slot, "certificates", (json_int_t)row.n_certs, "sha256",
				   row.digest, "leaf", row.leaf));
		rc = 0;
	} else {
		rc = device_chain(c, k.ev);
	}
	asked_clear(&k);
	return rc;
}
