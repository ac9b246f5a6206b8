#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Puts what opens disks by attestation into an initrd that dracut makes: the token plugin by which systemd-cryptsetup opens
# them, what it asks, and the end of the phase in which disks are opened. Later than 90crypt, whose crypttab it completes.
# It takes part where agent.conf has a [volume]; dracut -v shows what each file adds.
# shellcheck disable=SC2154 # variables of dracut

said() { dinfo "assay: $*"; }
stop() { dfatal "assay: $*"; exit 1; }
assay_parts() {
	# shellcheck source=../../initrd/parts
	. "${dracutsysrootdir-}/usr/share/assay/initrd/parts"
}

check() {
	[[ -r ${dracutsysrootdir-}/usr/share/assay/initrd/parts ]] || return 1
	assay_parts
	assay_wanted || return 255
	require_binaries "$systemdutildir"/systemd "$systemdutildir"/systemd-cryptsetup || return 1
}
depends() {
	echo systemd-initrd dracut-systemd crypt network
}
installkernel() {
	local card
	assay_parts
	# shellcheck disable=SC2086
	hostonly='' instmods $assay_modules
	for card in $(assay_cards); do hostonly='' instmods "$card"; done
}

assay_programs() {
	local name program plugin=
	for name in assay-agent assay-collector assay-unlock; do
		program=$(assay_program "$name") || stop "$name is not installed"
		inst_binary "$program" || stop "$program could not be copied"
		[[ $program == "/usr/bin/$name" ]] || ln_r "$program" "/usr/bin/$name"
	done
	for name in /usr/lib/*/cryptsetup /usr/lib64/cryptsetup /usr/lib/cryptsetup; do
		[[ ! -f $name/libcryptsetup-token-assay.so ]] || plugin=$name/libcryptsetup-token-assay.so
	done
	[[ $plugin ]] || stop "libcryptsetup-token-assay.so is missing: systemd-cryptsetup has no way to ask (component token)"
	grep -qaF "$program" "$plugin" || stop "$plugin runs another assay-unlock than $program: both come from one build"
	inst_library "$plugin" || stop "$plugin could not be copied"
	name=$(assay_tcti) || stop "libtss2-tcti-device.so.0 is missing: no way to the TPM (package libtss2-tcti-device0)"
	inst_library "$name" || stop "$name could not be copied"
	for name in /usr/lib/*/libgcc_s.so.1 /usr/lib64/libgcc_s.so.1 /usr/lib/libgcc_s.so.1; do # the C library loads it by name
		[[ ! -f $name ]] || inst_library "$name" || stop "$name could not be copied"
	done
	inst_multiple cryptsetup grep head ip mkdir modprobe reboot rm sed sleep systemctl systemd-ask-password systemd-escape tail timeout tr || stop "a tool of the scripts is missing"
}
assay_units() {
	local unit
	for unit in assay-collector assay-agent assay-wait assay-cap; do
		inst_simple "$moddir/$unit.service" "$systemdsystemunitdir/$unit.service" || stop "$unit.service could not be copied"
		$SYSTEMCTL -q --root "$initdir" enable "$unit.service" || stop "$unit.service could not be enabled"
	done
	# What gives a person a shell or asks for a passphrase does so after the cap, and so does what takes the machine elsewhere.
	for unit in emergency rescue dracut-emergency debug-shell; do
		inst_simple "$moddir/after-cap.conf" "$systemdsystemunitdir/$unit.service.d/assay.conf"
	done
	inst_simple "$moddir/resume.conf" "$systemdsystemunitdir/systemd-hibernate-resume@.service.d/assay.conf"
	for unit in console plymouth; do
		inst_simple "$moddir/asked-$unit.conf" "$systemdsystemunitdir/systemd-ask-password-$unit.service.d/assay.conf"
	done
	inst_simple "$moddir/says.conf" "$systemdsystemunitdir/systemd-cryptsetup@.service.d/assay.conf"
	inst_script "$moddir/ask" /lib/assay/ask
	inst_script "$moddir/cap" /lib/assay/cap
	inst_script "$moddir/wait" /lib/assay/wait
	inst_hook pre-pivot 05 "$moddir/pre-pivot.sh"
}
# Also where the initrd is not made for this host alone: which volumes are opened by attestation agent.conf says, and it is in there.
assay_crypttab() {
	local name source key options uuid
	while read -r name source key options _; do
		[[ ${source-} == UUID=* || ${source-} == /dev/disk/by-uuid/* ]] || continue
		uuid=${source##*[=/]} uuid=${uuid//\"/} uuid=${uuid,,}
		assay_volumes | grep -qixF "$uuid" || continue
		# dracut has a limit of its own for a drive that does not come up, and says more then
		options=${options:-luks}
		[[ $options == *x-systemd.device-timeout=* ]] || options+=,x-systemd.device-timeout=0
		grep -q "^${name}[[:space:]]" "$initdir/etc/crypttab" 2>/dev/null ||
			echo "$name /dev/disk/by-uuid/$uuid ${key:-none} $options" >>"$initdir/etc/crypttab"
		[[ ${key:-none} == none || $key == - ]] || said "$name ($source) has a key file: no attestation opens it"
	done < <(grep -v '^[[:space:]]*#' "${dracutsysrootdir-}/etc/crypttab" 2>/dev/null)
	for uuid in $(assay_volumes); do
		grep -qi "$uuid" "$initdir/etc/crypttab" 2>/dev/null ||
			said "volume $uuid is not in /etc/crypttab: it opens with rd.luks.uuid=$uuid on the command line only"
	done
}
install() {
	local before
	assay_parts
	before=$(mktemp) || stop "no temporary file"
	assay_files "$initdir" >"$before"
	assay_programs
	assay_configuration "$initdir"
	assay_units
	assay_crypttab
	mkdir -p "$initdir/etc/cmdline.d"
	echo rd.neednet=1 >"$initdir/etc/cmdline.d/91assay.conf"
	# networkd does nothing of itself: DHCP on every card that no file and no ip= tells something else
	! dracut_module_included systemd-networkd || inst_simple "$moddir/zzzz-assay.network" "$systemdnetwork/zzzz-assay.network"
	if [[ ${verbosity_mod_l:-0} -gt 0 ]]; then
		assay_sizes "$initdir" "$before" -v
	else
		assay_sizes "$initdir" "$before"
	fi
	rm -f "$before"
}
