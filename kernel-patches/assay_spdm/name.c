// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the PCIe name in the leaf (PCIe 6.1 6.31.3) say what config space says? It is told in the log and judged by
 * nobody here: that is the verifier's, with the whole chain.
 */
#include <linux/pci.h>

#include "assay_spdm.h"

enum { NAME_MAX_LEN = 128 };

/* As the rule has it: subsystem for header type 0 alone, serial number where the device has one. */
static int name_of(struct pci_dev *pdev, char out[NAME_MAX_LEN])
{
	struct pci_ids ids;
	int n;

	pci_ids_read(pdev, &ids);
	n = scnprintf(out, NAME_MAX_LEN, "Vendor=%04x:Device=%04x:CC=%06x:REV=%02x",
		      ids.id & 0xffff, ids.id >> 16, ids.class_revision >> 8,
		      ids.class_revision & 0xff);
	if (pdev->hdr_type == PCI_HEADER_TYPE_NORMAL)
		n += scnprintf(out + n, NAME_MAX_LEN - n, ":SSVID=%04x:SSID=%04x",
			       ids.subsystem & 0xffff, ids.subsystem >> 16);
	if (ids.serial)
		n += scnprintf(out + n, NAME_MAX_LEN - n, ":%016llx", ids.serial);
	return n;
}

void leaf_name_report(struct spdm_dev *dev, const struct evidence *ev)
{
	char expected[NAME_MAX_LEN];
	enum leaf_name said = LEAF_NAME_NONE;
	struct spdm_chain chain;
	struct spdm_leaf leaf;
	const char *why;
	int n;

	if (spdm_parse_chain((struct bytes){ ev->chain.at, ev->chain.len }, ev->nego.hash_len,
			     &chain, &why) ||
	    spdm_parse_leaf(chain.certificates, &leaf, &why))
		return; /* the signature was checked with it: it cannot be */
	n = name_of(dev->pdev, expected);
	if (leaf.pci_name.len)
		said = leaf.pci_name.len == n && !memcmp(leaf.pci_name.at, expected, n)
			       ? LEAF_NAME_SAME
			       : LEAF_NAME_OTHER;
	if (said == dev->leaf_name)
		return;
	dev->leaf_name = said;
	if (said == LEAF_NAME_SAME)
		pci_info(dev->pdev, "SPDM: the certificate of slot %u names this function\n",
			 ev->slot);
	else if (said == LEAF_NAME_OTHER)
		pci_notice(dev->pdev, "SPDM: the certificate of slot %u names %*pE, not %s\n",
			   ev->slot, (int)min(leaf.pci_name.len, (size_t)NAME_MAX_LEN),
			   leaf.pci_name.at, expected);
	else
		pci_notice(dev->pdev, "SPDM: the certificate of slot %u has no PCIe name\n",
			   ev->slot);
}
