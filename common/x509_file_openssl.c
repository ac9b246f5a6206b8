// SPDX-License-Identifier: Apache-2.0
/* What is in a file of certificates and revocation lists. */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "reader.h"
#include "x509_openssl.h"
#include "x509_tell.h"

enum { SEQUENCE = 0x30, INTEGER = 0x02, VERSION = 0xa0 };

static bool is_pem(struct bytes b)
{
	static const char *const starts[] = { "-----BEGIN CERTIFICATE-----",
					      "-----BEGIN X509 CERTIFICATE-----",
					      "-----BEGIN X509 CRL-----" };

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (b.len >= strlen(starts[i]) && !memcmp(b.at, starts[i], strlen(starts[i])))
			return true;
	return false;
}

/* The header of a SEQUENCE, its content unread. */
static void enter(struct reader *r)
{
	u8 tag = read_u8(r, "tag"), first = read_u8(r, "length");

	if (tag != SEQUENCE || first == 0x80)
		reader_fail(r, "tag");
	if (first > 0x80)
		read_bytes(r, first & 0x7f, "length");
}

/* SEQUENCE { SEQUENCE { version, serial number or algorithm: keys have an INTEGER or an OID in one of these places. */
bool x509_file_is(struct bytes b)
{
	struct reader r = reader_on(b);

	if (is_pem(b))
		return true;
	enter(&r);
	enter(&r);
	return read_next_is(&r, VERSION) || read_next_is(&r, INTEGER) || read_next_is(&r, SEQUENCE);
}

void x509_file_drop(struct x509_file **f)
{
	if (!f || !*f)
		return;
	buf_drop(&(*f)->decoded);
	free(*f);
	*f = NULL;
}

static enum x509_kind kind_of(struct bytes der)
{
	const u8 *p = der.at;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);
	enum x509_kind kind = crl ? X509_REVOCATIONS : X509_CERTIFICATE;

	X509_CRL_free(crl);
	ERR_clear_error();
	return kind;
}

static int add(struct x509_file *f, enum x509_kind kind, struct bytes der, struct err *e)
{
	if (f->n == X509_FILE_ITEMS_MAX)
		return err_set(e, E_LIMIT, "more than %d certificates", X509_FILE_ITEMS_MAX);
	f->at[f->n].kind = kind;
	f->at[f->n++].der = der;
	return 0;
}

static int split_der(struct bytes b, struct x509_file *f, struct err *e)
{
	while (b.len) {
		size_t len = x509_der_len(b);
		struct bytes der = { b.at, len };

		if (!len)
			return err_set(e, E_FORMAT, "certificates[%zu]: %s", f->n,
				       b.at[0] == SEQUENCE
					       ? "the file ends inside it, or its length is no DER"
					       : "not DER");
		if (add(f, kind_of(der), der, e))
			return (int)e->code;
		b = (struct bytes){ b.at + len, b.len - len };
	}
	return 0;
}

/* @decoded holds all that PEM can decode to: it never grows, so that views into it stay. */
static int add_block(struct x509_file *f, const char *name, struct bytes der, struct err *e)
{
	bool crl = !strcmp(name, PEM_STRING_X509_CRL);
	u8 *at;

	if (!crl && strcmp(name, PEM_STRING_X509) && strcmp(name, PEM_STRING_X509_OLD))
		return err_set(e, E_UNSUPPORTED,
			       "certificates[%zu]: %s in PEM is no certificate or revocation list; "
			       "keys are not shown",
			       f->n, name);
	at = write_space(&f->decoded->w, der.len);
	if (!at)
		return err_set(e, E_MEMORY, "no memory for certificates");
	memcpy(at, der.at, der.len);
	return add(f, crl ? X509_REVOCATIONS : X509_CERTIFICATE, (struct bytes){ at, der.len }, e);
}

static int split_pem(struct bytes b, struct x509_file *f, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(b.at, (int)b.len);
	char *name, *header;
	u8 *data;
	long len;
	int rc = 0;

	f->decoded = buf_new(b.len);
	if (!bio || !f->decoded || !write_space(&f->decoded->w, b.len)) {
		BIO_free(bio);
		return err_set(e, E_MEMORY, "no memory for certificates");
	}
	f->decoded->w.len = 0; /* grown once */
	while (!rc && PEM_read_bio(bio, &name, &header, &data, &len)) {
		rc = add_block(f, name, (struct bytes){ data, (size_t)len }, e);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)len);
	}
	if (!rc && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		rc = err_set(e, E_FORMAT,
			     "certificates[%zu]: PEM is not well-formed, or ends inside it", f->n);
	ERR_clear_error();
	BIO_free(bio);
	return rc;
}

int x509_file_split(struct bytes b, struct x509_file **out, struct err *e)
{
	*out = b.len <= CRL_FILE_MAX ? calloc(1, sizeof(**out)) : NULL;
	if (!*out)
		return b.len > CRL_FILE_MAX
			       ? err_set(e, E_LIMIT, "more than %d bytes", CRL_FILE_MAX)
			       : err_set(e, E_MEMORY, "no memory for certificates");
	return is_pem(b) ? split_pem(b, *out, e) : split_der(b, *out, e);
}
