/* SPDX-License-Identifier: Apache-2.0 */
/* Which firmware a device runs, in a few words for people: to count and compare by, never to judge by. */
#ifndef ASSAY_FIRMWARE_H
#define ASSAY_FIRMWARE_H

#include "verify.h"

enum { FIRMWARE_TEXT = 64, MODEL_TEXT = 16 };

/**
 * firmware_text - what the signed measurements of @d say: its version or security version where it tells one, and the first 8
 * hex digits of SHA-256 over index, type and value of each block of code, so that two firmwares of one version are two.
 * "" for a device whose evidence was not verified. Printable ASCII. Return: @out.
 * SPEC: DSP0274 measurement block; docs/PROTOCOL.md Environments
 */
const char *firmware_text(const struct verified_device *d, char out[FIRMWARE_TEXT]);

/** firmware_model - "pci:vvvv:dddd" of a label, or "". Return: @out. */
const char *firmware_model(const char *label, char out[MODEL_TEXT]);

#endif
