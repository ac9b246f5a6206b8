/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP byte by byte, over a plain socket: what no client library would send, and answers that have no end. */
#ifndef ASSAY_TEST_WIRE_H
#define ASSAY_TEST_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/port.h"

enum { WIRE_PATIENCE_MS = 20000 };

int wire_connect(u16 port);
void wire_say(int fd, const char *text);
/** wire_hear - what comes until the server closes or @ms pass without a byte. Return: was it closed? */
bool wire_hear(int fd, char *out, size_t size, int ms);
/** wire_ask - one request on a connection of its own; the whole answer is in @out. */
void wire_ask(u16 port, const char *request, char *out, size_t size);
bool wire_begins(const char *answer, const char *with);

#endif
