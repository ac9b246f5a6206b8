/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swid_xml.h as a module, loaded where a manifest is read and nowhere else: libxml2 brings libicudata along, 31 MB that
 * nobody wants in an initramfs. One symbol is exported, a table; cli/swid_load.h finds it.
 */
#ifndef ASSAY_SWID_MODULE_H
#define ASSAY_SWID_MODULE_H

#include "assay_commit.h"
#include "swid.h"

enum { SWID_MODULE_VERSION = 1 }; /* of the table */
#define SWID_MODULE_TABLE "assay_swid_module"
/* Trust stores, certificates and errors cross the line as they are in memory: both sides are of one build. */
#define SWID_MODULE_BUILD ASSAY_VERSION " " ASSAY_COMMIT

/** struct swid_module - swid_parse() and swid_verify(). @build means something where @version is ours, the rest where both are. */
struct swid_module {
	u32 version;
	const char *build;
	int (*parse)(struct bytes xml, struct swid **out, struct err *e);
	int (*verify)(struct bytes xml, const struct trust_store *roots, long long unix_s,
		      struct swid **out, struct err *e);
};

#endif
