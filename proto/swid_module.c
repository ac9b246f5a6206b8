// SPDX-License-Identifier: Apache-2.0
#include "swid_module.h"

#include "swid_xml.h"

__attribute__((visibility("default"))) extern const struct swid_module assay_swid_module;
const struct swid_module assay_swid_module = {
	.version = SWID_MODULE_VERSION,
	.build = SWID_MODULE_BUILD,
	.parse = swid_parse,
	.verify = swid_verify,
};
