# SPDX-License-Identifier: Apache-2.0
# A machine whose root file system is encrypted on a drive that attests, with Debian's kernel and an initramfs made by the
# hook that is shipped. Sourced after vm/guest.sh.

disk_uuid=11111111-2222-4333-8444-555555555555
crypttab_root="root UUID=$disk_uuid none luks,keyscript=assay-keyscript,initramfs"
silent_address=10.0.2.101:8443
guest_six=fd00:a55a::2 # the builder, as a guest with IPv6 sees it
vm_cpus=1 # with two, a busy builder lets the second miss a timer for good once in a while
# a timer that a busy builder keeps waiting is no broken one
disk_options="console=ttyS0 quiet no_timer_check root=/dev/mapper/root ro"
host=$work/host # the root file system as the builder sees it
release=$(<"$rig/release")

in_host() { # command for a shell in it, with /proc, /sys and /dev
	unshare --mount sh -ec 'for m in proc sys dev; do mount --rbind "/$m" "$1/$m"; done; mount --make-rslave "$1/dev"; exec chroot "$1" /bin/sh -ec "$2"' sh "$host" "$1"
}
put() { # path in it: the file anew, from stdin; the old one is also the one of the next run
	rm -f "$host$1"
	mkdir -p "$host${1%/*}" && cat >"$host$1"
}
disk_host() { # a copy of the base with what is delivered, the module and a configuration; not yet the agent's
	cp -al "$rig/disk/root" "$host" || return
	for component in host initramfs cli; do
		DESTDIR=$host cmake --install "$delivered" --strip --prefix /usr --component "$component" >"$work/install.log" || { tail -5 "$work/install.log"; return 1; }
	done
	mkdir -p "$host/usr/lib/modules/$release/updates" && strip --strip-debug -o "$host/usr/lib/modules/$release/updates/assay_spdm.ko" "$module/assay_spdm.ko" || return
	in_host "depmod $release" || return
	echo "$crypttab_root" | put /etc/crypttab
	echo "/dev/mapper/root / ext4 defaults 0 1" | put /etc/fstab
	echo MODULES=list | put /etc/initramfs-tools/conf.d/test
	# without device-mapper on the builder the hook of cryptsetup cannot look which of these the volume asks for
	printf '%s\n' nvme dm_crypt ext4 xts aes ecb sha256 virtio_net virtio_pci virtio_blk | put /etc/initramfs-tools/modules
	echo "DEADLINE=${disk_deadline:-40}" | put /etc/assay/initramfs.conf
	# what stands on the disk: it says where it is, and is the tests' shell
	put /sbin/init <<-'INIT'
		#!/bin/sh
		export PATH=/usr/sbin:/usr/bin:/sbin:/bin
		exec </dev/ttyS1 >/dev/ttyS1 2>&1
		stty -echo -onlcr
		echo "@@LOGIN $(cut -d' ' -f1 /proc/uptime) $(findmnt -no SOURCE /)" >/dev/ttyS0
		echo; echo @@READY
		while read -r line; do eval "$line"; echo "@@END $?"; done
		echo o >/proc/sysrq-trigger
		sleep 10
	INIT
	chmod 755 "$host/sbin/init"
}
disk_image() { # name, passphrase: a volume with the root file system, kernel modules are not on it: $work/NAME.img, and the passphrase beside it
	printf %s "$2" >"$work/$1.passphrase"
	truncate -s 300M "$work/$1.img" &&
		unshare --mount sh -ec 'mount -t tmpfs none "$1/usr/lib/modules"; exec mkfs.ext4 -q -d "$1" "$2"' sh "$host" "$work/$1.img" &&
		encrypted "$1" "$disk_uuid"
}
encrypted() { # name, UUID: $work/NAME.img has a file system, and is a volume with it afterwards
	truncate -s +32M "$work/$1.img" &&
		cryptsetup reencrypt --encrypt --type luks2 --uuid "$2" --reduce-device-size 32M --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
			--key-file "$work/$1.passphrase" --batch-mode "$work/$1.img"
}
disk_initramfs() { # what update-initramfs makes of it, the same each time
	in_host "umask 022; rm -f /boot/initrd.img-$release; SOURCE_DATE_EPOCH=1700000000 mkinitramfs -v -o /boot/initrd.img-$release $release 2>&1" >"$work/mkinitramfs.log" || { tail -5 "$work/mkinitramfs.log"; return 1; }
	grep '^assay: ' "$work/mkinitramfs.log"
	cp "$host/boot/initrd.img-$release" "$work/initrd.img"
}
initrd_for() { # name, configuration, lines of /etc/crypttab besides the root's: $work/initrd.NAME; what other initrds are made of stays
	local rc signed=$work/initrd.signed
	cp "$work/initrd.img" "$signed" && put /etc/assay/agent.conf <"$2" && printf '%s\n' "$crypttab_root" "${@:3}" | put /etc/crypttab &&
		disk_initramfs && mv "$work/initrd.img" "$work/initrd.$1"
	rc=$?
	echo "$crypttab_root" | put /etc/crypttab
	put /etc/assay/agent.conf <"$work/agent.conf"
	cp "$signed" "$work/initrd.img" && return "$rc"
}
next_signed() { # initrd, [command line]: what the next boot will be, proposed by a system that serves and signed by the operator
	local line
	line=${2:-$(guest 'cat /proc/cmdline')} && bring "$1" /run/initrd && bring "$kernel_image" /run/kernel &&
		guest "assay refval propose --release $release --kernel /run/kernel --initrd /run/initrd --cmdline '$line' 2>&1" &&
		operator refval pending sign "$guest_name" --signer "$work/operator/operator.crt" --key "$work/operator/operator.key"
}
disk_initramfs_without() { # what the same tools make where ours is not installed: $work/initrd.without
	local ours=() path rc
	for path in hooks/assay scripts/{init-premount,local-premount,init-bottom,panic}/assay; do ours+=("/usr/share/initramfs-tools/$path"); done
	echo "root UUID=$disk_uuid none luks,initramfs" | put /etc/crypttab
	tar -C "$host" -cf "$work/ours.tar" "${ours[@]#/}" && (cd "$host" && rm -f "${ours[@]#/}") || return
	in_host "umask 022; rm -f /boot/initrd.without; SOURCE_DATE_EPOCH=1700000000 mkinitramfs -o /boot/initrd.without $release 2>&1" >"$work/mkinitramfs.without.log"
	rc=$?
	tar -C "$host" -xf "$work/ours.tar"
	echo "$crypttab_root" | put /etc/crypttab
	[ "$rc" -eq 0 ] && cp "$host/boot/initrd.without" "$work/initrd.without"
}
disk_machine() { # QEMU's arguments: network to the server only, the root's drive and another one, both with SPDM, and a disk to bring files in
	local port first=1 second=2
	[ -z "${exchanged:-}" ] || first=2 second=1
	port=$(sed -n 's/^port = //p' "$work/server.conf")
	# the second address swallows what it is sent
	printf '%s\n' -netdev "user,id=u0,restrict=on,guestfwd=tcp:$guest_address-cmd:/bin/busybox nc 127.0.0.1 $port,guestfwd=tcp:$silent_address-cmd:/bin/busybox sleep 600"
	# IPv6 has no such addresses: all of this network is the builder's own
	[ "${card_net:-}" != six ] || printf '%s\n' -netdev "user,id=six,ipv4=off,ipv6=on,ipv6-prefix=${guest_six%2},ipv6-prefixlen=64,ipv6-host=$guest_six"
	[ "${card_net:-}" != tagged ] || printf '%s\n' -netdev hubport,id=h0,hubid=1,netdev=u0 -netdev hubport,id=h1,hubid=1,netdev=plain \
		-netdev "stream,id=plain,server=off,addr.type=unix,addr.path=$work/plain.sock" -netdev "stream,id=tagged,server=off,addr.type=unix,addr.path=$work/tagged.sock"
	[ -n "${without_card:-}" ] || printf '%s\n' -device "virtio-net-pci,netdev=${card_net:-u0},id=card0,romfile="
	[ -z "${dead_card:-}" ] || printf '%s\n' -netdev user,id=u9,restrict=on -device virtio-net-pci,netdev=u9,id=card9,romfile=,addr=0x12
	[ -z "${one_writer:-}" ] || printf '%s\n' -object main-loop,id=loop,thread-pool-min=1,thread-pool-max=1
	[ -z "${card_slot:-}" ] || printf '%s\n' -device pcie-root-port,id=rp9,chassis=9,slot=9,addr=0x14
	printf '%s\n' -device pcie-root-port,id=rp1,chassis=1,slot=1
	[ -n "${without_second:-}" ] || printf '%s\n' -device pcie-root-port,id=rp2,chassis=2,slot=2
	printf '%s\n' -blockdev "driver=raw,node-name=n1,file.driver=file,file.filename=$work/${root_image:-root}.img" \
		-device "nvme,id=nv1,bus=rp$first,serial=s1,drive=n1,spdm_port=$(guest_port 1)"
	if [ -n "${second_image:-}" ]; then
		printf '%s\n' -blockdev "driver=raw,node-name=n2,file.driver=file,file.filename=$work/$second_image.img"
	else
		printf '%s\n' -blockdev driver=null-co,node-name=n2,size=16777216,read-zeroes=on
	fi
	[ -n "${without_second:-}" ] || printf '%s\n' -device "nvme,id=nv2,bus=rp$second,serial=s2,drive=n2,spdm_port=$(guest_port 2)"
	[ -z "${added:-}" ] || printf '%s\n' -blockdev driver=null-co,node-name=n4,size=16777216,read-zeroes=on \
		-device pcie-root-port,id=rp4,chassis=4,slot=4,addr=0x10 -device nvme,bus=rp4,serial=s4,drive=n4
	printf '%s\n' -blockdev "driver=raw,node-name=bring,file.driver=file,file.filename=$work/bring.img" -device virtio-blk-pci,drive=bring
}
bring() { # file, path in the installer: over a disk, beyond what it has read of it
	local size
	size=$(stat -c %s "$1")
	dd if="$1" of="$work/bring.img" bs=1M seek="${brought:=1}" conv=notrunc status=none &&
		guest "dd if=/dev/vda bs=1M skip=$brought count=$((size / 1048576 + 1)) 2>/dev/null | head -c $size >$2 && sha256sum <$2" >"$work/brought" || return
	brought=$((brought + size / 1048576 + 2))
	[ "$(cut -d' ' -f1 "$work/brought")" = "$(sha256sum <"$1" | cut -d' ' -f1)" ]
}

# ---- boots of the real thing ----
console_says() { # extended regular expression, [seconds]: on the console, whose text without colours is $work/seen
	local i
	for i in $(seq $((${2:-60} * 4))); do
		tr -d '\r' <"$work/console" | sed 's/\x1b\[[0-9;=?]*[A-Za-z]//g' >"$work/seen"
		grep -qE "$1" "$work/seen" && return
		kill -0 "$qemu_pid" 2>/dev/null || { sleep 0.2; break; }
		sleep 0.25
	done
	tr -d '\r' <"$work/console" | sed 's/\x1b\[[0-9;=?]*[A-Za-z]//g' >"$work/seen"
	grep -qE "$1" "$work/seen" || { echo "no \"$1\" on the console:"; tail -n 25 "$work/seen"; return 1; }
}
console_type() { printf '%s' "$1" >&"$to_console"; }
boot() { # [words for the end of the command line]: the initrd in $vm_initramfs, or the one that was signed
	local machine firmware_args
	vm_off
	brought=1 # who boots has read nothing yet
	console_close
	[ ! -f "$work/console" ] || cat "$work/console" >>"$work/consoles"
	: >"$work/console"
	mkfifo "$work"/console.{in,out}
	exec {to_console}<>"$work/console.in" {from_console}<>"$work/console.out"
	cat <&"$from_console" >"$work/console" &
	console_pid=$!
	vm_tpm
	vm_ovmf
	mapfile -t machine < <(disk_machine)
	boot_began=$SECONDS
	kernel_options="$disk_options${1:+ $1}" vm_initramfs=${vm_initramfs:-$work/initrd.img} vm_console=chardev:console \
		vm_run -chardev "pipe,id=console,path=$work/console" "${machine[@]}" "${tpm_args[@]}" "${firmware_args[@]}" || return
	vm_qmp '{"execute":"qmp_capabilities"}' >/dev/null
}
console_close() {
	[ -n "${console_pid:-}" ] || return 0
	kill "$console_pid" 2>/dev/null
	exec {to_console}>&- {from_console}>&-
	rm -f "$work"/console.{in,out}
	console_pid=
}
logged_in() { # [seconds]: by itself, into the volume; afterwards `guest` speaks to its shell
	console_says '@@LOGIN .* /dev/mapper/root' "${1:-90}" || return
	grep 'assay: opened .* after the agent began' "$work/seen"
	echo "login $(sed -n 's/.*@@LOGIN \([0-9.]*\) .*/\1/p' "$work/seen") s after the kernel began, $((SECONDS - boot_began)) s after the machine"
	vm_read @@READY >/dev/null
}
not_opened() { # the root file system was not mounted
	! grep -E '@@LOGIN|set up successfully' "$work/seen"
}
cap() { guest 'cat /sys/class/tpm/tpm0/pcr-sha256/15' | tr 'A-F' 'a-f'; }
