/* SPDX-License-Identifier: Apache-2.0 */
/* Between swid_xml.c and swid_signature.c alone: a tag as libxml2's tree. */
#ifndef ASSAY_SWID_TREE_H
#define ASSAY_SWID_TREE_H

#include <libxml/tree.h>

#include "common/cert.h"

#define SWID_NS_DSIG "http://www.w3.org/2000/09/xmldsig#"

/** swid_is - an element with that namespace and local name. */
bool swid_is(const xmlNode *n, const char *ns, const char *name);

/**
 * swid_signature_find - the one signature of @doc, a child of its root, of the shape that swid_xml.h
 * tells; and the certificates of its KeyInfo.
 * @out: borrowed from @doc. @signers: to drop with cert_list_drop(); at least one.
 */
int swid_signature_find(xmlDoc *doc, xmlNode **out, struct cert_list **signers, struct err *e);

/** swid_signature_check - its value and its digest of the document, with @signer's key. E_SIGNATURE, E_CRYPTO. */
int swid_signature_check(xmlNode *signature, const struct cert *signer, struct err *e);

#endif
