#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Copy the SPDM core that user space tests and fuzzes: core.sh [FOLDER]. The copy is never committed; a package
# of the sources carries it, and then there is nothing to do.
set -e
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
to=${1:-$here/core}
if [ ! -d "$top/proto/spdm" ]; then
	[ -f "$to/proto/spdm/requester.c" ] && exit 0
	echo "assay_spdm: the SPDM core is missing: build from the whole source tree" >&2
	exit 1
fi
mkdir -p "$to/common" "$to/proto/spdm"
for file in port.h bytes.h limits.h reader.h reader.c writer.h writer.c; do
	cmp -s "$top/common/$file" "$to/common/$file" || cp "$top/common/$file" "$to/common/$file"
done
for file in "$top"/proto/spdm/*.[ch]; do
	cmp -s "$file" "$to/proto/spdm/$(basename "$file")" || cp "$file" "$to/proto/spdm/"
done
