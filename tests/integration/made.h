/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token of the machine of verdict_rig.h, true but for what a lie says, with what the server knows of the host; and
 * what the verifier makes of it.
 */
#ifndef ASSAY_TEST_MADE_H
#define ASSAY_TEST_MADE_H

#include "verdict_rig.h"

#include "proto/eat.h"
#include "verifier/decide.h"

/** struct lie - what is wrong with a token, and the check that has to say so; at most one thing is. */
struct lie {
	const char *name;
	enum check_id check;
	/* what is done differently */
	bool foreign_device_nonce, flip_block, unsigned_measurements, other_slot_chain, lost_device,
		failed_device;
	bool same_device_twice, ca_leaf, unauthenticated, wrong_serial;
	bool wrong_deployment, wrong_signature, wrong_ueid, no_log, other_log, log_prefix,
		log_of_other_boot, made_up_device_log, no_device_log, unguarded, session_wanted,
		ide_wanted, no_ima, ima_why, other_ima, ima_of_other_boot, ima_from_nowhere,
		ima_other_bank, ima_starts_high, drop_pcr, change_pcr, certify_as_quote;
	bool wrong_quote_signature, twins;
	bool k_is_srk, k_not_certified, restart_between;
	/* what the server knows or demands */
	bool bad_nonce, not_enrolled, revoked, clock_back, other_inventory, other_key, other_host,
		floor_13, no_root;
	bool no_test_switch, caller_nonce, set_16;
	bool volume_of_other, volume_unknown, counter_elsewhere;
	/* of a lease: a counter of another kind, one of other evidence, a key of another hierarchy or boot */
	bool lease_counter_of_volume, lease_counted_before, lease_for_k, lease_of_other_key,
		lease_key_before;
	/* of the volume's counter */
	bool epoch_over, epoch_ahead, counted_before, counted_elsewhere, counted_by_quote,
		counted_by_other_key;
};

/** struct made - the token and the context it is verified in, which points into the rest. */
struct made {
	struct buf *token;
	struct eat *parsed;
	struct verify_context ctx;
	struct known_leaf known;
	struct known_volume volume;
	struct buf *ak_pub, *inventory;
};

/** made_with - collect, quote and sign, with @lie. */
void made_with(struct verdict_rig *f, const struct lie *lie, struct made *m);
void made_clear(struct made *m);
/** made_judge - verified, appraised, decided; the caller drops what it gets. */
struct decision made_judge(struct verdict_rig *f, struct made *m, struct verified_claims **v,
			   struct reasons **reasons, struct appraisal **a);
/** made_twin - nothing but its address tells one of these from another: no serial number, no certificate. */
struct eat_function made_twin(const char *address);

#endif
