// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/pci.h>
#include <linux/random.h>

#include "assay_spdm.h"

enum { ASK_WAIT_MS = 100 };

/* what the kernel can verify: no tree has RSA-PSS */
#define ASYM_OFFERED                                                                               \
	(SPDM_ECDSA_P256 | SPDM_ECDSA_P384 | SPDM_ECDSA_P521 | SPDM_RSASSA_2048 |                  \
	 SPDM_RSASSA_3072 | SPDM_RSASSA_4096)

static struct workqueue_struct *collect_queue;

static void own_job(struct collect_job *job, u8 slot)
{
	*job = (struct collect_job){ .slot = slot };
	get_random_bytes(job->nonce, sizeof(job->nonce));
	get_random_bytes(job->challenge_nonce, sizeof(job->challenge_nonce));
}

static int collect(struct spdm_dev *dev, const struct collect_job *job, struct evidence **out,
		   const char **why)
{
	struct spdm_requester_config config = {
		.version_min = SPDM_10,
		.version_max = SPDM_13,
		.base_asym = ASYM_OFFERED,
		.slot = job->slot,
	};
	struct conversation *c;
	struct evidence *ev;
	int rc;

	memcpy(config.nonce, job->nonce, SPDM_NONCE_LEN);
	memcpy(config.challenge_nonce, job->challenge_nonce, SPDM_NONCE_LEN);
	*why = "no memory";
	c = conversation_new(&config);
	if (!c)
		return -ENOMEM;
	rc = converse(dev, c, COLLECT_MAX_S, why);
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
	conversation_drop(c);
	return rc;
}

/*
 * The device was reset meanwhile, and may be another one now: what was heard says nothing of it, and its nonce
 * is known to whoever listened. Under dev->lock.
 */
static void begin_anew(struct spdm_dev *dev, const struct collect_job *job)
{
	dev->has_stale = true;
	memcpy(dev->stale_nonce, job->nonce, sizeof(dev->stale_nonce));
	own_job(&dev->job, job->slot);
	WRITE_ONCE(dev->pending, true);
	queue_work(collect_queue, &dev->collect_work);
}

/* Publish what came of @job. @ev is NULL when it failed. */
static void collect_end(struct spdm_dev *dev, const struct collect_job *job, struct evidence *ev,
			int error, const char *why)
{
	struct evidence *old = ev; /* what is to be dropped */
	bool contradicted = false, gone, stale;

	scoped_guard(mutex, &dev->lock) {
		gone = dev->dying;
		stale = !gone && dev->forgets != job->forgets;
		if (stale) {
			error = -ESTALE;
			why = ASSAY_WHY_RESET;
			begin_anew(dev, job);
		}
		WRITE_ONCE(dev->running, false);
		dev->error = error;
		dev->told = false;
		strscpy(dev->why, why && error ? why : "", sizeof(dev->why));
		memcpy(dev->failed_nonce, job->nonce, sizeof(dev->failed_nonce));
		if (ev && !gone && !stale) {
			contradicted = acceptance_contradicted(dev, ev);
			old = dev->evidence;
			dev->evidence = ev;
		}
	}
	if (old)
		evidence_put(old);
	wake_up_all(&dev->wait);
	if (gone || stale) /* the next collection tells */
		return;
	event_send(dev, error ? ASSAY_CAUSE_REFUSED : ASSAY_CAUSE_COLLECTED);
	if (contradicted)
		event_send(dev, ASSAY_CAUSE_MISMATCH);
}

void spdm_collect_work(struct work_struct *work)
{
	struct spdm_dev *dev = container_of(work, struct spdm_dev, collect_work);
	struct evidence *ev = NULL;
	struct collect_job job;
	const char *why = NULL;
	int rc;

	scoped_guard(mutex, &dev->lock) {
		if (dev->dying || !dev->pending)
			return;
		/* in this order: at no time does it look idle */
		WRITE_ONCE(dev->running, true);
		WRITE_ONCE(dev->pending, false);
		job = dev->job;
		job.forgets = dev->forgets;
	}
	rc = collect(dev, &job, &ev, &why);
	if (rc && rc != -ENODEV)
		pci_warn(dev->pdev, "SPDM: no evidence: %s (%d)\n", why ? why : "error", rc);
	if (!rc) {
		pci_dbg(dev->pdev, "SPDM %x.%x: evidence of slot %u, generation %u\n",
			ev->nego.version >> 4, ev->nego.version & 0xf, ev->slot, ev->generation);
		leaf_name_report(dev, ev);
		signatures_send(ev);
		tpm_log_device(ev);
	}
	collect_end(dev, &job, ev, rc, why);
}

/* under dev->lock */
static int start_locked(struct spdm_dev *dev, const struct collect_job *job)
{
	if (dev->dying)
		return -ENODEV;
	if (dev->pending || dev->running)
		return -EBUSY;
	if (dev->has_stale && !memcmp(dev->stale_nonce, job->nonce, SPDM_NONCE_LEN))
		return -ESTALE;
	dev->job = *job;
	WRITE_ONCE(dev->pending, true);
	queue_work(collect_queue, &dev->collect_work);
	return 0;
}

int spdm_collect_start(struct spdm_dev *dev, const struct collect_job *job)
{
	guard(mutex)(&dev->lock);
	return start_locked(dev, job);
}

/* under dev->lock */
static int ask_locked(struct spdm_dev *dev, u8 slot, const u8 *nonce, struct evidence **out,
		      char why[ASSAY_WHY_MAX])
{
	struct collect_job job = { .slot = slot };
	int rc;

	if (dev->dying)
		return -ENODEV;
	if (dev->evidence && dev->evidence->slot == slot &&
	    !memcmp(dev->evidence->nonce, nonce, SPDM_NONCE_LEN)) {
		kref_get(&dev->evidence->ref);
		*out = dev->evidence;
		return 0;
	}
	if (dev->error && !dev->told && !dev->pending && !dev->running &&
	    !memcmp(dev->failed_nonce, nonce, SPDM_NONCE_LEN)) {
		strscpy(why, dev->why, ASSAY_WHY_MAX);
		dev->told = true; /* once: who asks again wants it tried again */
		return dev->error;
	}
	memcpy(job.nonce, nonce, SPDM_NONCE_LEN);
	get_random_bytes(job.challenge_nonce, SPDM_NONCE_LEN);
	rc = start_locked(dev, &job);
	if (rc == -ESTALE)
		strscpy(why, ASSAY_WHY_RESET, ASSAY_WHY_MAX);
	return rc == -ENODEV || rc == -ESTALE ? rc : -EAGAIN;
}

/* A condition to wait for takes no lock that sleeps; who asks afterwards does. */
static bool idle(struct spdm_dev *dev)
{
	return READ_ONCE(dev->dying) || (!READ_ONCE(dev->pending) && !READ_ONCE(dev->running));
}

int spdm_collect_ask(struct spdm_dev *dev, u8 slot, const u8 *nonce, struct evidence **out,
		     char why[ASSAY_WHY_MAX])
{
	int rc;

	why[0] = 0;
	scoped_guard(mutex, &dev->lock)
		rc = ask_locked(dev, slot, nonce, out, why);
	if (rc != -EAGAIN)
		return rc;
	/* The caller holds genetlink's lock: a fast device is served at once, a slow one later. */
	if (wait_event_killable_timeout(dev->wait, idle(dev), msecs_to_jiffies(ASK_WAIT_MS)) <= 0)
		return -EAGAIN;
	scoped_guard(mutex, &dev->lock)
		rc = ask_locked(dev, slot, nonce, out, why);
	return rc;
}

void spdm_collect_own(struct spdm_dev *dev, u8 slot)
{
	struct collect_job job;

	own_job(&job, slot);
	spdm_collect_start(dev, &job); /* one that runs already will do, or begins anew by itself */
}

int spdm_collect_wait(struct spdm_dev *dev, unsigned int seconds)
{
	long left = wait_event_killable_timeout(dev->wait, idle(dev), seconds * HZ);

	if (left <= 0)
		return left ? -EINTR : -ETIMEDOUT;
	guard(mutex)(&dev->lock);
	return dev->dying ? -ENODEV : dev->error;
}

void spdm_collect_drain(void)
{
	flush_workqueue(collect_queue);
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
