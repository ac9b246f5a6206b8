// SPDX-License-Identifier: Apache-2.0
/*
 * Nonsense, and half of it sense, for the module's netlink families: netlink-fuzz SEED ROUNDS.
 *
 * Requests come from the table that tests/netlink-specs makes of the specifications: their own attributes with good values,
 * which the kernel is asked for, with bad ones, lengths that lie, nesting, others' attributes. 64 sockets are
 * written to, read from rarely, and closed in the middle of a dump. At the end the kernel must still answer, and
 * something of each kind must have happened: else nothing was tested. The same seed asks for the same, as far as
 * the kernel answers the same.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink_raw.h"

enum fuzz_type {
	FUZZ_NONE,
	FUZZ_U8,
	FUZZ_U16,
	FUZZ_U32,
	FUZZ_S32,
	FUZZ_U64,
	FUZZ_STRING,
	FUZZ_BINARY,
	FUZZ_NEST,
	FUZZ_FLAG
};

struct fuzz_request {
	const char *family;
	uint8_t cmd;
	bool dump;
	struct {
		uint16_t nr;
		enum fuzz_type type;
		const char *name;
	} attrs[24];
};

#include "netlink_table.h"

enum { REQUESTS = sizeof(fuzz_requests) / sizeof(fuzz_requests[0]), SOCKETS = 64, KNOWN_MAX = 16 };
enum {
	STATUS = 1,
	A_DEV_ID = 2,
	A_DEV_NAME = 4,
	A_GENERATION = 5,
	A_CHAIN_DIGEST = 21,
	A_MEAS_DIGEST = 22
};

/* A device as STATUS shows it: the values that a good request names. */
struct known {
	uint64_t id;
	uint32_t generation;
	char name[32];
	uint8_t chain[32], measurements[32];
};

static uint64_t seed;
static struct known known[KNOWN_MAX];
static size_t n_known;
static struct raw_family families[REQUESTS];
static int sockets[SOCKETS];
static uint8_t answer[RAW_ANSWER_MAX];
static unsigned long sent, acks, errors, datagrams, closed, lost, dumps;

/* splitmix64 */
static uint32_t any(uint32_t below)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ (z >> 31)) >> 32) % below;
}

static bool one_in(uint32_t n)
{
	return !any(n);
}

static void fill(uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)any(256);
}

/* ---- what the kernel has ---- */
static void take_known(uint16_t type, const uint8_t *at, size_t len, void *user)
{
	struct known *k = user;

	if (type == A_DEV_ID && len == sizeof(k->id))
		memcpy(&k->id, at, len);
	else if (type == A_DEV_NAME)
		snprintf(k->name, sizeof(k->name), "%.*s", (int)len, (const char *)at);
	else if (type == A_GENERATION && len == sizeof(k->generation))
		memcpy(&k->generation, at, len);
	else if (type == A_CHAIN_DIGEST && len == sizeof(k->chain))
		memcpy(k->chain, at, len);
	else if (type == A_MEAS_DIGEST && len == sizeof(k->measurements))
		memcpy(k->measurements, at, len);
}

/* A dump of STATUS over a socket of its own. Return: whether a device came. */
static bool learn(uint16_t assay)
{
	struct raw_request r = raw_request(assay, STATUS, NLM_F_DUMP);
	int sock = raw_open();
	bool done = false;

	n_known = 0;
	if (sock < 0 || send(sock, &r, r.h.nlmsg_len, 0) < 0)
		return false;
	while (!done) {
		ssize_t n = recv(sock, answer, sizeof(answer), 0);
		struct nlmsghdr *h = (struct nlmsghdr *)answer;

		if (n <= 0)
			break;
		for (; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
			done = h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR;
			if (done || n_known == KNOWN_MAX)
				continue;
			known[n_known] = (struct known){ 0 };
			raw_walk((const uint8_t *)NLMSG_DATA(h) + GENL_HDRLEN,
				 (const uint8_t *)h + h->nlmsg_len, take_known, &known[n_known]);
			n_known++;
		}
	}
	close(sock);
	return n_known;
}

/* ---- requests ---- */

/* Bytes that fit the attribute, of the device at hand. */
static size_t good_value(enum fuzz_type type, const char *name, const struct known *k, uint8_t *to)
{
	static const uint32_t numbers[] = { 0,	 1,   2,     3,	    7,	   8,
					    255, 256, 0x301, 0x7ff, 0x800, 0xffffffff };
	uint32_t number = numbers[any(sizeof(numbers) / sizeof(numbers[0]))];
	const char *text = one_in(8) ? "usb" : "pci";

	switch (type) {
	case FUZZ_U8:
		*to = (uint8_t)(one_in(4) ? number : any(4));
		return 1;
	case FUZZ_U16:
	case FUZZ_U32:
	case FUZZ_S32:
		if (!strcmp(name, "generation"))
			number = k->generation;
		else if (!strcmp(name, "on-fail"))
			number &= 1; /* 2 is a panic */
		memcpy(to, &number, sizeof(number));
		return type == FUZZ_U16 ? 2 : 4;
	case FUZZ_U64:
		memcpy(to, &k->id, sizeof(k->id));
		return sizeof(k->id);
	case FUZZ_STRING:
		if (!strcmp(name, "dev-name"))
			text = k->name;
		memcpy(to, text, strlen(text) + 1);
		return strlen(text) + 1;
	case FUZZ_BINARY:
		fill(to, 32);
		if (!strcmp(name, "chain-digest"))
			memcpy(to, k->chain, 32);
		else if (!strcmp(name, "meas-digest"))
			memcpy(to, k->measurements, 32);
		else if (!strcmp(name, "meas-indexes"))
			memset(to, 0xff, 32), to[31] = 0x9f;
		return 32;
	default:
		return 0;
	}
}

static void put_nest(struct raw_request *r)
{
	uint8_t bytes[256];
	size_t depth = 1 + any(30), len = 4 * depth;

	/* each is all that is left of the one before it */
	for (size_t i = 0; i < depth; i++) {
		struct nlattr a = { .nla_len = (uint16_t)(len - 4 * i),
				    .nla_type = (uint16_t)(NLA_F_NESTED | any(40)) };

		memcpy(bytes + 4 * i, &a, sizeof(a));
	}
	raw_put(r, (uint16_t)((one_in(2) ? NLA_F_NESTED : 0) | any(40)), bytes, len);
}

static void put_bad(struct raw_request *r)
{
	uint8_t bytes[512];
	size_t len = one_in(2) ? any(40) : any(sizeof(bytes));

	fill(bytes, len);
	raw_put(r, (uint16_t)(one_in(4) ? any(65536) : any(44)), bytes, len);
}

/* The last attribute's length, or the message's, says what is not so. */
static void lie(struct raw_request *r)
{
	uint16_t len = (uint16_t)(one_in(2) ? any(8) : any(65536));

	if (one_in(2) && r->h.nlmsg_len >= NLMSG_LENGTH(GENL_HDRLEN) + RAW_ATTR_HEAD)
		memcpy(r->attrs, &len, sizeof(len));
	else
		r->h.nlmsg_len = any(2 * r->h.nlmsg_len);
}

static struct raw_request make(const struct fuzz_request *what, uint16_t family)
{
	static const struct known nobody;
	const struct known *k = n_known && !one_in(16) ? &known[any((uint32_t)n_known)] : &nobody;
	uint16_t flags = what->dump ? NLM_F_DUMP : NLM_F_ACK;
	struct raw_request r =
		raw_request(family, what->cmd, one_in(12) ? (uint16_t)any(65536) : flags);
	uint32_t bad = any(4) ? 0 : 1 + any(3);

	if (one_in(20))
		r.g.cmd = (uint8_t)any(256);
	for (size_t i = 0; i < sizeof(what->attrs) / sizeof(what->attrs[0]) && what->attrs[i].nr;
	     i++) {
		uint8_t value[64];
		size_t len = good_value(what->attrs[i].type, what->attrs[i].name, k, value);

		if (bad && one_in(6))
			len = any(sizeof(
				value)); /* what is behind the value is what was on the stack */
		if (!one_in(10))
			raw_put(&r, what->attrs[i].nr, value, len);
	}
	while (bad--)
		one_in(2) ? put_nest(&r) : put_bad(&r);
	return r;
}

/* ---- sockets ---- */
static void open_one(size_t i)
{
	int small = 2048;

	sockets[i] = raw_open();
	if (sockets[i] < 0) {
		printf("no socket: %s\n", strerror(-sockets[i]));
		exit(1);
	}
	if (one_in(3))
		setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (one_in(4)) {
		const struct raw_family *f = &families[any(REQUESTS)];

		setsockopt(sockets[i], SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &f->group,
			   sizeof(f->group));
	}
}

static void read_some(int sock)
{
	char text[128];

	for (uint32_t i = any(6); i; i--) {
		ssize_t n = recv(sock, answer, one_in(3) ? 512 : sizeof(answer), MSG_DONTWAIT);
		struct nlmsghdr *h = (struct nlmsghdr *)answer;

		if (n < 0 && errno == ENOBUFS)
			lost++;
		if (n < (ssize_t)sizeof(*h))
			return;
		datagrams++;
		if (n < (ssize_t)h->nlmsg_len)
			continue; /* cut off */
		if (raw_error(h, text, sizeof(text)))
			errors++;
		else if (h->nlmsg_type == NLMSG_ERROR)
			acks++;
		else if (h->nlmsg_flags & NLM_F_MULTI)
			dumps++;
	}
}

static void round_of(size_t i)
{
	uint32_t which = any(REQUESTS);
	struct raw_request r = make(&fuzz_requests[which], families[which].id);
	size_t len = r.h.nlmsg_len;

	if (one_in(12))
		lie(&r);
	if (send(sockets[i], &r, len, MSG_DONTWAIT) > 0)
		sent++;
	if (one_in(3))
		read_some(sockets[i]);
	if (one_in(24)) {
		close(sockets[i]);
		closed++;
		open_one(i);
	}
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	uint16_t assay = 0;
	char text[128];

	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
	printf("seed %llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < REQUESTS; i++) {
		const char *name = fuzz_requests[i].family;
		const char *group = !strcmp(name, "spdm") ? "sig" : "events";
		int sock = raw_open(),
		    error = raw_find(sock, name, group, &families[i], text, sizeof(text));

		close(sock);
		if (error) {
			printf("no family %s: %s\n", name, strerror(error));
			return 1;
		}
		if (!strcmp(name, "assay"))
			assay = families[i].id;
	}
	for (size_t i = 0; i < SOCKETS; i++)
		open_one(i);
	for (unsigned long i = 0; i < rounds; i++) {
		if (i % 64 == 0 && !learn(assay))
			return printf("the kernel shows no device any more\n"), 1;
		round_of(any(SOCKETS));
	}
	for (size_t i = 0; i < SOCKETS; i++)
		close(sockets[i]);
	printf("%lu requests: %lu acknowledged, %lu refused, %lu parts of dumps, %lu datagrams, "
	       "%lu sockets closed, %lu times events lost\n",
	       sent, acks, errors, dumps, datagrams, closed, lost);
	return !learn(assay) || !acks || !errors || !dumps || !closed;
}
