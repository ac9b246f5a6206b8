/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from a verdict: a device that was affirmed is accepted in the kernel, which then lets its driver bind;
 * one that was contraindicated loses its driver. Without a verdict nothing is bound and nothing is unbound.
 * SPEC: RULES 20, 21
 */
#ifndef ASSAY_COLLECTOR_GATE_H
#define ASSAY_COLLECTOR_GATE_H

#include "agent/settings.h"
#include "netlink_message.h"
#include "verdict.h"

/** struct gate_device - a device of the last collection, and what we had the kernel accept of it. */
struct gate_device {
	char label[LABEL_MAX + 1];
	char address[ASSAY_NAME_MAX + 1];
	bool listed;	   /* in the last collection                        */
	bool told_ungated; /* that its driver does not wait was said     */
	u64 id;		   /* of this instance; 0: the kernel does not say  */
	bool has_digests;  /* of the evidence that was sent                 */
	struct gate_evidence {
		u8 slot;
		u8 chain_digest[ASSAY_DIGEST_LEN], meas_digest[ASSAY_DIGEST_LEN];
	} is, accepted;
	u32 generation;
	bool was_accepted; /* @accepted is valid, for @id */
};

/** gate_digests - of the very bytes that are sent, as ACCEPT compares them. 0 or -EBADMSG with *@why. */
int gate_digests(const struct device_evidence *d, struct gate_evidence *out, const char **why);

enum gate_step {
	GATE_DONE,   /* the kernel has accepted it already, or its driver is kept away */
	GATE_ACCEPT, /* ACCEPT                                                           */
	GATE_FORGET, /* FORGET                                                           */
	GATE_ANEW,   /* it is not what was judged any more: a new round                  */
};
/** gate_step_of - pure. @now: STATUS after the verdict. */
enum gate_step gate_step_of(const struct gate_device *d, enum device_standing standing,
			    const struct netlink_status *now);

struct gate;
/** gate_new - @s: borrowed; its gate is not off. Says what it cannot keep from happening, and lets the bootstrap set bind. */
struct gate *gate_new(const struct agent_settings *s);
void gate_drop(struct gate **g);
/**
 * gate_let_bootstrap - what [devices] ungated names and the module holds may bind now. To be called whenever devices may
 * have come: a host that needs its network card to ask for a verdict would wait for ever.
 */
void gate_let_bootstrap(struct gate *g);
/** gate_begin - a collection over @ctx begins; verdicts about an earlier one are void. */
void gate_begin(struct gate *g, const u8 ctx[32]);
/** gate_collected - what came of one device, of any source. */
void gate_collected(struct gate *g, const struct device_evidence *d);
/**
 * gate_judge - act on @v. *@anew: a device was not any more what was judged, or the kernel was busy with it: another
 * round is due. What fails about one device is logged and does not keep the others waiting.
 * Return: 0; E_AGAIN when @v is not about the last collection, or has been acted on.
 */
int gate_judge(struct gate *g, const struct device_verdicts *v, bool *anew, struct err *e);

#endif
