// SPDX-License-Identifier: Apache-2.0
/*
 * A raw generic-netlink client, without a library, so that it fits into a test's virtual machine and can ask
 * what no library would. It knows numbers only, no family.
 *
 *	netlink-ask [--uid N] [--keep CAP_NET_ADMIN] [--slow MS] [--again MS] FAMILY COMMAND do|dump [NR=KIND:VALUE]...
 *	netlink-ask [--uid N] FAMILY listen GROUP MS
 *
 * KIND is u8, u32, u64, str or hex. Each message of the answer is a line "NR:HEX NR:HEX ...", an error is
 * "error ERRNO TEXT" and exit status 2; listen prints what the group sends until nothing came for MS.
 * --uid: be that user. --keep: of all capabilities only this number. --slow: read a dump slowly, into a
 * small buffer. --again: asks again for so long while the kernel says EAGAIN, and says in the end how long
 * it all took, "us N".
 */
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "netlink_raw.h"

enum { SLOW_BUFFER = 4096 };

static uint8_t answer[RAW_ANSWER_MAX];
static int sock;
static unsigned int slow_ms, again_ms;
static bool asked_too_early;
static struct raw_family family;
static char ack_text[256];

/* The kernel makes a dump's messages as large as the largest receive it has seen. */
static size_t answer_max(void)
{
	return slow_ms ? SLOW_BUFFER : sizeof(answer);
}

static void fail(int error, const char *text)
{
	printf("error %d %s\n", error, text && *text ? text : strerror(error));
	exit(2);
}

static void put(struct raw_request *r, uint16_t type, const void *at, size_t len)
{
	if (!raw_put(r, type, at, len))
		fail(E2BIG, NULL);
}

/* An error ends the program. */
static void check_error(const struct nlmsghdr *h)
{
	int error = raw_error(h, ack_text, sizeof(ack_text));

	if (h->nlmsg_type != NLMSG_ERROR && h->nlmsg_type != NLMSG_DONE)
		return;
	asked_too_early = error == EAGAIN && again_ms;
	if (error && !asked_too_early)
		fail(error, ack_text);
}

static void print_attribute(uint16_t type, const uint8_t *at, size_t len, void *user)
{
	(void)user;
	printf("%u:", type);
	for (size_t i = 0; i < len; i++)
		printf("%02x", at[i]);
	putchar(' ');
}

static void print_message(const struct nlmsghdr *h)
{
	const struct genlmsghdr *g = NLMSG_DATA(h);

	printf("%u ", g->cmd);
	raw_walk((const uint8_t *)g + GENL_HDRLEN, (const uint8_t *)h + h->nlmsg_len,
		 print_attribute, NULL);
	putchar('\n');
	fflush(stdout);
}

/* One datagram; true when the answer is complete. */
static bool print_datagram(void)
{
	ssize_t n = recv(sock, answer, answer_max(), 0);
	struct nlmsghdr *h = (struct nlmsghdr *)answer;

	if (n < 0)
		fail(errno, NULL);
	for (; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
		check_error(h);
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
			return true;
		print_message(h);
	}
	return false;
}

static void add(struct raw_request *r, const char *arg)
{
	uint16_t nr = (uint16_t)atoi(arg);
	const char *kind = strchr(arg, '='), *value = kind ? strchr(kind, ':') : NULL;
	uint8_t bytes[256];
	uint64_t number;
	size_t n = 0;

	if (!value++)
		fail(EINVAL, "NR=KIND:VALUE");
	number = strtoull(value, NULL, 0);
	if (!strncmp(kind, "=u8:", 4)) {
		put(r, nr, &(uint8_t){ (uint8_t)number }, 1);
	} else if (!strncmp(kind, "=u32:", 5)) {
		put(r, nr, &(uint32_t){ (uint32_t)number }, 4);
	} else if (!strncmp(kind, "=u64:", 5)) {
		put(r, nr, &number, 8);
	} else if (!strncmp(kind, "=str:", 5)) {
		put(r, nr, value, strlen(value) + 1);
	} else {
		for (unsigned int byte; n < sizeof(bytes) && sscanf(value, "%2x", &byte) == 1;
		     value += 2)
			bytes[n++] = (uint8_t)byte;
		put(r, nr, bytes, n);
	}
}

static void keep_only(int capability)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	data[capability / 32].effective = data[capability / 32].permitted = 1U << capability % 32;
	if (syscall(SYS_capset, &head, data))
		fail(errno, NULL);
}

static void listen_to(const char *group, int quiet_ms)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };

	if (!family.group)
		fail(ENOENT, group);
	if (setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &family.group,
		       sizeof(family.group)))
		fail(errno, NULL);
	puts("listening");
	fflush(stdout);
	while (poll(&p, 1, quiet_ms) > 0)
		print_datagram();
}

static unsigned long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long)t.tv_sec * 1000000 + (unsigned long)t.tv_nsec / 1000;
}

static void ask(const struct raw_request *r)
{
	unsigned long began = now_us();

	do {
		asked_too_early = false;
		if (send(sock, r, r->h.nlmsg_len, 0) < 0)
			fail(errno, NULL);
		do
			usleep(slow_ms * 1000);
		while (!print_datagram());
	} while (asked_too_early && now_us() - began < again_ms * 1000UL);
	if (asked_too_early)
		fail(EAGAIN, NULL);
	if (again_ms)
		printf("us %lu\n", now_us() - began);
}

int main(int argc, char **argv)
{
	struct raw_request r;
	const char *group;
	int at = 1, error;
	bool dump;

	for (; at + 1 < argc && !strncmp(argv[at], "--", 2); at += 2) {
		if (!strcmp(argv[at], "--slow"))
			slow_ms = (unsigned int)atoi(argv[at + 1]);
		else if (!strcmp(argv[at], "--again"))
			again_ms = (unsigned int)atoi(argv[at + 1]);
		else if (!strcmp(argv[at], "--keep"))
			keep_only(atoi(argv[at + 1]));
		else if (setuid((uid_t)atoi(argv[at + 1])))
			fail(errno, NULL);
	}
	if (argc - at < 3)
		fail(EINVAL,
		     "usage: netlink-ask [OPTIONS] FAMILY COMMAND do|dump [NR=KIND:VALUE]...");
	sock = raw_open();
	if (sock < 0)
		fail(-sock, NULL);
	group = !strcmp(argv[at + 1], "listen") ? argv[at + 2] : NULL;
	error = raw_find(sock, argv[at], group, &family, ack_text, sizeof(ack_text));
	if (error)
		fail(error, ack_text);
	if (group) {
		listen_to(group, argc - at > 3 ? atoi(argv[at + 3]) : 1000);
		return 0;
	}
	dump = !strcmp(argv[at + 2], "dump");
	r = raw_request(family.id, (uint8_t)atoi(argv[at + 1]), dump ? NLM_F_DUMP : NLM_F_ACK);
	for (int i = at + 3; i < argc; i++)
		add(&r, argv[i]);
	ask(&r);
	return 0;
}
