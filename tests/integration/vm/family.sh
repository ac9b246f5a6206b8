# SPDX-License-Identifier: Apache-2.0
# Family "assay": state, collection on demand, ACCEPT, CHECK, FORGET, events. Sourced by run.
# Numbers as in assay_netlink.h: commands 1 STATUS, 2 COLLECT, 3 ACCEPT, 4 FORGET, 5 CHECK, 6 LOG, 8 TRANSCRIPT;
# attributes 2 DEV_ID, 4 DEV_NAME, 5 GENERATION, 6 STATE, 7 CAUSE, 9 WHY, 10 SEQ, 13 HOLD, 14 SLOT, 15 SLOT_MASK, 20 NONCE,
# 21 CHAIN_DIGEST, 22 MEAS_DIGEST, 24 ON_FAIL, 25 CHECKS, 31 KIND, 33 VAL, 34 STRICT.

family_scenarios="status_shows_every_device_and_its_evidence collecting_ends_in_an_event
	all_eight_slots_can_be_read a_transcript_is_the_object_that_read_gives only_who_may_change_things_can_accept
	accepting_names_exactly_the_evidence_that_was_judged a_check_of_the_same_device_passes
	each_signature_is_told_to_listeners_of_the_seed_family
	sysfs_says_that_there_is_evidence_and_collects_anew
	a_device_that_never_answers_does_not_stall_netlink a_module_in_use_by_a_dump_cannot_be_unloaded"

states=(found collecting evidence accepted checking failed unreachable unsupported)
causes=(added removed collected refused reset aer resume d3cold trigger mismatch unreachable lost bound-early forgotten)

status() { # device: its STATUS in $work/status
	guest "netlink-ask assay 1 do 4=str:$1" >"$work/status" || { cat "$work/status"; return 1; }
}
field() { grep -o " $1:[0-9a-f]*" "$work/status" | head -1 | cut -d: -f2; }
number() { # hex of a little-endian number
	printf '%u\n' "0x$(echo "$1" | sed 's/../& /g' | tr ' ' '\n' | tac | tr -d '\n')"
}
state() { status "$1" && echo "${states[$(number "$(field 6)")]}"; }
id() { status "$1" && number "$(field 2)"; }
until_state() { # device, state
	local i
	for i in $(seq 150); do
		[ "$(state "$1")" = "$2" ] && return
		sleep 0.1
	done
	echo "$1 is $(state "$1"), not $2: $(field 9 | xxd -r -p | tr -d '\0')"
	return 1
}
until_collected() { # device: its evidence is there, accepted or not
	local i
	for i in $(seq 150); do
		case $(state "$1") in evidence | accepted) return ;; found | collecting | checking) sleep 0.1 ;; *) break ;; esac
	done
	echo "$1 is $(state "$1"): $(field 9 | xxd -r -p | tr -d '\0')"
	return 1
}
collect() { # device, nonce, [slot]
	guest "netlink-ask assay 2 do 2=u64:$(id "$1") 14=u8:${3:-0} 20=hex:$2"
}
accept() { # device, [more words]: the evidence that STATUS shows
	local device=$1
	shift
	status "$device" && guest "netlink-ask assay 3 do 2=u64:$(number "$(field 2)") 5=u32:$(number "$(field 5)") 14=u8:$(number "$(field 14)") \
		21=hex:$(field 21) 22=hex:$(field 22) $*"
}
check() { guest "netlink-ask assay 5 do 2=u64:$(id "$1")"; }
forget() { # device: once its driver is gone
	local i
	for i in $(seq 100); do
		guest "netlink-ask assay 4 do 2=u64:$(id "$1")" && return
		grep -q '^error 16 ' "$work/answer" || return
		sleep 0.1
	done
	return 1
}
# Events that come while commands run: `cause device` lines, in their order
events_begin() {
	guest 'netlink-ask assay listen events 600000 >/tmp/events & echo $! >/tmp/listener; while ! grep -q listening /tmp/events 2>/dev/null; do sleep 0.05; done'
}
events_now() {
	local line cause name
	guest 'cat /tmp/events' >"$work/events"
	while read -r line; do
		cause=$(echo "$line" | grep -o ' 7:[0-9a-f]*' | cut -d: -f2)
		name=$(echo "$line" | grep -o ' 4:[0-9a-f]*' | cut -d: -f2 | xxd -r -p | tr -d '\0')
		[ -n "$cause" ] && echo "${causes[$(number "$cause")]} $name"
	done <"$work/events"
}
heard() { # cause, device: does that come within a minute? All events are in $work/causes
	local i found=1
	for i in $(seq 300); do
		events_now >"$work/causes"
		grep -q "^$1 $2" "$work/causes" && found=0 && break
		sleep 0.2
	done
	guest 'kill $(cat /tmp/listener); wait; rm /tmp/events'
	cat "$work/causes"
	return "$found"
}
device_says() { spdm-device tell "$work/devices.control" "$@"; }

status_shows_every_device_and_its_evidence() {
	until_state "$first" evidence && until_state "$second" evidence && guest 'netlink-ask assay 1 dump' >"$work/dump" &&
		[ "$(wc -l <"$work/dump")" = 2 ] && [ "$(field 16)" = 13 ] &&
		[ "$(grep -o ' 2:[0-9a-f]*' "$work/dump" | sort -u | wc -l)" = 2 ]
}
collecting_ends_in_an_event() {
	local nonce
	nonce=$(fresh_nonce)
	events_begin && collect "$first" "$nonce" && heard collected "$first" &&
		status "$first" && [ "$(field 20)" = "$nonce" ]
}
all_eight_slots_can_be_read() { # each with a chain and a key of its own; slot 0 last, as others expect it
	local slot nonce chain given
	for slot in $(seq 7 -1 0); do
		nonce=$(fresh_nonce)
		until_read "$first" $((0x300 | 1 << slot)) "$nonce" >"$work/read" && verified "$nonce" <"$work/read" && status "$first" &&
			[ "$(field 14)" = "0$slot" ] && [ "$(field 15)" = ff ] || { echo "slot $slot: $(cat "$work/status")"; return 1; }
		chain=$(guest "netlink-ask $(read_request "$first" $((1 << slot)))" | grep -o ' 10:[0-9a-f]*' | cut -d: -f2 | tr -d '\n')
		given=$(xxd -p "$work/device1/slot$slot.chain" | tr -d '\n')
		[[ -n $given && $chain == *"$given" ]] || { echo "slot $slot: another chain"; return 1; }
	done
}
a_transcript_is_the_object_that_read_gives() {
	local kind type
	status "$first" || return
	for kind in 1 2 3; do
		type=$((1 << (kind == 1 ? 0 : kind + 6)))
		guest "netlink-ask assay 8 dump 2=u64:$(number "$(field 2)") 5=u32:$(number "$(field 5)") 31=u8:$kind" |
			grep -o ' 33:[0-9a-f]*' | cut -d: -f2 | tr -d '\n' >"$work/transcript"
		guest "netlink-ask $(read_request "$first" "$type")" | grep -o ' 10:[0-9a-f]*' | cut -d: -f2 | tr -d '\n' >"$work/object"
		[ -s "$work/object" ] && cmp "$work/transcript" "$work/object" || return
	done
	refused 116 'another generation' "assay 8 dump 2=u64:$(number "$(field 2)") 5=u32:4000000000 31=u8:1"
}
only_who_may_change_things_can_accept() {
	local words
	status "$first" && words="2=u64:$(number "$(field 2)")" || return
	refused 1 '' "--uid 65534 assay 1 dump" && refused 1 '' "--uid 65534 assay 5 do $words" || return
	# CAP_NET_ADMIN (12) alone: may look and ask, not change
	guest "netlink-ask --keep 12 assay 1 dump" && refused 2 'nothing was accepted' "--keep 12 assay 5 do $words" &&
		refused 1 'needs CAP_SYS_ADMIN' "--keep 12 assay 4 do $words" && refused 1 'needs CAP_SYS_ADMIN' "--keep 12 assay 2 do $words" &&
		refused 1 'needs CAP_SYS_ADMIN' "--keep 12 assay 3 do $words"
	# events may be heard by anybody
	guest "netlink-ask --uid 65534 assay listen events 10" | grep -q listening
}
accepting_names_exactly_the_evidence_that_was_judged() {
	local chain measurements generation dev zeros=$(printf '%064d' 0)
	until_state "$first" evidence || return
	dev=$(number "$(field 2)") generation=$(number "$(field 5)") chain=$(field 21) measurements=$(field 22)
	refused 19 'no such device' "assay 3 do 2=u64:1 5=u32:$generation 14=u8:0 21=hex:$chain 22=hex:$measurements" &&
		refused 116 'another generation' "assay 3 do 2=u64:$dev 5=u32:$((generation + 1)) 14=u8:0 21=hex:$chain 22=hex:$measurements" &&
		refused 74 'another slot' "assay 3 do 2=u64:$dev 5=u32:$generation 14=u8:1 21=hex:$chain 22=hex:$measurements" &&
		refused 74 'CHAIN_DIGEST' "assay 3 do 2=u64:$dev 5=u32:$generation 14=u8:0 21=hex:$zeros 22=hex:$measurements" &&
		refused 74 'MEAS_DIGEST' "assay 3 do 2=u64:$dev 5=u32:$generation 14=u8:0 21=hex:$chain 22=hex:$zeros" &&
		refused 22 '' "assay 3 do 2=u64:$dev 5=u32:$generation 14=u8:0 21=hex:$chain" && [ "$(state "$first")" = evidence ] &&
		accept "$first" && [ "$(state "$first")" = accepted ]
}
a_check_of_the_same_device_passes() {
	events_begin && check "$first" && heard trigger "$first" &&
		[ "$(state "$first")" = accepted ] && [ "$(number "$(field 25)")" = 1 ]
}
each_signature_is_told_to_listeners_of_the_seed_family() {
	local nonce at prefix
	nonce=$(fresh_nonce)
	guest 'netlink-ask spdm listen sig 5000 >/tmp/sig & while ! grep -q listening /tmp/sig 2>/dev/null; do sleep 0.05; done'
	collect "$first" "$nonce" && guest 'wait; cat /tmp/sig' | grep -v listening >"$work/sig" || return
	grep -o ' 9:[0-9a-f]*' "$work/sig" | cut -d: -f2 | tr -d '\n' >"$work/transcript"
	at=$(number "$(head -1 "$work/sig" | grep -o ' 6:[0-9a-f]*' | cut -d: -f2)")
	prefix=$(head -1 "$work/sig" | grep -o ' 8:[0-9a-f]*' | cut -d: -f2)
	[ "$(cut -c$((2 * at + 1))-$((2 * at + 64)) "$work/transcript")" = "$nonce" ] && [ ${#prefix} = 200 ] &&
		head -1 "$work/sig" | grep -q ' 2:60 '
}
sysfs_says_that_there_is_evidence_and_collects_anew() {
	local before path=/sys/bus/pci/devices/$first/authenticated
	status "$first" && before=$(field 5) && [ "$(guest "cat $path")" = 1 ] && guest "echo re >$path" && status "$first" &&
		[ "$(field 5)" != "$before" ] && ! guest "echo xyz >$path 2>/dev/null"
}
a_device_that_never_answers_does_not_stall_netlink() {
	local asked=0
	device_says set device2 hostile busy-always && collect "$second" "$(fresh_nonce)" || return
	while [ "$(state "$second")" = collecting ]; do
		guest "netlink-ask nlctrl 3 dump >/dev/null && netlink-ask assay 1 do 4=str:$first >/dev/null" || return
		asked=$((asked + 1))
	done
	echo "$asked other requests were answered meanwhile"
	device_says set device2 hostile none
	[ "$asked" -ge 3 ] && [ "$(state "$second")" = unreachable ] && collect "$second" "$(fresh_nonce)" && until_state "$second" evidence
}
a_module_in_use_by_a_dump_cannot_be_unloaded() {
	guest "netlink-ask --slow 400 $(read_request "$first" 0x301) >/tmp/slow & sleep 0.3"
	guest 'rmmod assay_spdm' && return 1
	guest 'wait; grep -c "^1 " /tmp/slow; rmmod assay_spdm && insmod /mod/assay_spdm.ko tpm_pcr=13 watch_reset=kprobe'
}
