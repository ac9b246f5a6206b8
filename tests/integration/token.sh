#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The token plugin as it is installed, in cryptsetup as it is: both stand where they are looked for in a mount namespace,
# so that nothing of it is left on this machine. A line per check; test_token.c asserts the lines.
# Call: token.sh BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
. "$top/deploy/rig.sh"
. "$top/tests/integration/check.sh"
apart="unshare --mount"
[ "$(id -u)" = 0 ] || apart="unshare --mount --map-root-user"
$apart true 2>/dev/null || { echo "SKIP all: no mount namespace to be had here, and the plugin is looked for in one folder alone"; exit 0; }
rig_begin token
rig_tpm
rig_devices 1
rig_policy="releases = 0"
rig_server
rig_host token-host "$(cat /proc/sys/kernel/random/uuid)"
rig_learn token/golden
volume=5f0c3b54-92ab-4c57-8b0f-8f1c5a0e7d13
disk=$work/disk
cryptsetup=/sbin/cryptsetup

# ---- what is installed, and where ----
DESTDIR=$work/stage cmake --install "$build" --component token >"$work/install.out" || fail "install: $(cat "$work/install.out")"
plugin=$(find "$work/stage" -name 'libcryptsetup-token-assay.so')
[ -f "$plugin" ] || fail "no plugin was installed"
folder=$(dirname "${plugin#"$work/stage"}")
program=$(grep -aoE '/[[:alnum:]/_.-]*/assay-unlock' "$plugin" | sort -u)
programs=$(dirname "$program")
[ -d "$folder" ] && [ -d "$programs" ] || fail "no $folder or no $programs to mount over"
cp "$build/tests/libcryptsetup-token-assay-test.so" "$(dirname "$plugin")/" || fail "the other plugin"
mkdir -p "$work/programs"
as() { # what assay-unlock is from now on: lines of a shell script
	printf '#!/bin/sh\n%s\n' "$1" >"$work/programs/assay-unlock"
	chmod 755 "$work/programs/assay-unlock"
}
genuine="exec $build/agent/assay-unlock \"\$@\" --config $here/agent.conf --opened $work/opened"
inside() { # command...: where both are in their places
	$apart sh -c 'mount --bind "$1" "$2" && mount --bind "$3" "$4" && shift 4 && exec "$@"' - \
		"$(dirname "$plugin")" "$folder" "$work/programs" "$programs" "$@"
}
opens() { inside $cryptsetup open --test-passphrase "$@"; }
by_token() { opens --token-only -v "$@"; }
shown() { inside $cryptsetup luksDump "$disk" | tr '\n' ' '; }
with_passphrase() { opens -v --key-file "$work/pass" "$@"; }

check it_loads_nothing_but_libcryptsetup_and_libc 0 "^libc\.so\.6 libcryptsetup\.so\.12 $" sh -c "objdump -p '$plugin' | awk '/NEEDED/ { print \$2 }' | sort | tr '\n' ' '"
check and_shows_the_five_functions_of_its_version 0 "^5$" sh -c "objdump -T '$plugin' | grep -c '[.]text.*CRYPTSETUP_TOKEN_1[.]0  *cryptsetup_token_'"

printf 'of a person' >"$work/pass"
truncate -s 32M "$disk"
$cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid $volume --key-file "$work/pass" "$disk" || fail "luksFormat"
$assay disk enroll "$disk" --key-file "$work/pass" --recovery-out "$work/recovery" --agent-config "$here/agent.conf" >"$work/enroll.out" 2>&1 || fail "enroll: $(cat "$work/enroll.out")"
epoch=$($assay disk status "$disk" --json | jq -r '[.ours[] | .epoch] | max')
ours=$($cryptsetup luksDump "$disk" | sed -n 's/^ *\([0-9]*\): assay$/\1/p')

# ---- it opens ----
as "$genuine"
check the_plugin_opens_what_attests 0 "unlocked" by_token "$disk"
check and_by_its_kind 0 "unlocked" by_token --token-type assay "$disk"
check what_was_opened_is_told_for_the_cap 0 "^[0-9a-f]{64}$" cat "$work/opened/$volume"
check a_wrong_passphrase_is_not_even_tried 0 "unlocked" opens -v --key-file "$work/assay.conf" "$disk"
check who_wants_no_plugin_gets_none 2 "" opens --disable-external-tokens --key-file "$work/assay.conf" "$disk"
check the_header_is_shown_with_epoch_and_state 0 "epoch: +$epoch.*state: +active" shown

# ---- what is no token of ours ----
token() { jq -c "$1" "$work/token.json"; }
$cryptsetup token export --token-id "$ours" "$disk" >"$work/token.json" || fail "token export"
cp "$disk" "$work/copy"
import() { token "$1" >"$work/changed.json" && inside $cryptsetup token import --json-file "$work/changed.json" "$work/copy"; }
check a_token_as_it_is_is_taken 0 "" import .
check one_without_a_half_is_refused 1 "private is missing" import 'del(.private)'
check one_of_another_version_is_refused 1 "version is not 1" import '.version = 2'
check one_of_an_unknown_state_is_refused 1 "no such state" import '.state = "active "'
check one_that_names_a_server_is_refused 1 "more members" import '.server = "https://there"'
check one_of_epoch_0_is_refused 1 "epoch 0" import '.epoch = "0"'
check one_with_an_epoch_as_a_number_is_refused 1 "epoch is not of its kind" import '.epoch = 1'
check one_with_two_keyslots_is_refused 1 "keyslots is not of its kind" import '.keyslots = ["0", "1"]'
# Written past the plugin: whoever has the disk may.
token '.public = "%%"' | $cryptsetup token import --token-id 7 --json-file - "$work/copy" || fail "token import"
check nor_does_it_open_one_that_was_written_past_it 1 "" by_token --token-id 7 "$work/copy"

# ---- another one's volume ----
cp "$disk" "$work/foreign"
$cryptsetup -q luksUUID --uuid 5f0c3b54-92ab-4c57-8b0f-8f1c5a0e7d14 "$work/foreign" 2>/dev/null
check a_volume_that_the_configuration_does_not_name_is_not_opened 1 "is not of this host: the configuration has no" by_token "$work/foreign"

# ---- every way to fail lets the next token have its turn ----
printf '{"type":"assay-test","keyslots":["0"],"file":"%s"}' "$work/pass" | $cryptsetup token import --json-file - "$disk" || fail "token import"
as_told() { # options...: "errno; slot; what it says", of one run
	local start=$SECONDS
	opens --token-only --debug "$@" >"$work/debug" 2>&1
	sed -nE 's/^# Token [0-9]+ \(assay\) open failed with (-[0-9]+)\.$/\1/p' "$work/debug" | tr '\n' ';'
	sed -n 's/^Key slot \([0-9]*\) unlocked.*/ slot \1/p' "$work/debug" | tr '\n' ';'
	grep '^assay: ' "$work/debug"
	[ $((SECONDS - start)) -le 25 ] || echo "it took $((SECONDS - start)) s"
	! grep -q 'it-is-a-secret' "$work/debug" || echo "and it tells what it was given"
}
# libcryptsetup 2.6 makes one of ENOENT, EPERM and EINVAL; tests/unit/test_token_ask.c holds the plugin to them itself.
falls() { # name, errno, what it says, what assay-unlock does
	as "$4"
	check "$1" 0 "^-$2; slot 0;assay: $3\$" as_told "$disk"
}
check the_token_of_another_kind_is_not_needed 0 "^ slot [1-9];$" as_told "$disk"
phrase=it-is-a-secret-of-as-many-characters-as-our
falls refused_is_eperm 2 "because of it" "echo assay: asking >&2; echo assay: because of it >&2; exit 2"
falls enter_on_the_console_is_eperm 2 "this volume's key was not to be had" "exit 10"
falls no_configuration_is_enoent 2 "open agent.conf: no such file" "echo assay: open agent.conf: no such file >&2; exit 1"
falls nobody_answers_is_eagain 11 "cannot reach" "echo assay: cannot reach >&2; exit 3"
falls a_defect_is_eagain 11 "this volume's key was not to be had" "exit 4"
falls a_code_that_there_is_not_is_eagain 11 "this volume's key was not to be had" "exit 110"
falls one_that_is_killed_is_eagain 11 "this volume's key was not to be had" 'kill -9 $$'
falls one_that_sleeps_for_ever_is_ended_with_eagain 11 "there was no answer within 20 seconds" "exec sleep 1000"
falls so_is_one_that_closed_everything_and_goes_on 11 "there was no answer within 20 seconds" "exec >/dev/null 2>&1; exec sleep 1000"
falls nothing_at_all_is_einval 2 "this volume's key was not to be had" "exit 0"
falls too_short_is_einval 2 "this volume's key was not to be had" "printf it-is-a-secret"
falls too_long_is_einval 2 ".*/assay-unlock prints more than it has to" "echo $phrase"
falls without_end_is_einval 2 ".*/assay-unlock prints more than it has to" "exec yes it-is-a-secret"
falls words_without_end_are_einval 2 ".*/assay-unlock prints more than it has to" "exec yes >&2"
falls what_it_says_cannot_steer_a_terminal 2 "a.?.2Jb" "printf 'assay: a\\033[2Jb' >&2; exit 2"
as "printf %s $phrase; exit 2"
check a_passphrase_beside_a_refusal_is_none 0 "^-2; slot 0;" as_told "$disk"
as "printf %s $phrase"
check a_passphrase_that_opens_nothing_lets_the_next_try 0 "^ slot 0;$" as_told "$disk"
rm "$work/programs/assay-unlock"
check no_program_is_enoent 0 "^-2; slot 0;assay: .*/assay-unlock does not start$" as_told "$disk"
as "env | sort >$work/env; ls -l /proc/self/fd | grep -c ' [3-9] ->' >>$work/env; exit 2"
SECRET_OF_CALLER=x LD_LIBRARY_PATH=/tmp opens --token-only "$disk" 7<"$work/pass" >/dev/null 2>&1
check it_gets_nothing_of_the_callers_environment 1 "" grep -E "SECRET|LD_" "$work/env"
check but_two_lines_of_its_own 0 "^LC_ALL=C PATH=/usr/bin:/bin" sh -c "grep -vE '^(PWD|_|SHLVL|OLDPWD)=' $work/env | tr '\n' ' '"
as "exit 3"
check and_a_passphrase_comes_after_the_tokens 0 "unlocked" with_passphrase "$disk"

# ---- the host changes ----
as "$genuine"
sed 's/^2 .*/2 firmware digest-of:firmware 6.6.6/' "$here/device1.measurements" >"$work/is"
spdm-device tell "$here/devices.control" set device1 measurements "$work/is" >/dev/null || fail "devices do not listen"
check a_device_that_is_not_as_it_has_to_be_opens_nothing 0 "^-2; slot 0;assay: .*device 1b36:0010/00000000000000a1/0 .*expected [0-9a-f]{8}[.]{3}, found [0-9a-f]{8}[.]{3}" as_told "$disk"
check and_alone_it_is_refused 1 "No usable token" by_token --token-id "$ours" "$disk"
spdm-device tell "$here/devices.control" set device1 measurements "$here/device1.measurements" >/dev/null || fail "devices do not listen"
check it_opens_again_when_it_is 0 "^ slot [1-9];$" as_told "$disk"

# ---- keys change under the hands of who opens ----
epochs() { $assay disk status "$disk" --json | jq -r '[.ours[] | "\(.epoch - '"$epoch"') \(.state)"] | sort | join(", ")'; }
check an_operator_asks_for_the_next_epoch 0 "" $assay secret rotate $volume
check it_opens_while_the_next_epoch_is_made 0 "^ slot [1-9];$" as_told --token-type assay "$disk"
check whose_keyslot_stands_beside_it 0 "^0 active, 1 active$" epochs
check and_opens_the_next_time_with_one_question 0 "^-2; slot [1-9];$" as_told --token-type assay "$disk"
check after_which_it_is_the_only_one 0 "^1 active$" epochs
check and_the_one_that_opens 0 "^ slot [1-9];$" as_told --token-type assay "$disk"

# ---- nobody there; the end ----
kill "$agent_pid"; wait "$agent_pid" 2>/dev/null
rm -f "$here/agent.sock"
begun=$SECONDS
check without_an_agent_it_does_not_wait 0 "^-11;assay: connect to .*/agent.sock: No such file" as_told --token-type assay "$disk"
check nor_do_others_wait_for_it 0 "" test $((SECONDS - begun)) -le 8
assay-agent --config "$here/agent.conf" --opened "$work/opened" cap >"$work/cap.out" 2>&1 || fail "cap: $(cat "$work/cap.out")"
start agent assay-agent --config "$here/agent.conf" run
agent_pid=$started
await agent test -S "$here/agent.sock"
check what_opened_by_the_plugin_is_affirmed 0 "affirming" $assay attest
check after_the_cap_it_is_eperm_with_the_reason 0 "^-2;assay: .*PCR 15 is extended" as_told --token-type assay "$disk"
check and_the_passphrase_opens 0 "unlocked" with_passphrase "$disk"
check nothing_is_left_on_this_machine 1 "" test -e "$folder/libcryptsetup-token-assay-test.so"
