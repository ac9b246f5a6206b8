// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/file.h"
#include "common/reader.h"

static int write_file(const char *folder, const char *name, struct bytes b, struct err *e)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_create(path, b, 0600, e);
}

static int read_file(const char *folder, const char *name, size_t max, struct buf **out,
		     struct err *e)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_read(path, max, out, e);
}

static int init_ear(const char *folder, struct keypair **out, struct err *e)
{
	OWNED(secret) room = secret_new(16384);
	struct writer w;

	if (!room)
		return err_set(e, E_MEMORY, "no locked memory");
	w = writer_on(room->at, room->len);
	if (keypair_new(KEY_P256, 0, out, e) || keypair_pem(*out, &w, e))
		return (int)e->code;
	return write_file(folder, "ear.pem", write_done(&w), e);
}

/* The root key exists in clear only in locked memory; on disk it is wrapped for the KEK. */
static int init_root(const char *folder, const struct keypair *kek, struct err *e)
{
	OWNED(secret) root = secret_new(ROOT_KEY_LEN);

	if (!root)
		return err_set(e, E_MEMORY, "no locked memory");
	return random_bytes(root->at, root->len, e)
		       ? (int)e->code
		       : root_seal(folder, ROOT_FILE, root, keypair_pub(kek), e);
}

/* nonce.keys: one or two records of kid(1) ‖ u64be retired_s ‖ key(32); the first is in use. */
static void write_nonce_key(struct writer *w, const struct nonce_key *n)
{
	write_u8(w, n->kid);
	write_be64(w, (u64)n->retired_s);
	write_bytes(w, BYTES(n->key));
}

static int init_nonce_key(const char *folder, struct err *e)
{
	OWNED(secret) room = secret_new(NONCE_RECORD_LEN);
	struct nonce_key first = { .kid = 1 };
	struct writer w;

	if (!room)
		return err_set(e, E_MEMORY, "no locked memory");
	if (random_bytes(first.key, sizeof(first.key), e))
		return (int)e->code;
	w = writer_on(room->at, room->len);
	write_nonce_key(&w, &first);
	secret_wipe(&first, sizeof(first));
	return write_file(folder, "nonce.keys", write_done(&w), e);
}

int keys_init(const char *folder, const struct key_place *kek_at, struct err *e)
{
	OWNED(keypair) kek = NULL;
	OWNED(keypair) ear = NULL;
	u8 deployment[DEPLOYMENT_ID_LEN];

	if (random_bytes(deployment, sizeof(deployment), e) ||
	    write_file(folder, "deployment.id", BYTES(deployment), e) ||
	    (key_place_is_uri(kek_at->at) ? kek_open(kek_at, &kek, e)
					  : kek_make(kek_at->at, &kek, e)) ||
	    init_ear(folder, &ear, e) || init_root(folder, kek, e) || init_nonce_key(folder, e))
		return (int)e->code;
	return 0;
}

static int load_keypair(const char *path, struct keypair **out, struct err *e)
{
	OWNED(buf) pem = NULL;
	int rc;

	if (file_read(path, 65536, &pem, e))
		return (int)e->code;
	rc = keypair_from_pem(buf_bytes(pem), out, e);
	secret_wipe(pem->w.at, pem->w.len);
	return rc ? err_while(e, "%s", path) : 0;
}

static int load_nonce_keys(const char *folder, struct server_keys *k, struct err *e)
{
	OWNED(buf) b = NULL;
	struct reader r;

	if (read_file(folder, "nonce.keys", NONCE_KEYS_MAX * NONCE_RECORD_LEN, &b, e))
		return (int)e->code;
	r = reader_on(buf_bytes(b));
	while (r.left.len && k->n_nonce_keys < NONCE_KEYS_MAX) {
		struct nonce_key *n = &k->nonce_keys[k->n_nonce_keys];
		struct bytes key;

		n->kid = read_u8(&r, "kid");
		n->retired_s = (long long)read_be64(&r, "retired");
		key = read_bytes(&r, NONCE_KEY_LEN, "key");
		if (r.why)
			break;
		memcpy(n->key, key.at, key.len);
		k->n_nonce_keys++;
	}
	secret_wipe(b->w.at, b->w.len);
	if (read_done(&r) || !k->n_nonce_keys)
		return err_set(e, E_CONFIG, "nonce.keys: %s", r.why ? r.why : "no key");
	return 0;
}

/* @retired_s 0: those that there were are forgotten. */
static int new_nonce_key(const char *folder, long long retired_s, struct err *e)
{
	OWNED(server_keys) k = calloc(1, sizeof(*k));
	OWNED(secret) room = secret_new(2 * NONCE_RECORD_LEN);
	struct nonce_key fresh;
	char path[4096];
	struct writer w;

	if (!k || mlock(k, sizeof(*k)) || !room)
		return err_set(e, E_MEMORY, "no locked memory for keys");
	if (load_nonce_keys(folder, k, e) || random_bytes(fresh.key, sizeof(fresh.key), e))
		return (int)e->code;
	fresh.kid = (u8)(k->nonce_keys[0].kid + 1);
	fresh.retired_s = 0;
	k->nonce_keys[0].retired_s = retired_s;
	w = writer_on(room->at, room->len);
	write_nonce_key(&w, &fresh);
	if (retired_s)
		write_nonce_key(&w, &k->nonce_keys[0]);
	secret_wipe(&fresh, sizeof(fresh));
	snprintf(path, sizeof(path), "%s/nonce.keys", folder);
	return file_write(path, write_done(&w), 0600, e);
}

int keys_rotate_nonce(const char *folder, long long now_s, struct err *e)
{
	return new_nonce_key(folder, now_s, e);
}

int keys_renew_nonces(const char *folder, struct err *e)
{
	return new_nonce_key(folder, 0, e);
}

static int derive(const struct secret *root, const char *label, struct secret **out, struct err *e)
{
	*out = secret_new(32);
	if (!*out)
		return err_set(e, E_MEMORY, "no locked memory");
	return hkdf_sha256(secret_bytes(root), BYTES_NONE, bytes_text(label), (*out)->at, 32, e);
}

int keys_derive(const struct secret *root, struct server_keys *k, struct err *e)
{
	secret_drop(&k->row_mac);
	secret_drop(&k->secret_seal);
	return root_id_of(root, k->root_id, e) || derive(root, "assay/row-mac/1", &k->row_mac, e) ||
			       derive(root, "assay/secret-seal/1", &k->secret_seal, e)
		       ? (int)e->code
		       : 0;
}

int keys_load(const char *folder, const struct key_place *kek, const u8 *root_id,
	      struct server_keys **out, struct err *e)
{
	OWNED(server_keys) k = calloc(1, sizeof(*k));
	OWNED(secret) root = NULL;
	OWNED(buf) id = NULL;
	char path[4096];

	if (!k || mlock(k, sizeof(*k)))
		return err_set(e, E_MEMORY, "no locked memory for keys");
	if (read_file(folder, "deployment.id", DEPLOYMENT_ID_LEN, &id, e))
		return (int)e->code;
	if (id->w.len != DEPLOYMENT_ID_LEN)
		return err_set(e, E_CONFIG, "deployment.id is not %d bytes", DEPLOYMENT_ID_LEN);
	memcpy(k->deployment, id->w.at, DEPLOYMENT_ID_LEN);
	k->a = sha256_of(BYTES(k->deployment));
	snprintf(path, sizeof(path), "%s/ear.pem", folder);
	if (load_nonce_keys(folder, k, e) || load_keypair(path, &k->ear, e) ||
	    root_open(folder, kek, root_id, &root, k->root_id, k->kek_id, e) ||
	    keys_derive(root, k, e))
		return (int)e->code;
	if (pubkey_kind(keypair_pub(k->ear)) != KEY_P256)
		return err_set(e, E_CONFIG, "ear.pem is not a P-256 key");
	*out = TAKE(k);
	return 0;
}

void server_keys_drop(struct server_keys **k)
{
	if (!k || !*k)
		return;
	keypair_drop(&(*k)->ear);
	secret_drop(&(*k)->row_mac);
	secret_drop(&(*k)->secret_seal);
	secret_wipe(*k, sizeof(**k));
	munlock(*k, sizeof(**k));
	free(*k);
	*k = NULL;
}

int keys_row_mac(const struct server_keys *k, const char *label, const struct bytes *fields,
		 size_t n, struct digest *out, struct err *e)
{
	struct digest content = hash_labelled(label, fields, n);
	struct bytes piece = digest_bytes(&content);

	return hmac(DIGEST_SHA256, secret_bytes(k->row_mac), &piece, 1, out, e);
}
