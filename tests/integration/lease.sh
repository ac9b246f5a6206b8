#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A volume that opens by a lease where no server is, on real parts but for the kernel's mapping: a file, a TPM that is
# reset, a server that is stopped, the agent. A line per check; test_lease.c asserts the lines. Call: lease.sh BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
. "$top/deploy/rig.sh"
. "$top/tests/integration/check.sh"
rig_begin lease
rig_tpm
rig_devices 1
rig_policy=$'releases = 0\nlease_reboots = 2\nlease_hours = 5'
rig_server
rig_host lease-host "$(cat /proc/sys/kernel/random/uuid)"
rig_learn lease/golden
volume=5f0c3b54-92ab-4c57-8b0f-8f1c5a0e7d13
counter=0x01bffff0
disk=$work/disk
cryptsetup=/sbin/cryptsetup
conf="--agent-config $here/agent.conf"

opens() { $cryptsetup open --test-passphrase --disable-external-tokens "$@"; } # options...
unlock() { # a disk: is it opened by what assay-unlock says?
	rm -rf "$work/phrase" "$work/opened"
	assay-unlock --uuid $volume --device "$1" --config "$here/agent.conf" --opened "$work/opened" --deadline 6 --lease-after 0 >"$work/phrase" || return
	opens --key-file "$work/phrase" "$1"
}
agent_anew() {
	kill "$agent_pid"
	wait "$agent_pid" 2>/dev/null
	start agent assay-agent --config "$here/agent.conf" run
	agent_pid=$started
	await agent test -S "$here/agent.sock"
}
reboot() { # of the host: a TPM Reset, and the same boot again
	kill "$agent_pid"
	wait "$agent_pid" 2>/dev/null
	tpm2_shutdown --clear >/dev/null || fail "shutdown of the TPM"
	kill "$tpm_pid"
	wait "$tpm_pid" 2>/dev/null
	rig_tpm_start
	boot-log-make "$here/boot.log" | while read -r pcr digest; do
		tpm2_pcrextend "$pcr:sha256=$digest" >/dev/null || exit 1
	done || fail "extending the PCRs"
	start agent assay-agent --config "$here/agent.conf" run
	agent_pid=$started
	await agent test -S "$here/agent.sock"
}
server_down() { kill "$server_pid"; wait "$server_pid" 2>/dev/null; }
server_up() {
	start server assay-server --config "$work/server.conf" run
	server_pid=$started
	await server grep -q event=started "$here/server.log"
}
counted() { tpm2_nvread $counter | od -An -tx1 | tr -d ' \n'; }

printf 'of a person' >"$work/pass"
truncate -s 32M "$disk"
$cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid $volume --key-file "$work/pass" "$disk" || fail "luksFormat"
$assay disk enroll "$disk" --key-file "$work/pass" --recovery-out "$work/recovery" $conf >"$work/enroll.out" 2>&1 || fail "enroll: $(cat "$work/enroll.out")"

check without_lease_counter_in_the_configuration_there_is_none 0 "epoch [0-9]+, active$" $assay disk status "$disk"
server_down
check without_server_and_without_lease_it_stays_shut 3 "no lease that opens without one" unlock "$disk"
server_up
printf '[lease]\ncounter = %s\n' $counter >>"$here/agent.conf"
agent_anew
check with_a_server_it_opens_and_gets_a_lease 0 "asking for this volume" unlock "$disk"
check which_the_header_has 0 "active, with a lease" $assay disk status "$disk"
check and_no_boot_was_opened_by_it 1 "" test -e "$work/opened/lease"
check the_list_of_secrets_shows_it 0 "current .* 2 reboots, [45] h" $assay secret list
check as_does_the_host 0 "lease: granted" $assay host show lease-host
cp "$disk" "$work/leased"

server_down
reboot
check a_boot_without_server_opens_by_it_and_says_so 0 "no server could be reached: opened by a lease, which opens 1 more boots" unlock "$disk"
check and_leaves_word_of_it_for_the_cap 0 "" test -e "$work/opened/lease"
assay-agent --config "$here/agent.conf" --opened "$work/opened" cap >/dev/null 2>&1 || fail "cap"
server_up
check the_server_affirms_the_host_afterwards 0 "affirming" $assay attest
check and_knows_by_the_tpms_word_that_one_was_used 0 "one was used, as the server heard at 20" $assay host show lease-host
told=$($assay host show lease-host --json | jq .lease.used)
sleep 1.1
$assay attest >/dev/null
check which_is_told_once 0 "^$told$" sh -c "$assay host show lease-host --json | jq .lease.used"
check the_list_counts_down 0 "1 reboots, [45] h" $assay secret list

reboot
cp "$here/device1.measurements" "$work/was"
sed 's/^2 .*/2 firmware digest-of:firmware 6.6.6/' "$work/was" >"$work/is"
spdm-device tell "$here/devices.control" set device1 measurements "$work/is" >/dev/null || fail "devices do not listen"
check a_server_that_refuses_is_no_server_that_is_away 2 "the server gives no key" unlock "$disk"
spdm-device tell "$here/devices.control" set device1 measurements "$work/was" >/dev/null
server_down
kill "$collector_pid"; wait "$collector_pid" 2>/dev/null
check nor_is_a_collector_that_is_away 3 "collector" unlock "$disk"
check of_which_no_lease_was_asked 1 "" test -e "$work/opened/lease"
start collector assay-collector --config "$here/agent.conf"
collector_pid=$started
await collector test -S "$here/collector.sock"
sed -i '/^\[lease\]/,$d' "$here/agent.conf"
agent_anew
check a_lease_in_a_header_is_nothing_without_the_configuration 3 "no lease that opens without one" unlock "$disk"
printf '[lease]\ncounter = %s\n' $counter >>"$here/agent.conf"
agent_anew
check the_last_boot_that_it_is_for_opens 0 "which opens 0 more boots" unlock "$disk"
reboot
check the_one_after_does_not 3 "it has opened as many reboots as it was for" unlock "$disk"
server_up
check with_the_server_it_opens_again 0 "" unlock "$disk"
check and_has_a_new_lease 0 "2 reboots, [45] h" $assay secret list

was=$(counted)
kill -STOP "$agent_pid" # a round of its own may be due any moment
check an_operator_revokes_it 0 "done" $assay host revoke-lease lease-host
check until_the_host_has_heard_it_is_being_revoked 0 "lease: revoking" $assay host show lease-host
kill -CONT "$agent_pid"
assay-agent --config "$here/agent.conf" --opened "$work/opened" cap >/dev/null 2>&1 || fail "cap"
check the_next_contact_tells_a_running_host 0 "affirming" $assay attest
check whose_counter_has_counted 0 "^$(printf %016x $((0x$was + 1)))$" counted
$assay attest >/dev/null
check its_tpm_shows_that_to_the_server 0 "lease: revoked" $assay host show lease-host
$assay attest >/dev/null
check and_it_counts_no_further 0 "^$(printf %016x $((0x$was + 1)))$" counted
server_down
reboot
check a_revoked_lease_opens_nothing 3 "it was revoked" unlock "$disk"
server_up
check with_the_server_it_still_opens 0 "" unlock "$disk"
check but_gets_no_lease_any_more 0 "active$" $assay disk status "$disk"
$assay host allow-lease lease-host >/dev/null
unlock "$disk" 2>/dev/null
check until_somebody_allows_it 0 "with a lease" $assay disk status "$disk"

cp "$disk" "$work/before-rotation"
check a_change_of_epochs_gives_the_next_one_a_lease 0 "opens it now" $assay disk rotate "$disk"
check in_its_token 0 "with a lease" $assay disk status "$disk"
server_down
check a_lease_of_the_epoch_before_opens_nothing 2 "old or a foreign header" unlock "$work/before-rotation"
reboot
check the_one_of_this_epoch_does 0 "which opens 1 more boots" unlock "$disk"
# The header that a thief copied long ago: its epoch is over, whatever its lease says.
check nor_does_a_header_of_long_ago 2 "old or a foreign header" unlock "$work/leased"
server_up
unlock "$disk" 2>/dev/null
was=$(counted)
$assay host revoke lease-host >/dev/null
$assay attest >/dev/null 2>&1
check a_host_that_is_revoked_loses_its_lease_too 0 "^$(printf %016x $((0x$was + 1)))$" counted
$assay host restore lease-host >/dev/null
unlock "$disk" 2>/dev/null
was=$(counted)
$assay secret delete $volume --yes >/dev/null
check a_share_that_is_deleted_ends_its_lease_too 0 "lease: revoking" $assay host show lease-host
$assay attest >/dev/null 2>&1
check at_the_next_contact 0 "^$(printf %016x $((0x$was + 1)))$" counted

