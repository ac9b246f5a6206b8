# SPDX-License-Identifier: Apache-2.0
# What docs/FIRMWARE-UPDATE.md takes for granted; sourced by page.sh. Two drives with firmware 1.2.3.
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

release 1.2.3
page_boot
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
page_import old
