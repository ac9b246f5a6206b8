// SPDX-License-Identifier: Apache-2.0
/* A volume of the strict profile: strict.sh does it on real parts, a test here is a line of its report. */
#include "report.h"

#define CHECKS(X)                                                                                  \
	X(the_strict_profile_needs_a_key)                                                          \
	X(which_is_one_that_tpms_verify_with)                                                      \
	X(nothing_is_enrolled_that_nobody_approved_of)                                             \
	X(the_disk_is_as_it_was)                                                                   \
	X(an_approval_is_of_registers_that_a_release_has)                                          \
	X(nor_of_a_token_without_knowing_whose)                                                    \
	X(nor_of_one_that_another_ak_has_quoted)                                                   \
	X(nor_of_one_of_another_host)                                                              \
	X(nor_of_one_that_was_revoked)                                                             \
	X(somebody_approves_of_the_boot)                                                           \
	X(then_it_is_enrolled)                                                                     \
	X(the_configuration_names_the_key)                                                         \
	X(and_it_is_unlocked)                                                                      \
	X(also_by_an_agent_that_reads_that)                                                        \
	X(the_server_finds_another_boot_good)                                                      \
	X(and_it_opens_nothing_all_the_same)                                                       \
	X(an_approval_for_another_epoch)                                                           \
	X(is_none_for_this_one)                                                                    \
	X(nor_is_one_by_another_key)                                                               \
	X(until_it_is_signed)                                                                      \
	X(and_then_it_opens)                                                                       \
	X(with_a_lease)                                                                            \
	X(a_change_of_epochs_goes_where_it_was_approved_of)                                        \
	X(and_not_where_it_was_not)                                                                \
	X(which_leaves_a_disk_that_opens)                                                          \
	X(a_lease_brings_the_approval_with_it)                                                     \
	X(and_opens_no_other_boot)

REPORT_TESTS(CHECKS, "strict.sh")
