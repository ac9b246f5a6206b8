// SPDX-License-Identifier: Apache-2.0
#include "key_place.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "file.h"
#include "key_openssl.h"
#include "reader.h"

enum { PEM_MAX = 65536, PIN_MAX = 256, POINT_MAX = 2 * 66 };

/* ---- opening ---- */
bool key_place_is_uri(const char *at)
{
	const char *p = at;

	while (isalnum((unsigned char)*p) || (p > at && *p && strchr("+.-", *p)))
		p++;
	return p > at && *p == ':';
}

static int open_file(const char *path, struct keypair **out, struct err *e)
{
	OWNED(buf) pem = NULL;
	int rc;

	if (file_read(path, PEM_MAX, &pem, e))
		return (int)e->code;
	rc = keypair_from_pem(buf_bytes(pem), out, e);
	secret_wipe(pem->w.at, pem->w.len);
	return rc ? err_while(e, "%s", path) : 0;
}

/* A library context of its own: the algorithms of a token serve its key, and nothing else here. */
static int add_providers(struct key_home *home, const char *names, struct err *e)
{
	char list[200], *save = NULL;

	if (!names[0])
		return 0;
	if (snprintf(list, sizeof(list), "default,%s", names) >= (int)sizeof(list))
		return err_set(e, E_CONFIG, "names of providers are too long");
	home->lib = OSSL_LIB_CTX_new();
	if (!home->lib)
		return err_set(e, E_MEMORY, "no memory for a library context");
	for (char *name = strtok_r(list, ", ", &save); name; name = strtok_r(NULL, ", ", &save)) {
		if (home->n == KEY_PROVIDERS_MAX)
			return err_set(e, E_CONFIG, "more than %d providers",
				       KEY_PROVIDERS_MAX - 1);
		home->provider[home->n] = OSSL_PROVIDER_load(home->lib, name);
		if (!home->provider[home->n++]) {
			crypto_failed(e, name);
			e->code = E_CONFIG;
			return err_while(e, "provider");
		}
	}
	return 0;
}

/* What a token asks for comes from a file; a server has nobody to ask. */
static int give_pin(char *out, int size, int rwflag, void *user)
{
	const char *path = user;
	OWNED(buf) b = NULL;
	struct err ignored = { 0 };
	size_t n = 0;

	(void)rwflag;
	if (!path[0] || file_read(path, PIN_MAX, &b, &ignored))
		return -1;
	while (n < b->w.len && b->w.at[n] != '\n')
		n++;
	if (n > (size_t)size)
		n = 0;
	if (n)
		memcpy(out, b->w.at, n);
	secret_wipe(b->w.at, b->w.len);
	return n ? (int)n : -1;
}

static int take_only_key(OSSL_STORE_CTX *store, EVP_PKEY **out, struct err *e)
{
	bool many = false;

	while (!OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);
		EVP_PKEY *key = info ? OSSL_STORE_INFO_get1_PKEY(info) : NULL;

		OSSL_STORE_INFO_free(info);
		if (!info && OSSL_STORE_error(store))
			break;
		if (key && *out) {
			EVP_PKEY_free(key);
			many = true;
		} else if (key) {
			*out = key;
		}
	}
	if (many)
		return err_set(e, E_FORMAT, "it names more than one private key");
	if (!*out && ERR_peek_error()) {
		crypto_failed(e, "no private key can be read");
		e->code = E_NOTFOUND;
		return E_NOTFOUND;
	}
	ERR_clear_error();
	return *out ? 0 : err_set(e, E_NOTFOUND, "there is no private key");
}

static int open_uri(const struct key_place *where, struct keypair **out, struct err *e)
{
	struct key_home home = { 0 };
	UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(give_pin, 0);
	OSSL_STORE_CTX *store = NULL;
	EVP_PKEY *key = NULL;
	int rc = ui ? add_providers(&home, where->provider, e)
		    : err_set(e, E_MEMORY, "no memory for a key's store");

	if (!rc) {
		store = OSSL_STORE_open_ex(where->at, home.lib, NULL, ui, (void *)where->pin_file,
					   NULL, NULL, NULL);
		rc = store && OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY)
			     ? take_only_key(store, &key, e)
			     : crypto_failed(e, "open");
	}
	OSSL_STORE_close(store);
	UI_destroy_method(ui);
	if (!rc)
		rc = keypair_take(key, &home, out, e);
	else
		EVP_PKEY_free(key);
	key_home_clear(&home);
	return rc;
}

int keypair_open(const struct key_place *where, struct keypair **out, struct err *e)
{
	const char *colon = strchr(where->at, ':');

	if (!key_place_is_uri(where->at))
		return open_file(where->at, out, e);
	/* of the URI its scheme only: the rest may hold a PIN */
	return open_uri(where, out, e)
		       ? err_while(e, "key at the %.*s: URI", (int)(colon - where->at), where->at)
		       : 0;
}

/* ---- wrapping ---- */
enum { WRAP_RSA = 1, WRAP_EC = 2 };

static int wrap_key(struct bytes z, struct bytes ephemeral, struct bytes owner, struct secret **out,
		    struct err *e)
{
	u8 both[2 * POINT_MAX];
	struct writer w = writer_on(both, sizeof(both));

	write_bytes(&w, ephemeral);
	write_bytes(&w, owner);
	*out = secret_new(AEAD_KEY_LEN);
	if (!*out)
		return err_set(e, E_MEMORY, "no locked memory");
	return hkdf_sha256(z, write_done(&w), bytes_text("assay/key-wrap/1"), (*out)->at,
			   (*out)->len, e);
}

static int point_of(const struct pubkey *k, u8 at[POINT_MAX], struct bytes *out, struct err *e)
{
	size_t size = pubkey_sig_len(k) / 2;

	*out = (struct bytes){ at, 2 * size };
	return pubkey_xy(k, at, at + size, size, e);
}

static int wrap_ec(const struct pubkey *to, struct bytes plain, struct writer *out, struct err *e)
{
	OWNED(keypair) fresh = NULL;
	OWNED(secret) z = secret_new(pubkey_sig_len(to) / 2);
	OWNED(secret) key = NULL;
	u8 at[2][POINT_MAX];
	struct bytes ephemeral, owner;

	if (!z)
		return err_set(e, E_MEMORY, "no locked memory");
	if (keypair_new(pubkey_kind(to), 0, &fresh, e) ||
	    point_of(keypair_pub(fresh), at[0], &ephemeral, e) || point_of(to, at[1], &owner, e) ||
	    keypair_ecdh(fresh, to, z->at, z->len, e) ||
	    wrap_key(secret_bytes(z), ephemeral, owner, &key, e))
		return (int)e->code;
	write_bytes(out, ephemeral);
	return aead_seal(secret_bytes(key), owner, plain, out, e);
}

int key_wrap(const struct pubkey *to, struct bytes plain, struct writer *out, struct err *e)
{
	bool rsa = pubkey_kind(to) == KEY_RSA;

	if (pubkey_kind(to) == KEY_UNKNOWN)
		return err_set(e, E_UNSUPPORTED, "nothing can be wrapped for a key of this kind");
	if (plain.len > KEY_WRAP_PLAIN_MAX)
		return err_set(e, E_LIMIT, "at most %d bytes are wrapped", KEY_WRAP_PLAIN_MAX);
	write_u8(out, rsa ? WRAP_RSA : WRAP_EC);
	if (rsa ? rsa_oaep_encrypt(to, DIGEST_SHA256, BYTES_NONE, plain, out, e)
		: wrap_ec(to, plain, out, e))
		return (int)e->code;
	return out->full ? err_set(e, E_MEMORY, "no room for a wrapped key") : 0;
}

static int unwrap_ec(const struct keypair *k, struct reader *r, u8 *out, size_t len, struct err *e)
{
	const struct pubkey *own = keypair_pub(k);
	size_t size = pubkey_sig_len(own) / 2;
	struct bytes ephemeral = read_bytes(r, 2 * size, "ephemeral key"), owner;
	OWNED(pubkey) peer = NULL;
	OWNED(secret) z = secret_new(size);
	OWNED(secret) key = NULL;
	u8 at[POINT_MAX];

	if (!z)
		return err_set(e, E_MEMORY, "no locked memory");
	if (r->why)
		return err_set(e, E_FORMAT, "wrapped key: %s", r->why);
	if (pubkey_from_ec(pubkey_kind(own), (struct bytes){ ephemeral.at, size },
			   (struct bytes){ ephemeral.at + size, size }, &peer, e) ||
	    point_of(own, at, &owner, e) || keypair_ecdh(k, peer, z->at, z->len, e) ||
	    wrap_key(secret_bytes(z), ephemeral, owner, &key, e))
		return (int)e->code;
	return aead_open(secret_bytes(key), owner, r->left, out, len, e);
}

int key_unwrap(const struct keypair *k, struct bytes wrapped, u8 *out, size_t len, struct err *e)
{
	struct reader r = reader_on(wrapped);
	u8 how = read_u8(&r, "kind");
	enum key_kind kind = pubkey_kind(keypair_pub(k));
	size_t n = 0;

	if (r.why || (how == WRAP_RSA) != (kind == KEY_RSA) ||
	    (how == WRAP_EC) != (kind != KEY_RSA))
		return err_set(e, E_SIGNATURE, "it is wrapped for a key of another kind");
	if (how == WRAP_EC)
		return unwrap_ec(k, &r, out, len, e);
	if (rsa_oaep_decrypt(k, DIGEST_SHA256, BYTES_NONE, r.left, out, len, &n, e))
		return (int)e->code;
	return n == len ? 0 : err_set(e, E_FORMAT, "%zu bytes were wrapped, not %zu", n, len);
}
