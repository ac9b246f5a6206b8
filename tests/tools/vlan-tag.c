// SPDX-License-Identifier: Apache-2.0
/*
 * The port of a switch: vlan-tag NUMBER PLAIN TAGGED. What comes in at the socket PLAIN goes out at TAGGED with the VLAN's
 * number, and what comes in there with just this number goes out at PLAIN without it; anything else is dropped. The sockets
 * carry frames as QEMU's "stream" does, u32be length before each; both are listened on, until one of the ends goes.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PLAIN, TAGGED, ENDS, ADDRESSES = 12, TAG = 4, HEADER = 14, FRAME_MAX = 65536 };
static const unsigned char type_8021q[2] = { 0x81, 0x00 };

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 ||
	    snprintf(a.sun_path, sizeof(a.sun_path), "%s", path) >= (int)sizeof(a.sun_path))
		return -1;
	unlink(path);
	return bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 1) ? -1 : fd;
}

static int all(int fd, unsigned char *at, size_t len, int out)
{
	while (len) {
		ssize_t n = out ? write(fd, at, len) : read(fd, at, len);

		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static size_t tagged(unsigned char *frame, size_t len, uint16_t number)
{
	uint16_t n = htons(number);

	memmove(frame + ADDRESSES + TAG, frame + ADDRESSES, len - ADDRESSES);
	memcpy(frame + ADDRESSES, type_8021q, 2);
	memcpy(frame + ADDRESSES + 2, &n, 2);
	return len + TAG;
}

static size_t plain(unsigned char *frame, size_t len, uint16_t number)
{
	uint16_t n;

	memcpy(&n, frame + ADDRESSES + 2, 2);
	if (len < HEADER + TAG || memcmp(frame + ADDRESSES, type_8021q, 2) ||
	    (ntohs(n) & 0xfff) != number)
		return 0;
	memmove(frame + ADDRESSES, frame + ADDRESSES + TAG, len - ADDRESSES - TAG);
	return len - TAG;
}

int main(int argc, char **argv)
{
	static unsigned char frame[FRAME_MAX + TAG];
	struct pollfd p[ENDS];
	uint16_t number = argc == 4 ? (uint16_t)atoi(argv[1]) : 0;
	int listening[ENDS];

	if (!number || number > 4094) {
		fputs("usage: vlan-tag NUMBER PLAIN TAGGED\n", stderr);
		return 1;
	}
	for (int i = 0; i < ENDS; i++) {
		listening[i] = listen_at(argv[2 + i]);
		if (listening[i] < 0) {
			perror(argv[2 + i]);
			return 1;
		}
	}
	for (int i = 0; i < ENDS; i++)
		p[i] = (struct pollfd){ accept(listening[i], NULL, NULL), POLLIN, 0 };
	while (poll(p, ENDS, -1) > 0) {
		for (int i = 0; i < ENDS; i++) {
			uint32_t len;

			if (!p[i].revents)
				continue;
			if (all(p[i].fd, (unsigned char *)&len, sizeof(len), 0))
				return 0;
			len = ntohl(len);
			if (len < HEADER || len > FRAME_MAX || all(p[i].fd, frame, len, 0))
				return 0;
			len = (uint32_t)(i == PLAIN ? tagged(frame, len, number)
						    : plain(frame, len, number));
			uint32_t wire = htonl(len);
			if (len && (all(p[!i].fd, (unsigned char *)&wire, sizeof(wire), 1) ||
				    all(p[!i].fd, frame, len, 1)))
				return 0;
		}
	}
	return 1;
}
