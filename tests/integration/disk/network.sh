# SPDX-License-Identifier: Apache-2.0
# Ways to the server. Sourced by run after refuse.sh. The words on the command line or the card are not what was signed, so the disk does
# not open: that the server says so is what shows that it was reached.

network_scenarios="an_address_on_the_command_line_leads_to_the_server so_does_one_of_ipv6 and_one_behind_a_vlan a_card_that_is_dead_is_no_hindrance_to_another
	a_card_that_comes_late_is_waited_for a_name_that_nobody_resolves_is_no_hindrance_to_an_address words_that_are_not_understood_are_said_to_be_so"

card_of_the_guest() { # as udev names it: the same in each boot
	[ -n "${guest_card:-}" ] || { boot && logged_in && guest_card=$(guest 'ls /sys/class/net | grep -v "^lo$"') && [ -n "$guest_card" ]; }
}
server_answers() { console_says 'the server gives no key' 90 && not_opened; }
an_address_on_the_command_line_leads_to_the_server() {
	card_of_the_guest && boot "ip=10.0.2.15::10.0.2.2:255.255.255.0::$guest_card:none" && refused 'command-line'
}
so_does_one_of_ipv6() {
	card_of_the_guest || return
	local card_net=six vm_initramfs=$work/initrd.six port six server rc
	port=$(sed -n 's/^port = //p' "$work/server.conf")
	six=$((port % 20000 + 40000)) # the server listens at the other loopback
	mkdir -p "$work/six/etc/assay" && sed "s,^url = .*,url = https://[$guest_six]:$six," "$work/agent.conf" >"$work/six/etc/assay/agent.conf" && initrd_with "$work/six" etc/assay/agent.conf || return
	start six busybox nc -ll -p "$six" -e busybox nc 127.0.0.1 "$port"
	server=$started
	boot "ip=[${guest_six}0]::[$guest_six]:64::$guest_card:none" && server_answers && ! grep 'is not understood\|could not be set\|no way by' "$work/seen"
	rc=$?
	kill "$server"
	return "$rc"
}
and_one_behind_a_vlan() { # what has no tag reaches nobody
	card_of_the_guest || return
	local card_net=tagged tag rc
	start vlan "$delivered/tests/tools/vlan-tag" 7 "$work/plain.sock" "$work/tagged.sock"
	tag=$started
	await vlan test -S "$work/tagged.sock" && boot "vlan=inner7:$guest_card ip=10.0.2.15::10.0.2.2:255.255.255.0::inner7:none" && server_answers
	rc=$?
	kill "$tag"
	return "$rc"
}
a_card_that_is_dead_is_no_hindrance_to_another() {
	local dead_card=yes
	boot && vm_qmp '{"execute":"set_link","arguments":{"name":"card9","up":false}}' >/dev/null && server_answers
}
a_card_that_comes_late_is_waited_for() {
	local without_card=yes card_slot=yes
	boot && console_says 'asking for this volume' 150 && sleep 3 &&
		vm_qmp '{"execute":"device_add","arguments":{"driver":"virtio-net-pci","netdev":"u0","bus":"rp9","romfile":""}}' >/dev/null && server_answers
}
a_name_that_nobody_resolves_is_no_hindrance_to_an_address() { # DHCP names a server for names; it answers nothing here
	local vm_initramfs=$work/initrd.six
	mkdir -p "$work/named/etc/assay" && sed '0,/^url = /s,^url = .*,url = https://attest.example.org\n&,' "$work/agent.conf" >"$work/named/etc/assay/agent.conf" &&
		[ "$(grep -c '^url = ' "$work/named/etc/assay/agent.conf")" -gt "$(grep -c '^url = ' "$work/agent.conf")" ] && initrd_with "$work/named" etc/assay/agent.conf && boot && server_answers
}
words_that_are_not_understood_are_said_to_be_so() {
	boot ip=eth0:dhcp && console_says 'ip=eth0:dhcp is not understood here' 150 && refused '(connect|answer in time|reach)'
}
