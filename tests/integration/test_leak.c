// SPDX-License-Identifier: Apache-2.0
/* No key is left anywhere: leak.sh searches what a run leaves, a test here is a line of its report. */
#include "report.h"

#define CHECKS(X)                                                                                  \
	X(a_disk_is_unlocked_while_all_is_watched)                                                 \
	X(its_keys_are_known_to_who_has_tpm_kek_and_disk)                                          \
	X(and_are_those_that_opened_it)                                                            \
	X(no_log_of_any_program_has_them)                                                          \
	X(nor_has_the_servers_folder_with_database_and_journal)                                    \
	X(nor_has_what_the_agent_leaves)                                                           \
	X(nor_has_the_disk_itself)                                                                 \
	X(nor_an_environment_or_arguments)                                                         \
	X(nor_the_wire_to_the_server)                                                              \
	X(nor_the_bus_to_the_tpm)                                                                  \
	X(nor_the_agents_memory_afterwards)                                                        \
	X(nor_the_servers)                                                                         \
	X(nor_the_collectors)                                                                      \
	X(a_key_in_a_log_is_found)                                                                 \
	X(and_one_in_a_database)                                                                   \
	X(and_one_in_a_header)                                                                     \
	X(and_one_in_an_environment)                                                               \
	X(and_one_in_arguments)                                                                    \
	X(and_one_on_the_wire)                                                                     \
	X(and_one_in_memory)                                                                       \
	X(and_half_of_one)                                                                         \
	X(a_program_that_falls_leaves_its_memory)                                                  \
	X(the_server_does_not)                                                                     \
	X(nor_does_the_agent)                                                                      \
	X(nor_the_collector)                                                                       \
	X(nor_who_unlocks)                                                                         \
	X(nor_the_command_line)

REPORT_TESTS(CHECKS, "leak.sh")
