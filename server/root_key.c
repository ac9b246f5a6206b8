// SPDX-License-Identifier: Apache-2.0
#include "root_key.h"

#include <stdio.h>

#include "common/file.h"
#include "common/reader.h"
#include "common/text.h"

enum { ROOT_FILE_MAX = 2048 };

static const char magic[] = "assay-r2", old_label[] = "assay/root/1";

int root_id_of(const struct secret *root, u8 out[ROOT_ID_LEN], struct err *e)
{
	return hkdf_sha256(secret_bytes(root), BYTES_NONE, bytes_text("assay/root-id/1"), out,
			   ROOT_ID_LEN, e);
}

int kek_id_of(const struct pubkey *kek, u8 out[KEK_ID_LEN], struct err *e)
{
	OWNED(buf) spki = buf_new(4096);
	struct digest id;

	if (!spki)
		return err_set(e, E_MEMORY, "no memory for a key");
	if (pubkey_spki(kek, &spki->w, e))
		return (int)e->code;
	id = sha256_of(buf_bytes(spki));
	memcpy(out, id.at, KEK_ID_LEN);
	return 0;
}

int kek_open(const struct key_place *where, struct keypair **out, struct err *e)
{
	const struct pubkey *pub;

	if (keypair_open(where, out, e))
		return err_while(e, "key-encryption key");
	pub = keypair_pub(*out);
	if (pubkey_kind(pub) != KEY_UNKNOWN &&
	    (pubkey_kind(pub) != KEY_RSA || pubkey_bits(pub) >= KEK_RSA_BITS))
		return 0;
	keypair_drop(out);
	return err_set(e, E_CONFIG,
		       "key-encryption key is neither RSA of at least %d bits nor on a"
		       " NIST curve",
		       KEK_RSA_BITS);
}

int kek_make(const char *path, struct keypair **out, struct err *e)
{
	OWNED(secret) room = secret_new(16384);
	struct writer w;

	if (!room)
		return err_set(e, E_MEMORY, "no locked memory");
	w = writer_on(room->at, room->len);
	if (keypair_new(KEY_RSA, KEK_RSA_BITS, out, e) || keypair_pem(*out, &w, e) ||
	    file_create(path, write_done(&w), 0600, e)) {
		keypair_drop(out);
		return err_while(e, "make a key-encryption key");
	}
	return 0;
}

int root_seal(const char *folder, const char *name, const struct secret *root,
	      const struct pubkey *kek, struct err *e)
{
	OWNED(buf) b = buf_new(ROOT_FILE_MAX);
	u8 root_id[ROOT_ID_LEN], kek_id[KEK_ID_LEN];
	char path[4096];

	if (!b)
		return err_set(e, E_MEMORY, "no memory for a wrapped key");
	if (root_id_of(root, root_id, e) || kek_id_of(kek, kek_id, e))
		return (int)e->code;
	write_bytes(&b->w, bytes_text(magic));
	write_bytes(&b->w, BYTES(root_id));
	write_bytes(&b->w, BYTES(kek_id));
	if (key_wrap(kek, secret_bytes(root), &b->w, e))
		return err_while(e, "wrap the root key");
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_create(path, buf_bytes(b), 0600, e);
}

/* ---- opening ---- */
int root_file_parse(struct bytes b, const char *name, struct root_file *out, struct err *e)
{
	struct reader r = reader_on(b);

	*out = (struct root_file){ 0 };
	if (!bytes_equal(read_bytes(&r, sizeof(magic) - 1, "magic"), bytes_text(magic))) {
		out->old = true;
		out->wrapped = b;
		return 0;
	}
	out->root_id = read_bytes(&r, ROOT_ID_LEN, "root id");
	out->kek_id = read_bytes(&r, KEK_ID_LEN, "KEK id");
	out->wrapped = r.left;
	return r.why ? err_set(e, E_CONFIG, "%s ends inside its %s", name, r.why) : 0;
}

/* A file that was read, and what stands in it. */
struct root_found {
	struct buf *bytes; /* NULL: there is none */
	struct root_file f;
};

static int read_root_file(const char *folder, const char *name, struct root_found *out,
			  struct err *e)
{
	char path[4096];

	*out = (struct root_found){ 0 };
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_read(path, ROOT_FILE_MAX, &out->bytes, e) ||
			       root_file_parse(buf_bytes(out->bytes), name, &out->f, e)
		       ? (int)e->code
		       : 0;
}

int root_id_in(const char *folder, const char *name, u8 out[ROOT_ID_LEN], struct err *e)
{
	struct root_found found;
	int rc = read_root_file(folder, name, &found, e);

	if (!rc && found.f.old)
		rc = err_set(e, E_UNSUPPORTED, "%s is of an earlier version", name);
	if (!rc)
		memcpy(out, found.f.root_id.at, ROOT_ID_LEN);
	buf_drop(&found.bytes);
	return rc;
}

static int pick_root_file(const char *folder, const u8 *want, struct root_found *out, struct err *e)
{
	int rc;

	if (want && !read_root_file(folder, ROOT_NEXT_FILE, out, e) &&
	    bytes_equal(out->f.root_id, (struct bytes){ want, ROOT_ID_LEN }))
		return 0;
	buf_drop(&out->bytes);
	rc = read_root_file(folder, ROOT_FILE, out, e);
	if (rc || !want || out->f.old ||
	    bytes_equal(out->f.root_id, (struct bytes){ want, ROOT_ID_LEN }))
		return rc;
	return err_set(e, E_CONFIG, "the database belongs to another root key than %s/%s", folder,
		       ROOT_FILE);
}

/* A KEK that is about to take its place stands beside the one in use. */
static int open_matching(const struct key_place *where, const struct root_file *f,
			 struct keypair **kek, u8 id[KEK_ID_LEN], struct err *e)
{
	char next[4096], wanted[2 * KEK_ID_LEN + 1], found[2 * KEK_ID_LEN + 1];
	struct key_place beside = { next, "", "" };
	struct err second = { 0 };

	if (kek_open(where, kek, e) || kek_id_of(keypair_pub(*kek), id, e))
		return (int)e->code;
	if (f->old || bytes_equal(f->kek_id, (struct bytes){ id, KEK_ID_LEN }))
		return 0;
	hex_write((struct bytes){ id, 8 }, found);
	keypair_drop(kek);
	snprintf(next, sizeof(next), "%s" KEK_NEXT_SUFFIX, where->at);
	if (!key_place_is_uri(where->at) && !kek_open(&beside, kek, &second) &&
	    !kek_id_of(keypair_pub(*kek), id, &second) &&
	    bytes_equal(f->kek_id, (struct bytes){ id, KEK_ID_LEN }))
		return 0;
	hex_write((struct bytes){ f->kek_id.at, 8 }, wanted);
	return err_set(e, E_CONFIG,
		       "the root key is wrapped for key-encryption key %s, and [kek] names"
		       " %s",
		       wanted, found);
}

static int unwrap_old(const struct keypair *kek, struct bytes wrapped, struct secret *root,
		      struct err *e)
{
	size_t len = 0;

	if (rsa_oaep_decrypt(kek, DIGEST_SHA256, bytes_text(old_label), wrapped, root->at,
			     root->len, &len, e))
		return (int)e->code;
	return len == ROOT_KEY_LEN ? 0 : err_set(e, E_CONFIG, "root key has %zu bytes", len);
}

static int unwrap(const struct root_file *f, const struct key_place *where, const u8 *want,
		  struct secret *root, u8 root_id[ROOT_ID_LEN], u8 kek_id[KEK_ID_LEN],
		  struct err *e)
{
	OWNED(keypair) kek = NULL;
	struct bytes id = { root_id, ROOT_ID_LEN };

	if (open_matching(where, f, &kek, kek_id, e))
		return (int)e->code;
	if (f->old ? unwrap_old(kek, f->wrapped, root, e)
		   : key_unwrap(kek, f->wrapped, root->at, root->len, e))
		return err_while(e, "unwrap the root key");
	if (root_id_of(root, root_id, e))
		return (int)e->code;
	if (!f->old && !bytes_equal(id, f->root_id))
		return err_set(e, E_SIGNATURE, "the root key is not the one that its file names");
	if (want && !bytes_equal(id, (struct bytes){ want, ROOT_ID_LEN }))
		return err_set(e, E_CONFIG, "the database belongs to another root key");
	return 0;
}

int root_open(const char *folder, const struct key_place *where, const u8 *want,
	      struct secret **root, u8 root_id[ROOT_ID_LEN], u8 kek_id[KEK_ID_LEN], struct err *e)
{
	OWNED(secret) s = secret_new(ROOT_KEY_LEN);
	struct root_found found = { 0 };
	int rc;

	if (!s)
		return err_set(e, E_MEMORY, "no locked memory");
	rc = pick_root_file(folder, want, &found, e);
	if (!rc)
		rc = unwrap(&found.f, where, want, s, root_id, kek_id, e);
	buf_drop(&found.bytes);
	if (!rc)
		*root = TAKE(s);
	return rc;
}
