# SPDX-License-Identifier: Apache-2.0
# A virtual machine with our module and NVMe devices that speak SPDM. Sourced after deploy/rig.sh by a script that
# set `build` and `rig` (a folder that fetch has filled). Its kernel is Debian's stock one, unless these say otherwise:
#	ASSAY_VM_KERNEL   image to boot
#	ASSAY_VM_HEADERS  tree to build modules against
#	ASSAY_VM_MODULES  folder below which nvme's modules are; empty when they are built in
#	ASSAY_VM_MEMORY   MiB
#	ASSAY_VM_NEWER    not empty: none of these, but a newer one of Debian's (newer.sh)
#	ASSAY_VM_NIC      what QEMU calls a network card whose driver is built in; virtio's unless it is set

vm_kernel() {
	local release
	if [ -n "${ASSAY_VM_NEWER:-}" ]; then
		newer_fetch image || fail "no newer kernel"
		kernel_image=$newer/usr/lib/modules/$newer_release/vmlinuz
		kernel_headers=$newer/usr/src/linux-headers-$newer_release
		kernel_modules=$newer/usr/lib/modules/$newer_release
		return
	fi
	release=$(<"$rig/release")
	kernel_image=${ASSAY_VM_KERNEL:-$rig/root/boot/vmlinuz-$release}
	kernel_headers=${ASSAY_VM_HEADERS:-$rig/root/usr/src/linux-headers-$release}
	kernel_modules=${ASSAY_VM_MODULES-$rig/root/lib/modules/$release}
}

vm_initrd() { # file...: extra files for /bin; makes $work/initrd.gz
	local root=$work/initrd file name
	mkdir -p "$root"/{bin,dev,proc,sys,mod,tmp,run}
	cp /bin/busybox "$root/bin/"
	for name in ${kernel_modules:+nvme-keyring nvme-auth nvme-core nvme}; do
		file=$(find "$kernel_modules" -name "$name.ko" -o -name "$name.ko.xz")
		[ "$name$file" != nvme-keyring ] || continue # newer kernels' nvme-core needs it
		case $file in
		*.xz) xz -dc "$file" >"$root/mod/$name.ko" ;;
		*) strip --strip-debug -o "$root/mod/$name.ko" "$file" ;;
		esac || fail "no module $name"
	done
	strip --strip-debug -o "$root/mod/assay_spdm.ko" "$module/assay_spdm.ko"
	for file in "$@"; do vm_add "$root" "$file"; done
	cat >"$root/init" <<-'END'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		export PATH=/bin
		mount -t devtmpfs none /dev; mount -t proc none /proc; mount -t sysfs none /sys
		exec </dev/ttyS1 >/dev/ttyS1 2>&1
		stty -echo -onlcr 2>/dev/null
		echo; echo @@READY # a line of its own, whatever the firmware left on this one
		while read -r line; do eval "$line"; echo "@@END $?"; done
		poweroff -f
	END
	chmod +x "$root/init"
	(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initrd.gz"
}

vm_add() { # root, program: it and its libraries
	local library
	mkdir -p "$1/bin"
	strip -o "$1/bin/$(basename "$2")" "$2" || fail "no program $2"
	ldd "$2" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$1/$(dirname "$library")"
		cp -nL "$library" "$1/$library"
	done
}

vm_start() { # QEMU arguments: to a shell on the second serial line
	vm_run "$@"
	vm_read @@READY >/dev/null || fail "the virtual machine did not come up: $(tail -n 5 "$work/console" "$work/qemu.log")"
	vm_qmp '{"execute":"qmp_capabilities"}' >/dev/null
}
# QEMU arguments: devices; $vm_thread is multi or single; $vm_disk a folder that the firmware boots from; $vm_initramfs what it
# is given for an initrd, if not ours; $vm_console what the first serial line is
vm_run() {
	local lib=$rig/root/usr/lib/x86_64-linux-gnu
	local loads=(-kernel "$kernel_image" -initrd "${vm_initramfs:-$work/initrd.gz}" -append "${kernel_options:-console=ttyS0 quiet no_timer_check panic=-1}")
	[ -z "${vm_disk:-}" ] || loads=(-drive "if=none,id=disk,format=raw,file=fat:rw:$vm_disk" -device virtio-blk-pci,drive=disk,bootindex=0)
	mkfifo "$work"/{guest,qmp}.{in,out}
	LD_LIBRARY_PATH=$lib:$rig/root/lib/x86_64-linux-gnu QEMU_MODULE_DIR=$lib/qemu start qemu \
		"$rig/root/usr/bin/qemu-system-x86_64" -L "$rig/root/usr/share/qemu" -L "$rig/root/usr/share/seabios" \
		-M q35 -accel "tcg,thread=${vm_thread:-multi}" -cpu max -smp "${vm_cpus:-2}" -m "${ASSAY_VM_MEMORY:-768}" -nodefaults -display none -no-reboot \
		-chardev "pipe,id=guest,path=$work/guest" -chardev "pipe,id=qmp,path=$work/qmp" \
		-serial "${vm_console:-file:$work/console}" -serial chardev:guest -mon chardev=qmp,mode=control \
		"${loads[@]}" "$@"
	qemu_pid=$started
	exec {to_guest}<>"$work/guest.in" {from_guest}<>"$work/guest.out" {to_qmp}<>"$work/qmp.in" {from_qmp}<>"$work/qmp.out"
}

vm_read() { # marker: what comes before the line that begins with it; the rest of that line is $vm_status
	local line
	while IFS= read -r -t 120 -u "$from_guest" line; do
		line=${line%$'\r'}
		[[ $line == "$1"* ]] && { vm_status=${line#"$1"}; return; }
		printf '%s\n' "$line"
	done
	return 1
}
guest() { # command: its output; fails as it does
	printf '%s\n' "$1" >&"$to_guest"
	vm_read '@@END ' >"$work/answer" || fail "the guest does not answer to: $1$(echo; tail -n 5 "$work/answer")"
	cat "$work/answer"
	return "$vm_status"
}
vm_qmp() { # command in JSON: its answer
	local line
	printf '%s\n' "$1" >&"$to_qmp"
	while IFS= read -r -t 30 -u "$from_qmp" line; do
		[[ $line == *'"return"'* ]] && { printf '%s\n' "$line"; return; }
		[[ $line == *'"error"'* ]] && { printf '%s\n' "$line" >&2; return 1; }
	done
	fail "QEMU does not answer to: $1"
}
vm_nvme() { # number, spdm port: arguments of one device behind a root port of its own
	printf '%s\n' -blockdev "driver=null-co,node-name=n$1,size=16777216,read-zeroes=on" \
		-device "pcie-root-port,id=rp$1,chassis=$1,slot=$1" \
		-device "nvme,id=nv$1,bus=rp$1,serial=s$1,drive=n$1,spdm_port=$2"
}
vm_tpm() { # starts a TPM for the machine, the one it had if it is still there; $tpm_args are the arguments
	local log=$work/swtpm_setup.log
	if [ ! -d "$work/vtpm" ]; then
		mkdir "$work/vtpm"
		swtpm_setup --tpm2 --tpmstate "$work/vtpm" --pcr-banks sha256 --logfile "$log" >/dev/null || fail "swtpm_setup: $(tail -1 "$log")"
	fi
	rm -f "$work/vtpm/sock"
	start vtpm swtpm socket --tpm2 --tpmstate "dir=$work/vtpm" --ctrl "type=unixio,path=$work/vtpm/sock" --terminate
	vtpm_pid=$started
	await vtpm test -S "$work/vtpm/sock"
	tpm_args=(-chardev "socket,id=tpm,path=$work/vtpm/sock" -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-crb,tpmdev=tpm0)
}
vm_unplug() { # number
	local i
	vm_qmp "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"nv$1\"}}" >/dev/null || return
	for i in $(seq 100); do
		guest "test ! -e /sys/bus/pci/devices/0000:0$1:00.0" && return
		sleep 0.1
	done
	return 1
}
vm_plug() { # number, spdm port: at the same address as before
	local i
	for i in $(seq 300); do # the old one may still be on its way out
		vm_qmp "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"nvme\",\"id\":\"nv$1\",\"bus\":\"rp$1\",\"serial\":\"s$1\",\"drive\":\"n$1\",\"spdm_port\":$2}}" >/dev/null 2>&1 && break
		sleep 0.1
	done
	for i in $(seq 100); do
		guest "test -e /sys/bus/pci/devices/0000:0$1:00.0" && return
		sleep 0.1
	done
	return 1
}
