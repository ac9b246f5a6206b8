/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef ASSAY_SPDM_ALGORITHMS_H
#define ASSAY_SPDM_ALGORITHMS_H

#include "codes.h"
#include "common/limits.h"
#include "common/port.h"

/** struct spdm_negotiated - what VCA agreed on, with the sizes that follow from it. */
struct spdm_negotiated {
	u8 version;
	u8 ct_exponent;
	u8 meas_spec;
	u8 other_params; /* as selected: opaque format; the requester's keys, which it has not */
	bool multi_key;	 /* 1.3: each slot of the responder may have a key of its own */
	u32 flags;	 /* of the responder          */
	u32 base_asym, base_hash, meas_hash;
	u16 dhe;			      /* selected group, 0: none   */
	u16 sig_len, hash_len, meas_hash_len; /* bytes; 0: not known to this build */
};

u16 spdm_sig_len(u32 base_asym);       /* 0 unless exactly one known bit is set */
u16 spdm_hash_len(u32 base_hash);      /* the same                              */
u16 spdm_meas_hash_len(u32 meas_hash); /* 0 for raw-only too                    */
bool spdm_one_bit(u32 mask);

#endif
