#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/RULES.md: each rule has a row, what a row names is there, and each check that cites a rule stands in its row.
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
page=${1:-docs/RULES.md}
bad=0
complain() {
	echo "$page: $1"
	bad=1
}
words() { tr -c 'A-Za-z0-9_./-' '\n' | sed 's/[.]$//' | sort -u; }
ordered() { tr -c 'A-Za-z0-9_./-' '\n' | sed 's/[.]$//' | grep .; }
is_check() { grep -qE "^[[:space:]]X\($1," verifier/checks.h verifier/policy.h; } # or a rule of policy

kept_by() { # rule, cell: a path, a file beside the path before it, or a check
	local word folder=
	for word in $(ordered <<<"$2"); do
		case $word in
		*/*.[ch]) folder=${word%/*}; [ -f "$word" ] || complain "rule $1: no $word" ;;
		*/*) [ -e "$word" ] || complain "rule $1: no $word" ;;
		*.[ch]) [ -f "$folder/$word" ] || complain "rule $1: no $word in ${folder:-any folder}" ;;
		[A-Z][A-Z_]*) is_check "$word" || complain "rule $1: verifier/checks.h has no $word" ;;
		*) complain "rule $1: what is \"$word\"?" ;;
		esac
	done
}
is_test() {
	case $1 in
	test_*) [ -f "tests/unit/$1.c" ] || [ -f "tests/integration/$1.c" ] ;;
	vectors_*) [ -f "tests/unit/$1.c" ] ;;
	integration_*) [ -f "tests/integration/test_${1#integration_}.c" ] ;;
	*.sh) [ -f "tests/integration/$1" ] || [ -f "tests/integration/disk/$1" ] ;;
	*.md) [ -f "docs/$1" ] ;;
	vm | disk) [ -d "tests/integration/$1" ] ;;
	*) false ;;
	esac
}
shown_by() { # rule, cell: up to the first sentence, tests
	local word
	[ -n "${2// /}" ] || complain "rule $1: shown by nothing"
	for word in $(sed 's/[.] .*//' <<<"$2" | ordered); do
		is_test "$word" || complain "rule $1: no test \"$word\""
	done
}

for rule in $(seq 28); do
	row=$(grep -E "^\| $rule \|" "$page")
	[ "$(grep -c . <<<"$row")" = 1 ] && [ -n "$row" ] || { complain "rule $rule has not one row"; continue; }
	IFS='|' read -r _ _ _ kept shown _ <<<"$row"
	kept_by "$rule" "$kept"
	shown_by "$rule" "$shown"
	for name in $(sed -nE 's/^[[:space:]]X\(([A-Z_]+),.*"RULES ([0-9, ]+)"\).*/\1 \2/p' verifier/checks.h | awk -v r="$rule" '{ n = $1; $1 = ""; split($0, c, /[ ,]+/); for (i in c) if (c[i] == r) print n }'); do
		words <<<"$kept" | grep -qx "$name" || complain "rule $rule: $name cites it"
	done
done
exit $bad
