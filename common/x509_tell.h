/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and revocation lists for people: what is in a file of them, and what each says, row by row. Nothing is
 * proven by it, and what cert_parse() refuses is told too. Values are printable ASCII, whatever the bytes were.
 * SPEC: RFC 5280 4, 5; RFC 7468; TCG EK Credential Profile 2.6 3.2; TCG DICE Attestation Architecture 1.1, 6.1
 */
#ifndef ASSAY_X509_TELL_H
#define ASSAY_X509_TELL_H

#include "cert.h"

enum x509_kind { X509_CERTIFICATE, X509_REVOCATIONS };

/** struct x509_file - certificates and lists in the order of the file. */
struct x509_file {
	struct buf *decoded; /* of PEM */
	size_t n;
	struct {
		enum x509_kind kind;
		struct bytes der; /* into @decoded, or into what was split */
	} at[X509_FILE_ITEMS_MAX];
};
/** x509_file_is - does @b begin as a certificate or a list does, in PEM or DER? */
bool x509_file_is(struct bytes b);
/** x509_der_len - of the SEQUENCE that starts here, header included; 0 when it is none or runs past the end. */
size_t x509_der_len(struct bytes b);
/**
 * x509_file_split - DER one behind the other, or PEM.
 * @out: what stands before the fault, on failure too; to be dropped.
 * Return: 0; E_FORMAT with "certificates[2]: ..."; E_UNSUPPORTED for a key in PEM, which is never shown.
 */
int x509_file_split(struct bytes b, struct x509_file **out, struct err *e);
void x509_file_drop(struct x509_file **f);

/** x509_row - @depth 0: a property of the whole; 1: of what stood before it. @label: a literal or of an OID. */
typedef void (*x509_row)(void *user, size_t depth, const char *label, const char *value);
/** x509_tell - every field and extension of a certificate or list; no row for what is not well-formed. */
void x509_tell(enum x509_kind kind, struct bytes der, x509_row row, void *user);

#endif
