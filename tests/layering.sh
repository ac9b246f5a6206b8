#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Includes point down only, each library header has its owner files, each route is documented.
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
bad=0
complain() {
	echo "$1"
	bad=1
}

# layer: what it must not include
forbid() { # folder, pattern of headers
	local hits
	[ -d "$1" ] || return
	hits=$(grep -rnE "^#include \"($2)/" "$1" --include='*.[ch]')
	[ -z "$hits" ] || complain "$1 includes what stands above it:
$hits"
}
forbid common 'proto|verifier|agent|server|cli|tests'
forbid proto 'verifier|agent|server|cli|tests'
forbid verifier 'agent|server|cli|tests'
forbid agent 'server|cli|tests'
forbid server 'agent|cli|tests'
forbid cli 'tests'

# The SPDM core is shared with the kernel: nothing but port, bytes, reader, writer, limits and itself.
hits=$(grep -nE '^#include' proto/spdm/*.[ch] | grep -vE '"common/(port|bytes|reader|writer|limits)\.h"|"[a-z_]+\.h"')
[ -z "$hits" ] || complain "proto/spdm includes what a kernel has not:
$hits"

# library header: owners
own() { # header pattern, owner pattern
	local hits
	hits=$(grep -rnE "^#include <($1)" common proto verifier agent server cli --include='*.[ch]' 2>/dev/null | grep -vE "^($2):")
	[ -z "$hits" ] || complain "<$1> outside its owner:
$hits"
}
own 'openssl/' 'common/(crypto_openssl\.c|key_openssl\.c|x509_openssl\.[ch]|path_openssl\.c|crl_openssl\.c|escrow_openssl\.c|key_place_openssl\.c|x509_(file|tell)_openssl\.c|key_openssl\.h)'
own 'cbor\.h' 'proto/cbor_head\.c'
own 'tss2/' 'agent/tpm(_endorsement|_disk|_nv|_lease)?\.c|agent/tpm_tss\.h'
own 'libcryptsetup\.h' 'agent/(luks|token/plugin)\.c'
own 'curl/' 'agent/transport\.c|server/webhook_send\.c'
own 'microhttpd\.h' 'server/http(_stream)?\.c'
own 'pci/' 'server/pci_names\.c'
own 'sqlite3\.h' 'server/db_sqlite\.c'
own 'ini\.h' 'common/config\.c'
own 'libxml/' 'proto/swid_(xml\.c|tree\.h)'
own 'xmlsec/' 'proto/swid_signature\.c'
own 'dlfcn\.h' 'cli/swid_load\.c'
own 'netlink/' 'agent/collector/sources/(family|netlink_watch)\.c'

# What libxml2 reads for us is reached through the module alone.
hits=$(grep -rnE '^#include "(proto/)?swid_(xml|tree)\.h"' common proto verifier agent server cli --include='*.[ch]' | grep -vE '^proto/swid_(xml|signature|module)\.c:')
[ -z "$hits" ] || complain "the reader of manifests is linked, not loaded:
$hits"

# Every route is documented, and nothing else is.
routes=$(sed -nE 's/^\t\{ "([A-Z]+)", +"([^"]+)".*/\1 \2/p' server/routes.c | sort)
documented=$(awk '/^paths:/ { on = 1 } on && /^  \// { path = $1; sub(/:$/, "", path); gsub(/\{[a-z]+\}/, "{}", path) }
                  on && /^    (get|post|delete|put):/ { m = toupper($1); sub(/:$/, "", m); print m, path }' docs/openapi.yaml | sort)
[ "$routes" = "$documented" ] || complain "server/routes.c and docs/openapi.yaml differ:
$(diff <(echo "$routes") <(echo "$documented"))"

# Every key of a configuration file is documented, and nothing else is.
known() { sed -nE 's/.*\{ "([a-z]+)", "([a-z_]+)", take_[a-z_]+ \}.*/\1 \2/p' "$1" | sort -u; }
told() { # heading: "[section] `key`, `key`" of the first column of its table
	awk -v h="## $1" '/^## / { on = $0 == h } on && /^\| `\[/ { split($0, c, " [|] "); print c[1] }' docs/CONFIGURATION.md |
		sed -E 's/ UUID\]| NAME\]/]/' | awk -F'`' '{ for (i = 2; i <= NF; i += 2) { k = $i; if (k ~ /^\[/) { s = k; sub(/^\[/, "", s); sub(/\].*/, "", s); sub(/^[^ ]* /, "", k) } print s, k } }' | sort -u
}
documented_keys() { # heading, source
	[ "$(known "$2")" = "$(told "$1")" ] || complain "$2 and docs/CONFIGURATION.md, $1 differ:
$(diff <(known "$2") <(told "$1"))"
}
documented_keys server.conf server/settings.c
rules=$(sed -nE 's/.*\{ "policy", "([a-z_]+)", take_[a-z_]+ \}.*/\1/p' server/settings.c | sort)
shown=$(sed -nE 's/^\t\{ "([a-z_]+)", tell_.*/\1/p' server/policy_told.c | sort)
[ "$rules" = "$shown" ] || complain "server/settings.c [policy] and server/policy_told.c differ:
$(diff <(echo "$rules") <(echo "$shown"))"
documented_keys agent.conf agent/settings.c
documented_keys assay.conf cli/server.c
exit $bad
