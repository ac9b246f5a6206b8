// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch_reset=kprobe: resets and error recovery of devices that another driver owns. A stock kernel tells
 * nobody of them; here their return is probed, and a check is queued. It detects, it does not prevent.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "assay_spdm.h"

static char *watch_reset = "";
module_param(watch_reset, charp, 0444);
MODULE_PARM_DESC(watch_reset, "kprobe: check an accepted device after a reset or error recovery");

struct seen {
	unsigned long target; /* only compared, never followed: it may be gone by the return */
};

static int on_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	((struct seen *)ri->data)->target = regs_get_kernel_argument(regs, 0);
	return 0;
}

struct hit {
	unsigned long target;
	enum assay_cause cause;
};

/* A reset of a bridge is one of all below it. */
static bool is_below(struct spdm_dev *dev, unsigned long target)
{
	for (struct pci_dev *at = dev->pdev; at; at = pci_upstream_bridge(at))
		if ((unsigned long)at == target)
			return true;
	return false;
}

static void check_if_hit(struct spdm_dev *dev, void *user)
{
	const struct hit *hit = user;

	if (is_below(dev, hit->target))
		spdm_check_later(dev, hit->cause);
}

static int on_return(struct kretprobe_instance *ri, enum assay_cause cause)
{
	struct hit hit = { ((struct seen *)ri->data)->target, cause };

	spdm_dev_each_atomic(check_if_hit, &hit);
	return 0;
}

static int on_reset(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return on_return(ri, ASSAY_CAUSE_RESET);
}

static int on_recovery(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return on_return(ri, ASSAY_CAUSE_AER);
}

#define PROBE(name, what)                                                                          \
	{                                                                                          \
		.kp.symbol_name = name, .entry_handler = on_entry, .handler = what,                \
		.data_size = sizeof(struct seen), .maxactive = 32                                  \
	}
static struct kretprobe probes[] = {
	PROBE("pci_reset_function", on_reset),
	PROBE("pci_reset_function_locked", on_reset),
	PROBE("pci_try_reset_function", on_reset),
	PROBE("pci_reset_bus", on_reset),
	PROBE("pcie_flr", on_reset),
	PROBE("pcie_do_recovery", on_recovery),
};
static bool registered[ARRAY_SIZE(probes)];

/* One way into a reset that is not seen is a hole: then the cause is not covered. */
u32 watch_covers(void)
{
	u32 covers = ASSAY_COVER_RESET | ASSAY_COVER_AER;

	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		if (!registered[i])
			covers &= probes[i].handler == on_recovery ? ~ASSAY_COVER_AER
								   : ~ASSAY_COVER_RESET;
	return covers;
}

int watch_init(void)
{
	if (!*watch_reset)
		return 0;
	if (strcmp(watch_reset, "kprobe")) {
		pr_err("watch_reset: only \"kprobe\" is known\n");
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		int rc = register_kretprobe(&probes[i]);

		registered[i] = !rc;
		if (rc)
			pr_warn("cannot watch %s (%d)\n", probes[i].kp.symbol_name, rc);
	}
	return 0;
}

void watch_exit(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		if (registered[i])
			unregister_kretprobe(&probes[i]);
}
