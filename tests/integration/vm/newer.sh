# SPDX-License-Identifier: Apache-2.0
# A kernel newer than the one that the tests boot, of trixie-backports, in $rig/newer: its headers, and the compiler that
# Debian builds it with, which lives in a root of its own because its libraries are newer too. Sourced, not run.

newer_fetch() { # [image: the kernel itself and its modules too]: afterwards $newer is the root, $newer_release the kernel's name
	local to=$rig/newer missing=
	newer=$to/root
	[ -f "$to/done" ] && [ -f "$to/done${1:+-$1}" ] || missing=yes
	[ -z "$missing" ] || newer_unpack "$to" "$@" >&2 || return
	newer_release=$(<"$to/release")
}
newer_unpack() ( # folder, [image]
	set -e
	. "$top/tests/integration/vm/apt.sh"
	echo "assay: fetching a newer kernel and its compiler"
	apt_root "$1" trixie trixie-backports
	touch "$1/apt/status" # of a machine on which nothing is installed
	options+=(-o "Dir::State::status=$1/apt/status")
	if [ ! -f "$1/done" ]; then
		apt-cache "${options[@]}" depends linux-headers-amd64/trixie-backports | sed -n 's/.*Depends: linux-headers-\(.*-amd64\)$/\1/p' >"$1/release"
		apt-get "${options[@]}" --download-only -y install gcc-14 make gawk bash dash coreutils findutils grep sed perl-base base-files libelf1t64
	fi
	release=$(<"$1/release")
	kernel=("linux-headers-$release" "linux-headers-${release%-amd64}-common" "linux-kbuild-${release%-amd64}")
	[ ! -f "$1/done" ] || kernel=()
	[ -z "${2:-}" ] || kernel+=("linux-binary-$release" "linux-modules-$release")
	mkdir -p "$1/root/module"
	cd "$1/apt/archives"
	apt-get "${options[@]}" download "${kernel[@]}"
	for deb in base-files_*.deb *.deb; do # the first one has the links from /bin and /lib to /usr
		[ ! -f "$deb" ] || dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$1/root" --keep-directory-symlink
	done
	rm -f ./*.deb
	ln -sf gawk "$1/root/usr/bin/awk"
	touch "$1/done" "$1/done${2:+-$2}"
)
# Not as another user, and with no more rights than before: the root needs its own view of / and of /proc.
newer_make() { # module's folder, make arguments...
	unshare --mount --map-root-user sh -c 'mount --rbind /proc "$1/proc" && mount --bind "$2" "$1/module" && cd / && root=$1 && release=$3 && shift 3 &&
		exec chroot "$root" make -C "/usr/src/linux-headers-$release" M=/module "$@" "PAHOLE_VERSION=\$(CONFIG_PAHOLE_VERSION)"' \
		sh "$newer" "$1" "$newer_release" "${@:2}"
}
