// SPDX-License-Identifier: GPL-2.0-only
/* Family "spdm": each signature that came, with all it is over, to who listens; nothing can be asked. */
#include <crypto/hash_info.h>
#include <linux/module.h>
#include <net/genetlink.h>

#include "assay_spdm.h"
#include "spdm_netlink.h"

static struct genl_family family;
static DEFINE_MUTEX(open_lock);
static bool is_open; /* open_lock */

/* One signed message: what comes before it in its transcript, and itself with the signature at the end. */
struct signed_message {
	u8 code;
	const char *context;
	struct bytes parts[2];
	size_t len;
	u32 request_nonce, response_nonce; /* offsets */
};

static u16 hash_algo_of(u32 base_hash)
{
	switch (base_hash) {
	case SPDM_SHA_256:
		return HASH_ALGO_SHA256;
	case SPDM_SHA_384:
		return HASH_ALGO_SHA384;
	default:
		return HASH_ALGO_SHA512;
	}
}

static int put_head(struct sk_buff *skb, const struct evidence *ev, const struct signed_message *m)
{
	u8 prefix[SPDM_PREFIX_LEN];
	char *path = kobject_get_path(&ev->dev->pdev->dev.kobj, GFP_KERNEL);
	int rc = -ENOMEM;

	if (path)
		rc = nla_put_string(skb, SPDM_A_SIG_DEVICE, path);
	kfree(path);
	if (rc || nla_put_u8(skb, SPDM_A_SIG_RSP_CODE, m->code) ||
	    nla_put_u8(skb, SPDM_A_SIG_SLOT, ev->slot) ||
	    nla_put_u16(skb, SPDM_A_SIG_HASH_ALGO, hash_algo_of(ev->nego.base_hash)) ||
	    nla_put_u32(skb, SPDM_A_SIG_SIG_OFFSET, (u32)m->len - ev->nego.sig_len) ||
	    nla_put_u32(skb, SPDM_A_SIG_REQ_NONCE_OFFSET, m->request_nonce) ||
	    nla_put_u32(skb, SPDM_A_SIG_RSP_NONCE_OFFSET, m->response_nonce))
		return -EMSGSIZE;
	if (ev->nego.version < SPDM_12)
		return 0;
	spdm_signature_prefix(ev->nego.version, m->context, prefix);
	return nla_put(skb, SPDM_A_SIG_COMBINED_SPDM_PREFIX, sizeof(prefix), prefix);
}

/* As many messages as it takes; only the first has a head, and no NLMSG_DONE ends them. */
static int send_message(const struct evidence *ev, const struct signed_message *m)
{
	size_t part = 0, at = 0;

	for (u32 seq = 0; part < ARRAY_SIZE(m->parts); seq++) {
		struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
		void *head =
			skb ? genlmsg_put(skb, 0, seq, &family, NLM_F_MULTI, SPDM_CMD_SIG) : NULL;

		if (!head || (!seq && put_head(skb, ev, m))) {
			nlmsg_free(skb);
			return -ENOMEM;
		}
		while (part < ARRAY_SIZE(m->parts)) {
			struct blob b = { (u8 *)m->parts[part].at, m->parts[part].len };
			int n = b.len ? chunk_put(skb, SPDM_A_SIG_TRANSCRIPT, &b, at) : 0;

			if (n < 0)
				break;
			at += (size_t)n;
			if (at < b.len)
				break;
			part++;
			at = 0;
		}
		genlmsg_end(skb, head);
		genlmsg_multicast(&family, skb, 0, 0, GFP_KERNEL);
	}
	return 0;
}

static u32 offset_in(const struct signed_message *m, struct bytes of)
{
	return (u32)(of.at - m->parts[1].at + (long)m->parts[0].len);
}

/* The requester parsed these bytes already: reading them again says where the nonces are. */
static bool measurements_message(const struct evidence *ev, struct signed_message *m)
{
	struct bytes all = { ev->measurements.at, ev->measurements.len };
	struct reader r = reader_on(all);
	struct spdm_get_measurements asked;
	struct spdm_measurements got = {};

	spdm_read_get_measurements(&r, ev->nego.version, &asked);
	if (!r.why)
		spdm_read_measurements(&r, &ev->nego, &asked, &got);
	if (r.why)
		return false;
	*m = (struct signed_message){ .code = SPDM_MEASUREMENTS,
				      .context = SPDM_CONTEXT_MEASUREMENTS };
	if (ev->nego.version >= SPDM_12)
		m->parts[0] = (struct bytes){ ev->vca.at, ev->vca.len };
	m->parts[1] = all;
	m->len = m->parts[0].len + all.len;
	m->request_nonce = offset_in(m, asked.nonce);
	m->response_nonce = offset_in(m, got.nonce);
	return true;
}

static bool challenge_message(const struct evidence *ev, struct signed_message *m)
{
	struct bytes all = { ev->challenge.at, ev->challenge.len };
	struct reader r = reader_on(bytes_slice(all, ev->challenge_at, all.len - ev->challenge_at));
	struct spdm_challenge asked = {};
	struct spdm_challenge_auth got = {};

	if (!ev->challenge_at)
		return false;
	spdm_read_challenge(&r, ev->nego.version, &asked);
	if (!r.why)
		spdm_read_challenge_auth(&r, &ev->nego, &asked, &got);
	if (r.why)
		return false;
	*m = (struct signed_message){ .code = SPDM_CHALLENGE_AUTH,
				      .context = SPDM_CONTEXT_CHALLENGE,
				      .parts = { { ev->vca.at, ev->vca.len }, all },
				      .len = ev->vca.len + all.len };
	m->request_nonce = offset_in(m, asked.nonce);
	m->response_nonce = offset_in(m, got.nonce);
	return true;
}

void signatures_send(const struct evidence *ev)
{
	struct signed_message m;

	guard(mutex)(&open_lock);
	if (!is_open || !genl_has_listeners(&family, &init_net, 0))
		return;
	if (challenge_message(ev, &m))
		send_message(ev, &m);
	if (measurements_message(ev, &m))
		send_message(ev, &m);
}

static const struct genl_multicast_group groups[] = { { .name = SPDM_MCGRP_SIG } };

static struct genl_family family = {
	.name = SPDM_FAMILY_NAME,
	.version = SPDM_FAMILY_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

static void set_open(bool open)
{
	guard(mutex)(&open_lock);
	is_open = open;
}

/* A kernel with the SPDM series has this family itself: then it is that kernel's to speak. */
int family_spdm_init(void)
{
	int rc = genl_register_family(&family);

	set_open(!rc);
	return rc == -EEXIST ? 0 : rc;
}

void family_spdm_exit(void)
{
	bool registered;

	scoped_guard(mutex, &open_lock)
		registered = is_open;
	set_open(false);
	if (registered)
		genl_unregister_family(&family);
}
