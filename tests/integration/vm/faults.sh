# SPDX-License-Identifier: Apache-2.0
# Each allocation of the module fails once. Only a kernel with FAILSLAB can show it. Sourced by run.

fault_scenarios="any_allocation_of_a_request_may_fail any_allocation_of_loading_may_fail any_allocation_of_unloading_may_fail
	allocations_of_collecting_and_checking_may_fail"

# Of those allocations with a function of a module on their stack, and of whole pages from 64 KiB on
faults_for() { # first address, the one after the last
	guest 'mount -t debugfs none /sys/kernel/debug 2>/dev/null; cd /sys/kernel/debug && echo N >failslab/ignore-gfp-wait && echo N >fail_page_alloc/ignore-gfp-wait && echo 4 >fail_page_alloc/min-order' &&
		guest "for a in failslab fail_page_alloc; do cd /sys/kernel/debug/\$a && echo 0 >probability && echo -1 >times && echo 1 >verbose && echo 32 >stacktrace-depth && echo $1 >require-start && echo $2 >require-end || break; done; cd /"
}
faults_of_modules() { faults_for 0xffffffffa0000000 0xffffffffff000000; } # where modules are, whatever is loaded
faults_often() { # per cent
	guest "echo $1 >/sys/kernel/debug/failslab/probability; echo $1 >/sys/kernel/debug/fail_page_alloc/probability"
}
each_fails() { # before each run, command...
	local before=$1
	shift
	echo "$*" | cut -c1-100
	guest "fail-nth 400 '$before' $*" >"$work/failing" || { cat "$work/failing"; return 1; }
	tail -1 "$work/failing"
	failing=$((failing + $(tail -1 "$work/failing" | cut -d' ' -f1)))
}

any_allocation_of_a_request_may_fail() {
	local words failing=0 settled="while netlink-ask assay 1 do 4=str:$first | grep -q \" 6:0[14]000000\"; do sleep 0.05; done"
	reload watch_reset=kprobe tpm_pcr=13 && faults_of_modules && accepted "$first" && status "$first" && words="2=u64:$(number "$(field 2)")" || return
	each_fails '' netlink-ask assay 1 do 4=str:$first && each_fails '' netlink-ask assay 1 dump && each_fails '' netlink-ask assay 6 dump &&
		each_fails '' netlink-ask "$(read_request "$first" 0x7ff)" &&
		each_fails "$settled" netlink-ask "$(read_request "$first" 0x301 "$(fresh_nonce)")" &&
		each_fails "$settled" netlink-ask assay 5 do $words && each_fails "$settled" netlink-ask assay 2 do $words "20=hex:$(fresh_nonce)" &&
		each_fails "$settled" "sh -c \"echo re >/sys/bus/pci/devices/$first/authenticated\"" && each_fails '' "cat /sys/bus/pci/devices/$first/authenticated" || return
	guest "$settled" && status "$first" || return
	each_fails '' netlink-ask assay 8 dump $words 5=u32:$(number "$(field 5)") 31=u8:1 &&
		each_fails '' netlink-ask assay 3 do $words 5=u32:$(number "$(field 5)") 14=u8:0 21=hex:$(field 21) 22=hex:$(field 22) &&
		each_fails "while netlink-ask assay 4 do $words | grep -q \"error 16\"; do sleep 0.05; done" netlink-ask assay 4 do $words || return
	echo "$failing in all"
	[ "$failing" -ge 8 ] && still_good "$first" && still_good "$second"
}
any_allocation_of_loading_may_fail() {
	local failing=0
	faults_of_modules && each_fails 'rmmod assay_spdm 2>/dev/null; true' insmod /mod/assay_spdm.ko watch_reset=kprobe tpm_pcr=13 hold=1 &&
		[ "$failing" -ge 30 ] && reload watch_reset=kprobe && still_good "$first" && still_good "$second"
}
any_allocation_of_unloading_may_fail() { # it must not fail by that
	local failing=0
	faults_of_modules && each_fails 'lsmod | grep -q assay || insmod /mod/assay_spdm.ko watch_reset=kprobe' rmmod assay_spdm && tail -1 "$work/failing" | grep -q ' 0 runs said so' &&
		guest 'insmod /mod/assay_spdm.ko watch_reset=kprobe' && still_good "$first" && still_good "$second"
}
# They are another task's: some fail by chance.
allocations_of_collecting_and_checking_may_fail() {
	local i text size words failed=0 passed=0
	size=$(size -A "$module/assay_spdm.ko" | awk '$1 == ".text" { print $2 }')
	text=$(guest 'cat /sys/module/assay_spdm/sections/.text') && faults_for "$text" $((text + size)) && accepted "$first" && words="2=u64:$(id "$first")" || return
	for i in $(seq 60); do # until both have been seen
		[ "$failed" -ge 2 ] && [ "$passed" -ge 2 ] && break
		faults_often $((1 + i % 4))
		guest "netlink-hammer collect $first 1; netlink-ask assay 5 do $words; echo 1 >/sys/bus/pci/devices/$second/remove; echo 1 >/sys/bus/pci/rescan" >/dev/null
		guest "while netlink-ask assay 1 do 4=str:$first | grep -q ' 6:0[14]000000'; do sleep 0.05; done"
		faults_often 0
		case $(state "$first") in accepted | evidence) passed=$((passed + 1)) ;; *) failed=$((failed + 1)) ;; esac
		guest "netlink-hammer take $first 1" || return
	done
	echo "$failed went wrong, $passed did not"
	[ "$failed" -ge 2 ] && [ "$passed" -ge 2 ] && still_good "$first" && still_good "$second"
}
