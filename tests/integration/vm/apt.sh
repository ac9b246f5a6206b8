# SPDX-License-Identifier: Apache-2.0
# An apt root of our own in FOLDER/apt, checked against the Debian keyring: the user's sources, package database
# and boot files stay as they are. Sourced, not run.

apt_root() { # folder, [suite...]: afterwards `apt "${options[@]}"` knows these, or bookworm, its backports and security, and trixie
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror security
	mirror=$(apt_uri_of bookworm)
	security=$(apt_uri_of bookworm-security)
	[ -n "$mirror" ] && [ -n "$security" ] || {
		echo "assay: the VM tests need Debian 12 with bookworm and bookworm-security among apt's sources (and apt-get update run once)" >&2
		exit 1
	}
	mkdir -p "$1"/apt/{lists/partial,archives/partial,empty}
	cat >"$1/apt/sources.list" <<-EOF
		deb [signed-by=$keyring] $mirror bookworm main
		deb [signed-by=$keyring] $mirror bookworm-backports main
		deb [signed-by=$keyring] $mirror trixie main
		deb [signed-by=$keyring] $security bookworm-security main
	EOF
	[ $# -eq 1 ] || printf "deb [signed-by=$keyring] $mirror %s main\n" "${@:2}" >"$1/apt/sources.list"
	printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n' >"$1/apt/preferences"
	options=(-qq -o "Dir::Etc::SourceList=$1/apt/sources.list" -o "Dir::Etc::SourceParts=$1/apt/empty"
		-o "Dir::Etc::Preferences=$1/apt/preferences" -o "Dir::Etc::PreferencesParts=$1/apt/empty"
		-o "Dir::State::Lists=$1/apt/lists" -o "Dir::Cache=$1/apt" -o "Dir::Cache::Archives=$1/apt/archives"
		-o APT::Install-Recommends=false -o APT::Get::List-Cleanup=false -o Debug::NoLocking=true -o APT::Sandbox::User=root)
	apt-get "${options[@]}" update
}
apt_uri_of() { # codename: where this machine gets it from
	apt-get indextargets --format '$(REPO_URI)' "Codename: $1" "Created-By: Packages" | head -1
}
