#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a tired operator types: each command line says what was wrong with it and what to do, with the right exit code, and
# the same with --json as one object on stdout. A line per case: "PASS name" or "FAIL name" with what came instead;
# test_usage.c asserts the lines. Call: usage.sh BUILD-FOLDER
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
. "$top/deploy/rig.sh"
rig_begin usage
spdm-device init "$work/pki" >/dev/null # whom the server trusts
rig_server
a="assay --config $work/assay.conf --socket $work/nobody.sock"
(umask 077 && $a token create look viewer >"$work/look.token")
conf() { # name, what sed makes of the operator's configuration
	sed "$2" "$work/assay.conf" >"$work/$1.conf"
}
conf look "s,^token_file = .*,token_file = $work/look.token,"
conf down 's,^url = .*,url = https://127.0.0.1:1,'
conf pin 's,^pin = .,pin = x,'
conf bare '/^token_file/d'
conf typo 's,^url,ulr,'
(umask 077 && echo nonsense >"$work/wrong.token")
conf wrong "s,^token_file = .*,token_file = $work/wrong.token,"
conf lost "s,^token_file = .*,token_file = $work/no.token,"
# a server whose certificate is over
mkdir "$work/old"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout "$work/old/key.pem" -out "$work/old/csr.pem" 2>/dev/null
: >"$work/old/index"
printf '[ca]\ndefault_ca=x\n[x]\ndatabase=%s\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=any\nrand_serial=yes\ncopy_extensions=copy\n[any]\ncommonName=supplied\n' "$work/old/index" "$work/old" >"$work/old/ca.cnf"
openssl ca -config "$work/old/ca.cnf" -selfsign -batch -notext -keyfile "$work/old/key.pem" -in "$work/old/csr.pem" -startdate 20200101000000Z -enddate 20210101000000Z -out "$work/old/cert.pem" 2>/dev/null
old_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
start old openssl s_server -quiet -accept "127.0.0.1:$old_port" -cert "$work/old/cert.pem" -key "$work/old/key.pem"
await old bash -c "</dev/tcp/127.0.0.1/$old_port"
conf old "s,^url = .*,url = https://localhost:$old_port,; /^pin/d; /^url/aca = $work/old/cert.pem"
# one whose lists have no end: a page that leads to itself, and a record after which there can be none
cat >"$work/liar.py" <<'EOF'
import http.server, ssl, sys
class Liar(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = b'{"hosts":[],"next":"on"}' if "/hosts" in self.path else b'{"records":[' + b",".join([b'{"seq":9223372036854775807}'] * 500) + b"]}"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)
server = http.server.HTTPServer(("127.0.0.1", 0), Liar)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
open(sys.argv[3], "w").write(str(server.server_port))
server.serve_forever()
EOF
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=liar -days 2 -keyout "$work/liar.key" -out "$work/liar.crt" 2>/dev/null
start liar python3 "$work/liar.py" "$work/liar.crt" "$work/liar.key" "$work/liar.port"
await liar test -s "$work/liar.port"
conf liar "s,^url = .*,url = https://127.0.0.1:$(cat "$work/liar.port"),; s,^pin = .*,pin = $(openssl pkey -in "$work/liar.key" -pubout -outform DER | openssl dgst -sha256 -binary | base64),"

case_of() { # name, exit code, what is said, next step, command line...
	local name=$1 code=$2 said=$3 next=$4 out err rc json
	shift 4
	out=$("$@" 2>"$work/stderr")
	rc=$?
	err=$(tr '\n' ' ' <"$work/stderr")
	json=$("$@" --json 2>"$work/stderr")
	local json_rc=$?
	if [ "$rc" != "$code" ] || [ "$json_rc" != "$code" ]; then
		echo "FAIL $name: exit $rc and $json_rc, wanted $code: $err $json"
	elif [ -n "$out" ]; then
		echo "FAIL $name: an error on stdout: $out"
	elif ! grep -qE -- "$said" <<<"$err" || ! grep -qE -- "$next" <<<"$err"; then
		echo "FAIL $name: no /$said/ and /$next/ in: $err"
	elif [ "$(wc -l <<<"$json")" != 1 ] ||
		! jq -e --arg said "$said" --arg next "$next" --argjson code "$code" \
			'.error | .code == $code and (.text | test($said)) and (.hint | test($next))' <<<"$json" >/dev/null; then
		echo "FAIL $name: in JSON: $json"
	else
		echo "PASS $name"
	fi
}
uuid=11111111-2222-4333-8444-555555555555
case_of no_command_at_all 1 "a command is missing" "assay --help" $a
case_of a_command_that_there_is_not 1 'no command "hots"; is it "host"\?' "assay --help" $a hots list
case_of one_that_is_like_none 1 'no command "frobnicate"$|no command "frobnicate" ' "assay --help" $a frobnicate
case_of a_verb_that_there_is_not 1 'host has no "shwo"; is it "show"\?' "assay host show HOST" $a host shwo db-1
case_of a_command_without_its_verb 1 "token: an operand or an option is missing" "assay token create" $a token
case_of an_operand_that_is_missing 1 "host show: an operand or an option is missing" "assay host show HOST" $a host show
case_of an_operand_too_many 1 "host list: operands or options .* too many" "assay host list" $a host list db-1
case_of an_option_that_is_missing 1 "refval export: operands or options are missing" "export ID --out FILE" $a refval export some/id
case_of an_option_that_there_is_not 1 "unrecognized option '--limit'" "assay --help" $a host list --limit 3
case_of an_option_without_its_value 1 "option '--status' requires an argument" "assay --help" $a host list --status
case_of a_status_that_there_is_not 1 "status is affirming, warning" "." $a host list --status good
case_of a_role_that_there_is_not 1 "role is viewer, provisioner" "." $a token create anna root
case_of a_duration_that_is_none 1 'join-token --valid: .*"soon"' "--valid 1h" $a join-token --valid soon
case_of a_volume_that_is_no_uuid 1 "volume is not a UUID" "assay secret list" $a secret create db-1 --volume root
case_of a_volume_that_is_longer_than_one 1 "not the UUID" "assay secret list" $a secret delete "${uuid}0" --yes
case_of what_cannot_be_undone_without_yes 1 "nothing is deleted yet" "add --yes" $a secret delete $uuid
case_of a_host_that_there_is_not 2 "no such host" "assay host list" $a host show db-1
case_of a_host_with_a_blank_in_its_name 2 "no such host" "assay host list" $a host show "db 1"
case_of a_host_with_a_question_mark 2 "no such host" "assay host list" $a host show 'db?1'
case_of a_host_with_a_slash_in_its_name 2 "see docs/openapi.yaml" "no name has a / in it" $a host revoke a/b
case_of a_reference_value_that_there_is_not 2 'no CoRIM has the id "no/such"' "assay refval list" $a refval show no/such
case_of a_token_that_there_is_not 2 "no token has the name" "assay token list" $a token revoke nobody
case_of a_device_key_that_is_none 1 "64 hex digits" "leaf_key" $a fleet device zz
case_of a_viewer_who_wants_to_revoke 2 "role has no right" "assay token self" assay --config "$work/look.conf" host revoke db-1
case_of a_viewer_who_wants_to_see_tokens 2 "role has no right" "assay token self" assay --config "$work/look.conf" token list
case_of a_token_that_nobody_knows 2 "token is not known" "assay-server token reset" assay --config "$work/wrong.conf" host list
case_of a_token_file_that_is_not_there 1 "token_file.*$work/no.token" "assay token create" assay --config "$work/lost.conf" host list
case_of no_token_file_in_the_configuration 1 "token_file is needed" "assay token create" assay --config "$work/bare.conf" host list
case_of no_configuration 1 "open $work/no.conf" "\\[server\\] url" assay --config "$work/no.conf" host list
case_of a_misspelt_key_in_it 1 "line [0-9]+: \\[server\\] ulr: unknown key" "assay.conf\\(5\\)" assay --config "$work/typo.conf" host list
case_of a_server_that_is_down 3 "127.0.0.1:1: Couldn't connect" "assay doctor" assay --config "$work/down.conf" host list
case_of a_server_that_is_another 2 "does not match pinned" "assay-server pins" assay --config "$work/pin.conf" host list
case_of a_server_whose_certificate_is_over 2 "certificate" "is its certificate over" assay --config "$work/old.conf" host list
case_of no_agent 3 "connect to $work/nobody.sock" "is the agent running" $a attest
case_of a_file_that_is_no_token 2 "token: " "assay inspect FILE" $a verify "$work/server.conf" --host "$work/server.conf"
case_of a_format_that_there_is_not 2 'format "tdx"' "assay inspect FILE" $a verify "$work/server.conf" --format tdx
case_of a_log_that_is_not_there 2 "open $work/no.log: No such file" "is the path right" $a audit verify "$work/no.log"
case_of a_file_that_is_not_there 2 "open $work/no.corim: No such file" "is the path right" $a refval import "$work/no.corim"
case_of an_ek_hash_that_is_none 2 "64 hex digits" "assay-agent ek-hash" $a host add --ek-hash zz
case_of a_list_that_leads_to_itself 2 "a page of the server leads to itself" "" assay --config "$work/liar.conf" host list
case_of a_log_without_an_end 2 "records go back" "" bash -c "rm -f $work/endless; timeout 60 assay --config $work/liar.conf audit export --out $work/endless \"\$@\"" _
