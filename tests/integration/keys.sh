#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The life of a server's keys, on real parts: what docs/OPERATIONS.md tells to do with them, and a host whose disk opens
# before and after. A line per check, as disk.sh. Call: keys.sh BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
. "$top/deploy/rig.sh"
. "$top/tests/integration/check.sh"
rig_begin keys
rig_tpm
rig_devices 1
rig_policy="releases = 0"
rig_server
rig_host disk-host "$(cat /proc/sys/kernel/random/uuid)"
rig_learn disk/golden
volume=5f0c3b54-92ab-4c57-8b0f-8f1c5a0e7d11
disk=$work/disk
cryptsetup=/sbin/cryptsetup
srv="assay-server --config $work/server.conf"

opens() { $cryptsetup open --test-passphrase --disable-external-tokens "$@"; } # options...
unlock() {
	rm -f "$work/phrase"
	assay-unlock --uuid $volume --device "$disk" --config "$here/agent.conf" --opened "$work/opened" --deadline 20 >"$work/phrase" || return
	opens --key-file "$work/phrase" "$disk"
}
stop_server() { kill "$server_pid"; wait "$server_pid" 2>/dev/null; }
start_server() {
	start server $srv run
	server_pid=$started
	await server grep -q event=started "$here/server.log"
}
modes() { (cd "$1" && find . -mindepth 1 -printf '%P %m\n' | sort | tr '\n' ';'); } # of all in a folder
kid() { head -c1 "$work/$1/nonce.keys" | xxd -p; }
audit() { # event: the newest record of it
	python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT detail FROM audit WHERE event = ? ORDER BY seq DESC LIMIT 1", sys.argv[2:]).fetchone()[0])' "$state/assay.db" "$1"
}
in_place() { # folder: it is the state folder from now on
	state=$work/$1
	sed -i "s|^state = .*|state = $state|" "$work/server.conf"
}
state=$work/server

printf 'of a person' >"$work/pass"
truncate -s 32M "$disk"
$cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid $volume --key-file "$work/pass" "$disk" || fail "luksFormat"
$assay disk enroll "$disk" --key-file "$work/pass" --recovery-out "$work/recovery" --agent-config "$here/agent.conf" >/dev/null || fail "disk enroll"
check a_disk_opens 0 "" unlock

# a copy of all, while the server runs
check a_backup_is_made_beside_a_running_server 0 "all up to record [1-9]" $srv backup "$work/backup"
check its_artefacts_lie_apart_and_are_private 0 "^database 700;database/assay.db 600;floor 700;floor/audit.floor 600;kek 700;kek/kek.pem 600;keys 700;keys/deployment.id 600;keys/ear.pem 600;keys/nonce.keys 600;keys/root.sealed 600;keys/tls-next.crt 644;keys/tls-next.key 600;keys/tls.crt 644;keys/tls.key 600;manifest.json 600;$" modes "$work/backup"
check no_backup_is_overwritten 2 "exists" $srv backup "$work/backup"
check the_server_goes_on_writing 0 "" unlock
check its_keys_do_not_change_while_it_runs 2 "stop it first" $srv rekey
check nothing_is_restored_over_it 2 "stop it first" $srv restore "$work/backup"
stop_server
check nor_over_what_is_there 2 "is there already" $srv restore "$work/backup"

# all is lost, and comes back elsewhere
mv "$work/server" "$work/lost"
in_place elsewhere
cp -r "$work/backup" "$work/changed"
printf x >>"$work/changed/keys/ear.pem"
check a_backup_that_was_changed_is_refused 2 "ear.pem is not what the manifest says" $srv restore "$work/changed"
check before_anything_is_written 0 "^$" modes "$work/elsewhere"
rm "$work/changed/manifest.json"
check so_is_one_that_was_never_finished 2 "manifest.json" $srv restore "$work/changed"
check a_backup_is_restored_elsewhere 0 "^$" $srv restore "$work/backup"
check with_nonces_that_only_it_has_made 0 "^$(printf %02x $((0x$(kid lost) + 1)))$" kid elsewhere
check and_none_of_before 0 "^41$" stat -c %s "$work/elsewhere/nonce.keys"
start_server
check a_host_attests_to_it 0 "affirming" $assay attest
check and_its_disk_opens 0 "" unlock

# the same machine, an older database: the floor that stayed tells
stop_server
mkdir "$work/third"
cp "$work/elsewhere/audit.floor" "$work/third/"
in_place third
check an_older_database_is_noticed 2 "all is restored, but: database is older than record [0-9]+ .*accept-database [0-9]+" $srv restore "$work/backup"
check and_does_not_serve 2 "database is older than record" timeout 20 $srv run
ends=$($srv run 2>&1 | sed -n 's/.*accept-database \([0-9]*\).*/\1/p')
check it_is_accepted_by_who_says_where_it_ends 1 "ends at record $ends, not 3" $srv accept-database 3
check and_means_it 0 "^$" $srv accept-database "$ends"
check once_is_enough 0 "unbroken" $srv check-audit
start_server
check the_log_tells_of_it 0 "\"ends\":$ends,\"floor\":[0-9]+" audit older-database-accepted
check and_of_the_restore_before 0 "^{}$" audit backup-made
check a_host_attests_as_before 0 "affirming" $assay attest
check and_its_disk_still_opens 0 "" unlock
rm "$work/third/audit.floor"
stop_server
check a_lost_floor_is_noticed_too 2 "floor file is empty.*accept-database" timeout 20 $srv run
$srv accept-database "$($srv run 2>&1 | sed -n 's/.*accept-database \([0-9]*\).*/\1/p')" || fail "accept"

# every key is changed
$srv audit-head >"$work/head.old"
cp "$work/third/kek.pem" "$work/kek.old"
check another_key_encryption_key 0 "rows are written under key-encryption key [0-9a-f]{16}" $srv rotate kek
check is_another_file 1 "differ" cmp "$work/kek.old" "$work/third/kek.pem"
check another_nonce_key 0 "next start" $srv rotate nonce
check another_key_of_results 0 "next start" $srv rotate ear
check heads_signed_by_the_old_one_still_count 0 "record [0-9]+ is in the log" $srv check-audit "$work/head.old"
pins() { $srv pins | grep "^pin = " | sed -n "$1p"; }
next=$(pins 2 | sed "s|+|[+]|g")
check every_host_has_told_that_it_knows_the_next_one 0 "initramfs of 0 and the system of 0 of 1 hosts; 0 have told nothing" $srv pins
check the_next_tls_key_is_the_one_in_use 0 "^$next$" sh -c "$srv rotate tls 2>/dev/null | sed -n 1p"
check and_another_one_is_next 0 "^pin = [A-Za-z0-9+/]{43}=$" pins 2
start_server
check a_host_that_has_both_pins_attests 0 "affirming" $assay attest
check and_its_disk_opens_after_all_of_it 0 "" unlock

# the mainboard breaks, and the TPM with it
kill "$agent_pid" "$collector_pid" "$tpm_pid"
wait "$agent_pid" "$collector_pid" "$tpm_pid" 2>/dev/null
rm -rf "$here/tpm" "$here/agent.sock" "$here/collector.sock"
rig_tpm
check another_tpm_is_another_host 2 "nothing vouches for this TPM" assay-agent --config "$here/agent.conf" enroll
check the_old_one_is_removed_with_its_shares 0 "^done$" $assay host remove disk-host --yes
check which_are_shredded 0 "\"host\":\"disk-host\".*\"shares_shredded\":[1-9]" audit host-removed
check and_none_is_left 0 "^0$" sh -c "$assay secret list --json | jq '.secrets | length'"
rig_host disk-host "$(cat /proc/sys/kernel/random/uuid)"
check the_recovery_key_opens_meanwhile 0 "" opens --key-slot 1 --key-file <(tr -d '\n' <"$work/recovery") "$disk"
check the_old_keyslots_are_forgotten 0 "keyslots removed" $assay disk forget "$disk" --yes
check and_made_anew_for_the_new_one 0 "opens with this TPM and the server" $assay disk enroll "$disk" --key-file "$work/pass" --recovery-out "$work/recovery2" --agent-config "$here/agent.conf"
check so_that_the_disk_opens_there 0 "" unlock

stop_server
check who_would_be_locked_out_is_told 2 "initramfs of 1 and the system of 0 hosts do not know the next key" $srv rotate tls
check by_name 0 "without it: disk-host, in its initramfs" $srv pins
$srv rotate tls --yes >/dev/null 2>&1
start_server
check one_that_was_never_told_the_pin_does_not 2 "pinned public key" $assay host list
stop_server
# killed between its two files: the new key, the old certificate
mv "$state/tls-next.key" "$state/tls.key"
mv "$work/lost/tls.crt" "$state/tls.crt"
check a_rotation_that_was_cut_short_is_finished 2 "learn its pin" $srv rotate tls
check and_a_next_key_is_there_again 0 "^pin = [A-Za-z0-9+/]{43}=$" pins 2
start_server
check the_server_has_a_certificate_of_its_key 0 "$(pins 1 | cut -d= -f2- | tr -d ' ' | sed 's/[+]/[+]/g')" sh -c "openssl s_client -connect 127.0.0.1:$(sed -n 's/^port = //p' "$work/server.conf") </dev/null 2>/dev/null | openssl x509 -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64"
