// SPDX-License-Identifier: Apache-2.0
/* The token plugin in cryptsetup: token.sh does it on real parts, a test here is a line of its report. */
#include "report.h"

#define CHECKS(X)                                                                                  \
	X(it_loads_nothing_but_libcryptsetup_and_libc)                                             \
	X(and_shows_the_five_functions_of_its_version)                                             \
	X(the_plugin_opens_what_attests)                                                           \
	X(and_by_its_kind)                                                                         \
	X(what_was_opened_is_told_for_the_cap)                                                     \
	X(a_wrong_passphrase_is_not_even_tried)                                                    \
	X(who_wants_no_plugin_gets_none)                                                           \
	X(the_header_is_shown_with_epoch_and_state)                                                \
	X(a_token_as_it_is_is_taken)                                                               \
	X(one_without_a_half_is_refused)                                                           \
	X(one_of_another_version_is_refused)                                                       \
	X(one_of_an_unknown_state_is_refused)                                                      \
	X(one_that_names_a_server_is_refused)                                                      \
	X(one_of_epoch_0_is_refused)                                                               \
	X(one_with_an_epoch_as_a_number_is_refused)                                                \
	X(one_with_two_keyslots_is_refused)                                                        \
	X(nor_does_it_open_one_that_was_written_past_it)                                           \
	X(a_volume_that_the_configuration_does_not_name_is_not_opened)                             \
	X(the_token_of_another_kind_is_not_needed)                                                 \
	X(refused_is_eperm)                                                                        \
	X(enter_on_the_console_is_eperm)                                                           \
	X(no_configuration_is_enoent)                                                              \
	X(nobody_answers_is_eagain)                                                                \
	X(a_defect_is_eagain)                                                                      \
	X(a_code_that_there_is_not_is_eagain)                                                      \
	X(one_that_is_killed_is_eagain)                                                            \
	X(one_that_sleeps_for_ever_is_ended_with_eagain)                                           \
	X(so_is_one_that_closed_everything_and_goes_on)                                            \
	X(nothing_at_all_is_einval)                                                                \
	X(too_short_is_einval)                                                                     \
	X(too_long_is_einval)                                                                      \
	X(without_end_is_einval)                                                                   \
	X(words_without_end_are_einval)                                                            \
	X(what_it_says_cannot_steer_a_terminal)                                                    \
	X(a_passphrase_beside_a_refusal_is_none)                                                   \
	X(a_passphrase_that_opens_nothing_lets_the_next_try)                                       \
	X(no_program_is_enoent)                                                                    \
	X(it_gets_nothing_of_the_callers_environment)                                              \
	X(but_two_lines_of_its_own)                                                                \
	X(and_a_passphrase_comes_after_the_tokens)                                                 \
	X(a_device_that_is_not_as_it_has_to_be_opens_nothing)                                      \
	X(and_alone_it_is_refused)                                                                 \
	X(it_opens_again_when_it_is)                                                               \
	X(an_operator_asks_for_the_next_epoch)                                                     \
	X(it_opens_while_the_next_epoch_is_made)                                                   \
	X(whose_keyslot_stands_beside_it)                                                          \
	X(and_opens_the_next_time_with_one_question)                                               \
	X(after_which_it_is_the_only_one)                                                          \
	X(and_the_one_that_opens)                                                                  \
	X(without_an_agent_it_does_not_wait)                                                       \
	X(nor_do_others_wait_for_it)                                                               \
	X(what_opened_by_the_plugin_is_affirmed)                                                   \
	X(after_the_cap_it_is_eperm_with_the_reason)                                               \
	X(and_the_passphrase_opens)                                                                \
	X(nothing_is_left_on_this_machine)

REPORT_TESTS(CHECKS, "token.sh")
