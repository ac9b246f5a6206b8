#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No byte of a disk's key stays anywhere: what a run leaves is searched for both halves, the passphrase and the volume key, in
# any form; a key that is put into each kind of place is found there. A line per check, as check.sh has them; test_leak.c asserts them.
# Call: leak.sh BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
. "$top/deploy/rig.sh"
. "$top/tests/integration/check.sh"
[ "$(id -u)" = 0 ] || { echo "SKIP all: what others have in memory is root's to read"; exit 0; }
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}disable_coredump=0"
ulimit -c unlimited
rig_begin leak
rig_tpm
rig_devices 1
rig_policy="releases = 0"
rig_server
rig_host leak-host "$(cat /proc/sys/kernel/random/uuid)"
rig_learn leak/golden
volume=6f0c3b54-92ab-4c57-8b0f-8f1c5a0e7d11
disk=$work/disk found=$work/found
cryptsetup=/sbin/cryptsetup
mkdir -m 700 "$found" "$found/keys" "$found/seen" "$found/canary"

head -c 24 /dev/urandom | base64 -w0 >"$found/pass"
truncate -s 32M "$disk"
$cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid $volume --key-file "$found/pass" "$disk" || fail "luksFormat"
$assay disk enroll "$disk" --key-file "$found/pass" --recovery-out "$found/recovery" --agent-config "$here/agent.conf" >"$work/enroll.out" 2>&1 || fail "enroll: $(cat "$work/enroll.out")"
$assay disk rotate "$disk" >"$work/rotate.out" 2>&1 || fail "rotate: $(cat "$work/rotate.out")"

# One unlock, in which everything is watched: what the agent sends and gets, by socket, and what stands in /proc of all of them.
watch_proc() { # folder, process...: its environment and its arguments, as often as there is time
	local folder=$1 pid
	shift
	for pid in "$@"; do
		cat "/proc/$pid/environ" >>"$folder/environ.$pid" 2>/dev/null
		cat "/proc/$pid/cmdline" >>"$folder/cmdline.$pid" 2>/dev/null
	done
}
tapped() { # file, process: all that it writes and reads, as strace tells it, until it is killed
	strace -f -qq -yy -xx -s 70000 -o "$1" -e trace=read,write,readv,writev,recvfrom,sendto,recvmsg,sendmsg -p "$2" 2>/dev/null &
	tracer=$!
	for _ in $(seq 100); do ! grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$2/status" || return 0; sleep 0.05; done
	return 1
}
untapped() { kill $tracer 2>/dev/null; wait $tracer 2>/dev/null; true; }
bytes_of() { # strace's file, pattern of a socket: what went over it
	grep -E "^[0-9]+ +[a-z]+\([0-9]+<$2" "$1" | grep -oE '"(\\x[0-9a-f]{2})+"' | sed 's/\\x//g; s/"//g' | xxd -r -p
}
wire='(TCP|TCPv6):' bus='UNIX-STREAM:' # the other sockets of an agent are of packets
unlock_watched() {
	local pid
	tapped "$found/calls" "$agent_pid" || return
	assay-unlock --uuid $volume --device "$disk" --config "$here/agent.conf" --opened "$work/opened" --deadline 60 >"$found/phrase" 2>"$work/unlock.log" &
	pid=$!
	while [ -d "/proc/$pid" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null; do watch_proc "$found/seen" "$server_pid" "$agent_pid" "$collector_pid" "$pid"; done
	wait $pid || { cat "$work/unlock.log"; return 1; }
	untapped
	watch_proc "$found/seen" "$server_pid" "$agent_pid" "$collector_pid"
	bytes_of "$found/calls" "$wire" >"$found/seen/wire"
	bytes_of "$found/calls" "$bus" >"$found/seen/bus"
	$cryptsetup open --test-passphrase --disable-external-tokens --key-file "$found/phrase" "$disk" || return
	echo "$(stat -c %s "$found/seen/wire") bytes of wire, $(stat -c %s "$found/seen/bus") of bus, $(ls "$found/seen" | grep -c environ) environments"
}
check a_disk_is_unlocked_while_all_is_watched 0 "^[1-9][0-9]{3,} bytes of wire, [1-9][0-9]{3,} of bus, 4 environments" unlock_watched

# Memory first: who looks for the keys in the TPM and the database has them, and is another.
for part in agent server collector; do
	pid=${part}_pid
	key-search dump "${!pid}" >"$found/$part.memory" || fail "memory of the $part"
done
check its_keys_are_known_to_who_has_tpm_kek_and_disk 0 "^6$" sh -c "disk-keys $here/agent.conf $work/server.conf $disk $found/keys && ls $found/keys | wc -l"
check and_are_those_that_opened_it 0 "" cmp "$found/keys/passphrase" "$found/phrase"
cp "$found/pass" "$found/keys/pass"
head -c 47 "$found/recovery" >"$found/keys/recovery"
disk_keys="$found/keys/server-half $found/keys/machine-half $found/keys/passphrase $found/keys/passphrase-bytes $found/keys/volume-key $found/keys/pass $found/keys/recovery"
none() { key-search $disk_keys -- "$@"; } # what is of the root key is looked for where no process needs it
none_at_rest() { key-search $disk_keys "$found/keys/root-key" -- "$@"; }
check no_log_of_any_program_has_them 0 "KiB read" none_at_rest "$here"/*.log "$here"/*.out
check nor_has_the_servers_folder_with_database_and_journal 0 "KiB read" none_at_rest "$work/server"
check nor_has_what_the_agent_leaves 0 "KiB read" none_at_rest "$work/opened" "$here/agent.conf"
check nor_has_the_disk_itself 0 "KiB read" none_at_rest "$disk"
check nor_an_environment_or_arguments 0 "KiB read" none_at_rest "$found"/seen/environ.* "$found"/seen/cmdline.*
check nor_the_wire_to_the_server 0 "KiB read" none_at_rest "$found/seen/wire"
check nor_the_bus_to_the_tpm 0 "KiB read" none_at_rest "$found/seen/bus"
check nor_the_agents_memory_afterwards 0 "KiB read" none_at_rest "$found/agent.memory"
check nor_the_servers 0 "KiB read" none "$found/server.memory"
check nor_the_collectors 0 "KiB read" none_at_rest "$found/collector.memory"

# The search would find them: each kind of place gets one, in one of its forms.
found_as() { # form, place of the search...
	local form=$1
	shift
	grep -q "server-half as $form in $1" < <(none "$@") && echo "found"
}
half=$found/keys/server-half
in_a_log() { { cat "$here/server.log"; printf 'event=x share='; xxd -p -c 64 "$half"; } >"$found/canary/log" && found_as hex "$found/canary/log"; }
in_a_database() {
	cp "$work"/server/*.db "$found/canary/db" && sqlite3 "$found/canary/db" "create table canary(a blob); insert into canary values(x'$(xxd -p -c 64 "$half")')" && found_as bytes "$found/canary/db"
}
in_a_header() { cp "$disk" "$found/canary/disk" && printf '{"type":"x","keyslots":[],"key":"a%s"}' "$(base64 -w0 "$half")" | $cryptsetup token import "$found/canary/disk" && found_as base64 "$found/canary/disk"; }
in_an_environment() {
	KEY=$(base64 -w0 "$half" | tr +/ -_) sleep 60 &
	sleep 0.2
	watch_proc "$found/canary" $!
	kill $!
	found_as base64url "$found/canary/environ.$!"
}
in_arguments() {
	perl -e 'sleep 60' "$(xxd -u -p -c 64 "$half")" &
	sleep 0.2
	watch_proc "$found/canary" $!
	kill $!
	found_as hex "$found/canary/cmdline.$!"
}
over_a_socket() { # to the server's own port, in the clear
	local port
	port=$(sed -n 's/^port = //p' "$work/server.conf")
	bash -c 'read -r _ && exec 3<>"/dev/tcp/127.0.0.1/$1" && cat "$2" >&3; read -r _' _ "$port" "$half" < <(sleep 1; echo; sleep 1) &
	tapped "$found/canary.calls" $! || return
	sleep 2
	untapped
	bytes_of "$found/canary.calls" "$wire" >"$found/canary/wire"
	found_as bytes "$found/canary/wire"
}
in_memory() {
	key-search hold "$half" >"$found/canary/held" &
	await held grep -q held "$found/canary/held"
	key-search dump $! >"$found/canary/memory"
	kill $!
	found_as bytes "$found/canary/memory"
}
in_half_overwritten_memory() { { head -c 16 /dev/zero; tail -c 16 "$half"; } >"$found/canary/half" && found_as bytes "$found/canary/half"; }
check a_key_in_a_log_is_found 0 "^found" in_a_log
check and_one_in_a_database 0 "^found" in_a_database
check and_one_in_a_header 0 "^found" in_a_header
check and_one_in_an_environment 0 "^found" in_an_environment
check and_one_in_arguments 0 "^found" in_arguments
check and_one_on_the_wire 0 "^found" over_a_socket
check and_one_in_memory 0 "^found" in_memory
check and_half_of_one 0 "^found" in_half_overwritten_memory

# Whoever falls leaves no memory behind: where a program may dump core, ours do not.
dumps() { # command...: what becomes of it two seconds after its start
	perl -e 'my $p = fork; if (!$p) { exec @ARGV or die } select undef, undef, undef, 2; kill "ABRT", $p; waitpid $p, 0; print(($? & 127) == 6 ? $? & 128 ? "dumped\n" : "aborted\n" : "ended with $?\n")' "$@"
}
mkdir "$found/falls" && cd "$found/falls" || fail "folder"
check a_program_that_falls_leaves_its_memory 0 "^dumped" dumps sleep 60
kill "$agent_pid" "$collector_pid" "$server_pid"
wait "$agent_pid" "$collector_pid" "$server_pid" 2>/dev/null
rm -f "$here/agent.sock" "$here/collector.sock"
mkfifo "$found/nobody"
check the_server_does_not 0 "^aborted" dumps assay-server --config "$work/server.conf" run
check nor_does_the_agent 0 "^aborted" dumps assay-agent --config "$here/agent.conf" run
check nor_the_collector 0 "^aborted" dumps assay-collector --config "$here/agent.conf"
check nor_who_unlocks 0 "^aborted" dumps assay-unlock --uuid $volume --device "$disk" --config "$here/agent.conf" --opened "$work/opened" --deadline 60
check nor_the_command_line 0 "^aborted" dumps assay --config "$work/assay.conf" disk recover "$found/nobody" --signer "$found/nobody" --key "$found/nobody"
