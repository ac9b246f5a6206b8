// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is it still the device that user space accepted? The kernel's own nonce, the key and the digests that were
 * cached at ACCEPT; no key ring, no policy. A device that is not is put into quarantine.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "assay_spdm.h"
#include "compat.h"

enum { TRIES = 3, RETRY_MS = 500, SETTLE_MS = 300 };
#define HOLD_NAME "assay-hold" /* a driver that does not exist */

static bool hold;
module_param(hold, bool, 0444);
MODULE_PARM_DESC(hold, "keep drivers off a device with a CMA mailbox until it is accepted");

static struct workqueue_struct *check_queue, *act_queue;

void pci_ids_read(struct pci_dev *pdev, struct pci_ids *ids)
{
	memset(ids, 0, sizeof(*ids)); /* it is compared with its padding */
	pci_read_config_dword(pdev, PCI_VENDOR_ID, &ids->id);
	pci_read_config_dword(pdev, PCI_CLASS_REVISION, &ids->class_revision);
	if (pdev->hdr_type == PCI_HEADER_TYPE_NORMAL)
		pci_read_config_dword(pdev, PCI_SUBSYSTEM_VENDOR_ID, &ids->subsystem);
	ids->serial = pci_get_dsn(pdev);
}

/* ---- the check ---- */

/* What a check compares with: a copy, for ACCEPT and FORGET may come while it runs. */
struct check {
	struct acceptance is;
	struct evidence heard; /* only views, of what the device says now */
	u8 digest[SPDM_HASH_MAX];
};

static int compare(struct check *k, struct conversation *c, const char **why)
{
	const struct evidence *accepted = k->is.ev;
	int rc;

	k->heard = (struct evidence){
		.nego = c->rq.nego,
		.chain = accepted->chain,
		.vca = { c->vca, c->rq.vca.len },
		.measurements = { c->measurements, c->rq.measurements.len },
		.challenge = { c->challenge, c->rq.challenge.len },
	};
	*why = "hashing the accepted chain";
	rc = chain_hash(accepted, k->digest);
	if (rc)
		return rc;
	*why = "the slot holds another certificate chain than the accepted one";
	if (memcmp(k->digest, c->rq.chain_hash, accepted->nego.hash_len))
		return -EBADMSG;
	rc = signature_check(&k->heard, why);
	if (rc)
		return rc;
	*why = "measurements cannot be read";
	rc = measurements_digest(&c->rq.nego, &k->heard.measurements, k->is.indexes, k->digest);
	if (rc)
		return rc;
	*why = "measurements are not the accepted ones";
	return memcmp(k->digest, k->is.meas_digest, ASSAY_DIGEST_LEN) ? -EBADMSG : 0;
}

/* -EBADMSG and the like: another device. -EIO, -ETIMEDOUT: it could not be asked. */
static int check_once(struct spdm_dev *dev, struct check *k, unsigned int seconds, const char **why)
{
	const struct evidence *accepted = k->is.ev;
	struct spdm_requester_config config = {
		.version_min = accepted->nego.version,
		.version_max = SPDM_13,
		.base_asym = accepted->nego.base_asym,
		.base_hash = accepted->nego.base_hash,
		.slot = accepted->slot,
		.know_chain = true,
	};
	struct conversation *c;
	struct pci_ids ids;
	int rc;

	pci_ids_read(dev->pdev, &ids);
	*why = "config space does not answer";
	if (PCI_POSSIBLE_ERROR(ids.id))
		return -EIO;
	*why = "config space is of another device";
	if (memcmp(&ids, &k->is.ids, sizeof(ids)))
		return -EBADMSG;
	get_random_bytes(config.nonce, sizeof(config.nonce));
	get_random_bytes(config.challenge_nonce, sizeof(config.challenge_nonce));
	*why = "no memory";
	c = conversation_new(&config);
	if (!c)
		return -ENOMEM;
	rc = converse(dev, c, seconds, why);
	if (!rc)
		rc = compare(k, c, why);
	conversation_drop(c);
	return rc;
}

static bool says_another_device(int rc)
{
	return rc == -EBADMSG || rc == -EKEYREJECTED || rc == -EOPNOTSUPP || rc == -EPROTO;
}

static int check(struct spdm_dev *dev, struct check *k, const char **why)
{
	ktime_t end = ktime_add_ms(ktime_get(), (u64)CHECK_MAX_S * MSEC_PER_SEC);
	int rc = -EIO;

	for (int i = 0; i < TRIES; i++) {
		s64 left = ktime_ms_delta(end, ktime_get());

		if (left <= 0)
			break;
		rc = check_once(dev, k, (unsigned int)(left / MSEC_PER_SEC) + 1, why);
		/* an error answer may be of a device that is still waking up */
		if (!rc || rc == -ENODEV || (says_another_device(rc) && rc != -EPROTO))
			break;
		msleep(RETRY_MS);
	}
	return rc;
}

/* under dev->lock */
static void act_queue_locked(struct spdm_dev *dev)
{
	dev->acting = true;
	kref_get(&dev->ref);
	if (!queue_work(act_queue, &dev->act_work))
		spdm_dev_put(dev);
}

void acceptance_drop(struct spdm_dev *dev)
{
	if (dev->accepted.ev)
		evidence_put(dev->accepted.ev);
	dev->accepted = (struct acceptance){};
}

/* under dev->lock */
static void quarantine_locked(struct spdm_dev *dev, enum assay_on_fail on_fail)
{
	pci_emerg(dev->pdev, "SPDM: this is not the device that was accepted: %s\n", dev->why);
	if (on_fail == ASSAY_ON_FAIL_PANIC)
		panic("assay_spdm: %s is not the device that was accepted: %s", pci_name(dev->pdev),
		      dev->why);
	dev->mismatch = true;
	if (on_fail == ASSAY_ON_FAIL_DETACH) {
		dev->silent = true;
		dev->act_release = false;
		dev->act_quarantine = true;
		act_queue_locked(dev);
	}
}

bool acceptance_contradicted(struct spdm_dev *dev, const struct evidence *ev)
{
	const struct acceptance *a = &dev->accepted;
	u8 digest[ASSAY_DIGEST_LEN];

	/* another slot says nothing of the accepted one */
	if (!a->ev || ev->slot != a->ev->slot)
		return false;
	if (memcmp(ev->chain_digest, a->ev->chain_digest, sizeof(digest))) {
		enum assay_on_fail on_fail = a->on_fail;

		dev->error = -EBADMSG;
		strscpy(dev->why, "the slot holds another certificate chain than the accepted one",
			sizeof(dev->why));
		acceptance_drop(dev);
		quarantine_locked(dev, on_fail);
		return true;
	}
	if (!measurements_digest(&ev->nego, &ev->measurements, a->indexes, digest) &&
	    !memcmp(digest, a->meas_digest, sizeof(digest)))
		return false;
	/* the same device with other firmware: user space asked, and user space judges it anew */
	acceptance_drop(dev);
	return true;
}

static enum assay_cause check_end(struct spdm_dev *dev, int rc, const char *why)
{
	struct acceptance was = dev->accepted;
	bool another = says_another_device(rc);

	dev->checking = false;
	if (!rc) {
		dev->checks++;
		dev->last_check = ktime_get_boottime_ns();
		return dev->check_cause;
	}
	dev->error = rc;
	dev->told = true;
	strscpy(dev->why, why, sizeof(dev->why));
	if (was.ev && (another || was.strict))
		quarantine_locked(dev, was.on_fail);
	else
		pci_warn(dev->pdev, "SPDM: cannot be checked, not accepted any more: %s (%d)\n",
			 why, rc);
	acceptance_drop(dev);
	evidence_forget(dev); /* else what was judged then could be accepted again now */
	return another ? ASSAY_CAUSE_MISMATCH : ASSAY_CAUSE_UNREACHABLE;
}

/* What to compare with, if there is to be a check; @k->is.ev is then a reference. */
static bool check_begin(struct spdm_dev *dev, struct check *k, int seen)
{
	guard(mutex)(&dev->lock);
	if (dev->dying || !dev->accepted.ev) {
		dev->checking = false;
		return false;
	}
	if (seen >= 0 && !dev->checking) {
		dev->checking = true;
		dev->check_cause = (enum assay_cause)seen;
	}
	if (!dev->checking)
		return false;
	k->is = dev->accepted;
	kref_get(&k->is.ev->ref);
	return true;
}

static void check_device(struct spdm_dev *dev, struct check *k)
{
	enum assay_cause cause = ASSAY_CAUSE_LOST;
	const char *why = NULL;
	int rc = check(dev, k, &why);
	bool forgotten;

	scoped_guard(mutex, &dev->lock) {
		/* FORGET, or evidence that contradicted, came in between */
		forgotten = dev->dying || dev->accepted.ev != k->is.ev;
		if (forgotten)
			dev->checking = false;
		else
			cause = check_end(dev, rc, why);
	}
	if (!forgotten)
		event_send(dev, cause);
	evidence_put(k->is.ev);
}

void spdm_check_work(struct work_struct *work)
{
	struct spdm_dev *dev = container_of(to_delayed_work(work), struct spdm_dev, check_work);
	struct check *k = kzalloc(sizeof(*k), GFP_KERNEL | __GFP_NOFAIL);
	int seen = atomic_xchg(&dev->seen, -1);

	if (check_begin(dev, k, seen)) {
		check_device(dev, k);
	} else if (seen >= 0) {
		scoped_guard(mutex, &dev->lock)
			evidence_forget(dev);
		spdm_collect_own(dev, 0);
		event_send(dev, (enum assay_cause)seen);
	}
	kfree(k);
}

void spdm_check_later(struct spdm_dev *dev, enum assay_cause cause)
{
	atomic_set(&dev->seen, (int)cause);
	mod_delayed_work(check_queue, &dev->check_work, msecs_to_jiffies(SETTLE_MS));
}

/* under dev->lock */
static int check_start_locked(struct spdm_dev *dev, enum assay_cause cause)
{
	if (dev->dying)
		return -ENODEV;
	if (!dev->accepted.ev)
		return -ENOENT;
	if (dev->checking)
		return -EBUSY;
	dev->checking = true;
	dev->check_cause = cause;
	mod_delayed_work(check_queue, &dev->check_work, 0);
	return 0;
}

int spdm_check_start(struct spdm_dev *dev, enum assay_cause cause)
{
	guard(mutex)(&dev->lock);
	return check_start_locked(dev, cause);
}

/* A device sleeps as one and may wake as another; after hibernation the kernel that accepted it is a copy. */
void spdm_resume(struct spdm_dev *dev, bool hibernated)
{
	int rc;

	scoped_guard(mutex, &dev->lock) {
		if (hibernated)
			acceptance_drop(dev);
		rc = check_start_locked(dev, ASSAY_CAUSE_RESUME);
		if (rc == -ENOENT)
			evidence_forget(dev);
	}
	if (rc == -ENOENT) {
		spdm_collect_own(dev, 0);
		event_send(dev, ASSAY_CAUSE_RESUME);
	} else if (rc == -EBUSY) { /* one from before the sleep says nothing of after it */
		spdm_check_later(dev, ASSAY_CAUSE_RESUME);
	}
}

/* ---- accept and forget ---- */
int spdm_accept(struct spdm_dev *dev, u32 generation, u8 slot, const u8 *chain_digest,
		const u8 *meas_digest, struct acceptance *a, const char **why)
{
	const struct evidence *ev;
	u8 digest[ASSAY_DIGEST_LEN];
	int rc;

	guard(mutex)(&dev->lock);
	ev = dev->evidence;
	*why = "the device is gone";
	if (dev->dying)
		return -ENODEV;
	*why = "a check or a collection runs";
	if (dev->checking || dev->pending || dev->running)
		return -EBUSY;
	*why = "a reset has not been looked at yet";
	if (atomic_read(&dev->seen) >= 0)
		return -EBUSY;
	*why = "the evidence is of another generation";
	if (!ev || ev->generation != generation)
		return -ESTALE;
	*why = "the evidence is of another slot";
	if (ev->slot != slot)
		return -EBADMSG;
	*why = "CHAIN_DIGEST is not of this evidence";
	if (memcmp(ev->chain_digest, chain_digest, sizeof(digest)))
		return -EBADMSG;
	*why = "measurements cannot be read";
	rc = measurements_digest(&ev->nego, &ev->measurements, a->indexes, digest);
	if (rc)
		return rc;
	*why = "MEAS_DIGEST is not of this evidence";
	if (memcmp(digest, meas_digest, sizeof(digest)))
		return -EBADMSG;
	*why = "config space does not answer";
	pci_ids_read(dev->pdev, &a->ids);
	if (PCI_POSSIBLE_ERROR(a->ids.id))
		return -EIO;
	dev->held = spdm_hold_prevents(dev);
	dev->accepted_once = true;
	acceptance_drop(dev);
	memcpy(a->meas_digest, digest, sizeof(digest));
	a->ev = dev->evidence;
	kref_get(&a->ev->ref);
	dev->accepted = *a;
	dev->mismatch = false;
	dev->silent = false;
	dev->error = 0;
	dev->why[0] = 0;
	dev->act_quarantine = false;
	dev->act_release = true;
	act_queue_locked(dev);
	return 0;
}

int spdm_forget(struct spdm_dev *dev)
{
	scoped_guard(mutex, &dev->lock) {
		if (dev->dying)
			return -ENODEV;
		if (dev->acting)
			return -EBUSY;
		acceptance_drop(dev);
		if (dev->mismatch) {
			/* it may be asked again; hold and Bus Master Enable stay as they are */
			dev->mismatch = false;
			dev->silent = false;
			dev->pdev->error_state = pci_channel_io_normal;
		}
		if (hold && !compat_set_override(dev->pdev, HOLD_NAME))
			dev->hold = ASSAY_HOLD_OVERRIDE;
	}
	event_send(dev, ASSAY_CAUSE_FORGOTTEN);
	return 0;
}

/* ---- what needs device_lock ---- */

/* A function of the same package that has no mailbox of its own to answer for it. */
static bool shares_package(struct pci_dev *pdev, struct pci_dev *of)
{
	struct pci_dev *physical = pci_physfn(pdev);
	struct spdm_dev *own;

	if (pdev == of)
		return true;
	if (physical->bus != of->bus || PCI_SLOT(physical->devfn) != PCI_SLOT(of->devfn))
		return false;
	own = spdm_dev_find_pdev(pdev);
	if (own)
		spdm_dev_put(own);
	return !own;
}

/*
 * The impostor first loses the bus, then its driver is told that nothing gets through, and only then is it
 * released: else an orderly removal would write what is cached to the wrong device.
 */
static void quarantine(struct spdm_dev *dev, struct pci_dev *pdev)
{
	if (compat_set_override(pdev, HOLD_NAME))
		pci_warn(pdev, "SPDM: cannot be held: its driver may bind again\n");
	device_lock(&pdev->dev);
	pci_clear_master(pdev);
	device_unlock(&pdev->dev);
	/* an exchange that runs ends first, at most a second: dev->silent lets no other begin */
	scoped_guard(mutex, &dev->exchange_lock) {
		pci_clear_master(pdev); /* its driver may have set it meanwhile */
		pdev->error_state = pci_channel_io_perm_failure;
	}
	device_release_driver(&pdev->dev);
}

static void release(struct pci_dev *pdev)
{
	if (!compat_has_override(pdev, HOLD_NAME))
		return;
	device_lock(&pdev->dev);
	pdev->error_state = pci_channel_io_normal;
	device_unlock(&pdev->dev);
	compat_set_override(pdev, "");
	if (device_attach(&pdev->dev) < 0)
		pci_warn(pdev, "SPDM: accepted, but no driver binds\n");
}

void spdm_act_work(struct work_struct *work)
{
	struct spdm_dev *dev = container_of(work, struct spdm_dev, act_work);
	struct pci_dev *pdev = NULL;
	bool off, on;

	scoped_guard(mutex, &dev->lock) {
		off = dev->act_quarantine && !dev->dying;
		on = dev->act_release && !dev->dying;
		dev->act_quarantine = dev->act_release = false;
		if (off)
			dev->hold = ASSAY_HOLD_OVERRIDE;
		else if (on)
			dev->hold = ASSAY_HOLD_NONE;
	}
	while ((off || on) && (pdev = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, pdev))) {
		if (!shares_package(pdev, dev->pdev))
			continue;
		if (off)
			quarantine(dev, pdev);
		else
			release(pdev);
	}
	scoped_guard(mutex, &dev->lock)
		dev->acting = dev->act_quarantine || dev->act_release; /* asked for meanwhile */
	spdm_dev_put(dev);
}

/*
 * A quarantine outlives the module that ordered it. Behind a closed channel config space reads as ones: a
 * collection would make the PCI core give the mailbox up for good.
 */
static bool quarantined_before(struct spdm_dev *dev)
{
	if (dev->pdev->error_state != pci_channel_io_perm_failure ||
	    !compat_has_override(dev->pdev, HOLD_NAME))
		return false;
	dev->mismatch = true;
	dev->silent = true;
	dev->hold = ASSAY_HOLD_OVERRIDE;
	dev->error = -EBADMSG;
	strscpy(dev->why, "in quarantine since before the module was loaded", sizeof(dev->why));
	return true;
}

/* A device that nobody has bound yet. */
void spdm_hold_new(struct spdm_dev *dev)
{
	if (quarantined_before(dev) || !hold)
		return;
	if (dev->pdev->dev.driver) {
		dev->hold = ASSAY_HOLD_TOO_LATE;
	} else if (!compat_set_override(dev->pdev, HOLD_NAME)) {
		dev->hold = ASSAY_HOLD_OVERRIDE;
		dev->held = true;
		pci_clear_master(dev->pdev);
	} else {
		pci_warn(dev->pdev, "SPDM: cannot be held: its driver may bind\n");
	}
}

/* Somebody with the right to may have let a driver bind all the same: that is no hold then. */
bool spdm_hold_prevents(const struct spdm_dev *dev)
{
	return dev->held && (dev->accepted_once || !READ_ONCE(dev->pdev->dev.driver));
}

int spdm_check_init(void)
{
	/* not freezable: a check runs while user space is still frozen. Not for reclaim: a driver is detached. */
	check_queue = alloc_workqueue("assay_spdm_check", WQ_UNBOUND, 0);
	act_queue = alloc_workqueue("assay_spdm_act", WQ_UNBOUND, 0);
	if (check_queue && act_queue)
		return 0;
	spdm_check_exit();
	return -ENOMEM;
}

void spdm_check_exit(void)
{
	if (check_queue)
		destroy_workqueue(check_queue);
	if (act_queue)
		destroy_workqueue(act_queue);
}
