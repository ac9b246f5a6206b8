/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink bytes to structs, without a socket: what a kernel family sends is read here and nowhere else.
 * Integers are in host order; every reader refuses a length that its field has not.
 * SPEC: kernel-patches/assay_spdm/assay_netlink.h, device_evidence.h, spdm.yaml of the seed series (sig)
 */
#ifndef ASSAY_NETLINK_MESSAGE_H
#define ASSAY_NETLINK_MESSAGE_H

#include "common/buf.h"
#include "common/limits.h"
#include "common/reader.h"
#include "kernel-patches/assay_spdm/assay_netlink.h"
#include "kernel-patches/assay_spdm/device_evidence.h"

/** struct netlink_message - one message of a datagram; @payload is a view into it. */
struct netlink_message {
	u16 type, flags;
	u32 seq;
	struct bytes payload;
};
/** netlink_next - the next message of @datagram. Return: false at its end or when it does not fit (r->why). */
bool netlink_next(struct reader *datagram, struct netlink_message *out);

enum { NETLINK_TEXT_MAX = 256 };
/**
 * netlink_parse_error - NLMSG_ERROR and NLMSG_DONE. *@error: 0 or a negative errno; @text: the kernel's
 * words for it (extack), or "".
 * Return: 0 or -EBADMSG with *@why.
 */
int netlink_parse_error(const struct netlink_message *m, int *error, char text[NETLINK_TEXT_MAX],
			const char **why);

/** netlink_command - cmd of a generic netlink payload, and a reader over its attributes. */
u8 netlink_command(struct bytes payload, struct reader *attrs);

/** struct netlink_status - a device as STATUS or EVENT of family "assay" has it. */
struct netlink_status {
	u64 id; /* of this instance of the device */
	char name[ASSAY_NAME_MAX + 1];
	u32 generation, state;
	int error;
	char why[ASSAY_WHY_MAX + 1];
	u64 seq;
	bool has_cause; /* of EVENT */
	u32 cause;
	u8 version, slot; /* 0x10 to 0x13, 0: no evidence yet */
	u8 slots;	  /* bit n: slot n has a certificate  */
	bool has_nonce, has_digests;
	u8 nonce[ASSAY_NONCE_LEN];
	u8 chain_digest[ASSAY_DIGEST_LEN], meas_digest[ASSAY_DIGEST_LEN];
	bool has_guard;		/* of STATUS: COVERAGE, PREVENTS and HOLD */
	u32 coverage, prevents; /* bits enum assay_cover */
	u32 hold;		/* enum assay_hold */
};
/**
 * netlink_parse_status - @payload of STATUS or EVENT. DEV_ID, SUBSYS "pci", DEV_NAME (a PCI address), STATE and
 * SEQ must be there, COVERAGE, PREVENTS and HOLD all or none; attributes unknown to us are passed over.
 * Return: 0 or -EBADMSG with *@why; @out is then not to be used.
 */
int netlink_parse_status(struct bytes payload, struct netlink_status *out, const char **why);
const char *netlink_state_name(u32 state);
const char *netlink_cause_name(u32 cause);
/**
 * netlink_wants_anew - the errno that answers ACCEPT or FORGET says that the device is another by now, gone, or busy
 * with a check or a probe: the verdict is of no use for it, and the next collection decides.
 */
bool netlink_wants_anew(int error);

/** pci_address_valid - dddd:bb:dd.f, as sysfs names a function: nothing else may become part of a path. */
bool pci_address_valid(const char *name);

/** struct netlink_object - one object that comes in chunks. */
struct netlink_object {
	struct buf *bytes; /* NULL: it has not begun */
	u32 length;
};
void netlink_object_clear(struct netlink_object *o);
/** netlink_object_take - TRANSCRIPT: LENGTH on the first message, VAL on each. @max: its cap. */
int netlink_object_take(struct netlink_object *o, size_t max, struct bytes payload,
			const char **why);
/** netlink_object_done - are all its bytes there? */
bool netlink_object_done(const struct netlink_object *o);

/** struct netlink_log - LOG of family "assay", entry by entry; begin with zeros. */
struct netlink_log {
	struct buf *bytes; /* u8 pcr ‖ lp(entry) ...; NULL: no entry came */
	u64 count;	   /* of the last entry                           */
};
/**
 * netlink_log_take - one message: TPM_PCR, the same in all, TPM_LOG_COUNT, from 1 without a hole, and
 * TPM_LOG_ENTRY with one DATA of 1 to DEVICE_LOG_ENTRY_MAX bytes; at most DEVICE_LOG_ENTRIES_MAX of them.
 * Return: 0 or -EBADMSG with *@why.
 */
int netlink_log_take(struct netlink_log *log, struct bytes payload, const char **why);
void netlink_log_clear(struct netlink_log *log);

enum { EVIDENCE_OBJECTS = DEVICE_EVIDENCE_TYPE_MAX + 1 };
/** struct netlink_evidence - READ of family "device-evidence": objects of one generation, by type. */
struct netlink_evidence {
	u32 mask; /* set by the caller: the types asked for */
	u32 generation;
	bool begun;
	unsigned int type; /* the object being read */
	struct netlink_object object[EVIDENCE_OBJECTS];
};
/**
 * netlink_evidence_take - one message. Refused: a type not asked for or out of order, another
 * generation, a length over its limit, more bytes than promised, a head before the last object is whole.
 */
int netlink_evidence_take(struct netlink_evidence *ev, struct bytes payload, const char **why);
/** netlink_evidence_done - the dump has ended: -EBADMSG if an object is not whole. */
int netlink_evidence_done(const struct netlink_evidence *ev, const char **why);
void netlink_evidence_clear(struct netlink_evidence *ev); /* back to empty; @mask stays */

/** struct netlink_uevent - of the kernel, for the subsystem pci. */
struct netlink_uevent {
	char action[16];
	char subsystem[16];
	char name[ASSAY_NAME_MAX + 1]; /* PCI_SLOT_NAME, "" when there is none */
};
int netlink_parse_uevent(struct bytes message, struct netlink_uevent *out, const char **why);

/** struct netlink_signature - group "sig" of family "spdm"; @name "" on the messages that continue one. */
struct netlink_signature {
	char name[ASSAY_NAME_MAX + 1];
	u8 code, slot;
};
int netlink_parse_signature(struct bytes payload, struct netlink_signature *out, const char **why);

enum { NETLINK_FAMILY_MAX = 16 };
/** netlink_parse_family - a family that came or went (group "notify" of nlctrl): its name. */
int netlink_parse_family(struct bytes payload, char name[NETLINK_FAMILY_MAX], const char **why);

#endif
