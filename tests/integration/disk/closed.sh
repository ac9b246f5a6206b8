# SPDX-License-Identifier: Apache-2.0
# What comes only after PCR 15 was extended, and what when it cannot be. Sourced by run after attack.sh, which has what ends a machine.

closed_scenarios="a_resume_from_hibernation_is_tried_after_the_cap
	without_an_answer_of_the_tpm_the_machine_restarts_and_nothing_is_resumed and_the_next_boot_is_a_good_one"
swap_at=4086 # in its page: the signature, and ten bytes before it the one that is put back

hibernated() { # what such a machine leaves, on the disk that files are brought on, before the place of the files; there is no image in it
	rm -f "$work/swap"
	truncate -s 512K "$work/swap" && mkswap -q "$work/swap" && printf 'SWAPSPACE2S1SUSPEND\0' | dd of="$work/swap" bs=1 seek=$((swap_at - 10)) conv=notrunc status=none &&
		dd if="$work/swap" of="$work/bring.img" conv=notrunc status=none && [ "$(signature)" = S1SUSPEND ]
}
signature() { dd if="$work/bring.img" bs=1 skip="$swap_at" count=10 status=none | tr -d '\0'; }
resume_made() { # $work/initrd.resume: as it is, but Debian's script says first what stands in PCR 15; signed with resume= on the command line
	local vm_initramfs=$work/initrd.resume folder=$work/resume script=scripts/local-premount/resume
	[ ! -f "$work/initrd.resume.signed" ] || return 0
	mkdir -p "$folder/${script%/*}" && sed 's,^# hardcode path,echo "resuming $DEV with $(cat /sys/class/tpm/tpm0/pcr-sha256/15) in PCR 15" >/dev/console\n&,' "$host/usr/share/initramfs-tools/$script" >"$folder/$script" &&
		grep -q '^echo "resuming' "$folder/$script" && chmod 755 "$folder/$script" && initrd_with "$folder" "$script" || return
	local vm_initramfs=$work/initrd.img line
	boot && logged_in && serve_in_the_system && line=$(guest 'cat /proc/cmdline') && next_signed "$work/initrd.resume" "$disk_options resume=/dev/vda${line#"$disk_options"}" && touch "$work/initrd.resume.signed"
}
a_resume_from_hibernation_is_tried_after_the_cap() { # the kernel puts the signature back, and finds no image
	resume_made && hibernated || return
	local vm_initramfs=$work/initrd.resume
	boot resume=/dev/vda && logged_in || return
	grep -E '^resuming |hibernation' "$work/seen"
	[ "$(asked_for root)" -eq 0 ] && [ "$(sed -n 's,^resuming /dev/vda with \([0-9A-F]*\) in PCR 15$,\1,p' "$work/seen" | tr A-F a-f)" = "$(extend "$(cap_zero)" "$(cap_of_volume)")" ] &&
		[ "$(signature)" = SWAPSPACE2 ] && the_cap_is_the_volumes_own
}
without_an_answer_of_the_tpm_the_machine_restarts_and_nothing_is_resumed() { # it goes when the key is there, and the volume opens by it
	resume_made && hibernated || return
	local vm_initramfs=$work/initrd.resume i
	boot resume=/dev/vda || return
	for i in $(seq 1800); do
		! tr -d '\r' <"$work/console" | grep -q 'assay: opened .* after the agent began' || break
		kill -0 "$qemu_pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$vtpm_pid"
	console_says 'root: set up successfully' 60 && console_says 'PCR 15|end the boot phase' 60 && console_says 'cannot be closed off, and the machine restarts' 90 || return
	for i in $(seq 120); do
		kill -0 "$qemu_pid" 2>/dev/null || break
		sleep 0.5
	done
	! kill -0 "$qemu_pid" 2>/dev/null || { echo "the machine is still there"; return 1; }
	power_gone
	not_mounted_yet && ! grep -E '^resuming |\(initramfs\)' "$work/seen" && [ "$(signature)" = S1SUSPEND ]
}
and_the_next_boot_is_a_good_one() {
	boot && logged_in
}
