/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVIDIA GPU attestation reports as bytes: a signed SPDM 1.1 GET_MEASUREMENTS exchange recorded without its VCA. Nothing
 * signed says which algorithms were negotiated, so P-384 and SHA-384 are the format's.
 * SPEC: DSP0274 1.1 GET_MEASUREMENTS, MEASUREMENTS; NVIDIA attestation report, opaque data
 */
#ifndef ASSAY_NVIDIA_REPORT_H
#define ASSAY_NVIDIA_REPORT_H

#include "common/buf.h"
#include "common/err.h"
#include "spdm/measurements.h"

/** nvidia_report_algorithms - what the format fixes. */
extern const struct spdm_negotiated nvidia_report_algorithms;

struct nvidia_report {
	struct spdm_get_measurements asked;
	struct spdm_measurements answer;
	struct bytes signed_part; /* all before the signature */
};
/** nvidia_report_is - does @b begin as a report does: raw, or as the hex that the vendor's tools write? */
bool nvidia_report_is(struct bytes b);
/** nvidia_report_raw - a copy of the report in @file, which holds it raw or as hex. 0, or E_FORMAT. */
int nvidia_report_raw(struct bytes file, struct buf **out, struct err *e);
/** nvidia_report_parse - of raw bytes; the opaque data is walked too. 0, or E_FORMAT with the field. */
int nvidia_report_parse(struct bytes report, struct nvidia_report *out, struct err *e);

/* { type u16, length u16, data }, and not the opaque format of DSP0274 */
enum nvidia_field_type {
	NVIDIA_DRIVER = 3,
	NVIDIA_VBIOS = 6,
	NVIDIA_NVDEC0 = 11,
	NVIDIA_FWID = 20,
};
struct nvidia_field {
	u16 type;
	struct bytes data;
};
/** nvidia_next_field - the field that @opaque stands at; sets opaque->why when it is malformed. */
struct nvidia_field nvidia_next_field(struct reader *opaque);
const char *nvidia_field_name(u16 type); /* NULL: a number that is unknown here */
/** nvidia_field_text - its value as people write it: versions as text, the rest as hex. Return: @out. */
const char *nvidia_field_text(const struct nvidia_field *f, char *out, size_t size);

#endif
