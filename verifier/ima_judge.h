/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files that IMA measured are: known by their digest, by their signer, or not. Entries that were judged
 * are not sent again, so what was found in them, and on whose word the rest was passed, is kept as a state of
 * this boot; it counts only while the rules and every CoRIM that vouched are what they were.
 */
#ifndef ASSAY_IMA_JUDGE_H
#define ASSAY_IMA_JUDGE_H

#include "ima_signature.h"
#include "refs.h"
#include "verify.h"

enum {
	IMA_PREFIXES_MAX = 32, /* required ones are bits of a u32 */
	IMA_PREFIX_MAX = 192,
	IMA_FINDINGS_MAX = 32,
	IMA_CHANGED_MAX =
		8, /* of these findings: they are common, and shall not crowd out others */
	IMA_VOUCHERS_MAX = 64,
	IMA_FINDING_PATH_MAX = 256,
	IMA_STATE_MAX = 65536, /* as bytes */
};

enum ima_mode {
	IMA_MODE_OFF,	 /* a list that is sent is replayed; its entries are not judged */
	IMA_MODE_REPLAY, /* there has to be one; changed files and paths are judged     */
	IMA_MODE_KNOWN,	 /* and each file has to be known                              */
};

struct ima_prefixes {
	size_t n;
	char at[IMA_PREFIXES_MAX]
	       [IMA_PREFIX_MAX]; /* "/opt": it and all below; "/opt/a*": whatever begins so */
};

struct ima_rules {
	enum ima_mode mode;
	bool unknown_warns;
	enum ima_changed {
		IMA_CHANGED_WARNS,
		IMA_CHANGED_REFUSES,
		IMA_CHANGED_IGNORED, /* counted alone */
	} changed;
	struct ima_prefixes excluded, refused, required;
	struct ima_signers signers;
};
/** ima_rules_add - one more of a list, with the refusal a person understands. */
int ima_rules_add(struct ima_prefixes *p, const char *value, struct err *e);

/* clang-format off */
/*  id           what an entry is */
#define IMA_FAULTS(X)                                                             \
	X(UNKNOWN,    "no reference value and no accepted signature holds it")    \
	X(LEARNED,    "only learned values hold it, and policy does not take those") \
	X(UNREADABLE, "its template is not one that can be judged")               \
	X(AGGREGATE,  "it is not the digest of the quoted PCRs of the boot")      \
	X(REFUSED,    "policy wants no file there")                               \
	X(CHANGED,    "it was changed while it was measured")
/* clang-format on */
enum ima_fault {
#define X(id, text) IMA_##id,
	IMA_FAULTS(X)
#undef X
		IMA_FAULT_COUNT
};
const char *ima_fault_text(enum ima_fault f);
/** ima_fault_refuses - a fault of that kind is a contraindication by these rules, not a warning. */
bool ima_fault_refuses(const struct ima_rules *r, enum ima_fault f);

struct ima_finding {
	u64 entry;
	enum ima_fault fault;
	enum ima_signed signature;
	struct digest digest; /* DIGEST_NONE: not one of ours */
	bool cut;	      /* the path was longer */
	bool verity, buffer;  /* as in struct ima_entry */
	u16 path_len;
	u8 path[IMA_FINDING_PATH_MAX]; /* of UNREADABLE the template's name */
};

/** struct ima_state - what is kept of the entries before place.next. */
struct ima_state {
	struct ima_place place;
	u8 rules[32];	   /* digest of those it was judged by */
	u32 required_seen; /* bit n: rules.required.at[n]      */
	u64 count[IMA_FAULT_COUNT];
	size_t n; /* the first of all that were counted */
	struct ima_finding at[IMA_FINDINGS_MAX];
	size_t n_vouchers;
	struct ima_voucher {
		u8 corim[32];
		u32 tag;
	} vouchers[IMA_VOUCHERS_MAX];
	bool crowded; /* more CoRIMs vouched than that: it cannot be kept */
};

/**
 * ima_judge - every entry of @v, which has a list that replays, or a piece of one: then what is found is as
 * unproven as the piece, until a later list that starts behind it replays.
 * @learned_affirms: as in struct policy.
 * @before: what was kept of the entries before, when the list starts behind some; else not looked at.
 * Return: 0 and *@out, to be freed; E_MEMORY; E_FORMAT.
 */
int ima_judge(const struct ima_rules *rules, bool learned_affirms, const struct verified_view *v,
	      const struct refs *refs, long long now_s, const struct ima_state *before,
	      struct ima_state **out, struct err *e);
/** ima_state_holds - the same rules, all who vouched still do, and nothing of it would be judged better now. */
bool ima_state_holds(const struct ima_state *s, const struct ima_rules *rules, bool learned_affirms,
		     const struct verified_view *v, const struct refs *refs, long long now_s);
/** ima_state_keepable - nothing in it is refused, and it has room for all that has to be remembered. */
bool ima_state_keepable(const struct ima_state *s, const struct ima_rules *rules);

void ima_state_write(const struct ima_state *s, struct writer *w);
/** ima_state_parse - bytes of ima_state_write(). E_FORMAT. */
int ima_state_parse(struct bytes b, struct ima_state *out, struct err *e);

#endif
