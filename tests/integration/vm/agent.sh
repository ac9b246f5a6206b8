# SPDX-License-Identifier: Apache-2.0
# The whole way: a guest whose agent reads its devices through our module, a server outside. A boot of its own, for
# which the machine of the other scenarios ends. Sourced by run after vm.sh.

agent_scenarios="a_guest_with_a_tpm_and_three_slots_boots_our_programs the_guest_enrols_with_its_tpm
	without_the_module_no_device_is_in_the_token the_kernels_devices_are_affirmed_once_they_are_known
	a_device_log_is_demanded_and_replays_to_its_pcr what_the_kernel_guards_is_in_the_token_and_policy_demands_it
	changed_firmware_is_contraindicated_and_the_device_named each_of_eight_slots_is_read_by_name
	measurements_are_taken_now_over_a_nonce_of_ours rounds_of_our_own_start_no_others
	what_somebody_else_reads_starts_a_round_only_when_it_changed a_plugged_device_starts_a_round_and_is_watched events_that_were_lost_start_a_round
	a_device_of_spdm_1_1_is_read_with_a_challenge_of_ours a_device_that_gives_nothing_is_in_the_token_with_its_reason
	a_gate_without_a_hold_says_so_at_start_and_of_each_device
	no_driver_binds_before_the_verdict_and_both_do_after_it what_was_accepted_is_not_accepted_again
	changed_firmware_loses_its_driver_and_the_other_keeps_its_own what_policy_refuses_is_forgotten_by_the_kernel
	a_device_swapped_at_the_same_address_is_noticed_and_refused
	what_is_named_ungated_binds_before_the_verdict_and_is_judged_afterwards
	with_gate_accept_the_kernel_accepts_and_no_driver_is_taken_away what_happens_to_another_device_is_as_on_fail_says
	the_guests_kernel_has_not_complained on_fail_panic_stops_the_machine"
agent_short="a_guest_with_a_tpm_and_three_slots_boots_our_programs the_guest_enrols_with_its_tpm
	without_the_module_no_device_is_in_the_token the_kernels_devices_are_affirmed_once_they_are_known
	a_device_log_is_demanded_and_replays_to_its_pcr changed_firmware_is_contraindicated_and_the_device_named
	a_plugged_device_starts_a_round_and_is_watched a_gate_without_a_hold_says_so_at_start_and_of_each_device
	no_driver_binds_before_the_verdict_and_both_do_after_it
	changed_firmware_loses_its_driver_and_the_other_keeps_its_own what_policy_refuses_is_forgotten_by_the_kernel
	the_guests_kernel_has_not_complained"

attested() { # exit status wanted: of `assay attest` in the guest, whose answer is $work/verdict
	local wanted=$1 rc
	guest 'assay attest --json 2>&1' >"$work/verdict"
	rc=$?
	jq -r ".ear_status, .reasons[].text" "$work/verdict" || cat "$work/verdict"
	[ "$rc" -eq "$wanted" ]
}

a_guest_with_a_tpm_and_three_slots_boots_our_programs() {
	vm_quit || return
	vm_thread=
	guest_drive 1 1.2-1.3 8 && guest_drive 2 1.2-1.3 && guest_drive 3 1.1-1.1 || return
	[ -f "$work/server.conf" ] || rig_server
	guest_tools=("$build/tests/tools/netlink-ask")
	guest_boot -device intel-iommu # stock kernels use it without being asked
}
the_guest_enrols_with_its_tpm() { guest_enrol; }
without_the_module_no_device_is_in_the_token() {
	guest_serve && guest 'assay attest --json >/dev/null 2>&1; assay device list --json' && jq -e '.devices == []' "$work/answer" || return
	guest 'assay device watch 2>&1; test $? = 3' && grep 'the module is not loaded' "$work/answer"
}
the_kernels_devices_are_affirmed_once_they_are_known() {
	guest 'insmod /mod/assay_spdm.ko' && guest_learn &&
		attested 0 && guest 'assay device list --json' >"$work/devices.json" &&
		jq -e '[.devices[] | select(.source == "kernel-cma" and .spdm_version == "1.3") | .address] == ["0000:01:00.0", "0000:02:00.0"]' "$work/devices.json" || return
	# this kernel has no TSM: its `authenticated` is yes or no
	guest 'assay device show 1b36:0010/-/1 --json' | jq -e '.link == {tsm: null, authenticated: true, ide_streams: []}'
}
changed_firmware_is_contraindicated_and_the_device_named() {
	sed -i 's/^2 .*/2 firmware digest-of:firmware 6.6.6/' "$work/guest2.measurements"
	attested 2 && grep -q contraindicated "$work/verdict" && grep -q '1b36:0010/-/1' "$work/verdict" || return
	sed -i 's/^2 .*/2 firmware digest-of:firmware 1.2.3/' "$work/guest2.measurements"
	attested 0
}
rounds() { guest 'grep -c event=attested /tmp/agent.log'; }
settled() { # rounds that changes of the host have caused are over
	local before now
	before=$(rounds)
	while sleep $((event_gap + 2)); do
		now=$(rounds)
		[ "$now" = "$before" ] && return
		before=$now
	done
}
each_of_eight_slots_is_read_by_name() { # without a round: it is our own doing
	local slot before
	settled && before=$(rounds) && guest 'assay device cert 1b36:0010/-/0 --slot all --json' >"$work/slots.json" || return
	jq -e '(.slots | length) == 8 and all(.slots[]; .provisioned and .certificates >= 2 and .why == "") and ([.slots[].sha256] | unique | length) == 8' "$work/slots.json" || return
	for slot in $(seq 0 7); do
		[ "$(jq -r ".slots[$slot].sha256" "$work/slots.json")" = "$(sha256sum <"$work/guest1/slot$slot.chain" | cut -d' ' -f1)" ] || return
	done
	guest 'assay device cert 0000:01:00.0 --slot 5 --der | base64' | base64 -d | cmp - "$work/guest1/slot5.chain" &&
		guest 'assay device cert 1b36:0010/-/0 --slot 3 --pem | grep -c "BEGIN CERTIFICATE"' && [ "$(cat "$work/answer")" = "$(jq '.slots[3].certificates' "$work/slots.json")" ] || return
	# the other drive has one in slot 0 only
	guest 'assay device cert 0000:02:00.0 --slot all --json' | jq -e '[.slots[] | select(.provisioned) | .slot] == [0]' || return
	guest 'assay device cert 0000:02:00.0 --slot 4 2>&1' && return 1
	grep 'slot 4 of 1b36:0010/-/1' "$work/answer" && sleep 3 && [ "$(rounds)" -eq "$before" ]
}
measured_now() { # address, words: `assay device measure` in $work/measured
	guest "assay device measure $1 --json ${*:2}" >"$work/measured" || { cat "$work/measured"; return 1; }
}
measurements_are_taken_now_over_a_nonce_of_ours() {
	local nonce first_nonce
	nonce=$(fresh_nonce) && measured_now 0000:02:00.0 --nonce "$nonce" &&
		jq -e --arg nonce "$nonce" '.ok and .genuine and .nonce == $nonce and .source == "kernel-cma" and .spdm_version == 3 and [.blocks[].index] == [1, 2, 3, 6, 16]' "$work/measured" || return
	measured_now 0000:02:00.0 && first_nonce=$(jq -r .nonce "$work/measured") && cp "$work/measured" "$work/measured.before" || return
	sed -i 's/^2 .*/2 firmware digest-of:firmware 6.6.6/' "$work/guest2.measurements"
	measured_now 1b36:0010/-/1 && [ "$(jq -r .nonce "$work/measured")" != "$first_nonce" ] &&
		jq -e --slurpfile before "$work/measured.before" '.genuine and [.blocks[] as $b | $before[0].blocks[] | select(.index == $b.index and .value != $b.value) | .index] == [2]' "$work/measured" || return
	sed -i 's/^2 .*/2 firmware digest-of:firmware 1.2.3/' "$work/guest2.measurements"
	guest 'assay device measure 0000:02:00.0' | grep '^2 .*firmware' && guest 'assay device measure 0000:09:00.0 2>&1; test $? = 2' && attested 0
}
until_logged() { # pattern: in the agent's log, at most 30 s
	guest "for i in \$(seq 60); do grep '$1' /tmp/agent.log && break; sleep 0.5; done; grep -q '$1' /tmp/agent.log"
}
until_verdict() { # of the agent's last round
	guest "for i in \$(seq 60); do tail -n1 /tmp/agent.log | grep status=$1 && break; sleep 0.5; done; tail -n1 /tmp/agent.log | grep -q status=$1"
}
watched() { jq -es "any(.[]; .address == \"0000:03:00.0\" and $1)" "$work/watch"; }
read_by_others() { # address: evidence over a nonce of somebody else's
	local i
	for i in $(seq 50); do
		guest "netlink-ask device-evidence 1 dump 2=u32:0x301 4=str:pci 5=str:$1 6=hex:$2 >/tmp/read" && return
		sleep 0.1
	done
	return 1
}
rounds_of_our_own_start_no_others() { # the timer is at an hour
	local before
	settled # what the boot and the module have caused is over
	before=$(rounds) && attested 0 && sleep $((event_gap + 2)) && [ "$(rounds)" -eq $((before + 1)) ]
}
what_somebody_else_reads_starts_a_round_only_when_it_changed() {
	local before
	settled && before=$(rounds) && read_by_others 0000:02:00.0 "$(printf '%064d' 1)" && sleep 3 && [ "$(rounds)" -eq "$before" ] || return
	sed -i 's/^2 .*/2 firmware digest-of:firmware 6.6.6/' "$work/guest2.measurements"
	read_by_others 0000:02:00.0 "$(printf '%064d' 2)" && until_logged 'event=round-by-event source=assay address=0000:02:00.0 cause=collected' &&
		until_verdict contraindicated || return
	sed -i 's/^2 .*/2 firmware digest-of:firmware 1.2.3/' "$work/guest2.measurements"
	attested 0
}
a_plugged_device_starts_a_round_and_is_watched() {
	guest 'assay device watch --json >/tmp/watch & watching=$!; sleep 2' && vm_plug 3 "$(guest_port 3)" &&
		until_logged 'event=round-by-event .*address=0000:03:00.0' &&
		guest 'for i in $(seq 60); do grep "0000:03:00.0.*\"cause\":\"collected\"" /tmp/watch && break; sleep 0.5; done' && guest 'kill -INT $watching; wait $watching' && guest 'cat /tmp/watch' >"$work/watch" || return
	watched '.source == "assay" and .cause == "added" and .device == "1b36:0010" and .attests' && watched '.source == "pci" and .cause == "add"' &&
		watched '.cause == "collected" and .state == "evidence" and .schema == "assay.device-watch/1"'
}
events_that_were_lost_start_a_round() { # a collector that sleeps while more happens than its socket holds
	guest 'pid=$(pidof assay-collector); kill -STOP $pid; for i in $(seq 300); do netlink-ask device-evidence 1 dump 2=u32:1 4=str:pci 5=str:0000:01:00.0 6=hex:$(printf %064d $i) >/dev/null; done; kill -CONT $pid' || return
	until_logged 'event=round-by-event source=module address="" cause=overrun'
}
a_device_of_spdm_1_1_is_read_with_a_challenge_of_ours() {
	attested 2 && guest 'assay device list --json' >"$work/devices.json" || return
	# all of it verifies; that it is old is what is left to say
	jq -e '.devices[] | select(.address == "0000:03:00.0") | .spdm_version == "1.1" and .source == "kernel-cma"' "$work/devices.json" &&
		jq -e '[.reasons[] | select(.address == "0000:03:00.0") | .element] == ["VERSION"]' "$work/verdict" || return
	measured_now 0000:03:00.0 && jq -e '.genuine and .spdm_version == 1' "$work/measured"
}
a_device_that_gives_nothing_is_in_the_token_with_its_reason() {
	kill "$drive_pid" && attested 2 && guest 'assay device list --json' >"$work/devices.json" || return
	jq -e '.devices[] | select(.address == "0000:03:00.0") | .leaf | test("no evidence: 0000:03:00.0: .*does not answer over DOE")' "$work/devices.json" &&
		jq -e '[.devices[] | select(.spdm_version == "1.3")] | length == 2' "$work/devices.json" || return
	local before # that it fails again and again starts no round
	settled && before=$(rounds) && attested 2 && sleep $((event_gap + 2)) && [ "$(rounds)" -eq $((before + 1)) ]
}
server_down() { kill "$server_pid" && wait "$server_pid" 2>/dev/null; true; }
server_up() {
	start server assay-server --config "$work/server.conf" run
	server_pid=$started
	await server grep -q event=started "$work/server.log"
}
policy() { # lines of [policy], for a server that is started anew
	server_down
	sed -i '/^\[policy\]/,$d' "$work/server.conf"
	printf '[policy]\nlearned = affirm\n%s\n' "$@" >>"$work/server.conf"
	server_up
}
reason() { # a jq condition: does it hold for one of the verdict's reasons?
	jq -e "any(.reasons[]; $1)" "$work/verdict"
}
a_device_log_is_demanded_and_replays_to_its_pcr() { # the module extends nothing so far: PCR 13 is as the reset left it
	policy 'device_log_required = yes' && attested 2 && reason '.element == "DEVICE_LOG" and (.text | test("no device log was sent"))' || return
	guest 'rmmod assay_spdm && insmod /mod/assay_spdm.ko tpm_pcr=13' && attested 0 &&
		guest 'grep -q "[1-9A-F]" /sys/class/tpm/tpm0/pcr-sha256/13' || return
	# what somebody else extended is in no log
	guest 'netlink-ask assay 6 dump | wc -l' && [ "$(cat "$work/answer")" -ge 2 ] && policy
}
what_the_kernel_guards_is_in_the_token_and_policy_demands_it() {
	policy 'prevents = reset' && attested 2 && reason '.element == "GUARD" and (.text | test("does not prevent: reset"))' || return
	policy 'detects = resume' && attested 0 && policy
}

driver_of() { guest "basename \$(readlink /sys/bus/pci/devices/$1/driver 2>/dev/null) 2>/dev/null"; }
until_driver() { # address, driver or ""
	guest "for i in \$(seq 80); do now=\$(readlink /sys/bus/pci/devices/$1/driver); [ \"\${now##*/}\" = '$2' ] && break; sleep 0.5; done; [ \"\${now##*/}\" = '$2' ]"
}
collector_said() { guest "grep -c '$1' /tmp/collector.log"; } # how often
gate_config() { # lines of [devices], for a collector and an agent that are started anew; the module's words are in $hold
	guest 'kill $(pidof assay-agent) $(pidof assay-collector); wait; sed -i "/^\[devices\]/,\$d" /etc/assay/agent.conf' && guest "$nvme_unload; rmmod assay_spdm" &&
		guest "printf '[devices]\n$(printf '%s\\n' "$@")' >>/etc/assay/agent.conf; insmod /mod/assay_spdm.ko ${hold:-}"
}
drivers_load() { guest 'for m in nvme-keyring nvme-auth nvme-core nvme; do insmod /mod/$m.ko 2>/dev/null; done; grep -q "^nvme " /proc/modules'; }
gate_of() { # address: what the last token says
	guest 'assay device list --json' | jq -r --arg address "$1" '.devices[] | select(.address == $address) | .gate'
}
no_modules() {
	[ -n "$kernel_modules" ] || echo "SKIP: nvme is built in and binds before our module is there"
	[ -z "$kernel_modules" ]
}
doctor_says() { # what, good, part of what is said
	guest 'assay doctor --json' >"$work/doctor"
	jq -e --arg what "$1" --argjson good "$2" --arg said "$3" 'any(.findings[]; .what == $what and .good == $good and (.said | contains($said)) and (.good or (.next | length) > 10))' "$work/doctor"
}
a_gate_without_a_hold_says_so_at_start_and_of_each_device() {
	no_modules && return 77
	guest 'test ! -e /sys/bus/pci/devices/0000:03:00.0' || vm_unplug 3 || return
	hold='' gate_config 'gate = on' && drivers_load && guest_serve && until_verdict affirming || return
	[ "$(collector_said 'event=GATE-OPEN .*loaded without hold=1')" = 1 ] && [ "$(collector_said 'event=ungated .*does not wait for the verdict')" = 2 ] &&
		[ "$(gate_of "$first")" = ungated ] && doctor_says gate false 'loaded without hold=1' || return
	# what the warning is about: one that is plugged has its driver at once
	settled && guest ': >/tmp/agent.log' && vm_unplug 2 && server_down && vm_plug 2 "$(guest_port 2)" && until_driver "$second" nvme && until_logged event=attest-failed || return
	server_up && until_verdict affirming && [ "$(collector_said "event=ungated .*address=$second")" = 2 ]
}
gated=gated # what a device is that nobody else protects from
no_driver_binds_before_the_verdict_and_both_do_after_it() {
	local open=$second protected="1 of 2 devices, the first is $second: the IOMMU passes"
	no_modules && return 77
	server_down
	hold=hold=1 gate_config 'gate = on' && drivers_load || return
	# without a collector root asks the kernel itself
	measured_now "$first" && jq -e .genuine "$work/measured" || return
	# of one device DMA is not translated: such a change is allowed only while no driver has it
	if guest "test -e /sys/bus/pci/devices/$second/iommu_group/type"; then
		guest "echo identity >/sys/bus/pci/devices/$second/iommu_group/type" || return
	else # a kernel without IOMMUs protects from neither, and that is said once
		open=$first gated=advisory protected="2 of 2 devices"
	fi
	guest_serve && until_logged event=attest-failed && guest 'grep event=attest-failed /tmp/agent.log' && sleep 3 || return
	[ -z "$(driver_of "$first")" ] && [ -z "$(driver_of "$second")" ] && server_up || return
	until_driver "$first" nvme && until_driver "$second" nvme && until_verdict affirming || return
	guest 'cat /tmp/collector.log' && [ "$(collector_said GATE-ADVISORY)" = 1 ] && [ "$(collector_said "GATE-ADVISORY .*address=$open")" = 1 ] && [ "$(collector_said GATE-OPEN)" = 0 ] && [ "$(collector_said event=ungated)" = 0 ] || return
	[ "$(gate_of "$first")" = "$gated" ] && [ "$(gate_of "$second")" = advisory ] && doctor_says gate true '2 devices wait' &&
		doctor_says 'memory protection' false "$protected"
}
what_was_accepted_is_not_accepted_again() { # a driver that binds is an event, which starts a round
	settled && [ "$(collector_said event=accepted)" = 2 ] && attested 0 && [ "$(collector_said event=accepted)" = 2 ] &&
		until_state "$first" accepted && until_state "$second" accepted
}
changed_firmware_loses_its_driver_and_the_other_keeps_its_own() {
	sed -i 's/^2 .*/2 firmware digest-of:firmware 6.6.6/' "$work/guest2.measurements"
	attested 2 && until_driver "$second" '' && [ "$(driver_of "$first")" = nvme ] && until_state "$second" evidence &&
		until_state "$first" accepted && [ "$(guest "cat /sys/bus/pci/devices/$second/driver_override")" = assay-hold ] || return
	sed -i 's/^2 .*/2 firmware digest-of:firmware 1.2.3/' "$work/guest2.measurements"
	attested 0 && until_driver "$second" nvme
}
what_policy_refuses_is_forgotten_by_the_kernel() {
	settled && until_state "$first" accepted && policy 'prevents = aer' && attested 2 && until_driver "$first" '' && until_driver "$second" '' &&
		[ "$(collector_said 'event=forgotten .*address=0000:01:00.0')" = 1 ] && until_state "$first" evidence || return
	# the event of our own FORGET ends in a round that finds nothing to do
	settled && [ "$(collector_said event=forgotten)" = 2 ] && policy && attested 0 && until_driver "$first" nvme && until_driver "$second" nvme
}
another_guest_identity() { # the same name, another key
	[ -d "$work/guest-other" ] || spdm-device identity "$work/pki" "$work/guest-other" 0 p384 Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100
}
a_device_swapped_at_the_same_address_is_noticed_and_refused() { # the timer is at an hour
	another_guest_identity && settled && guest ': >/tmp/agent.log' && vm_unplug 2 && guest_drive_says 2 set guest2 identity "$work/guest-other" && vm_plug 2 "$(guest_port 2)" || return
	until_logged "event=round-by-event .*address=$second" && settled && until_verdict contraindicated && [ -z "$(driver_of "$second")" ] &&
		[ "$(driver_of "$first")" = nvme ] && attested 2 && reason ".address == \"$second\" and .element == \"KEY_KNOWN\"" || return
	vm_unplug 2 && guest_drive_says 2 set guest2 identity "$work/guest2" && vm_plug 2 "$(guest_port 2)" && until_driver "$second" nvme && settled &&
		until_verdict affirming
}
until_accepted() { # an ACCEPT that came while the kernel collected is repeated in the next round, ten seconds later
	until_state "$1" accepted || until_state "$1" accepted || until_state "$1" accepted
}
firmware_of() { # drive, version
	sed -i "s/^2 .*/2 firmware digest-of:firmware $2/" "$work/guest$1.measurements"
}
what_is_named_ungated_binds_before_the_verdict_and_is_judged_afterwards() {
	no_modules && return 77
	server_down
	hold=hold=1 gate_config 'gate = on' "ungated = $first" && drivers_load && guest_serve && until_logged event=attest-failed || return
	until_driver "$first" nvme && [ -z "$(driver_of "$second")" ] && [ "$(collector_said "event=let-bind address=$first")" = 1 ] || return
	# also when the module comes after the collector
	guest "$nvme_unload; rmmod assay_spdm; insmod /mod/assay_spdm.ko hold=1" && drivers_load && until_driver "$first" nvme && [ -z "$(driver_of "$second")" ] &&
		[ "$(collector_said "event=let-bind address=$first")" = 2 ] && server_up && until_driver "$second" nvme &&
		until_verdict affirming && until_accepted "$first" && attested 0 && [ "$(gate_of "$first")" = ungated ] && [ "$(gate_of "$second")" = "$gated" ] || return
	# it is judged like the others, and keeps its driver
	firmware_of 1 6.6.6 && attested 2 && reason ".address == \"$first\"" && [ "$(collector_said "event=left-bound .*address=$first")" -ge 1 ] &&
		[ "$(driver_of "$first")" = nvme ] || return
	firmware_of 1 1.2.3 && attested 0
}
with_gate_accept_the_kernel_accepts_and_no_driver_is_taken_away() {
	no_modules && return 77
	hold='' gate_config 'gate = accept' 'on_fail = report' && drivers_load && guest_serve && until_verdict affirming && until_accepted "$first" && until_accepted "$second" &&
		[ "$(collector_said event=accepted)" = 2 ] || return
	firmware_of 2 6.6.6 && attested 2 && until_state "$second" evidence && [ "$(driver_of "$second")" = nvme ] && [ "$(collector_said 'event=\(unbound\|forgotten\)')" = 0 ] || return
	firmware_of 2 1.2.3 && attested 0 && until_accepted "$second"
}
checked_as_another() { # drive 2 has another identity while the kernel looks; then its own again
	another_guest_identity && guest_drive_says 2 set guest2 identity "$work/guest-other" && check "$second" && until_state "$second" failed &&
		guest_drive_says 2 set guest2 identity "$work/guest2"
}
what_happens_to_another_device_is_as_on_fail_says() {
	no_modules && return 77
	hold='' gate_config 'gate = accept' 'on_fail = report' && drivers_load && guest_serve && until_verdict affirming && until_driver "$second" nvme || return
	settled && until_accepted "$second" && checked_as_another && sleep 1 && [ "$(driver_of "$second")" = nvme ] || return
	hold='' gate_config 'gate = accept' 'on_fail = detach' && drivers_load && guest_serve && until_verdict affirming && until_accepted "$second" && until_driver "$second" nvme &&
		settled && checked_as_another && until_driver "$second" '' && [ "$(driver_of "$first")" = nvme ]
}
on_fail_panic_stops_the_machine() { # the last one of this machine
	no_modules && return 77
	vm_unplug 2 && vm_plug 2 "$(guest_port 2)" || return # out of the quarantine that it may be in
	hold='' gate_config 'gate = accept' 'on_fail = panic' && guest_serve && until_verdict affirming && until_accepted "$second" && settled || return
	another_guest_identity && guest_drive_says 2 set guest2 identity "$work/guest-other" || return
	printf '%s\n' "netlink-ask assay 5 do 2=u64:$(id "$second")" >&"$to_guest"
	for _ in $(seq 120); do kill -0 "$qemu_pid" 2>/dev/null || break; sleep 0.5; done
	if kill -0 "$qemu_pid" 2>/dev/null; then
		vm_read '@@END ' >/dev/null
		return 1
	fi
	exec {to_guest}>&- {from_guest}>&- {to_qmp}>&- {from_qmp}>&-
	to_qmp=
	rm -f "$work"/{guest,qmp}.{in,out}
	grep -a 'Kernel panic.*assay_spdm: 0000:02:00.0 is not the device that was accepted' "$work/console"
}
the_guests_kernel_has_not_complained() { the_kernel_has_not_complained; }
