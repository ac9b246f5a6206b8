// SPDX-License-Identifier: Apache-2.0
/* Sockets: the QEMU and spdm-emu framing, DOE objects, the control channel; one poll loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "device.h"

enum {
	CMD_NORMAL = 1,
	CMD_CONTINUE = 0xfffd,
	CMD_SHUTDOWN = 0xfffe,
	CMD_UNKNOWN = 0xffff,
	CMD_TEST = 0xdead
};
enum { TRANSPORT_MCTP = 1, TRANSPORT_DOE = 2 };
enum { CONNECTIONS = 128, FRAME_HEADER = 12, PAYLOAD_MAX = 8192, OUT_MAX = MESSAGE_MAX + 1024 };

struct connection {
	int fd;
	struct session session;
	uint8_t in[FRAME_HEADER + PAYLOAD_MAX];
	size_t got;
};

static volatile sig_atomic_t ended;

static void on_signal(int n)
{
	(void)n;
	ended = 1;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(uint8_t *p, uint32_t v)
{
	for (int i = 3; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

static void bend_transport(struct session *s, enum phase when, uint8_t *at, size_t *len)
{
	const struct hostile_mode *m = s->device->mode;

	if (m && m->alter && m->phase == when)
		m->alter(s, at, len);
}

/* Delayed acknowledgements cost 40 ms an exchange: QEMU writes a frame in four pieces. */
static void quick(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
}

static bool send_frame(struct connection *c, uint32_t command, uint32_t transport,
		       const uint8_t *payload, size_t len)
{
	uint8_t frame[FRAME_HEADER + OUT_MAX + 8];
	size_t n = FRAME_HEADER + len;

	put_be32(frame, command);
	put_be32(frame + 4, transport);
	put_be32(frame + 8, (uint32_t)len);
	if (len)
		memcpy(frame + FRAME_HEADER, payload, len);
	bend_transport(&c->session, ON_FRAME, frame, &n);
	return send(c->fd, frame, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static size_t put_object(uint8_t *out, uint8_t type, const uint8_t *payload, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3, words = 2 + padded / 4;

	memset(out, 0, 8 + padded);
	out[0] = 1; /* PCI-SIG */
	out[2] = type;
	out[4] = (uint8_t)words;
	out[5] = (uint8_t)(words >> 8);
	out[6] = (uint8_t)(words >> 16 & 3);
	memcpy(out + 8, payload, len);
	return 8 + padded;
}

size_t doe_answer(struct session *s, const uint8_t *object, size_t len, uint8_t *out, size_t cap)
{
	static const uint8_t discovery[][4] = { { 1, 0, 0, 1 }, { 1, 0, 1, 0 } };
	uint8_t message[OUT_MAX];
	size_t words, n;

	if (cap < OUT_MAX + 8 || len < 12 || object[0] != 1 || object[1] != 0)
		return 0;
	words = object[4] | (size_t)object[5] << 8 | (size_t)(object[6] & 3) << 16;
	if (words * 4 != len)
		return 0;
	if (object[2] == 0) {
		uint8_t index = object[8];

		return index < 2 ? put_object(out, 0, discovery[index], 4)
				 : put_object(out, 0, (const uint8_t *)"\xff\xff\xff\0", 4);
	}
	if (object[2] != 1)
		return 0;
	n = respond(s, object + 8, len - 8, message);
	return put_object(out, 1, message, n);
}

static bool on_normal(struct connection *c, uint32_t transport, const uint8_t *payload, size_t len)
{
	uint8_t out[OUT_MAX + 8], message[OUT_MAX];
	size_t n;

	if (transport == TRANSPORT_DOE) {
		n = doe_answer(&c->session, payload, len, out, sizeof(out));
		bend_transport(&c->session, ON_OBJECT, out, &n);
		return n && send_frame(c, CMD_NORMAL, transport, out, n);
	}
	if (transport == TRANSPORT_MCTP && len >= 1 && payload[0] == 5) {
		n = respond(&c->session, payload + 1, len - 1, message);
		out[0] = 5;
		memcpy(out + 1, message, n);
		return send_frame(c, CMD_NORMAL, transport, out, n + 1);
	}
	return false;
}

/* Return: false when the connection is to be closed. */
static bool on_frame(struct connection *c, uint32_t command, uint32_t transport,
		     const uint8_t *payload, size_t len)
{
	switch (command) {
	case CMD_NORMAL:
		return on_normal(c, transport, payload, len);
	case CMD_TEST:
		return send_frame(c, CMD_TEST, transport, (const uint8_t *)"Server Hello!", 14);
	case CMD_SHUTDOWN:
	case CMD_CONTINUE:
		send_frame(c, command, transport, NULL, 0);
		return false;
	default:
		send_frame(c, CMD_UNKNOWN, transport, NULL, 0);
		return false;
	}
}

static bool on_readable(struct connection *c)
{
	ssize_t n = recv(c->fd, c->in + c->got, sizeof(c->in) - c->got, 0);

	quick(c->fd);
	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN);
	c->got += (size_t)n;
	while (c->got >= FRAME_HEADER) {
		size_t len = be32(c->in + 8);

		if (len > PAYLOAD_MAX)
			return false;
		if (c->got < FRAME_HEADER + len)
			return true;
		if (!on_frame(c, be32(c->in), be32(c->in + 4), c->in + FRAME_HEADER, len))
			return false;
		c->got -= FRAME_HEADER + len;
		memmove(c->in, c->in + FRAME_HEADER + len, c->got);
	}
	return true;
}

/* ---- control: one line, one answer ---- */
static struct device *find(struct device *devices, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(devices[i].name, name))
			return &devices[i];
	return NULL;
}

bool versions_set(struct device *d, const char *value)
{
	unsigned int from, to;

	if (sscanf(value, "1.%u-1.%u", &from, &to) != 2 || from > to || to > 3)
		return false;
	d->n_versions = 0;
	for (; from <= to; from++)
		d->versions[d->n_versions++] = (uint8_t)(0x10 + from);
	return true;
}

static const char *set(struct device *d, const char *what, const char *value)
{
	if (!strcmp(what, "measurements")) {
		snprintf(d->measurements, sizeof(d->measurements), "%s", value);
		return "ok";
	}
	if (!strcmp(what, "hostile")) {
		const struct hostile_mode *m = strcmp(value, "none") ? hostile_find(value) : NULL;

		if (!m && strcmp(value, "none"))
			return "error: no such mode";
		d->mode = m;
		return "ok";
	}
	if (!strcmp(what, "identity")) {
		char before[PATH_LEN];

		memcpy(before, d->identity, sizeof(before));
		snprintf(d->identity, sizeof(d->identity), "%s", value);
		if (!identity_load(d))
			return "ok";
		memcpy(d->identity, before, sizeof(before));
		identity_load(d);
		return "error: identity cannot be loaded";
	}
	if (!strcmp(what, "asym") && asym_bit(value)) {
		d->asym = asym_bit(value);
		return "ok";
	}
	if (!strcmp(what, "versions") && versions_set(d, value))
		return "ok";
	return "error: set NAME measurements|hostile|identity|asym|versions VALUE";
}

static void control(struct device *devices, size_t n, char *line, char *out, size_t size)
{
	char *verb = strtok(line, " \n"), *name = strtok(NULL, " \n"), *what = strtok(NULL, " \n"),
	     *value = strtok(NULL, "\n");
	struct device *d = name ? find(devices, n, name) : NULL;

	if (verb && !strcmp(verb, "quit")) {
		ended = 1;
		snprintf(out, size, "ok\n");
	} else if (!verb || !d) {
		snprintf(out, size, "error: set|drop|close|stats NAME ..., or quit\n");
	} else if (!strcmp(verb, "set") && what && value) {
		snprintf(out, size, "%s\n", set(d, what, value));
	} else if (!strcmp(verb, "drop")) {
		d->epoch++;
		snprintf(out, size, "ok\n");
	} else if (!strcmp(verb, "close")) {
		d->closing = true;
		snprintf(out, size, "ok\n");
	} else if (!strcmp(verb, "stats")) {
		snprintf(out, size, "exchanges=%lu signatures=%lu sign_us=%lu answer_us=%lu\n",
			 d->exchanges, d->signatures, d->sign_us, d->answer_us);
	} else {
		snprintf(out, size, "error: unknown\n");
	}
}

static int control_open(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(a.sun_path))
		return -1;
	memcpy(a.sun_path, path, strlen(path) + 1);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 8))
		return -1;
	return fd;
}

int control_connect(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void control_accept(int fd, struct device *devices, size_t n)
{
	char line[1024], out[512];
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	struct timeval tv = { 2, 0 };
	ssize_t got;

	if (c < 0)
		return;
	setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	got = recv(c, line, sizeof(line) - 1, 0);
	if (got > 0) {
		line[got] = 0;
		control(devices, n, line, out, sizeof(out));
		if (send(c, out, strlen(out), MSG_NOSIGNAL) < 0)
			perror("control");
	}
	close(c);
}

static int listen_on(struct device *d)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(d->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&a, &len)) {
		perror(d->name);
		return -1;
	}
	d->port = ntohs(a.sin_port);
	return fd;
}

static struct connection *open_connection(int listening, struct device *d)
{
	struct connection *c = calloc(1, sizeof(*c));
	int one = 1;

	if (!c)
		return NULL;
	c->fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	if (c->fd < 0) {
		free(c);
		return NULL;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	quick(c->fd);
	c->session.device = d;
	session_reset(&c->session);
	return c;
}

static void close_connection(struct connection **c)
{
	close((*c)->fd);
	session_free(&(*c)->session);
	free(*c);
	*c = NULL;
}

static bool hangs_up(struct connection *c)
{
	bool closing = c->session.device->closing;

	c->session.device->closing = false;
	return closing;
}

int serve(struct device *devices, size_t n, const char *control_path, bool announce)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct pollfd fds[DEVICES + CONNECTIONS + 1];
	struct connection *conns[CONNECTIONS] = { 0 };
	int listening[DEVICES], control_fd = control_path ? control_open(control_path) : -1;

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	if (control_path && control_fd < 0) {
		perror(control_path);
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		listening[i] = listen_on(&devices[i]);
		if (listening[i] < 0)
			return 1;
		if (announce)
			printf("device %s port %u\n", devices[i].name, devices[i].port);
	}
	puts("ready");
	fflush(stdout);
	while (!ended) {
		nfds_t k = 0;

		for (size_t i = 0; i < n; i++)
			fds[k++] = (struct pollfd){ listening[i], POLLIN, 0 };
		fds[k++] = (struct pollfd){ control_fd, POLLIN, 0 };
		for (size_t i = 0; i < CONNECTIONS; i++)
			fds[k++] = (struct pollfd){ conns[i] ? conns[i]->fd : -1, POLLIN, 0 };
		if (poll(fds, k, -1) < 0)
			continue;
		for (size_t i = 0; i < CONNECTIONS; i++)
			if (conns[i] && fds[n + 1 + i].revents &&
			    (hangs_up(conns[i]) || !on_readable(conns[i])))
				close_connection(&conns[i]);
		if (fds[n].revents)
			control_accept(control_fd, devices, n);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; fds[i].revents && j < CONNECTIONS; j++)
				if (!conns[j]) {
					conns[j] = open_connection(listening[i], &devices[i]);
					break;
				}
	}
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (conns[i])
			close_connection(&conns[i]);
	return 0;
}
