/* SPDX-License-Identifier: Apache-2.0 */
/* DICE attestation extensions of certificates. SPEC: TCG DICE Attestation Architecture 1.1, 6.1 */
#ifndef ASSAY_DICE_H
#define ASSAY_DICE_H

#include "common/cert.h"
#include "corim.h"

enum { DICE_FWIDS_MAX = CORIM_DIGESTS_MAX, DICE_INFOS_MAX = 16 };

/** struct dice_tcb_info - DiceTcbInfo as an environment with one element. Views into the certificate. */
struct dice_tcb_info {
	struct corim_env env; /* vendor, model, layer, index; class_id from type */
	u8 class_id[72];      /* where env.class_id stands */
	struct corim_mval mval;
};
/**
 * dice_tcb_infos - every DiceTcbInfo of @c: the extension itself, and those of MultiTcbInfo.
 * @out: room for DICE_INFOS_MAX; its views point into @c, and @env.class_id into the row itself.
 * Return: how many; -1 with @e when an extension is there and does not parse.
 */
int dice_tcb_infos(const struct cert *c, struct dice_tcb_info out[DICE_INFOS_MAX], struct err *e);
/** dice_tcb_info_parse - one, from the DER of the extension's value. */
int dice_tcb_info_parse(struct bytes der, struct dice_tcb_info *out, struct err *e);

#endif
