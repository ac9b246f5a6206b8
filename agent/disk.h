/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's part in opening a disk: it has the TPM and the server, and never sees the disk. Which counter belongs
 * to which volume is in its configuration; the halves come from the header of the disk, which anybody can write.
 * SPEC: RULES 3, 6, 17, 19, 22, 23; docs/PROTOCOL.md, Epochs
 */
#ifndef ASSAY_AGENT_DISK_H
#define ASSAY_AGENT_DISK_H

#include "disk_message.h"
#include "proto/deposit.h"
#include "round.h"

/**
 * struct disk - what the verbs work with. Shares that came are held in locked memory until disk_forget(): a change of
 * epochs needs them again.
 */
struct disk {
	struct agent_settings *s;
	struct tpm **tpm; /* open while a verb runs */
	/** attest - one round, as the agent does it. */
	int (*attest)(void *user, const struct round_ask *ask, struct round_result *out,
		      struct err *e);
	/** deposit - a share of our own making, to the server. */
	int (*deposit)(void *user, const struct deposit *share, struct err *e);
	void *user;
	size_t n_held;
	struct round_share held[2 * VOLUMES_MAX];
	bool asks_alone; /* the server gave nothing when it was asked for all volumes at once */
	size_t n_beside; /* volumes whose shares came with another's, and were not asked for yet */
	u8 beside[VOLUMES_MAX][16];
	long long beside_until_ms;
	size_t n_approvals;
	struct approval *approvals; /* as the server gave them last */
	struct approval used;	    /* the one that opened a half last */
	size_t n_leases;	    /* the newest of each volume, as they came from the server */
	struct round_lease leases[VOLUMES_MAX];
	long long began_ms; /* when the agent started; 0: nobody wants to know */
	struct disk_stopwatch {
		u8 uuid[16];		/* of the volume that was asked for last */
		long long first_ms;	/* for the first time                    */
		long long get_ms;	/* for the last                          */
		u32 asked, in_vain;	/* ms in rounds, in those that failed    */
		u32 round[ROUND_PARTS]; /* ms of the one that did not            */
	} watch;
};
void disk_forget(struct disk *d);
/** disk_forget_volume - who opens, or enrols, has what it wanted: its shares are wiped. @out names the volume. */
int disk_forget_volume(struct disk *d, const struct disk_message *m, struct disk_message *out,
		       struct err *e);

/**
 * disk_new - the key of a keyslot that is to be made: the counter, if there is none, a share of the server and a new
 * half. @m->n keys: that many are in the header, and the new one is of the next epoch.
 * @out: one key with its passphrase, and the counter.
 * Return: E_CONFLICT when the boot phase has ended; as disk_get().
 */
int disk_new(struct disk *d, const struct disk_message *m, struct disk_message *out, struct err *e);
/**
 * disk_stage - the same on a host whose boot phase has ended: half and share are made here, and the server keeps the
 * share. What they open is proven by the next boot, and changed by it.
 * Return: E_CONFLICT while the phase lasts, in which disk_new() is the way.
 */
int disk_stage(struct disk *d, const struct disk_message *m, struct disk_message *out,
	       struct err *e);
/**
 * disk_get - what opens the volume: of @m, the halves of its header. @out: the key of the current epoch; and of the
 * next, when the server wants a change, with the half of the header or a new one. Where no server can be reached, and
 * the request allows it, the lease of the header opens it. A key's lease in an answer is what its token should have.
 * Return: E_POLICY when the verdict releases nothing, with the server's reasons; E_FRESHNESS when the header is an old
 * one; E_UNREACHABLE, E_TPM.
 */
int disk_get(struct disk *d, const struct disk_message *m, struct disk_message *out, struct err *e);
/** disk_prove - the passphrase of one key once more, out of the half as the header has it now and a share that is held. */
int disk_prove(struct disk *d, const struct disk_message *m, struct disk_message *out,
	       struct err *e);
/**
 * disk_stored - the keyslot of @m's one key is on the disk and opened, with a proof of the volume key. Tells the
 * server; counts the counter up to its epoch, proves the half once more, and tells that too: the share before is shredded.
 * Whatever of it was done before is not done again. @out: the epoch with its lease, for the token.
 */
int disk_stored(struct disk *d, const struct disk_message *m, struct disk_message *out,
		struct err *e);

#endif
