// SPDX-License-Identifier: Apache-2.0
/*
 * SPDM over the socket protocol of QEMU and spdm-emu: for tests and the demo, never for release
 * unless both sides set their test switch.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../doe.h"
#include "../drive.h"
#include "../source.h"

enum { CMD_NORMAL = 1, TRANSPORT_PCI_DOE = 2, FRAME_HEADER = 12, IO_TIMEOUT_S = 10 };

static int connect_to(const char *address, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct timeval tv = { .tv_sec = IO_TIMEOUT_S };
	struct addrinfo *list = NULL;
	char host[SOURCE_ADDRESS_MAX], *port;
	int fd, one = 1;

	snprintf(host, sizeof(host), "%s", address);
	port = strrchr(host, ':');
	if (!port)
		return err_set(e, E_CONFIG, "socket device %s: host:port expected", address), -1;
	*port++ = 0;
	if (getaddrinfo(host, port, &hints, &list))
		return err_set(e, E_CONFIG, "socket device %s: not an address", address), -1;
	fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	if (fd < 0 || connect(fd, list->ai_addr, list->ai_addrlen)) {
		err_set(e, E_UNREACHABLE, "connect to %s: %s", address, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	return fd;
}

static int receive(int fd, u8 *at, size_t len, struct err *e)
{
	while (len) {
		ssize_t n = recv(fd, at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return err_set(e, E_DEVICE, "device closed the connection");
		if (n < 0)
			return err_set(e, E_UNREACHABLE, "device does not answer: %s",
				       strerror(errno));
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int exchange(void *user, struct bytes request, u8 *response, size_t *len, struct err *e)
{
	u8 frame[FRAME_HEADER + DOE_OBJECT_MAX], object[DOE_OBJECT_MAX];
	struct writer w = writer_on(frame, sizeof(frame));
	struct bytes payload;
	const char *why = NULL;
	int fd = *(int *)user;
	struct reader r;
	u32 command, transport, size;

	write_be32(&w, CMD_NORMAL);
	write_be32(&w, TRANSPORT_PCI_DOE);
	write_be32(&w, (u32)(8 + (request.len + 3) / 4 * 4));
	doe_write(&w, DOE_CMA_SPDM, request);
	if (w.full)
		return err_set(e, E_INTERNAL, "SPDM request of %zu bytes", request.len);
	if (send(fd, frame, w.len, MSG_NOSIGNAL) != (ssize_t)w.len)
		return err_set(e, E_UNREACHABLE, "send to the device: %s", strerror(errno));
	if (receive(fd, frame, FRAME_HEADER, e))
		return (int)e->code;
	r = reader_on((struct bytes){ frame, FRAME_HEADER });
	command = read_be32(&r, "command");
	transport = read_be32(&r, "transport");
	size = read_be32(&r, "size");
	if (command != CMD_NORMAL || transport != TRANSPORT_PCI_DOE)
		return err_set(e, E_DEVICE, "socket frame: command 0x%x, transport %u", command,
			       transport);
	if (size > sizeof(object))
		return err_set(e, E_DEVICE, "socket frame of %u bytes", size);
	if (receive(fd, object, size, e))
		return (int)e->code;
	if (doe_read((struct bytes){ object, size }, DOE_CMA_SPDM, &payload, &why))
		return err_set(e, E_DEVICE, "%s", why);
	if (payload.len > SPDM_MSG_MAX + 4)
		return err_set(e, E_DEVICE, "DOE object is longer than any message");
	memcpy(response, payload.at, payload.len);
	*len = payload.len;
	return 0;
}

static int collect(const struct source_device *d, const u8 nonce[32], const u8 challenge_nonce[32],
		   struct device_evidence *out, struct err *e)
{
	struct spdm_requester_config config = { .version_min = SPDM_10,
						.version_max = SPDM_13,
						.slot = d->slot };
	int fd = connect_to(d->address, e);
	struct spdm_transport t = { &fd, exchange };
	int rc;

	if (fd < 0)
		return (int)e->code;
	memcpy(config.nonce, nonce, 32);
	memcpy(config.challenge_nonce, challenge_nonce, 32);
	rc = random_bytes(config.context, sizeof(config.context), e);
	if (!rc)
		rc = spdm_drive(&t, &config, out, e);
	close(fd);
	return rc;
}

const struct evidence_source source_socket = { "socket", collect };
