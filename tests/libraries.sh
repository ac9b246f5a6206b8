#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# libraries.sh BUILD: what the programs load when they start is in every initramfs with them, and in their memory: what few of
# them need stays out, and the module that needs it shows one symbol.
build=$(cd "$1" && pwd) || exit 1
bad=0
complain() {
	echo "$1"
	bad=1
}
loaded() { # program: the libraries, those of libraries too
	ldd "$1" || echo "FAILED $1"
}
xml='libxml2|libxmlsec|libicu'
without() { # program, pattern
	local libraries hits
	libraries=$(loaded "$build/$1")
	[[ $libraries == *libc.so* && $libraries != *FAILED* ]] || complain "ldd says nothing of $1: $libraries"
	hits=$(grep -E "$2" <<<"$libraries")
	[ -z "$hits" ] || complain "$1 loads what it should not:
$hits"
}
without cli/assay "$xml|libsqlite3|libmicrohttpd"
without cli/installed/assay "$xml|libsqlite3|libmicrohttpd"
without agent/assay-agent "$xml|libcryptsetup|libsqlite3|libmicrohttpd"
without agent/assay-unlock "$xml|libsqlite3|libmicrohttpd|libtss2|libcurl|libnl-"
without agent/assay-collector "$xml|libcryptsetup|libsqlite3|libmicrohttpd"
without server/assay-server "$xml|libcryptsetup|libnl-|libtss2"

# The module is where they went: if the pattern did not find them there, it would find them nowhere.
module=$build/modules/swid.so
found=$(loaded "$module" | grep -oE "$xml" | sort -u | wc -l)
[ "$found" -eq 3 ] || complain "$found of libxml2, libxmlsec and libicu are loaded by $module"
symbols=$(nm -D --defined-only "$module" | awk '{ print $3 }' | grep -vE '^(_init|_fini|__asan_|__odr_asan)')
[ "$symbols" = assay_swid_module ] || complain "$module shows more than its table:
$symbols"

# Each program knows one path, a full one; what is installed does not look into the folder that it was built in.
paths() { # program
	grep -aoE '/[^[:cntrl:]"]*/swid\.so' "$1" | sort -u
}
[ "$(paths "$build/cli/assay")" = "$module" ] || complain "cli/assay takes the module at: $(paths "$build/cli/assay")"
installed=$(paths "$build/cli/installed/assay")
[[ $installed == /*/assay/swid.so && $installed != "$build"* ]] || complain "cli/installed/assay takes the module at: $installed"

# What is loaded into other people's programs brings libcryptsetup, which they have, and nothing of ours is seen in them.
plugin=$build/modules/libcryptsetup-token-assay.so
needed=$(objdump -p "$plugin" | awk '/NEEDED/ { print $2 }' | sort | tr '\n' ' ')
[ "$needed" = "libc.so.6 libcryptsetup.so.12 " ] || complain "$plugin needs: $needed"
symbols=$(nm -D --defined-only "$plugin" | awk '$2 != "A" { print $3 }' | grep -vE '^cryptsetup_token_(version|open|buffer_free|validate|dump)@@CRYPTSETUP_TOKEN_1[.]0$')
[ -z "$symbols" ] || complain "$plugin shows more than its five functions:
$symbols"
exit $bad
