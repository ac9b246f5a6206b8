#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The scripts of the initramfs as busybox's shell runs them, with commands that only note what they were called with; its
# network in a namespace of its own; and what stands before cryptsetup, with a real one. A line per check; test_initramfs.c
# asserts the lines. Call: initramfs.sh BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
. "$top/tests/integration/check.sh"
work=$(mktemp -d /tmp/assay-initramfs.XXXXXX)
trap 'rm -rf "$work"' EXIT
shipped="$top/deploy/initrd $top/deploy/initramfs-tools/lib"
notes=$work/notes
link=$(command -v ip) # busybox's has no "veth", and its shell takes its own before others
export work notes link

# ---- commands that note ----
mkdir -p "$work"/{bin,lib/assay,lib/cryptsetup,etc/assay,run}
fake() { # path: a script from stdin
	{ echo '#!/bin/sh'; cat; } >"$1"
	chmod 755 "$1"
}
fake "$work/bin/plymouth" <<'FAKE'
[ "$1" = --ping ] && { [ -e "$work/plymouth.runs" ]; exit; }
echo "plymouth $*" >>"$notes"
FAKE
fake "$work/bin/assay-agent" <<'FAKE'
echo "agent $*" >>"$notes"
FAKE
fake "$work/bin/assay-unlock" <<'FAKE'
case " $* " in
*" --typed "*)
	typed=$(cat)
	echo "typed $(printf %s "$typed" | wc -c)" >>"$notes"
	[ "$typed" = right ] || { echo "assay: that opens no keyslot of the volume" >&2; exit 2; }
	printf %s right ;;
*)
	echo "asked" >>"$notes"
	echo "assay: asking for this volume's key" >&2
	[ ! -e "$work/refuses" ] || { echo "assay: the server gives no key: device 8086:1 has \other \"firmware\"" >&2; exit 2; }
	printf %s "of the server" ;;
esac
FAKE
fake "$work/lib/cryptsetup/askpass" <<'FAKE'
echo "askpass $*" >>"$notes"
printf %s right
FAKE
echo '[volume 11111111-2222-4333-8444-555555555555]' >"$work/etc/assay/agent.conf"
# the same scripts, with these folders in place of those of the root
for name in functions network assay-keyscript; do
	sed "s,/lib/assay/,$work/lib/assay/,g; s,/lib/cryptsetup/,$work/lib/cryptsetup/,g; s,/etc/assay,$work/etc/assay,g; s,/run/assay,$work/run/assay,g; s,/etc/resolv.conf,$work/resolv.conf,g" \
		"$(find $shipped -name "$name")" >"$work/lib/assay/$name"
done
sh() { PATH=$work/bin:$PATH busybox sh "$@"; }
with_functions() { sh -c ". $work/lib/assay/functions; $1"; }
fresh() { rm -rf "$notes" "$work/plymouth.runs" "$work/refuses" "$work/run/assay"; touch "$notes"; }

# ---- sentences ----
say() { fresh; with_functions 'assay_say "no card eth0"' || return; cat "$notes"; }
check a_sentence_goes_to_the_console 0 '^assay: no card eth0$' say
check and_nowhere_else_where_plymouth_does_not_run 1 '' eval 'say >/dev/null 2>&1; grep plymouth "$notes"'
say_on_a_splash() { fresh; touch "$work/plymouth.runs"; with_functions 'assay_say "no card eth0"'; cat "$notes"; }
check where_it_runs_plymouth_shows_it 0 '^plymouth display-message --text=assay: no card eth0$' say_on_a_splash
check and_the_console_too 0 '^assay: no card eth0$' say_on_a_splash
told() { fresh; touch "$work/plymouth.runs"; with_functions 'assay_told sh -c "echo assay: one >&2; printf key; echo two >&2; exit '"$1"'"' >"$work/out" 2>/dev/null; }
check a_commands_exit_status_stays 7 '' told 7
check also_when_it_is_good 0 '' told 0
check what_it_says_is_shown_line_by_line 0 '^assay: one,assay: two,$' eval 'sed -n "s/^plymouth display-message --text=//p" "$notes" | tr "\n" ,'
check and_what_it_prints_goes_past 0 '^key$' cat "$work/out"
check no_byte_of_which_is_shown 1 '' grep key "$notes"

# ---- the keyscript, as Debian's scripts call it ----
keyscript() { # tried
	CRYPTTAB_TRIED=$1 CRYPTTAB_NAME=root CRYPTTAB_SOURCE=/dev/vda _CRYPTTAB_SOURCE=UUID=11111111-2222-4333-8444-555555555555 \
		sh "$work/lib/assay/assay-keyscript" none >"$work/out" 2>"$work/err"
}
fresh; touch "$work/plymouth.runs"
check the_servers_key_comes_out 0 '' keyscript 0
check and_nothing_else 0 '^of the server$' cat "$work/out"
check its_progress_is_on_the_splash 0 "^plymouth display-message --text=assay: asking for this volume's key$" cat "$notes"
check nobody_is_asked_then 1 '' grep -E 'askpass|agent' "$notes"
fresh; touch "$work/plymouth.runs" "$work/refuses"
check a_refusal_ends_in_what_is_typed 0 '' keyscript 0
check which_comes_out 0 '^right$' cat "$work/out"
check the_refusal_is_on_the_splash_word_for_word 0 'text=assay: the server gives no key: device 8086:1 has \\other "firmware"$' cat "$notes"
check and_on_the_console 0 'gives no key: device 8086:1' cat "$work/err"
check the_cap_comes_before_the_prompt 0 '^asked agent askpass typed $' eval "grep -oE '^(asked|agent|askpass|typed)' '$notes' | tr '\n' ' '"
check the_cap_says_that_somebody_was_asked 0 'opened --asked cap$' grep '^agent' "$notes"
check debians_askpass_prompts_by_plymouth_or_console 0 '^askpass Please unlock disk root: $' grep '^askpass' "$notes"
fresh
check a_second_try_is_no_networks_matter 0 '' keyscript 1
check so_the_server_is_not_asked 1 '' grep '^asked' "$notes"
fake "$work/lib/cryptsetup/askpass" <<'FAKE'
printf %s wrong
FAKE
fresh; touch "$work/plymouth.runs"
check what_opens_nothing_is_an_error 2 '' keyscript 1
check with_no_output 0 '^0$' stat -c %s "$work/out"
check and_is_told_on_the_splash 0 'text=assay: that opens no keyslot' cat "$notes"
mv "$work/lib/assay/functions" "$work/functions.away" # agent.conf has no volume, and crypttab its old line
check where_nothing_of_ours_is_there_a_person_opens_the_disk 0 '' keyscript 0
check with_what_is_typed 0 '^wrong$' cat "$work/out"
mv "$work/functions.away" "$work/lib/assay/functions"

# ---- before cryptsetup ----
disk=$work/disk cryptsetup=/sbin/cryptsetup
truncate -s 20M "$disk"
$cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file <(printf first) "$disk" || echo "FAIL all: luksFormat"
late() { # program: a key that gets its keyslot while the program runs opens it?
	$cryptsetup luksKillSlot -q "$disk" 1 --key-file <(printf first) 2>/dev/null
	{
		sleep 1
		$cryptsetup -q luksAddKey --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-slot 1 --key-file <(printf first) "$disk" <(printf second) >&2
		printf second
	} | CRYPTTAB_OPTION_keyscript=${2:-/lib/cryptsetup/scripts/assay-keyscript} "$1" -T1 --type=luks --key-file=- open --test-passphrase "$disk"
}
waits=$build/tests/cryptsetup-waits
check cryptsetup_has_read_the_header_before_the_key_comes 2 'No key available' late $cryptsetup
check what_stands_before_it_waits 0 '' late "$waits"
check but_not_for_keyscripts_of_others 2 'No key available' late "$waits" /lib/cryptsetup/scripts/other-assay-keyscripts
check an_end_without_a_key_is_an_end 1 'Nothing to read' eval ': | CRYPTTAB_OPTION_keyscript=/x/assay-keyscript timeout 20 "$waits" -T1 --type=luks --key-file=- open --test-passphrase "$disk"'
mkfifo "$work/silent"
exec 5<>"$work/silent" # nothing ever comes out of it
check other_verbs_go_through 0 '^[0-9a-f-]{36}$' eval 'CRYPTTAB_OPTION_keyscript=/x/assay-keyscript timeout 20 "$waits" luksUUID -- "$disk" <&5'
check it_is_the_file_that_cryptroot_unlock_looks_for 0 "^$waits$" eval '
	{ sleep 2; printf first; } | { CRYPTTAB_OPTION_keyscript=/x/assay-keyscript exec "$waits" -T1 --type=luks --key-file=- open --test-passphrase "$disk"; } & sleep 1; readlink "/proc/$!/exe"; wait $!'
check and_shows_its_exit_status 0 '' eval 'printf first | CRYPTTAB_OPTION_keyscript=/x/assay-keyscript "$waits" -T1 --type=luks --key-file=- open --test-passphrase "$disk"'

# ---- who asks in dracut's ----
echo 'root UUID=11111111-2222-4333-8444-555555555555 none luks' >"$work/crypttab"
echo 'Id=cryptsetup:/dev/sda' >"$work/question"
named() { # what stands as UUID in a header: the name that the volume is asked for by
	said=$1 bash -c "$(sed -n '/^field()/p; /^line_of()/,/^}/p; /^is_volume()/,/^}/p' "$top/deploy/dracut/91assay/ask" | sed "s,/etc/crypttab,$work/crypttab,")"'
		cryptsetup() { echo "$said"; }
		is_volume "$work/question" && echo "$name"'
}
check a_volume_is_asked_for_by_the_name_that_it_has 0 '^root$' named 11111111-2222-4333-8444-555555555555
check or_by_its_uuid 0 '^luks-11111111-2222-4333-8444-555555555556$' named 11111111-2222-4333-8444-555555555556
check what_stands_in_a_header_in_the_place_of_a_uuid_is_none 1 '' named ",x,;1e touch $work/ran #"
check and_no_command_of_sed 1 '' test -e "$work/ran"

# ---- the network ----
inside() { # commands: in a network of two, `outer` in another namespace with a listener at port 7, `inner` here
	unshare -r -n -p -f --mount-proc busybox sh -c '
		mount -t sysfs none /sys # with the cards of this one
		unshare -n sleep 30 & other=$!
		while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
		there() { nsenter -t $other -n "$@"; }
		$link link add inner type veth peer name outer && $link link set outer netns $other || exit
		there sh -c "echo 0 >/proc/sys/net/ipv6/conf/outer/accept_dad; ip link set lo up; ip link set outer up; ip -6 addr add fd00:7::1/64 dev outer; ip -6 addr add fd00:8::1/128 dev lo"
		there busybox nc -ll -p 7 -e echo reached &
		PATH=$work/bin:$PATH; NIC_WAIT=5
		. $work/lib/assay/functions; . $work/lib/assay/network; assay_folder
		'"$1"'
		exit' # with all that it began
}
reach='busybox nc -w 3 fd00:7::1 7 </dev/null'
check an_address_of_ipv6_reaches_its_neighbour_at_once 0 '^reached$' inside "assay_ip6 '[fd00:7::2]:::64::inner:none' && $reach"
check its_gateway_leads_beyond 0 '^reached$' inside "assay_ip6 '[fd00:7::2]::[fd00:7::1]:64:host:inner:none' && busybox nc -w 3 fd00:8::1 7 </dev/null"
check without_one_nothing_is_beyond 0 '^reached nearby$' inside "assay_ip6 '[fd00:7::2]:::64:host:inner:none' && echo \$($reach) nearby && ! busybox nc -w 3 fd00:8::1 7 </dev/null"
check a_gateway_that_is_there_already_is_no_hindrance 0 '^reached$' inside "assay_ip6 '[fd00:7::2]::[fd00:7::1]:64:host:inner:none' && assay_ip6 '[fd00:7::3]::[fd00:7::1]:64:host:inner:none' && busybox nc -w 3 fd00:8::1 7 </dev/null"
check afterwards_addresses_are_asked_about_as_before 0 '^0, then 1$' inside "is() { cat /proc/sys/net/ipv6/conf/inner/accept_dad; }; assay_ip6 '[fd00:7::2]:::64:host:inner:none' && was=\$(is) && assay_stop && echo \$was, then \$(is)"
check its_name_server_is_noted 0 '^nameserver fd00:7::1$' inside "assay_ip6 '[fd00:7::2]::[fd00:7::1]:64::inner:none:[fd00:7::1]' && cat $work/resolv.conf"
check a_card_that_comes_late_is_waited_for 0 '^reached$' inside "ip link set inner name away; (sleep 2; ip link set away name inner) & assay_ip6 '[fd00:7::2]:::64::inner:none' && $reach"
check but_not_for_ever 1 'no network card inner came up in 2 s' inside "NIC_WAIT=2; ip link set inner name away; assay_ip6 '[fd00:7::2]:::64::inner:none'"
for bad in '[fd00:7::2]:::64::inner:dhcp' '[fd00:7::2]:::::inner:none' '[fd00:7::2]:::64:::none' '[fd00:7::2]:x::64::inner:none' '[fd00:7::2]:::64::inner:none::more'; do
	grep -qF "ip=$bad is not understood" < <(inside "assay_ip6 '$bad'" 2>&1) || echo "$bad is understood"
done >"$work/bad"
check words_that_are_none_are_not_understood 0 '^0$' stat -c %s "$work/bad"
vlan() { inside "ip() { echo \"ip \$*\"; }; assay_vlan '$1'"; } # this kernel may have none: what is asked for
check a_vlan_is_made_by_the_digits_of_its_name 0 '^ip link add link inner name bond2.0042 type vlan id 42$' vlan bond2.0042:inner
for bad in inner vlan:inner vlan0:inner vlan5:a:b :inner vlan5: vlan4095:inner; do
	grep -qF "vlan=$bad is not understood" < <(inside "assay_vlan '$bad'" 2>&1) || echo "$bad is understood"
done >"$work/bad"
check what_is_no_vlan_is_not_understood 0 '^0$' stat -c %s "$work/bad"
