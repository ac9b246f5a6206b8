// SPDX-License-Identifier: Apache-2.0
/* Built twice, with either path: see CMakeLists.txt. */
#include "swid_load.h"

const char swid_module_path[] = SWID_MODULE_PATH;
