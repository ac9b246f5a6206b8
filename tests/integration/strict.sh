#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A volume of the strict profile, on real parts but for the kernel's mapping: what an operator's key has not approved of does
# not open it, whatever the server says. A line per check; test_strict.c asserts the lines. Call: strict.sh BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
. "$top/deploy/rig.sh"
. "$top/tests/integration/check.sh"
rig_begin strict
rig_tpm
rig_devices 1
rig_policy=$'releases = 0\nlease_reboots = 3'
rig_server
rig_host strict-host "$(cat /proc/sys/kernel/random/uuid)"
rig_learn strict/golden
volume=5f0c3b54-92ab-4c57-8b0f-8f1c5a0e7d14
disk=$work/disk
cryptsetup=/sbin/cryptsetup

opens() { $cryptsetup open --test-passphrase --disable-external-tokens "$@"; } # options...
unlock() { # is the disk opened by what assay-unlock says?
	rm -rf "$work/phrase" "$work/opened"
	assay-unlock --uuid $volume --device "$disk" --config "$here/agent.conf" --opened "$work/opened" --deadline 6 --lease-after 0 >"$work/phrase" || return
	opens --key-file "$work/phrase" "$disk"
}
agent_up() {
	start agent assay-agent --config "$here/agent.conf" run
	agent_pid=$started
	await agent test -S "$here/agent.sock"
}
agent_down() { kill "$agent_pid"; wait "$agent_pid" 2>/dev/null; }
reboot() { # [command line of the kernel]: a TPM Reset, and a boot
	agent_down
	tpm2_shutdown --clear >/dev/null || fail "shutdown of the TPM"
	kill "$tpm_pid"
	wait "$tpm_pid" 2>/dev/null
	rig_tpm_start
	boot-log-make "$here/boot.log" "$@" | while read -r pcr digest; do
		tpm2_pcrextend "$pcr:sha256=$digest" >/dev/null || exit 1
	done || fail "extending the PCRs"
	agent_up
}
approve() { # epoch, token, [more options]
	local epoch=$1 token=$2
	shift 2
	rm -f "$work/approval"
	$assay policy-sign "$token" --host "$work/host.json" --volume $volume --epoch "$epoch" --key "$work/policy.key" --out "$work/approval" "$@" && $assay secret approve "$work/approval"
}
enroll() { rm -f "$work/recovery"; $assay disk enroll "$disk" --key-file "$work/pass" --recovery-out "$work/recovery" --agent-config "$here/agent.conf" "$@"; }
epoch_wanted() { grep -o -- '--epoch [0-9]*' "$work/enroll.out" | cut -d' ' -f2; }

openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl pkcs8 -topk8 -nocrypt -out "$work/policy.key"
openssl pkey -in "$work/policy.key" -pubout -out "$work/policy.pub"
openssl ecparam -name secp384r1 -genkey -noout 2>/dev/null | openssl pkey -pubout -out "$work/p384.pub"
printf '[lease]\ncounter = 0x01bffff0\n' >>"$here/agent.conf"
agent_down
agent_up
$assay host show strict-host --json >"$work/host.json"
printf 'of a person' >"$work/pass"
truncate -s 32M "$disk"
$cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid $volume --key-file "$work/pass" "$disk" || fail "luksFormat"

check the_strict_profile_needs_a_key 1 "usage" enroll --strict
check which_is_one_that_tpms_verify_with 2 "P-256" enroll --strict --policy-key "$work/p384.pub"
check nothing_is_enrolled_that_nobody_approved_of 2 "nobody has approved of what was booted .* policy-sign --volume $volume --epoch [0-9]+" enroll --strict --policy-key "$work/policy.pub"
enroll --strict --policy-key "$work/policy.pub" >"$work/enroll.out" 2>&1
first=$(epoch_wanted)
check the_disk_is_as_it_was 0 "^1$" sh -c "$assay disk status $disk --json | jq .keyslots"
check an_approval_is_of_registers_that_a_release_has 1 "64 hex digits for each" approve "$first" "$here/first.token" --pcr 10=$(printf %064d 1)
check nor_of_a_token_without_knowing_whose 1 "usage" $assay policy-sign "$here/first.token" --volume $volume --epoch "$first" --key "$work/policy.key" --out "$work/approval"
another_ak() { jq --arg ak "$(jq -r .ak "$work/host.json" | base64 -d | xxd -p -c 999 | sed 's/........$/00000000/' | xxd -r -p | base64 -w0)" '.ak = $ak' "$work/host.json" >"$work/other.json"; }
of_record() { rm -f "$work/approval"; $assay policy-sign "$here/first.token" --host "$1" --volume $volume --epoch "$first" --key "$work/policy.key" --out "$work/approval"; }
another_ak
check nor_of_one_that_another_ak_has_quoted 2 "the token does not hold: " of_record "$work/other.json"
jq '.ueid = (.ueid[:-2] + "00")' "$work/host.json" >"$work/other.json"
check nor_of_one_of_another_host 2 "the token does not hold: the ueid" of_record "$work/other.json"
jq '.state = "revoked"' "$work/host.json" >"$work/other.json"
check nor_of_one_that_was_revoked 2 "the token does not hold: host and AK are enrolled and active" of_record "$work/other.json"
check somebody_approves_of_the_boot 0 "the host gets it with its next key" approve "$first" "$here/first.token"
check then_it_is_enrolled 0 "epoch $first" enroll --strict --policy-key "$work/policy.pub"
check the_configuration_names_the_key 0 "policy_key = MFkw" grep -A2 "volume $volume" "$here/agent.conf"
check and_it_is_unlocked 0 "" unlock
agent_down
agent_up
check also_by_an_agent_that_reads_that 0 "" unlock

reboot "(hd0,gpt2)/vmlinuz root=/dev/nvme0n1p2 another"
$assay attest --out "$here/second.token" --json >/dev/null
$assay refval learn "$here/second.token" --id strict/second --signer "$work/operator/operator.crt" --key "$work/operator/operator.key" --out "$work/second.corim" --one-host >/dev/null || fail "learn"
$assay refval import "$work/second.corim" >/dev/null || fail "import"
check the_server_finds_another_boot_good 0 "affirming" $assay attest
check and_it_opens_nothing_all_the_same 2 "nobody has approved of what was booted .1 approvals" unlock
check an_approval_for_another_epoch 0 "next key" approve $((first + 1)) "$here/second.token"
check is_none_for_this_one 2 "nobody has approved of what was booted .1 approvals" unlock
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl pkcs8 -topk8 -nocrypt -out "$work/other.key"
rm -f "$work/approval"
$assay policy-sign "$here/second.token" --host "$work/host.json" --volume $volume --epoch "$first" --key "$work/other.key" --out "$work/approval" >/dev/null && $assay secret approve "$work/approval" >/dev/null || fail "approval by another key"
check nor_is_one_by_another_key 2 "not the policy key's for this host and epoch" unlock
check until_it_is_signed 0 "next key" approve "$first" "$here/second.token"
check and_then_it_opens 0 "" unlock
check with_a_lease 0 "with a lease" $assay disk status "$disk"
check a_change_of_epochs_goes_where_it_was_approved_of 0 "epoch $((first + 1)) opens it now" $assay disk rotate "$disk"
check and_not_where_it_was_not 2 "policy-sign --volume $volume --epoch $((first + 2))" $assay disk rotate "$disk"
check which_leaves_a_disk_that_opens 0 "" unlock

kill "$server_pid"; wait "$server_pid" 2>/dev/null
reboot "(hd0,gpt2)/vmlinuz root=/dev/nvme0n1p2 another"
check a_lease_brings_the_approval_with_it 0 "opened by a lease, which opens 2 more boots" unlock
reboot
check and_opens_no_other_boot 3 "sealed to something else than its terms" unlock
