# SPDX-License-Identifier: Apache-2.0
# Family "device-evidence": READ. Sourced by run.

evidence_scenarios="the_module_builds_without_a_warning the_module_loads_and_serves_the_family
	fresh_evidence_over_our_nonce_is_what_a_verifier_accepts without_a_nonce_the_newest_evidence_is_read_again
	another_nonce_gives_another_generation_and_the_old_nonce_is_not_in_it
	every_object_asked_for_is_answered_the_empty_ones_too two_slow_readers_each_see_one_whole_generation_while_it_is_refreshed
	evidence_of_every_version_and_kind_of_key_is_verified a_key_that_the_kernel_has_not_is_refused
	changed_firmware_is_in_the_next_evidence callers_and_requests_are_refused_as_tabled"

the_module_builds_without_a_warning() { [ ! -s "$work/module.log" ]; }
the_module_loads_and_serves_the_family() {
	refused 2 "" "$(read_request "$first" 0x1)" || return # no such family yet
	guest 'insmod /mod/assay_spdm.ko' && until_read "$first" 0x1 && until_read "$second" 0x1
}
fresh_evidence_over_our_nonce_is_what_a_verifier_accepts() {
	local nonce device
	for device in $first $second; do
		nonce=$(fresh_nonce)
		until_read "$device" 0x301 "$nonce" >"$work/read" && verified "$nonce" <"$work/read" || return
	done
}
without_a_nonce_the_newest_evidence_is_read_again() {
	local nonce one two
	nonce=$(fresh_nonce)
	until_read "$first" 0x301 "$nonce" >"$work/one" && guest "netlink-ask $(read_request "$first" 0x301)" >"$work/two" && cmp "$work/one" "$work/two"
}
another_nonce_gives_another_generation_and_the_old_nonce_is_not_in_it() {
	local nonce=$(fresh_nonce) other=$(fresh_nonce) one two
	until_read "$first" 0x301 "$nonce" >"$work/one" && one=$(verified "$nonce" <"$work/one") || return
	until_read "$first" 0x301 "$other" >"$work/two" && two=$(verified "$other" <"$work/two") || return
	[ "$two" -gt "$one" ] && ! verified "$nonce" <"$work/two"
}
every_object_asked_for_is_answered_the_empty_ones_too() {
	until_read "$first" 0x7ff >"$work/all" && [ "$(grep -o ' 1:..' "$work/all" | tr -d '\n')" = " 1:00 1:01 1:02 1:03 1:04 1:05 1:06 1:07 1:08 1:09 1:0a" ] &&
		[ "$(grep -c ' 9:00000000 10: ' "$work/all")" = 8 ] # seven slots and the TDISP report
}
two_slow_readers_each_see_one_whole_generation_while_it_is_refreshed() {
	local nonce=$(fresh_nonce) other=$(fresh_nonce)
	until_read "$first" 0x301 "$nonce" >/dev/null || return
	guest "netlink-ask --slow 700 $(read_request "$first" 0x301) >/tmp/slow & sleep 0.3"
	until_read "$first" 0x301 "$other" >/dev/null || return
	guest "netlink-ask --slow 500 $(read_request "$first" 0x301) >/tmp/slow2 & sleep 0.3"
	until_read "$first" 0x301 "$(fresh_nonce)" >/dev/null || return
	guest "wait; cat /tmp/slow2" >"$work/slow2" && verified "$other" <"$work/slow2" || return
	guest "cat /tmp/slow" >"$work/slow" && [ "$(wc -l <"$work/slow")" -gt 3 ] && verified "$nonce" <"$work/slow"
}
device_is() { # identity folder, kind of key, versions: device 2
	[ -d "$1" ] || spdm-device identity "$work/pki" "$1" 0 "$2" "${device_names[1]}" >/dev/null
	device_says set device2 identity "$1" && device_says set device2 asym "$2" && device_says set device2 versions "$3"
}
evidence_of_every_version_and_kind_of_key_is_verified() {
	local key versions nonce
	while read -r key versions; do
		nonce=$(fresh_nonce)
		device_is "$work/id-$key" "$key" "$versions" && until_read "$second" 0x301 "$nonce" >"$work/read" && verified "$nonce" <"$work/read" ||
			{ echo "$key $versions: $(cut -c1-200 "$work/read")"; return 1; }
	done <<-'END'
		p256 1.0-1.0
		rsassa3072 1.1-1.1
		p521 1.2-1.2
		rsassa2048 1.2-1.3
		rsassa4096 1.3-1.3
	END
	device_is "$work/device2" p384 1.2-1.3
}
a_key_that_the_kernel_has_not_is_refused() {
	device_is "$work/id-pss" rsapss3072 1.2-1.3 && refused_read "$second" && grep -q "ERROR InvalidRequest" "$work/said" && device_is "$work/device2" p384 1.2-1.3 &&
		until_read "$second" 0x1 "$(fresh_nonce)" >/dev/null
}
refused_read() { ! until_read "$1" 0x1 "$(fresh_nonce)" >"$work/said"; }
changed_firmware_is_in_the_next_evidence() {
	local nonce=$(fresh_nonce) before
	before=$(until_read "$first" 0x200 "$(fresh_nonce)" | grep -o ' 10:[0-9a-f]*' | cut -c5-)
	[ -n "$before" ] || return
	sed -i 's/^2 .*/2 firmware digest-of:firmware 6.6.6/' "$work/device1.measurements"
	until_read "$first" 0x301 "$nonce" >"$work/read" && verified "$nonce" <"$work/read" || return
	! grep -q "$before" "$work/read" && grep -q "$(printf 'firmware 6.6.6' | sha384sum | cut -c1-96)" "$work/read"
}
callers_and_requests_are_refused_as_tabled() {
	refused 1 '' --uid 65534 "$(read_request "$first" 0x1)" &&        # EPERM: not CAP_NET_ADMIN
		refused 19 'no such device' "$(read_request 0000:7f:00.0 0x1)" && # ENODEV
		refused 22 'has 32 bytes' "$(read_request "$first" 0x1 00ff)" &&  # EINVAL
		refused 22 'reserved bit' "$(read_request "$first" 0x800)" &&     # EINVAL: no such type
		refused 95 'only the subsystem pci' "device-evidence 1 dump 2=u32:1 4=str:usb 5=str:$first" && # EOPNOTSUPP
		refused 95 'digests are' "$(read_request "$first" 1) 3=u32:1" &&
		refused 22 '' "device-evidence 1 dump 2=u32:1 4=str:pci" # no device named
}
