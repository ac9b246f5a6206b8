#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A TPM vendor's certificates for the tests of enrolment. Each call makes one thing in FOLDER:
#   ek-pki.sh FOLDER init                  root.pem, between.{pem,der} below it, stranger.root
#   ek-pki.sh FOLDER cert NAME EK.pem      NAME.der for the public key; NAME is a section of the table below
#   ek-pki.sh FOLDER revoke CA NAME        NAME.pem is on the list of CA (root, between) from now on
#   ek-pki.sh FOLDER forge CA FILE         a list in the name of CA by another key
#   ek-pki.sh FOLDER list CA FILE [FROM UNTIL]   the list of CA, in force unless times (yyyymmddhhmmssZ) are given
set -euo pipefail
folder=$1
shift
cd "$folder"

ca() { # CA, arguments of openssl ca
	local name=$1
	shift
	touch "$name.index"
	[ -s "$name.serial" ] || echo 01 >"$name.serial"
	openssl ca -batch -name "$name" -config pki.cnf "$@" 2>>openssl.log
}

case $1 in
init)
	cat >pki.cnf <<-'END'
		[req]
		distinguished_name = nobody
		[nobody]
		[authority]
		basicConstraints = critical, CA:TRUE
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash
		[tpm]
		a.2.23.133.2.1 = id:54455354
		b.2.23.133.2.2 = test
		c.2.23.133.2.3 = id:00010002
		[tpm-half]
		a.2.23.133.2.1 = id:54455354
		[good]
		basicConstraints = critical, CA:FALSE
		keyUsage = critical, keyEncipherment
		extendedKeyUsage = 2.23.133.8.1
		subjectAltName = critical, dirName:tpm
		[sloppy]
		basicConstraints = critical, DER:30:03:01:01:00
		extendedKeyUsage = 2.23.133.8.1
		subjectAltName = critical, dirName:tpm
		[direct]
		basicConstraints = critical, CA:FALSE
		extendedKeyUsage = 2.23.133.8.1
		subjectAltName = critical, dirName:tpm
		[stranger]
		basicConstraints = critical, CA:FALSE
		extendedKeyUsage = 2.23.133.8.1
		subjectAltName = critical, dirName:tpm
		[is-ca]
		basicConstraints = critical, CA:TRUE
		extendedKeyUsage = 2.23.133.8.1
		subjectAltName = critical, dirName:tpm
		[no-eku]
		basicConstraints = critical, CA:FALSE
		subjectAltName = critical, dirName:tpm
		[other-eku]
		basicConstraints = critical, CA:FALSE
		extendedKeyUsage = 2.23.133.8.3
		subjectAltName = critical, dirName:tpm
		[no-san]
		basicConstraints = critical, CA:FALSE
		extendedKeyUsage = 2.23.133.8.1
		[half-san]
		basicConstraints = critical, CA:FALSE
		extendedKeyUsage = 2.23.133.8.1
		subjectAltName = critical, dirName:tpm-half
		[root]
		database = root.index
		serial = root.serial
		certificate = root.pem
		private_key = root.key
		default_md = sha256
		default_crl_days = 30
		[between]
		database = between.index
		serial = between.serial
		certificate = between.pem
		private_key = between.key
		default_md = sha256
		default_crl_days = 30
	END
	for name in root stranger-ca; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.pem \
			-subj "/CN=EK $name" -days 30 -config pki.cnf -extensions authority 2>>openssl.log
	done
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout between.key -out between.csr \
		-subj "/CN=EK between" -config pki.cnf 2>>openssl.log
	openssl x509 -req -in between.csr -CA root.pem -CAkey root.key -days 30 -out between.pem -extfile pki.cnf \
		-extensions authority 2>>openssl.log
	openssl x509 -in between.pem -outform DER -out between.der
	openssl x509 -in stranger-ca.pem -outform DER -out stranger.root
	;;
cert)
	case $2 in
	direct) issuer=root ;;
	stranger) issuer=stranger-ca ;;
	*) issuer=between ;;
	esac
	openssl x509 -new -subj / -force_pubkey "$3" -CA $issuer.pem -CAkey $issuer.key -days 30 -out "$2.pem" \
		-extfile pki.cnf -extensions "$2" 2>>openssl.log
	openssl x509 -in "$2.pem" -outform DER -out "$2.der"
	;;
revoke)
	ca "$2" -revoke "$3.pem"
	;;
forge) # the name of CA, signed by another key
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout forger.key -out forger.pem \
		-subj "/CN=EK $2" -days 30 -config pki.cnf -extensions authority 2>>openssl.log
	touch "$2.index"
	openssl ca -batch -name "$2" -config pki.cnf -gencrl -keyfile forger.key -cert forger.pem -out "$3" 2>>openssl.log
	;;
list)
	ca "$2" -gencrl -out "$3" ${4:+-crl_lastupdate "$4" -crl_nextupdate "$5"}
	;;
esac
