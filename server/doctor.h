/* SPDX-License-Identifier: Apache-2.0 */
/* What is missing or insecure on this server, and the next step; a line a finding on stdout. */
#ifndef ASSAY_SERVER_DOCTOR_H
#define ASSAY_SERVER_DOCTOR_H

#include "server.h"

/** doctor_run - Return: 0 when all is well, E_POLICY when something is not. */
int doctor_run(const struct settings *s, struct err *e);

#endif
