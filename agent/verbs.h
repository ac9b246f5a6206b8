/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a local program may ask the agent: { 1: verb, ? 2: argument }; the answer is { 1: err_code, 2: text }
 * and a sealed memory file.
 */
#ifndef ASSAY_AGENT_VERBS_H
#define ASSAY_AGENT_VERBS_H

enum agent_verb {
	AGENT_ATTEST =
		1, /* memory file: the server's answer as JSON; argument: none, or for whom (main.c) */
	AGENT_SHARE = 2,  /* memory file: 32 bytes of the share of the volume  */
	AGENT_TOKEN = 3,  /* memory file: the token sent last                  */
	AGENT_STATUS = 4, /* memory file: JSON                                 */
	AGENT_PROPOSE =
		5, /* argument: a proposal's body; memory file: the server's answer as JSON */
	/* argument and memory file of these: disk_message.h, what they do: disk.h */
	AGENT_DISK_NEW = 6,
	AGENT_DISK_GET = 7,
	AGENT_DISK_PROVE = 8,
	AGENT_DISK_STORED = 9,
	AGENT_DISK_FORGET =
		10, /* shares that are held are wiped: of the argument's volume; no argument: all */
	AGENT_DISK_STAGE = 11,
};

#endif
