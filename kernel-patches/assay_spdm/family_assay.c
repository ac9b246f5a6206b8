// SPDX-License-Identifier: GPL-2.0-only
/*
 * Family "assay": what state each device is in, evidence on demand, what user space accepted, and events.
 * No exchange with a device runs here: COLLECT and CHECK queue it, and an event tells its end.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/random.h>
#include <net/genetlink.h>

#include "assay_spdm.h"

static struct genl_family family;
static DEFINE_MUTEX(event_lock); /* events go out in the order of their numbers */
static u64 last_seq;		 /* event_lock */
static bool is_open;		 /* event_lock */

/* ---- what STATUS and EVENT say of a device; all under dev->lock ---- */
static enum assay_state state_of(const struct spdm_dev *dev)
{
	if (dev->mismatch)
		return ASSAY_STATE_FAILED;
	if (dev->checking)
		return ASSAY_STATE_CHECKING;
	if (dev->pending || dev->running)
		return ASSAY_STATE_COLLECTING;
	if (dev->accepted.ev)
		return ASSAY_STATE_ACCEPTED;
	switch (dev->error) {
	case 0:
		return dev->evidence ? ASSAY_STATE_EVIDENCE : ASSAY_STATE_FOUND;
	case -EOPNOTSUPP:
		return ASSAY_STATE_UNSUPPORTED;
	case -EBADMSG:
	case -EKEYREJECTED:
	case -EPROTO:
		return ASSAY_STATE_FAILED;
	default:
		return ASSAY_STATE_UNREACHABLE;
	}
}

static int put_identity(struct sk_buff *skb, const struct spdm_dev *dev)
{
	u32 generation = dev->evidence ? dev->evidence->generation : 0;

	return nla_put_u64_64bit(skb, ASSAY_A_DEV_ID, dev->id, ASSAY_A_PAD) ||
	       nla_put_string(skb, ASSAY_A_SUBSYS, "pci") ||
	       nla_put_string(skb, ASSAY_A_DEV_NAME, pci_name(dev->pdev)) ||
	       nla_put_u32(skb, ASSAY_A_GENERATION, generation) ||
	       nla_put_u32(skb, ASSAY_A_STATE, state_of(dev)) ||
	       nla_put_s32(skb, ASSAY_A_ERROR, dev->error) ||
	       nla_put_string(skb, ASSAY_A_WHY, dev->why);
}

static int put_evidence(struct sk_buff *skb, const struct spdm_dev *dev)
{
	const struct evidence *ev = dev->evidence;
	const struct acceptance *a = &dev->accepted;
	u8 digest[ASSAY_DIGEST_LEN], indexes[SPDM_INDEXES_LEN];

	if (!ev)
		return 0;
	spdm_indexes_default(indexes);
	if (a->ev)
		memcpy(indexes, a->indexes, sizeof(indexes));
	return nla_put_u8(skb, ASSAY_A_SLOT, ev->slot) ||
	       nla_put_u8(skb, ASSAY_A_SLOT_MASK, ev->slots) ||
	       nla_put_u8(skb, ASSAY_A_SPDM_VERSION, ev->nego.version) ||
	       nla_put_u32(skb, ASSAY_A_BASE_ASYM, ev->nego.base_asym) ||
	       nla_put_u32(skb, ASSAY_A_BASE_HASH, ev->nego.base_hash) ||
	       nla_put_u32(skb, ASSAY_A_MEAS_HASH, ev->nego.meas_hash) ||
	       nla_put(skb, ASSAY_A_NONCE, sizeof(ev->nonce), ev->nonce) ||
	       nla_put(skb, ASSAY_A_CHAIN_DIGEST, sizeof(ev->chain_digest), ev->chain_digest) ||
	       measurements_digest(&ev->nego, &ev->measurements, indexes, digest) ||
	       nla_put(skb, ASSAY_A_MEAS_DIGEST, sizeof(digest), digest) ||
	       nla_put(skb, ASSAY_A_MEAS_INDEXES, sizeof(indexes), indexes);
}

/* A stock kernel detects; only a held probe is prevented, and stays so once it is let go by ACCEPT. */
static int put_acceptance(struct sk_buff *skb, const struct spdm_dev *dev)
{
	u32 prevents = spdm_hold_prevents(dev) ? ASSAY_COVER_HOLD : 0;

	return nla_put_u32(skb, ASSAY_A_COVERAGE, ASSAY_COVER_RESUME | watch_covers()) ||
	       nla_put_u32(skb, ASSAY_A_PREVENTS, prevents) ||
	       nla_put_u32(skb, ASSAY_A_HOLD, dev->hold) ||
	       nla_put_u32(skb, ASSAY_A_ON_FAIL,
			   dev->accepted.ev ? dev->accepted.on_fail : ASSAY_ON_FAIL_DETACH) ||
	       nla_put_u64_64bit(skb, ASSAY_A_CHECKS, dev->checks, ASSAY_A_PAD) ||
	       nla_put_u64_64bit(skb, ASSAY_A_LAST_CHECK, dev->last_check, ASSAY_A_PAD);
}

static u64 seq_now(void)
{
	guard(mutex)(&event_lock);
	return last_seq;
}

static int put_status(struct sk_buff *skb, struct spdm_dev *dev)
{
	/* taken before the state is read: an event in between is seen twice, not missed */
	u64 seq = seq_now();

	guard(mutex)(&dev->lock);
	return nla_put_u64_64bit(skb, ASSAY_A_SEQ, seq, ASSAY_A_PAD) || put_identity(skb, dev) ||
			       put_evidence(skb, dev) || put_acceptance(skb, dev)
		       ? -EMSGSIZE
		       : 0;
}

/* ---- EVENT ---- */
static int put_event(struct sk_buff *skb, struct spdm_dev *dev, enum assay_cause cause)
{
	guard(mutex)(&dev->lock);
	return put_identity(skb, dev) || nla_put_u32(skb, ASSAY_A_CAUSE, cause);
}

void event_send(struct spdm_dev *dev, enum assay_cause cause)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *head = skb ? genlmsg_put(skb, 0, 0, &family, 0, ASSAY_CMD_EVENT) : NULL;

	guard(mutex)(&event_lock);
	last_seq++; /* also when it cannot be sent: who compares numbers finds out */
	if (!head || !is_open || put_event(skb, dev, cause) ||
	    nla_put_u64_64bit(skb, ASSAY_A_SEQ, last_seq, ASSAY_A_PAD)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast(&family, skb, 0, 0, GFP_KERNEL);
}

/* ---- which device ---- */
static struct spdm_dev *or_say_so(struct spdm_dev *dev, struct genl_info *info)
{
	if (dev)
		return dev;
	NL_SET_ERR_MSG(info->extack, "no such device, or it has no CMA mailbox");
	return ERR_PTR(-ENODEV);
}

/* info->attrs ends where the policy of the command does: only DEV_ID is in all of them */
static struct spdm_dev *device_by_id(struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, ASSAY_A_DEV_ID))
		return ERR_PTR(-EINVAL);
	return or_say_so(spdm_dev_find_id(nla_get_u64(info->attrs[ASSAY_A_DEV_ID])), info);
}

/* CAP_NET_ADMIN lets one look and ask; what changes a device's standing needs CAP_SYS_ADMIN too. */
static int may_change(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack, "needs CAP_SYS_ADMIN");
	return -EPERM;
}

/* ---- STATUS ---- */
static int status_do(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	struct spdm_dev *dev;
	void *head;
	int rc = -ENOMEM;

	if (info->attrs[ASSAY_A_DEV_ID] || !info->attrs[ASSAY_A_DEV_NAME])
		dev = device_by_id(info);
	else
		dev = or_say_so(spdm_dev_find(nla_data(info->attrs[ASSAY_A_DEV_NAME])), info);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	head = reply ? genlmsg_put_reply(reply, info, &family, 0, ASSAY_CMD_STATUS) : NULL;
	if (head)
		rc = put_status(reply, dev);
	spdm_dev_put(dev);
	if (rc) {
		nlmsg_free(reply);
		return rc;
	}
	genlmsg_end(reply, head);
	return genlmsg_reply(reply, info);
}

struct status_state {
	u64 done; /* id of the device that was sent last */
};

static int status_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct status_state *state = (struct status_state *)cb->ctx;
	struct spdm_dev *dev;

	while ((dev = spdm_dev_after(state->done))) {
		void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					 &family, NLM_F_MULTI, ASSAY_CMD_STATUS);
		u64 id = dev->id;
		int rc = head ? put_status(skb, dev) : -EMSGSIZE;

		spdm_dev_put(dev);
		if (rc) {
			if (head)
				genlmsg_cancel(skb, head);
			return skb->len ? skb->len : rc;
		}
		genlmsg_end(skb, head);
		state->done = id;
	}
	return skb->len;
}

/* ---- COLLECT, ACCEPT, FORGET, CHECK ---- */
static int collect_do(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *slot = info->attrs[ASSAY_A_SLOT];
	struct nlattr *challenge = info->attrs[ASSAY_A_CHALLENGE_NONCE];
	struct collect_job job = { .slot = slot ? nla_get_u8(slot) : 0 };
	struct spdm_dev *dev;
	int rc = may_change(skb, info);

	if (rc)
		return rc;
	if (GENL_REQ_ATTR_CHECK(info, ASSAY_A_NONCE))
		return -EINVAL;
	nla_memcpy(job.nonce, info->attrs[ASSAY_A_NONCE], sizeof(job.nonce));
	if (challenge)
		nla_memcpy(job.challenge_nonce, challenge, sizeof(job.challenge_nonce));
	else
		get_random_bytes(job.challenge_nonce, sizeof(job.challenge_nonce));
	dev = device_by_id(info);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	rc = spdm_collect_start(dev, &job);
	if (rc == -EBUSY)
		NL_SET_ERR_MSG(info->extack, "another collection runs");
	else if (rc == -ESTALE)
		NL_SET_ERR_MSG(info->extack, ASSAY_WHY_RESET);
	spdm_dev_put(dev);
	return rc;
}

static int accept_do(struct sk_buff *skb, struct genl_info *info)
{
	struct acceptance a = { .on_fail = ASSAY_ON_FAIL_DETACH,
				.strict = info->attrs[ASSAY_A_STRICT] };
	const char *why = NULL;
	struct spdm_dev *dev;
	int rc = may_change(skb, info);

	if (rc)
		return rc;
	if (GENL_REQ_ATTR_CHECK(info, ASSAY_A_GENERATION) ||
	    GENL_REQ_ATTR_CHECK(info, ASSAY_A_SLOT) ||
	    GENL_REQ_ATTR_CHECK(info, ASSAY_A_CHAIN_DIGEST) ||
	    GENL_REQ_ATTR_CHECK(info, ASSAY_A_MEAS_DIGEST))
		return -EINVAL;
	if (info->attrs[ASSAY_A_ON_FAIL])
		a.on_fail = nla_get_u32(info->attrs[ASSAY_A_ON_FAIL]);
	spdm_indexes_default(a.indexes);
	if (info->attrs[ASSAY_A_MEAS_INDEXES])
		nla_memcpy(a.indexes, info->attrs[ASSAY_A_MEAS_INDEXES], sizeof(a.indexes));
	dev = device_by_id(info);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	rc = spdm_accept(dev, nla_get_u32(info->attrs[ASSAY_A_GENERATION]),
			 nla_get_u8(info->attrs[ASSAY_A_SLOT]),
			 nla_data(info->attrs[ASSAY_A_CHAIN_DIGEST]),
			 nla_data(info->attrs[ASSAY_A_MEAS_DIGEST]), &a, &why);
	if (rc)
		NL_SET_ERR_MSG_FMT(info->extack, "%s", why);
	else
		event_send(dev, ASSAY_CAUSE_TRIGGER);
	spdm_dev_put(dev);
	return rc;
}

static int forget_do(struct sk_buff *skb, struct genl_info *info)
{
	struct spdm_dev *dev;
	int rc = may_change(skb, info);

	if (rc)
		return rc;
	dev = device_by_id(info);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	rc = spdm_forget(dev);
	if (rc == -EBUSY)
		NL_SET_ERR_MSG(info->extack, "its driver is being detached or bound");
	spdm_dev_put(dev);
	return rc;
}

static int check_do(struct sk_buff *skb, struct genl_info *info)
{
	struct spdm_dev *dev = device_by_id(info);
	int rc;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	rc = spdm_check_start(dev, ASSAY_CAUSE_TRIGGER);
	if (rc == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "nothing was accepted");
	else if (rc == -EBUSY)
		NL_SET_ERR_MSG(info->extack, "a check runs");
	spdm_dev_put(dev);
	return rc;
}

/* ---- TRANSCRIPT ---- */
struct transcript_state {
	struct evidence *ev;
	u32 at;
	u8 kind;
	bool begun, ended;
};
static_assert(sizeof(struct transcript_state) <= sizeof_field(struct netlink_callback, ctx));

static const struct blob *transcript(const struct evidence *ev, u8 kind)
{
	switch (kind) {
	case ASSAY_KIND_CHAIN:
		return &ev->chain;
	case ASSAY_KIND_VCA:
		return &ev->vca;
	case ASSAY_KIND_MEASUREMENTS:
		return &ev->measurements;
	default:
		return &ev->challenge;
	}
}

static int transcript_start(struct netlink_callback *cb)
{
	struct transcript_state *state = (struct transcript_state *)cb->ctx;
	struct genl_info info = genl_dumpit_info(cb)->info;
	struct spdm_dev *dev;
	struct evidence *ev;
	int rc;

	info.extack = cb->extack;
	if (GENL_REQ_ATTR_CHECK(&info, ASSAY_A_GENERATION) ||
	    GENL_REQ_ATTR_CHECK(&info, ASSAY_A_KIND))
		return -EINVAL;
	dev = device_by_id(&info);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	rc = evidence_current(dev, &ev);
	spdm_dev_put(dev);
	if (!rc && ev->generation != nla_get_u32(info.attrs[ASSAY_A_GENERATION])) {
		evidence_put(ev);
		rc = -ESTALE;
		NL_SET_ERR_MSG(cb->extack, "the evidence is of another generation");
	}
	if (!rc)
		*state = (struct transcript_state){ .ev = ev,
						    .kind = nla_get_u8(info.attrs[ASSAY_A_KIND]) };
	return rc;
}

static int transcript_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct transcript_state *state = (struct transcript_state *)cb->ctx;
	const struct blob *b = transcript(state->ev, state->kind);

	while (!state->ended) {
		void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					 &family, NLM_F_MULTI, ASSAY_CMD_TRANSCRIPT);
		int n = -EMSGSIZE;

		if (head && (state->begun || !nla_put_u32(skb, ASSAY_A_LENGTH, (u32)b->len)))
			n = chunk_put(skb, ASSAY_A_VAL, b, state->at);
		if (n < 0) {
			if (head)
				genlmsg_cancel(skb, head);
			return skb->len ? skb->len : n;
		}
		genlmsg_end(skb, head);
		state->begun = true;
		state->at += (u32)n;
		state->ended = state->at == b->len;
	}
	return skb->len;
}

static int transcript_end(struct netlink_callback *cb)
{
	struct transcript_state *state = (struct transcript_state *)cb->ctx;

	if (state->ev)
		evidence_put(state->ev);
	return 0;
}

/* ---- LOG ---- */
struct log_state {
	u64 done;
};

static int log_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct log_state *state = (struct log_state *)cb->ctx;
	const struct tpm_entry *entry;

	while ((entry = tpm_log_after(state->done))) {
		void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					 &family, NLM_F_MULTI, ASSAY_CMD_LOG);
		struct nlattr *nest = NULL;

		if (head && !nla_put_u32(skb, ASSAY_A_TPM_PCR, (u32)tpm_log_pcr()) &&
		    !nla_put_u64_64bit(skb, ASSAY_A_TPM_LOG_COUNT, entry->count, ASSAY_A_PAD))
			nest = nla_nest_start(skb, ASSAY_A_TPM_LOG_ENTRY);
		if (!nest || nla_put(skb, ASSAY_LOG_A_DATA, (int)entry->len, entry->data)) {
			if (head)
				genlmsg_cancel(skb, head);
			return skb->len ? skb->len : -EMSGSIZE;
		}
		nla_nest_end(skb, nest);
		genlmsg_end(skb, head);
		state->done = entry->count;
	}
	return skb->len;
}

/* ---- the tables; ../netlink/assay.yaml is the same in words ---- */
#define POLICY_BYTES NLA_POLICY_EXACT_LEN(32)
#define POLICY_SLOT  NLA_POLICY_MAX(NLA_U8, 7)

static const struct nla_policy status_policy[] = {
	[ASSAY_A_DEV_ID] = { .type = NLA_U64 },
	[ASSAY_A_SUBSYS] = { .type = NLA_NUL_STRING, .len = ASSAY_NAME_MAX },
	[ASSAY_A_DEV_NAME] = { .type = NLA_NUL_STRING, .len = ASSAY_NAME_MAX },
};

static const struct nla_policy collect_policy[] = {
	[ASSAY_A_DEV_ID] = { .type = NLA_U64 },
	[ASSAY_A_SLOT] = POLICY_SLOT,
	[ASSAY_A_NONCE] = POLICY_BYTES,
	[ASSAY_A_CHALLENGE_NONCE] = POLICY_BYTES,
};

static const struct nla_policy accept_policy[] = {
	[ASSAY_A_DEV_ID] = { .type = NLA_U64 },
	[ASSAY_A_GENERATION] = NLA_POLICY_MIN(NLA_U32, 1),
	[ASSAY_A_SLOT] = POLICY_SLOT,
	[ASSAY_A_CHAIN_DIGEST] = POLICY_BYTES,
	[ASSAY_A_MEAS_DIGEST] = POLICY_BYTES,
	[ASSAY_A_MEAS_INDEXES] = POLICY_BYTES,
	[ASSAY_A_ON_FAIL] = NLA_POLICY_MAX(NLA_U32, ASSAY_ON_FAIL_MAX),
	[ASSAY_A_STRICT] = { .type = NLA_FLAG },
};

static const struct nla_policy forget_policy[] = {
	[ASSAY_A_DEV_ID] = { .type = NLA_U64 },
};

static const struct nla_policy check_policy[] = {
	[ASSAY_A_DEV_ID] = { .type = NLA_U64 },
};

static const struct nla_policy transcript_policy[] = {
	[ASSAY_A_DEV_ID] = { .type = NLA_U64 },
	[ASSAY_A_GENERATION] = NLA_POLICY_MIN(NLA_U32, 1),
	[ASSAY_A_KIND] = NLA_POLICY_RANGE(NLA_U8, ASSAY_KIND_CHAIN, ASSAY_KIND_MAX),
};

#define TAKES(name) .policy = name##_policy, .maxattr = ARRAY_SIZE(name##_policy) - 1
#define DO	    (GENL_ADMIN_PERM | GENL_CMD_CAP_DO)
#define DUMP	    (GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP)

static const struct genl_split_ops ops[] = {
	{ .cmd = ASSAY_CMD_STATUS, .doit = status_do, TAKES(status), .flags = DO },
	{ .cmd = ASSAY_CMD_STATUS, .dumpit = status_dump, .flags = DUMP },
	{ .cmd = ASSAY_CMD_COLLECT, .doit = collect_do, TAKES(collect), .flags = DO },
	{ .cmd = ASSAY_CMD_ACCEPT, .doit = accept_do, TAKES(accept), .flags = DO },
	{ .cmd = ASSAY_CMD_FORGET, .doit = forget_do, TAKES(forget), .flags = DO },
	{ .cmd = ASSAY_CMD_CHECK, .doit = check_do, TAKES(check), .flags = DO },
	{ .cmd = ASSAY_CMD_LOG, .dumpit = log_dump, .flags = DUMP },
	{ .cmd = ASSAY_CMD_TRANSCRIPT,
	  .start = transcript_start,
	  .dumpit = transcript_dump,
	  .done = transcript_end,
	  TAKES(transcript),
	  .flags = DUMP },
};

static const struct genl_multicast_group groups[] = { { .name = ASSAY_MCGRP_EVENTS } };

static struct genl_family family = {
	.name = ASSAY_FAMILY_NAME,
	.version = ASSAY_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.split_ops = ops,
	.n_split_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

static void set_open(bool open)
{
	guard(mutex)(&event_lock);
	is_open = open;
}

int family_assay_init(void)
{
	int rc = genl_register_family(&family);

	if (!rc)
		set_open(true);
	return rc;
}

void family_assay_exit(void)
{
	set_open(false);
	genl_unregister_family(&family);
}
