// SPDX-License-Identifier: Apache-2.0
#include "netlink_raw.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

size_t raw_aligned(size_t len)
{
	return (len + 3) / 4 * 4;
}

int raw_open(void)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	int one = 1, sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (sock < 0)
		return -errno;
	if (connect(sock, (struct sockaddr *)&to, sizeof(to)) ||
	    setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one))) {
		one = errno;
		close(sock);
		return -one;
	}
	return sock;
}

struct raw_request raw_request(uint16_t family, uint8_t cmd, uint16_t flags)
{
	return (struct raw_request){ .h = { .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
					    .nlmsg_type = family,
					    .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
					    .nlmsg_seq = 1 },
				     .g = { .cmd = cmd, .version = 1 } };
}

bool raw_put(struct raw_request *r, uint16_t type, const void *at, size_t len)
{
	struct nlattr a = { .nla_len = (uint16_t)(RAW_ATTR_HEAD + len), .nla_type = type };
	size_t used = r->h.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);

	if (used + RAW_ATTR_HEAD + raw_aligned(len) > sizeof(r->attrs))
		return false;
	memcpy(r->attrs + used, &a, sizeof(a));
	memcpy(r->attrs + used + RAW_ATTR_HEAD, at, len);
	r->h.nlmsg_len += (uint32_t)(RAW_ATTR_HEAD + raw_aligned(len));
	return true;
}

void raw_walk(const uint8_t *at, const uint8_t *end, raw_each *each, void *user)
{
	struct nlattr a;

	for (; at + sizeof(a) <= end; at += raw_aligned(a.nla_len)) {
		memcpy(&a, at, sizeof(a));
		each(a.nla_type & RAW_TYPE_MASK, at + sizeof(a), a.nla_len - sizeof(a), user);
	}
}

struct text {
	char *to;
	size_t max;
};

static void take_text(uint16_t type, const uint8_t *at, size_t len, void *user)
{
	struct text *text = user;

	if (type == NLMSGERR_ATTR_MSG)
		snprintf(text->to, text->max, "%.*s", (int)len, (const char *)at);
}

int raw_error(const struct nlmsghdr *h, char *text, size_t text_max)
{
	const uint8_t *data = (const uint8_t *)NLMSG_DATA(h), *at = data + sizeof(int);
	struct nlmsgerr e;

	text[0] = 0;
	if (h->nlmsg_type != NLMSG_ERROR && h->nlmsg_type != NLMSG_DONE)
		return 0;
	memcpy(&e.error, data, sizeof(e.error));
	if (!e.error)
		return 0;
	if (h->nlmsg_type == NLMSG_ERROR) {
		memcpy(&e, data, sizeof(e));
		at = data + sizeof(e);
		if (!(h->nlmsg_flags & NLM_F_CAPPED)) /* the request is repeated whole */
			at += raw_aligned(e.msg.nlmsg_len) - sizeof(e.msg);
	}
	if (h->nlmsg_flags & NLM_F_ACK_TLVS)
		raw_walk(at, (const uint8_t *)h + h->nlmsg_len, take_text,
			 &(struct text){ text, text_max });
	return -e.error;
}

/* ---- which number a family and its group have ---- */
struct finding {
	const char *wanted;
	struct raw_family *out;
	uint32_t id; /* of the group at hand */
	bool is_it;
};

static void take_group_part(uint16_t type, const uint8_t *at, size_t len, void *user)
{
	struct finding *f = user;

	if (type == CTRL_ATTR_MCAST_GRP_ID)
		memcpy(&f->id, at, sizeof(f->id));
	else if (type == CTRL_ATTR_MCAST_GRP_NAME)
		f->is_it = !strncmp((const char *)at, f->wanted, len);
}

static void take_group(uint16_t type, const uint8_t *at, size_t len, void *user)
{
	struct finding *f = user;

	(void)type;
	f->is_it = false;
	raw_walk(at, at + len, take_group_part, f);
	if (f->is_it)
		f->out->group = f->id;
}

static void take_family(uint16_t type, const uint8_t *at, size_t len, void *user)
{
	struct finding *f = user;

	if (type == CTRL_ATTR_FAMILY_ID)
		memcpy(&f->out->id, at, sizeof(f->out->id));
	else if (type == CTRL_ATTR_MCAST_GROUPS && f->wanted)
		raw_walk(at, at + len, take_group, f);
}

int raw_find(int sock, const char *name, const char *group, struct raw_family *out, char *text,
	     size_t text_max)
{
	/* no larger: the kernel makes a dump's messages as large as the largest receive that it has seen */
	static uint8_t answer[4096];
	struct raw_request r = raw_request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	struct nlmsghdr *h = (struct nlmsghdr *)answer;
	struct finding f = { .wanted = group, .out = out };
	int error;

	*out = (struct raw_family){ 0 };
	text[0] = 0;
	raw_put(&r, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	if (send(sock, &r, r.h.nlmsg_len, 0) < 0 || recv(sock, answer, sizeof(answer), 0) < 0)
		return errno;
	error = raw_error(h, text, text_max);
	if (!error)
		raw_walk((uint8_t *)NLMSG_DATA(h) + GENL_HDRLEN, answer + h->nlmsg_len, take_family,
			 &f);
	return error;
}
