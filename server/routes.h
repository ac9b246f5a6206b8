/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_SERVER_ROUTES_H
#define ASSAY_SERVER_ROUTES_H

#include "server.h"

/** routes_handler - body limit, rights and handler of each route, as http.h wants them. */
struct http_handler routes_handler(struct server *s);
/** admin_token_make - a new bearer token of @role; the text is returned once. */
int admin_token_make(struct store *store, const char *name, const char *role, char out[48],
		     struct err *e);

#endif
