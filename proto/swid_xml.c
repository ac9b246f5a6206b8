// SPDX-License-Identifier: Apache-2.0
#include "swid_xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

#include "common/text.h"
#include "swid_tree.h"

#define NS_SWID	  "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
#define NS_SHA384 "http://www.w3.org/2001/04/xmlenc#sha384"

bool swid_is(const xmlNode *n, const char *ns, const char *name)
{
	return n->type == XML_ELEMENT_NODE && n->ns && n->ns->href &&
	       !strcmp((const char *)n->ns->href, ns) && !strcmp((const char *)n->name, name);
}

/* ---- text to tree ---- */

/* Before anything of it is read: what would be declared in there is never known. */
static void stop_at_doctype(void *user, const xmlChar *name, const xmlChar *external,
			    const xmlChar *system)
{
	xmlParserCtxt *ctxt = user;

	(void)name;
	(void)external;
	(void)system;
	*(bool *)ctxt->_private = true;
	xmlStopParser(ctxt);
}

/* Nothing but what the values are read from, so that none of it means something else to somebody else. */
static int check_nodes(const xmlDoc *doc, struct err *e)
{
	const xmlNode *n = doc->children;

	while (n) {
		if (n->type != XML_ELEMENT_NODE && n->type != XML_TEXT_NODE &&
		    n->type != XML_COMMENT_NODE)
			return err_set(e, E_FORMAT,
				       "SWID tag, line %ld: neither element, text nor comment",
				       xmlGetLineNo(n));
		if (n->type == XML_ELEMENT_NODE && n->children) {
			n = n->children;
			continue;
		}
		while (n && !n->next)
			n = n->parent && n->parent->type == XML_ELEMENT_NODE ? n->parent : NULL;
		n = n ? n->next : NULL;
	}
	return 0;
}

static int load(struct bytes xml, xmlDoc **out, struct err *e)
{
	bool doctype = false;
	xmlParserCtxt *ctxt;
	xmlDoc *doc;
	int line;

	if (xml.len > SWID_MAX)
		return err_set(e, E_LIMIT, "SWID tag of %zu bytes, at most %d", xml.len, SWID_MAX);
	/* so that no other encoding is guessed: one that is declared is seen below */
	if (!xml.len || xml.at[0] != '<' || memchr(xml.at, 0, xml.len))
		return err_set(e, E_FORMAT, "SWID tag does not start with '<', or is not UTF-8");
	ctxt = xmlNewParserCtxt();
	if (!ctxt)
		return err_set(e, E_MEMORY, "no memory for a SWID tag");
	ctxt->_private = &doctype;
	ctxt->sax->internalSubset = stop_at_doctype;
	doc = xmlCtxtReadMemory(ctxt, (const char *)xml.at, (int)xml.len, NULL, NULL,
				XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	line = ctxt->lastError.line;
	xmlFreeParserCtxt(ctxt);
	if (doctype)
		err_set(e, E_FORMAT, "SWID tag has a DOCTYPE");
	else if (!doc)
		err_set(e, E_FORMAT, "SWID tag is not well-formed XML, line %d", line);
	else if (doc->intSubset || doc->extSubset)
		err_set(e, E_FORMAT, "SWID tag has a DTD");
	else if (doc->encoding && strcasecmp((const char *)doc->encoding, "UTF-8"))
		err_set(e, E_FORMAT, "SWID tag is not UTF-8");
	else if (!check_nodes(doc, e)) {
		*out = doc;
		return 0;
	}
	xmlFreeDoc(doc);
	return (int)e->code;
}

/* ---- tree to struct ---- */

/* An attribute without a namespace, or with @ns, of printable ASCII. */
static int take_text(const xmlNode *n, const char *name, const char *ns, char *out, size_t size,
		     struct err *e)
{
	xmlChar *v = ns ? xmlGetNsProp(n, (const xmlChar *)name, (const xmlChar *)ns)
			: xmlGetNoNsProp(n, (const xmlChar *)name);
	size_t len = v ? strlen((const char *)v) : 0;
	int rc = 0;

	if (!v || !len)
		rc = err_set(e, E_FORMAT, "SWID tag, line %ld: %s has no %s", xmlGetLineNo(n),
			     (const char *)n->name, name);
	else if (len >= size)
		rc = err_set(e, E_LIMIT, "SWID tag, line %ld: %s of %zu characters, at most %zu",
			     xmlGetLineNo(n), name, len, size - 1);
	for (size_t i = 0; !rc && i < len; i++)
		if (v[i] < 0x20 || v[i] > 0x7e)
			rc = err_set(e, E_FORMAT, "SWID tag, line %ld: %s is not printable",
				     xmlGetLineNo(n), name);
	if (!rc)
		memcpy(out, v, len + 1);
	xmlFree(v);
	return rc;
}

static int take_number(const xmlNode *n, const char *name, unsigned int min, unsigned int max,
		       unsigned int *out, struct err *e)
{
	char text[8];
	unsigned int v = 0;

	if (take_text(n, name, NULL, text, sizeof(text), e))
		return (int)e->code;
	for (const char *at = text; *at; at++) {
		if (*at < '0' || *at > '9' || (at != text && text[0] == '0'))
			return err_set(e, E_FORMAT, "SWID tag, line %ld: %s is no number",
				       xmlGetLineNo(n), name);
		v = v * 10 + (unsigned int)(*at - '0');
	}
	if (v < min || v > max)
		return err_set(e, E_LIMIT, "SWID tag, line %ld: %s %u, expected %u to %u",
			       xmlGetLineNo(n), name, v, min, max);
	*out = v;
	return 0;
}

static int take_flag(const xmlNode *n, const char *name, bool *out, struct err *e)
{
	char text[8];

	if (take_text(n, name, NULL, text, sizeof(text), e))
		return (int)e->code;
	*out = !strcasecmp(text, "true");
	if (!*out && strcasecmp(text, "false"))
		return err_set(e, E_FORMAT, "SWID tag, line %ld: %s is neither true nor false",
			       xmlGetLineNo(n), name);
	return 0;
}

/* Hash0 to Hash(n-1), and none after them. */
static int take_hashes(const xmlNode *n, struct swid_entry *entry, struct err *e)
{
	char name[32], hex[2 * SWID_HASH_LEN + 1];
	xmlChar *more;

	for (size_t i = 0; i < entry->n; i++) {
		snprintf(name, sizeof(name), "Hash%zu", i);
		if (take_text(n, name, NS_SHA384, hex, sizeof(hex), e))
			return (int)e->code;
		if (!hex_read(hex, entry->hash[i], SWID_HASH_LEN))
			return err_set(e, E_FORMAT, "SWID tag, line %ld: %s is no SHA-384 in hex",
				       xmlGetLineNo(n), name);
	}
	snprintf(name, sizeof(name), "Hash%zu", entry->n);
	more = xmlGetNsProp(n, (const xmlChar *)name, (const xmlChar *)NS_SHA384);
	xmlFree(more);
	return more ? err_set(e, E_FORMAT, "SWID tag, line %ld: %s is past alternatives",
			      xmlGetLineNo(n), name)
		    : 0;
}

static int take_resource(const xmlNode *n, struct swid *s, struct err *e)
{
	struct swid_entry *entry = &s->at[s->n];
	unsigned int alternatives, size;
	char type[24];

	if (!swid_is(n, NS_SWID, "Resource"))
		return err_set(e, E_UNSUPPORTED, "SWID tag, line %ld: %s in the Payload",
			       xmlGetLineNo(n), (const char *)n->name);
	if (s->n == SWID_ENTRIES_MAX)
		return err_set(e, E_LIMIT, "SWID tag: more than %d resources", SWID_ENTRIES_MAX);
	if (take_text(n, "type", NULL, type, sizeof(type), e))
		return (int)e->code;
	if (strcmp(type, "Measurement"))
		return err_set(e, E_UNSUPPORTED, "SWID tag, line %ld: Resource of type %s",
			       xmlGetLineNo(n), type);
	if (take_number(n, "index", 0, SWID_ENTRIES_MAX - 1, &entry->index, e) ||
	    take_flag(n, "active", &entry->active, e) ||
	    take_number(n, "alternatives", 1, SWID_ALTERNATIVES_MAX, &alternatives, e) ||
	    take_number(n, "size", SWID_HASH_LEN, SWID_HASH_LEN, &size, e) ||
	    take_text(n, "name", NULL, entry->name, sizeof(entry->name), e))
		return (int)e->code;
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].index == entry->index)
			return err_set(e, E_FORMAT, "SWID tag, line %ld: index %u twice",
				       xmlGetLineNo(n), entry->index);
	entry->n = alternatives;
	entry->hash = calloc(alternatives, sizeof(*entry->hash));
	if (!entry->hash)
		return err_set(e, E_MEMORY, "no memory for a SWID tag");
	s->n++; /* from now on it is swid_drop()'s */
	s->n_active += entry->active;
	return take_hashes(n, entry, e);
}

static int take_root(const xmlNode *root, struct swid *s, struct err *e)
{
	static const char *const never[] = { "corpus", "patch", "supplemental" };
	bool set;

	if (!swid_is(root, NS_SWID, "SoftwareIdentity"))
		return err_set(e, E_FORMAT, "root element is no SoftwareIdentity of 19770-2:2015");
	for (size_t i = 0; i < ARRAY_LEN(never); i++) {
		if (!xmlHasProp(root, (const xmlChar *)never[i]))
			continue;
		if (take_flag(root, never[i], &set, e))
			return (int)e->code;
		if (set)
			return err_set(e, E_UNSUPPORTED, "SWID tag is a %s tag", never[i]);
	}
	if (take_text(root, "tagId", NULL, s->tag_id, sizeof(s->tag_id), e) ||
	    take_text(root, "name", NULL, s->name, sizeof(s->name), e))
		return (int)e->code;
	return 0;
}

static int take_tag(const xmlDoc *doc, struct swid *s, struct err *e)
{
	const xmlNode *root = xmlDocGetRootElement(doc), *meta = NULL, *payload = NULL;

	if (take_root(root, s, e))
		return (int)e->code;
	for (const xmlNode *n = root->children; n; n = n->next) {
		const xmlNode **only = swid_is(n, NS_SWID, "Meta")	? &meta
				       : swid_is(n, NS_SWID, "Payload") ? &payload
									: NULL;

		if (only && *only)
			return err_set(e, E_FORMAT, "SWID tag, line %ld: %s twice", xmlGetLineNo(n),
				       (const char *)n->name);
		if (only)
			*only = n;
	}
	if (!meta || !payload)
		return err_set(e, E_FORMAT, "SWID tag has no %s", meta ? "Payload" : "Meta");
	if (take_text(meta, "colloquialVersion", NULL, s->version, sizeof(s->version), e))
		return (int)e->code;
	for (const xmlNode *n = payload->children; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && take_resource(n, s, e))
			return (int)e->code;
	return s->n ? 0 : err_set(e, E_FORMAT, "SWID tag has no Resource");
}

/* ---- signers ---- */

/* A path that only the time breaks is told apart: the manifest is genuine, and too old. */
static int check_signers(const struct cert_list *l, const struct trust_store *roots,
			 long long unix_s, struct err *e)
{
	const struct cert *signer = l->at[0];
	struct err timeless = { 0 };

	if (cert_is_ca(signer) || !cert_may_sign(signer))
		return err_set(e, E_SIGNATURE, "certificate %s is not for signing documents",
			       cert_subject(signer));
	if (!trust_store_verify(roots, signer, l, unix_s, NULL, e))
		return 0;
	if (trust_store_verify(roots, signer, l, CERT_TIME_IGNORE, NULL, &timeless))
		return err_while(e, "signer of the SWID tag");
	for (size_t i = 0; i < l->n; i++) {
		if (unix_s >= cert_not_after(l->at[i]))
			return err_set(e, E_FRESHNESS, "signer expired: %s",
				       cert_subject(l->at[i]));
		if (!cert_valid_at(l->at[i], unix_s))
			return err_set(e, E_FRESHNESS, "signer not valid yet: %s",
				       cert_subject(l->at[i]));
	}
	return err_while(e, "signer of the SWID tag");
}

static int take(struct bytes xml, const struct trust_store *roots, long long unix_s,
		struct swid **out, struct err *e)
{
	OWNED(swid) s = calloc(1, sizeof(*s));
	xmlDoc *doc = NULL;
	xmlNode *signature;
	int rc = 0;

	if (!s)
		return err_set(e, E_MEMORY, "no memory for a SWID tag");
	if (load(xml, &doc, e))
		return (int)e->code;
	/* signature first, values second */
	if (swid_signature_find(doc, &signature, &s->signers, e) ||
	    (roots && (swid_signature_check(signature, s->signers->at[0], e) ||
		       check_signers(s->signers, roots, unix_s, e))) ||
	    take_tag(doc, s, e))
		rc = (int)e->code;
	else
		*out = TAKE(s);
	xmlFreeDoc(doc);
	return rc;
}

int swid_parse(struct bytes xml, struct swid **out, struct err *e)
{
	return take(xml, NULL, 0, out, e);
}

int swid_verify(struct bytes xml, const struct trust_store *roots, long long unix_s,
		struct swid **out, struct err *e)
{
	if (!roots)
		return err_set(e, E_INTERNAL, "SWID tag to verify without roots");
	return take(xml, roots, unix_s, out, e);
}
