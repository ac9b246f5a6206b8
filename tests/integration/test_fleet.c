// SPDX-License-Identifier: Apache-2.0
/* The generator of fleets against a server: fleet.sh does it, a test here is a line of its report. */
#include "report.h"

#define CHECKS(X)                                                                                  \
	X(thirty_hosts_are_judged_as_they_were_planned)                                            \
	X(the_plan_has_some_of_each)                                                               \
	X(and_the_servers_list_has_as_many)                                                        \
	X(and_so_do_the_metrics)                                                                   \
	X(a_reason_is_that_of_the_plan)                                                            \
	X(each_host_has_two_devices)                                                               \
	X(the_same_seed_is_the_same_fleet)                                                         \
	X(and_nothing_came_to_it)                                                                  \
	X(one_host_is_touched)                                                                     \
	X(and_is_refused)                                                                          \
	X(and_recovers)                                                                            \
	X(as_its_record_says)                                                                      \
	X(nobody_cannot_be_touched)                                                                \
	X(old_rounds_are_stale)                                                                    \
	X(as_many_as_were_planned)                                                                 \
	X(a_fleet_goes_on)                                                                         \
	X(and_its_last_word_counts)                                                                \
	X(hosts_propose_their_next_boots)                                                          \
	X(and_reference_values_say_of_them_what_was_planned)                                       \
	X(hostile_texts_are_taken)                                                                 \
	X(and_change_no_verdict)                                                                   \
	X(hostile_names_are_not)                                                                   \
	X(reference_values_carry_them)                                                             \
	X(so_do_reasons_that_tell_a_certificates_subject)                                          \
	X(the_log_does_not_obey_them)                                                              \
	X(what_looks_for_them_finds_them)                                                          \
	X(an_operator_sees_them_on_a_terminal)                                                     \
	X(and_it_does_not_obey_them_either)                                                        \
	X(each_answer_is_as_openapi_yaml_describes_it)

REPORT_TESTS(CHECKS, "fleet.sh")
