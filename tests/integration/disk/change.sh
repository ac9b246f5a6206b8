# SPDX-License-Identifier: Apache-2.0
# What changes on purpose, and what somebody puts in its place. Sourced by run after refuse.sh.

change_scenarios="firmware_with_values_for_old_and_new_opens_before_and_after_without_rebinding
	an_upgrade_of_kernel_and_initrd_is_refused_until_it_is_signed and_then_opens_by_the_server_that_answers
	another_root_volume_is_told_by_the_system_that_ran_from_it"

blocks_of() { # firmware: digests of what such a drive measures, for a text of reference values
	printf 'element = %s\ndigest = sha-384:%s\n' 1 "$(printf 'boot rom 1' | sha384sum | cut -d' ' -f1)" \
		2 "$(printf 'firmware %s' "$1" | sha384sum | cut -d' ' -f1)" 3 "$(printf straps | sha384sum | cut -d' ' -f1)"
}
firmware_with_values_for_old_and_new_opens_before_and_after_without_rebinding() {
	local rc version
	{
		printf 'id = vm/drives-1.2.4\n'
		for version in 1.2.3 1.2.4; do
			printf '[reference]\nvendor = pci:1b36\nmodel = pci:1b36:0010\n'
			blocks_of "$version"
		done
	} >"$work/window.txt"
	operator refval build "$work/window.txt" --signer "$work/operator/operator.crt" --key "$work/operator/operator.key" --out "$work/window.corim" &&
		operator refval import "$work/window.corim" && boot && logged_in || return
	sed -i 's/^2 .*/2 firmware digest-of:firmware 1.2.4/' "$work/guest1.measurements"
	boot && logged_in
	rc=$?
	sed -i 's/^2 .*/2 firmware digest-of:firmware 1.2.3/' "$work/guest1.measurements"
	return "$rc"
}

# The next kernel differs in a word that nobody reads; the next initrd asks three servers, of which one has no name and one swallows everything.
an_upgrade_of_kernel_and_initrd_is_refused_until_it_is_signed() {
	local kernel_next=$work/vmlinuz.next
	LC_ALL=C sed 's/No setup signature/No s3tup signature/' "$kernel_image" >"$kernel_next" && ! cmp -s "$kernel_image" "$kernel_next" || return
	sed "s,^url = .*,url = https://assay.invalid:8443\nurl = https://$silent_address\nurl = https://$guest_address," "$work/agent.conf" >"$work/agent.next"
	put /etc/assay/agent.conf <"$work/agent.next"
	disk_initramfs || return
	kernel_image=$kernel_next
	boot && refused '(kernel|initrd)' && opened_by_a_person "$(cat "$work/root.passphrase")"
}
and_then_opens_by_the_server_that_answers() {
	serve_in_the_system && next_signed "$work/initrd.img" && boot && logged_in
}
another_root_volume_is_told_by_the_system_that_ran_from_it() { # whose passphrase somebody else has
	local root_image=thief
	disk_image thief "a passphrase of a thief" && boot && refused 'no keyslot of ours' && console_type $'a passphrase of a thief\r' && logged_in || return
	serve_in_the_system || return
	guest 'assay attest 2>&1' >"$work/verdict"
	cat "$work/verdict"
	grep -q 'contraindicated' "$work/verdict" && grep -q 'another root volume' "$work/verdict"
}
