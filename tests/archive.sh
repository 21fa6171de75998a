# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where test systems and stock programs come from: the newest release.

# shellcheck disable=SC2034 # for the scripts that read this file
releases="bookworm trixie"
# shellcheck disable=SC2034
suite=trixie
# shellcheck disable=SC2034
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Prints the name of this machine's release, or nothing.
own_release() {
	# shellcheck source=/dev/null
	[ ! -r /etc/os-release ] || (. /etc/os-release && echo "${VERSION_CODENAME-}")
}

# Prints the URL of the archive that apt uses.
archive_uri() {
	# shellcheck disable=SC2016 # apt replaces these
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' \
		'Created-By: Packages' 'Component: main' |
		while read -r uri release; do
			# bookworm-updates and bookworm-security are other archives
			case $release in
			*-* | */*) ;;
			*) echo "$uri" && break ;;
			esac
		done
}
