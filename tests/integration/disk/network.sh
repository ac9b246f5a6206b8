# SPDX-License-Identifier: Apache-2.0
# Ways to the server. Sourced by run after refuse.sh. The words on the command line or the card are not what was signed, so the disk does
# not open: that the server says so is what shows that it was reached.

network_scenarios="an_address_on_the_command_line_leads_to_the_server a_card_that_is_dead_is_no_hindrance_to_another
	a_card_that_comes_late_is_waited_for words_that_are_not_understood_are_said_to_be_so"

server_answers() { console_says 'the server gives no key' 90 && not_opened; }
an_address_on_the_command_line_leads_to_the_server() {
	local card # as udev names it
	boot && logged_in && card=$(guest 'ls /sys/class/net | grep -v "^lo$"') && [ -n "$card" ] && boot "ip=10.0.2.15::10.0.2.2:255.255.255.0::$card:none" && refused 'command-line'
}
a_card_that_is_dead_is_no_hindrance_to_another() {
	local dead_card=yes
	boot && vm_qmp '{"execute":"set_link","arguments":{"name":"card9","up":false}}' >/dev/null && server_answers
}
a_card_that_comes_late_is_waited_for() {
	local without_card=yes card_slot=yes
	boot && console_says 'asking for this volume' 60 && sleep 3 &&
		vm_qmp '{"execute":"device_add","arguments":{"driver":"virtio-net-pci","netdev":"u0","bus":"rp9","romfile":""}}' >/dev/null && server_answers
}
words_that_are_not_understood_are_said_to_be_so() {
	boot ip=eth0:dhcp && console_says 'ip=eth0:dhcp is not understood here' 60 && refused '(connect|answer in time|reach)'
}
