# SPDX-License-Identifier: Apache-2.0
# What must not open the disk. Sourced by run after enrol.sh; each is a boot.

refuse_scenarios="another_init_is_refused_by_the_command_line a_break_in_the_initramfs_is_refused_and_its_shell_is_after_the_cap
	an_initrd_with_one_changed_file_is_refused a_missing_device_is_refused_by_name
	without_a_server_it_asks_for_a_passphrase_and_the_recovery_key_opens_it"

cap_none() { # PCR 15 of a boot in which somebody was asked
	extend "$(printf '%064d' 0)" "$(lp "$(label assay/cap/none)" | xxd -r -p | sha256sum | cut -d' ' -f1)"
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
an_initrd_with_one_changed_file_is_cap_none() { # PCR 15 of a boot in which somebody was asked
	extend "$(printf '%064d' 0)" "$(lp "$(label assay/cap/none)" | xxd -r -p | sha256sum | cut -d' ' -f1)"
}
refused() {
	local vm_initramfs=$work/initrd.changed
	{ cat "$work/initrd.img"; head -c $(((4 - $(stat -c %s "$work/initrd.img") % 4) % 4)) /dev/zero; cd "$work" && mkdir -p changed/etc && date >changed/etc/motd && (cd changed && echo etc/motd | cpio --quiet -o -H newc); } >"$vm_initramfs" || return
	boot && refused 'initrd'
}
a_missing_device_is_refused_by_name() {
	local without_second=yes
	boot && refused '1b36:0010'
}
without_a_server_it_asks_for_a_passphrase_and_the_recovery_key_opens_it() {
	kill "$server_pid" && wait "$server_pid" 2>/dev/null
	boot && refused "(connect|answer in time)" || return
	console_type "$(cat "$work/recovery")"$'\r'
	logged_in && [ "$(cap)" = "$(cap_none)" ]
}
