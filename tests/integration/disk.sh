#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A LUKS2 volume that opens by attestation, on real parts but for the kernel's mapping: a file, a TPM, a server, the
# agent. A line per check: "PASS name" or "FAIL name" with what came instead; test_disk.c asserts the lines.
# Call: disk.sh BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
. "$top/deploy/rig.sh"
. "$top/tests/integration/check.sh"
rig_begin disk
rig_tpm
rig_devices 1
rig_policy="releases = 0" # keys are changed here as often as no host does
rig_server
rig_host disk-host "$(cat /proc/sys/kernel/random/uuid)"
rig_learn disk/golden
volume=5f0c3b54-92ab-4c57-8b0f-8f1c5a0e7d11
disk=$work/disk
cryptsetup=/sbin/cryptsetup

opens() { $cryptsetup open --test-passphrase --disable-external-tokens "$@"; } # options...
unlock() { # a disk: is it opened by what assay-unlock says?
	rm -f "$work/phrase"
	assay-unlock --uuid $volume --device "$1" --config "$here/agent.conf" --opened "$work/opened" --deadline 20 >"$work/phrase" || return
	opens --key-file "$work/phrase" "$1"
}
unlock_there() { assay-unlock --uuid $volume --device "$1" --config "$here/agent.conf" --opened "$work/opened" --shown "$work/shown" --deadline 20 >"$work/phrase"; }
epoch() { $assay disk status "$disk" --json | jq -r '[.ours[] | .epoch] | max'; }
shares() { $assay secret list --json | jq -r --arg v $volume '[.secrets[] | select(.volume == $v) | "\(.epoch - '"${first:-0}"') \(.state)"] | join(", ")'; }

# One object with just these members, of which all that is said holds; nothing is there that could answer a question.
says() { # command's name, members, jq's condition, command...
	local name=$1 members=$2 that=$3 rc
	shift 3
	"$@" --json <&- >"$work/said.json" 2>"$work/said.err"
	rc=$?
	jq -es --arg schema "assay.$name/1" --arg volume $volume "length == 1 and (.[0] | .schema == \$schema and .ok == ($rc == 0) and keys == ($members + [\"ok\", \"schema\"] | sort) and ($that))" "$work/said.json" || cat "$work/said.json" "$work/said.err"
	return $rc
}
whole() { echo "(.$1 | type == \"number\" and . == floor and . >= ${2:-0})"; }
printf 'of a person' >"$work/pass"
truncate -s 32M "$disk"
$cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid $volume --key-file "$work/pass" "$disk" || fail "luksFormat"
conf="--agent-config $here/agent.conf"
openssl req -x509 -newkey rsa:3072 -nodes -keyout "$work/safe.key" -out "$work/safe.crt" -subj "/CN=safe" -days 3 2>/dev/null

check nobody_enrols_without_a_place_for_the_recovery_key 1 "recovery-out" $assay disk enroll "$disk" --key-file "$work/pass" $conf
check a_wrong_passphrase_enrols_nothing 2 "keyslot|passphrase" $assay disk enroll "$disk" --key-file "$work/assay.conf" --recovery-out "$work/r0" $conf
check a_volume_that_is_not_enrolled_has_nothing_to_unlock 2 "no keyslot of ours" unlock "$disk"
sed 's/^2 .*/2 firmware digest-of:firmware 6.6.6/' "$here/device1.measurements" >"$work/is"
spdm-device tell "$here/devices.control" set device1 measurements "$work/is" >/dev/null || fail "devices do not listen"
check where_the_server_says_no_nothing_is_enrolled 2 "the disk is as it was" $assay disk enroll "$disk" --key-file "$work/pass" --recovery-out "$work/recovery" $conf
check and_the_disk_has_the_keyslot_that_it_had 0 "^1$" sh -c "$assay disk status $disk --json | jq .keyslots"
spdm-device tell "$here/devices.control" set device1 measurements "$here/device1.measurements" >/dev/null
chmod 640 "$here/agent.conf"
check nobody_is_asked_for_a_program 1 '"text":"there is nobody to ask' script -qec "$assay disk enroll $disk --recovery-out $work/r3 $conf --json" /dev/null # on a terminal
check a_volume_is_enrolled 0 "^true" says disk.enroll '["volume", "epoch", "keyslot", "recovery_keyslot", "counter", "configured", "state"]' \
	".volume == \$volume and $(whole epoch 1) and $(whole keyslot) and .recovery_keyslot == 1 and $(whole counter $((0x01800000))) and .configured == true and .state == \"active\"" \
	$assay disk enroll "$disk" --key-file "$work/pass" --recovery-out "$work/recovery" --escrow "$work/safe.crt" $conf
check and_not_twice 2 "has a keyslot of ours" $assay disk enroll "$disk" --key-file "$work/pass" --recovery-out "$work/r2" $conf
check the_configuration_names_it 0 "counter = 0x018" grep -A1 "volume $volume" "$here/agent.conf"
check and_is_as_readable_as_before 0 "^640$" stat -c %a "$here/agent.conf"
first=$(epoch)
check what_it_is_is_told_to_programs 0 "^true" says disk.status '["volume", "keyslots", "ours", "unreadable"]' \
	".volume == \$volume and .keyslots == 3 and .unreadable == 0 and (.ours | length == 1 and (.[0] | keys == [\"epoch\", \"keyslot\", \"lease\", \"state\"] and $(whole keyslot) and .epoch == $first and .state == \"active\" and .lease == false))" \
	$assay disk status "$disk"
check and_what_is_none_is_told_so 0 "^true" sh -c "$assay disk status $work/pass --json <&- | jq -es 'length == 1 and (.[0] | keys == [\"error\"] and (.error | keys == [\"code\", \"hint\", \"text\"] and .code == 2))'"
check its_keyslot_is_active 0 "epoch $first, active" $assay disk status "$disk"
check the_server_has_one_share_of_it 0 "^0 current$" shares
check it_is_unlocked 0 "asking for this volume" unlock "$disk"
check what_it_took_is_told_by_parts 0 "opened [0-9]+[.][0-9] s after the agent began: disk [0-9.]+, network [0-9.]+, devices [0-9.]*[1-9][0-9]*, TPM [0-9.]+, server [0-9.]+, header [0-9.]+" unlock "$disk"
check the_passphrase_is_43_characters_and_nothing_else 0 "^43$" sh -c "wc -c <$work/phrase"
check what_was_opened_is_told_for_the_cap 0 "^[0-9a-f]{64}$" cat "$work/opened/$volume"
check the_persons_passphrase_still_opens 0 "" opens --key-file "$work/pass" "$disk"
check the_recovery_key_comes_out_of_escrow_with_its_key 0 "^([0-9a-f]{5}-){7}[0-9a-f]{5}$" $assay disk recover "$work/recovery" --signer "$work/safe.crt" --key "$work/safe.key"
check and_not_with_another 2 "not sealed for" $assay disk recover "$work/recovery" --signer "$work/operator/operator.crt" --key "$work/operator/operator.key"
$assay disk recover "$work/recovery" --signer "$work/safe.crt" --key "$work/safe.key" 2>/dev/null | tr -d '\n' >"$work/recovery.key"
check the_recovery_key_opens_its_keyslot 0 "" opens --key-slot 1 --key-file "$work/recovery.key" "$disk"
check and_is_tried_nowhere_else 2 "" opens --key-file "$work/recovery.key" "$disk"

cp "$disk" "$work/old-header"
check the_epoch_changes_on_demand 0 "^true" says disk.rotate '["epoch", "keyslot"]' ".epoch == $((first + 1)) and $(whole keyslot)" $assay disk rotate "$disk"
check the_share_before_is_shredded 0 "^1 current$" shares
check it_is_unlocked_with_the_next_epoch 0 "" unlock "$disk"
check an_old_header_opens_nothing 2 "old or a foreign header" unlock "$work/old-header"
cp "$disk" "$work/foreign"
$cryptsetup -q luksUUID --uuid 5f0c3b54-92ab-4c57-8b0f-8f1c5a0e7d12 "$work/foreign" 2>/dev/null
check another_volume_in_its_place_is_not_opened 2 "of another volume" unlock "$work/foreign"

check an_operator_asks_for_the_next_epoch 0 "next unlock on disk-host" $assay secret rotate $volume
check and_the_next_unlock_makes_it 0 "" unlock "$disk"
check so_that_the_epoch_has_moved 0 "^$((first + 2))$" epoch
check and_one_share_is_left 0 "^2 current$" shares
unlock "$disk" 2>/dev/null
check and_not_again 0 "^$((first + 2))$" epoch

# Power goes at any moment: each write and each request of the one who changes the epoch is the last one once. With
# ASSAY_DISK_SHORT a few of them are, from the first to the last.
some() { # how many, lines: as many of them, evenly spread
	if [ -z "${ASSAY_DISK_SHORT:-}" ]; then cat; else
		awk -v k="$1" '{ l[NR] = $0 } END { for (i = 0; i < k && i < NR; i++) print l[NR <= k ? i + 1 : 1 + int(i * (NR - 1) / (k > 1 ? k - 1 : 1) + 0.5)] }'
	fi
}
rotates() { # strace's words: a change of epochs under them
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq "$@" assay --config "$work/assay.conf" --socket "$here/agent.sock" disk rotate "$disk" >"$work/rotate.out" 2>&1
}
survives() { # calls, of how many each is the last one, how many at most when time is short
	local n places total killed=0
	rotates -o "$work/calls" -e trace="$1" || { cat "$work/rotate.out"; return 1; }
	total=$(grep -cE '^[0-9 ]*[a-z0-9]+\(' "$work/calls")
	places=$(seq 1 "$2" "$total" | some "$3")
	for n in $places; do
		! rotates -o /dev/null -e trace="$1" -e inject="$1:signal=KILL:when=$n" || continue # a change that goes on with another has fewer
		unlock "$disk" 2>"$work/unlock.err" || { echo "killed at its write $n it does not open: $(cat "$work/unlock.err")"; return 1; }
		killed=$((killed + 1))
	done
	echo "killed $killed times, at $(wc -w <<<"$places") of $total" | tee -a "$work/tried"
	[ $killed -ge $(($(wc -w <<<"$places") - 1)) ] || { echo "too often it was not there any more"; return 1; }
}
check a_change_that_is_cut_short_at_any_question_leaves_a_disk_that_opens 0 "killed [1-9][0-9]* times" survives sendmsg 1 3
check or_at_any_sync_of_the_header 0 "killed [1-9][0-9]* times" survives fsync,fdatasync 1 4
check or_between_two_of_its_writes 0 "killed [1-9][0-9]* times" survives pwrite64,write 37 4
$assay disk rotate "$disk" >/dev/null 2>&1
last=$(($(epoch) - first))
check and_afterwards_one_keyslot_of_ours 0 "^1$" sh -c "$assay disk status $disk --json | jq '.ours | length'"
check and_one_share 0 "^$last current$" shares

# And the agent's own end: before each request to the server, before each half that is unsealed, before and after a half is sealed
# and the counter counts.
agent_again() { rm -f "$here/agent.sock"; start agent assay-agent --config "$here/agent.conf" run && agent_pid=$started && await agent test -S "$here/agent.sock"; }
followed() { # strace's words: the agent, while it changes the epoch; what it sends is in $work/sent
	local tracer rc
	strace -f -qq -xx -s 10 -o "$work/sent" -e trace=write,sendto "$@" -p "$agent_pid" &
	tracer=$!
	for _ in $(seq 100); do ! grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$agent_pid/status" || break; sleep 0.05; done
	$assay disk rotate "$disk" >"$work/rotate.out" 2>&1
	rc=$?
	kill $tracer 2>/dev/null
	wait $tracer 2>/dev/null
	return $rc
}
commands() { # each write's number and, if it is a command to the TPM, its code
	sed -n 's/^[0-9]* *write([0-9]*, "\([^"]*\)".*/\1/p' "$work/sent" | sed 's/\\x//g; s/^800[12]........0000\(....\)$/\1/' | cat -n
}
where_it_dies() { # write:NUMBER or sendto:NUMBER, of each kind some: before and after a Create (0153) and an NV_Increment (0134), before an Unseal (015e), at a request
	local code
	for code in 0153 0134; do
		commands | awk -v c=$code '$2 == c { print "write:" $1 }' | some 1
		commands | awk -v c=$code '$2 == c { print "write:" $1 + 1 }' | some 1
	done
	commands | awk '$2 == "015e" { print "write:" $1 }' | some 1
	seq "$(grep -c ' sendto(' "$work/sent")" | sed 's/^/sendto:/' | some 2
}
survived_by_the_disk() {
	local place places died= all
	followed || { cat "$work/rotate.out"; return 1; }
	places=$(where_it_dies)
	all=$(ASSAY_DISK_SHORT= where_it_dies | wc -l)
	for place in $places; do
		! followed -e "inject=${place%:*}:signal=KILL:when=${place#*:}" || { echo "it did not die at $place"; return 1; }
		wait "$agent_pid" 2>/dev/null
		tpm2_flushcontext -t && tpm2_flushcontext -l || return # as the kernel does with what a process has left in the TPM
		died="$died $(commands | tail -1 | awk '{ print $2 }')"
		agent_again
		unlock "$disk" 2>"$work/unlock.err" || { echo "dead at $place, it does not open: $(cat "$work/unlock.err")"; return 1; }
		$assay disk rotate "$disk" >"$work/rotate.out" 2>&1 || { echo "dead at $place, no retry: $(cat "$work/rotate.out")"; return 1; }
	done
	echo "died $(wc -w <<<"$places") times of $all:$died"
}
survived_by_the_disk >"$work/survived" 2>&1 # not in a subshell: the agent is another afterwards
rc=$?
[ $rc -ne 0 ] || tail -1 "$work/survived" | cut -d: -f1 >>"$work/tried"
check nor_does_the_agents_end_at_any_step_cost_the_disk 0 "died [1-9][0-9]* times of [0-9]+:.* 0153 .* 0134 " sh -c "cat $work/survived; exit $rc"
check and_one_keyslot_is_left_with_one_share 0 "^1 $(epoch) current$" sh -c "echo $($assay disk status $disk --json | jq '.ours | length') $(first=0; shares)"

cp "$here/device1.measurements" "$work/was"
sed 's/^2 .*/2 firmware digest-of:firmware 6.6.6/' "$work/was" >"$work/is"
spdm-device tell "$here/devices.control" set device1 measurements "$work/is" >/dev/null || fail "devices do not listen"
check a_device_that_is_not_as_it_has_to_be_opens_nothing 2 "the server gives no key" unlock "$disk"
check and_says_which_in_one_sentence 2 "device 1b36:0010/00000000000000a1/0 .*expected [0-9a-f]{8}[.]{3}, found [0-9a-f]{8}[.]{3}" unlock "$disk"

spdm-device tell "$here/devices.control" set device1 measurements "$work/was" >/dev/null
check and_opens_again_when_it_is 0 "" unlock "$disk"

server_anew() { # releases in ten minutes
	sed -i "s/^releases = .*/releases = $1/" "$work/server.conf"
	kill "$server_pid"
	wait "$server_pid" 2>/dev/null
	start server assay-server --config "$work/server.conf" run
	server_pid=$started
	await server grep -q event=started "$here/server.log"
}
server_anew 1
check who_asks_too_often_waits 2 "as many shares within ten minutes" unlock "$disk"
server_anew 0
check and_gets_it_later 0 "" unlock "$disk"

kill "$agent_pid"; wait "$agent_pid" 2>/dev/null
check the_cap_ends_it 0 "PCR 15 is extended" assay-agent --config "$here/agent.conf" --opened "$work/opened" cap
check once 0 "was extended before" assay-agent --config "$here/agent.conf" --opened "$work/opened" cap
start agent assay-agent --config "$here/agent.conf" run
agent_pid=$started
await agent test -S "$here/agent.sock"
check a_host_that_opened_what_it_should_is_affirmed 0 "affirming" $assay attest
check after_the_cap_nothing_is_unlocked 2 "PCR 15 is extended" unlock "$disk"
check nor_enrolled 2 "PCR 15 is extended" $assay disk rotate "$disk"
# Another disk in its place, whose key somebody has: the boot tells of it.
tpm2_pcrextend 15:sha256=$(printf %064x 666) >/dev/null || fail "extend"
check another_root_volume_is_seen_afterwards 2 "another root volume" $assay attest

# The next boot, in which a person is asked.
reset() {
	kill "$agent_pid" "$tpm_pid"; wait "$agent_pid" "$tpm_pid" 2>/dev/null
	rm -rf "$work/opened"
	rig_tpm_boot
}
cap() { assay-agent --config "$here/agent.conf" --opened "$work/opened" "$@" cap; }
typed() { assay-unlock --typed --uuid $volume --device "$disk" --config "$here/agent.conf" --opened "$work/opened" --shown "$work/shown" <"$1" >"$work/phrase" && opens --key-file "$work/phrase" "$disk"; }
tr 'a-f' 'A-F' <"$work/recovery.key" | tr -d - >"$work/recovery.upper"
printf "not it" >"$work/not"
check who_types_what_is_none_opens_nothing 2 "opens no keyslot" typed "$work/not"
check a_typed_passphrase_opens 0 "" typed "$work/pass"
reset && cap --asked >/dev/null || fail "cap"
check a_boot_in_which_a_person_was_asked_opens_by_the_recovery_key 0 "" typed "$work/recovery.upper"
cap >/dev/null && agent_again || fail "agent"
check whose_keyslot_is_hidden_again 0 "" sh -c "assay-unlock --hide --shown $work/shown && ! /sbin/cryptsetup open --test-passphrase --key-file $work/recovery.key $disk 2>/dev/null"
check and_it_is_told_that_a_person_gave_it 2 "with a passphrase that a person gave" $assay attest

# A host that runs gets a second volume: it waits for the next boot.
volume2=8a1f0c11-0d52-4a53-9a0f-3c1e4b5d6e7f disk2=$work/disk2
of_second() { (volume=$volume2 disk=$disk2; "$@"); }
truncate -s 32M "$disk2"
$cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid $volume2 --key-file "$work/pass" "$disk2" || fail "luksFormat"
check a_running_host_stages_what_it_enrols 0 "is pending: the next boot proves it" $assay disk enroll "$disk2" --key-file "$work/pass" --recovery-out "$work/recovery2" $conf
check which_is_told 0 "pending, proven at the next boot" $assay disk status "$disk2"
check and_kept_by_the_server 0 "^$(of_second epoch) pending$" eval 'first=0; of_second shares'
check a_second_try_takes_the_place_of_the_first 0 "pending" eval '$assay disk enroll "$disk2" --key-file "$work/pass" --recovery-out "$work/recovery3" $conf && $assay disk status "$disk2" --json | jq -e ".keyslots == 4 and (.ours | length) == 1" >/dev/null'
check nothing_is_given_to_the_running_host 2 "PCR 15 is extended" of_second unlock "$disk2"
staged=$(of_second epoch)
reset
agent_again || fail "agent"
check the_next_boot_opens_it 0 "" of_second unlock "$disk2"
check and_proves_it 0 "epoch $staged, active" $assay disk status "$disk2"
# Power goes before a recovery key's keyslot is hidden again: what /run held of it is gone, the header tells.
typed "$work/recovery.upper" && rm -rf "$work/shown" || fail "recovery key"
check who_typed_a_recovery_key_left_it_to_be_found_when_power_went 0 "" opens --key-file "$work/recovery.key" "$disk"
check and_the_next_boot_hides_it 0 "an earlier boot ended before the recovery key's keyslot was hidden" unlock_there "$disk"
check so_that_nothing_tries_it 2 "" opens --key-file "$work/recovery.key" "$disk"
check the_running_hosts_share_is_changed_by_the_next 0 "^$((staged + 1))$" eval 'of_second unlock "$disk2" && of_second epoch'
check and_shredded 0 "^$((staged + 1)) current$" eval 'first=0; of_second shares'

# Both are opened by one attestation, by an agent that has just begun.
verdicts() { rm -f "$work/audit.now"; $assay audit export --out "$work/audit.now" >/dev/null && grep -c '"event":"verdict"' "$work/audit.now"; }
rounds() { # how many attestations the command takes, and its own exit status
	local before rc
	before=$(verdicts)
	"$@" >"$work/rounds.out" 2>&1
	rc=$?
	tail -3 "$work/rounds.out"
	echo "rounds: $(($(verdicts) - before))"
	return $rc
}
both() { unlock "$disk" && of_second unlock "$disk2"; }
begin_anew() { # its own first round is over afterwards
	local before
	before=$(verdicts)
	kill "$agent_pid"
	wait "$agent_pid" 2>/dev/null
	agent_again || fail "agent"
	for _ in $(seq 100); do [ "$(verdicts)" -eq "$before" ] || return; sleep 0.1; done
	fail "the agent's first round"
}
begin_anew
check two_volumes_are_opened_by_one_attestation 0 "rounds: 1$" rounds both
check who_asks_for_one_of_them_again_hears_what_is_so_now 0 "rounds: 1$" rounds unlock "$disk"
spdm-device tell "$here/devices.control" set device1 measurements "$work/is" >/dev/null
begin_anew
check a_host_that_is_refused_is_judged_once_however_many_volumes_it_has 2 "rounds: 1$" rounds unlock "$disk"
spdm-device tell "$here/devices.control" set device1 measurements "$work/was" >/dev/null
begin_anew
moved() { python3 -c 'import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); u = [bytes.fromhex(a.replace("-", "")) for a in sys.argv[2:]]; d.execute("UPDATE secrets SET uuid = ? WHERE uuid = ?", (u[1], u[0])); d.commit(); sys.exit(d.total_changes != 1)' "$work/server/assay.db" "$@"; }
moved $volume2 ${volume2//8/9} || fail "the share's row"
check a_share_that_the_server_has_lost_keeps_no_other_volume_closed 0 "rounds: 2$" rounds unlock "$disk"
moved ${volume2//8/9} $volume2 || fail "the share's row"
begin_anew
of_second eval '$assay secret delete $volume --yes' >/dev/null || fail "delete"
check a_volume_that_is_no_more_keeps_no_other_one_closed 0 "rounds: 2$" rounds unlock "$disk"
check and_the_next_time_nobody_asks_for_it 0 "rounds: 1$" rounds unlock "$disk"
check but_who_wants_it_is_refused 2 "rounds: 1$" rounds of_second unlock "$disk2"

check nobody_forgets_without_saying_so 1 "yes" $assay disk forget "$disk"
check keyslots_are_forgotten 0 "1 keyslots removed" $assay disk forget "$disk" --yes
check a_share_is_deleted_only_when_it_is_meant 1 "yes" $assay secret delete $volume
check and_then_is_gone 0 "1 shares of disk-host" $assay secret delete $volume --yes
check and_not_twice_gone 2 "no share" $assay secret delete $volume --yes
check the_persons_passphrase_opens_to_the_end 0 "" opens --key-file "$work/pass" "$disk"
# What of the sweeps was tried, for who reads a log.
sed 's/^/NOTE /' "$work/tried"
