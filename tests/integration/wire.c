// SPDX-License-Identifier: Apache-2.0
#include "wire.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "forge.h"

int wire_connect(u16 port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_return_code(connect(fd, (struct sockaddr *)&a, sizeof(a)), errno);
	return fd;
}

void wire_say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

bool wire_hear(int fd, char *out, size_t size, int ms)
{
	size_t len = 0;
	bool closed = false;

	while (len + 1 < size) {
		struct pollfd p = { fd, POLLIN, 0 };
		ssize_t n;

		if (poll(&p, 1, ms) <= 0)
			break;
		n = recv(fd, out + len, size - 1 - len, 0);
		closed = n <= 0;
		if (closed)
			break;
		len += (size_t)n;
	}
	out[len] = 0;
	return closed;
}

void wire_ask(u16 port, const char *request, char *out, size_t size)
{
	int fd = wire_connect(port);

	wire_say(fd, request);
	wire_hear(fd, out, size, WIRE_PATIENCE_MS);
	close(fd);
}

bool wire_begins(const char *answer, const char *with)
{
	return strncmp(answer, with, strlen(with)) == 0;
}
