# SPDX-License-Identifier: Apache-2.0
# From an installer to the first boot by itself. Sourced by run after machine.sh.

enrol_scenarios="an_installer_enrols_the_host_whose_boot_is_then_known the_installer_enrols_its_disk_before_the_cap
	the_shipped_hook_makes_the_initramfs_and_it_is_signed it_boots_by_itself_to_a_login the_cap_is_the_volumes_own"
size_scenarios="the_initramfs_grows_by_less_than_seven_mib"

an_installer_enrols_the_host_whose_boot_is_then_known() {
	local machine name firmware_args
	spdm-device init "$work/pki" && guest_drive 1 1.2-1.3 && guest_drive 2 1.2-1.3 || return
	rig_policy=$'lease_reboots = 1\nreleases = 0' # attacks boot and change keys as often as no host does
	rig_server no
	guest_name=rooted guest_config=$'[lease]\ncounter = 0x01bffff0'
	disk_host && disk_image root "a passphrase of the installer" && truncate -s 256M "$work/bring.img" && guest_files || return
	for name in virtio_blk; do guest_module "$name" || return; done
	cp -L /usr/lib/x86_64-linux-gnu/libgcc_s.so.1 "$work/initrd/usr/lib/x86_64-linux-gnu/" || return # the C library loads it by name
	vm_initrd "$delivered/agent/assay-agent" "$delivered/agent/assay-collector" "$delivered/cli/assay"
	kernel_options="console=ttyS0 quiet panic=-1"
	vm_ovmf
	vm_tpm
	mapfile -t machine < <(disk_machine)
	vm_start "${machine[@]}" "${tpm_args[@]}" "${firmware_args[@]}"
	guest 'mount -t securityfs none /sys/kernel/security; for m in failover net_failover virtio_net virtio_blk nvme-keyring nvme-auth nvme-core nvme assay_spdm; do [ ! -e /mod/$m.ko ] || insmod /mod/$m.ko || echo no $m; done' &&
		guest 'ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up && mkdir -p /run/assay && test -c /dev/tpmrm0' || return
	guest_enrol && guest_serve && guest_learn && attested 0
}
attested() { # exit status wanted: of `assay attest` in the guest, whose answer is $work/verdict
	local rc
	guest 'assay attest --json 2>&1' >"$work/verdict"
	rc=$?
	jq -r ".ear_status, .reasons[].text" "$work/verdict" || cat "$work/verdict"
	[ "$rc" -eq "$1" ]
}
the_installer_enrols_its_disk_before_the_cap() {
	local drive # they come up in any order
	drive=$(guest 'name=$(ls /sys/bus/pci/devices/0000:01:00.0/nvme) && test -b /dev/${name}n1 && echo /dev/${name}n1') || return
	bring "$work/root.passphrase" /tmp/passphrase &&
		guest "assay disk enroll $drive --key-file /tmp/passphrase --recovery-out /tmp/recovery 2>&1" || return
	guest 'cat /tmp/recovery; echo' >"$work/recovery" && guest 'cat /etc/assay/agent.conf' >"$work/agent.conf" && grep -A1 "^\[volume $disk_uuid\]" "$work/agent.conf" || return
	guest "sync; assay disk status $drive" && cryptsetup luksDump "$work/root.img" | grep -A3 '^Tokens:'
}
the_shipped_hook_makes_the_initramfs_and_it_is_signed() {
	local appended # what the firmware puts behind it
	appended=$(guest 'cat /proc/cmdline') && appended=${appended#"$kernel_options"} || return
	put /etc/assay/agent.conf <"$work/agent.conf"
	disk_initramfs || return
	bring "$work/initrd.img" /tmp/initrd && bring "$kernel_image" /tmp/kernel || return
	guest "assay refval propose --release $release --kernel /tmp/kernel --initrd /tmp/initrd --cmdline '$disk_options$appended' 2>&1" || return
	operator refval pending diff "$guest_name" && operator refval pending sign "$guest_name" --signer "$work/operator/operator.crt" --key "$work/operator/operator.key"
}
the_initramfs_grows_by_less_than_seven_mib() { # as it is on /boot, compressed by zstd
	local with without
	disk_initramfs_without && with=$(stat -c %s "$work/initrd.img") && without=$(stat -c %s "$work/initrd.without") || return
	echo "growth $(awk "BEGIN { printf \"%.2f\", ($with - $without) / 1048576 }") MiB: $without bytes without, $with with"
	is_zstd "$work/initrd.img" && [ "$without" -gt 1000000 ] && [ "$with" -gt "$without" ] && [ $((with - without)) -lt $((7 * 1048576)) ]
}
is_zstd() { # the last part of it is a zstd frame
	LC_ALL=C grep -qaP '\x28\xb5\x2f\xfd' "$1"
}
it_boots_by_itself_to_a_login() {
	boot && logged_in && guest 'findmnt -no SOURCE,FSTYPE / && ls /run/assay'
}
lp() { # hex: as lp() of the rules
	printf '%08x%s' $((${#1} / 2)) "$1"
}
label() { printf %s "$1" | xxd -p | tr -d '\n'; }
extend() { # PCR, value: in hex
	printf %s%s "$1" "$2" | xxd -r -p | sha256sum | cut -d' ' -f1
}
cap_of_volume() { # by the rules, from the key in the header: what is extended for it
	local proof
	rm -f "$work/volume.key"
	cryptsetup luksDump --dump-volume-key --volume-key-file "$work/volume.key" --key-file "$work/root.passphrase" --batch-mode "$work/root.img" >/dev/null || return
	proof=$(printf assay/volume/1 | openssl dgst -sha256 -mac hmac -macopt "hexkey:$(xxd -p "$work/volume.key" | tr -d '\n')" | sed 's/.*= //')
	printf '%s%s%s' "$(lp "$(label assay/cap/1)")" "$(lp "${disk_uuid//-/}")" "$(lp "$proof")" | xxd -r -p | sha256sum | cut -d' ' -f1
}
the_cap_is_the_volumes_own() {
	local wanted
	wanted=$(extend "$(printf '%064d' 0)" "$(cap_of_volume)") || return
	echo "wanted $wanted, found $(cap)"
	[ "$(cap)" = "$wanted" ] && guest 'test ! -e /run/assay/opened && ! pidof assay-agent && ! pidof assay-collector'
}
