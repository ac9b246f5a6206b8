# SPDX-License-Identifier: Apache-2.0
# Who is root before the disk opens, who has recorded what the server gave, who puts an old header back, and power that goes
# in the middle of a change. Sourced by run after network.sh.

attack_scenarios="a_recorded_release_opens_in_its_boot_and_not_after_a_reset nor_after_a_restart_for_which_nothing_is_released
	after_the_cap_agent_server_and_tpm_refuse_each_by_itself and_so_they_do_when_the_initramfs_was_left
	a_header_from_before_a_change_is_refused_and_a_person_opens_the_disk
	power_that_goes_at_each_step_the_server_sees_leaves_a_disk_that_opens power_that_goes_between_writes_of_a_change_does_so_too"

# ---- root in an initramfs that is as it was signed: an initramfs with a hole, which an operator has signed ----
hostile=/run/hostile # where our program is in the guest
hostile_made() { # $work/hostile, of the libraries that are delivered
	local agent=$delivered/agent
	[ -x "$work/hostile" ] || gcc -std=gnu17 -O1 -I "$top" -o "$work/hostile" "$top/tests/tools/hostile-host.c" -Wl,--wrap=transport_call_same \
		"$agent/libassay_agent_lib.a" "$delivered/libassay_proto.a" "$delivered/libassay_common.a" \
		$(pkg-config --libs tss2-esys tss2-mu tss2-rc tss2-tctildr libcurl libsystemd libnl-genl-3.0 jansson libcbor inih libcrypto)
}
hole_made() { # $work/initrd.hole
	local signed=$work/initrd.signed
	[ ! -f "$work/initrd.hole" ] || return 0
	cp "$work/initrd.img" "$signed" || return
	put /etc/initramfs-tools/scripts/init-premount/hole <<-'HOLE'
		#!/bin/sh
		case ${1:-} in
		prereqs) echo assay; exit 0 ;;
		esac
		exec 8</dev/ttyS1 9>/dev/ttyS1
		stty -F /dev/ttyS1 -echo -onlcr
		echo >&9; echo @@READY >&9
		while read -r line <&8 && [ "$line" != go ]; do eval "$line" >&9; echo "@@END $?" >&9; done
		exec 8<&- 9>&-
	HOLE
	chmod 755 "$host/etc/initramfs-tools/scripts/init-premount/hole"
	put /etc/assay/agent.conf <"$work/agent.conf"
	disk_initramfs && ! cmp -s "$work/initrd.img" "$signed" && mv "$work/initrd.img" "$work/initrd.made" || return
	cp "$signed" "$work/initrd.img" && rm "$host/etc/initramfs-tools/scripts/init-premount/hole" || return
	boot && logged_in && serve_in_the_system && next_signed "$work/initrd.made" && mv "$work/initrd.made" "$work/initrd.hole"
}
hole_boot() { # to a shell of root, who is there before the disk opens
	local vm_initramfs
	hostile_made && hole_made || return
	vm_initramfs=$work/initrd.hole
	boot && vm_read @@READY >/dev/null &&
		guest 'for i in $(seq 150); do test ! -S /run/assay/agent.sock || test ! -S /run/assay/collector.sock || break; sleep 0.2; done; cat /run/assay/agent.log; test -S /run/assay/agent.sock && test -S /run/assay/collector.sock' &&
		bring_hostile
}
bring_hostile() { guest 'busybox mount -o remount,exec tmpfs /run' && bring "$work/hostile" "$hostile" && guest "chmod 755 $hostile"; }
hole_left() { printf 'go\n' >&"$to_guest"; } # what was signed goes on
asked() { # exit status wanted, [configuration]: of who asks for this volume's share, whatever PCR 15 says
	local rc epoch counter
	epoch=$(operator secret list --json | jq -r --arg v "$disk_uuid" '[.secrets[] | select(.volume == $v and .state == "current") | .epoch] | max') &&
		counter=$(sed -n "/^\[volume $disk_uuid\]/,/^\[/s/^counter = //p" "$work/agent.conf") && [ -n "$counter" ] || return
	guest "for i in \$(seq 10); do $hostile ask ${2:-/etc/assay/agent.conf} $disk_uuid $epoch $counter /run/answer; rc=\$?; [ \$rc = 4 ] || break; sleep 1; done; (exit \$rc)" >"$work/asked"
	rc=$?
	cat "$work/asked"
	[ "$rc" -eq "$1" ]
}
pcrs() { guest '(cd /sys/class/tpm/tpm0/pcr-sha256 && cat 0 1 2 3 4 5 6 7 8 9 11 12 14 15)'; } # those of a release
counts() { guest "$hostile counts /etc/assay/agent.conf"; }
recorded() { # what the server gives here, kept outside: it opens here
	asked 0 && guest 'base64 /run/answer' | base64 -d >"$work/release.recorded" && [ -s "$work/release.recorded" ] &&
		counts >"$work/counts.recorded" && pcrs >"$work/pcrs.recorded" && played 0 && grep -q 'unsealed' "$work/played"
}
played() { # exit status wanted, [configuration]: of the recorded release, played to the TPM
	local rc
	rm -f "$work/played"
	bring "$work/release.recorded" /run/release && guest "$hostile play ${2:-/etc/assay/agent.conf} /run/release $(cat "$work/counts.recorded") 2>&1" >"$work/played"
	rc=$?
	cat "$work/played"
	[ "$rc" -eq "$1" ]
}
booted_the_same() { pcrs | diff "$work/pcrs.recorded" -; } # what refuses is not that something else was booted
a_recorded_release_opens_in_its_boot_and_not_after_a_reset() {
	local before now
	hole_boot && recorded && read -r before _ <"$work/counts.recorded" && hole_boot && booted_the_same && counts >"$work/counts" && read -r now _ <"$work/counts" || return
	echo "resets $before, now $now"
	[ "$now" -gt "$before" ] && played 2 && grep -q 'K is another' "$work/played" && grep -q 'integrity check failed' "$work/played" || return
	hole_left && logged_in # this boot is a good one
}
nor_after_a_restart_for_which_nothing_is_released() {
	local resets restarts
	hole_boot && recorded && read -r resets restarts <"$work/counts.recorded" && guest "$hostile suspend" && hole_boot && booted_the_same || return
	echo "before: $resets $restarts, now: $(counts)"
	[ "$(counts)" = "$resets $((restarts + 1))" ] && played 2 && grep -q 'K is the same' "$work/played" && [ "$(grep -c 'TPM2_Unseal.*policy' "$work/played")" -ge 2 ] || return
	asked 2 && grep -q 'restarted since its last reset' "$work/asked" || return
	hole_left && refused 'restarted since its last reset' && opened_by_a_person "$(cat "$work/root.passphrase")" && boot && logged_in
}
refused_by_all() { # [configuration]: once PCR 15 is extended, each without the others
	guest "assay-unlock --config ${1:-/etc/assay/agent.conf} --uuid $disk_uuid --device \$(ls /dev/nvme?n1 | while read d; do cryptsetup isLuks \$d && echo \$d; done) --opened /run/o --deadline 20 2>&1 >/run/said" >"$work/unlocked"
	[ $? -eq 2 ] && cat "$work/unlocked" && grep -q 'PCR 15 is extended' "$work/unlocked" && guest 'test ! -s /run/said' || return
	asked 2 "${1:-}" && grep -q 'PCR 15 is extended: this boot has left the initramfs' "$work/asked" &&
		played 2 "${1:-}" && grep -q 'K is the same' "$work/played" && grep -q 'TPM2_Unseal.*policy' "$work/played"
}
after_the_cap_agent_server_and_tpm_refuse_each_by_itself() {
	hole_boot && recorded && guest 'assay-agent --config /etc/assay/agent.conf --opened /run/assay/opened cap 2>&1' && refused_by_all || return
	hole_left && refused 'PCR 15 is extended'
}
and_so_they_do_when_the_initramfs_was_left() {
	hole_boot && recorded && hole_left && logged_in && serve_in_the_system && bring_hostile && refused_by_all /run/agent.conf
}

# ---- an old header ----
a_header_from_before_a_change_is_refused_and_a_person_opens_the_disk() {
	local rc name
	vm_off
	for name in old new; do
		rm -f "$work/header.$name"
		cryptsetup luksHeaderBackup --header-backup-file "$work/header.$name" "$work/root.img" || return
		[ "$name" = old ] || break
		changed_next && boot && logged_in && [ "$(shares)" = "$((epoch_before + 1)) current" ] || return
		vm_off
	done
	cryptsetup luksHeaderRestore --batch-mode --header-backup-file "$work/header.old" "$work/root.img" &&
		boot && refused 'old or a foreign header' && opened_by_a_person "$(cat "$work/root.passphrase")"
	rc=$?
	vm_off
	cryptsetup luksHeaderRestore --batch-mode --header-backup-file "$work/header.new" "$work/root.img" && boot && logged_in && return "$rc"
}

# ---- power that goes while the next boot changes the epoch ----
shares() { # [UUID]: of the root volume or that: "EPOCH STATE, ..."
	operator secret list --json | jq -r --arg v "${1:-$disk_uuid}" '[.secrets[] | select(.volume == $v)] | sort_by(.epoch) | map("\(.epoch) \(.state)") | join(", ")'
}
changed_next() { # $epoch_before, which the next boot leaves behind
	epoch_before=$(shares) && epoch_before=${epoch_before%% *} && [ "$(shares)" = "$epoch_before current" ] && operator secret rotate "$disk_uuid"
}
power_gone() { # the machine has died; its TPM has kept what it was told
	wait "$qemu_pid" 2>/dev/null
	exec {to_guest}>&- {from_guest}>&- {to_qmp}>&- {from_qmp}>&-
	to_qmp=
	rm -f "$work"/{guest,qmp}.{in,out}
	wait "$vtpm_pid" 2>/dev/null
	tr -d '\r' <"$work/console" >"$work/seen" # as far as it came
}
opens_after_it() { # what was cut short is finished by who boots next
	echo "shares when power went: $(shares), $(keyslots_of_ours) keyslots of ours"
	boot && logged_in && vm_off && echo "after a boot: $(shares), $(keyslots_of_ours) keyslots" || return
	[ "$(shares)" = "$((epoch_before + 1)) current" ]
}
one_keyslot_is_left() { boot && logged_in && vm_off && [ "$(shares)" = "$((epoch_before + 1)) current" ] && [ "$(keyslots_of_ours)" -eq 1 ]; }
keyslots_of_ours() { cryptsetup luksDump "$work/root.img" | sed -n '/^Tokens:/,/^[A-Z]/p' | grep -c 'Keyslot:'; }
power_that_goes_at_each_step_the_server_sees_leaves_a_disk_that_opens() {
	local step wanted i
	for step in made stored counted; do
		vm_off
		changed_next || return
		case $step in
		made) wanted="$epoch_before current, $((epoch_before + 1)) pending" ;;
		stored) wanted="$epoch_before retiring, $((epoch_before + 1)) current" ;;
		counted) wanted="$((epoch_before + 1)) current" ;;
		esac
		boot || return
		for i in $(seq 1200); do
			[ "$(shares)" != "$wanted" ] || break
			kill -0 "$qemu_pid" 2>/dev/null || break
			sleep 0.05
		done
		kill -KILL "$qemu_pid" || return
		power_gone
		not_opened && [ "$(shares)" = "$wanted" ] || { echo "$step: wanted $wanted, found $(shares)"; return 1; }
		echo "power went after \"$step\""
		opens_after_it || return
	done
	vm_off
	one_keyslot_is_left
}
cut_at() { # strace's words: of a boot that changes the epoch, with the machine's writes to the root's drive traced into $work/writes
	vm_off
	changed_next && boot || return
	start cutter strace -f -qq -o "$work/writes" -P "$work/root.img" -e trace=pwrite64,pwritev,pwritev2,fdatasync "$@" -p "$qemu_pid"
}
power_that_goes_between_writes_of_a_change_does_so_too() { # where in it: a fifth, two fifths, ...
	local all at one_writer=yes # strace counts by threads
	cut_at && logged_in && vm_off || return
	all=$(grep -c 'pwrite' "$work/writes")
	echo "$all writes of a boot that changes the epoch"
	[ "$all" -gt 10 ] || return
	for at in 1 2 3 4; do
		cut_at -e "inject=pwrite64,pwritev,pwritev2:signal=KILL:when=$((all * at / 5))" || return
		for _ in $(seq 480); do
			kill -0 "$qemu_pid" 2>/dev/null || break
			sleep 0.25
		done
		if kill -0 "$qemu_pid" 2>/dev/null; then # how many writes there are is not the same each time
			echo "there was no write $((all * at / 5)) this time"
			[ "$at" -ge 3 ] && logged_in && break
			return 1
		fi
		power_gone
		not_opened || { echo "the change was over at write $((all * at / 5))"; return 1; }
		echo "power went at write $((all * at / 5))"
		opens_after_it || return
	done
	vm_off
	one_keyslot_is_left
}
