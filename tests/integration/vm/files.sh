# SPDX-License-Identifier: Apache-2.0
# Files that the guest's kernel measures (ima_policy=tcb), in the token and judged. A boot of its own, for which the
# machine of the other scenarios ends. The root file system is a tmpfs, which that policy leaves out; what is run from
# a ramfs is measured. Sourced by run after firmware.sh.

files_scenarios="the_guests_kernel_measures_files_and_its_list_is_in_the_token a_file_that_runs_later_comes_in_an_increment
	a_file_that_nobody_knows_is_refused_by_name_until_it_is_known a_program_from_a_place_that_policy_names_is_refused_for_good"

measured_files() { test -s "$work/files"; }
list() { guest 'base64 /sys/kernel/security/ima/binary_runtime_measurements' | base64 -d >"$work/ima" && assay inspect "$work/ima" --json >"$work/ima.json"; }
run_from_ramfs() { # name: another program of that name, measured when it runs
	guest "mkdir -p /files; grep -q /files /proc/mounts || mount -t ramfs none /files; cp /bin/busybox /files/$1 && echo $1 >>/files/$1 && /files/$1 true; sha256sum /files/$1"
	awk -v file="/files/$1" '$2 == file { print $1 }' "$work/answer" >"$work/digest"
}
ima_says() { jq -e ".ima | $1" "$work/verdict"; }

the_guests_kernel_measures_files_and_its_list_is_in_the_token() {
	vm_quit || return
	guest_drive 1 1.2-1.3 && guest_drive 2 1.2-1.3 || return
	[ -f "$work/server.conf" ] || rig_server
	guest_name=files kernel_options="console=ttyS0 quiet no_timer_check panic=-1 ima_policy=tcb"
	policy 'ima = replay' && guest_boot && list || return
	guest_enrol && guest_serve && guest_learn && attested 0 && ima_says '.entries >= 1 and .next == .entries' || return
	# the whole of it leads to what the TPM has
	list && jq -e --arg pcr "sha256:$(guest 'cat /sys/class/tpm/tpm0/pcr-sha256/10' | tr 'A-F' 'a-f')" \
		'any(.rows[]; .label == "leads to PCR 10" and .value == $pcr)' "$work/ima.json" && cp "$work/ima" "$work/files"
}
a_file_that_runs_later_comes_in_an_increment() {
	local before
	measured_files && attested 0 && before=$(jq .ima.next "$work/verdict") && run_from_ramfs first && attested 0 &&
		ima_says ".first == $before and .entries > $before and .next == .entries" || return
	! guest 'grep event=ima-whole /tmp/agent.log'
}
a_file_that_nobody_knows_is_refused_by_name_until_it_is_known() { # and the aggregate of the boot is that of the TPM
	measured_files && policy 'ima = known' && attested 2 || return
	# another policy: all of it, within the same round
	guest 'grep -c event=ima-whole /tmp/agent.log' && ima_says '.first == 0 and has("next") == false' &&
		reason ".element == \"IMA list\" and (.text | test(\"/files/first, sha256:$(cat "$work/digest"): no reference value\"))" &&
		jq -e '[.reasons[].element] | unique == ["IMA list"]' "$work/verdict" && ! grep -q boot_aggregate "$work/verdict" || return
	attested 2 && guest 'assay explain files 2>&1' >/dev/null
	printf 'id = vm/files/first\n[reference]\nvendor = linux\nmodel = linux:ima\nelement = /files/first\ndigest = sha-256:%s\n' "$(cat "$work/digest")" >"$work/files.txt"
	operator refval build "$work/files.txt" --signer "$work/operator/operator.crt" --key "$work/operator/operator.key" --out "$work/files.corim" &&
		operator refval import "$work/files.corim" && attested 0 && ima_says '.next == .entries' || return
	run_from_ramfs second && attested 2 && reason '.text | test("/files/second")'
}
a_program_from_a_place_that_policy_names_is_refused_for_good() {
	measured_files && policy 'ima = replay' 'ima_refuse = /files' && attested 2 && reason '.text | test("/files/first.*policy wants no file there")' &&
		attested 2 && reason '.text | test("/files/first.*policy wants no file there")' && policy
}
