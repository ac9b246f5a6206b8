#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `assay` as people use it, on real parts. A line per check: "PASS name" or "FAIL name" with what came instead;
# test_cli.c asserts the lines. Call: cli.sh BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
. "$top/deploy/rig.sh"
. "$top/tests/integration/check.sh"
rig_begin cli
rig_tpm
first_tpm=$tpm_pid
rig_devices 2
rig_server
volume=$(cat /proc/sys/kernel/random/uuid)
rig_host cli-host "$volume"
rig_learn cli/golden-1
label=1b36:0010/00000000000000a1/0

check attest_prints_a_table_and_affirms 0 "verdict +affirming" $assay attest --out "$work/token"
check attest_without_an_agent_is_unreachable 3 "agent" assay --socket "$work/nobody.sock" attest
check attest_in_json_names_its_schema 0 '"schema": ?"assay.attest/1"' $assay attest --json
theirs=$(printf %064x 4711)
claims() { cut -d. -f2 "$1" | tr _- /+ | awk '{ while (length($0) % 4) $0 = $0 "="; print }' | base64 -d; }
check a_relying_partys_nonce_gets_a_result 0 "affirming" $assay attest --nonce "$theirs" --result "$work/result.jwt"
check the_result_carries_that_nonce_and_says_whose_it_is 0 '"eat_nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEmc"' claims "$work/result.jwt"
check a_result_for_somebody_names_them 0 "affirming" $assay attest --nonce "$theirs" --audience https://kms.example/v1 --result "$work/kms.jwt"
check as_its_audience 0 '"aud":"https://kms.example/v1"' claims "$work/kms.jwt"
curl -sk "$(sed -n 's/^url = //p' "$work/assay.conf")/.well-known/veraison/verification" >"$work/keys.json"
ear="assay verify $work/kms.jwt --format ear --key $work/keys.json"
check the_relying_party_verifies_it 0 "^affirming, for https://kms.example/v1" $ear --nonce "$theirs" --audience https://kms.example/v1
check and_refuses_it_for_another_audience 2 "is for .*kms.example" $ear --audience https://other.example
check and_for_another_nonce 2 "another nonce" $ear --nonce "$(printf %064d 1)"
assay refval keygen --out "$work/impostor" >/dev/null
check and_by_a_key_that_is_no_jwk 2 "JSON|JWK|PEM|key" assay verify "$work/kms.jwt" --format ear --key "$work/impostor/operator.key"
check a_result_as_a_cwt_is_kept_in_its_own_bytes 0 "affirming" $assay attest --nonce "$theirs" --audience https://kms.example/v1 --format cwt --result "$work/kms.cwt"
ear="assay result verify $work/kms.cwt"
check and_verifies_like_the_jwt 0 "^affirming, for https://kms.example/v1" $ear --jwk "$work/keys.json" --nonce "$theirs" --audience https://kms.example/v1
check and_says_so_in_json 0 '"schema": ?"assay.result.verify/1"' $ear --jwk "$work/keys.json" --json
check and_not_by_somebody_elses_certificate 2 "signature|fit the key" $ear --anchor "$work/impostor/operator.crt"
check and_not_without_a_key 1 "usage|assay -" $ear
check inspect_opens_a_cwt_and_checks_its_signature 0 "signature: valid" assay inspect "$work/kms.cwt" --key "$work/keys.json"
check inspect_opens_a_jwt_and_checks_its_signature 0 "signature: valid" assay inspect "$work/kms.jwt" --key "$work/keys.json"
check inspect_opens_a_token 0 "format: host token" assay inspect "$work/token"
check inspect_refuses_the_signature_of_another_key 2 "signature: .*(invalid|fit)" assay inspect "$work/kms.cwt" --anchor "$work/impostor/operator.crt"
check an_audience_with_other_characters_is_usage 1 "audience" $assay attest --audience 'a"b' --result "$work/kms.jwt"
check a_nonce_of_another_length_is_usage 1 "64 hex digits" $assay attest --nonce 1234
learn="assay refval learn --id cli/two --signer $work/operator/operator.crt --key $work/operator/operator.key --out $work/two.corim"
check what_one_host_alone_shows_is_not_learned 2 "only one host" $learn "$work/token"
one=$assay here=$work/second
mkdir "$here"
rig_tpm
rig_devices 2
rig_host second-host "$(cat /proc/sys/kernel/random/uuid)"
$assay attest --out "$here/token" >/dev/null
assay refval learn --id cli/impostor --signer "$work/impostor/operator.crt" --key "$work/impostor/operator.key" --out "$work/by-impostor.corim" \
	"$work/token" --one-host >/dev/null
check what_two_hosts_agree_on_is_learned 0 "two.corim|cli/two|triples?|learned" $learn "$work/token" "$here/token"
check and_imports 0 "cli/two" $assay refval import "$work/two.corim"
sed -i 's/firmware 1.2.3/firmware 9/' "$here/device1.measurements"
$assay attest --out "$here/other.token" >/dev/null
check what_two_hosts_disagree_on_is_not_learned 2 "only one host|agree" $learn "$work/token" "$here/other.token"
assay=$one here=$work
kill "$agent_pid" # a TPM simulator speaks to one program at a time
wait "$agent_pid" 2>/dev/null
check one_round_without_a_service_affirms 0 '"ear_status":"affirming"' assay-agent --config "$work/agent.conf" attest
start agent assay-agent --config "$work/agent.conf" run
agent_pid=$started
await agent test -S "$work/agent.sock"
check the_servers_log_names_the_request 0 'event=attested request=[0-9a-f]+-[0-9a-f]+ host=cli-host' cat "$work/server.log"
check device_list_shows_both_drives 0 "a2/0" $assay device list
check device_list_without_an_agent_asks_for_it 3 "is the agent running" assay --socket "$work/nobody.sock" device list
check device_show_shows_measurement_blocks 0 "security version +7$" $assay device show "$label"
check device_cert_prints_certificates 0 "BEGIN CERTIFICATE" $assay device cert "$label"
asked="--collector $work/collector.sock"
check device_measure_asks_now_and_says_who_signed 0 "signed over it by .*" $assay device measure "$label" $asked
check and_over_the_callers_nonce 0 "^nonce $theirs" $assay device measure "$label" --nonce "$theirs" $asked
check and_in_json 0 '"genuine": ?true' $assay device measure "$label" --json $asked
check device_measure_of_an_unknown_name_is_refused 2 "no device 0000:01:00.9" $assay device measure 0000:01:00.9 $asked
check device_measure_without_a_collector_is_unreachable 3 "." $assay device measure "$label" --collector "$work/nobody.sock"
check device_cert_of_a_slot_prints_certificates 0 "BEGIN CERTIFICATE" $assay device cert "$label" --slot 0 $asked
check device_cert_of_all_slots_says_which_have_a_chain 0 "^7 +empty" $assay device cert "$label" --slot all $asked
check device_cert_of_an_empty_slot_is_refused 2 "slot 3 of " $assay device cert "$label" --slot 3 $asked
check device_cert_of_no_slot_at_all_is_usage 1 "slot is 0 to 7" $assay device cert "$label" --slot 8 $asked
check device_cert_in_der_is_what_the_slot_holds 0 "^same$" bash -c "$assay device cert $label --slot 0 --der $asked | cmp - $work/device1/slot0.chain && echo same"
check device_show_of_an_unknown_label_is_refused 2 "no device" $assay device show 0000:0000/00/0
check refval_list_shows_what_was_imported 0 "cli/golden-1" $assay refval list
check refval_check_finds_grammar_signature_and_validity_right 0 "well-formed, .*signature: valid" assay refval check "$work/golden.corim" --anchor "$work/operator/operator.crt"
check and_without_an_anchor_says_what_it_did_not_check 0 "signature: not checked" assay refval check "$work/golden.corim"
check and_refuses_the_signature_of_a_stranger 2 "signer of CoRIM cli/golden-1" assay refval check "$work/golden.corim" --anchor "$work/impostor/operator.crt"
check and_says_which_certificate_it_takes 2 "root that this certificate leads to" assay refval check "$work/golden.corim" --anchor "$work/impostor/operator.crt"
printf '\331\001\365\242\000\141x\001\200' >"$work/empty.corim" # 501({0: "x", 1: []})
check and_tells_the_path_of_a_fault 2 "empty.corim: CoRIM: .*tags" assay refval check "$work/empty.corim"
cat >"$work/drives.txt" <<-END
	id = cli/drives
	[reference]
	vendor = pci:1b36
	model = pci:1b36:0010
	element = 2
	digest = sha-256:$(printf 'firmware 9' | sha256sum | cut -d' ' -f1)
END
make="assay refval build $work/drives.txt --signer $work/operator/operator.crt --key $work/operator/operator.key --out $work/drives.corim"
check refval_build_signs_what_a_text_says 0 "cli/drives: 1 triples signed into" $make
check and_check_takes_it 0 "signature: valid" assay refval check "$work/drives.corim" --anchor "$work/operator/operator.crt"
check refval_diff_of_two_files_names_what_differs 0 "^\+ reference pci:1b36 pci:1b36:0010: 2 = sha-256;" assay refval diff "$work/golden.corim" "$work/drives.corim"
check a_key_of_somebody_else_is_noticed 1 "not the certificate of that key" ${make/operator.crt/../impostor/operator.crt}
echo "digest = sha-256:00" >>"$work/drives.txt"
check a_fault_in_the_text_is_named_by_its_line 2 "drives.txt: line 7: 1 bytes are not a digest" $make
sed -i -e '/sha-256:00$/d' -e '1a valid-until = 2020-01-01T00:00:00Z' "$work/drives.txt"
check values_that_nobody_would_accept_any_more_are_not_signed 1 "drives.txt: valid-until is over" $make
sed -i '/^valid-until/d' "$work/drives.txt"
check refval_show_tells_environments_and_elements 0 "reference tcg tcg:boot-log: kernel = sha-256;[0-9a-f]{64}" $assay refval show cli/golden-1
check and_in_json_as_data 0 '"signer": ?"learned"' $assay refval show cli/golden-1 --json
check refval_show_of_an_unknown_one_is_refused 2 "no CoRIM has the id" $assay refval show cli/nothing
check refval_diff_of_one_with_itself_finds_nothing 0 "no difference" $assay refval diff cli/golden-1 "$work/golden.corim"
check refval_export_gives_the_signed_bytes 0 "^same$" bash -c "$assay refval export cli/golden-1 --out $work/exported >/dev/null && cmp $work/exported $work/golden.corim && echo same"
head -c 900 "$work/golden.corim" >"$work/cut.corim"
check refval_import_of_a_cut_corim_is_refused_and_no_usage 2 "answers 400: signed CoRIM: .*cut off" $assay refval import "$work/cut.corim"
check refval_import_of_the_same_again_changes_nothing 0 "was there already" $assay refval import "$work/golden.corim"
mkdir "$work/bin"
printf '#!/bin/sh\nexec %s/cli/assay --socket %s/nobody.sock --collector %s/nobody.sock "$@"\n' "$build" "$work" "$work" >"$work/bin/assay"
chmod 755 "$work/bin/assay"
hook() { env PATH="$work/bin:$PATH" "$top/deploy/$1" "${@:2}" | tee /dev/stderr | wc -l; }
check a_hook_without_an_agent_says_one_line_and_does_not_fail 0 "next boot \(6.12.1\) was not proposed: .*(collector|nobody).*1$" \
	bash -c "$(declare -f hook); work=$work top=$top; hook initramfs-tools/post-update.d/assay 6.12.1 /boot/initrd.img-6.12.1 2>&1 | tr '\n' ' ' | sed 's/ $//'"
check and_once_the_kernel_package_is_done_too 0 "next boot \(6.12.1\) was not proposed: .*1$" \
	bash -c "$(declare -f hook); work=$work top=$top; hook kernel/postinst.d/zzz-assay 6.12.1 /boot/vmlinuz-6.12.1 2>&1 | tr '\n' ' ' | sed 's/ $//'"
check while_a_kernel_package_is_installed_its_initrd_says_nothing 0 "^0$" \
	bash -c "$(declare -f hook); work=$work top=$top; export DEB_MAINT_PARAMS=\"'configure'\"; hook initramfs-tools/post-update.d/assay 6.12.1 /boot/initrd.img-6.12.1"
check a_host_without_assay_hears_nothing 0 "^$" env PATH=/usr/bin:/bin "$top/deploy/initramfs-tools/post-update.d/assay" 6.12.1
check refval_pending_of_nobody_is_refused 2 "no proposal is of a host" $assay refval pending diff nobody
check refval_pending_without_a_verb_is_usage 1 "refval pending" $assay refval pending
check refval_propose_of_no_version_is_usage 1 "no version of a kernel" $assay refval propose --release ../etc
check and_without_a_kernel_says_which_file 2 "/boot/vmlinuz-0.0.0-none" $assay refval propose --release 0.0.0-none --collector "$work/collector.sock"
check and_without_a_menu_that_was_named_says_so 2 "/nowhere/grub.cfg" $assay refval propose --release 0.0.1 --kernel /etc/hostname --initrd /etc/hostname --grub-cfg /nowhere/grub.cfg --collector "$work/collector.sock"
check and_of_a_unified_image_where_none_was_booted_too 1 "none of a unified kernel image" $assay refval propose --release 0.0.1 --uki /etc/hostname --collector "$work/collector.sock"
check refval_coverage_counts_acceptable_states 0 "^tcg:boot-log +[12] +[12] *$" $assay refval coverage
# what the inventory of this machine has beside bridges, and no source of evidence speaks for
silent=$(cat /sys/bus/pci/devices/*/class 2>/dev/null | grep -vc '^0x06')
model=$(for d in /sys/bus/pci/devices/*; do [ -r "$d/class" ] && ! grep -q '^0x06' "$d/class" && sed s/0x// "$d/vendor" "$d/device" | paste -sd: && break; done)
check refval_coverage_counts_what_gave_no_evidence 0 "^$silent$" bash -c "$assay refval coverage --json | jq '([.no_evidence[].seen] | add // 0) / .models[0].seen'"
if [ -n "$model" ]; then
	check and_names_its_model 0 "pci:$model +[0-9]+ +-   no evidence" $assay refval coverage
else
	check and_names_its_model 0 "models have no reference value$" $assay refval coverage
fi
check refval_delete_forgets 0 "deleted" $assay refval delete cli/two
check refval_deactivate_takes_it_out 0 "deactivated" $assay refval deactivate cli/golden-1
check refval_coverage_names_models_without_a_value 0 "pci:1b36:0010 +[0-9]+ +0   no reference value" $assay refval coverage
check and_what_it_said_is_not_affirmed_any_more 2 "verdict +contraindicated|verdict +warning" $assay attest
check and_the_list_says_why 0 "no .*cli/golden-1 \(inactive\)" $assay refval list
check a_window_that_has_ended_is_refused 1 "ended already" $assay refval activate cli/golden-1 --until 2020-01-01T00:00:00Z
check a_window_that_is_no_time_is_usage 1 "takes a time" $assay refval activate cli/golden-1 --until tomorrow
check refval_activate_with_a_window_puts_it_back 0 "activated until .14d" $assay refval activate cli/golden-1 --until +14d
check and_it_is_affirmed_again 0 "verdict +affirming" $assay attest
check and_the_window_is_shown 0 "window ends +20" $assay refval show cli/golden-1
check refval_activate_without_one_ends_the_window 0 "activated" $assay refval activate cli/golden-1
check a_corim_of_nobody_known_is_refused 2 "signer of CoRIM" $assay refval import "$work/by-impostor.corim"
check and_the_next_step_is_told 2 "assay refval anchor add CERT" $assay refval import "$work/by-impostor.corim"
check refval_anchor_add_says_who_may_sign 0 "may sign CoRIMs" $assay refval anchor add "$work/impostor/operator.crt"
check and_their_corim_is_taken 0 "cli/impostor" $assay refval import "$work/by-impostor.corim"
check refval_anchor_list_names_them 0 "assay operator" $assay refval anchor list
check and_those_of_the_servers_configuration 0 "file [^ ]+ +CN=assay operator" $assay refval anchor list
of_file=$($assay refval anchor list --json | jq -r '.anchors[] | select(.file) | .digest' | head -1)
check which_are_taken_out_there 2 "is a file in the server's configuration" $assay refval anchor remove "${of_file:0:12}"
anchor=$($assay refval anchor list --json | jq -r '.anchors[] | select(.added_by) | .digest')
check refval_anchor_remove_takes_their_corims_out 0 "may no longer sign" $assay refval anchor remove "${anchor:0:12}"
check and_the_list_says_that_too 0 "cli/impostor \(signer of CoRIM cli/impostor: certificate path" $assay refval list
check who_changed_what_is_in_the_row 0 "by token:" $assay refval show cli/impostor
# a signer who lost the key: his CA says so in a list
mkdir "$work/ca"
ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 "${ec[@]}" -subj "/CN=build CA" -days 30 -keyout "$work/ca/ca.key" -out "$work/ca/ca.crt" 2>/dev/null
openssl req "${ec[@]}" -subj "/CN=build server" -keyout "$work/ca/build.key" -out "$work/ca/build.csr" 2>/dev/null
openssl x509 -req -in "$work/ca/build.csr" -CA "$work/ca/ca.crt" -CAkey "$work/ca/ca.key" -set_serial 4711 -days 30 -out "$work/ca/build.crt" 2>/dev/null
sed -e "s/^id = .*/id = cli\/build/" -e "/sha-256:00\$/d" "$work/drives.txt" >"$work/build.txt"
assay refval build "$work/build.txt" --signer "$work/ca/build.crt" --key "$work/ca/build.key" --out "$work/build.corim" >/dev/null
make_crl() { # index line, days, file
	printf '%b' "$1" >"$work/ca/index.txt"
	printf '[ca]\ndefault_ca=x\n[x]\ndatabase=%s\ndefault_md=sha256\n' "$work/ca/index.txt" >"$work/ca/ca.cnf"
	openssl ca -config "$work/ca/ca.cnf" -gencrl -keyfile "$work/ca/ca.key" -cert "$work/ca/ca.crt" -crldays "$2" -out "$3" 2>/dev/null
}
make_crl '' 30 "$work/clean.crl"
make_crl "R\t350101000000Z\t260102030405Z\t1267\tunknown\t/CN=build server\n" 30 "$work/revoked.crl"
by_ca="assay refval check $work/build.corim --anchor $work/ca/ca.crt"
check refval_check_with_a_list_finds_nobody_revoked 0 "signature: valid" $by_ca --crl "$work/clean.crl"
check and_names_who_is_and_since_when 2 "certificate CN=build server is revoked by CN=build CA since 2026-01-02T03:04:05Z" $by_ca --crl "$work/revoked.crl"
check a_list_without_an_anchor_is_usage 1 "usage|assay -" assay refval check "$work/build.corim" --crl "$work/clean.crl"
$assay refval anchor add "$work/ca/ca.crt" >/dev/null
check refval_crl_add_takes_a_list 0 "is a revocation list" $assay refval crl add "$work/clean.crl"
check and_its_signers_corims 0 "cli/build" $assay refval import "$work/build.corim"
check refval_crl_list_shows_when_the_next_is_due 0 "^[0-9a-f]{16} 20[0-9-]+T[0-9:]+Z +0 .*CN=build CA" $assay refval crl list
check and_the_lists_in_json 0 '"next_update": ?[0-9]{10}' $assay refval crl list --json
check a_list_that_revokes_takes_corims_out 0 "is a revocation list" $assay refval crl add "$work/revoked.crl"
check and_refval_list_says_since_when 0 "no .*\(signer of CoRIM .*: certificate CN=build server is revoked by CN=build CA since 2026-01-02" $assay refval list
check what_is_no_list_is_refused 2 "not one revocation list|no revocation list" $assay refval crl add "$work/build.corim"
crl=$($assay refval crl list --json | jq -r '.crls[] | select(.revoked == 1) | .digest')
check refval_crl_remove_gives_them_back 0 "is not asked any more" $assay refval crl remove "${crl:0:12}"
check and_they_count_again 0 "yes +yes .*cli/build$" $assay refval list
ca=$($assay refval anchor list --json | jq -r '.anchors[] | select(.subject | contains("build CA")) | .digest')
build_digest=$($assay refval list --json | jq -r '.corims[] | select(.id == "cli/build") | .digest')
$assay refval delete "${build_digest:0:12}" >/dev/null
$assay refval anchor remove "${ca:0:12}" >/dev/null
check an_impostors_corim_is_deleted 0 "deleted" $assay refval delete cli/impostor
check host_list_shows_the_host 0 "cli-host" $assay host list
check host_list_leaves_what_a_filter_fits 0 "^HOST +GROUP +EK TRUST +STATE +VERDICT +ATTESTED$" bash -c "$assay host list --status never | grep -v cli-host; $assay host list --find CLI- | grep -q cli-host"
check a_status_that_there_is_not_is_told 1 "status is affirming, warning, contraindicated, stale, never or revoked" $assay host list --status good
check fleet_status_counts_each_host_once 0 "^ +2  hosts$" $assay fleet status
check fleet_changes_tell_how_it_came_to_that 0 "^20[0-9-]+T[0-9:]+Z +cli-host " $assay fleet changes --host cli-host
check fleet_firmware_counts_devices 0 "^pci:[0-9a-f]{4}:[0-9a-f]{4} +.*: [1-9][0-9]* devices, [1-9][0-9]* hosts, " $assay fleet firmware
check fleet_devices_are_found_by_part_of_a_name 0 "^cli-host +[0-9a-f]{4}:[0-9a-f]{4}/" $assay fleet devices --find cli-
leaf=$($assay fleet devices --json | jq -r '.devices[0].leaf_key')
check fleet_device_tells_where_it_was_seen 0 "^cli-host .* there now$" $assay fleet device "$leaf"
check fleet_device_of_a_key_that_nobody_has_is_refused 2 "no device with this key" $assay fleet device "${leaf//[0-9]/f}"
check fleet_in_json_names_its_schema 0 '"schema": ?"assay.fleet.status/1"' $assay fleet status --json
check policy_show_tells_the_rules_in_force 0 "^\* learned +affirm +whether values that nobody but" $assay policy show
check and_which_are_the_default 0 "^  svn_floor +- " $assay policy show
check and_whose_roots_it_trusts 0 "^devices +[0-9a-f]{16} +[0-9]{4}-[0-9-]+T[0-9:]+Z +[A-Z]+=[^ ]" $assay policy show
check policy_show_in_json_names_its_schema 0 '"schema": ?"assay.policy.show/1"' $assay policy show --json
check policy_without_a_verb_is_told_what_there_is 1 "assay policy show" $assay policy
sed 's/^learned = affirm/learned = warn\nsvn_floor = 1b36:0010 7/' "$work/server.conf" >"$work/next.conf"
check policy_check_says_what_a_file_would_change 0 "learned +affirm +warn.*svn_floor +- +1b36:0010 7" bash -c "$assay policy check $work/next.conf | tr '\n' ' '"
check and_that_the_one_in_use_changes_nothing 0 "no rule of the server changes" $assay policy check "$work/server.conf"
check and_as_data 0 '"changes": ?\[\{"is": ?\["affirm"\], ?"key": ?"learned", ?"will_be": ?\["warn"\]' $assay policy check "$work/next.conf" --json
check and_without_a_server_only_the_file 0 "not compared with a server" assay --config "$work/no.conf" policy check "$work/next.conf"
printf '[policy]\nima_signer = /nowhere/ima.pem\n' | cat "$work/server.conf" - >"$work/signed.conf"
check keys_that_a_file_names_are_the_servers_to_look_at 0 "no rule of the server changes" $assay policy check "$work/signed.conf"
check and_it_does 1 "ima_signer.*nowhere" assay-server --config "$work/signed.conf" check
mkdir "$work/other" && openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$work/other/kek.pem" 2>/dev/null && chmod 600 "$work/other/kek.pem"
printf '[kek]\nfile = %s\n' "$work/other/kek.pem" | cat "$work/server.conf" - >"$work/kek.conf"
check a_key_that_does_not_open_what_is_there_would_not_be_taken 1 "kek.conf: .*" bash -c "assay-server --config $work/kek.conf check 2>&1 | grep -v 'would be taken'; exit \${PIPESTATUS[0]}"
would="assay-server --config $work/next.conf check"
check the_server_says_that_a_file_would_be_taken 0 "next.conf would be taken" $would
check and_what_of_it_is_not_the_default 0 "\[policy\] svn_floor = 1b36:0010 7" $would
line=$(($(grep -n '^svn_floor' "$work/next.conf" | cut -d: -f1)))
sed -i 's/^svn_floor = .*/svn_floor = some/' "$work/next.conf"
check a_value_that_is_none_is_named_with_line_and_key 1 "next.conf line $line: \[policy\] svn_floor: .*expected" $would
check and_by_assay_too 1 "next.conf line $line: \[policy\] svn_floor: .*expected" $assay policy check "$work/next.conf"
check and_in_json_as_an_error 1 '^\{"error":\{"code":1,"text":"[^"]*svn_floor' bash -c "$assay policy check $work/next.conf --json 2>/dev/null"
sed -i 's/^svn_floor = .*/svn_flor = 1b36:0010 7/' "$work/next.conf"
check a_key_that_there_is_not_is_named 1 "next.conf line $line: \[policy\] svn_flor: unknown key" $would
sed -i "s,^svn_flor = .*,[trust]\nek_roots = $work/none," "$work/next.conf"
check a_folder_that_is_not_there_is_named_with_its_key 1 "\[trust\] ek_roots: .*$work/none" $would
sed -i "s,^ek_roots = .*,[listen]\naddress = ::\ntls = no," "$work/next.conf"
check plain_http_for_everybody_is_refused_before_the_start 1 "\[listen\] tls: plain HTTP is for loopback" $would
sed -i "s,^tls = no,tls = yes\n[webhook]\nurl = https://a.example\nkey_file = $work/next.conf," "$work/next.conf"
check a_webhooks_key_that_is_none_too 1 "\[webhook\] key_file is not base64" $would
boot-log-make "$work/other.log" "(hd0,gpt2)/vmlinuz init=/bin/sh" >/dev/null
check host_boot_tells_what_it_measured 0 "Kernel command line: .*root=/dev/mapper/root ro quiet" $assay host boot cli-host
check host_boot_in_json_names_its_schema 0 '"schema": ?"assay.host.boot/1"' $assay host boot cli-host --json
check a_host_that_booted_once_has_no_difference 2 "one boot of this host" $assay host boot cli-host --diff
check host_boot_of_an_unknown_host_is_refused 2 "no such host" $assay host boot nobody
check boot_show_reads_a_token 0 "Secure Boot state: on" assay boot show "$work/token"
check boot_show_reads_a_log 0 "Kernel command line: .*init=/bin/sh" assay boot show "$work/other.log"
check boot_diff_names_what_changed 0 "^~ command-line: was .*root=/dev/mapper/root ro quiet, is .*init=/bin/sh" assay boot diff "$work/token" "$work/other.log"
check boot_diff_of_one_boot_finds_nothing 0 '"same": ?true' assay boot diff "$work/token" "$work/token" --json
sed 's/init=\/bin\/sh/init=\/bin\/no/g' "$work/other.log" >"$work/lie.log"
check boot_show_finds_a_lie_in_a_log 2 "^refused: boot log event .* are not what was measured" assay boot show "$work/lie.log"
check boot_show_of_no_log_is_refused 2 "boot log" assay boot show "$work/assay.conf"
check and_says_what_it_takes 2 "a boot log .* or a saved token" assay boot show "$work/assay.conf"
check host_show_of_an_unknown_host_is_refused 2 "no such host" $assay host show nobody
check host_show_prints_ek_hash_and_aks 0 "^  AK 000b[0-9a-f]{64} active" $assay host show cli-host
check confirm_without_a_hash_says_it_and_does_nothing 1 "nothing is confirmed yet: the EK hash of cli-host is [0-9a-f]{64}" $assay host confirm cli-host
check and_in_json_with_the_next_step 1 '"hint": ?"compare it with what' $assay host confirm cli-host --json
check confirm_of_another_hash_is_refused 2 "has another EK" $assay host confirm cli-host --ek-hash "$(printf %064d 1)"
check confirm_of_the_hash_is_done 0 "^done" $assay host confirm cli-host --ek-hash "$($assay host show cli-host --json | jq -r .ek_hash)"
check remove_without_yes_does_nothing 1 "nothing is removed yet" $assay host remove second-host
check remove_with_yes_is_done 0 '"shares_shredded": ?1' $assay host remove second-host --yes --json
check and_the_host_is_gone 2 "no such host" $assay host show second-host
check an_unknown_word_is_usage 1 "there is no command .no-such-word." assay no-such-word
check what_lacks_its_file_is_told_its_own_usage 1 "^assay: inspect: an operand or an option is missing usage .*  assay inspect FILE" bash -c "assay inspect 2>&1 | tr '\n' ' '; exit \${PIPESTATUS[0]}"
check and_no_other_commands 0 "^0$" bash -c "assay inspect 2>&1 | grep -c 'assay attest'; true"
check usage_in_json_is_an_error_like_others 1 '^\{"error":\{"code":1,"text":"inspect: an operand or an option is missing","hint":"usage: assay inspect FILE [^"]*signature"\}\}$' assay inspect --json
check an_option_that_there_is_not_is_named 1 "unrecognized option '--frob'" assay inspect --frob
check explain_of_a_file_that_is_not_there_names_it 2 "open $work/no-token" $assay explain "$work/no-token"
check a_configuration_that_is_not_there_is_usage 1 "configuration: open $work/no.conf" assay --config "$work/no.conf" host list
check and_what_belongs_into_it 1 "\[server\] url, pin or ca, token_file" assay --config "$work/no.conf" host list
check doctor_names_what_is_wrong_and_the_next_step 2 "next: " $assay doctor
check and_which_configuration_is_not_there 2 "no.conf is not there" assay --config "$work/no.conf" doctor
doctor() { # the row of --json with that name: good, what is said, next step; its options
	local what=$1
	shift
	assay --socket "$here/agent.sock" --config "${conf:-$work/assay.conf}" doctor --agent-config "${agent_conf:-$here/agent.conf}" "$@" --json |
		jq -r --arg what "$what" '.findings[] | select(.what == $what) | "\(.good) \(.said) NEXT \(.next)"'
}
agent_with() { sed "$1" "$here/agent.conf" >"$work/doctor-agent.conf"; agent_conf=$work/doctor-agent.conf; }
check doctor_finds_agent_collector_and_server_at_work 0 "true runs.*true runs.*true https://.* answers, and is known by its pin" \
	bash -c "$(declare -f doctor); here=$here work=$work; for row in agent collector server; do doctor \$row; done | tr '\n' ' '"
check and_the_operators_token_and_when_it_ends 2 "true first, admin, never ends" doctor "operator's token"
check and_in_the_same_form_as_ever 2 '^\{"findings": ?\[\{"good": ?(true|false), ?"next": ?"[^"]*", ?"said": ?"[^"]*", ?"what": ?"[^"]*"\}' assay --socket "$here/agent.sock" doctor --json
agent_with 's,^collector = .*,collector = /nowhere/collector.sock,'
check a_collector_that_does_not_run_is_found 2 "false connect to /nowhere/collector.sock.*NEXT systemctl enable --now assay-collector" doctor collector
agent_with 's,^pin = .,pin = x,'
check a_server_that_is_not_the_pinned_one_is_found 2 "false .*NEXT compare .assay-server pins. on the server" doctor server
agent_with 's,^url = .*,url = https://127.0.0.1:1,'
check a_server_that_is_down_is_found 2 "false https://127.0.0.1:1: .*NEXT is assay-server running there" doctor server
agent_with 's,^url = .*,url = https://no-such-name.invalid:8443,'
check a_server_whose_name_nobody_knows_is_found 2 "false https://no-such-name.*NEXT (the name in .server. url, or DNS|is there a way to it)" doctor server
cat >"$work/clock.py" <<'END'
import http.server, sys
class Old(http.server.BaseHTTPRequestHandler):
    def date_time_string(self, timestamp=None): return "Wed, 01 Jan 2020 00:00:00 GMT"
    def do_GET(self): self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"{}")
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Old)
print(server.server_port, flush=True)
server.serve_forever()
END
start clock python3 "$work/clock.py"
await clock test -s "$here/clock.out"
agent_with "s,^url = .*,url = http://127.0.0.1:$(cat "$here/clock.out"),"
check a_server_with_another_clock_is_found 2 "false this clock is [0-9]+ s before that of http.*NEXT keep both right" doctor "clock and server"
agent_with 's,^\[server\],[sever],'
check a_configuration_of_the_agent_that_is_none_is_found 2 "false .*line [0-9]+: \[sever\].*NEXT correct the file" doctor "agent's configuration"
agent_conf=
conf_with() { sed "$1" "$work/assay.conf" >"$work/doctor.conf"; conf=$work/doctor.conf; }
conf_with "s,^token_file = .*,token_file = $work/no.token,"
check an_operators_token_that_is_not_there_is_found 2 "false $work/no.token is not there NEXT" doctor "operator's token"
echo nonsense >"$work/open.token"
chmod 644 "$work/open.token"
conf_with "s,^token_file = .*,token_file = $work/open.token,"
check one_that_nobody_knows_too 2 "false .*token is not known.*NEXT assay token create" doctor "operator's token"
check and_that_others_may_read_it 2 "false $work/open.token may be read by others .mode 644. NEXT chmod" doctor "operator's token file"
conf_with 's,^pin = .,pin = x,'
check a_server_that_the_operator_does_not_know_is_found 2 "false .*NEXT compare .assay-server pins." doctor "operator's token"
conf_with 's,^url = .*,url = https://127.0.0.1:1,'
check one_that_the_operator_does_not_reach_too 2 "false .*NEXT .assay-server doctor. on the server" doctor "operator's token"
conf_with 's,^url,ulr,'
check an_operators_configuration_that_is_none_is_found 2 "false .*ulr: unknown key NEXT correct the file" doctor "operator's configuration"
cp "$work/assay.conf" "$work/doctor.conf"
chmod 666 "$work/doctor.conf"
check one_that_others_may_change_too 2 "false .*is writable by others NEXT chmod go-w" doctor "operator's configuration"
(umask 077 && $assay token create ending viewer --until +1d >"$work/ending.token")
conf_with "s,^token_file = .*,token_file = $work/ending.token,"
check a_token_that_ends_soon_is_found 2 "false ending, viewer, ends 20.*NEXT assay token create" doctor "operator's token"
conf=
$assay token revoke ending >/dev/null
check and_how_the_agents_last_round_ended 2 "ok +agent +runs; last round: [a-z]+ at 20" $assay doctor

$assay host show cli-host --json >"$work/host.json"
offline="assay verify $work/token --host $work/host.json --root $work/pki/root.pem"
golden="--corim $work/golden.corim --signer $work/operator/operator.crt"
nonce=$(jq -r .nonce "$work/first.json" 2>/dev/null)
check a_saved_token_verifies_offline_and_says_what_is_not_proven 0 "verified; freshness is not proven" $offline
check with_its_corim_it_is_appraised 0 "affirming; freshness" $offline $golden --learned
check learned_values_alone_are_no_more_than_a_warning 2 "only learned values hold it" $offline $golden
check explain_of_a_token_tells_value_by_value 2 "-> Import the maker.s signed" assay explain "$work/token" --host "$work/host.json" --root "$work/pki/root.pem" $golden
check explain_names_the_environment_of_a_value 2 "of tcg tcg:boot-log" assay explain "$work/token" --host "$work/host.json" --root "$work/pki/root.pem" --corim "$work/drives.corim" --signer "$work/operator/operator.crt"
check explain_of_a_host_says_what_is_right_too 0 "nothing is wrong" $assay explain cli-host
check explain_of_an_unknown_host_is_refused 2 "no such host" $assay explain nobody
check another_nonce_is_refused 2 "answers another nonce" $offline --nonce "$(printf %064d 7)"
check without_the_vendors_root_it_is_refused 2 "certificate path" assay verify "$work/token" --host "$work/host.json"
assay refval keygen --out "$work/stranger" >/dev/null
check a_corim_of_a_stranger_is_refused 2 "golden.corim" $offline --corim "$work/golden.corim" --signer "$work/stranger/operator.crt"
check a_corim_without_a_signer_is_usage 1 "needs --signer" $offline --corim "$work/golden.corim"
size=$(stat -c %s "$work/token") # the last byte is the signature's
{ head -c $((size - 1)) "$work/token"; tail -c 1 "$work/token" | tr '\0-\377' '\1-\377\0'; } >"$work/bent"
check a_token_with_one_byte_changed_is_refused 2 "signed by its cnf key - no" assay verify "$work/bent" --host "$work/host.json" --root "$work/pki/root.pem"
head -c 2000 "$work/token" >"$work/short"
check a_token_cut_short_is_refused 2 "." assay verify "$work/short" --host "$work/host.json"
check the_host_of_another_deployment_is_refused 2 "another deployment|bind" assay verify "$work/token" \
	--host <(jq -c '.deployment = "00000000-0000-4000-8000-000000000000"' "$work/host.json") --root "$work/pki/root.pem"
check a_file_that_is_no_host_is_refused 2 "host show" assay verify "$work/token" --host "$work/first.json"
check another_format_is_refused_by_name 2 "not one this build reads" assay verify "$work/token" --format tdx

$assay host revoke cli-host >/dev/null
check a_revoked_host_is_refused 2 "revoked" $assay attest
$assay host show cli-host --json >"$work/host.json"
check its_token_is_refused_offline_too 2 "revoked|not what" $offline
$assay host restore cli-host >/dev/null
check a_restored_host_is_affirmed_again 0 "affirming" $assay attest
check a_token_has_a_role_and_a_name 0 "[A-Za-z0-9_-]{40}" assay-server --config "$work/server.conf" token grafana viewer
check and_not_any_name 1 "a token's name has" assay-server --config "$work/server.conf" token 'x","y":"z' viewer
assay-server --config "$work/server.conf" token ci provisioner >"$work/ci.token"
chmod 600 "$work/ci.token"
sed "s,^token_file = .*,token_file = $work/ci.token," "$work/assay.conf" >"$work/ci.conf"
check made_beside_a_running_server_that_goes_on_to_write 0 "affirming" $assay attest
kill "$server_pid"
wait "$server_pid" 2>/dev/null
check the_nonce_key_is_rotated 0 "" assay-server --config "$work/server.conf" rotate-nonce-key
start server assay-server --config "$work/server.conf" run
server_pid=$started
await server grep -q event=started "$work/server.log"
check and_the_server_issues_nonces_by_the_new_one 0 "affirming" $assay attest
ci="assay --config $work/ci.conf"
check a_provisioner_registers_an_ek 0 "registered" $ci host add --ek-hash "$(printf %064d 2)" --group web
check and_does_not_move_it 2 "an operator may change that" $ci host add --ek-hash "$(printf %064d 2)" --group db
check and_makes_a_join_token 0 "^[A-Za-z0-9_-]{32}$" $ci join-token --valid 10m --group web
check with_an_end_that_is_a_time 1 "join-token" $ci join-token --valid soon
check and_sees_nothing 2 "no right" $ci host list
check nor_removes_anything 2 "no right" $ci host remove cli-host --yes
as() { # token, command...: of an operator with that token
	(umask 077 && echo "$1" >"$work/given.token")
	sed "s,^token_file = .*,token_file = $work/given.token," "$work/assay.conf" >"$work/given.conf"
	assay --config "$work/given.conf" "${@:2}"
}
edge=$($assay token create edge-viewer viewer --group edge,far --until +1d)
check a_token_is_made_for_groups 0 "^edge-viewer +viewer +edge,far +20[0-9-]+T[0-9:]+Z +active$" as "$edge" token self
check and_sees_no_host_of_another 2 "no such host" as "$edge" host show cli-host
check nor_makes_tokens 2 "no right" as "$edge" token create more admin
check all_tokens_are_listed_without_their_text 0 '"schema": ?"assay.token.list/1"' $assay token list --json
check by_name_role_and_state 0 "^ci +provisioner +all +never +active$" $assay token list
check no_role_of_that_name 1 "role is viewer" $assay token create odd root
check one_that_is_revoked 0 "^revoked$" $assay token revoke edge-viewer
check opens_nothing_more 2 "token is not known, was revoked or has expired" as "$edge" token self
again=$(assay-server --config "$work/server.conf" token reset edge-viewer)
check root_gives_it_another_text 0 "^edge-viewer .* active$" as "$again" token self
check and_the_old_one_stays_as_it_was 2 "token is not known" as "$edge" token self
$assay token revoke edge-viewer >/dev/null
kill "$first_tpm"
wait "$first_tpm" 2>/dev/null
check a_tpm_that_is_gone_is_said 4 "tcti|TPM" $assay attest
rig_tpm_start # after a reset that no boot log tells of
check and_is_used_again_once_it_is_back 2 "verdict +contraindicated" $assay attest
kill "$server_pid"
wait "$server_pid" 2>/dev/null
sed -i 's/^learned = affirm/&\nstale_after = 1s/' "$work/server.conf"
start server assay-server --config "$work/server.conf" run
server_pid=$started
await server grep -q event=started "$here/server.log"
sleep 2.1
check a_verdict_of_long_ago_is_stale_neither_good_nor_bad 2 "^cli-host .* stale" bash -c "$assay host list; $assay host show cli-host"
check and_its_last_one_is_told_beside_it 2 '"last_status": ?"contraindicated"' $assay host show cli-host --json
check the_audit_log_tells_what_was_decided 0 "host-add|host-" $assay audit list
check from_a_record_on 0 "^1 .*Z " $assay audit list 1
check it_is_taken_away 0 "records in" $assay audit export --out "$work/audit.jsonl"
check and_not_over_a_file_that_is_there 4 "create" $assay audit export --out "$work/audit.jsonl"
check and_its_signed_head 0 "keep it" $assay audit head --out "$work/audit.head"
curl -ks "$(sed -n 's/^url = //p' "$work/assay.conf" | head -1)/.well-known/veraison/verification" >"$work/server.jwk"
check without_the_server_it_is_found_whole 0 "unbroken, and the head is among them" assay audit verify "$work/audit.jsonl" --head "$work/audit.head" --key "$work/server.jwk"
# a log that comes slowly, read by a program on a terminal of its own
cat >"$work/terminal.py" <<'END'
import os, pty, re, sys
fifo, log, command = sys.argv[1], sys.argv[2], sys.argv[3:]
if not os.fork():
    import time
    with open(fifo, "w") as out:
        for line in list(open(log))[:4]:
            out.write(line); out.flush(); time.sleep(0.4)
    os._exit(0)
seen = b""
pid, terminal = pty.fork()
if not pid:
    os.execvp(command[0], command)
while True:
    try:
        data = os.read(terminal, 1024)
    except OSError: # the other end is closed
        break
    if not data:
        break
    seen += data
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
shown = re.findall(rb"\r\x1b\[K([a-z ]+: [0-9]+ records)", seen)
end = seen.split(b"\r\x1b[K")[-1].decode().strip()
print("shown", len(shown), "left", end)
sys.exit(code)
END
mkfifo "$work/slow"
slowly() { python3 "$work/terminal.py" "$work/slow" "$work/audit.jsonl" "$@" </dev/null; }
check on_a_terminal_long_work_tells_how_far_it_is_and_nothing_is_left_of_it 0 "^shown [1-9][0-9]* left 4 audit records, unbroken" slowly assay audit verify "$work/slow"
check with_json_it_tells_nothing 0 '^shown 0 left \{"head": ?false' slowly assay audit verify "$work/slow" --json
check nor_where_standard_error_is_no_terminal 0 "^shown 0 left 4 audit records" slowly sh -c "assay audit verify $work/slow 2>$work/stderr"
sed '3s/"actor":"/&x/' "$work/audit.jsonl" >"$work/audit.bent"
check a_record_that_was_changed_is_named 2 "audit record 3 was changed" assay audit verify "$work/audit.bent"
sed 2d "$work/audit.jsonl" >"$work/audit.bent"
check and_one_that_is_missing 2 "audit record 2 is missing" assay audit verify "$work/audit.bent"
head -5 "$work/audit.jsonl" >"$work/audit.bent"
check a_log_that_was_cut_is_told_by_its_head 2 "was cut or written" assay audit verify "$work/audit.bent" --head "$work/audit.head" --key "$work/server.jwk"
check and_not_without_one 0 "told by a head alone" assay audit verify "$work/audit.bent"
check what_is_no_log_is_said_to_be_none 2 "is no record" assay audit verify "$work/assay.conf"
check nobody_without_the_right_sees_it 2 "no right" $ci audit list
kill "$server_pid"
wait "$server_pid" 2>/dev/null
assay-server --config "$work/server.conf" audit-head >"$work/head"
check the_log_is_unbroken_and_holds_its_head 0 "record [0-9]+ is in the log" assay-server --config "$work/server.conf" check-audit "$work/head"
sed 's/.$/!/' "$work/head" >"$work/head.bent"
check a_head_that_was_changed_is_refused 2 "audit head" assay-server --config "$work/server.conf" check-audit "$work/head.bent"
mkdir "$work/other"
sed "s,^state = .*,state = $work/other/state,; s,^port = .*,port = 0," "$work/server.conf" >"$work/other.conf"
assay-server --config "$work/other.conf" init >/dev/null
assay-server --config "$work/other.conf" audit-head >"$work/head.other"
check the_head_of_another_server_is_refused 2 "audit head" assay-server --config "$work/server.conf" check-audit "$work/head.other"
cp "$work/server/ear.pem" "$work/server/deployment.id" "$work/other/state/" # the same keys, and another log
check a_log_that_was_written_anew_is_noticed 2 "cut or written anew" assay-server --config "$work/other.conf" check-audit "$work/head"
check the_servers_doctor_names_the_test_switch 2 "BAD +test switches +shares go out" assay-server --config "$work/server.conf" doctor
sed -i '/^\[test\]/,$d' "$work/server.conf"
check and_that_nobody_made_a_backup 2 "BAD +backup +none was ever made" assay-server --config "$work/server.conf" doctor
assay-server --config "$work/server.conf" backup "$work/backup" >/dev/null
check and_finds_reference_values 0 "ok +reference values +[1-9]" bash -c "assay-server --config $work/server.conf doctor; true"
# whether something keeps this machine's clock right is not the test's to say
check and_the_rest_in_order 0 "^0 bad, the last was told$" bash -c "assay-server --config $work/server.conf doctor >$work/doctor.out 2>/dev/null; echo \$(grep '^BAD' $work/doctor.out | grep -vc '^BAD  clock '; true) bad, \$(grep -q '^[a-zA-Z]* *test switches ' $work/doctor.out && echo the last was told)"
chmod 644 "$work/server/kek.pem"
check and_a_key_that_others_may_read 2 "kek.pem may be read by others" assay-server --config "$work/server.conf" doctor
check without_a_server_the_agent_says_so 3 "127.0.0.1|localhost" $assay attest
