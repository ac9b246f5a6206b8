// SPDX-License-Identifier: Apache-2.0
/* The cases of usage.sh, each by its name. */
#include "report.h"

#define CHECKS(X)                                                                                  \
	X(no_command_at_all)                                                                       \
	X(a_command_that_there_is_not)                                                             \
	X(one_that_is_like_none)                                                                   \
	X(a_verb_that_there_is_not)                                                                \
	X(a_command_without_its_verb)                                                              \
	X(an_operand_that_is_missing)                                                              \
	X(an_operand_too_many)                                                                     \
	X(an_option_that_is_missing)                                                               \
	X(an_option_that_there_is_not)                                                             \
	X(an_option_without_its_value)                                                             \
	X(a_status_that_there_is_not)                                                              \
	X(a_role_that_there_is_not)                                                                \
	X(a_duration_that_is_none)                                                                 \
	X(a_volume_that_is_no_uuid)                                                                \
	X(a_volume_that_is_longer_than_one)                                                        \
	X(what_cannot_be_undone_without_yes)                                                       \
	X(a_host_that_there_is_not)                                                                \
	X(a_host_with_a_blank_in_its_name)                                                         \
	X(a_host_with_a_question_mark)                                                             \
	X(a_host_with_a_slash_in_its_name)                                                         \
	X(a_reference_value_that_there_is_not)                                                     \
	X(a_token_that_there_is_not)                                                               \
	X(a_device_key_that_is_none)                                                               \
	X(a_viewer_who_wants_to_revoke)                                                            \
	X(a_viewer_who_wants_to_see_tokens)                                                        \
	X(a_token_that_nobody_knows)                                                               \
	X(a_token_file_that_is_not_there)                                                          \
	X(no_token_file_in_the_configuration)                                                      \
	X(no_configuration)                                                                        \
	X(a_misspelt_key_in_it)                                                                    \
	X(a_server_that_is_down)                                                                   \
	X(a_server_that_is_another)                                                                \
	X(a_server_whose_certificate_is_over)                                                      \
	X(no_agent)                                                                                \
	X(a_file_that_is_no_token)                                                                 \
	X(a_format_that_there_is_not)                                                              \
	X(a_log_that_is_not_there)                                                                 \
	X(a_file_that_is_not_there)                                                                \
	X(an_ek_hash_that_is_none)                                                                 \
	X(a_list_that_leads_to_itself)                                                             \
	X(a_log_without_an_end)

REPORT_TESTS(CHECKS, "usage.sh")
