# SPDX-License-Identifier: Apache-2.0
# What can be said of the module without loading it. Sourced by run; needs $top, $work and vm_kernel.

module_copy() { # folder: the module with the core in it
	cp -r "$top/kernel-patches/assay_spdm" "$1" && "$top/kernel-patches/assay_spdm/core.sh" "$1/core"
}
module_make() { # folder, make arguments...
	local folder=$1
	shift
	set -- W=1 CONFIG_DEBUG_INFO_BTF_MODULES= "$@" modules
	if [ -n "${ASSAY_VM_NEWER:-}" ]; then newer_make "$folder" "$@"; else make -C "$kernel_headers" "M=$folder" "$@"; fi 2>&1
}
a_newer_kernel_takes_the_module_without_a_warning() {
	local folder=$work/newer
	if ! unshare --mount --map-root-user true; then
		echo "SKIP: the newer kernel's compiler needs a namespace of its own, and there are none here"
		return 77
	fi
	newer_fetch && module_copy "$folder" && newer_make "$folder" W=1 CONFIG_DEBUG_INFO_BTF_MODULES= modules >"$work/newer.log" 2>&1 || {
		tail -30 "$work/newer.log"
		return 1
	}
	! grep -iE 'warning:|error:' "$work/newer.log" && tr '\0' '\n' <"$folder/assay_spdm.ko" | grep -a "^vermagic=$newer_release "
}
sparse_finds_nothing() {
	local folder=$work/sparse sources checked
	module_copy "$folder" && module_make "$folder" C=2 "CF=-D__CHECK_ENDIAN__" >"$work/sparse.log" || { tail -20 "$work/sparse.log"; return 1; }
	sources=$(find "$folder" -name '*.c' ! -name '*.mod.c' | sed 's/c$/o/' | xargs ls 2>/dev/null | wc -l)
	checked=$(grep -c '^  CHECK ' "$work/sparse.log")
	echo "$checked of $sources files checked"
	[ "$checked" -gt 0 ] && [ "$checked" = "$sources" ] && ! grep -E "^$folder/[^ ]*:[0-9]+(:[0-9]+)?: " "$work/sparse.log"
}
# The style of the kernel, in the files that are the kernel's alone; the core's is .clang-format's.
checkpatch_finds_nothing() {
	local file bad=0
	for file in "$top"/kernel-patches/assay_spdm/*.[ch]; do
		perl "$kernel_headers/scripts/checkpatch.pl" --no-tree --file --terse --show-types --max-line-length=100 "$file" || bad=1
	done
	return "$bad"
}
# The kernel's generator checks them against its schema, and makes headers that say what ours say.
the_kernels_netlink_generator_reads_our_specs_as_we_do() {
	local spec tree=$work/ynl
	mkdir -p "$tree/Documentation/netlink/specs" "$work/ynl-headers" && touch "$tree/MAINTAINERS" &&
		cp "$kernel_headers/Documentation/netlink/genetlink.yaml" "$tree/Documentation/netlink/" &&
		cp "$top"/kernel-patches/netlink/*.yaml "$tree/Documentation/netlink/specs/" || return
	for spec in "$tree"/Documentation/netlink/specs/*.yaml; do
		# it looks for MAINTAINERS in each folder above, without end
		timeout 60 /usr/bin/python3 "$kernel_headers/tools/net/ynl/ynl-gen-c.py" --mode uapi --header --spec "$spec" \
			-o "$work/ynl-headers/$(sed -n 's,^uapi-header: linux/,,p' "$spec")" || return
	done
	"$top/tests/netlink-specs" "$work/ynl-headers"
}
the_dkms_source_builds_by_itself() {
	local folder kernel_source_dir=$kernel_headers
	folder=$("$top/kernel-patches/assay_spdm/dist.sh" "$work/dkms/usr/src") || return
	(
		cd "$folder" || exit
		PACKAGE_VERSION= BUILT_MODULE_NAME=() MAKE=() BUILD_EXCLUSIVE_KERNEL=
		. ./dkms.conf
		[ "$folder" = "$work/dkms/usr/src/$PACKAGE_NAME-$PACKAGE_VERSION" ] || exit
		[[ $(<"$rig/release") =~ $BUILD_EXCLUSIVE_KERNEL ]] || exit
		[[ 6.1.0-30-amd64 =~ $BUILD_EXCLUSIVE_KERNEL ]] && exit 1
		${MAKE[0]} && [ -s "${BUILT_MODULE_NAME[0]}.ko" ] && ${CLEAN} && [ ! -e "${BUILT_MODULE_NAME[0]}.ko" ]
	)
}
