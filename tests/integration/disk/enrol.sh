# SPDX-License-Identifier: Apache-2.0
# From an installer to the first boot by itself, with nobody who types anything. Sourced by run after machine.sh.

enrol_scenarios="an_installer_enrols_the_host_with_a_token_of_the_api_and_its_boot_is_known the_installer_enrols_its_disk_before_the_cap_and_tells_it_in_json
	the_shipped_hook_makes_the_initramfs_and_it_is_signed before_the_cap_the_disk_is_unlocked_by_hand_and_after_it_is_not
	it_boots_by_itself_to_a_login the_cap_is_the_volumes_own"
size_scenarios="the_initramfs_grows_by_less_than_seven_mib"

# ---- what CI does, where no administrator's token is ----
api() { # bearer's token, path, body: POST it; the answer. The server is known by its pin
	local port pin
	port=$(sed -n 's/^port = //p' "$work/server.conf") pin=$(sed -n 's/^pin = //p' "$work/assay.conf" | head -n 1)
	printf 'Authorization: Bearer %s\n' "$(cat "$1")" >"$work/bearer"
	curl --silent --show-error --fail-with-body --insecure --pinnedpubkey "sha256//$pin" -H @"$work/bearer" -H 'Content-Type: application/json' --data "$3" "https://127.0.0.1:$port$2"
}
join_by_token() { # it names the EK, so that nobody has to confirm that; it is not in what becomes the initramfs' configuration
	local hash token=$work/join.token
	operator token create ci provisioner --json | jq -re .token >"$work/ci.token" && hash=$(guest 'assay-agent ek-hash') && [ "${#hash}" -eq 64 ] || return
	api "$work/ci.token" /api/v1/join-tokens "{\"name\":\"$guest_name\",\"ek_hash\":\"$hash\",\"valid_s\":600}" | jq -re .join_token >"$token" && [ "$(wc -c <"$token")" -gt 20 ] || return
	bring "$token" /tmp/join.token &&
		guest '{ cat /etc/assay/agent.conf; echo "[enroll]"; echo token_file = /tmp/join.token; } >/tmp/join.conf; assay-agent --config /tmp/join.conf enroll 2>&1 </dev/null' || return
	# it is worth one enrolment
	! guest 'assay-agent --config /tmp/join.conf enroll 2>&1 </dev/null' >"$work/again" && grep 'join token is not known, was used' "$work/again" || return
	operator host show "$guest_name" --json >"$work/host.json" # there is no verdict yet: 2. Whoever signs approvals keeps it
	jq -e '.ek_trust == "registered"' "$work/host.json"
}

an_installer_enrols_the_host_with_a_token_of_the_api_and_its_boot_is_known() {
	local machine name firmware_args
	spdm-device init "$work/pki" && guest_drive 1 1.2-1.3 && guest_drive 2 1.2-1.3 || return
	rig_policy=$'lease_reboots = 1\nreleases = 0' # attacks boot and change keys as often as no host does
	rig_server no
	guest_name=rooted guest_config=$'[lease]\ncounter = 0x01bffff0'
	disk_host && disk_image root "a passphrase of the installer" && truncate -s 256M "$work/bring.img" && guest_files || return
	for name in virtio_blk xts dm-mod dm-crypt; do guest_module "$name" || return; done
	cp -L /usr/lib/x86_64-linux-gnu/libgcc_s.so.1 "$work/initrd/usr/lib/x86_64-linux-gnu/" || return # the C library loads it by name
	vm_initrd "$delivered/agent/assay-agent" "$delivered/agent/assay-collector" "$delivered/cli/assay"
	kernel_options="console=ttyS0 quiet no_timer_check panic=-1"
	vm_ovmf
	vm_tpm
	mapfile -t machine < <(disk_machine)
	vm_start "${machine[@]}" "${tpm_args[@]}" "${firmware_args[@]}"
	guest 'mount -t securityfs none /sys/kernel/security; for m in failover net_failover virtio_net virtio_blk nvme-keyring nvme-auth nvme-core nvme assay_spdm; do [ ! -e /mod/$m.ko ] || insmod /mod/$m.ko || echo no $m; done' &&
		guest 'ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up && mkdir -p /run/assay && test -c /dev/tpmrm0' || return
	join_by_token && guest_serve && guest_learn && attested 0
}
attested() { # exit status wanted: of `assay attest` in the guest, whose answer is $work/verdict
	local rc
	guest 'assay attest --json 2>&1' >"$work/verdict"
	rc=$?
	jq -r ".ear_status, .reasons[].text" "$work/verdict" || cat "$work/verdict"
	[ "$rc" -eq "$1" ]
}
root_drive() { guest 'name=$(ls /sys/bus/pci/devices/0000:01:00.0/nvme) && test -b /dev/${name}n1 && echo /dev/${name}n1'; } # they come up in any order
safe_made() { # of who keeps recovery keys, elsewhere
	openssl req -x509 -newkey rsa:3072 -nodes -keyout "$work/safe.key" -out "$work/safe.crt" -subj /CN=safe -days 3 2>/dev/null
}
the_installer_enrols_its_disk_before_the_cap_and_tells_it_in_json() {
	local drive
	drive=$(root_drive) && safe_made && bring "$work/root.passphrase" /tmp/passphrase && bring "$work/safe.crt" /tmp/safe.crt &&
		guest "assay disk enroll $drive --key-file /tmp/passphrase --recovery-out /tmp/recovery.cms --escrow /tmp/safe.crt --json </dev/null 2>/tmp/why; rc=\$?; cat /tmp/why >/dev/ttyS0; (exit \$rc)" >"$work/enrolled.json" || { cat "$work/enrolled.json"; return 1; }
	cat "$work/enrolled.json"
	jq -e --arg volume "$disk_uuid" '.schema == "assay.disk.enroll/1" and .ok == true and .volume == $volume and .state == "active" and .configured == true
		and ([.epoch, .keyslot, .recovery_keyslot, .counter] | all(type == "number")) and .keyslot != .recovery_keyslot and .keyslot > 0 and .recovery_keyslot > 0
		and .counter >= 25165824 and .counter <= 29360127 and (keys | length) == 9' "$work/enrolled.json" || return # 0x01800000 to 0x01bfffff
	guest 'base64 /tmp/recovery.cms; rm /tmp/passphrase' | base64 -d >"$work/recovery.cms" && ! grep -aE '[0-9a-f]{5}-[0-9a-f]{5}' "$work/recovery.cms" &&
		assay disk recover "$work/recovery.cms" --signer "$work/safe.crt" --key "$work/safe.key" >"$work/recovery" || return
	guest 'cat /etc/assay/agent.conf' >"$work/agent.conf" && grep -A1 "^\[volume $disk_uuid\]" "$work/agent.conf" && grep -x "counter = $(printf '0x%08x' "$(jq .counter "$work/enrolled.json")")" "$work/agent.conf" || return
	# what it says of itself is what is there
	guest "sync; assay disk status $drive --json" >"$work/status.json" && jq -e --slurpfile said "$work/enrolled.json" '.schema == "assay.disk.status/1" and (.ours | length) == 1 and .ours[0].keyslot == $said[0].keyslot and .ours[0].epoch == $said[0].epoch and .ours[0].state == "active"' "$work/status.json" || return
	cryptsetup luksDump "$work/root.img" | grep -A3 '^Tokens:'
}
mapped() { guest 'test -b /dev/mapper/by-hand && dd if=/dev/mapper/by-hand bs=1 skip=1080 count=2 2>/dev/null | xxd -p' | grep -x 53ef; } # an ext4 is in it
before_the_cap_the_disk_is_unlocked_by_hand_and_after_it_is_not() { # the installer's own PCR 15; the boot to come has another
	local drive
	drive=$(root_drive) && guest 'for m in xts dm-mod dm-crypt; do [ ! -e /mod/$m.ko ] || insmod /mod/$m.ko || echo no $m; done; test -c /dev/mapper/control' || return
	guest "assay disk unlock $drive by-hand --json </dev/null 2>&1" >"$work/unlocked" || { cat "$work/unlocked"; return 1; }
	jq -e '.schema == "assay.disk.unlock/1" and .ok == true and .name == "by-hand"' "$work/unlocked" && mapped || return
	guest 'assay-agent cap' && [ "$(cap)" = "$(extend "$(cap_zero)" "$(cap_of_volume)")" ] || { echo "found $(cap)"; return 1; } # it tells of what was opened
	! guest "assay disk unlock $drive again --json </dev/null 2>&1" >"$work/unlocked" && [ "$vm_status" -eq 2 ] || return
	cat "$work/unlocked"
	jq -e '.error.text | test("PCR 15 is extended")' "$work/unlocked" && guest 'test ! -e /dev/mapper/again'
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
it_boots_by_itself_to_a_login() { # and says what it took, by parts
	boot && logged_in && grep -E 'assay: opened [0-9.]+ s after the agent began: disk [0-9.]+, network [0-9.]+, devices [0-9.]+, TPM [0-9.]+, server [0-9.]+, header [0-9.]+' "$work/seen" &&
		guest 'findmnt -no SOURCE,FSTYPE / && ls /run/assay'
}
lp() { # hex: as lp() of the rules
	printf '%08x%s' $((${#1} / 2)) "$1"
}
label() { printf %s "$1" | xxd -p | tr -d '\n'; }
extend() { # PCR, value: in hex
	printf %s%s "$1" "$2" | xxd -r -p | sha256sum | cut -d' ' -f1
}
cap_of_volume() { # [image, UUID]: by the rules, from the key in the header: what is extended for it
	local proof name=${1:-root} uuid=${2:-$disk_uuid}
	local key=$work/$name.volume.key
	rm -f "$key"
	cryptsetup luksDump --dump-volume-key --volume-key-file "$key" --key-file "$work/$name.passphrase" --batch-mode "$work/$name.img" >/dev/null || return
	proof=$(printf assay/volume/1 | openssl dgst -sha256 -mac hmac -macopt "hexkey:$(xxd -p "$key" | tr -d '\n')" | sed 's/.*= //')
	printf '%s%s%s' "$(lp "$(label assay/cap/1)")" "$(lp "${uuid//-/}")" "$(lp "$proof")" | xxd -r -p | sha256sum | cut -d' ' -f1
}
cap_zero() { printf '%064d' 0; }
the_cap_is_the_volumes_own() {
	local wanted
	wanted=$(extend "$(cap_zero)" "$(cap_of_volume)") || return
	echo "wanted $wanted, found $(cap)"
	[ "$(cap)" = "$wanted" ] && guest 'test ! -e /run/assay/opened && ! pidof assay-agent && ! pidof assay-collector'
}
