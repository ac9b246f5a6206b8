#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run the commands of a page of docs/ as they stand there, on real parts: each ```sh block, in order.
# <!-- page: [exit N] [expect "REGEX"] --> before a block says what must come of it, <!-- page: setup WORDS --> what
# happens meanwhile: a function of page-NAME.sh beside this file, which also prepares what the page takes for granted.
# A line per block: "PASS ..." or "FAIL ...". Call: page.sh BUILD-FOLDER PAGE DRIVES; exit 0 when all passed.
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
page=$top/docs/$2.md
. "$top/deploy/rig.sh"
rig_begin page
rig_tpm
rig_devices "$3"
rig_server
rig_host page-host "$(cat /proc/sys/kernel/random/uuid)"
$assay attest --out "$work/first.token" >/dev/null
sign="--signer $work/operator/operator.crt --key $work/operator/operator.key"
mkdir "$work/ci" "$work/bin"

# The boot of the first token, as somebody wrote it down: nothing of it is marked as learned.
page_boot() {
	assay refval learn "$work/first.token" --id page/learned $sign --out "$work/learned.corim" --one-host >/dev/null || fail "refval learn"
	assay refval check "$work/learned.corim" --json >"$work/learned.json" || fail "refval check"
	{
		printf 'id = example/boot\n[reference]\nvendor = tcg\nmodel = tcg:boot-log\n'
		jq -r '.statements[] | select(.environment.model == "tcg:boot-log") | .elements[]
		       | "element = \(.key)", (.digests[] | "digest = " + sub(";"; ":"))' "$work/learned.json"
	} >"$work/boot.txt"
	page_import boot
}
page_import() { # name of a text in $work
	assay refval build "$work/$1.txt" $sign --out "$work/$1.corim" >/dev/null || fail "refval build of $1"
	$assay refval import "$work/$1.corim" >/dev/null || fail "refval import of $1"
}

# The reader of the page types `assay`; where this rig's server and agent are is not their business.
cat >"$work/bin/assay" <<-END
	#!/bin/sh
	exec $build/cli/$assay --collector $here/collector.sock "\$@"
END
chmod 755 "$work/bin/assay"
{
	echo "PATH=$work/bin:\$PATH HOST=page-host"
	echo "cd '$work/ci'"
} >"$work/shell"
. "$top/tests/integration/page-$2.sh"
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
		${line% -->}
		;;
	'<!-- page: '*' -->')
		[[ $line =~ exit\ ([0-9]+) ]] && code=${BASH_REMATCH[1]}
		[[ $line =~ expect\ \"(.*)\" ]] && expect=${BASH_REMATCH[1]}
		;;
	*) [ -z "$inside" ] || block+=$line$'\n' ;;
	esac
done <"$page"
[ "$ran" -ge 12 ] || { echo "FAIL only $ran blocks in $page"; failed=1; }
[ "$failed" = 0 ]
