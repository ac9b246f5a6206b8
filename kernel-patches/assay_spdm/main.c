// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci-doe.h> /* needs pci.h before it */
#include <linux/random.h>
#include <linux/suspend.h>

#include "assay_spdm.h"
#include "compat.h"

static DEFINE_MUTEX(registry_lock);
static DEFINE_SPINLOCK(watch_lock); /* the list, for readers who cannot sleep */
static LIST_HEAD(registry);	    /* by ascending id */
static u32 id_high, id_low;	    /* registry_lock */

static void spdm_dev_free(struct kref *ref)
{
	struct spdm_dev *dev = container_of(ref, struct spdm_dev, ref);

	pci_dev_put(dev->pdev);
	mutex_destroy(&dev->lock);
	mutex_destroy(&dev->exchange_lock);
	kfree(dev);
}

void spdm_dev_put(struct spdm_dev *dev)
{
	kref_put(&dev->ref, spdm_dev_free);
}

/* ---- looking for one ---- */
static struct spdm_dev *find(bool (*is)(const struct spdm_dev *dev, const void *key),
			     const void *key)
{
	struct spdm_dev *dev;

	guard(mutex)(&registry_lock);
	list_for_each_entry(dev, &registry, node) {
		if (!is(dev, key))
			continue;
		kref_get(&dev->ref);
		return dev;
	}
	return NULL;
}

static bool has_name(const struct spdm_dev *dev, const void *name)
{
	return !strcmp(pci_name(dev->pdev), name);
}

static bool has_pdev(const struct spdm_dev *dev, const void *pdev)
{
	return dev->pdev == pdev;
}

static bool has_id(const struct spdm_dev *dev, const void *id)
{
	return dev->id == *(const u64 *)id;
}

static bool comes_after(const struct spdm_dev *dev, const void *id)
{
	return dev->id > *(const u64 *)id;
}

struct spdm_dev *spdm_dev_find(const char *name)
{
	return find(has_name, name);
}

struct spdm_dev *spdm_dev_find_pdev(const struct pci_dev *pdev)
{
	return find(has_pdev, pdev);
}

struct spdm_dev *spdm_dev_find_id(u64 id)
{
	return find(has_id, &id);
}

struct spdm_dev *spdm_dev_after(u64 id)
{
	return find(comes_after, &id);
}

void spdm_dev_each(void (*each)(struct spdm_dev *dev, void *user), void *user)
{
	struct spdm_dev *dev;

	guard(mutex)(&registry_lock);
	list_for_each_entry(dev, &registry, node)
		each(dev, user);
}

void spdm_dev_each_atomic(void (*each)(struct spdm_dev *dev, void *user), void *user)
{
	struct spdm_dev *dev;
	unsigned long flags;

	spin_lock_irqsave(&watch_lock, flags);
	list_for_each_entry(dev, &registry, node)
		each(dev, user);
	spin_unlock_irqrestore(&watch_lock, flags);
}

/* ---- coming and going ---- */

/* So that user space, which could talk to the same mailbox through config space, is warned off. */
static void claim_mailboxes(struct spdm_dev *dev)
{
	u16 at = 0;

	while ((at = pci_find_next_ext_capability(dev->pdev, at, PCI_EXT_CAP_ID_DOE)) &&
	       dev->n_claims < CLAIMS_MAX) {
		if (pci_request_config_region_exclusive(dev->pdev, at, PCI_DOE_CAP_SIZEOF,
							KBUILD_MODNAME))
			dev->claims[dev->n_claims++] = at;
		else
			pci_dbg(dev->pdev, "DOE capability at 0x%x is claimed already\n", at);
	}
}

static void disclaim_mailboxes(struct spdm_dev *dev)
{
	while (dev->n_claims)
		pci_release_config_region(dev->pdev, dev->claims[--dev->n_claims],
					  PCI_DOE_CAP_SIZEOF);
}

/* The notifier and the first walk may both see a device: one of them adds it. */
static struct spdm_dev *spdm_dev_new(struct pci_dev *pdev, struct pci_doe_mb *mb)
{
	struct spdm_dev *dev;

	guard(mutex)(&registry_lock);
	list_for_each_entry(dev, &registry, node)
		if (dev->pdev == pdev)
			return NULL;
	/* one that is not listed would be neither held nor checked, and nobody would know */
	dev = kzalloc(sizeof(*dev), GFP_KERNEL | __GFP_NOFAIL);
	kref_init(&dev->ref);
	dev->pdev = pci_dev_get(pdev);
	dev->mb = mb;
	dev->id = (u64)id_high << 32 | ++id_low;
	mutex_init(&dev->lock);
	mutex_init(&dev->exchange_lock);
	init_waitqueue_head(&dev->wait);
	INIT_WORK(&dev->collect_work, spdm_collect_work);
	INIT_DELAYED_WORK(&dev->check_work, spdm_check_work);
	atomic_set(&dev->seen, -1);
	INIT_WORK(&dev->act_work, spdm_act_work);
	spdm_hold_new(dev);
	kref_get(&dev->ref); /* the caller's */
	scoped_guard(spinlock_irqsave, &watch_lock)
		list_add_tail(&dev->node, &registry);
	return dev;
}

static void spdm_dev_add(struct pci_dev *pdev)
{
	struct pci_doe_mb *mb = pci_find_doe_mailbox(pdev, PCI_VENDOR_ID_PCI_SIG, DOE_CMA_SPDM);
	struct spdm_dev *dev = mb ? spdm_dev_new(pdev, mb) : NULL;

	if (!dev)
		return;
	claim_mailboxes(dev);
	sysfs_add(dev);
	event_send(dev,
		   dev->hold == ASSAY_HOLD_TOO_LATE ? ASSAY_CAUSE_BOUND_EARLY : ASSAY_CAUSE_ADDED);
	spdm_collect_own(dev, 0);
	spdm_dev_put(dev);
}

/* The mailbox is freed right after BUS_NOTIFY_DEL_DEVICE: nothing may touch it once this returns. */
static void spdm_dev_stop(struct spdm_dev *dev)
{
	struct evidence *ev;

	scoped_guard(mutex, &dev->lock) {
		WRITE_ONCE(dev->dying, true);
		ev = dev->evidence;
		dev->evidence = NULL;
		acceptance_drop(dev);
	}
	if (ev)
		evidence_put(ev);
	wake_up_all(&dev->wait);
	sysfs_remove(dev);
	cancel_work_sync(&dev->collect_work);
	cancel_delayed_work_sync(&dev->check_work);
	disclaim_mailboxes(dev);
	spdm_dev_put(dev);
}

static void unlist(struct spdm_dev *dev)
{
	guard(spinlock_irqsave)(&watch_lock);
	list_del(&dev->node);
}

static void spdm_dev_remove(struct pci_dev *pdev)
{
	struct spdm_dev *dev = spdm_dev_find_pdev(pdev);

	if (!dev)
		return;
	event_send(dev, ASSAY_CAUSE_REMOVED);
	scoped_guard(mutex, &registry_lock)
		unlist(dev);
	spdm_dev_stop(dev);
	spdm_dev_put(dev);
}

static int bus_event(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	if (action == BUS_NOTIFY_ADD_DEVICE)
		spdm_dev_add(pdev);
	else if (action == BUS_NOTIFY_DEL_DEVICE)
		spdm_dev_remove(pdev);
	return NOTIFY_DONE;
}

static struct notifier_block bus_block = { .notifier_call = bus_event };

static void resume_one(struct spdm_dev *dev, void *user)
{
	spdm_resume(dev, *(bool *)user);
}

/* Drivers have resumed when the last of these comes: what it starts detects, it does not prevent. */
static int pm_event(struct notifier_block *nb, unsigned long action, void *data)
{
	bool hibernated = action == PM_POST_HIBERNATION || action == PM_POST_RESTORE;

	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
		spdm_collect_drain();
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		spdm_dev_each(resume_one, &hibernated);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block pm_block = { .notifier_call = pm_event };

static void unlist_all(struct list_head *all)
{
	unsigned long flags;

	spin_lock_irqsave(&watch_lock, flags);
	list_splice_init(&registry, all);
	spin_unlock_irqrestore(&watch_lock, flags);
}

static void remove_all(void)
{
	struct spdm_dev *dev, *next;
	LIST_HEAD(all);

	scoped_guard(mutex, &registry_lock)
		unlist_all(&all);
	list_for_each_entry_safe(dev, next, &all, node) {
		list_del(&dev->node);
		spdm_dev_stop(dev);
	}
}

/* A device that went after the notifier has gone would take its mailbox from under the works. */
static void leave_bus(void)
{
	pci_lock_rescan_remove();
	bus_unregister_notifier(&pci_bus_type, &bus_block);
	remove_all();
	pci_unlock_rescan_remove();
}

/* In this order they begin, in the other they end; each ends what its begin began. */
static const struct {
	int (*begin)(void);
	void (*end)(void);
} parts[] = {
	{ tpm_log_init, tpm_log_exit },		  { spdm_collect_init, spdm_collect_exit },
	{ spdm_check_init, spdm_check_exit },	  { family_spdm_init, family_spdm_exit },
	{ family_assay_init, family_assay_exit }, { family_evidence_init, family_evidence_exit },
};

static void end_parts(size_t from, size_t n)
{
	while (n-- > from)
		parts[n].end();
}

enum { QUEUES_END = 3 }; /* of parts: the families come after them */

static int __init assay_spdm_init(void)
{
	struct pci_dev *pdev = NULL;
	size_t n;
	int rc = 0;

	id_high = get_random_u32();
	for (n = 0; !rc && n < ARRAY_SIZE(parts); n++)
		rc = parts[n].begin();
	if (rc) {
		end_parts(0, n - 1);
		return rc;
	}
	rc = register_pm_notifier(&pm_block);
	if (rc)
		goto no_pm;
	/* first the notifier, then the walk: a device plugged in between is seen twice, not missed */
	rc = bus_register_notifier(&pci_bus_type, &bus_block);
	if (rc)
		goto no_bus;
	pci_lock_rescan_remove(); /* none goes while it is being added */
	for_each_pci_dev(pdev)
		spdm_dev_add(pdev);
	pci_unlock_rescan_remove();
	rc = watch_init();
	if (!rc)
		return 0;

	leave_bus();
no_bus:
	unregister_pm_notifier(&pm_block);
no_pm:
	end_parts(0, ARRAY_SIZE(parts));
	return rc;
}

static void __exit assay_spdm_exit(void)
{
	watch_exit();
	unregister_pm_notifier(&pm_block);
	end_parts(QUEUES_END, ARRAY_SIZE(parts)); /* nobody asks any more */
	leave_bus();
	end_parts(0, QUEUES_END);
}

module_init(assay_spdm_init);
module_exit(assay_spdm_exit);
MODULE_DESCRIPTION("SPDM evidence of PCIe devices over generic netlink");
MODULE_LICENSE("GPL");
