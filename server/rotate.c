// SPDX-License-Identifier: Apache-2.0
#include "rotate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/text.h"

enum { PATH_ROOM = 4096, PEM_MAX = 65536, TEN_YEARS_S = 10 * 365 * 86400, OLD_KEYS_MAX = 32 };

static const struct {
	const char *key, *cert;
} names[] = {
	[TLS_NOW] = { "tls.key", "tls.crt" }, [TLS_NEXT] = { "tls-next.key", "tls-next.crt" }
};

static char *in_state(const char *state, const char *name, char path[PATH_ROOM])
{
	snprintf(path, PATH_ROOM, "%s/%s", state, name);
	return path;
}

/* ---- TLS ---- */
static int make_cert(const struct keypair *key, const char *dns, const char *ip, struct buf *pem,
		     struct err *e)
{
	struct cert_request want = { .common_name = dns,
				     .dns_name = dns,
				     .ip_address = ip,
				     .eku = "serverAuth",
				     .not_before = clock_now_s() - 3600,
				     .not_after = clock_now_s() + (long long)TEN_YEARS_S,
				     .key = keypair_pub(key),
				     .issuer_key = key };
	OWNED(cert) cert = NULL;

	return cert_make(&want, &cert, e) || cert_pem(cert, &pem->w, e) ? (int)e->code : 0;
}

/* The certificate first: where there is a key, both are there. */
int tls_make(const char *state, enum tls_which which, const char *dns, const char *ip,
	     struct err *e)
{
	OWNED(secret) room = secret_new(16384);
	OWNED(keypair) key = NULL;
	OWNED(buf) pem = buf_new(PEM_MAX);
	char path[PATH_ROOM];
	struct writer w;

	if (!room || !pem)
		return err_set(e, E_MEMORY, "no memory for a certificate");
	if (!access(in_state(state, names[which].key, path), F_OK))
		return err_set(e, E_CONFLICT, "%s is there already", path);
	w = writer_on(room->at, room->len);
	if (keypair_new(KEY_P256, 0, &key, e) || keypair_pem(key, &w, e) ||
	    make_cert(key, dns, ip, pem, e) ||
	    file_write(in_state(state, names[which].cert, path), buf_bytes(pem), 0644, e))
		return (int)e->code;
	return file_create(in_state(state, names[which].key, path), write_done(&w), 0600, e);
}

static int load_key(const char *state, const char *name, struct keypair **out, struct err *e)
{
	char path[PATH_ROOM];
	OWNED(buf) pem = NULL;
	int rc;

	if (file_read(in_state(state, name, path), PEM_MAX, &pem, e))
		return (int)e->code;
	rc = keypair_from_pem(buf_bytes(pem), out, e);
	secret_wipe(pem->w.at, pem->w.len);
	return rc ? err_while(e, "%s", path) : 0;
}

int tls_pin(const char *state, enum tls_which which, char out[TLS_PIN_TEXT], struct err *e)
{
	OWNED(keypair) key = NULL;
	OWNED(buf) spki = buf_new(1024);
	struct digest d;

	if (!spki)
		return err_set(e, E_MEMORY, "no memory for a key");
	if (load_key(state, names[which].key, &key, e) ||
	    pubkey_spki(keypair_pub(key), &spki->w, e))
		return (int)e->code;
	d = sha256_of(buf_bytes(spki));
	base64_write(digest_bytes(&d), out);
	return 0;
}

/* *@fits: the certificate is of the key that is in use. E_NOTFOUND when there is no such certificate. */
static int cert_fits(const char *state, enum tls_which which, bool *fits, char dns[256],
		     char ip[64], struct err *e)
{
	OWNED(cert_list) certs = NULL;
	OWNED(keypair) key = NULL;
	OWNED(buf) pem = NULL;
	char path[PATH_ROOM];

	if (load_key(state, names[TLS_NOW].key, &key, e) ||
	    file_read(in_state(state, names[which].cert, path), PEM_MAX, &pem, e) ||
	    cert_list_from_pem(buf_bytes(pem), &certs, e))
		return (int)e->code;
	*fits = pubkey_equal(cert_pubkey(certs->at[0]), keypair_pub(key));
	cert_server_names(certs->at[0], dns, ip);
	return 0;
}

int tls_settle(const char *state, struct err *e)
{
	char from[PATH_ROOM], to[PATH_ROOM], dns[256], ip[64];
	bool fits, next = false;

	if (cert_fits(state, TLS_NOW, &fits, dns, ip, e))
		return (int)e->code;
	if (fits)
		return 0;
	if (cert_fits(state, TLS_NEXT, &next, dns, ip, e) && e->code != E_NOTFOUND)
		return (int)e->code;
	if (!next)
		return err_set(e, E_CONFIG, "tls.crt in %s is not of tls.key", state);
	return file_rename(in_state(state, names[TLS_NEXT].cert, from),
			   in_state(state, names[TLS_NOW].cert, to), e);
}

int tls_rotate(const char *state, struct err *e)
{
	char from[PATH_ROOM], to[PATH_ROOM], dns[256], ip[64];
	bool fits, next;

	if (tls_settle(state, e) || cert_fits(state, TLS_NOW, &fits, dns, ip, e))
		return (int)e->code;
	next = !access(in_state(state, names[TLS_NEXT].key, from), F_OK);
	if (next &&
	    (file_rename(from, in_state(state, names[TLS_NOW].key, to), e) || tls_settle(state, e)))
		return (int)e->code;
	if (tls_make(state, TLS_NEXT, dns[0] ? dns : "localhost", ip[0] ? ip : NULL, e))
		return (int)e->code;
	return next ? 0
		    : err_set(e, E_NOTFOUND,
			      "there was no next key, and now there is: first hosts "
			      "learn its pin (assay-server pins)");
}

/* ---- the key of results ---- */
int ear_rotate(const char *state, struct err *e)
{
	OWNED(secret) room = secret_new(16384);
	OWNED(keypair) was = NULL;
	OWNED(keypair) fresh = NULL;
	OWNED(buf) old = NULL;
	OWNED(buf) all = buf_new(PEM_MAX);
	char path[PATH_ROOM];
	struct writer w;

	if (!room || !all)
		return err_set(e, E_MEMORY, "no memory for a key");
	if (load_key(state, "ear.pem", &was, e) || pubkey_pem(keypair_pub(was), &all->w, e))
		return (int)e->code;
	if (file_read(in_state(state, "ear-old.pem", path), PEM_MAX, &old, e)) {
		if (e->code != E_NOTFOUND)
			return (int)e->code;
	} else {
		write_bytes(&all->w, buf_bytes(old));
	}
	if (all->w.full)
		return err_set(e, E_LIMIT, "%s is full: put it away, and begin anew", path);
	w = writer_on(room->at, room->len);
	return file_write(path, buf_bytes(all), 0644, e) || keypair_new(KEY_P256, 0, &fresh, e) ||
			       keypair_pem(fresh, &w, e) ||
			       file_write(in_state(state, "ear.pem", path), write_done(&w), 0600, e)
		       ? (int)e->code
		       : 0;
}

int ear_old_each(const char *state, int (*take)(void *user, const struct pubkey *k, struct err *e),
		 void *user, struct err *e)
{
	static const char end[] = "-----END PUBLIC KEY-----\n";
	char path[PATH_ROOM];
	OWNED(buf) b = NULL;
	struct bytes left;

	if (file_read(in_state(state, "ear-old.pem", path), PEM_MAX, &b, e))
		return e->code == E_NOTFOUND ? 0 : (int)e->code;
	left = buf_bytes(b);
	for (int i = 0; left.len && i < OLD_KEYS_MAX; i++) {
		const u8 *at = memmem(left.at, left.len, end, sizeof(end) - 1);
		size_t len = at ? (size_t)(at - left.at) + sizeof(end) - 1 : left.len;
		OWNED(pubkey) k = NULL;
		int rc;

		if (pubkey_from_pem((struct bytes){ left.at, len }, &k, e))
			return err_while(e, "%s", path);
		rc = take(user, k, e);
		if (rc)
			return rc;
		left = (struct bytes){ left.at + len, left.len - len };
	}
	return 0;
}
