/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_SERVER_ROUTES_H
#define ASSAY_SERVER_ROUTES_H

#include "server.h"

/** routes_handler - body limit, rights and handler of each route, as http.h wants them. */
struct http_handler routes_handler(struct server *s);

#endif
