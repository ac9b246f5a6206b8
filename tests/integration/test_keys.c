// SPDX-License-Identifier: Apache-2.0
/* The life of a server's keys, and hosts that live through it: keys.sh does it on real parts, a test here is a line of its report. */
#include "report.h"

#define CHECKS(X)                                                                                  \
	X(a_disk_opens)                                                                            \
	X(a_backup_is_made_beside_a_running_server)                                                \
	X(its_artefacts_lie_apart_and_are_private)                                                 \
	X(no_backup_is_overwritten)                                                                \
	X(the_server_goes_on_writing)                                                              \
	X(its_keys_do_not_change_while_it_runs)                                                    \
	X(nothing_is_restored_over_it)                                                             \
	X(nor_over_what_is_there)                                                                  \
	X(a_backup_that_was_changed_is_refused)                                                    \
	X(before_anything_is_written)                                                              \
	X(so_is_one_that_was_never_finished)                                                       \
	X(a_backup_is_restored_elsewhere)                                                          \
	X(with_nonces_that_only_it_has_made)                                                       \
	X(and_none_of_before)                                                                      \
	X(a_host_attests_to_it)                                                                    \
	X(and_its_disk_opens)                                                                      \
	X(an_older_database_is_noticed)                                                            \
	X(and_does_not_serve)                                                                      \
	X(it_is_accepted_by_who_says_where_it_ends)                                                \
	X(and_means_it)                                                                            \
	X(once_is_enough)                                                                          \
	X(the_log_tells_of_it)                                                                     \
	X(and_of_the_restore_before)                                                               \
	X(a_host_attests_as_before)                                                                \
	X(and_its_disk_still_opens)                                                                \
	X(a_lost_floor_is_noticed_too)                                                             \
	X(another_key_encryption_key)                                                              \
	X(is_another_file)                                                                         \
	X(another_nonce_key)                                                                       \
	X(another_key_of_results)                                                                  \
	X(heads_signed_by_the_old_one_still_count)                                                 \
	X(every_host_has_told_that_it_knows_the_next_one)                                          \
	X(the_next_tls_key_is_the_one_in_use)                                                      \
	X(and_another_one_is_next)                                                                 \
	X(a_host_that_has_both_pins_attests)                                                       \
	X(and_its_disk_opens_after_all_of_it)                                                      \
	X(another_tpm_is_another_host)                                                             \
	X(the_old_one_is_removed_with_its_shares)                                                  \
	X(which_are_shredded)                                                                      \
	X(and_none_is_left)                                                                        \
	X(the_recovery_key_opens_meanwhile)                                                        \
	X(the_old_keyslots_are_forgotten)                                                          \
	X(and_made_anew_for_the_new_one)                                                           \
	X(so_that_the_disk_opens_there)                                                            \
	X(who_would_be_locked_out_is_told)                                                         \
	X(by_name)                                                                                 \
	X(one_that_was_never_told_the_pin_does_not)                                                \
	X(a_rotation_that_was_cut_short_is_finished)                                               \
	X(and_a_next_key_is_there_again)                                                           \
	X(the_server_has_a_certificate_of_its_key)

REPORT_TESTS(CHECKS, "keys.sh")
