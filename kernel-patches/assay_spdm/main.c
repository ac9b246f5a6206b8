// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci-doe.h> /* needs pci.h before it */
#include <linux/random.h>

#include "assay_spdm.h"

enum { DOE_CMA_SPDM = 1 };

static DEFINE_MUTEX(registry_lock);
static LIST_HEAD(registry);
static u32 id_high, id_low; /* registry_lock */

static void spdm_dev_free(struct kref *ref)
{
	struct spdm_dev *dev = container_of(ref, struct spdm_dev, ref);

	pci_dev_put(dev->pdev);
	mutex_destroy(&dev->lock);
	kfree(dev);
}

void spdm_dev_put(struct spdm_dev *dev)
{
	kref_put(&dev->ref, spdm_dev_free);
}

struct spdm_dev *spdm_dev_find(const char *name)
{
	struct spdm_dev *dev;

	guard(mutex)(&registry_lock);
	list_for_each_entry(dev, &registry, node)
	{
		if (strcmp(pci_name(dev->pdev), name))
			continue;
		kref_get(&dev->ref);
		return dev;
	}
	return NULL;
}

static bool registered(const struct pci_dev *pdev)
{
	const struct spdm_dev *dev;

	list_for_each_entry(dev, &registry, node) if (dev->pdev == pdev) return true;
	return false;
}

/* The notifier and the first walk may both see a device: one of them adds it. */
static void spdm_dev_add(struct pci_dev *pdev)
{
	struct pci_doe_mb *mb = pci_find_doe_mailbox(pdev, PCI_VENDOR_ID_PCI_SIG, DOE_CMA_SPDM);
	struct spdm_dev *dev;

	if (!mb)
		return;
	guard(mutex)(&registry_lock);
	if (registered(pdev))
		return;
	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return;
	kref_init(&dev->ref);
	dev->pdev = pci_dev_get(pdev);
	dev->mb = mb;
	dev->id = (u64)id_high << 32 | ++id_low;
	mutex_init(&dev->lock);
	init_waitqueue_head(&dev->wait);
	INIT_WORK(&dev->work, spdm_collect_work);
	list_add_tail(&dev->node, &registry);
	spdm_collect_first(dev);
}

/* The mailbox is freed right after BUS_NOTIFY_DEL_DEVICE: nothing may touch it once this returns. */
static void spdm_dev_stop(struct spdm_dev *dev)
{
	scoped_guard(mutex, &dev->lock)
	{
		struct evidence *ev = dev->evidence;

		dev->dying = true;
		dev->evidence = NULL;
		if (ev)
			evidence_put(ev);
	}
	wake_up_all(&dev->wait);
	cancel_work_sync(&dev->work);
	spdm_dev_put(dev);
}

static void spdm_dev_remove(struct pci_dev *pdev)
{
	struct spdm_dev *dev, *found = NULL;

	scoped_guard(mutex, &registry_lock)
	{
		list_for_each_entry(dev, &registry, node) if (dev->pdev == pdev) found = dev;
		if (found)
			list_del(&found->node);
	}
	if (found)
		spdm_dev_stop(found);
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

static void remove_all(void)
{
	struct spdm_dev *dev, *next;
	LIST_HEAD(all);

	scoped_guard(mutex, &registry_lock) list_splice_init(&registry, &all);
	list_for_each_entry_safe(dev, next, &all, node)
	{
		list_del(&dev->node);
		spdm_dev_stop(dev);
	}
}

static int __init assay_spdm_init(void)
{
	struct pci_dev *pdev = NULL;
	int rc;

	id_high = get_random_u32();
	rc = spdm_collect_init();
	if (rc)
		return rc;
	rc = device_evidence_init();
	if (rc)
		goto no_family;
	/* first the notifier, then the walk: a device plugged in between is seen twice, not missed */
	rc = bus_register_notifier(&pci_bus_type, &bus_block);
	if (rc)
		goto no_notifier;
	for_each_pci_dev(pdev) spdm_dev_add(pdev);
	return 0;

no_notifier:
	device_evidence_exit();
no_family:
	spdm_collect_exit();
	return rc;
}

static void __exit assay_spdm_exit(void)
{
	bus_unregister_notifier(&pci_bus_type, &bus_block);
	device_evidence_exit();
	remove_all();
	spdm_collect_exit();
}

module_init(assay_spdm_init);
module_exit(assay_spdm_exit);
MODULE_DESCRIPTION("SPDM evidence of PCIe devices over generic netlink");
MODULE_LICENSE("GPL");
