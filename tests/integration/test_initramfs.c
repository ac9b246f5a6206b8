// SPDX-License-Identifier: Apache-2.0
/* The scripts of Debian's initramfs without a machine to boot: initramfs.sh runs them, a test here is a line of its report. */
#include "report.h"

#define CHECKS(X)                                                                                  \
	X(a_sentence_goes_to_the_console)                                                          \
	X(and_nowhere_else_where_plymouth_does_not_run)                                            \
	X(where_it_runs_plymouth_shows_it)                                                         \
	X(and_the_console_too)                                                                     \
	X(a_commands_exit_status_stays)                                                            \
	X(also_when_it_is_good)                                                                    \
	X(what_it_says_is_shown_line_by_line)                                                      \
	X(and_what_it_prints_goes_past)                                                            \
	X(no_byte_of_which_is_shown)                                                               \
	X(the_servers_key_comes_out)                                                               \
	X(and_nothing_else)                                                                        \
	X(its_progress_is_on_the_splash)                                                           \
	X(nobody_is_asked_then)                                                                    \
	X(a_refusal_ends_in_what_is_typed)                                                         \
	X(which_comes_out)                                                                         \
	X(the_refusal_is_on_the_splash_word_for_word)                                              \
	X(and_on_the_console)                                                                      \
	X(the_cap_comes_before_the_prompt)                                                         \
	X(the_cap_says_that_somebody_was_asked)                                                    \
	X(debians_askpass_prompts_by_plymouth_or_console)                                          \
	X(a_second_try_is_no_networks_matter)                                                      \
	X(so_the_server_is_not_asked)                                                              \
	X(what_opens_nothing_is_an_error)                                                          \
	X(with_no_output)                                                                          \
	X(and_is_told_on_the_splash)                                                               \
	X(where_nothing_of_ours_is_there_a_person_opens_the_disk)                                  \
	X(with_what_is_typed)                                                                      \
	X(cryptsetup_has_read_the_header_before_the_key_comes)                                     \
	X(what_stands_before_it_waits)                                                             \
	X(but_not_for_keyscripts_of_others)                                                        \
	X(an_end_without_a_key_is_an_end)                                                          \
	X(other_verbs_go_through)                                                                  \
	X(it_is_the_file_that_cryptroot_unlock_looks_for)                                          \
	X(and_shows_its_exit_status)                                                               \
	X(a_volume_is_asked_for_by_the_name_that_it_has)                                           \
	X(or_by_its_uuid)                                                                          \
	X(what_stands_in_a_header_in_the_place_of_a_uuid_is_none)                                  \
	X(and_no_command_of_sed)                                                                   \
	X(an_address_of_ipv6_reaches_its_neighbour_at_once)                                        \
	X(its_gateway_leads_beyond)                                                                \
	X(without_one_nothing_is_beyond)                                                           \
	X(a_gateway_that_is_there_already_is_no_hindrance)                                         \
	X(afterwards_addresses_are_asked_about_as_before)                                          \
	X(its_name_server_is_noted)                                                                \
	X(a_card_that_comes_late_is_waited_for)                                                    \
	X(but_not_for_ever)                                                                        \
	X(words_that_are_none_are_not_understood)                                                  \
	X(a_vlan_is_made_by_the_digits_of_its_name)                                                \
	X(what_is_no_vlan_is_not_understood)

REPORT_TESTS(CHECKS, "initramfs.sh")
