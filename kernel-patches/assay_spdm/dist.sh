#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module's sources for machines without the repository: dist.sh FOLDER. Makes FOLDER/assay-spdm-VERSION, with
# the SPDM core in it, for /usr/src and `dkms add assay-spdm/VERSION`, and prints its name.
set -e
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
version=$(sed -n 's/^project(assay VERSION \([0-9.]*\).*/\1/p' "$top/CMakeLists.txt")
[ -n "$1" ] && [ -n "$version" ] || {
	echo "usage: dist.sh FOLDER, within the whole source tree" >&2
	exit 1
}
to=$1/assay-spdm-$version
[ ! -e "$to" ] || {
	echo "assay_spdm: $to is there already" >&2
	exit 1
}
mkdir -p "$to"
for file in "$here"/*.[ch]; do
	case $file in *.mod.c) ;; *) cp "$file" "$to/" ;; esac
done
cp "$here/Kbuild" "$here/Makefile" "$here/core.sh" "$to/"
cp "$top/LICENSES/GPL-2.0-only.txt" "$to/COPYING"
sed "s/#MODULE_VERSION#/$version/" "$here/dkms.conf" >"$to/dkms.conf"
"$here/core.sh" "$to/core"
echo "$to"
