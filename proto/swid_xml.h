/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference integrity manifests of GPU vendors: a SWID tag in XML with an enveloped XML signature.
 * The library assay_swid, which alone knows libxml2 and xmlsec. No program links it: swid_module.h.
 *
 * A tag is read strictly, as its only known maker writes it: no DOCTYPE and so no entities, one
 * signature as a child of the root, one Reference with the URI "" (the whole document), transforms
 * enveloped-signature and C14N 1.1, ECDSA with SHA-384. What the signature covers is the very tree that
 * the values are taken from.
 * SPEC: ISO/IEC 19770-2:2015; TCG PC Client RIM 1.04, 5 (SWID tag); W3C XML Signature 1.1, 4 and 6.6.4
 */
#ifndef ASSAY_SWID_XML_H
#define ASSAY_SWID_XML_H

#include "swid.h"

/**
 * swid_parse - the tag's grammar, and that its signature has the only shape that is taken. Nothing is
 * proven: neither the signature's value nor its signer is checked.
 * @xml: UTF-8, at most SWID_MAX bytes. @out: to drop with swid_drop().
 * Return: 0; E_FORMAT; E_LIMIT; E_UNSUPPORTED for another algorithm, transform, size or kind of tag.
 */
int swid_parse(struct bytes xml, struct swid **out, struct err *e);

/**
 * swid_verify - swid_parse() of a tag whose signature is valid, by a signer with a path to @roots.
 * @unix_s: the time to check the path at, seconds since 1970. Revocation is not checked.
 * Return: 0; E_SIGNATURE the signature or the path does not hold; E_FRESHNESS "signer expired" or
 * "signer not valid yet" where nothing but the time is wrong; as swid_parse(). One thread at a time.
 */
int swid_verify(struct bytes xml, const struct trust_store *roots, long long unix_s,
		struct swid **out, struct err *e);

#endif
