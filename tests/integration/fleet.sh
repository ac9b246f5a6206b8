#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The fleet that tests/bench/fleet makes, held against what the server says of it. A line per check; test_fleet.c asserts
# the lines. Call: fleet.sh BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
. "$top/deploy/rig.sh"
. "$top/tests/integration/check.sh"
rig_begin fleet
"$build/tests/bench/fleet" --pki "$work/pki" 2>/dev/null || fail "the devices' root"
rig_server
(umask 077 && sed 's/^/Authorization: Bearer /' "$work/admin.token" >"$work/header")
url=$(sed -n 's/^url = //p' "$work/assay.conf")
fleet() { # options...: its JSON is in $work/fleet.json
	"$build/tests/bench/fleet" --pki "$work/pki" --url "$url" --token-file "$work/admin.token" \
		--pin "$(sed -n 's/^pin = //p' "$work/assay.conf" | head -1)" "$@" >"$work/fleet.json"
}
get() { curl -sS -k -H @"$work/header" "$url$1"; }
listed() { # verdicts of hosts whose names match $1, in the words of the fleet: {"affirming":19,...}, none of zero
	get /api/v1/hosts | jq -cS --arg name "$1" '[.hosts[] | select(.name | test($name)) | .status // "never"] | group_by(.) | map({(.[0]): length}) | add'
}
planned() { jq -cS '.expected | with_entries(select(.value > 0))' "$work/fleet.json"; }
same() { [ "$1" = "$2" ] && [ -n "$1" ] && echo "$1" || { echo "$1 and $2"; return 1; }; }
status_of() { get "/api/v1/hosts/$1" | jq -r '.status // "never"'; }
text_of() { get "/api/v1/hosts/$1" | jq -r '.reasons[0].text'; }

check thirty_hosts_are_judged_as_they_were_planned 0 'round 1: done' fleet --refused 20 --warned 10 --stale 10
check the_plan_has_some_of_each 0 '' same "$(planned)" '{"affirming":19,"contraindicated":6,"never":2,"warning":3}'
check and_the_servers_list_has_as_many 0 '' same "$(listed .)" "$(planned)"
metered() { get /metrics | sed -n 's/^assay_hosts{state="\([a-z]*\)"} \([1-9][0-9]*\)$/\1 \2/p' | sort | tr '\n' ' '; }
check and_so_do_the_metrics 0 '' same "$(metered)" 'affirmed 19 contraindicated 6 never 2 warning 3 '
reasons() { for state in firmware missing boot unknown; do text_of "$(jq -r ".states.$state[0]" "$work/fleet.json")"; done; }
check a_reason_is_that_of_the_plan 0 'block 2 \(firmware\): expected .* is missing host: [a-z_/0-9]+: expected .* device 1af4:0bad/.*no reference value' \
	echo $(reasons)
devices() { get /api/v1/hosts/$1 | jq '.devices | length'; }
check each_host_has_two_devices 0 '' same "$(devices "$(jq -r '.states.good[0]' "$work/fleet.json")")" 2

check the_same_seed_is_the_same_fleet 0 'round 2: done' fleet --refused 20 --warned 10 --stale 10 --rounds 2
check and_nothing_came_to_it 0 '' same "$(listed .)" "$(planned)"
host=$(jq -r '.states.good[0]' "$work/fleet.json")
check one_host_is_touched 0 "$host: contraindicated" fleet --touch "$host=firmware"
check and_is_refused 0 '' same "$(status_of "$host")" contraindicated
check and_recovers 0 "$host: affirming" fleet --touch "$host=good"
check as_its_record_says 0 '' same "$(status_of "$host")" affirming
check nobody_cannot_be_touched 1 'no such host' fleet --touch nobody=good

check old_rounds_are_stale 0 'REWIND' fleet --seed 2 --hosts 10 --stale 40 --rounds 3 --rewind 5 --database "$work/server/assay.db"
check as_many_as_were_planned 0 '' same "$(listed '2-')" '{"affirming":6,"never":2,"stale":2}'
check a_fleet_goes_on 0 'now contraindicated' fleet --seed 3 --hosts 20 --live 8
check and_its_last_word_counts 0 '' same "$(listed '3-')" "$(planned)"

check hosts_propose_their_next_boots 0 'proposals: done' fleet --seed 4 --hosts 10 --proposing 40
proposed() { get /api/v1/proposals | jq -cS --arg name "$1" '[.proposals[] | {(.next_boot.status): [.hosts[].name | select(test($name))] | sort}] | add'; }
check and_reference_values_say_of_them_what_was_planned 0 '"accepted":\["[a-z]+4-[0-9]+","[a-z]+4-[0-9]+"\],"refused":\["[a-z]+4-[0-9]+","[a-z]+4-[0-9]+"\]' \
	same "$(proposed '4-')" "$(jq -cS '.proposing | map_values(sort)' "$work/fleet.json")"

check hostile_texts_are_taken 0 'round 1: done' fleet --seed 7 --hosts 20 --refused 50 --warned 10 --proposing 10 --hostile
check and_change_no_verdict 0 '' same "$(listed '7-')" "$(planned)"
check hostile_names_are_not 0 '' same "$(jq -c '[.turned_away[].status] | unique' "$work/fleet.json")" '[400]'
check reference_values_carry_them 0 '<script>alert' get /api/v1/refvals
certificate=$(jq -r '.states.certificate[]' "$work/fleet.json")
reasons_of() { for host in $certificate; do get "/api/v1/hosts/$host" | jq -r '.reasons[].text'; done; }
check so_do_reasons_that_tell_a_certificates_subject 0 'leaf certificate serialNumber=[^,]+,CN=.* lacks digitalSignature' reasons_of

# Lines with what moves, hides or turns around what stands beside it, C1 too; or that are no UTF-8.
harmful() { LC_ALL=C.UTF-8 grep -acP '[\x00-\x08\x0b-\x1f\x7f-\x9f\x{ad}\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}\x{feff}]|^level=error event=forged' "$1" || iconv -f utf-8 -t utf-8 "$1" >/dev/null; }
check the_log_does_not_obey_them 0 '^0$' harmful "$work/server.log"
printf 'a\302\205b\n\342\200\256c\n\033d\nlevel=error event=forged\nnothing\n' >"$work/known"
check what_looks_for_them_finds_them 0 '^4$' harmful "$work/known"
a() { echo "== $*"; assay --config "$work/assay.conf" "$@" 2>&1; }
terminal() { # what an operator who looks at this fleet has before them; each command has to say something
	local host key id model
	a fleet status && a fleet changes && a fleet firmware && a fleet devices && a host list && a audit list || return
	key=$(get /api/v1/devices | jq -r '.devices[0].leaf_key') model=$(get /api/v1/firmware | jq -r '.models[0].model')
	a fleet device "$key" && a fleet devices --model "$model" && a host list --model "$model" || return
	for host in $(jq -r '.states | (.good, .firmware, .missing, .boot, .certificate, .unknown) | .[0:2][]' "$work/fleet.json"); do
		a host show "$host" # the exit code is the verdict
		a explain "$host"
		a host boot "$host" || return
		get "/api/v1/hosts/$host/evidence" >"$work/$host.token"
		assay --config "$work/assay.conf" host show "$host" --json >"$work/$host.json"
		a inspect "$work/$host.token" && a boot show "$work/$host.token" || return
		a verify "$work/$host.token" --host "$work/$host.json" --root "$work/pki/root.pem" # the same
		a refval learn "$work/$host.token" --id x --signer "$work/operator/operator.crt" --key "$work/operator/operator.key" --out "$work/x" --one-host
	done
	a refval list && a refval coverage && a refval anchor list && a refval pending list || return
	for id in $(get /api/v1/refvals | jq -r '.corims[].digest' | head -6); do a refval show "$id" || return; done
	for id in $(get /api/v1/proposals | jq -r '.proposals[].digest'); do a refval pending diff "$id" || return; done
	echo '== all of it'
}
terminal >"$work/terminal"
seen() { for text in '<script>' 'DROP TABLE' 'lacks digitalSignature' 'PCIe name "Vendor' '== all of it'; do grep -qF -- "$text" "$1" || { echo "no $text"; return 1; }; done; }
check an_operator_sees_them_on_a_terminal 0 '' seen "$work/terminal"
check and_it_does_not_obey_them_either 0 '^0$' harmful "$work/terminal"
check each_answer_is_as_openapi_yaml_describes_it 0 ' 0 faults$' "$top/tests/integration/answers" live "$url" "$work/admin.token"
