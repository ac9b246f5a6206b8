/* SPDX-License-Identifier: Apache-2.0 */
/* assay.conf as a checked struct. */
#ifndef ASSAY_CLI_SERVER_H
#define ASSAY_CLI_SERVER_H

#include "cli.h"

struct server_settings {
	char url[256], pin[PINS_MAX][64], ca[512], token_file[512];
	size_t n_pins;
};
int server_settings_load(const char *path, struct server_settings *out, struct err *e);

#endif
