# SPDX-License-Identifier: Apache-2.0
# Nonsense over netlink, and things that happen at the same time. Sourced by run.
# ASSAY_RACES says how often each is tried, 500 on a kernel with checkers; what takes seconds each is tried less often.
# A machine of its own, whose processors take turns: with a thread for each, QEMU 10.0 dies of its memory map ("iotlb_to_section:
# Assertion") when one talks to a device while another puts a device's BAR back, which is what these do.

stress_scenarios="a_machine_for_races_boots requests_of_nonsense_leave_a_kernel_that_answers a_device_goes_while_it_is_read_checked_and_asked_anew
	a_device_is_unplugged_while_it_is_read the_module_goes_while_devices_come a_device_is_reset_while_it_is_read
	accepting_races_with_new_evidence unbinding_races_with_taking_the_driver_away"

races() { # how many of what takes as long as $1 of the shortest
	local n=$((${ASSAY_RACES:-10} / $1))
	echo $((n > 2 ? n : 2))
}
reload() { # options: without nvme, which has nothing to do with most of this
	guest "{ $nvme_unload; } 2>/dev/null; rmmod assay_spdm; insmod /mod/assay_spdm.ko $*" && until_collected "$first" && until_collected "$second"
}
still_good() { # device: after all that
	local nonce
	nonce=$(fresh_nonce)
	guest "test -e /sys/bus/pci/devices/$1 || echo 1 >/sys/bus/pci/rescan; netlink-hammer take $1 1" && until_read "$1" 0x301 "$nonce" >"$work/read" &&
		verified "$nonce" <"$work/read"
}
# Runs a command in the guest N times, beside those that go on until it is done
race() { # times, command, beside...
	local times=$1 command=$2 beside
	guest 'touch /tmp/race' || return
	for beside in "${@:3}"; do guest "( $beside ) >>/tmp/beside 2>&1 & true" || return; done
	guest "i=0; while [ \$i -lt $times ]; do { $command; } || break; i=\$((i+1)); [ \$((i % 5)) != 0 ] || echo \$i; done; rm /tmp/race; wait; [ \$i = $times ]"
	local rc=$?
	guest 'cat /tmp/beside; rm -f /tmp/beside' | tail -n 8
	return "$rc"
}
hammer() { echo "netlink-hammer $1 $2 1000000 /tmp/race"; } # what, device
done_in() { # at least how many of what were done, in $work/race
	awk -v what="$1:" -v least="$2" '$1 == what { n += $2 } END { exit !(n >= least) }' "$work/race"
}

a_machine_for_races_boots() {
	vm_quit
	vm_thread=single
	vm_tpm
	vm_start "${drives[@]}" "${tpm_args[@]}"
	guest 'insmod /mod/assay_spdm.ko && echo 1 >/proc/sys/kernel/printk'
}
requests_of_nonsense_leave_a_kernel_that_answers() {
	local i seed=${ASSAY_FUZZ_SEED:-$RANDOM}
	reload watch_reset=kprobe tpm_pcr=13 && echo "the seed of netlink-fuzz is $seed" >&"$out"
	for i in $(seq "$(races 5)"); do # an answer each 1000: a kernel with checkers needs seconds for those
		guest "netlink-fuzz $((seed + i)) 1000" || return
	done
	still_good "$first" && still_good "$second"
}
a_device_goes_while_it_is_read_checked_and_asked_anew() {
	local path=/sys/bus/pci/devices/$second
	race "$(races 1)" "netlink-hammer status $second 3 >/dev/null; echo 1 >$path/remove && echo 1 >/sys/bus/pci/rescan" \
		"$(hammer read "$second")" "$(hammer accept "$second")" "$(hammer check "$second")" \
		"while [ -e /tmp/race ]; do echo re >$path/authenticated; done 2>/dev/null" >"$work/race"
	local rc=$?
	cat "$work/race"
	[ "$rc" = 0 ] && done_in read 1 && still_good "$second"
}
a_device_is_unplugged_while_it_is_read() {
	local i rc=0
	guest 'touch /tmp/race' && guest "$(hammer read "$second") >/tmp/beside & $(hammer check "$second") >>/tmp/beside & true" || return
	for i in $(seq "$(races 20)"); do
		vm_unplug 2 && vm_plug 2 "${ports[1]}" || { rc=1; break; }
	done
	guest 'rm /tmp/race; wait; cat /tmp/beside; rm /tmp/beside'
	[ "$rc" = 0 ] && still_good "$second"
}
the_module_goes_while_devices_come() {
	# one that is in a dump cannot be unloaded: then again
	race "$(races 4)" "n=0; until rmmod assay_spdm 2>/dev/null || [ \$n = 200 ]; do n=\$((n+1)); done; echo \$n; insmod /mod/assay_spdm.ko watch_reset=kprobe" \
		"while [ -e /tmp/race ]; do echo 1 >/sys/bus/pci/devices/$second/remove; echo 1 >/sys/bus/pci/rescan; done" \
		"while [ -e /tmp/race ]; do netlink-ask assay 1 dump >/dev/null; cat /sys/bus/pci/devices/$first/authenticated; done" &&
		still_good "$first" && still_good "$second"
}
a_device_is_reset_while_it_is_read() {
	race "$(races 2)" "echo 1 >/sys/bus/pci/devices/$second/reset" "$(hammer read "$second")" "$(hammer accept "$second")" >"$work/race"
	local rc=$?
	cat "$work/race"
	[ "$rc" = 0 ] && done_in read 1 && still_good "$second"
}
accepting_races_with_new_evidence() {
	race "$(races 1)" "netlink-hammer accept $second 1" "$(hammer collect "$second")" "$(hammer status "$second")" >"$work/race"
	local rc=$?
	cat "$work/race"
	[ "$rc" = 0 ] && done_in collect 2 && still_good "$second"
}
until_held() { # it is told before it is done
	local i
	for i in $(seq 100); do guest "grep -q assay-hold /sys/bus/pci/devices/$1/driver_override" && return; sleep 0.1; done
	return 1
}
# The device is another one, and its own again; meanwhile somebody takes its driver away and gives it back.
unbinding_races_with_taking_the_driver_away() {
	local i rc=0 driver=/sys/bus/pci/drivers/nvme
	[ -d "$work/other2" ] || spdm-device identity "$work/pki" "$work/other2" 0 p384 "${device_names[1]}" >/dev/null
	guest 'for m in nvme-auth nvme-core nvme; do insmod /mod/$m.ko 2>/dev/null; done; touch /tmp/race' || return
	guest "(while [ -e /tmp/race ]; do echo $second >$driver/unbind; echo $second >$driver/bind; done) >/dev/null 2>&1 &"
	for i in $(seq "$(races 4)"); do
		guest "netlink-hammer take $second 1" && device_says set device2 identity "$work/other2" &&
			guest "netlink-hammer lose $second 1" && until_held "$second" && until_unbound "$second" &&
			device_says set device2 identity "$work/device2" || { rc=1; break; }
	done
	guest 'rm /tmp/race; wait'
	[ "$rc" = 0 ] && ! bound "$second" && still_good "$second" && until_bound "$second"
}
