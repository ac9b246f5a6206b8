/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_CLI_SWID_LOAD_H
#define ASSAY_CLI_SWID_LOAD_H

#include "proto/swid_module.h"

/* Where the module is: a full path, which no environment and no working folder changes. CMake knows it, once for the build
 * folder and once for the place of installation. */
extern const char swid_module_path[];

/**
 * swid_load - the reader of vendors' manifests, out of the module at @path.
 * @out: valid for the rest of the process.
 * Return: 0; E_CONFIG with the file: not there, no module, or of another build. One thread at a time.
 */
int swid_load(const char *path, const struct swid_module **out, struct err *e);

#endif
