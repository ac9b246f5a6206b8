// SPDX-License-Identifier: Apache-2.0
/* A volume that opens by attestation: disk.sh does it on real parts, a test here is a line of its report. */
#include "report.h"

#define CHECKS(X)                                                                                  \
	X(nobody_enrols_without_a_place_for_the_recovery_key)                                      \
	X(a_wrong_passphrase_enrols_nothing)                                                       \
	X(a_volume_that_is_not_enrolled_has_nothing_to_unlock)                                     \
	X(where_the_server_says_no_nothing_is_enrolled)                                            \
	X(and_the_disk_has_the_keyslot_that_it_had)                                                \
	X(a_volume_is_enrolled)                                                                    \
	X(and_not_twice)                                                                           \
	X(the_configuration_names_it)                                                              \
	X(and_is_as_readable_as_before)                                                            \
	X(its_keyslot_is_active)                                                                   \
	X(the_server_has_one_share_of_it)                                                          \
	X(it_is_unlocked)                                                                          \
	X(the_passphrase_is_43_characters_and_nothing_else)                                        \
	X(what_was_opened_is_told_for_the_cap)                                                     \
	X(the_persons_passphrase_still_opens)                                                      \
	X(the_recovery_key_comes_out_of_escrow_with_its_key)                                       \
	X(and_not_with_another)                                                                    \
	X(the_recovery_key_opens_its_keyslot)                                                      \
	X(and_is_tried_nowhere_else)                                                               \
	X(the_epoch_changes_on_demand)                                                             \
	X(the_share_before_is_shredded)                                                            \
	X(it_is_unlocked_with_the_next_epoch)                                                      \
	X(an_old_header_opens_nothing)                                                             \
	X(another_volume_in_its_place_is_not_opened)                                               \
	X(an_operator_asks_for_the_next_epoch)                                                     \
	X(and_the_next_unlock_makes_it)                                                            \
	X(so_that_the_epoch_has_moved)                                                             \
	X(and_one_share_is_left)                                                                   \
	X(and_not_again)                                                                           \
	X(a_change_that_is_cut_short_at_any_question_leaves_a_disk_that_opens)                     \
	X(or_at_any_sync_of_the_header)                                                            \
	X(or_between_two_of_its_writes)                                                            \
	X(and_afterwards_one_keyslot_of_ours)                                                      \
	X(and_one_share)                                                                           \
	X(a_device_that_is_not_as_it_has_to_be_opens_nothing)                                      \
	X(and_says_which_in_one_sentence)                                                          \
	X(and_opens_again_when_it_is)                                                              \
	X(who_asks_too_often_waits)                                                                \
	X(and_gets_it_later)                                                                       \
	X(the_cap_ends_it)                                                                         \
	X(once)                                                                                    \
	X(a_host_that_opened_what_it_should_is_affirmed)                                           \
	X(after_the_cap_nothing_is_unlocked)                                                       \
	X(nor_enrolled)                                                                            \
	X(another_root_volume_is_seen_afterwards)                                                  \
	X(who_types_what_is_none_opens_nothing)                                                    \
	X(a_typed_passphrase_opens)                                                                \
	X(a_boot_in_which_a_person_was_asked_opens_by_the_recovery_key)                            \
	X(whose_keyslot_is_hidden_again)                                                           \
	X(and_it_is_told_that_a_person_gave_it)                                                    \
	X(nobody_forgets_without_saying_so)                                                        \
	X(keyslots_are_forgotten)                                                                  \
	X(a_share_is_deleted_only_when_it_is_meant)                                                \
	X(and_then_is_gone)                                                                        \
	X(and_not_twice_gone)                                                                      \
	X(the_persons_passphrase_opens_to_the_end)

REPORT_TESTS(CHECKS, "disk.sh")
