#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Names of realms and device groups from configuration files. Each test has a mount namespace with
# its own files.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	etc=$BATS_TEST_TMPDIR/etc usr=$BATS_TEST_TMPDIR/usr
	mkdir "$etc" "$usr"
	printf '%s\n' '# groups' '0	default' '0x11	wan' '17	later' >"$etc/group"
	printf '%s\n' '0 default' '18 lan' >"$usr/group"
	printf '%s\n' '0 cosmos' '5 inner' >"$usr/rt_realms"
	new_ns NS
}

teardown() { end_ns "$NS"; }

# there ETC TOOL…: with the files of ETC (or none) in /etc and those of $usr in /usr/share.
there()
{
	# shellcheck disable=SC2016 # for the shell inside
	ns "$NS" unshare --mount sh -c '
		mount -t tmpfs none /etc/iproute2 2>/dev/null ||
			{ mount -t tmpfs none /mnt && mkdir /mnt/up /mnt/work &&
			  mount -t overlay -o lowerdir=/etc,upperdir=/mnt/up,workdir=/mnt/work none /etc &&
			  mkdir /etc/iproute2; } || exit 99
		mkdir -p /usr/share/iproute2 && mount --bind "$2" /usr/share/iproute2 || exit 99
		[ -z "$1" ] || cp "$1"/* /etc/iproute2/
		shift 2
		exec "$@"' sh "$1" "$usr" "${@:2}"
}

saved() { there "$1" "$RAVELIN_BIN/iptables" -S INPUT | grep -e ' -m '; }

@test "the files in /etc name groups, and the first name of a number is printed" {
	there "$etc" "$RAVELIN_BIN/iptables" -A INPUT -m devgroup --src-group wan
	there "$etc" "$RAVELIN_BIN/iptables" -A INPUT -m devgroup --src-group later
	there "$etc" "$RAVELIN_BIN/iptables" -A INPUT -m devgroup --src-group 0
	there "$etc" "$RAVELIN_BIN/iptables" -A INPUT -m devgroup --src-group 0/1
	same '-A INPUT -m devgroup --src-group wan
-A INPUT -m devgroup --src-group wan
-A INPUT -m devgroup --src-group default
-A INPUT -m devgroup --src-group 0x0/0x1' "$(saved "$etc")"
}

@test "where /etc has no such file, the one of iproute2 is read, and numbers are printed" {
	there '' "$RAVELIN_BIN/iptables" -A INPUT -m devgroup --src-group lan
	there '' "$RAVELIN_BIN/iptables" -A INPUT -m realm --realm inner
	there '' "$RAVELIN_BIN/iptables" -C INPUT -m realm --realm 5
	same '-A INPUT -m devgroup --src-group 0x12
-A INPUT -m realm --realm 0x5' "$(saved '')"
}

@test "a file in /etc replaces the one of iproute2" {
	run there "$etc" "$RAVELIN_BIN/iptables" -A INPUT -m devgroup --src-group lan
	same 2 "$status"
	same "iptables $BANNER: devgroup: could not map name lan to an integer value for option \"--src-group\"." "${lines[0]}"
}

@test "stock prints the same, with the files in /etc and without" {
	stock=$("$LIB_DIR/../oracle") || skip 'no stock iptables to compare with'
	cp "$usr/rt_realms" "$etc/"
	for files in "$etc" ''; do
		there "$files" "$RAVELIN_BIN/iptables" -F INPUT
		for group in 0 17 18 0x11/0xff; do
			there "$files" "$RAVELIN_BIN/iptables" -A INPUT -m devgroup --src-group "$group" -m realm --realm "$group"
		done
		# shellcheck disable=SC2086 # a command with its arguments
		same "$(there "$files" $stock iptables -S INPUT)" "$(there "$files" "$RAVELIN_BIN/iptables" -S INPUT)"
		# Without files stock has no names, and another message.
		[ -n "$files" ] || continue
		for wrong in nosuch /1 5x 0x1/nosuch ''; do
			# shellcheck disable=SC2086 # likewise
			run there "$files" $stock iptables -A INPUT -m devgroup --src-group "$wrong"
			stock_status=$status said=${lines[0]#*: }
			run there "$files" "$RAVELIN_BIN/iptables" -A INPUT -m devgroup --src-group "$wrong"
			same "$stock_status $said" "$status ${lines[0]#*: }" "--src-group '$wrong', files: $files"
		done
	done
}
