/* SPDX-License-Identifier: Apache-2.0 */
/* A boot log as sentences, for people: server, `assay host boot` and `assay boot` show the same. */
#ifndef ASSAY_BOOT_STORY_H
#define ASSAY_BOOT_STORY_H

#include <jansson.h>

#include "boot_claims.h"

/**
 * boot_story - {"algorithm", "events": [{"event", "pcr", "type", "name", "digest", "value", "covered", "text"}],
 * "pcrs": {bank: {PCR: hex}}, "fault": text or null}. The digests are of the SHA-256 bank, or else of the first.
 * "covered" says whether the digest vouches for the value: "measured", "not measured", "contradicted".
 * "fault": what boot_claims_check() finds. @command_line: as in boot_claims().
 * Return: 0 and a new reference in *@out; E_UNSUPPORTED when no bank can be computed.
 */
int boot_story(const struct boot_log *log, struct bytes command_line, json_t **out, struct err *e);

/**
 * boot_story_diff - what another boot measured otherwise, as [{"name", "change", "was", "now", "text"}] by
 * name: "changed", "removed", "added". Events at the same place with the same digest are left out.
 * Return: a new reference.
 */
json_t *boot_story_diff(const json_t *before, const json_t *after);

#endif
