# SPDX-License-Identifier: Apache-2.0
# The device changes under a kernel that accepted it: swapped, reset, asleep, hostile. Sourced by run.

change_scenarios="the_pcr_is_extended_when_a_device_changes_and_only_then
	a_device_that_stays_the_same_passes_a_reset a_nonce_that_was_out_at_a_reset_is_never_asked_with_again what_was_heard_before_a_reset_is_not_accepted_after_it the_driver_of_another_device_is_taken_away
	a_quarantine_outlives_the_module forgetting_and_accepting_again_gives_the_driver_back
	a_device_swapped_at_the_same_address_is_another_instance
	a_device_swapped_during_a_reset_is_found_out
	a_device_that_stays_the_same_passes_an_error_recovery a_device_swapped_during_an_error_recovery_is_found_out
	other_firmware_ends_an_acceptance_without_a_quarantine lies_over_doe_are_refused_and_named
	a_device_that_hangs_up_is_unreachable_until_it_is_plugged_in_again a_device_is_held_until_it_is_accepted
	a_device_swapped_while_asleep_is_found_out suspend_and_resume_of_the_same_device_pass"

other_identity() { # makes one: the same PCI name, another key and serial
	[ -d "$work/other" ] || spdm-device identity "$work/pki" "$work/other" 0 p384 "${device_names[0]}" >/dev/null
}
accepted() { # device: collects and accepts it
	collect "$1" "$(fresh_nonce)" && until_collected "$1" && accept "$1" "${@:2}" && until_state "$1" accepted
}
bound() { guest "test -e /sys/bus/pci/devices/$1/driver"; }
until_bound() { # its driver is probing it
	local i
	for i in $(seq 100); do bound "$1" && return; sleep 0.1; done
	return 1
}
until_unbound() { # its driver is being taken away
	local i
	for i in $(seq 600); do bound "$1" || return 0; sleep 0.1; done # a driver may wait for its device first
	return 1
}
pcr() { guest 'cat /sys/class/tpm/tpm0/pcr-sha256/13'; }

the_pcr_is_extended_when_a_device_changes_and_only_then() {
	local before after expected entry zero
	until_collected "$first" && until_collected "$second" || return
	before=$(pcr) && collect "$first" "$(fresh_nonce)" && until_collected "$first" && [ "$(pcr)" = "$before" ] || return
	sed -i 's/^2 .*/2 firmware digest-of:firmware 7.7.7/' "$work/device1.measurements"
	collect "$first" "$(fresh_nonce)" && until_collected "$first" || return
	after=$(pcr)
	[ "$after" != "$before" ] && guest 'netlink-ask assay 6 dump' >"$work/log" && [ "$(wc -l <"$work/log")" = 3 ] || return
	# replayed from the log: each entry's data, hashed, extended
	expected=$(printf '%064d' 0)
	while read -r entry; do
		entry=$(echo "$entry" | grep -o ' 29:[0-9a-f]*' | cut -d: -f2) # a nest: 4 bytes of head, then the data
		zero=$((2 * ($(number "${entry:0:4}") - 4)))
		expected=$({ echo "$expected" | xxd -r -p; echo "${entry:8:$zero}" | xxd -r -p | sha256sum | cut -c1-64 | xxd -r -p; } | sha256sum | cut -c1-64)
	done <"$work/log"
	[ "${after,,}" = "$expected" ]
}
a_device_that_stays_the_same_passes_a_reset() {
	accepted "$first" || return
	events_begin && guest "echo 1 >/sys/bus/pci/devices/$first/reset" && heard reset "$first" &&
		[ "$(state "$first")" = accepted ] && [ "$(number "$(field 25)")" -ge 1 ]
}
a_nonce_that_was_out_at_a_reset_is_never_asked_with_again() { # whoever is there now may have heard the answer to it
	local nonce before
	nonce=$(fresh_nonce) && until_collected "$second" && before=$(field 5) && device_says set device2 hostile busy-always && collect "$second" "$nonce" || return
	guest "echo 1 >/sys/bus/pci/devices/$second/reset; sleep 1" && [ "$(state "$second")" = collecting ] && device_says set device2 hostile none || return
	until_state "$second" evidence && [ "$(field 5)" != "$before" ] && refused 116 'another nonce is needed' "$(read_request "$second" 0x301 "$nonce")" &&
		refused 116 'another nonce is needed' "assay 2 do 2=u64:$(number "$(field 2)") 14=u8:0 20=hex:$nonce" && nonce=$(fresh_nonce) &&
		until_read "$second" 0x301 "$nonce" >"$work/read" && verified "$nonce" <"$work/read"
}
what_was_heard_before_a_reset_is_not_accepted_after_it() { # nor in the moment before the module looks
	local words
	until_state "$second" evidence && words="assay 3 do 2=u64:$(number "$(field 2)") 5=u32:$(number "$(field 5)") 14=u8:$(number "$(field 14)") 21=hex:$(field 21) 22=hex:$(field 22)" || return
	guest "echo 1 >/sys/bus/pci/devices/$second/reset; netlink-ask $words" && return 1
	grep '^error 16 .*a reset has not been looked at' "$work/answer" && guest 'sleep 1' && until_state "$second" evidence && refused 116 'another generation' "$words"
}
the_driver_of_another_device_is_taken_away() {
	guest 'for m in nvme-keyring nvme-auth nvme-core nvme; do insmod /mod/$m.ko 2>/dev/null; done; sleep 0.5'
	other_identity && until_bound "$first" && until_bound "$second" || return
	device_says set device1 identity "$work/other" && events_begin && check "$first" || return
	heard mismatch "$first" && [ "$(state "$first")" = failed ] && until_unbound "$first" &&
		guest "grep -q . /sys/bus/pci/devices/$first/driver_override" && guest "grep -q assay-hold /sys/bus/pci/devices/$first/driver_override" &&
		bound "$second"
}
a_quarantine_outlives_the_module() { # with it the device's mailbox, which must not be asked behind a closed channel
	guest 'rmmod assay_spdm && insmod /mod/assay_spdm.ko watch_reset=kprobe tpm_pcr=13' && until_state "$first" failed &&
		guest "grep -q assay-hold /sys/bus/pci/devices/$first/driver_override" && ! bound "$first" && until_collected "$second"
}
forgetting_and_accepting_again_gives_the_driver_back() {
	device_says set device1 identity "$work/device1" && forget "$first" || return
	# its config space can be read again: it is no bus master
	[ $((0x$(guest "od -An -tx1 -j4 -N1 /sys/bus/pci/devices/$first/config" | tr -d ' ') & 4)) = 0 ] && accepted "$first" && until_bound "$first"
}
a_device_swapped_at_the_same_address_is_another_instance() {
	local before generation
	accepted "$first" && before=$(field 2) generation=$(field 5) && other_identity && events_begin || return
	vm_unplug 1 && device_says set device1 identity "$work/other" && vm_plug 1 "${ports[0]}" || return
	heard added "$first" && grep -q "^removed $first" "$work/causes" && until_state "$first" evidence &&
		[ "$(field 2)" != "$before" ] && [ "$(field 5)" != "$generation" ] && device_says set device1 identity "$work/device1"
}
a_device_swapped_during_a_reset_is_found_out() {
	accepted "$first" && events_begin && device_says set device1 identity "$work/other" || return
	guest "echo 1 >/sys/bus/pci/devices/$first/reset" && heard mismatch "$first" &&
		[ "$(state "$first")" = failed ] && until_unbound "$first" && device_says set device1 identity "$work/device1" && forget "$first"
}
# Not fatal: after one that is, the link of QEMU's root port does not come up again. Its NVMe reports none of its own.
error_on() { # number of the root port
	vm_qmp "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"pcie_aer_inject_error rp$1 COMP_TIME\"}}" | grep -q OK
}
a_device_that_stays_the_same_passes_an_error_recovery() {
	accepted "$first" && until_bound "$first" && events_begin && error_on 1 && heard aer "$first" && [ "$(state "$first")" = accepted ] &&
		guest 'dmesg' | grep -q 'pcieport.*device recovery successful' && bound "$first"
}
a_device_swapped_during_an_error_recovery_is_found_out() {
	accepted "$first" && until_bound "$first" && events_begin && device_says set device1 identity "$work/other" && error_on 1 || return
	heard mismatch "$first" && [ "$(state "$first")" = failed ] && until_unbound "$first" &&
		guest "grep -q assay-hold /sys/bus/pci/devices/$first/driver_override" && device_says set device1 identity "$work/device1" && forget "$first"
}
# To RAM (S3), and woken from outside. SeaBIOS does not open the window to extended config space again (PCIEXBAR, at
# 0x60 of the host bridge), as a firmware does: the guest does it, while the first check after resume fails and is repeated.
# A machine of QEMU sleeps once: the second time it wakes at once.
suspended() { # commands for the time when it sleeps
	local i bridge=/sys/bus/pci/devices/0000:00:00.0/config
	printf '%s\n' "dd if=$bridge of=/tmp/window bs=4 skip=24 count=2 2>/dev/null; echo mem >/sys/power/state; slept=\$?; dd if=/tmp/window of=$bridge bs=4 seek=24 conv=notrunc 2>/dev/null; (exit \$slept)" >&"$to_guest"
	for i in $(seq 100); do
		vm_qmp '{"execute":"query-status"}' | grep -q suspended && break
		sleep 0.1
	done
	[ "$i" -lt 100 ] && "$@" && vm_qmp '{"execute":"system_wakeup"}' >/dev/null
	vm_read '@@END ' && [ "$vm_status" = 0 ] && [ "$i" -lt 100 ]
}
suspend_and_resume_of_the_same_device_pass() { # devices only: the kernel stops there for five seconds, and resumes
	accepted "$first" && events_begin && guest 'echo devices >/sys/power/pm_test && echo mem >/sys/power/state' && heard resume "$first" &&
		[ "$(state "$first")" = accepted ]
}
a_device_swapped_while_asleep_is_found_out() {
	accepted "$first" && events_begin && suspended device_says set device1 identity "$work/other" || return
	heard mismatch "$first" && [ "$(state "$first")" = failed ] && until_unbound "$first" &&
		device_says set device1 identity "$work/device1" && forget "$first" && accepted "$first"
}
other_firmware_ends_an_acceptance_without_a_quarantine() {
	accepted "$first" || return
	sed -i 's/^2 .*/2 firmware digest-of:firmware 8.8.8/' "$work/device1.measurements"
	events_begin && collect "$first" "$(fresh_nonce)" && heard mismatch "$first" &&
		[ "$(state "$first")" = evidence ] && until_bound "$first"
}
a_device_is_held_until_it_is_accepted() {
	guest "$nvme_unload && rmmod assay_spdm && insmod /mod/assay_spdm.ko hold=1 && insmod /mod/nvme.ko" && until_collected "$first" && until_collected "$second" || return
	[ "$(number "$(field 13)")" = 1 ] && ! bound "$first" && ! bound "$second" && accept "$first" || return
	until_bound "$first" && ! bound "$second" && status "$first" && [ "$(number "$(field 13)")" = 0 ] && accept "$second"
}
lies_over_doe_are_refused_and_named() {
	local lie text nonce
	while read -r lie text; do
		nonce=$(fresh_nonce)
		device_says set device1 hostile "$lie" && ! until_read "$first" 0x200 "$nonce" >"$work/said" && grep -q "$text" "$work/said" ||
			{ echo "$lie: $(cat "$work/said")"; device_says set device1 hostile none; return 1; }
	done <<-'END'
		doe-length-long over DOE
		remainder-lies RemainderLength
		record-longer bytes after the end
		signature-flipped is not by the leaf
		block-changed-after-signing is not by the leaf
		not-ready-for-another ResponseNotReady is for another
		two-asym-algorithms BaseAsymSel
		trailing-bytes bytes after the end
	END
	for lie in busy-twice not-ready-once; do
		device_says set device1 hostile "$lie" && until_read "$first" 0x200 "$(fresh_nonce)" >/dev/null || return
	done
	device_says set device1 hostile none
}
a_device_that_hangs_up_is_unreachable_until_it_is_plugged_in_again() {
	device_says close device2 && forget "$second" && collect "$second" "$(fresh_nonce)" && until_state "$second" unreachable && vm_unplug 2 && vm_plug 2 "${ports[1]}" &&
		until_state "$second" evidence
}
