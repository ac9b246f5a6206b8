# SPDX-License-Identifier: Apache-2.0
# What the firmware measured on the way up, kernel, command line and initrd, is judged from the boot log in the token.
# Boots of its own, for which the machine of the other scenarios ends. Sourced by run after agent.sh.

firmware_scenarios="the_guest_boots_with_a_firmware_that_measures a_host_whose_boot_is_known_is_affirmed
	its_boot_log_replays_to_pcrs_0_to_9 the_kernel_is_in_pcr_4_by_its_authenticode_digest
	command_line_and_initrd_are_in_pcr_9 its_boot_is_told_by_name_and_the_command_line_as_text
	another_initrd_and_command_line_are_refused_and_named a_unified_kernel_image_is_affirmed_through_the_phases_of_its_boot
	the_boot_of_the_unified_image_that_was_proposed_is_affirmed_at_once"

measured_boot() { test -s "$work/events.yaml" || { echo "SKIP: the machine has not booted with it"; return 77; }; }
events() { # pcr: type and SHA-256 of each of its events
	awk -v pcr="$1" '/PCRIndex:/ { at = $2 } /EventType:/ { type = $2 } /AlgorithmId:/ { alg = $NF }
		/Digest: / && at == pcr && alg == "sha256" { gsub("\"", "", $2); print type, $2 }' "$work/events.yaml"
}
authenticode() { # PE file: SHA-256 of all but checksum, place and bytes of the signature
	local file=$1 pe end
	at() { od -An -tu4 -j "$1" -N 4 "$file" | tr -d ' '; }
	pe=$(at 60)
	end=$(at $((pe + 168)))
	[ "$end" -gt 0 ] || end=$(stat -c %s "$file")
	{
		head -c $((pe + 88)) "$file"
		head -c $((pe + 168)) "$file" | tail -c +$((pe + 93))
		head -c "$end" "$file" | tail -c +$((pe + 177))
	} | sha256sum | cut -d' ' -f1
}
command_line() { # as the firmware hands it over: UTF-16, with its end
	guest 'cat /proc/cmdline' | tr -d '\n' | iconv -f ascii -t utf-16le && printf '\0\0'
}

the_guest_boots_with_a_firmware_that_measures() {
	vm_quit || return
	if [ "$(od -An -tx1 -N 2 "$kernel_image" | tr -d ' ')" != 4d5a ]; then
		echo "SKIP: this kernel is no program of the firmware's"
		return 77
	fi
	guest_drive 1 1.2-1.3 && guest_drive 2 1.2-1.3 || return
	[ -f "$work/server.conf" ] || rig_server
	guest_name=measured
	vm_ovmf
	guest_boot "${firmware_args[@]}" && guest 'base64 /sys/kernel/security/tpm0/binary_bios_measurements' >"$work/log.base64" || return
	base64 -d "$work/log.base64" >"$work/log" && tpm2_eventlog "$work/log" >"$work/events.yaml"
}
a_host_whose_boot_is_known_is_affirmed() {
	measured_boot || return
	guest_enrol && guest_serve && guest_learn && attested 0
}
its_boot_log_replays_to_pcrs_0_to_9() {
	local pcr value
	measured_boot || return
	for pcr in $(seq 0 9); do
		value=$(guest "cat /sys/class/tpm/tpm0/pcr-sha256/$pcr") && value=${value,,}
		# of a PCR without events the log says nothing
		[ -n "$(events "$pcr")" ] || { [ "$value" = "$(printf '%064d' 0)" ] && continue; }
		sed -n '/^pcrs:/,$p' "$work/events.yaml" | grep -E "^ +$pcr +: 0x${value:-none}$" || { echo "PCR $pcr is $value"; return 1; }
	done
	grep -qF "$(xxd -p "$work/log" | tr -d '\n')" <(xxd -p "$work/token" | tr -d '\n')
}
the_kernel_is_in_pcr_4_by_its_authenticode_digest() {
	measured_boot || return
	events 4 && events 4 | grep -x "EV_EFI_BOOT_SERVICES_APPLICATION $(authenticode "$kernel_image")"
}
command_line_and_initrd_are_in_pcr_9() {
	measured_boot || return
	events 9 && guest 'cat /proc/cmdline' && events 9 | grep "$(sha256sum <"$work/initrd.gz" | cut -d' ' -f1)" &&
		events 9 | grep "$(command_line | sha256sum | cut -d' ' -f1)"
}
named() { # name: digest of the event, of the boot log that the server has
	jq -er --arg name "$1" '.events[] | select(.name == $name) | .digest' "$work/boot"
}
its_boot_is_told_by_name_and_the_command_line_as_text() {
	measured_boot || return
	assay boot show "$work/log" && operator host boot measured --json >"$work/boot" || return
	[ "$(named kernel)" = "$(authenticode "$kernel_image")" ] && [ "$(named initrd)" = "$(sha256sum <"$work/initrd.gz" | cut -d' ' -f1)" ] || return
	# the stub measures it and writes no text: that is the kernel's, held against the digest
	jq -e --arg text "$(guest 'cat /proc/cmdline')" '.fault == null and any(.events[]; .name == "command-line" and .value == $text and .covered == "measured")' "$work/boot" &&
		jq -e 'any(.events[]; .name == "secure-boot" and (.text | test("Secure Boot state: (on|off)")))' "$work/boot"
}
another_initrd_and_command_line_are_refused_and_named() { # one boot for both
	local digest options
	measured_boot || return
	vm_off
	(cd "$work/initrd" && date >etc/appended && echo etc/appended | cpio --quiet -o -H newc | gzip -1) >>"$work/initrd.gz" || return
	digest=$(sha256sum <"$work/initrd.gz" | cut -d' ' -f1)
	vm_ovmf
	kernel_options="console=ttyS0 quiet no_timer_check panic=-1 lockdown=none"
	guest_up "${firmware_args[@]}" && guest 'cat /etc/appended' && guest_serve && attested 2 || return
	jq -e --arg digest "$digest" '.ear_status == "contraindicated" and ([.reasons[].element] | sort) == ["command-line", "initrd"] and
		any(.reasons[]; .element == "initrd" and (.found | contains($digest)))' "$work/verdict" || return
	options=$(guest 'cat /proc/cmdline')
	digest=$(command_line | sha256sum | cut -d' ' -f1)
	jq -e --arg digest "$digest" --arg was "${options/ lockdown=none/}" --arg now "$options" 'any(.reasons[]; .element == "command-line" and
		(.found | contains($digest) and contains($now)) and (.wanted | contains("(\($was))")) and (.text | contains($now)))' "$work/verdict" || return
	operator host boot measured --diff && operator host boot measured --diff --json >"$work/diff" &&
		jq -e --arg was "$(jq -r '.events[] | select(.name == "command-line") | .value' "$work/boot")" --arg now "$options" \
			'([.changes[].name] | sort) == ["command-line", "initrd"] and any(.changes[]; .was == $was and .now == $now)' "$work/diff"
}
# Debian 13's: GRUB 2.06 hands a kernel over without its stub unless Secure Boot is on, and then nobody sees the log; the stub
# of systemd 252 adds nothing to an initrd.
loaders_fetched() {
	loaders=$rig/loaders
	[ -f "$loaders/done" ] || (
		set -e
		. "$top/tests/integration/vm/apt.sh"
		apt_root "$rig"
		mkdir -p "$loaders" && cd "$loaders"
		apt-get "${options[@]}" download grub-efi-amd64-signed/trixie systemd-boot-efi/trixie
		for deb in *.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x; done
		touch done
	)
}
unified_image() { # file, kernel, initrd, options, version: in one, as ukify puts them together
	local stub=$loaders/usr/lib/systemd/boot/efi/linuxx64.efi.stub base
	base=$((16#$(objdump -p "$stub" | awk '/^ImageBase/ { print $2 }')))
	at() { printf '0x%x' $((base + $1)); }
	printf 'ID=test\n' >"$work/osrel" && printf %s "$4" >"$work/cmdline" && printf %s "$5" >"$work/uname" &&
		objcopy --add-section .osrel="$work/osrel" --change-section-vma .osrel="$(at 0x40000)" \
			--add-section .cmdline="$work/cmdline" --change-section-vma .cmdline="$(at 0x50000)" \
			--add-section .uname="$work/uname" --change-section-vma .uname="$(at 0x60000)" \
			--add-section .linux="$2" --change-section-vma .linux="$(at 0x2000000)" \
			--add-section .initrd="$3" --change-section-vma .initrd="$(at 0x4000000)" "$stub" "$1"
}
another_kernel() { # file: the same, and another: a letter of its name
	sed '0,/debian-kernel@/s//debian-kernel#/' "$kernel_image" >"$1" && ! cmp -s "$kernel_image" "$1"
}
esp_modules() { # for its initrd
	local name
	for name in virtio_blk fat vfat nls_cp437 nls_utf8 nls_ascii; do guest_module "$name" || return; done
}
proposed() { # words for propose in the guest, which sees its ESP as the machine was started with
	guest "test -d /esp || { for m in fat vfat nls_cp437 nls_utf8 nls_ascii virtio_blk; do insmod /mod/\$m.ko; done; mkdir /esp; sleep 0.2; mount -t vfat -o ro,iocharset=ascii /dev/vda1 /esp; }" &&
		guest "assay refval propose $* 2>&1"
}
signed() { # host: what it proposed, of which nothing is left open
	operator refval pending diff "$1" >"$work/proposal" && cat "$work/proposal" && ! grep 'nobody can foretell' "$work/proposal" &&
		operator refval pending sign "$1" --signer "$work/operator/operator.crt" --key "$work/operator/operator.key"
}
pcr_event() { # pcr, text: its hash is extended in each bank (TPM2_PCR_Event, 0x13c)
	local size
	size=$(printf '\\x%02x' $((29 + ${#2})))
	guest "exec 3<>/dev/tpmrm0; printf '\\x80\\x02\\x00\\x00\\x00$size\\x00\\x00\\x01\\x3c\\x00\\x00\\x00\\x$(printf %02x "$1")\\x00\\x00\\x00\\x09\\x40\\x00\\x00\\x09\\x00\\x00\\x00\\x00\\x00\\x00\\x$(printf %02x ${#2})$2' >&3; dd bs=4096 count=1 2>/dev/null <&3 | head -c 10 | xxd -p; exec 3>&-" | grep -i '00000000$'
}
a_unified_kernel_image_is_affirmed_through_the_phases_of_its_boot() {
	local word vm_disk=$work/esp # the next machine has none
	measured_boot || return
	vm_quit && guest_drive 1 1.2-1.3 && guest_drive 2 1.2-1.3 || return
	guest_name=unified kernel_options="console=ttyS0 quiet no_timer_check panic=-1"
	vm_ovmf
	loaders_fetched && guest_files && esp_modules && vm_initrd "$guest_build/agent/assay-agent" "$guest_build/agent/assay-collector" "$guest_build/cli/assay" &&
		mkdir -p "$vm_disk/EFI/BOOT" "$vm_disk/EFI/Linux" && unified_image "$vm_disk/EFI/BOOT/BOOTX64.EFI" "$kernel_image" "$work/initrd.gz" "$kernel_options" "$(<"$rig/release")" || return
	# its stub puts the os-release behind the initrd, and the kernel measures both as one
	cp "$vm_disk/EFI/BOOT/BOOTX64.EFI" "$vm_disk/EFI/Linux/now.efi" && another_kernel "$work/kernel.next" && cat "$work/initrd.gz" <(echo appended | gzip) >"$work/initrd.next" &&
		unified_image "$vm_disk/EFI/Linux/next.efi" "$work/kernel.next" "$work/initrd.next" "$kernel_options lockdown=none" 6.12.999-next || return
	guest_up "${firmware_args[@]}" && guest_enrol && guest_serve && guest_learn && attested 0 || return
	operator host boot unified --json >"$work/boot" && [ "$(named uki/.initrd)" = "$(sha256sum <"$work/initrd.gz" | cut -d' ' -f1)" ] &&
		[ "$(named uki/.cmdline)" = "$(printf %s "$kernel_options" | sha256sum | cut -d' ' -f1)" ] || return
	# the image of that version is found by what it says of itself
	proposed "--release 6.12.998-none --esp /esp" && return 1
	grep -e 'say which boots next (--uki FILE)' "$work/answer" || return
	proposed "--release 6.12.999-next --esp /esp" && grep 'next boot would be refused' "$work/answer" && signed unified || return
	for word in enter-initrd leave-initrd sysinit ready; do
		pcr_event 11 "$word" && attested 0 || return
	done
	pcr_event 11 "something else" && attested 2 && jq -e 'any(.reasons[]; .text | test("another PCR 11"))' "$work/verdict"
}
the_boot_of_the_unified_image_that_was_proposed_is_affirmed_at_once() {
	local vm_disk=$work/esp
	measured_boot && test -f "$vm_disk/EFI/Linux/next.efi" || return
	vm_off
	mv "$vm_disk/EFI/Linux/next.efi" "$vm_disk/EFI/BOOT/BOOTX64.EFI" && vm_ovmf && guest_up "${firmware_args[@]}" || return
	guest 'grep -q lockdown=none /proc/cmdline' && guest_serve && attested 0
}
