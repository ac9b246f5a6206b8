# SPDX-License-Identifier: Apache-2.0
# A line of the report that report.h reads: "PASS name" or "FAIL name" with what came instead. Sourced, not run.
check() { # name, wanted exit code, wanted pattern in the output, command...
	local name=$1 code=$2 pattern=$3 out rc
	shift 3
	out=$("$@" 2>&1)
	rc=$?
	if [ "$rc" = "$code" ] && grep -qE -- "$pattern" <<<"$out"; then
		echo "PASS $name"
	else
		echo "FAIL $name: exit $rc, wanted $code and /$pattern/: $(tr '\n' ' ' <<<"$out" | cut -c1-900)"
	fi
}
