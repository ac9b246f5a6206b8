// SPDX-License-Identifier: GPL-2.0-only
#include <crypto/sha2.h>
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "assay_spdm.h"

static atomic_t last_generation = ATOMIC_INIT(0);

static bool copy_blob(struct blob *to, const struct writer *from)
{
	to->len = from->len;
	to->at = from->len ? kvmemdup(from->at, from->len, GFP_KERNEL) : NULL;
	return to->at || !to->len;
}

static void evidence_free(struct kref *ref)
{
	struct evidence *ev = container_of(ref, struct evidence, ref);

	kvfree(ev->chain.at);
	kvfree(ev->vca.at);
	kvfree(ev->measurements.at);
	kvfree(ev->challenge.at);
	atomic_dec(&ev->dev->live);
	spdm_dev_put(ev->dev);
	kfree(ev);
}

void evidence_put(struct evidence *ev)
{
	kref_put(&ev->ref, evidence_free);
}

struct evidence *evidence_new(struct spdm_dev *dev, const struct spdm_requester *rq)
{
	struct spdm_chain chain;
	const char *why;
	struct evidence *ev;

	if (!atomic_add_unless(&dev->live, 1, EVIDENCE_LIVE_MAX))
		return ERR_PTR(-EBUSY);
	ev = kzalloc(sizeof(*ev), GFP_KERNEL);
	if (!ev) {
		atomic_dec(&dev->live);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&ev->ref);
	kref_get(&dev->ref);
	ev->dev = dev;
	ev->slot = rq->config.slot;
	ev->slots = rq->slots;
	ev->challenge_at = rq->challenge_at;
	memcpy(ev->nonce, rq->config.nonce, sizeof(ev->nonce));
	ev->nego = rq->nego;
	if (!copy_blob(&ev->chain, &rq->chain) || !copy_blob(&ev->vca, &rq->vca) ||
	    !copy_blob(&ev->measurements, &rq->measurements) ||
	    !copy_blob(&ev->challenge, &rq->challenge)) {
		evidence_put(ev);
		return ERR_PTR(-ENOMEM);
	}
	/* the requester parsed it already: it cannot fail */
	if (!spdm_parse_chain((struct bytes){ ev->chain.at, ev->chain.len }, ev->nego.hash_len,
			      &chain, &why))
		sha256(chain.certificates.at, chain.certificates.len, ev->chain_digest);
	/* zero says "none" to user space */
	do {
		ev->generation = (u32)atomic_inc_return(&last_generation);
	} while (!ev->generation);
	return ev;
}

int evidence_current(struct spdm_dev *dev, struct evidence **out)
{
	guard(mutex)(&dev->lock);
	*out = dev->evidence;
	if (!dev->evidence)
		return dev->pending || dev->running ? -EAGAIN : -ENODEV;
	kref_get(&dev->evidence->ref);
	return 0;
}

int measurements_digest(const struct spdm_negotiated *nego, const struct blob *measurements,
			const u8 indexes[SPDM_INDEXES_LEN], u8 out[ASSAY_DIGEST_LEN])
{
	struct reader r = reader_on((struct bytes){ measurements->at, measurements->len });
	struct spdm_get_measurements asked;
	struct spdm_measurements m = {};
	struct writer w;
	u8 *bytes;

	spdm_read_get_measurements(&r, nego->version, &asked);
	if (!r.why)
		spdm_read_measurements(&r, nego, &asked, &m);
	if (r.why)
		return -EBADMSG;
	/* a block takes no more room there than in the record */
	bytes = kvmalloc(m.record.len + 1, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;
	w = writer_on(bytes, m.record.len);
	spdm_write_stable(&w, m.record, indexes);
	sha256(bytes, w.len, out);
	kvfree(bytes);
	return w.full ? -EBADMSG : 0;
}

void evidence_forget(struct spdm_dev *dev)
{
	if (dev->evidence)
		evidence_put(dev->evidence);
	dev->evidence = NULL;
	dev->forgets++;
}
