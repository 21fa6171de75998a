#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make install and make uninstall.

# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

# into COMMAND: make, for the existing build, with a DESTDIR of the test.
into() { make -s -C "$LIB_DIR/../.." -o all "$1" DESTDIR="$BATS_TEST_TMPDIR" PREFIX=/usr; }

setup() { cd "$BATS_TEST_TMPDIR" || return; }

@test "an install ends with what iptables is now and how to go back" {
	local sbin=$BATS_TEST_TMPDIR/sbin installed=$LIB_DIR/../../scripts/installed
	mkdir -p "$sbin"
	ln -s "$RAVELIN_BIN/iptables" "$sbin/iptables"
	capture env PATH="$sbin:$PATH" "$installed" "$sbin"
	[ "$rc" -eq 0 ]
	[ -z "$err" ]
	[ "$(wc -l <<<"$out")" -eq 1 ]
	[[ $out == "iptables is now Ravelin, $sbin/iptables (iptables $BANNER); loaded rules are kept; "*'sudo make uninstall'* ]]
	# If another program has precedence, it is reported.
	mkdir "$BATS_TEST_TMPDIR/first"
	ln -s /bin/true "$BATS_TEST_TMPDIR/first/iptables"
	capture env PATH="$BATS_TEST_TMPDIR/first:$sbin:$PATH" "$installed" "$sbin"
	[[ $out == "iptables is $BATS_TEST_TMPDIR/first/iptables; Ravelin is $sbin/iptables: "* ]]
}

@test "install is complete, and uninstall removes everything" {
	local name
	into install
	for name in usr/sbin/*; do
		echo "$name"
		[ -x "$name" ]
		compgen -G "usr/share/man/man?/${name##*/}.?"
		compgen -G "usr/share/bash-completion/completions/${name##*/}"
	done
	[ "$(usr/sbin/iptables -V)" = "iptables $BANNER" ]
	same '' "$(grep -rn '@[A-Z]*@' usr/lib usr/share/zsh usr/share/fish usr/share/bash-completion usr/sbin/ravelin-rules)" 'places not filled in'
	sh -n usr/sbin/ravelin-rules
	[ "$(PKG_CONFIG_PATH=usr/lib/pkgconfig pkg-config --variable=extensionsdir ravelin)" = /usr/lib/ravelin/extensions ]
	[ -d usr/lib/ravelin/extensions ]
	[ -f usr/include/ravelin/plugin.h ]
	RAVELIN_BACKEND=file:v4 usr/sbin/iptables-restore --test usr/lib/ravelin/closed.v4
	RAVELIN_BACKEND=file:v6 usr/sbin/ip6tables-restore --test usr/lib/ravelin/closed.v6
	into uninstall
	same '' "$(find usr ! -type d)" 'files that stay'
}

@test "files root builds in a checkout belong to its owner" {
	is_root || skip 'needs root'
	cp "$LIB_DIR/../../GNUmakefile" .
	# shellcheck disable=SC2016 # make's
	printf '%s\n' 'all demo: ; mkdir -p $(or $(BUILD),build) && touch $(or $(BUILD),build)/$@' 'broken: all ; false' >Makefile
	chown -R 65534:65534 .
	make -s demo
	make -s BUILD=other all demo
	run make -s BUILD=third broken
	[ "$status" -eq 2 ]
	same '65534 build
65534 build/demo
65534 other
65534 other/all
65534 other/demo
65534 third
65534 third/all' "$(find build other third -printf '%U %p\n' | sort -k 2)"
	setpriv --reuid 65534 --regid 65534 --clear-groups make -s all demo
}
