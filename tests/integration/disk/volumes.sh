# SPDX-License-Identifier: Apache-2.0
# A second volume, on the other drive. Sourced by run after refuse.sh and attack.sh; the last one leaves the host as it was.

volume_scenarios="a_running_host_enrols_a_second_volume_which_waits_for_the_next_boot
	that_boot_proves_it_and_the_one_after_it_changes_its_key
	two_volumes_open_in_one_boot_by_one_attestation_and_the_cap_tells_of_both
	one_of_them_that_a_person_opens_makes_the_boot_a_warning
	the_drive_of_one_that_is_missing_is_refused_by_name_and_the_boot_is_told_to_be_another
	one_that_is_gone_from_its_drive_is_told_by_the_system_that_ran
	a_second_volume_that_is_forgotten_leaves_the_root_as_it_was"
second_uuid=0aaaaaaa-2222-4333-8444-555555555555 # before the root's, behind which it stands in the table
second_line="second UUID=$second_uuid none luks,keyscript=assay-keyscript,initramfs"

second_made() { # passphrase: $work/second.img with a file in it
	rm -rf "$work/second.img" "$work/second"
	printf %s "$1" >"$work/second.passphrase"
	mkdir "$work/second" && echo "of the second volume" >"$work/second/here" && truncate -s 8M "$work/second.img" && mkfs.ext4 -q -d "$work/second" "$work/second.img" &&
		encrypted second "$second_uuid"
}
second_drive() { guest 'echo /dev/$(ls /sys/bus/pci/devices/0000:02:00.0/nvme)n1'; }
second_enrolled() { # options...: by the system that serves; $work/second.json and $work/agent.two
	local drive
	drive=$(second_drive) && bring "$work/second.passphrase" /run/passphrase && bring "$work/safe.crt" /run/safe.crt || return
	guest "rm -f /run/recovery.cms; assay disk enroll $drive --key-file /run/passphrase --recovery-out /run/recovery.cms --escrow /run/safe.crt --agent-config /run/agent.conf --json $* </dev/null 2>/run/why; rc=\$?; cat /run/why >/dev/ttyS0; (exit \$rc)" >"$work/second.json" || { cat "$work/second.json"; return 1; }
	cat "$work/second.json"
	guest 'cat /run/agent.conf' >"$work/agent.two"
}
second_is_open() { guest 'busybox mount -o ro /dev/mapper/second /mnt && cat /mnt/here; busybox umount /mnt' | grep -x 'of the second volume'; }
asked_for() { grep -c "Please unlock disk $1" "$work/seen"; }
cap_is() { # value before, values...: of PCR 15
	local wanted=$1 value
	for value in "${@:2}"; do wanted=$(extend "$wanted" "$value") || return; done
	echo "PCR 15: wanted $wanted, found $(cap)"
	[ "$(cap)" = "$wanted" ]
}
judged_as() { # exit status, status, [extended regular expression]: what `assay attest` of the system that serves is answered
	attested "$1" && jq -e --arg s "$2" '.ear_status == $s' "$work/verdict" >/dev/null || return
	[ -z "${3:-}" ] || jq -r '.reasons[].text' "$work/verdict" | grep -E "$3"
}
told_shares() { # shares of each attestation that gave any, by the initramfs' agent
	guest 'cat /run/assay/agent.log' | tee "$work/agent.log.two" | sed -n 's/.*event=attested.* shares=\([1-9][0-9]*\).*/\1/p' | tr '\n' ' '
}

a_running_host_enrols_a_second_volume_which_waits_for_the_next_boot() {
	local second_image=second
	second_made "for the second volume" && boot && logged_in && serve_in_the_system && second_enrolled || return
	jq -e --arg volume "$second_uuid" '.schema == "assay.disk.enroll/1" and .volume == $volume and .state == "pending" and .configured == true' "$work/second.json" &&
		[ "$(shares "$second_uuid")" = "$(jq .epoch "$work/second.json") pending" ] && grep -A1 "^\[volume $second_uuid\]" "$work/agent.two" &&
		initrd_for two "$work/agent.two" "$second_line" && next_signed "$work/initrd.two"
}
that_boot_proves_it_and_the_one_after_it_changes_its_key() { # the running system knew it
	local second_image=second vm_initramfs=$work/initrd.two first
	first=$(epoch_on_disk second) && boot && logged_in && second_is_open && [ "$(asked_for second)" -eq 0 ] && vm_off || return
	echo "after the first boot: $(shares "$second_uuid"), epoch $(epoch_on_disk second)"
	[ "$(epoch_on_disk second)" -eq "$first" ] && cryptsetup luksDump --dump-json-metadata "$work/second.img" | jq -e '[.tokens[] | select(.type == "assay") | .state] == ["active"]' || return
	boot && logged_in && second_is_open && vm_off || return
	echo "after the second: $(shares "$second_uuid"), epoch $(epoch_on_disk second)"
	[ "$(epoch_on_disk second)" -eq $((first + 1)) ] && [ "$(shares "$second_uuid")" = "$((first + 1)) current" ]
}
two_volumes_open_in_one_boot_by_one_attestation_and_the_cap_tells_of_both() {
	local second_image=second vm_initramfs=$work/initrd.two told
	boot && logged_in && second_is_open && [ "$(asked_for root) $(asked_for second)" = "0 0" ] && [ "$(grep -c 'assay: opened .* after the agent began' "$work/seen")" -eq 2 ] || return
	told=$(told_shares)
	echo "shares by attestation: $told"
	[ "$told" = "2 " ] && cap_is "$(cap_zero)" "$(cap_of_volume second "$second_uuid")" "$(cap_of_volume)" && serve_in_the_system "$work/agent.two" && judged_as 0 affirming
}
one_of_them_that_a_person_opens_makes_the_boot_a_warning() { # a header that lost its keyslot of ours; what was opened before stays open
	local second_image=untold vm_initramfs=$work/initrd.two id
	vm_off
	cp "$work/second.img" "$work/untold.img" && id=$(cryptsetup luksDump --dump-json-metadata "$work/untold.img" | jq -re '.tokens | to_entries[] | select(.value.type == "assay") | .key') &&
		cryptsetup token remove --token-id "$id" "$work/untold.img" || return
	boot && console_says 'has no keyslot of ours' 90 && console_says 'Please unlock disk second' && not_mounted_yet && sleep 1 && console_type "$(cat "$work/second.passphrase")"$'\r' && logged_in && second_is_open || return
	[ "$(asked_for root)" -eq 0 ] && cap_is "$(cap_none)" "$(cap_of_volume second "$second_uuid")" "$(cap_of_volume)" && serve_in_the_system "$work/agent.two" &&
		judged_as 2 warning 'with a passphrase that a person gave'
}
not_mounted_yet() { ! grep '@@LOGIN' "$work/seen"; }
the_drive_of_one_that_is_missing_is_refused_by_name_and_the_boot_is_told_to_be_another() {
	local without_second=yes vm_initramfs=$work/initrd.two
	boot && refused '1b36:0010.*missing' && opened_by_a_person "$(cat "$work/root.passphrase")" && serve_in_the_system "$work/agent.two" &&
		judged_as 2 contraindicated 'is missing' && jq -r '.reasons[].text' "$work/verdict" | grep 'what was opened is not what was enrolled'
}
one_that_is_gone_from_its_drive_is_told_by_the_system_that_ran() { # nothing that attests has changed: the root opens, and the boot is not the one that was enrolled
	local second_image=blank vm_initramfs=$work/initrd.two
	truncate -s 40M "$work/blank.img" && boot && logged_in 120 && [ "$(asked_for root) $(asked_for second)" = "0 0" ] && cap_is "$(cap_zero)" "$(cap_of_volume)" &&
		serve_in_the_system "$work/agent.two" && judged_as 2 contraindicated 'what was opened is not what was enrolled'
}
a_second_volume_that_is_forgotten_leaves_the_root_as_it_was() { # by the server, too: until then a boot without it is another, and the host has no leases
	local second_image=second vm_initramfs=$work/initrd.two drive
	boot && logged_in && serve_in_the_system "$work/agent.two" && drive=$(second_drive) && guest "assay disk forget $drive --yes --json" | jq -e '.ok and .removed == 1' &&
		operator secret delete "$second_uuid" --yes && [ -z "$(shares "$second_uuid")" ] && operator host allow-lease "$guest_name" || return
	vm_initramfs=$work/initrd.img
	boot && logged_in && serve_in_the_system && judged_as 0 affirming
}
