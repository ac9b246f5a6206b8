// SPDX-License-Identifier: Apache-2.0
/* /api/v1/anchors and /api/v1/crls: who may sign CoRIMs, and whose word was taken back. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/text.h"
#include "problem.h"
#include "refvals.h"
#include "server.h"

/* ---- lists ---- */
struct listing {
	json_t *out;
	const char *
		file; /* they are of this file in a folder of the configuration, else of the store */
};

static json_t *row_json(const struct listing *l, const struct signer_row *row)
{
	struct digest digest = sha256_of(row->bytes);
	char hex[65];

	hex_write(digest_bytes(&digest), hex);
	if (l->file)
		return json_pack("{s:s, s:s}", "digest", hex, "file", l->file);
	return json_pack("{s:s, s:I, s:s%}", "digest", hex, "added", (json_int_t)row->added,
			 "added_by", (const char *)row->by.at, row->by.len);
}

static int list_anchor(void *user, const struct signer_row *row, struct err *e)
{
	const struct listing *l = user;
	OWNED(cert) cert = NULL;
	struct err why = { 0 };
	bool ok = !cert_parse(row->bytes, &cert, &why);
	json_t *j = row_json(l, row);

	(void)e;
	json_object_set_new(j, "subject", json_string(ok ? cert_subject(cert) : "?"));
	json_object_set_new(j, "not_after", json_integer(ok ? cert_not_after(cert) : 0));
	json_object_set_new(j, "counts", json_boolean(ok && row->genuine));
	json_array_append_new(l->out, j);
	return 0;
}

static int list_crl(void *user, const struct signer_row *row, struct err *e)
{
	const struct listing *l = user;
	OWNED(crls) crls = crls_new();
	struct crl_about about = { .issuer = "?" };
	struct err why = { 0 };
	bool ok = crls && !crls_add(crls, row->bytes, &why) && crls_tell(crls, 0, &about);
	json_t *j = row_json(l, row);

	(void)e;
	json_object_set_new(j, "issuer", json_string(about.issuer));
	json_object_set_new(j, "this_update", json_integer(about.this_update));
	json_object_set_new(j, "next_update", json_integer(about.next_update));
	json_object_set_new(j, "revoked", json_integer((json_int_t)about.n_revoked));
	json_object_set_new(j, "expired", json_boolean(clock_now_s() > about.next_update));
	json_object_set_new(j, "counts", json_boolean(ok && row->genuine));
	json_array_append_new(l->out, j);
	return 0;
}

static int list_anchor_file(void *user, const char *path, struct err *e)
{
	struct listing l = { user, strrchr(path, '/') + 1 };
	OWNED(cert_list) certs = NULL;

	if (cert_list_load(path, &certs, e))
		return (int)e->code;
	for (size_t i = 0; i < certs->n; i++)
		list_anchor(
			&l,
			&(struct signer_row){ .bytes = cert_der(certs->at[i]), .genuine = true },
			e);
	return 0;
}

static int list_crl_file(void *user, const char *path, struct err *e)
{
	struct listing l = { user, strrchr(path, '/') + 1 };
	OWNED(buf) b = NULL;

	if (file_read(path, CRL_FILE_MAX, &b, e))
		return (int)e->code;
	return list_crl(&l, &(struct signer_row){ .bytes = buf_bytes(b), .genuine = true }, e);
}

static int list_anchors(struct tx *tx, void *arg, struct err *e)
{
	return signer_rows_all(tx, SIGNER_ANCHOR, list_anchor, &(struct listing){ .out = arg }, e);
}

static int list_crls(struct tx *tx, void *arg, struct err *e)
{
	return signer_rows_all(tx, SIGNER_CRL, list_crl, &(struct listing){ .out = arg }, e);
}

/* @folder: of the configuration, or empty. */
static void answer_list(struct call *c, const char *name, store_job job, const char *folder,
			int (*take)(void *user, const char *path, struct err *e))
{
	json_t *list = json_array();
	struct err e = { 0 };

	if ((folder[0] && folder_each(folder, name, take, list, &e)) ||
	    store_read(c->server->store, job, list, &e)) {
		json_decref(list);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200, json_pack("{s:o}", name, list));
}

void get_anchors(struct call *c)
{
	answer_list(c, "anchors", list_anchors, c->server->settings->corim_roots, list_anchor_file);
}

void get_crls(struct call *c)
{
	answer_list(c, "crls", list_crls, c->server->settings->corim_crls, list_crl_file);
}

/* ---- changes ---- */
static void run_change(struct call *c, struct refvals_change *ch)
{
	struct err e = { 0 };
	char hex[65];

	ch->actor = c->actor;
	if (refvals_change(c->server->refvals, ch, &e))
		problem_of(c->out, &e);
	else
		answer_json(c->out, 200,
			    json_pack("{s:s, s:s, s:b}", "status", "success", "digest",
				      hex_write(BYTES(ch->digest), hex), "new", (int)ch->fresh));
}

void post_anchor(struct call *c)
{
	struct refvals_change ch = { .verb = REFVALS_ADD_SIGNER, .kind = SIGNER_ANCHOR };
	OWNED(cert_list) l = NULL;
	struct err e = { 0 };

	if (cert_list_from_pem(c->rq->body, &l, &e)) {
		problem_of(c->out, &e);
		return;
	}
	if (l->n != 1) {
		problem(c->out, 400, "Malformed", "one certificate at a time");
		return;
	}
	ch.bytes = cert_der(l->at[0]);
	run_change(c, &ch);
}

void post_crl(struct call *c)
{
	struct refvals_change ch = { .verb = REFVALS_ADD_SIGNER,
				     .kind = SIGNER_CRL,
				     .bytes = c->rq->body };

	run_change(c, &ch);
}

static void remove_signer(struct call *c, enum signer_kind kind)
{
	struct refvals_change ch = { .verb = REFVALS_REMOVE_SIGNER, .kind = kind };

	if (hex_read(c->part[0], ch.digest, 32))
		run_change(c, &ch);
	else
		problem(c->out, 400, "Malformed", "a digest is 64 hex digits");
}

void delete_anchor(struct call *c)
{
	remove_signer(c, SIGNER_ANCHOR);
}

void delete_crl(struct call *c)
{
	remove_signer(c, SIGNER_CRL);
}
