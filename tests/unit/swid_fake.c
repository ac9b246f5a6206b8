// SPDX-License-Identifier: Apache-2.0
/* Modules that are not the one: FAKE_VERSION and FAKE_BUILD, or no table at all. */
#include "proto/swid_module.h"

#ifdef FAKE_VERSION
extern const struct swid_module assay_swid_module;
const struct swid_module assay_swid_module = { .version = FAKE_VERSION, .build = FAKE_BUILD };
#else
extern const int swid_fake;
const int swid_fake = 1;
#endif
