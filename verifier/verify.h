/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From decoded claims to verified claims. Only this stage can make a struct verified_claims, and
 * appraisal takes nothing else: a forgotten signature check does not compile.
 */
#ifndef ASSAY_VERIFY_H
#define ASSAY_VERIFY_H

#include "common/recall.h"
#include "explain.h"
#include "proto/boot_log.h"
#include "proto/cap.h"
#include "proto/eat.h"
#include "proto/spdm_evidence.h"

/** struct known_leaf - what the relying side knows of a device of this host. */
struct known_leaf {
	bool known;			/* seen before under this label   */
	u8 leaf_key[32];		/* SHA-256 of the leaf's SPKI     */
	u8 version;			/* highest SPDM version seen      */
	char other_host[256];		/* where else this key was seen   */
	char moved_from[LABEL_MAX + 1]; /* this host knows the key under this label */
};

/** struct known_volume - what the server knows of a volume. */
struct known_volume {
	bool known;	      /* this host has shares of it             */
	u32 counter;	      /* its counter; 0: it has been without    */
	char other_host[256]; /* instead: the host that it belongs to   */
};

/** struct verify_context - everything that does not come from the token. */
struct verify_context {
	u8 deployment[DEPLOYMENT_ID_LEN];
	long long now_s;
	enum check_result nonce; /* the server's own answer; offline: the nonce that was expected */
	char nonce_why[256];

	const char *host_name;
	struct bytes ak_pub; /* TPMT_PUBLIC of the enrolled AK */
	u8 ueid[UEID_LEN];
	bool active;

	bool has_last; /* of an earlier attestation */
	struct tpm_clock last_clock;
	struct bytes inventory; /* accepted; empty: none yet, the first one is taken */

	const struct cap_volume *enrolled; /* volumes whose key the boot phase has to open */
	size_t n_enrolled;
	bool has_unproven;  /* a volume more, of which no proof is known yet */
	struct recall *aks; /* decoded before, of verify_aks_new(); NULL: none are kept */
	const struct trust_store *device_roots;
	u8 spdm_version_min;
	u32 release_pcrs;
	bool release_after_restart;
	u32 must_detect,
		must_prevent; /* bits by guard_names: what the kernel does for each device */
	bool device_log_required;
	bool session_required, ide_required; /* RULES 9: nothing that there is can show either */
	bool ima_required;
	const struct ima_place
		*ima_from; /* how far this boot's list was judged; NULL: nothing is known */
	const struct ima_place *
		ima_pending; /* behind the pieces that came since, which no quote has shown to be true; or NULL */
	bool ima_any_start; /* offline: what came before is taken on trust, which the caller has to say */
	bool test_sources_may_release;
	bool caller_nonce; /* never releases */

	/** lookup - what is known of @label; @leaf_key is the evidence's. */
	int (*lookup)(void *user, const char *label, const u8 leaf_key[32], struct known_leaf *out,
		      struct err *e);
	/** lookup_volume - of the 16 bytes @uuid; NULL: nothing can be released. */
	int (*lookup_volume)(void *user, const u8 *uuid, struct known_volume *out, struct err *e);
	void *user;
};

/** guard_names - of the bits of struct kernel_guard, in their order; ends with NULL. */
extern const char *const guard_names[];

struct verified_device {
	const struct eat_device *claims;
	char label[LABEL_MAX + 1], address[129];
	struct checks checks;
	struct spdm_evidence *evidence; /* NULL: there is none, or it does not parse */
	struct pci_identity identity;
	bool has_identity;
	u8 leaf_key[32];
	bool verified; /* every DEVICE check passed */
	bool sighted; /* genuine and fresh, and its label free or its own: the sighting is recorded */
};

/** struct verified_ima - what the quote covers of IMA's list. */
struct verified_ima {
	bool there; /* sent, and it leads to the quoted PCR 10 in every bank */
	bool piece; /* instead: it does not lead there yet, and more follows; proves nothing */
	bool after_pieces; /* it starts behind pieces; when it is there, those are proven with it */
	bool whole_wanted; /* it starts where nothing is known: only the whole list can be judged */
	u64 first;
	struct bytes entries;	/* from the first on */
	struct ima_place place; /* behind the last of them */
};

struct verified_view {
	const struct eat *token;
	struct checks checks;
	struct pubkey *ak; /* the enrolled one; NULL: none */
	struct tpm_attest quote;
	struct boot_log *log; /* NULL: none was sent, or it does not replay */
	struct verified_ima ima;
	bool quoted; /* the quote's signature by an enrolled AK holds: a verdict may be stored */
	size_t n_devices;
	struct verified_device *devices;
	bool first_inventory; /* none was accepted before */
	bool boot_end_known;  /* volumes are enrolled, and the quote says which were opened: */
	enum cap_state boot_end;
	bool leased; /* and one of them without a server */
	/* of the release claim's volumes that have a counter, what it says: */
	u64 counted[VOLUMES_MAX];
	bool restarted;
	struct verified_lease {
		bool counted; /* it has a counter for leases, at this NV index: */
		u32 counter;  /* which says: */
		u64 value;
		bool asked; /* it wants one, wrapped to the SRK of this TPM: */
		struct tpm_public parent;
	} lease;
};

/** verify_aks_new - a memory of decoded AKs, 2 KiB each. */
struct recall *verify_aks_new(size_t max);

struct verified_claims;
/**
 * verify_evidence - run every check; a failed one is a row in @reasons, never an early return, so
 * that a person sees all that is wrong. Only devices in a token that no enrolled AK quoted are left
 * NOT_RUN. @token must outlive the result.
 * Return: 0 and *@out even when checks failed; an error only when there is no memory.
 */
int verify_evidence(const struct eat *token, const struct verify_context *ctx,
		    struct reasons *reasons, struct verified_claims **out, struct err *e);
const struct verified_view *verified_view(const struct verified_claims *v);
void verified_claims_drop(struct verified_claims **v);

#endif
