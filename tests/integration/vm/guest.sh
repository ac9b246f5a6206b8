# SPDX-License-Identifier: Apache-2.0
# A guest with our programs, module and a TPM, two drives in three slots, and a way to the server outside only.
# Sourced after vm.sh; the caller has set $module to a folder with the built module.

guest_address=10.0.2.100:8443
guest_build=${ASSAY_GUEST_BUILD:-$build}
guest_tools=()  # more programs for it
guest_config=  # more lines of its agent.conf
guest_name=guest
event_gap=${ASSAY_EVENT_GAP:-3}

guest_drive() { # number, SPDM versions, [slots with a certificate: 1]: served by $drive_pid; no serial number, as QEMU's NVMe has none
	local slot
	for slot in $(seq 0 $((${3:-1} - 1))); do
		spdm-device identity "$work/pki" "$work/guest$1" "$slot" p384 Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100 || return
	done
	printf '1 rom digest-of:boot rom 1\n2 firmware digest-of:firmware 1.2.3\n3 hwconfig digest-of:straps\n6 version 1.2.3\n16 svn 7\n' \
		>"$work/guest$1.measurements"
	drive_serve "$1" "$2"
}
drive_serve() { # number, SPDM versions: with the identity and the measurements that are there
	start "guest$1" spdm-device serve --control "$work/guest$1.control" --device "name=guest$1,port=0,identity=$work/guest$1,measurements=$work/guest$1.measurements,versions=$2"
	drive_pid=$started
	await "guest$1" grep -q ready "$work/guest$1.out"
}
guest_drive_says() { # number, words for its control socket
	spdm-device tell "$work/guest$1.control" "${@:2}"
}
guest_port() { awk '$1 == "device" { print $4 }' "$work/guest$1.out"; }
guest_module() { # name of a kernel module: into the guest's /mod, unless it is built in
	local file
	[ -z "${ASSAY_VM_NIC:-}" ] || return 0
	file=$(find "${kernel_modules:-$rig/root/lib/modules}" -name "$1.ko" -o -name "$1.ko.xz" | head -1)
	case $file in
	*.xz) xz -dc "$file" >"$work/initrd/mod/$1.ko" ;;
	*) cp "$file" "$work/initrd/mod/" ;;
	esac
}
guest_files() { # what the programs need that ldd does not see, and their configuration
	local root=$work/initrd name
	mkdir -p "$root"/{mod,etc/assay,var/lib/assay-agent} "$root/usr/lib/x86_64-linux-gnu"
	for name in ${kernel_modules:+failover net_failover virtio_net}; do guest_module "$name" || return; done
	cp -L /usr/lib/x86_64-linux-gnu/libtss2-tcti-device.so.0 "$root/usr/lib/x86_64-linux-gnu/" || return
	{
		grep -A4 '^\[server\]' "$work/init.out" | sed "s,^url = .*,url = https://$guest_address,"
		cat <<-CONF
			[host]
			name = $guest_name
			[rounds]
			interval = 1h
			jitter = 0
			event_gap = ${event_gap}s
		CONF
		printf '%s\n' "$guest_config"
	} >"$root/etc/assay/agent.conf"
}
guest_machine() { # QEMU's arguments: network to the server only, a drive each in two of three slots
	local port
	port=$(sed -n 's/^port = //p' "$work/server.conf")
	printf '%s\n' -netdev "user,id=u0,restrict=on,guestfwd=tcp:$guest_address-cmd:/bin/busybox nc 127.0.0.1 $port" \
		-device "${ASSAY_VM_NIC:-virtio-net-pci},netdev=u0,romfile="
	vm_nvme 1 "$(guest_port 1)"
	vm_nvme 2 "$(guest_port 2)"
	printf '%s\n' -blockdev driver=null-co,node-name=n3,size=16777216,read-zeroes=on -device pcie-root-port,id=rp3,chassis=3,slot=3
}
vm_off() { # its TPM ends with it, and keeps its state
	[ -n "${to_qmp:-}" ] || return 0
	vm_qmp '{"execute":"quit"}' >/dev/null
	exec {to_guest}>&- {from_guest}>&- {to_qmp}>&- {from_qmp}>&-
	to_qmp=
	rm -f "$work"/{guest,qmp}.{in,out}
	[ -z "${vtpm_pid:-}" ] || wait "$vtpm_pid"
}
vm_quit() { # for another machine, with a TPM of its own
	vm_off
	rm -rf "$work/vtpm"
}
vm_ovmf() { # a firmware that measures kernel, initrd and command line; $firmware_args are the arguments
	local folder=$rig/root/usr/share/OVMF
	cp "$folder/OVMF_VARS_4M.fd" "$work/vars.fd" || fail "no firmware"
	firmware_args=(-drive "if=pflash,format=raw,unit=0,readonly=on,file=$folder/OVMF_CODE_4M.fd" -drive "if=pflash,format=raw,unit=1,file=$work/vars.fd")
}
guest_boot() { # QEMU arguments besides: to a shell with the network up; server and drives are running
	guest_files || return
	vm_initrd "$guest_build/agent/assay-agent" "$guest_build/agent/assay-collector" "$guest_build/cli/assay" "${guest_tools[@]}"
	guest_up "$@"
}
guest_up() { # the same, with the initrd that is there
	local machine
	vm_tpm
	mapfile -t machine < <(guest_machine)
	vm_start "${machine[@]}" "${tpm_args[@]}" "$@"
	guest 'mount -t securityfs none /sys/kernel/security; for m in failover net_failover virtio_net; do [ ! -e /mod/$m.ko ] || insmod /mod/$m.ko; done' &&
		guest 'ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up && mkdir -p /run/assay && assay-agent --version && test -c /dev/tpmrm0'
}
guest_enrol() { # with its EK registered beforehand
	local hash
	hash=$(guest 'assay-agent ek-hash 2>&1') || { echo "$hash"; return 1; }
	operator host add --ek-hash "$hash" --name "$guest_name" && guest 'assay-agent enroll 2>&1'
}
guest_serve() { # collector and agent
	guest 'assay-collector >/tmp/collector.log 2>&1 & while ! test -S /run/assay/collector.sock; do sleep 0.1; done' &&
		guest 'assay-agent run >/tmp/agent.log 2>&1 & while ! test -S /run/assay/agent.sock; do sleep 0.1; done'
}
guest_learn() { # its first attestation becomes the reference values, signed by the operator
	guest 'assay attest --out /tmp/token --json >/tmp/attest.json 2>&1; base64 /tmp/token' >"$work/token.base64" ||
		{ guest 'cat /tmp/attest.json; tail -n 5 /tmp/agent.log /tmp/collector.log'; return 1; }
	base64 -d "$work/token.base64" >"$work/token" &&
		operator refval learn "$work/token" --id "vm/$guest_name" --signer "$work/operator/operator.crt" --key "$work/operator/operator.key" \
			--out "$work/vm.corim" --one-host && operator refval import "$work/vm.corim" && operator host accept-inventory "$guest_name"
}
operator() { assay --config "$work/assay.conf" "$@"; }
