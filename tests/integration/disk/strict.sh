# SPDX-License-Identifier: Apache-2.0
# A volume of the strict profile beside the root: a key that is neither on the host nor on the server has to approve of what
# boots. Sourced by run after volumes.sh; the last one leaves the host as it was.

strict_scenarios="a_running_host_stages_a_volume_of_the_strict_profile
	a_boot_that_nobody_approved_of_does_not_open_it_and_once_approved_of_it_does
	its_key_is_changed_by_the_boot_for_which_the_next_one_was_approved_of
	another_command_line_is_good_for_the_root_and_not_for_it_until_it_is_approved_of_anew
	a_strict_volume_that_is_forgotten_leaves_the_root_as_it_was"

strict_epoch() { jq .epoch "$work/second.json"; }
approved() { # epoch: this boot, as a token of the system that serves tells it; the key is on neither side
	rm -f "$work/approval" "$work/boot.token"
	guest 'rm -f /run/token; assay attest --out /run/token --json >/run/attest 2>&1; base64 /run/token' | base64 -d >"$work/boot.token" && [ -s "$work/boot.token" ] &&
		assay policy-sign "$work/boot.token" --host "$work/host.json" --volume "$second_uuid" --epoch "$1" --key "$work/policy.key" --out "$work/approval" && operator secret approve "$work/approval"
}
not_approved() { # words for the command line: the root opens by itself, and somebody is asked for the other
	boot "$@" && console_says 'nobody has approved of what was booted' 90 && console_says 'Please unlock disk second' && not_mounted_yet && [ "$(asked_for root)" -eq 0 ] &&
		grep 'root: set up successfully' "$work/seen" && sleep 1 && console_type "$(cat "$work/second.passphrase")"$'\r' && logged_in && second_is_open && serve_in_the_system "$work/agent.two"
}
opens_both() { # words for the command line
	boot "$@" && logged_in && second_is_open && [ "$(asked_for root) $(asked_for second)" = "0 0" ]
}

a_running_host_stages_a_volume_of_the_strict_profile() {
	local second_image=second
	rm -f "$work"/policy.{key,pub}
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/policy.key" 2>/dev/null && openssl pkey -in "$work/policy.key" -pubout -out "$work/policy.pub" || return
	second_made "for a strict volume" && boot && logged_in && serve_in_the_system && bring "$work/policy.pub" /run/policy.pub && second_enrolled --strict --policy-key /run/policy.pub || return
	jq -e '.state == "pending" and .configured == true' "$work/second.json" && grep -A2 "^\[volume $second_uuid\]" "$work/agent.two" | grep '^policy_key = ' &&
		initrd_for strict "$work/agent.two" "$second_line" && next_signed "$work/initrd.strict"
}
a_boot_that_nobody_approved_of_does_not_open_it_and_once_approved_of_it_does() { # the server finds both boots good
	local second_image=second vm_initramfs=$work/initrd.strict
	not_approved && judged_as 2 warning && approved "$(strict_epoch)" && opens_both && cap_is "$(cap_zero)" "$(cap_of_volume second "$second_uuid")" "$(cap_of_volume)" || return
	serve_in_the_system "$work/agent.two" && judged_as 0 affirming
}
its_key_is_changed_by_the_boot_for_which_the_next_one_was_approved_of() { # the running system made the first
	local second_image=second vm_initramfs=$work/initrd.strict first
	first=$(strict_epoch) && opens_both && guest 'cat /run/assay/agent.log' | grep 'event=rotation .*nobody has approved of what was booted' && serve_in_the_system "$work/agent.two" &&
		approved $((first + 1)) && vm_off && [ "$(epoch_on_disk second)" -eq "$first" ] && opens_both && vm_off || return
	echo "epoch $first, then $(epoch_on_disk second); shares $(shares "$second_uuid")"
	[ "$(epoch_on_disk second)" -eq $((first + 1)) ] && [ "$(shares "$second_uuid")" = "$((first + 1)) current" ]
}
another_command_line_is_good_for_the_root_and_not_for_it_until_it_is_approved_of_anew() {
	local second_image=second vm_initramfs=$work/initrd.strict epoch line
	epoch=$(epoch_on_disk second) && opens_both && serve_in_the_system "$work/agent.two" && line=$(guest 'cat /proc/cmdline') &&
		next_signed "$vm_initramfs" "$disk_options assay.word=strict${line#"$disk_options"}" && not_approved assay.word=strict && approved "$epoch" && opens_both assay.word=strict
}
a_strict_volume_that_is_forgotten_leaves_the_root_as_it_was() {
	local second_image=second vm_initramfs=$work/initrd.strict drive
	opens_both && serve_in_the_system "$work/agent.two" && drive=$(second_drive) && guest "assay disk forget $drive --yes" && operator secret delete "$second_uuid" --yes && operator host allow-lease "$guest_name" || return
	vm_initramfs=$work/initrd.img
	boot && logged_in && serve_in_the_system && judged_as 0 affirming
}
