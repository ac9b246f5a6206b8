# SPDX-License-Identifier: Apache-2.0
# What docs/KERNEL-UPDATE.md takes for granted; sourced by page.sh. A host whose system is below $ROOT, with the hooks installed.
old=$(uname -r)
new=99.$old # a version that sorts behind the one that runs
ROOT=$work/root
DESTDIR=$ROOT cmake --install "$build" --component host >/dev/null || fail "install the hooks"
mkdir "$ROOT/boot"
{
	echo "ROOT='$ROOT' VERSION='$new'"
	echo "export ROOT VERSION"
} >>"$work/shell"

kernel_package() { # what apt unpacks and update-initramfs makes of it
	printf 'kernel %s' "$new" >"$ROOT/boot/vmlinuz-$new"
	initrd_again 1
}
initrd_again() {
	printf 'initrd %s %s' "$1" "$new" >"$ROOT/boot/initrd.img-$new"
}
reboot() { # the TPM is reset, and firmware, shim and GRUB measure what is in $ROOT/boot now
	kill "$agent_pid" "$tpm_pid"
	wait "$agent_pid" "$tpm_pid" 2>/dev/null
	rig_tpm_start
	boot-log-make "$here/boot.log" "(hd0,gpt2)/vmlinuz root=/dev/mapper/root ro quiet" \
		"$ROOT/boot/vmlinuz-$new" "$ROOT/boot/initrd.img-$new" | while read -r pcr digest; do
		tpm2_pcrextend "$pcr:sha256=$digest" >/dev/null || exit 1
	done || fail "extending the PCRs"
	start agent assay-agent --config "$here/agent.conf" run
	agent_pid=$started
	await agent test -S "$here/agent.sock"
}

page_boot
mkdir "$work/ci/operator"
cp "$work/operator/operator.crt" "$work/operator/operator.key" "$work/ci/operator/"
