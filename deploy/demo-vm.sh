# SPDX-License-Identifier: Apache-2.0
# deploy/demo --vm: the host is a virtual machine with Debian's stock kernel and our module; its devices are NVMe drives
# that speak SPDM over DOE, its TPM is swtpm, its firmware measures what it boots. Sourced by demo.

demo_vm_begin() { # everything up to the first attestation of a host whose reference values are known
	. "$top/tests/integration/vm/newer.sh"
	. "$top/tests/integration/vm/vm.sh"
	. "$top/tests/integration/vm/module.sh"
	. "$top/tests/integration/vm/guest.sh"
	rig=${ASSAY_RIG:-$top/build/rig}
	"$top/tests/integration/vm/fetch" "$rig" || exit 1
	rig=$(cd "$rig" && pwd)
	rig_begin demo
	say "== module: built for the kernel of the machine"
	module=$work/module
	vm_kernel
	module_copy "$module" && module_make "$module" -s >"$work/module.log" || { cat "$work/module.log" >&2; fail "the module does not build"; }
	say "== devices: two NVMe drives that speak SPDM"
	spdm-device init "$work/pki"
	guest_drive 1 1.2-1.3 && guest_drive 2 1.2-1.3 && guest_drive 3 1.2-1.3 || fail "devices"
	say "== server: init, trust anchors, start"
	rig_server no
	say "== machine: firmware, kernel and initrd are measured on the way up"
	volume=$(cat /proc/sys/kernel/random/uuid)
	guest_config=$(printf '[volume %s]\nepoch = 1' "$volume")
	vm_ovmf
	guest_boot "${firmware_args[@]}" >"$work/boot.out" || fail "the machine: $(tail -3 "$work/boot.out")"
	say "== host: register its EK, enrol, create a key share"
	guest_enrol >"$work/enrol.out" || fail "enrol: $(tail -3 "$work/enrol.out")"
	secret=$(operator secret create guest --volume "$volume" --json) || fail "secret create"
	guest_serve && guest 'insmod /mod/assay_spdm.ko' || fail "the agent does not start"
	say "== reference values: learned from the first attestation, signed by the operator, imported"
	guest_learn >"$work/learn.out" || fail "learn: $(tail -3 "$work/learn.out")"
}
attest() { guest "assay attest $*"; } # in the machine
tamper() { sed -i 's/firmware 1.2.3/firmware 6.6.6/' "$work/guest2.measurements"; }
demo_vm_end() { # all of its evidence came from the kernel
	guest 'assay device list --json' | jq -e '[.devices[].source] | length == 2 and all(. == "kernel-cma")' >/dev/null
}
