/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source "kernel-cma": devices whose SPDM the kernel speaks. Families are found by name at run time; one
 * that is absent is normal. family.c and netlink_watch.c are the only users of libnl.
 *
 *	family "assay"            devices and their state, and evidence of SPDM 1.0 and 1.1
 *	family "device-evidence"  evidence from SPDM 1.2 on; alone it is what mainline is heading for
 */
#ifndef ASSAY_SOURCE_NETLINK_H
#define ASSAY_SOURCE_NETLINK_H

#include "../event.h"
#include "../known.h"
#include "../source.h"

extern const struct evidence_source source_netlink;

/**
 * netlink_devices - every device that a kernel family serves, those that cannot be read too: each is to be
 * in the token, with evidence or with the reason why not.
 * @pci_folder: /sys/bus/pci/devices; borrowed, and kept in the devices.
 * @out: room for @max; @n of them are filled, without labels.
 * Return: 0, also when no family is there; E_DENIED, E_LIMIT, E_FORMAT ...
 */
int netlink_devices(const char *pci_folder, struct source_device *out, size_t max, size_t *n,
		    struct err *e);
/** netlink_statuses - STATUS of every device to @each. E_NOTFOUND when family "assay" is not there. */
int netlink_statuses(void (*each)(void *user, const struct netlink_status *s), void *user,
		     struct err *e);

/** netlink_status_now - STATUS of one device. E_NOTFOUND when it or family "assay" is not there. */
int netlink_status_now(const char *address, struct netlink_status *out, struct err *e);

/** struct netlink_acceptance - the very evidence that was judged; MEAS_DIGEST over the default blocks. */
struct netlink_acceptance {
	u64 id;
	u32 generation;
	u8 slot;
	const u8 *chain_digest, *meas_digest; /* 32 bytes */
	u32 on_fail;			      /* enum assay_on_fail */
};
/**
 * netlink_accept, netlink_forget - E_AGAIN when the device is gone, has other evidence by now, or is being checked or
 * bound; E_DENIED without CAP_SYS_ADMIN; E_DEVICE when the kernel has other digests.
 */
int netlink_accept(const struct netlink_acceptance *a, struct err *e);
int netlink_forget(u64 id, struct err *e);

/**
 * netlink_log - what the kernel extended into a PCR: *@out is u8 pcr ‖ the log as device_log.h has it, empty
 * when it extends none (then no PCR is named either) or family "assay" is not there.
 */
int netlink_log(struct buf **out, struct err *e);

/**
 * struct netlink_watch - what happens to devices, without asking: groups "events" of family "assay" and "sig"
 * of family "spdm", the kernel's uevents of PCI functions, and the coming and going of the families.
 */
struct netlink_watch;
int netlink_watch_open(const char *pci_folder, struct netlink_watch **out, struct err *e);
void netlink_watch_drop(struct netlink_watch **w);
enum { WATCH_FDS = 2 };
/** netlink_watch_fds - to poll for POLLIN. */
void netlink_watch_fds(const struct netlink_watch *w, int fds[WATCH_FDS]);
/** netlink_watch_serves - is there a family that tells of devices? */
bool netlink_watch_serves(const struct netlink_watch *w);
/** netlink_watch_known - for source_device.known: what we collect ourselves starts no round. */
struct known *netlink_watch_known(struct netlink_watch *w);
/** netlink_watch_read - all that has come; never waits. */
void netlink_watch_read(struct netlink_watch *w,
			void (*told)(void *user, const struct device_event *v), void *user);

#endif
