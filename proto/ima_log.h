/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of the kernel's Integrity Measurement Architecture: which files were opened or run, each
 * entry extended into PCR 10. Templates ima, ima-ng, ima-sig, ima-buf, ima-modsig, ima-ngv2 and ima-sigv2
 * are decoded; others are replayed.
 * SPEC: Linux Documentation/security/IMA-templates, security/integrity/ima/ima_fs.c (binary and ASCII form)
 */
#ifndef ASSAY_IMA_LOG_H
#define ASSAY_IMA_LOG_H

#include "common/crypto.h"
#include "common/limits.h"
#include "common/reader.h"

enum { IMA_PCR = 10, IMA_BANKS_MAX = 4 };
enum ima_form { IMA_BINARY, IMA_ASCII };

/** struct ima_entry - views into the list, or into the cursor: they die at the next ima_next(). */
struct ima_entry {
	u32 pcr;
	struct bytes template_name;
	struct bytes template_hash; /* as the list has it: SHA-1, 20 bytes */
	bool violation;		    /* all zero: a file changed while it was measured */
	struct bytes data;	    /* what each bank's hash runs over */
	/* of the templates that are decoded; else empty */
	enum digest_alg alg; /* DIGEST_NONE: one that this build does not have */
	struct bytes digest, path, signature;
	bool verity;	     /* the digest is that of fs-verity, not of the file's content */
	struct bytes buffer; /* template ima-buf: what the digest is of, in place of a file */
};

/** struct ima_cursor - a list being read; nothing but ima_cursor_on() and ima_next() looks inside. */
struct ima_cursor {
	enum ima_form form;
	struct reader r;
	size_t n; /* entries read */
	u8 scratch[IMA_DATA_MAX];
};
void ima_cursor_on(struct ima_cursor *c, struct bytes list, enum ima_form form);
/**
 * ima_next - the next entry. An ASCII line does not say where a path with spaces or line ends stops: the
 * one of the possible readings whose SHA-1 is the entry's is taken.
 * Return: 1 and *@out; 0 at the end; -1 with @e, which names the entry and the field, and says so where the
 * list ends inside the entry.
 */
int ima_next(struct ima_cursor *c, struct ima_entry *out, struct err *e);

/** ima_list_form - does @b begin as a list does, and which of its two forms has it? */
bool ima_list_form(struct bytes b, enum ima_form *form);
/**
 * ima_entry_len - the first entry of a binary list that may go on, or stop in the middle of one.
 * Return: 1 and its whole length in *@len; 0 when @list ends before it does; -1 with @e.
 */
int ima_entry_len(struct bytes list, size_t *len, struct err *e);

/** struct ima_banks - PCR 10 in some banks. */
struct ima_banks {
	size_t n;
	struct digest at[IMA_BANKS_MAX]; /* at[i].alg is the bank's algorithm */
};
/** ima_banks_start - all zero, as after a reset. */
void ima_banks_start(struct ima_banks *b, const enum digest_alg *algs, size_t n);
/** ima_banks_equal - the same banks in the same order with the same values; never so without any. */
bool ima_banks_equal(const struct ima_banks *a, const struct ima_banks *b);
/** struct ima_place - how far the list of one boot is known: the entry that comes next, and PCR 10 before it. */
struct ima_place {
	u32 reset_count, restart_count;
	u64 next;
	struct ima_banks pcr10;
};

/** ima_extend - one entry into every bank: H(old ‖ H(data)), or ones for a violation. */
void ima_extend(struct ima_banks *b, const struct ima_entry *entry);

/**
 * ima_replay - as much of @list as leads from @running to @quoted. What comes after is not in the quote:
 * the kernel went on measuring; it is neither read nor counted.
 * @running: before the first entry; after the last one that counts, when this succeeds.
 * @n_entries, @n_bytes: how much of the list that was.
 * Return: 0; E_FORMAT with the entry; E_BINDING when no prefix of the list leads there.
 */
int ima_replay(struct bytes list, enum ima_form form, struct ima_banks *running,
	       const struct ima_banks *quoted, size_t *n_entries, size_t *n_bytes, struct err *e);
/**
 * ima_replay_piece - the same of a list that goes on elsewhere: its end is no error.
 * @reached: it leads to @quoted. Else @running is behind its last entry, and nothing shows yet that the TPM
 * has ever held that value.
 */
int ima_replay_piece(struct bytes list, enum ima_form form, struct ima_banks *running,
		     const struct ima_banks *quoted, size_t *n_entries, size_t *n_bytes,
		     bool *reached, struct err *e);

#endif
