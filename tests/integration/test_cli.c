// SPDX-License-Identifier: Apache-2.0
/* `assay` as people use it: cli.sh runs the commands on real parts, a test here is a line of its report. */
#include "report.h"

static int run_all(void **state)
{
	(void)state;
	return report_run("cli.sh");
}

#define CHECKS(X)                                                                                  \
	X(attest_prints_a_table_and_affirms)                                                       \
	X(attest_without_an_agent_is_unreachable)                                                  \
	X(attest_in_json_names_its_schema)                                                         \
	X(a_relying_partys_nonce_gets_a_result)                                                    \
	X(the_result_carries_that_nonce_and_says_whose_it_is)                                      \
	X(a_result_for_somebody_names_them)                                                        \
	X(as_its_audience)                                                                         \
	X(the_relying_party_verifies_it)                                                           \
	X(and_refuses_it_for_another_audience)                                                     \
	X(and_for_another_nonce)                                                                   \
	X(and_by_a_key_that_is_no_jwk)                                                             \
	X(a_result_as_a_cwt_is_kept_in_its_own_bytes)                                              \
	X(and_verifies_like_the_jwt)                                                               \
	X(and_says_so_in_json)                                                                     \
	X(and_not_by_somebody_elses_certificate)                                                   \
	X(and_not_without_a_key)                                                                   \
	X(inspect_opens_a_cwt_and_checks_its_signature)                                            \
	X(inspect_opens_a_jwt_and_checks_its_signature)                                            \
	X(inspect_opens_a_token)                                                                   \
	X(inspect_refuses_the_signature_of_another_key)                                            \
	X(an_audience_with_other_characters_is_usage)                                              \
	X(a_nonce_of_another_length_is_usage)                                                      \
	X(what_one_host_alone_shows_is_not_learned)                                                \
	X(what_two_hosts_agree_on_is_learned)                                                      \
	X(and_imports)                                                                             \
	X(what_two_hosts_disagree_on_is_not_learned)                                               \
	X(one_round_without_a_service_affirms)                                                     \
	X(the_servers_log_names_the_request)                                                       \
	X(device_list_shows_both_drives)                                                           \
	X(device_list_without_an_agent_asks_for_it)                                                \
	X(device_show_shows_measurement_blocks)                                                    \
	X(device_cert_prints_certificates)                                                         \
	X(device_measure_asks_now_and_says_who_signed)                                             \
	X(and_over_the_callers_nonce)                                                              \
	X(and_in_json)                                                                             \
	X(device_measure_of_an_unknown_name_is_refused)                                            \
	X(device_measure_without_a_collector_is_unreachable)                                       \
	X(device_cert_of_a_slot_prints_certificates)                                               \
	X(device_cert_of_all_slots_says_which_have_a_chain)                                        \
	X(device_cert_of_an_empty_slot_is_refused)                                                 \
	X(device_cert_of_no_slot_at_all_is_usage)                                                  \
	X(device_cert_in_der_is_what_the_slot_holds)                                               \
	X(device_show_of_an_unknown_label_is_refused)                                              \
	X(refval_list_shows_what_was_imported)                                                     \
	X(refval_check_finds_grammar_signature_and_validity_right)                                 \
	X(and_without_an_anchor_says_what_it_did_not_check)                                        \
	X(and_refuses_the_signature_of_a_stranger)                                                 \
	X(and_says_which_certificate_it_takes)                                                     \
	X(and_tells_the_path_of_a_fault)                                                           \
	X(refval_build_signs_what_a_text_says)                                                     \
	X(and_check_takes_it)                                                                      \
	X(refval_diff_of_two_files_names_what_differs)                                             \
	X(a_fault_in_the_text_is_named_by_its_line)                                                \
	X(values_that_nobody_would_accept_any_more_are_not_signed)                                 \
	X(a_key_of_somebody_else_is_noticed)                                                       \
	X(refval_show_tells_environments_and_elements)                                             \
	X(and_in_json_as_data)                                                                     \
	X(refval_show_of_an_unknown_one_is_refused)                                                \
	X(refval_diff_of_one_with_itself_finds_nothing)                                            \
	X(refval_export_gives_the_signed_bytes)                                                    \
	X(refval_import_of_the_same_again_changes_nothing)                                         \
	X(a_hook_without_an_agent_says_one_line_and_does_not_fail)                                 \
	X(and_once_the_kernel_package_is_done_too)                                                 \
	X(while_a_kernel_package_is_installed_its_initrd_says_nothing)                             \
	X(a_host_without_assay_hears_nothing)                                                      \
	X(refval_pending_of_nobody_is_refused)                                                     \
	X(refval_pending_without_a_verb_is_usage)                                                  \
	X(refval_propose_of_no_version_is_usage)                                                   \
	X(and_without_a_kernel_says_which_file)                                                    \
	X(and_without_a_menu_that_was_named_says_so)                                               \
	X(and_of_a_unified_image_where_none_was_booted_too)                                        \
	X(refval_coverage_counts_acceptable_states)                                                \
	X(refval_coverage_counts_what_gave_no_evidence)                                            \
	X(and_names_its_model)                                                                     \
	X(refval_delete_forgets)                                                                   \
	X(refval_deactivate_takes_it_out)                                                          \
	X(refval_coverage_names_models_without_a_value)                                            \
	X(and_what_it_said_is_not_affirmed_any_more)                                               \
	X(and_the_list_says_why)                                                                   \
	X(a_window_that_has_ended_is_refused)                                                      \
	X(a_window_that_is_no_time_is_usage)                                                       \
	X(refval_activate_with_a_window_puts_it_back)                                              \
	X(and_it_is_affirmed_again)                                                                \
	X(and_the_window_is_shown)                                                                 \
	X(refval_activate_without_one_ends_the_window)                                             \
	X(a_corim_of_nobody_known_is_refused)                                                      \
	X(and_the_next_step_is_told)                                                               \
	X(refval_anchor_add_says_who_may_sign)                                                     \
	X(and_their_corim_is_taken)                                                                \
	X(refval_anchor_list_names_them)                                                           \
	X(and_those_of_the_servers_configuration)                                                  \
	X(which_are_taken_out_there)                                                               \
	X(refval_anchor_remove_takes_their_corims_out)                                             \
	X(and_the_list_says_that_too)                                                              \
	X(who_changed_what_is_in_the_row)                                                          \
	X(refval_check_with_a_list_finds_nobody_revoked)                                           \
	X(and_names_who_is_and_since_when)                                                         \
	X(a_list_without_an_anchor_is_usage)                                                       \
	X(refval_crl_add_takes_a_list)                                                             \
	X(and_its_signers_corims)                                                                  \
	X(refval_crl_list_shows_when_the_next_is_due)                                              \
	X(and_the_lists_in_json)                                                                   \
	X(a_list_that_revokes_takes_corims_out)                                                    \
	X(and_refval_list_says_since_when)                                                         \
	X(what_is_no_list_is_refused)                                                              \
	X(refval_crl_remove_gives_them_back)                                                       \
	X(and_they_count_again)                                                                    \
	X(an_impostors_corim_is_deleted)                                                           \
	X(host_list_shows_the_host)                                                                \
	X(host_boot_tells_what_it_measured)                                                        \
	X(host_boot_in_json_names_its_schema)                                                      \
	X(a_host_that_booted_once_has_no_difference)                                               \
	X(host_boot_of_an_unknown_host_is_refused)                                                 \
	X(boot_show_reads_a_token)                                                                 \
	X(boot_show_reads_a_log)                                                                   \
	X(boot_diff_names_what_changed)                                                            \
	X(boot_diff_of_one_boot_finds_nothing)                                                     \
	X(boot_show_finds_a_lie_in_a_log)                                                          \
	X(boot_show_of_no_log_is_refused)                                                          \
	X(and_says_what_it_takes)                                                                  \
	X(host_show_of_an_unknown_host_is_refused)                                                 \
	X(host_show_prints_ek_hash_and_aks)                                                        \
	X(confirm_without_a_hash_says_it_and_does_nothing)                                         \
	X(and_in_json_with_the_next_step)                                                          \
	X(confirm_of_another_hash_is_refused)                                                      \
	X(confirm_of_the_hash_is_done)                                                             \
	X(remove_without_yes_does_nothing)                                                         \
	X(remove_with_yes_is_done)                                                                 \
	X(and_the_host_is_gone)                                                                    \
	X(an_unknown_word_is_usage)                                                                \
	X(what_lacks_its_file_is_told_its_own_usage)                                               \
	X(and_no_other_commands)                                                                   \
	X(usage_in_json_is_an_error_like_others)                                                   \
	X(an_option_that_there_is_not_is_named)                                                    \
	X(explain_of_a_file_that_is_not_there_names_it)                                            \
	X(a_configuration_that_is_not_there_is_usage)                                              \
	X(and_what_belongs_into_it)                                                                \
	X(doctor_names_what_is_wrong_and_the_next_step)                                            \
	X(and_which_configuration_is_not_there)                                                    \
	X(and_how_the_agents_last_round_ended)                                                     \
	X(a_saved_token_verifies_offline_and_says_what_is_not_proven)                              \
	X(with_its_corim_it_is_appraised)                                                          \
	X(learned_values_alone_are_no_more_than_a_warning)                                         \
	X(explain_of_a_token_tells_value_by_value)                                                 \
	X(explain_names_the_environment_of_a_value)                                                \
	X(explain_of_a_host_says_what_is_right_too)                                                \
	X(explain_of_an_unknown_host_is_refused)                                                   \
	X(another_nonce_is_refused)                                                                \
	X(without_the_vendors_root_it_is_refused)                                                  \
	X(a_corim_of_a_stranger_is_refused)                                                        \
	X(a_corim_without_a_signer_is_usage)                                                       \
	X(a_token_with_one_byte_changed_is_refused)                                                \
	X(a_token_cut_short_is_refused)                                                            \
	X(the_host_of_another_deployment_is_refused)                                               \
	X(a_file_that_is_no_host_is_refused)                                                       \
	X(another_format_is_refused_by_name)                                                       \
	X(a_revoked_host_is_refused)                                                               \
	X(its_token_is_refused_offline_too)                                                        \
	X(a_restored_host_is_affirmed_again)                                                       \
	X(a_token_has_a_role_and_a_name)                                                           \
	X(and_not_any_name)                                                                        \
	X(the_nonce_key_is_rotated)                                                                \
	X(and_the_server_issues_nonces_by_the_new_one)                                             \
	X(a_provisioner_registers_an_ek)                                                           \
	X(and_does_not_move_it)                                                                    \
	X(and_makes_a_join_token)                                                                  \
	X(with_an_end_that_is_a_time)                                                              \
	X(and_sees_nothing)                                                                        \
	X(nor_removes_anything)                                                                    \
	X(a_tpm_that_is_gone_is_said)                                                              \
	X(and_is_used_again_once_it_is_back)                                                       \
	X(a_verdict_of_long_ago_is_stale_neither_good_nor_bad)                                     \
	X(and_its_last_one_is_told_beside_it)                                                      \
	X(the_log_is_unbroken_and_holds_its_head)                                                  \
	X(a_head_that_was_changed_is_refused)                                                      \
	X(the_head_of_another_server_is_refused)                                                   \
	X(a_log_that_was_written_anew_is_noticed)                                                  \
	X(the_servers_doctor_names_the_test_switch)                                                \
	X(and_finds_the_rest_in_order)                                                             \
	X(and_a_key_that_others_may_read)                                                          \
	X(without_a_server_the_agent_says_so)

#define X(name)                                                                                    \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		report_stands(#name);                                                              \
	}
CHECKS(X)
#undef X

int main(void)
{
#define X(name) cmocka_unit_test(name),
	const struct CMUnitTest tests[] = { CHECKS(X) };
#undef X

	return cmocka_run_group_tests(tests, run_all, report_drop);
}
