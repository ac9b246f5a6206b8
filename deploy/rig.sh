# SPDX-License-Identifier: Apache-2.0
# Real parts on one machine, for the demo and the benchmarks: a TPM (swtpm), SPDM devices, a server, a host.
# Sourced, not run. The caller sets `build` (a finished build folder) and may set `say` to its liking.

say() { echo "$*"; }
fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

rig_begin() { # everything below lives in $work and ends with the caller
	PATH=$build/server:$build/agent:$build/cli:$build/tests/device:$build/tests/tools:$PATH
	work=$(mktemp -d "/tmp/assay-$1.XXXXXX")
	here=$work # the folder of the host at work; a second host gets another
	drives=0
	pids=()
	trap rig_end EXIT
}
rig_end() {
	[ "${kept:-}" = yes ] && return
	# one that ended long ago may be somebody else's by now
	for pid in "${pids[@]}"; do grep -qx "$pid" <(jobs -rp) && kill "$pid" 2>/dev/null; done
	for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null; done
	rm -rf "$work"
}
start() { # name, command...: in the background; its process is $started
	local name=$1
	shift
	"$@" >"$here/$name.out" 2>"$here/$name.log" &
	started=$!
	pids+=("$started")
}
await() { # what, test command...
	local what=$1
	shift
	for _ in $(seq 1000); do "$@" >/dev/null 2>&1 && return; sleep 0.02; done
	tail -n 5 "$here"/*.log >&2
	fail "$what did not come up"
}

rig_tpm_start() { # the one whose state is in $here/tpm, as $tpm_pid
	rm -f "$here/tpm/sock" "$here/tpm/sock.ctrl"
	start swtpm swtpm socket --tpm2 --tpmstate "dir=$here/tpm" --server "type=unixio,path=$here/tpm/sock" \
		--ctrl "type=unixio,path=$here/tpm/sock.ctrl" --flags not-need-init,startup-clear
	tpm_pid=$started
	await swtpm test -S "$here/tpm/sock"
}
rig_tpm() { # a started TPM whose PCRs hold what $here/boot.log tells
	mkdir -p "$here/tpm"
	swtpm_setup --tpm2 --tpmstate "$here/tpm" --pcr-banks sha256 --logfile "$here/swtpm_setup.log" >/dev/null ||
		fail "swtpm_setup: $(tail -1 "$here/swtpm_setup.log")"
	export TPM2TOOLS_TCTI="swtpm:path=$here/tpm/sock"
	boot-log-make "$here/boot.log" >"$here/boot.extends"
	rig_tpm_boot
}
rig_tpm_boot() { # after a reset, as the firmware leaves it
	local pcr digest
	rig_tpm_start
	while read -r pcr digest; do
		tpm2_pcrextend "$pcr:sha256=$digest" >/dev/null || fail "extending the PCRs"
	done <"$here/boot.extends"
}

rig_devices() { # how many NVMe drives, [slots of each with a certificate: 1]; measurements of drive I in $here/deviceI.measurements
	local i slot name args=()
	device_names=()
	[ -d "$work/pki" ] || spdm-device init "$work/pki"
	for i in $(seq "$1"); do
		drives=$((drives + 1))
		name="Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:$(printf %016x $((0xa0 + drives)))"
		for slot in $(seq 0 $((${2:-1} - 1))); do
			spdm-device identity "$work/pki" "$here/device$i" "$slot" p384 "$name" || fail "device identity"
		done
		printf '1 rom digest-of:boot rom 1\n2 firmware digest-of:firmware 1.2.3\n3 hwconfig digest-of:straps\n6 version 1.2.3\n16 svn 7\n' \
			>"$here/device$i.measurements"
		device_names+=("$name")
		args+=(--device "name=device$i,port=0,identity=$here/device$i,measurements=$here/device$i.measurements,versions=1.2-1.3")
	done
	[ "$1" -gt 0 ] || return 0
	start devices spdm-device serve --control "$here/devices.control" "${args[@]}"
	await devices grep -q ready "$here/devices.out"
}

rig_server() { # [no: nothing is released to test sources]: initialised, running as $server_pid; trusts the drives' CA and an operator who signs reference values
	local port=$((20000 + RANDOM % 20000))
	mkdir "$work/roots" "$work/signers"
	cp "$work/pki/root.pem" "$work/roots/"
	assay refval keygen --out "$work/operator" >/dev/null || fail "operator key"
	cp "$work/operator/operator.crt" "$work/signers/"
	cat >"$work/server.conf" <<-END
		[listen]
		address = 127.0.0.1
		port = $port
		[store]
		state = $work/server
		[trust]
		device_roots = $work/roots
		corim_roots = $work/signers
		[test]
		release_from_test_sources = ${1:-yes}
		[policy]
		learned = affirm
		${rig_policy:-}
	END
	assay-server --config "$work/server.conf" init --address 127.0.0.1 >"$work/init.out" || fail "assay-server init"
	start server assay-server --config "$work/server.conf" run
	server_pid=$started
	await server grep -q event=started "$here/server.log"
	sed -n 's/^#   //p' "$work/init.out" >"$work/admin.token"
	chmod 600 "$work/admin.token"
	{ grep -A4 '^\[server\]' "$work/init.out" | grep -v deployment; echo "token_file = $work/admin.token"; } >"$work/assay.conf"
}

rig_host() { # name, UUID of a volume: registered, enrolled, with a key share; collector and agent are running
	local i port ek_hash
	assay="assay --config $work/assay.conf --socket $here/agent.sock"
	{
		grep -A4 '^\[server\]' "$work/init.out"
		cat <<-END
			[host]
			name = $1
			[tpm]
			tcti = swtpm:path=$here/tpm/sock
			[logs]
			boot = $here/boot.log
			[sockets]
			collector = $here/collector.sock
			agent = $here/agent.sock
			[rounds]
			interval = 1h
			[test]
			allow_socket_source = yes
			[volume $2]
			epoch = 1
		END
		[ -d /sys/bus/pci/devices ] || printf '[devices]\npci =\n' # a container without PCI in its sysfs
		for i in $(seq ${#device_names[@]}); do
			port=$(awk -v d="device$i" '$2 == d { print $4 }' "$here/devices.out")
			printf '[device nvme%s]\naddress = 127.0.0.1:%s\nidentity = %s\n' "$i" "$port" "${device_names[i - 1]}"
		done
	} >"$here/agent.conf"
	ek_hash=$(assay-agent --config "$here/agent.conf" ek-hash) || fail "EK hash"
	$assay host add --ek-hash "$ek_hash" --name "$1" >/dev/null || fail "host add"
	assay-agent --config "$here/agent.conf" enroll 2>"$here/enroll.log" || fail "enrol: $(tail -1 "$here/enroll.log")"
	secret=$($assay secret create "$1" --volume "$2" --json) || fail "secret create"
	start collector assay-collector --config "$here/agent.conf"
	collector_pid=$started
	await collector test -S "$here/collector.sock"
	start agent assay-agent --config "$here/agent.conf" run
	agent_pid=$started
	await agent test -S "$here/agent.sock"
}

rig_learn() { # id: reference values from a first attestation, signed by the operator, imported
	$assay attest --out "$here/first.token" --json >"$here/first.json"
	[ -s "$here/first.token" ] || fail "first attestation: $(cat "$here/first.json")"
	$assay refval learn "$here/first.token" --id "$1" --signer "$work/operator/operator.crt" \
		--key "$work/operator/operator.key" --out "$here/golden.corim" --one-host >"$here/learn.out" || fail "refval learn"
	$assay refval import "$here/golden.corim" >/dev/null || fail "refval import"
}
