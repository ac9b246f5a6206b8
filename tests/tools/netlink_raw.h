// SPDX-License-Identifier: Apache-2.0
/*
 * Generic netlink without a library, for tools that run in a test's virtual machine: requests as bytes, and answers of a
 * kernel that is trusted to be well-formed. Nothing is allocated.
 */
#ifndef ASSAY_TESTS_NETLINK_RAW_H
#define ASSAY_TESTS_NETLINK_RAW_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RAW_REQUEST_MAX = 4096, RAW_ANSWER_MAX = 65536, RAW_ATTR_HEAD = 4, RAW_TYPE_MASK = 0x3fff };

struct raw_request {
	struct nlmsghdr h;
	struct genlmsghdr g;
	uint8_t attrs[RAW_REQUEST_MAX];
};

/* A family as the kernel has it: its number and that of one group, 0 if there is none. */
struct raw_family {
	uint16_t id;
	uint32_t group;
};

typedef void raw_each(uint16_t type, const uint8_t *at, size_t len, void *user);

size_t raw_aligned(size_t len);
/** raw_open - a socket to the kernel that has errors explained; -errno. */
int raw_open(void);
struct raw_request raw_request(uint16_t family, uint8_t cmd, uint16_t flags);
/** raw_put - append an attribute. Return: whether there was room. */
bool raw_put(struct raw_request *r, uint16_t type, const void *at, size_t len);
/** raw_walk - call @each with every attribute between @at and @end. */
void raw_walk(const uint8_t *at, const uint8_t *end, raw_each *each, void *user);
/**
 * raw_error - errno that an answer's message carries, 0 if it carries none; @text, of @text_max bytes, gets the
 * kernel's explanation, or nothing.
 */
int raw_error(const struct nlmsghdr *h, char *text, size_t text_max);
/** raw_find - ask for @name, and for the number of @group unless it is NULL; errno. */
int raw_find(int sock, const char *name, const char *group, struct raw_family *out, char *text,
	     size_t text_max);

#endif
