// SPDX-License-Identifier: Apache-2.0
#include "ek_trust.h"

#include "common/clock.h"

static const char eku_ek_certificate[] = "2.23.133.8.1";

static int check_certificate(const struct cert *cert, const struct tpm_public *ek, struct err *e)
{
	OWNED(pubkey) key = NULL;

	if (tpm_public_key(ek, &key, e))
		return (int)e->code;
	if (!pubkey_equal(key, cert_pubkey(cert)))
		return err_set(e, E_BINDING, "EK certificate is for another key");
	if (cert_is_ca(cert))
		return err_set(e, E_POLICY, "EK certificate is a CA certificate");
	if (!cert_has_eku(cert, eku_ek_certificate))
		return err_set(e, E_POLICY,
			       "EK certificate lacks the extended key usage tcg-kp-EKCertificate");
	if (!cert_has_tpm_san(cert))
		return err_set(e, E_POLICY, "EK certificate lacks the TPM's subjectAltName");
	return 0;
}

int ek_trust_check(const struct server *s, struct bytes der, struct bytes chain,
		   const struct tpm_public *ek, struct err *e)
{
	OWNED(cert) cert = NULL;
	OWNED(cert_list) others = NULL;
	OWNED(crls) crls = NULL;

	if (cert_parse(der, &cert, e))
		return err_while(e, "EK certificate");
	if (check_certificate(cert, ek, e))
		return (int)e->code;
	if (chain.len && cert_list_from_der(chain, &others, e))
		return err_while(e, "ek_chain");
	/* The path alone first: lists are read only for who has one. */
	if (trust_store_verify(s->ek_roots, cert, others, clock_now_s(), NULL, e) ||
	    crls_load(s->settings->ek_crls, &crls, e) ||
	    trust_store_verify_unrevoked(s->ek_roots, cert, others, crls, clock_now_s(), NULL, e))
		return err_while(e, "EK certificate");
	return 0;
}
