/* SPDX-License-Identifier: GPL-2.0-only */
/* All that differs between the kernels this module builds for (6.12 to 7.3). */
#ifndef ASSAY_COMPAT_H
#define ASSAY_COMPAT_H

#include <crypto/public_key.h>
#include <linux/device.h>
#include <linux/pci.h>
#include <linux/version.h>

/* <linux/pci-doe.h> names it from 6.17 on */
enum { DOE_CMA_SPDM = 1 };

#ifdef HAVE_DEVICE_DRIVER_OVERRIDE
static inline int compat_set_override(struct pci_dev *pdev, const char *name)
{
	return device_set_driver_override(&pdev->dev, name);
}

static inline bool compat_has_override(struct pci_dev *pdev, const char *name)
{
#ifdef __CHECKER__
	return true; /* sparse does not follow the guard in the header */
#else
	const struct device_driver driver = { .name = name };

	return device_match_driver_override(&pdev->dev, &driver) > 0;
#endif
}
#else
static inline int compat_set_override(struct pci_dev *pdev, const char *name)
{
	return driver_set_override(&pdev->dev, &pdev->driver_override, name, strlen(name));
}

static inline bool compat_has_override(struct pci_dev *pdev, const char *name)
{
	bool same;

	device_lock(&pdev->dev);
	same = pdev->driver_override && !strcmp(pdev->driver_override, name);
	device_unlock(&pdev->dev);
	return same;
}
#endif

/* What is signed is a digest on all of them; 7.0 calls it a message, for algorithms that take one. */
static inline void compat_set_digest(struct public_key_signature *sig, u8 *digest, u32 len)
{
#ifdef HAVE_SIGNATURE_MESSAGE
	sig->m = digest;
	sig->m_size = len;
#else
	sig->digest = digest;
	sig->digest_size = len;
#endif
}

#endif
