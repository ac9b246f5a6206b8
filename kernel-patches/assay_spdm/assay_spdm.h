/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SPDM over PCIe DOE for every device that has a CMA mailbox, and its evidence over generic netlink.
 * The module checks that evidence is consistent in itself; whether a device is trusted is for user space.
 *
 * Locks, outermost first: genetlink's cb_lock or the bus notifier's callers, registry_lock, spdm_dev.lock.
 * No exchange with a device runs under any of them: only its collect work talks to the mailbox.
 */
#ifndef ASSAY_SPDM_H
#define ASSAY_SPDM_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/pci.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "proto/spdm/leaf.h"
#include "proto/spdm/requester.h"
#include "proto/spdm/signature.h"

enum {
	EVIDENCE_LIVE_MAX = 4, /* objects of one device that dumps may keep alive */
	WHY_MAX = 96,
};

struct blob {
	u8 *at;
	size_t len;
};

/* What one collection gave; never changed once it is published. */
struct evidence {
	struct kref ref;
	struct spdm_dev *dev; /* a reference; for the count of live objects */
	u32 generation;	      /* module-wide, never used twice              */
	u8 slot;
	u8 nonce[SPDM_NONCE_LEN];
	struct spdm_negotiated nego;
	struct blob chain, vca, measurements, challenge;
	u8 chain_digest[32]; /* SHA-256 of the certificates, without SPDM's header */
};

/* What a collection is asked for. */
struct collect_job {
	u8 slot;
	u8 nonce[SPDM_NONCE_LEN];
	u8 challenge_nonce[SPDM_NONCE_LEN];
};

struct spdm_dev {
	struct kref ref;
	struct list_head node; /* registry_lock */
	struct pci_dev *pdev;  /* a reference */
	struct pci_doe_mb *mb; /* the PCI core's; gone once @dying is set: only the work uses it */
	u64 id;		       /* of this instance of the device, never used twice */
	atomic_t live;	       /* evidence objects */

	struct work_struct work;
	wait_queue_head_t wait; /* woken when a collection ends */

	struct mutex lock; /* all below */
	bool dying;
	bool pending, running;
	struct collect_job job;	   /* the pending or running one */
	struct evidence *evidence; /* the newest, or NULL */
	int error;		   /* of the last collection that failed, for @failed_nonce */
	char why[WHY_MAX];
	u8 failed_nonce[SPDM_NONCE_LEN];
};

/* main.c: the devices */
struct spdm_dev *spdm_dev_find(const char *name); /* a reference, or NULL */
void spdm_dev_put(struct spdm_dev *dev);

/* collect.c: the work of a device */
void spdm_collect_work(struct work_struct *work);
/**
 * spdm_collect_ask - have fresh evidence over @nonce collected, if it is not there yet.
 * Return: 0 and a reference in @out; -EAGAIN while it is collected (ask again with the same nonce); else
 * why it failed, with the text in @why.
 */
int spdm_collect_ask(struct spdm_dev *dev, u8 slot, const u8 *nonce, struct evidence **out,
		     char why[WHY_MAX]);
/** spdm_collect_first - queue a collection over a nonce of the kernel's own. */
void spdm_collect_first(struct spdm_dev *dev);
int spdm_collect_init(void);
void spdm_collect_exit(void);

/* evidence.c */
struct evidence *evidence_new(struct spdm_dev *dev, const struct spdm_requester *rq);
void evidence_put(struct evidence *ev);
/* A reference to the newest; -EAGAIN while the first is collected, -ENODEV if there is none. */
int evidence_current(struct spdm_dev *dev, struct evidence **out);

/* signature.c: the device's own key over its own messages */
int signature_check(const struct evidence *ev, const char **why);

/* device_evidence.c: family "device-evidence" */
int device_evidence_init(void);
void device_evidence_exit(void);

#endif
