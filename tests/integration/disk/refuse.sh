# SPDX-License-Identifier: Apache-2.0
# What must not open the disk. Sourced by run after enrol.sh; each is a boot.

refuse_scenarios="nothing_is_released_to_the_running_system another_init_is_refused_by_the_command_line
	a_break_in_the_initramfs_is_refused_and_its_shell_is_after_the_cap
	an_initrd_with_one_changed_file_is_refused a_missing_device_is_refused_by_name an_added_device_is_refused_by_name
	a_device_of_the_same_kind_with_another_key_is_refused_by_name two_drives_that_changed_places_are_told_to_be_moved
	changed_firmware_of_the_roots_own_drive_is_refused_by_name"
without_scenarios="a_key_that_is_to_change_is_changed_by_the_next_boot_which_opens_by_itself
	who_presses_enter_while_a_server_is_silent_is_asked_at_once_and_after_the_cap
	without_a_server_a_lease_opens_for_as_many_boots_as_it_is_for
	without_a_server_a_passphrase_is_asked_for_and_the_installers_opens
	or_the_recovery_key_opens_whose_keyslot_is_hidden_afterwards and_so_it_does_in_large_letters_at_the_first_prompt no_log_has_a_byte_of_a_key"

# The guest's shell reads a line and evaluates it.
serve_in_the_system() { # [configuration]: collector and agent, with that of the initramfs
	bring "${1:-$work/agent.conf}" /run/agent.conf && guest 'mkdir -p /run/assay; (assay-collector --config /run/agent.conf >/run/collector.log 2>&1 & assay-agent --config /run/agent.conf run >/run/agent.log 2>&1 &)' &&
		guest 'for i in $(seq 100); do test ! -S /run/assay/agent.sock || break; sleep 0.2; done; cat /run/agent.log; test -S /run/assay/agent.sock'
}
nothing_is_released_to_the_running_system() { # that of the last boot of enrol.sh
	serve_in_the_system && guest 'assay-unlock --config /run/agent.conf --uuid '"$disk_uuid"' --device /dev/$(ls /sys/bus/pci/devices/0000:01:00.0/nvme)n1 --opened /run/opened --deadline 20 >/run/said 2>/run/why; rc=$?; cat /run/why; test $rc = 2 && grep "PCR 15 is extended" /run/why && ! test -s /run/said'
}

cap_none() { # PCR 15 of a boot in which somebody was asked
	extend "$(cap_zero)" "$(lp "$(label assay/cap/none)" | xxd -r -p | sha256sum | cut -d' ' -f1)"
}
refused() { # part of the sentence on the console; after it somebody is asked
	console_says "$1" 90 && console_says 'Please unlock disk root' && not_opened
}
another_init_is_refused_by_the_command_line() {
	boot init=/bin/sh && refused 'command-line'
}
a_break_in_the_initramfs_is_refused_and_its_shell_is_after_the_cap() {
	boot break=premount && console_says '\(initramfs\)' 60 || return
	console_type $'cat /sys/class/tpm/tpm0/pcr-sha256/15\r'
	console_says "^$(cap_none | tr a-f A-F)$" 10 && not_opened
}
initrd_with() { # folder, file in it, [initrd]: as $vm_initramfs, the one that was signed and this file in place of its own
	local of=${3:-$work/initrd.img}
	{ cat "$of" && head -c $(((4 - $(stat -c %s "$of") % 4) % 4)) /dev/zero && (cd "$1" && echo "$2" | cpio --quiet -o -H newc); } >"$vm_initramfs"
}
an_initrd_with_one_changed_file_is_refused() {
	local vm_initramfs=$work/initrd.changed
	mkdir -p "$work/changed/etc" && date >"$work/changed/etc/motd" && initrd_with "$work/changed" etc/motd && boot && refused 'initrd'
}
a_missing_device_is_refused_by_name() {
	local without_second=yes
	boot && refused '1b36:0010'
}
an_added_device_is_refused_by_name() { # at the end, where it moves no other
	local added=yes
	boot && refused '1b36:0010'
}
a_device_of_the_same_kind_with_another_key_is_refused_by_name() {
	local rc of_second=$drive_pid
	kill "$of_second"
	wait "$of_second" 2>/dev/null
	mv "$work/guest2" "$work/guest2.own"
	guest_drive 2 1.2-1.3 && boot && refused '1b36:0010.*(key|leaf)'
	rc=$?
	kill "$drive_pid"
	wait "$drive_pid" 2>/dev/null
	rm -rf "$work/guest2"
	mv "$work/guest2.own" "$work/guest2"
	drive_serve 2 1.2-1.3 && return "$rc"
}
two_drives_that_changed_places_are_told_to_be_moved() { # equal but for their keys: which of them stands where, the keys tell
	local exchanged=yes
	boot && refused 'device 1b36:0010/-/0.*moved.*enrolled as 1b36:0010/-/1' && grep -E 'device 1b36:0010/-/1.*moved.*enrolled as 1b36:0010/-/0' "$work/seen" &&
		opened_by_a_person "$(cat "$work/root.passphrase")" || return
	local exchanged= # as they were
	boot && logged_in
}
changed_firmware_of_the_roots_own_drive_is_refused_by_name() {
	local rc
	sed -i 's/^2 .*/2 firmware digest-of:firmware 6.6.6/' "$work/guest1.measurements"
	boot && refused '1b36:0010/-/0'
	rc=$?
	sed -i 's/^2 .*/2 firmware digest-of:firmware 1.2.3/' "$work/guest1.measurements"
	return "$rc"
}
opened_by_a_person() { # what is typed; afterwards PCR 15 tells of both, who was asked and what was opened
	local wanted
	wanted=$(extend "$(cap_none)" "$(cap_of_volume)") || return
	console_type "$1"$'\r'
	logged_in && echo "found $(cap), wanted $wanted" && [ "$(cap)" = "$wanted" ]
}
who_presses_enter_while_a_server_is_silent_is_asked_at_once_and_after_the_cap() {
	local rc
	kill -STOP "$server_pid"
	boot && console_says 'press Enter' 60 && sleep 2 && console_type $'\r' && console_says 'Please unlock disk root' 6 && not_opened && opened_by_a_person "$(cat "$work/root.passphrase")"
	rc=$?
	kill -CONT "$server_pid"
	return "$rc"
}
epoch_on_disk() { # [image]: the last one in the header
	cryptsetup luksDump --dump-json-metadata "$work/${1:-root}.img" | jq -e '[.tokens[] | select(.type == "assay") | .epoch | tonumber] | max'
}
a_key_that_is_to_change_is_changed_by_the_next_boot_which_opens_by_itself() {
	local before after
	before=$(epoch_on_disk) && operator secret rotate "$disk_uuid" && boot && logged_in && after=$(epoch_on_disk) && echo "epoch $before, then $after" && [ "$after" -gt "$before" ] &&
		boot && logged_in && [ "$(epoch_on_disk)" = "$after" ]
}
without_a_server_a_lease_opens_for_as_many_boots_as_it_is_for() { # one: it was given by the boot before
	boot && logged_in && server_stop && boot && console_says 'opened by a lease' 60 && logged_in && boot && refused 'as many reboots as it was for'
}
without_a_server_a_passphrase_is_asked_for_and_the_installers_opens() { # leases are over
	server_stop
	boot && refused "(connect|answer in time|Timeout)" && opened_by_a_person "$(cat "$work/root.passphrase")"
}
prompted() { # so many times so far: what is typed before is read by nobody
	local i
	for i in $(seq 120); do
		console_says 'Please unlock disk root' 1 && [ "$(grep -c 'Please unlock disk root' "$work/seen")" -ge "$1" ] && sleep 1 && return
		sleep 0.5
	done
	return 1
}
unsigned_or_alone='(command-line|connect|answer in time|Timeout)' # with a server or without one
prompts() { tr -d '\r' <"$work/console" | grep -c 'Please unlock disk root'; }
or_the_recovery_key_opens_whose_keyslot_is_hidden_afterwards() { # as people type it, once, after a mistake
	boot assay.word=unsigned && refused "$unsigned_or_alone" && console_type $'not it\r' && console_says 'opens no keyslot' 30 && prompted 2 &&
		opened_by_a_person "$(tr -d '\n-' <"$work/recovery")" && [ "$(prompts)" -eq 2 ] && recovery_is_hidden
}
and_so_it_does_in_large_letters_at_the_first_prompt() {
	boot assay.word=unsigned && refused "$unsigned_or_alone" && opened_by_a_person "$(tr -d '\n' <"$work/recovery" | tr a-f A-F)" && [ "$(prompts)" -eq 1 ] &&
		! grep 'No key available' "$work/seen" && recovery_is_hidden
}
recovery_is_hidden() {
	cryptsetup luksDump "$work/root.img" >"$work/header" && grep -A3 '^  1: luks2' "$work/header" | grep 'Priority: *ignored'
}
server_stop() { # once: its number may be another's afterwards
	[ -z "$server_pid" ] || { kill "$server_pid" && wait "$server_pid" 2>/dev/null; }
	server_pid=
}
found_in_logs() { # file with a key: in any form, in what was written of all these boots
	local forms=$work/forms file hex shifted
	hex=$(xxd -p "$1" | tr -d '\n')
	for file in "$work/consoles" "$work"/*.log "$work/canary" $(find "$work/server" -type f); do # the bytes themselves
		[ ! -f "$file" ] || ! xxd -p "$file" | tr -d '\n' | grep -qF "$hex" || echo "$file"
	done
	{
		xxd -p "$1" | tr -d '\n'
		echo
		for shifted in 1 2 3; do # base64 has three forms of what stands behind something: what all of them have is the middle
			tail -c +"$shifted" "$1" | head -c $((($(stat -c %s "$1") - shifted + 1) / 3 * 3)) | base64 -w0 | tr -d =
			echo
		done | tee "$forms.url"
		tr '+/' '-_' <"$forms.url"
	} >"$forms"
	grep -rlaiF -f "$forms" "$work/consoles" "$work/server" "$work"/*.log "$work/canary" 2>/dev/null
}
keys_to_look_for() { # files with a key each; as text without what ends a line, and a recovery key also as people type it
	tr -d '\n' <"$work/recovery" >"$work/recovery.key" && tr -d '\n-' <"$work/recovery" >"$work/recovery.typed" &&
		[ "$(stat -c %s "$work/recovery.key") $(stat -c %s "$work/recovery.typed")" = "47 40" ] && [ "$(stat -c %s "$work/root.volume.key")" -ge 32 ] &&
		echo "$work"/{root.volume.key,recovery.key,recovery.typed,root.passphrase} && find "$work" -maxdepth 1 -name 'second.volume.key' -o -name second.passphrase
}
no_log_has_a_byte_of_a_key() { # and the search finds what is put there
	local key keys place
	console_close
	cat "$work/console" >>"$work/consoles"
	[ "$(grep -c "Please unlock disk" "$work/consoles")" -gt 2 ] && keys=$(keys_to_look_for) || return
	for key in $keys; do
		rm -f "$work/canary"
		place=$(found_in_logs "$key")
		[ -z "$place" ] || { echo "$key is in $place"; return 1; }
		for place in 'xxd -p | tr -d "\n" | tr a-f A-F' cat '{ printf "a "; cat; printf "\r\n"; }' '{ printf a; cat; } | base64 -w0' '{ printf ab; cat; } | base64 -w0 | tr +/ -_'; do
			eval "$place" <"$key" >"$work/canary"
			[ "$(found_in_logs "$key" | sort -u)" = "$work/canary" ] || { echo "$key is not found as $place"; return 1; }
		done
	done
}
