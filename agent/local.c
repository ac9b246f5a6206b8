// SPDX-License-Identifier: Apache-2.0
#include "local.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/limits.h"
#include "proto/cbor.h"

enum { WAIT_S = 120 };

static int address_of(const char *path, struct sockaddr_un *a, struct err *e)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(a->sun_path))
		return err_set(e, E_CONFIG, "socket path is too long: %s", path);
	memcpy(a->sun_path, path, strlen(path) + 1);
	return 0;
}

int local_listen(const char *path, mode_t mode, struct err *e)
{
	struct sockaddr_un a;
	int fd;
	mode_t before;

	if (address_of(path, &a, e))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	unlink(path);
	before = umask((mode_t)(0777 & ~mode)); /* never open to more, not even for a moment */
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 16)) {
		err_set(e, E_IO, "listen on %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	umask(before);
	return fd;
}

static void wait_at_most(int fd, time_t seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

int local_accept(int listening)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		wait_at_most(fd, LOCAL_REQUEST_WAIT_S);
	return fd;
}

int local_connect(const char *path, struct err *e)
{
	struct sockaddr_un a;
	int fd;

	if (address_of(path, &a, e))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		wait_at_most(fd, WAIT_S);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		err_set(e, E_UNREACHABLE, "connect to %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

uid_t local_peer_uid(int fd)
{
	struct ucred c;
	socklen_t len = sizeof(c);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len) ? (uid_t)-1 : c.uid;
}

int local_send(int sock, struct bytes packet, int fd, struct err *e)
{
	u8 length[4];
	struct writer w = writer_on(length, sizeof(length));
	struct iovec parts[] = { { length, 4 }, { (void *)packet.at, packet.len } };
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .room = { 0 } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = packet.len ? 2 : 1 };

	write_be32(&w, (u32)packet.len);
	if (fd >= 0) {
		struct cmsghdr *c;

		m.msg_control = control.room;
		m.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	if (packet.len > LOCAL_PACKET_MAX ||
	    sendmsg(sock, &m, MSG_NOSIGNAL) != (ssize_t)(4 + packet.len))
		return err_set(e, E_IO, "send on a local socket: %s", strerror(errno));
	return 0;
}

int local_receive(int sock, struct buf **packet, int *fd, struct err *e)
{
	OWNED(buf) b = buf_new(LOCAL_PACKET_MAX + 4);
	u8 *at = b ? write_space(&b->w, LOCAL_PACKET_MAX + 4) : NULL;
	struct iovec part = { at, LOCAL_PACKET_MAX + 4 };
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	struct reader r;
	ssize_t n;
	u32 len;

	*fd = -1;
	if (!at)
		return err_set(e, E_MEMORY, "no memory for a packet");
	n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return n < 0 ? err_set(e, E_UNREACHABLE, "no answer on a local socket: %s",
				       strerror(errno))
			     : err_set(e, E_NOTFOUND, "the other end closed the local socket");
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(fd, CMSG_DATA(c), sizeof(int));
	r = reader_on((struct bytes){ at, (size_t)n });
	len = read_be32(&r, "length");
	if (r.why || len != r.left.len || m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		return err_set(e, E_FORMAT, "packet on a local socket: length");
	}
	memmove(at, at + 4, len);
	b->w.len = len;
	*packet = TAKE(b);
	return 0;
}

int local_request_parse(struct bytes packet, struct local_request *out, struct err *e)
{
	struct cbor c = cbor_on(packet, CBOR_STRICT);
	size_t n;

	*out = (struct local_request){ 0 };
	if (cbor_check(packet, CBOR_STRICT, e))
		return err_while(e, "request");
	n = cbor_map(&c, "request");
	if (cbor_int(&c, "key") != 1)
		cbor_fail(&c, "verb is missing");
	out->verb = (unsigned int)cbor_uint(&c, "verb");
	if (n == 2 && cbor_int(&c, "key") == 2)
		out->argument = cbor_bytes(&c, "argument");
	return cbor_done(&c) ? err_set(e, E_FORMAT, "request: %s", c.r.why) : 0;
}

void local_answer(int sock, const struct err *result, int fd)
{
	u8 room[ERR_TEXT_MAX + 32];
	struct writer w = writer_on(room, sizeof(room));
	struct err ignored = { 0 };

	cbor_put_map(&w, 2);
	cbor_put_uint(&w, 1);
	cbor_put_uint(&w, (u64)result->code);
	cbor_put_uint(&w, 2);
	cbor_put_text(&w, bytes_text(result->code ? result->text : ""));
	local_send(sock, write_done(&w), fd, &ignored);
	if (fd >= 0)
		close(fd);
}

static int parse_answer(struct bytes packet, struct err *e)
{
	struct cbor c = cbor_on(packet, CBOR_STRICT);
	struct bytes text;
	u64 code;

	if (cbor_check(packet, CBOR_STRICT, e))
		return err_while(e, "answer on a local socket");
	if (cbor_map(&c, "answer") != 2 || cbor_int(&c, "key") != 1)
		cbor_fail(&c, "answer");
	code = cbor_uint(&c, "code");
	if (cbor_int(&c, "key") != 2)
		cbor_fail(&c, "answer");
	text = cbor_text(&c, "text");
	if (cbor_done(&c) || code > E_INTERNAL)
		return err_set(e, E_FORMAT, "answer on a local socket: %s",
			       c.r.why ? c.r.why : "code");
	return code ? err_set(e, (enum err_code)code, "%.*s", (int)text.len, (const char *)text.at)
		    : 0;
}

/* Connects and asks; the socket, or -1. */
static int send_request(const char *path, unsigned int verb, struct bytes argument, struct err *e)
{
	OWNED(buf) packet = buf_new(LOCAL_PACKET_MAX);
	struct writer *w = packet ? &packet->w : NULL;
	int sock, rc;

	if (!w) {
		err_set(e, E_MEMORY, "no memory for a request");
		return -1;
	}
	sock = local_connect(path, e);
	if (sock < 0)
		return -1;
	cbor_put_map(w, argument.len ? 2 : 1);
	cbor_put_uint(w, 1);
	cbor_put_uint(w, verb);
	if (argument.len) {
		cbor_put_uint(w, 2);
		cbor_put_bytes(w, argument);
	}
	rc = w->full ? err_set(e, E_INTERNAL, "request is too long")
		     : local_send(sock, write_done(w), -1, e);
	if (!rc)
		return sock;
	close(sock);
	return -1;
}

/* Return: the memory file of the answer, or -1. */
static int ask(const char *path, unsigned int verb, struct bytes argument, struct err *e)
{
	OWNED(buf) packet = NULL;
	int sock = send_request(path, verb, argument, e), fd = -1, rc;

	if (sock < 0)
		return -1;
	rc = local_receive(sock, &packet, &fd, e);
	close(sock);
	if (!rc)
		rc = parse_answer(buf_bytes(packet), e);
	if (!rc && fd < 0)
		err_set(e, E_FORMAT, "answer on a local socket without content");
	if (!rc || fd < 0)
		return fd;
	close(fd);
	return -1;
}

int local_ask(const char *path, unsigned int verb, struct bytes argument, size_t max,
	      struct buf **out, struct err *e)
{
	int fd = ask(path, verb, argument, e), rc;

	if (fd < 0)
		return (int)e->code;
	rc = memfd_read(fd, max, out, e);
	close(fd);
	return rc;
}

int local_ask_secret(const char *path, unsigned int verb, struct bytes argument, size_t max,
		     struct secret **out, struct err *e)
{
	int fd = ask(path, verb, argument, e), rc;

	if (fd < 0)
		return (int)e->code;
	rc = memfd_read_secret(fd, max, out, e);
	close(fd);
	return rc;
}

int local_subscribe(const char *path, unsigned int verb, struct err *e)
{
	OWNED(buf) packet = NULL;
	int sock = send_request(path, verb, BYTES_NONE, e), fd = -1;

	if (sock < 0)
		return -1;
	if (!local_receive(sock, &packet, &fd, e) && !parse_answer(buf_bytes(packet), e))
		e->code = E_OK;
	if (fd >= 0)
		close(fd);
	if (!e->code)
		return sock;
	close(sock);
	return -1;
}

static int sealed_size(int fd, size_t max, size_t *size, struct err *e)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 ||
	    (seals & (F_SEAL_WRITE | F_SEAL_SHRINK)) != (F_SEAL_WRITE | F_SEAL_SHRINK) ||
	    fstat(fd, &st) || st.st_size < 0 || (size_t)st.st_size > max)
		return err_set(e, E_FORMAT, "memory file is not sealed, or too large");
	*size = (size_t)st.st_size;
	return 0;
}

static int read_all(int fd, u8 *at, size_t size, struct err *e)
{
	return size && pread(fd, at, size, 0) != (ssize_t)size
		       ? err_set(e, E_IO, "read a memory file: %s", strerror(errno))
		       : 0;
}

int memfd_read(int fd, size_t max, struct buf **out, struct err *e)
{
	OWNED(buf) b = NULL;
	size_t size;
	u8 *at;

	if (sealed_size(fd, max, &size, e))
		return (int)e->code;
	b = buf_new(size);
	at = b ? write_space(&b->w, size) : NULL;
	if (!at && size)
		return err_set(e, E_MEMORY, "no memory for a memory file");
	if (read_all(fd, at, size, e))
		return (int)e->code;
	*out = TAKE(b);
	return 0;
}

int memfd_read_secret(int fd, size_t max, struct secret **out, struct err *e)
{
	OWNED(secret) s = NULL;
	size_t size;

	if (sealed_size(fd, max, &size, e))
		return (int)e->code;
	if (!size)
		return err_set(e, E_FORMAT, "memory file is empty");
	s = secret_new(size);
	if (!s)
		return err_set(e, E_MEMORY, "no locked memory for a memory file");
	if (read_all(fd, s->at, size, e))
		return (int)e->code;
	*out = TAKE(s);
	return 0;
}
