# SPDX-License-Identifier: Apache-2.0
# The same machine with an initrd that dracut makes, in a root of its own, for dracut and initramfs-tools exclude each
# other. Sourced by run after enrol.sh and refuse.sh; the volume is the one that was enrolled.

dracut_scenarios="the_shipped_module_makes_a_dracut_initrd_and_it_is_signed a_dracut_initrd_opens_the_root_by_the_token_plugin
	the_cap_is_the_volumes_own_there_too an_initrd_with_one_changed_file_is_refused_there_and_asks
	a_recovery_key_opens_there_after_a_mistake_and_is_hidden_again a_break_there_has_its_shell_after_the_cap"
dracut_initrd=$work/initrd.dracut

dracut_host() { # a copy of the base with what is delivered, the module and the configuration of the enrolled host
	"$top/tests/integration/disk/base" "$rig" dracut && cp -al "$rig/dracut/root" "$host" || return
	for component in host dracut token cli; do
		DESTDIR=$host cmake --install "$delivered" --prefix /usr --component "$component" >"$work/install.log" || { tail -5 "$work/install.log"; return 1; }
	done
	mkdir -p "$host/usr/lib/modules/$release/updates" && strip --strip-debug -o "$host/usr/lib/modules/$release/updates/assay_spdm.ko" "$module/assay_spdm.ko" || return
	in_host "depmod $release" || return
	echo "root UUID=$disk_uuid none luks" | put /etc/crypttab
	put /etc/assay/agent.conf <"$work/agent.conf"
	# of the builder nothing is to be in it, and looking at every driver takes minutes
	put /etc/dracut.conf.d/test.conf <<-'CONF'
		hostonly="yes"
		hostonly_mode="strict"
		hostonly_nics=""
		hostonly_cmdline="no"
		hostonly_default_device="no"
		early_microcode="no"
		compress="zstd"
		filesystems+=" ext4 "
		drivers=" nvme dm_crypt ext4 xts aes ecb sha256 virtio_net virtio_pci virtio_blk "
		omit_dracutmodules+=" kernel-modules-extra nvdimm qemu qemu-net overlay-root btrfs resume "
	CONF
}
dracut_make() {
	in_host "umask 022; rm -f /boot/initrd.img-$release; SOURCE_DATE_EPOCH=1700000000 dracut --force --reproducible /boot/initrd.img-$release $release 2>&1" >"$work/dracut.log" || { tail -5 "$work/dracut.log"; return 1; }
	sed -n 's/.*\(assay: .*\)/\1/p' "$work/dracut.log"
	cp "$host/boot/initrd.img-$release" "$dracut_initrd"
}
the_shipped_module_makes_a_dracut_initrd_and_it_is_signed() {
	local host=$work/dracut
	dracut_host && dracut_make && grep -q 'are added for disks' "$work/dracut.log" || return
	boot && logged_in && serve_in_the_system && next_signed "$dracut_initrd"
}
a_dracut_initrd_opens_the_root_by_the_token_plugin() { # nothing else could: no key file, no one who types
	local vm_initramfs=$dracut_initrd
	boot && logged_in 240 && guest 'findmnt -no SOURCE,FSTYPE /; ls -A /run/assay' && ! grep 'Please enter' "$work/seen" && grep 'asking for this machine' "$work/seen"
}
the_cap_is_the_volumes_own_there_too() {
	the_cap_is_the_volumes_own
}
refused_there() { # part of the sentence on the console; after it somebody is asked
	console_says "assay: .*$1" 240 && console_says 'Please unlock disk root' 120 && not_opened && sleep 1
}
an_initrd_with_one_changed_file_is_refused_there_and_asks() {
	local vm_initramfs=$work/initrd.changed
	mkdir -p "$work/changed/etc" && date >"$work/changed/etc/motd" && initrd_with "$work/changed" etc/motd "$dracut_initrd" && boot && refused_there initrd && opened_by_a_person "$(cat "$work/root.passphrase")"
}
a_recovery_key_opens_there_after_a_mistake_and_is_hidden_again() {
	local vm_initramfs=$work/initrd.changed
	boot && refused_there initrd && console_type $'not it\r' && console_says 'opens no keyslot' 60 && prompted 2 &&
		console_type "$(tr -d '\n-' <"$work/recovery")"$'\r' && prompted 3 && opened_by_a_person "$(tr -d '\n-' <"$work/recovery" | tr a-f A-F)" &&
		recovery_is_hidden
}
a_break_there_has_its_shell_after_the_cap() { # before any disk is opened
	local vm_initramfs=$dracut_initrd
	boot rd.break=pre-trigger && console_says 'Press Enter for maintenance' 240 && sleep 1 && console_type $'\r' && console_says '^sh-[0-9.]*#' 60 || return
	console_type $'cat /sys/class/tpm/tpm0/pcr-sha256/15\r'
	console_says "^$(cap_none | tr a-f A-F)$" 20 && not_opened
}
