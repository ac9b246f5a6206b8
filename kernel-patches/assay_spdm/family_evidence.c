// SPDX-License-Identifier: GPL-2.0-only
/*
 * Family "device-evidence": READ dumps the objects of one device. A nonce has fresh evidence collected
 * first; no exchange with the device runs here, for genetlink's lock is held.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "assay_spdm.h"
#include "device_evidence.h"

/* What a dump holds between two calls: one immutable object, and where it is in it. */
struct read_state {
	struct evidence *ev;
	u32 mask; /* types not yet sent */
	u32 at;	  /* bytes sent of the lowest of them */
	bool begun;
};
static_assert(sizeof(struct read_state) <= sizeof_field(struct netlink_callback, ctx));

static struct read_state *state_of(struct netlink_callback *cb)
{
	return (struct read_state *)cb->ctx;
}

static struct blob object(const struct evidence *ev, unsigned int type)
{
	if (type <= DEVICE_EVIDENCE_TYPE_CERT7)
		return type == ev->slot ? ev->chain : (struct blob){};
	if (type == DEVICE_EVIDENCE_TYPE_VCA)
		return ev->vca;
	if (type == DEVICE_EVIDENCE_TYPE_MEASUREMENTS)
		return ev->measurements;
	return (struct blob){}; /* REPORT is of TDISP */
}

/* A caller who asks for the chain of one slot, with a nonce, means that slot. */
static u8 slot_wanted(u32 mask)
{
	u32 slots = mask & 0xff;

	return slots && !(slots & (slots - 1)) ? (u8)__ffs(slots) : 0;
}

static int read_evidence(struct spdm_dev *dev, struct nlattr **attrs, u32 mask,
			 struct netlink_ext_ack *extack, struct evidence **out)
{
	struct nlattr *nonce = attrs[DEVICE_EVIDENCE_A_OBJECT_NONCE];
	char why[ASSAY_WHY_MAX];
	int rc;

	if (!nonce) {
		rc = evidence_current(dev, out);
		if (rc == -EAGAIN)
			NL_SET_ERR_MSG(extack, "collecting: ask again");
		else if (rc)
			NL_SET_ERR_MSG(extack, "the device has given no evidence");
		return rc;
	}
	if (nla_len(nonce) != DEVICE_EVIDENCE_MAX_NONCE_SIZE) {
		NL_SET_ERR_MSG_ATTR(extack, nonce, "a nonce of SPDM has 32 bytes");
		return -EINVAL;
	}
	rc = spdm_collect_ask(dev, slot_wanted(mask), nla_data(nonce), out, why);
	if (rc == -EAGAIN)
		NL_SET_ERR_MSG(extack, "collecting: ask again with the same nonce");
	else if (rc)
		NL_SET_ERR_MSG_FMT(extack, "%s", why);
	return rc;
}

static int read_start(struct netlink_callback *cb)
{
	const struct genl_dumpit_info *info = genl_dumpit_info(cb);
	struct nlattr **attrs = info->info.attrs;
	struct read_state *state = state_of(cb);
	struct spdm_dev *dev;
	struct evidence *ev;
	u32 mask;
	int rc;

	if (GENL_REQ_ATTR_CHECK(&info->info, DEVICE_EVIDENCE_A_OBJECT_TYPE_MASK) ||
	    GENL_REQ_ATTR_CHECK(&info->info, DEVICE_EVIDENCE_A_OBJECT_SUBSYS) ||
	    GENL_REQ_ATTR_CHECK(&info->info, DEVICE_EVIDENCE_A_OBJECT_DEV_NAME))
		return -EINVAL;
	mask = nla_get_u32(attrs[DEVICE_EVIDENCE_A_OBJECT_TYPE_MASK]);
	if (attrs[DEVICE_EVIDENCE_A_OBJECT_FLAGS] &&
	    nla_get_u32(attrs[DEVICE_EVIDENCE_A_OBJECT_FLAGS])) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[DEVICE_EVIDENCE_A_OBJECT_FLAGS],
				    "digests are a TSM's, which this is not");
		return -EOPNOTSUPP;
	}
	if (nla_strcmp(attrs[DEVICE_EVIDENCE_A_OBJECT_SUBSYS], "pci")) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[DEVICE_EVIDENCE_A_OBJECT_SUBSYS],
				    "only the subsystem pci has a provider");
		return -EOPNOTSUPP;
	}
	dev = spdm_dev_find(nla_data(attrs[DEVICE_EVIDENCE_A_OBJECT_DEV_NAME]));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[DEVICE_EVIDENCE_A_OBJECT_DEV_NAME],
				    "no such device, or it has no CMA mailbox");
		return -ENODEV;
	}
	rc = read_evidence(dev, attrs, mask, cb->extack, &ev);
	spdm_dev_put(dev);
	if (rc)
		return rc;
	*state = (struct read_state){ .ev = ev, .mask = mask };
	return 0;
}

/* One message: the head of an object on its first, then as many of its bytes as fit. */
static int put_chunk(struct sk_buff *skb, struct netlink_callback *cb, struct read_state *state)
{
	unsigned int type = __ffs(state->mask);
	struct blob b = object(state->ev, type);
	void *head;
	int n;

	head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   genl_dumpit_info(cb)->info.family, NLM_F_MULTI,
			   DEVICE_EVIDENCE_CMD_READ);
	if (!head)
		return -EMSGSIZE;
	if (!state->begun &&
	    (nla_put_u32(skb, DEVICE_EVIDENCE_A_OBJECT_TYPE, type) ||
	     nla_put_u32(skb, DEVICE_EVIDENCE_A_OBJECT_GENERATION, state->ev->generation) ||
	     nla_put_u32(skb, DEVICE_EVIDENCE_A_OBJECT_LENGTH, (u32)b.len)))
		goto cancel;
	n = chunk_put(skb, DEVICE_EVIDENCE_A_OBJECT_VAL, &b, state->at);
	if (n < 0)
		goto cancel;
	genlmsg_end(skb, head);
	state->begun = true;
	state->at += (u32)n;
	if (state->at == b.len) {
		state->mask &= state->mask - 1;
		state->at = 0;
		state->begun = false;
	}
	return 0;
cancel:
	genlmsg_cancel(skb, head);
	return -EMSGSIZE;
}

static int read_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct read_state *state = state_of(cb);
	int rc = 0;

	while (state->mask && !rc)
		rc = put_chunk(skb, cb, state);
	if (rc == -EMSGSIZE && !skb->len)
		return rc; /* not even one fits */
	return skb->len;
}

static int read_end(struct netlink_callback *cb)
{
	struct read_state *state = state_of(cb);

	if (state->ev)
		evidence_put(state->ev);
	return 0;
}

static const struct nla_policy read_policy[DEVICE_EVIDENCE_A_OBJECT_NONCE + 1] = {
	[DEVICE_EVIDENCE_A_OBJECT_TYPE_MASK] = NLA_POLICY_MASK(NLA_U32, DEVICE_EVIDENCE_TYPE_ALL),
	[DEVICE_EVIDENCE_A_OBJECT_FLAGS] = NLA_POLICY_MASK(NLA_U32, DEVICE_EVIDENCE_FLAG_DIGEST),
	[DEVICE_EVIDENCE_A_OBJECT_SUBSYS] = { .type = NLA_NUL_STRING, .len = ASSAY_NAME_MAX },
	[DEVICE_EVIDENCE_A_OBJECT_DEV_NAME] = { .type = NLA_NUL_STRING, .len = ASSAY_NAME_MAX },
	[DEVICE_EVIDENCE_A_OBJECT_NONCE] = { .type = NLA_BINARY,
					     .len = DEVICE_EVIDENCE_MAX_NONCE_SIZE },
};

static const struct genl_split_ops ops[] = {
	{
		.cmd = DEVICE_EVIDENCE_CMD_READ,
		.start = read_start,
		.dumpit = read_dump,
		.done = read_end,
		.policy = read_policy,
		.maxattr = ARRAY_SIZE(read_policy) - 1,
		.flags = GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
};

static struct genl_family family = {
	.name = DEVICE_EVIDENCE_FAMILY_NAME,
	.version = DEVICE_EVIDENCE_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.split_ops = ops,
	.n_split_ops = ARRAY_SIZE(ops),
};

int family_evidence_init(void)
{
	return genl_register_family(&family);
}

void family_evidence_exit(void)
{
	genl_unregister_family(&family);
}
