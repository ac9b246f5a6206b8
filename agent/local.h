/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets on this host: SEQPACKET, one request and one answer a packet, u32be length ‖ CBOR map;
 * bulk and secrets travel as a sealed memory file beside it.
 * SPEC: docs/PROTOCOL.md, Local sockets
 */
#ifndef ASSAY_LOCAL_H
#define ASSAY_LOCAL_H

#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/crypto.h"

enum { LOCAL_PACKET_MAX = 65536, LOCAL_REQUEST_WAIT_S = 2 };

/** local_listen - a socket at @path, removed first if it is stale. Return: descriptor or -1. */
int local_listen(const char *path, mode_t mode, struct err *e);
int local_connect(const char *path, struct err *e); /* descriptor or -1 */
/**
 * local_accept - the next caller, or -1. It has LOCAL_REQUEST_WAIT_S to say what it wants: one that
 * connects and stays silent must not hold up the others.
 */
int local_accept(int listening);
/** local_peer_uid - who is at the other end; (uid_t)-1 when unknown. */
uid_t local_peer_uid(int fd);
/** local_send - @fd: a descriptor to pass, or -1. */
int local_send(int sock, struct bytes packet, int fd, struct err *e);
/** local_receive - *@fd: a descriptor that came along, or -1. E_NOTFOUND at the end. */
int local_receive(int sock, struct buf **packet, int *fd, struct err *e);
/**
 * local_ask - one request { 1: @verb, ? 2: @argument } to the program at @path; *@out is the content
 * of the memory file it answers with. An error of the other side is taken over as it stands.
 */
int local_ask(const char *path, unsigned int verb, struct bytes argument, size_t max,
	      struct buf **out, struct err *e);
/** local_ask_secret - the same; the content is in locked memory and was nowhere else. E_FORMAT when there is none. */
int local_ask_secret(const char *path, unsigned int verb, struct bytes argument, size_t max,
		     struct secret **out, struct err *e);
/**
 * local_subscribe - a request whose answer is followed by packets, as they come. Return: the socket to poll and
 * local_receive() from, or -1.
 */
int local_subscribe(const char *path, unsigned int verb, struct err *e);
struct local_request {
	unsigned int verb;
	struct bytes argument; /* empty: none; a view into the packet */
};
int local_request_parse(struct bytes packet, struct local_request *out, struct err *e);
/** local_answer - { 1: code, 2: text } of @result, and @fd beside it, which is closed. */
void local_answer(int sock, const struct err *result, int fd);
/** memfd_read - the content of a sealed memory file of at most @max bytes; refuses one that is not sealed. */
int memfd_read(int fd, size_t max, struct buf **out, struct err *e);
/** memfd_read_secret - into locked memory. */
int memfd_read_secret(int fd, size_t max, struct secret **out, struct err *e);

#endif
