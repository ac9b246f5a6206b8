// SPDX-License-Identifier: Apache-2.0
/* A volume that opens without a server for some boots: lease.sh does it on real parts, a test here is a line of its report. */
#include "report.h"

#define CHECKS(X)                                                                                  \
	X(without_lease_counter_in_the_configuration_there_is_none)                                \
	X(without_server_and_without_lease_it_stays_shut)                                          \
	X(with_a_server_it_opens_and_gets_a_lease)                                                 \
	X(which_the_header_has)                                                                    \
	X(and_no_boot_was_opened_by_it)                                                            \
	X(the_list_of_secrets_shows_it)                                                            \
	X(as_does_the_host)                                                                        \
	X(a_boot_without_server_opens_by_it_and_says_so)                                           \
	X(and_leaves_word_of_it_for_the_cap)                                                       \
	X(the_server_affirms_the_host_afterwards)                                                  \
	X(and_knows_by_the_tpms_word_that_one_was_used)                                            \
	X(which_is_told_once)                                                                      \
	X(the_list_counts_down)                                                                    \
	X(a_server_that_refuses_is_no_server_that_is_away)                                         \
	X(nor_is_a_collector_that_is_away)                                                         \
	X(of_which_no_lease_was_asked)                                                             \
	X(a_lease_in_a_header_is_nothing_without_the_configuration)                                \
	X(the_last_boot_that_it_is_for_opens)                                                      \
	X(the_one_after_does_not)                                                                  \
	X(with_the_server_it_opens_again)                                                          \
	X(and_has_a_new_lease)                                                                     \
	X(an_operator_revokes_it)                                                                  \
	X(until_the_host_has_heard_it_is_being_revoked)                                            \
	X(the_next_contact_tells_a_running_host)                                                   \
	X(whose_counter_has_counted)                                                               \
	X(its_tpm_shows_that_to_the_server)                                                        \
	X(and_it_counts_no_further)                                                                \
	X(a_revoked_lease_opens_nothing)                                                           \
	X(with_the_server_it_still_opens)                                                          \
	X(but_gets_no_lease_any_more)                                                              \
	X(until_somebody_allows_it)                                                                \
	X(a_change_of_epochs_gives_the_next_one_a_lease)                                           \
	X(in_its_token)                                                                            \
	X(a_lease_of_the_epoch_before_opens_nothing)                                               \
	X(the_one_of_this_epoch_does)                                                              \
	X(nor_does_a_header_of_long_ago)                                                           \
	X(a_host_that_is_revoked_loses_its_lease_too)                                              \
	X(a_share_that_is_deleted_ends_its_lease_too)                                              \
	X(at_the_next_contact)

REPORT_TESTS(CHECKS, "lease.sh")
