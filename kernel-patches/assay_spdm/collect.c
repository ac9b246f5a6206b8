// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/pci-doe.h> /* needs pci.h before it */
#include <linux/random.h>
#include <linux/slab.h>

#include "assay_spdm.h"

enum { DOE_CMA_SPDM = 1, ASK_WAIT_MS = 100, COLLECT_MAX_S = 30 };

/* what the kernel can verify: neither tree has RSA-PSS */
#define ASYM_OFFERED                                                                               \
	(SPDM_ECDSA_P256 | SPDM_ECDSA_P384 | SPDM_RSASSA_2048 | SPDM_RSASSA_3072 | SPDM_RSASSA_4096)

static struct workqueue_struct *collect_queue;

static bool is_dying(struct spdm_dev *dev)
{
	guard(mutex)(&dev->lock);
	return dev->dying;
}

/* The memory that one collection needs: too much for a stack, and gone when it ends. */
struct collection {
	struct spdm_requester rq;
	u8 response[SPDM_MSG_MAX + 4];
	u8 vca[2048];
	u8 chain[SPDM_CHAIN_MAX];
	u8 challenge[SPDM_CHAIN_MAX + 8192];
	u8 measurements[SPDM_MSG_MAX + 256];
};

static int exchange_all(struct spdm_dev *dev, struct collection *c, const char **why)
{
	ktime_t end = ktime_add_ms(ktime_get(), COLLECT_MAX_S * MSEC_PER_SEC);
	int rc;

	while (!spdm_requester_done(&c->rq)) {
		struct bytes request = spdm_requester_next(&c->rq);

		*why = NULL;
		if (is_dying(dev))
			return -ENODEV;
		if (ktime_after(ktime_get(), end)) {
			*why = "device takes too long";
			return -ETIMEDOUT;
		}
		rc = pci_doe(dev->mb, PCI_VENDOR_ID_PCI_SIG, DOE_CMA_SPDM, request.at, request.len,
			     c->response, sizeof(c->response));
		if (rc < 0) {
			*why = "device does not answer over DOE";
			return rc;
		}
		rc = spdm_requester_take(&c->rq, (struct bytes){ c->response, (size_t)rc }, why);
		if (rc == -EAGAIN)
			fsleep(c->rq.wait_us);
		else if (rc)
			return rc;
	}
	return 0;
}

static int collect(struct spdm_dev *dev, const struct collect_job *job, struct evidence **out,
		   const char **why)
{
	struct collection *c = kvzalloc(sizeof(*c), GFP_KERNEL);
	struct evidence *ev;
	int rc;

	*why = "no memory";
	if (!c)
		return -ENOMEM;
	c->rq.config = (struct spdm_requester_config){
		.version_min = SPDM_10,
		.version_max = SPDM_13,
		.base_asym = ASYM_OFFERED,
		.slot = job->slot,
	};
	memcpy(c->rq.config.nonce, job->nonce, SPDM_NONCE_LEN);
	memcpy(c->rq.config.challenge_nonce, job->challenge_nonce, SPDM_NONCE_LEN);
	get_random_bytes(c->rq.config.context, SPDM_CONTEXT_LEN);
	c->rq.vca = writer_on(c->vca, sizeof(c->vca));
	c->rq.chain = writer_on(c->chain, sizeof(c->chain));
	c->rq.challenge = writer_on(c->challenge, sizeof(c->challenge));
	c->rq.measurements = writer_on(c->measurements, sizeof(c->measurements));
	spdm_requester_start(&c->rq);
	rc = exchange_all(dev, c, why);
	if (rc)
		goto out;
	ev = evidence_new(dev, &c->rq);
	if (IS_ERR(ev)) {
		rc = PTR_ERR(ev);
		*why = rc == -EBUSY ? "too many readers hold older evidence" : "no memory";
		goto out;
	}
	rc = signature_check(ev, why);
	if (rc)
		evidence_put(ev);
	else
		*out = ev;
out:
	kvfree(c);
	return rc;
}

/* Publish what came of @job. @ev is NULL when it failed. */
static void collect_end(struct spdm_dev *dev, const struct collect_job *job, struct evidence *ev,
			int error, const char *why)
{
	struct evidence *old = ev; /* what is to be dropped */

	scoped_guard(mutex, &dev->lock)
	{
		dev->running = false;
		dev->error = error;
		strscpy(dev->why, why ? why : "", sizeof(dev->why));
		memcpy(dev->failed_nonce, job->nonce, sizeof(dev->failed_nonce));
		if (ev && !dev->dying) {
			old = dev->evidence;
			dev->evidence = ev;
		}
	}
	if (old)
		evidence_put(old);
	wake_up_all(&dev->wait);
}

void spdm_collect_work(struct work_struct *work)
{
	struct spdm_dev *dev = container_of(work, struct spdm_dev, work);
	struct evidence *ev = NULL;
	struct collect_job job;
	const char *why = NULL;
	int rc;

	scoped_guard(mutex, &dev->lock)
	{
		if (dev->dying || !dev->pending)
			return;
		dev->pending = false;
		dev->running = true;
		job = dev->job;
	}
	rc = collect(dev, &job, &ev, &why);
	if (rc && rc != -ENODEV)
		pci_warn(dev->pdev, "SPDM: no evidence: %s (%d)\n", why ? why : "error", rc);
	else if (!rc)
		pci_dbg(dev->pdev, "SPDM %x.%x: evidence of slot %u, generation %u\n",
			ev->nego.version >> 4, ev->nego.version & 0xf, ev->slot, ev->generation);
	collect_end(dev, &job, ev, rc, why);
}

/* under dev->lock */
static int ask_locked(struct spdm_dev *dev, u8 slot, const u8 *nonce, struct evidence **out,
		      char why[WHY_MAX])
{
	if (dev->dying)
		return -ENODEV;
	if (dev->evidence && dev->evidence->slot == slot &&
	    !memcmp(dev->evidence->nonce, nonce, SPDM_NONCE_LEN)) {
		kref_get(&dev->evidence->ref);
		*out = dev->evidence;
		return 0;
	}
	if (dev->pending || dev->running)
		return -EAGAIN;
	if (dev->error && !memcmp(dev->failed_nonce, nonce, SPDM_NONCE_LEN)) {
		int error = dev->error;

		strscpy(why, dev->why, WHY_MAX);
		dev->error = 0; /* told once: who asks again wants it tried again */
		/* -EAGAIN has a meaning of its own here */
		return error == -EAGAIN ? -EIO : error;
	}
	dev->job.slot = slot;
	memcpy(dev->job.nonce, nonce, SPDM_NONCE_LEN);
	get_random_bytes(dev->job.challenge_nonce, SPDM_NONCE_LEN);
	dev->pending = true;
	queue_work(collect_queue, &dev->work);
	return -EAGAIN;
}

static bool idle(struct spdm_dev *dev)
{
	guard(mutex)(&dev->lock);
	return dev->dying || (!dev->pending && !dev->running);
}

int spdm_collect_ask(struct spdm_dev *dev, u8 slot, const u8 *nonce, struct evidence **out,
		     char why[WHY_MAX])
{
	int rc;

	why[0] = 0;
	scoped_guard(mutex, &dev->lock) rc = ask_locked(dev, slot, nonce, out, why);
	if (rc != -EAGAIN)
		return rc;
	/* The caller holds genetlink's lock: a fast device is served at once, a slow one later. */
	if (wait_event_killable_timeout(dev->wait, idle(dev), msecs_to_jiffies(ASK_WAIT_MS)) <= 0)
		return -EAGAIN;
	scoped_guard(mutex, &dev->lock) rc = ask_locked(dev, slot, nonce, out, why);
	return rc;
}

void spdm_collect_first(struct spdm_dev *dev)
{
	struct evidence *none = NULL;
	u8 nonce[SPDM_NONCE_LEN];
	char why[WHY_MAX];

	get_random_bytes(nonce, sizeof(nonce));
	guard(mutex)(&dev->lock);
	ask_locked(dev, 0, nonce, &none, why);
}

int spdm_collect_init(void)
{
	collect_queue = alloc_workqueue("assay_spdm", WQ_UNBOUND | WQ_FREEZABLE, 0);
	return collect_queue ? 0 : -ENOMEM;
}

void spdm_collect_exit(void)
{
	destroy_workqueue(collect_queue);
}
