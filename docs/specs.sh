#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/SPECS.md from the SPEC: lines of the sources: which clause is read or written where, and which tests
# call it. docs/specs.sh --check says whether the page is up to date.
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1

clauses() { # file: its SPEC: lines, a continued one joined
	awk '/SPEC:/ { sub(/.*SPEC: */, ""); line = $0; more = line !~ /\*\//
	               while (more && (getline next_line) > 0 && next_line ~ /^ \* {2,}/) { sub(/^ \* +/, "", next_line); line = line " " next_line }
	               sub(/ *\*\/.*/, "", line); printf "%s%s", sep, line; sep = "; " }' "$1"
}
tests_of() { # file: tests that call a function it declares or defines, up to six
	local names
	names=$(sed 's,/\*.*,,; s,^ \*.*,,' "$1" | grep -vE '^static|^#|^	' | grep -oE '[a-z][a-z0-9]*_[a-z0-9_]+ ?\(' | tr -d ' (' | sort -u | paste -sd'|')
	[ -n "$names" ] || return
	grep -rlE "\b($names)\(" tests --include='*.c' | sed 's,.*/,,; s/\.c$//' | grep -E '^(test|vectors|fuzz)_' | sort -u | head -6 | paste -sd, | sed 's/,/, /g'
}
page() {
	cat <<-'END'
		# Specifications

		Which clause of which specification the code reads or writes, and the tests that call that code (up to six). Made by `docs/specs.sh` from the `SPEC:`
		lines of the sources; the unit suite checks that it is up to date. The project's own rules are in RULES.md.

		| clause | code | tests |
		|---|---|---|
	END
	for file in $(git ls-files 'common/*.[ch]' 'proto/*.[ch]' 'verifier/*.[ch]' 'agent/*.[ch]' 'server/*.[ch]' 'cli/*.[ch]' | sort); do
		clause=$(clauses "$file")
		[ -n "$clause" ] || continue
		tests=$(tests_of "$file")
		echo "| $clause | $file | ${tests:-through its callers} |"
	done
}
if [ "${1:-}" = --check ]; then
	page | diff docs/SPECS.md - && exit 0
	echo "docs/SPECS.md is not what docs/specs.sh writes: run docs/specs.sh"
	exit 1
fi
page >docs/SPECS.md
