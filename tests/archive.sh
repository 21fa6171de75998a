# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where stock's programs come from: the newest Debian release that they are compared in.

# shellcheck disable=SC2034 # for the scripts that read this file
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Prints the address of the archive that the machine's own apt uses.
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
