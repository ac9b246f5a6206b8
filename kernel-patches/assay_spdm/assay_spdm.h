/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SPDM over PCIe DOE for every device that has a CMA mailbox, and its evidence over generic netlink.
 * The module checks that evidence is consistent in itself, and later that the device is still the one that
 * user space accepted; whether a device is trusted is for user space.
 *
 * Locks, outermost first: genetlink's cb_lock or the bus notifier's callers, registry_lock, spdm_dev.lock,
 * then the innermost ones (event_lock, tpm_lock apart). No exchange with a device runs under any of them: only
 * the collect and check works talk to a mailbox, under exchange_lock, which nobody else takes. device_lock is
 * taken by the act work alone, with none of ours held. See ../README.md.
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

#include "assay_netlink.h"
#include "proto/spdm/leaf.h"
#include "proto/spdm/requester.h"
#include "proto/spdm/signature.h"
#include "proto/spdm/stable.h"

enum {
	EVIDENCE_LIVE_MAX =
		4, /* objects of one device that dumps and an acceptance may keep alive */
	COLLECT_MAX_S = 30,
	CHECK_MAX_S = 10,
	CLAIMS_MAX = 4,
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
	u8 slot, slots;	      /* this one; those that are provisioned       */
	u8 nonce[SPDM_NONCE_LEN];
	struct spdm_negotiated nego;
	struct blob chain, vca, measurements, challenge;
	u32 challenge_at; /* where CHALLENGE begins in @challenge; 0: there is none */
	u8 chain_digest[ASSAY_DIGEST_LEN]; /* SHA-256 of the certificates, without SPDM's header */
};

#define ASSAY_WHY_RESET "the device was reset meanwhile: another nonce is needed"

/* What a collection is asked for. */
struct collect_job {
	u8 slot;
	u8 nonce[SPDM_NONCE_LEN];
	u8 challenge_nonce[SPDM_NONCE_LEN];
	u32 forgets; /* of the device, when the collection began */
};

/* What config space says a device is. */
struct pci_ids {
	u32 id, class_revision, subsystem;
	u64 serial;
};

/* The PCIe name in the leaf, beside config space. */
enum leaf_name { LEAF_NAME_UNSAID, LEAF_NAME_SAME, LEAF_NAME_OTHER, LEAF_NAME_NONE };

/* The evidence that user space judged good, and what to do when the device is another one. */
struct acceptance {
	struct evidence *ev; /* a reference; NULL: nothing is accepted */
	u8 meas_digest[ASSAY_DIGEST_LEN];
	u8 indexes[SPDM_INDEXES_LEN];
	enum assay_on_fail on_fail;
	bool strict; /* a device that cannot be reached is another one */
	struct pci_ids ids;
};

struct spdm_dev {
	struct kref ref;
	struct list_head node; /* registry_lock, and watch_lock to change it */
	struct pci_dev *pdev;  /* a reference */
	struct pci_doe_mb
		*mb;   /* the PCI core's; gone once @dying is set: only the two works use it */
	u64 id;	       /* of this instance of the device, never used twice */
	atomic_t live; /* evidence objects */
	enum leaf_name leaf_name; /* what was last said of it; the collect work's */
	bool has_sysfs;
	u16 claims[CLAIMS_MAX]; /* offsets of DOE capabilities that are ours */
	u8 n_claims;

	struct work_struct collect_work; /* freezable */
	struct delayed_work check_work;	 /* not freezable */
	atomic_t seen;			 /* a cause that watch.c saw, or -1 */
	struct work_struct act_work;	 /* takes device_lock; holds a reference while queued */
	wait_queue_head_t wait;		 /* woken when a collection ends */
	struct mutex exchange_lock;	 /* the mailbox, for a whole collection or check */
	u8 tpm_digest[ASSAY_DIGEST_LEN]; /* tpm_lock: what was last extended */

	struct mutex lock; /* all below */
	bool dying;
	bool pending, running;	   /* a collection */
	struct collect_job job;	   /* the pending or running one */
	struct evidence *evidence; /* the newest, or NULL */
	u32 forgets;		   /* how often what was collected became of before */
	int error;		   /* of the last collection or check, 0 if it was good */
	char why[ASSAY_WHY_MAX];
	bool told; /* the asker of @failed_nonce knows of @error */
	u8 failed_nonce[SPDM_NONCE_LEN];
	bool has_stale;
	u8 stale_nonce
		[SPDM_NONCE_LEN]; /* shown to the device before it was reset: none to ask it with */

	struct acceptance accepted;
	bool checking;
	enum assay_cause check_cause;
	bool mismatch; /* it is not the device that was accepted */
	bool silent; /* in quarantine: config space reads as ones, and the mailbox would take it for busy */
	u64 checks, last_check;
	enum assay_hold hold;
	bool held; /* from its first moment on, no driver bound before the first ACCEPT */
	bool accepted_once;
	bool act_quarantine, act_release, acting;
};

/* main.c: the devices */
struct spdm_dev *spdm_dev_find(const char *name); /* a reference, or NULL */
struct spdm_dev *spdm_dev_find_pdev(const struct pci_dev *pdev);
struct spdm_dev *spdm_dev_find_id(u64 id);
struct spdm_dev *spdm_dev_after(u64 id); /* the one with the next greater id */
void spdm_dev_put(struct spdm_dev *dev);
/* @each under registry_lock, and where @atomic is said under watch_lock instead, from any context. */
void spdm_dev_each(void (*each)(struct spdm_dev *dev, void *user), void *user);
void spdm_dev_each_atomic(void (*each)(struct spdm_dev *dev, void *user), void *user);

/* exchange.c: one conversation with a device */
struct conversation {
	struct spdm_requester rq;
	u8 response[SPDM_MSG_MAX + 4];
	u8 vca[2048];
	u8 chain[SPDM_CHAIN_MAX];
	u8 challenge[SPDM_CHAIN_MAX + 8192];
	u8 measurements[SPDM_MSG_MAX + 256];
};
struct conversation *conversation_new(const struct spdm_requester_config *config);
void conversation_drop(struct conversation *c);
/**
 * converse - to the end, or until @seconds have passed. -ENODEV: the device is being removed; -ENXIO: it is in
 * quarantine.
 */
int converse(struct spdm_dev *dev, struct conversation *c, unsigned int seconds, const char **why);

/* collect.c */
void spdm_collect_work(struct work_struct *work);
/**
 * spdm_collect_ask - have fresh evidence over @nonce collected, if it is not there yet.
 * Return: 0 and a reference in @out; -EAGAIN while it is collected (ask again with the same nonce); else
 * why it failed, with the text in @why. -ESTALE: take another nonce, the device was reset while this one was out.
 */
int spdm_collect_ask(struct spdm_dev *dev, u8 slot, const u8 *nonce, struct evidence **out,
		     char why[ASSAY_WHY_MAX]);
/** spdm_collect_start - queue @job; -EBUSY while another is collected, -ENODEV, -ESTALE as above. */
int spdm_collect_start(struct spdm_dev *dev, const struct collect_job *job);
/** spdm_collect_own - queue a collection over a nonce of the kernel's own. */
void spdm_collect_own(struct spdm_dev *dev, u8 slot);
/** spdm_collect_wait - until none is queued or running; -ETIMEDOUT, -EINTR. Then the last one's result. */
int spdm_collect_wait(struct spdm_dev *dev, unsigned int seconds);
void spdm_collect_drain(void);
int spdm_collect_init(void);
void spdm_collect_exit(void);

/* check.c: is it the accepted device? */
void spdm_check_work(struct work_struct *work);
void spdm_act_work(struct work_struct *work);
/** spdm_accept - -ENODEV, -EAGAIN no evidence, -ESTALE, -EBADMSG, -EBUSY; @why says it. */
int spdm_accept(struct spdm_dev *dev, u32 generation, u8 slot, const u8 *chain_digest,
		const u8 *meas_digest, struct acceptance *a, const char **why);
/** spdm_forget - -EBUSY while its driver is being taken away or given back. */
int spdm_forget(struct spdm_dev *dev);
/** spdm_check_start - -ENOENT nothing is accepted; -EBUSY; the end is an event. */
int spdm_check_start(struct spdm_dev *dev, enum assay_cause cause);
/** spdm_check_later - from any context: once the reset that was seen has settled. */
void spdm_check_later(struct spdm_dev *dev, enum assay_cause cause);
/* Drops an acceptance that new evidence does not bear out; under dev->lock; @ev is the new evidence. */
bool acceptance_contradicted(struct spdm_dev *dev, const struct evidence *ev);
void acceptance_drop(struct spdm_dev *dev); /* under dev->lock */
/* Under dev->lock: it is of before, and so will be what a running collection brings. */
void evidence_forget(struct spdm_dev *dev);
void spdm_hold_new(struct spdm_dev *dev);
/** spdm_hold_prevents - no driver got it before it was accepted; under dev->lock. */
bool spdm_hold_prevents(const struct spdm_dev *dev);
void pci_ids_read(struct pci_dev *pdev, struct pci_ids *ids);
void spdm_resume(struct spdm_dev *dev, bool hibernated);
int spdm_check_init(void);
void spdm_check_exit(void);

/* evidence.c */
struct evidence *evidence_new(struct spdm_dev *dev, const struct spdm_requester *rq);
void evidence_put(struct evidence *ev);
/* A reference to the newest; -EAGAIN while the first is collected, -ENODEV if there is none. */
int evidence_current(struct spdm_dev *dev, struct evidence **out);
int measurements_digest(const struct spdm_negotiated *nego, const struct blob *measurements,
			const u8 indexes[SPDM_INDEXES_LEN], u8 out[ASSAY_DIGEST_LEN]);

/* signature.c: the device's own key over its own messages */
int signature_check(const struct evidence *ev, const char **why);
/** chain_hash - of the chain object, as DIGESTS has it. */
int chain_hash(const struct evidence *ev, u8 out[SPDM_HASH_MAX]);

/* name.c */
void leaf_name_report(struct spdm_dev *dev, const struct evidence *ev);

/* chunk.c: objects larger than a netlink message */
/** chunk_put - as much of @b from @at on as fits into @attr. Return: bytes put, or -EMSGSIZE. */
int chunk_put(struct sk_buff *skb, int attr, const struct blob *b, size_t at);

/* family_evidence.c, family_assay.c, family_spdm.c: what user space sees */
int family_evidence_init(void);
void family_evidence_exit(void);
int family_assay_init(void);
void family_assay_exit(void);
/** event_send - tell the group; takes dev->lock, so it is not held. */
void event_send(struct spdm_dev *dev, enum assay_cause cause);
int family_spdm_init(void);
void family_spdm_exit(void);
/** signatures_send - those of @ev to who listens. */
void signatures_send(const struct evidence *ev);

/* sysfs.c: "authenticated", unless the kernel owns that name */
void sysfs_add(struct spdm_dev *dev);
void sysfs_remove(struct spdm_dev *dev);

/* tpm_log.c: what was extended into the PCR */
struct tpm_entry {
	struct list_head node;
	u64 count;
	u32 len;
	u8 data[];
};
int tpm_log_init(void);
void tpm_log_exit(void);
void tpm_log_device(const struct evidence *ev);
int tpm_log_pcr(void); /* -1: none configured */
/** tpm_log_after - the entry after number @count, or NULL; entries stay until the module goes. */
const struct tpm_entry *tpm_log_after(u64 count);

/* watch.c: resets and error recovery that another driver asks for, seen after the fact */
int watch_init(void);
void watch_exit(void);
u32 watch_covers(void); /* enum assay_cover */

#endif
