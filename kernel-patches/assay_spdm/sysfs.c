// SPDX-License-Identifier: GPL-2.0-only
/* "authenticated" beside a device: 1 when there is evidence. It is no verdict. Writing "re" collects anew. */
#include <linux/kernfs.h>
#include <linux/sysfs.h>

#include "assay_spdm.h"

/* No lock here that the remover holds while it waits for us: sysfs_remove() waits for both to end. */
static ssize_t authenticated_show(struct device *d, struct device_attribute *attr, char *buf)
{
	struct spdm_dev *dev = spdm_dev_find_pdev(to_pci_dev(d));
	struct evidence *ev = NULL;
	int rc;

	if (!dev)
		return -ENODEV;
	rc = evidence_current(dev, &ev);
	if (!rc)
		evidence_put(ev);
	spdm_dev_put(dev);
	return sysfs_emit(buf, "%d\n", !rc);
}

static ssize_t authenticated_store(struct device *d, struct device_attribute *attr, const char *buf,
				   size_t count)
{
	struct spdm_dev *dev;
	int rc;

	if (!sysfs_streq(buf, "re"))
		return -EINVAL;
	dev = spdm_dev_find_pdev(to_pci_dev(d));
	if (!dev)
		return -ENODEV;
	spdm_collect_own(dev, 0);
	rc = spdm_collect_wait(dev, COLLECT_MAX_S);
	spdm_dev_put(dev);
	return rc ? rc : (ssize_t)count;
}

static DEVICE_ATTR_RW(authenticated);

void sysfs_add(struct spdm_dev *dev)
{
	struct kobject *kobj = &dev->pdev->dev.kobj;
	struct kernfs_node *theirs = kernfs_find_and_get_ns(kobj->sd, "authenticated", NULL);

	if (theirs) {
		kernfs_put(
			theirs); /* a kernel with a TSM owns the name, and gives it another meaning */
		return;
	}
	dev->has_sysfs = !sysfs_create_file(kobj, &dev_attr_authenticated.attr);
}

void sysfs_remove(struct spdm_dev *dev)
{
	if (dev->has_sysfs)
		sysfs_remove_file(&dev->pdev->dev.kobj, &dev_attr_authenticated.attr);
	dev->has_sysfs = false;
}
