// SPDX-License-Identifier: Apache-2.0
/* Messages and attributes: the frame that all families have. */
#include "netlink_attr.h"

#include <linux/netlink.h>

#include "netlink_message.h"

enum { ATTR_HEAD = 4, ALIGN = 4, TYPE_BITS = 0x3fff };

/* ---- host order ---- */
static u16 host16(struct reader *r, const char *field)
{
	struct bytes b = read_bytes(r, 2, field);
	u16 v = 0;

	if (b.len)
		memcpy(&v, b.at, sizeof(v));
	return v;
}

static u32 host32(struct reader *r, const char *field)
{
	struct bytes b = read_bytes(r, 4, field);
	u32 v = 0;

	if (b.len)
		memcpy(&v, b.at, sizeof(v));
	return v;
}

static u64 host64(struct reader *r, const char *field)
{
	struct bytes b = read_bytes(r, 8, field);
	u64 v = 0;

	if (b.len)
		memcpy(&v, b.at, sizeof(v));
	return v;
}

/* What follows is aligned; the last one's padding may be missing. */
static void skip_padding(struct reader *r, size_t len)
{
	size_t padding = (ALIGN - len % ALIGN) % ALIGN;

	read_bytes(r, padding < r->left.len ? padding : r->left.len, "padding");
}

bool netlink_next(struct reader *r, struct netlink_message *out)
{
	u32 len;

	if (r->why || !r->left.len)
		return false;
	len = host32(r, "nlmsg_len");
	out->type = host16(r, "nlmsg_type");
	out->flags = host16(r, "nlmsg_flags");
	out->seq = host32(r, "nlmsg_seq");
	host32(r, "nlmsg_pid");
	if (!r->why && len < NLMSG_HDRLEN)
		reader_fail(r, "nlmsg_len");
	out->payload = r->why ? BYTES_NONE : read_bytes(r, len - NLMSG_HDRLEN, "nlmsg_len");
	skip_padding(r, len);
	return !r->why;
}

/* ---- attributes ---- */
bool netlink_next_attr(struct reader *r, struct netlink_attr *out)
{
	u16 len;

	if (r->why || !r->left.len)
		return false;
	len = host16(r, "nla_len");
	out->type = host16(r, "nla_type") & TYPE_BITS;
	if (!r->why && len < ATTR_HEAD)
		reader_fail(r, "nla_len");
	out->value = r->why ? BYTES_NONE : read_bytes(r, (size_t)len - ATTR_HEAD, "nla_len");
	skip_padding(r, len);
	return !r->why;
}

u8 netlink_attr_u8(struct reader *r, const struct netlink_attr *a, const char *field)
{
	struct reader v = reader_on(a->value);
	u8 got = read_u8(&v, field);

	if (read_done(&v))
		reader_fail(r, field);
	return got;
}

u32 netlink_attr_u32(struct reader *r, const struct netlink_attr *a, const char *field)
{
	struct reader v = reader_on(a->value);
	u32 got = host32(&v, field);

	if (read_done(&v))
		reader_fail(r, field);
	return got;
}

u64 netlink_attr_u64(struct reader *r, const struct netlink_attr *a, const char *field)
{
	struct reader v = reader_on(a->value);
	u64 got = host64(&v, field);

	if (read_done(&v))
		reader_fail(r, field);
	return got;
}

void netlink_attr_bytes(struct reader *r, const struct netlink_attr *a, u8 *out, size_t len,
			const char *field)
{
	if (a->value.len != len)
		reader_fail(r, field);
	else
		memcpy(out, a->value.at, len);
}

void netlink_attr_text(struct reader *r, const struct netlink_attr *a, char *out, size_t size,
		       const char *field)
{
	if (!a->value.len || a->value.len > size ||
	    memchr(a->value.at, 0, a->value.len) != a->value.at + a->value.len - 1)
		reader_fail(r, field);
	else
		memcpy(out, a->value.at, a->value.len);
}

int netlink_result(const struct reader *r, const char **why)
{
	*why = r->why;
	return r->why ? -EBADMSG : 0;
}

u8 netlink_command(struct bytes payload, struct reader *attrs)
{
	u8 cmd;

	*attrs = reader_on(payload);
	cmd = read_u8(attrs, "cmd");
	read_u8(attrs, "version");
	host16(attrs, "reserved");
	return cmd;
}

int netlink_parse_error(const struct netlink_message *m, int *error, char text[NETLINK_TEXT_MAX],
			const char **why)
{
	struct reader r = reader_on(m->payload);
	struct netlink_attr a;

	text[0] = 0;
	*error = (int)host32(&r, "error");
	if (m->type == NLMSG_ERROR) {
		u32 len = host32(&r, "nlmsg_len of the request");

		read_bytes(&r, NLMSG_HDRLEN - sizeof(len), "head of the request");
		if (!r.why && len < NLMSG_HDRLEN)
			reader_fail(&r, "nlmsg_len of the request");
		if (!r.why && *error && !(m->flags & NLM_F_CAPPED)) {
			read_bytes(&r, len - NLMSG_HDRLEN, "request");
			skip_padding(&r, len);
		}
	}
	while (m->flags & NLM_F_ACK_TLVS && netlink_next_attr(&r, &a))
		if (a.type == NLMSGERR_ATTR_MSG)
			netlink_attr_text(&r, &a, text, NETLINK_TEXT_MAX, "text of the error");
	if (!r.why && *error > 0)
		reader_fail(&r, "error");
	return netlink_result(&r, why);
}
