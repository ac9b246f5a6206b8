#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run the commands of docs/FIRMWARE-UPDATE.md as they stand there, on real parts: each ```sh block, in order.
# <!-- page: [exit N] [expect "REGEX"] --> before a block says what must come of it, <!-- page: setup WORDS --> what
# happens to the drives. A line per block: "PASS ..." or "FAIL ...". Call: page.sh BUILD-FOLDER; exit 0 when all passed.
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
page=$top/docs/FIRMWARE-UPDATE.md
. "$top/deploy/rig.sh"
rig_begin page
rig_tpm
rig_devices 2
rig_server
rig_host page-host "$(cat /proc/sys/kernel/random/uuid)"
$assay attest --out "$work/first.token" >/dev/null
sign="--signer $work/operator/operator.crt --key $work/operator/operator.key"

image() { printf '%s' "$2" >"$work/ci/$1"; } # what the simulated drives measure
release() {
	image rom.bin "boot rom 1"
	image straps.bin straps
	image "firmware-$1.bin" "firmware $1"
}
update() { # which drive: gets firmware 1.2.4
	sed -i 's/firmware 1\.2\.3/firmware 1.2.4/' "$work/device$1.measurements"
}
digest() { sha384sum "$work/ci/$1" | cut -d' ' -f1; }

# What the server knows before the page begins: how the host boots, and firmware 1.2.3 of the drives.
mkdir "$work/ci"
release 1.2.3
assay refval learn "$work/first.token" --id page/learned $sign --out "$work/learned.corim" --one-host >/dev/null || fail "refval learn"
assay refval check "$work/learned.corim" --json >"$work/learned.json" || fail "refval check"
{
	printf 'id = example/boot\n[reference]\nvendor = tcg\nmodel = tcg:boot-log\n'
	jq -r '.statements[] | select(.environment.model == "tcg:boot-log") | .elements[]
	       | "element = \(.key)", (.digests[] | "digest = " + sub(";"; ":"))' "$work/learned.json"
} >"$work/boot.txt"
cat >"$work/old.txt" <<-END
	id = example/drives-1.2.3
	[reference]
	vendor = pci:1b36
	model = pci:1b36:0010
	element = 1
	digest = sha-384:$(digest rom.bin)
	element = 2
	digest = sha-384:$(digest firmware-1.2.3.bin)
	element = 3
	digest = sha-384:$(digest straps.bin)
END
for name in boot old; do
	assay refval build "$work/$name.txt" $sign --out "$work/$name.corim" >/dev/null || fail "refval build of $name"
	$assay refval import "$work/$name.corim" >/dev/null || fail "refval import of $name"
done

# The reader of the page types `assay`; where this rig's server and agent are is not their business.
cat >"$work/shell" <<-END
	assay() { command $assay "\$@"; }
	HOST=page-host
	cd "$work/ci"
END
failed=0 ran=0 code=0 expect=. block= inside=
run_block() {
	local out rc
	out=$(bash -c ". $work/shell; set -e; $block" 2>&1)
	rc=$?
	ran=$((ran + 1))
	if [ "$rc" = "$code" ] && { [ "$expect" = . ] || grep -qE -- "$expect" <<<"$out"; }; then
		echo "PASS ${block%%$'\n'*}"
	else
		echo "FAIL ${block%%$'\n'*}: exit $rc, wanted $code and /$expect/: $(tr '\n' ' ' <<<"$out" | cut -c1-900)"
		failed=$((failed + 1))
	fi
	code=0 expect=. block=
}
while IFS= read -r line; do
	case $line in
	'```sh') inside=yes ;;
	'```') [ -z "$inside" ] || run_block; inside= ;;
	'<!-- page: setup '*' -->')
		line=${line#<!-- page: setup }
		${line% -->} # release or update
		;;
	'<!-- page: '*' -->')
		[[ $line =~ exit\ ([0-9]+) ]] && code=${BASH_REMATCH[1]}
		[[ $line =~ expect\ \"(.*)\" ]] && expect=${BASH_REMATCH[1]}
		;;
	*) [ -z "$inside" ] || block+=$line$'\n' ;;
	esac
done <"$page"
[ "$ran" -ge 15 ] || { echo "FAIL only $ran blocks in $page"; failed=1; }
[ "$failed" = 0 ]
