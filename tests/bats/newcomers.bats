#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# First steps of new users: testing rules without root, and messages.
#
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	new_ns FIREWALL
	NS=$FIREWALL
	PLACE=$BATS_TEST_TMPDIR/place
	mkdir "$PLACE"
	cp -L "$RAVELIN_BIN/iptables" "$PLACE/ravelin"
	for name in iptables iptables-restore ip6tables-restore iptables-save; do
		ln -s ravelin "$PLACE/$name"
	done
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$PLACE"
}

teardown() { end_topology; }

# as_nobody PROGRAM WORD...: as an unprivileged user.
as_nobody() { ns "$NS" setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$PLACE/$1" "${@:2}"; }

right()
{
	cat <<-'END'
		*mangle
		:PREROUTING ACCEPT [0:0]
		-A PREROUTING -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x1/0xffffffff
		COMMIT
		*filter
		:INPUT DROP [0:0]
		:mine - [0:0]
		-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
		-A INPUT -j mine
		-A mine -j ACCEPT
		COMMIT
	END
}

@test "restore --test works without root, on stdin and on a file" {
	only_nft 'its failures are those of netlink'
	right >"$PLACE/rules"
	quiet as_nobody iptables-restore --test <"$PLACE/rules"
	quiet as_nobody iptables-restore --test "$PLACE/rules"
	quiet as_nobody iptables-restore -t -T filter "$PLACE/rules"
	quiet as_nobody ip6tables-restore --test "$PLACE/rules"
	# With the same results as for root.
	local text
	for text in '-A INPUT --bogus' '-A INPUT -j nosuch' '-A nosuch -j ACCEPT' '-D INPUT -j DROP' '-X nosuch' \
		'-N mine' ':INPUT nonsense [0:0]' '-A INPUT -s 10.0.0.0/33'; do
		{ right | sed '$d'; echo "$text"; echo COMMIT; } >"$PLACE/wrong"
		capture tool iptables-restore --test "$PLACE/wrong"
		[ "$rc" -ne 0 ]
		refused "$rc" "$err" as_nobody iptables-restore --test "$PLACE/wrong"
	done
	# Checks of the kernel are made as far as they are known.
	refused_like 1 'loop|Too many links|nested' as_nobody iptables-restore --test < <(printf '%s\n' '*filter' ':a - [0:0]' ':b - [0:0]' \
		'-A a -j b' '-A b -j a' '-A INPUT -j a' COMMIT)
	# --noflush depends on loaded rules, which cannot be read; nothing is loaded.
	refused 4 "iptables-restore $BANNER: $DENIED" as_nobody iptables-restore --test --noflush "$PLACE/rules"
	refused 4 "iptables-restore $BANNER: $DENIED" as_nobody iptables-restore "$PLACE/rules"
	# On a terminal, it reports what was not tested.
	RAVELIN_DIAGNOSTICS=1 capture as_nobody iptables-restore --test "$PLACE/rules"
	[ "$rc" -eq 0 ]
	[[ $err == '# Tested without the kernel'* ]]
	nothing_loaded
}

@test "restore --test works without the kernel's nf_tables" {
	only_nft 'its failures are those of netlink'
	right >"$PLACE/rules"
	quiet ns "$NS" strace -qq -o /dev/null -e trace=socket -e inject=socket:error=EPROTONOSUPPORT \
		"$PLACE/iptables-restore" --test "$PLACE/rules"
}

@test "ravelin-rules test works without root" {
	only_nft 'its failures are those of netlink'
	new_rules
	rm "$RULES_HOME/sbin/ravelin"
	cp "$PLACE/ravelin" "$RULES_HOME/sbin/ravelin"
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	right >"$RAVELIN_RULES/rules.v4"
	chmod 644 "$RAVELIN_RULES/rules.v4"
	BEHIND='setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --inh-caps=-all' quiet rules test
}

@test "test of a file with the file backend, without root" {
	right >"$PLACE/rules"
	printf '*filter\n-A INPUT -j DROP\nCOMMIT\n' >"$PLACE/there"
	chmod 444 "$PLACE/there"
	RAVELIN_BACKEND=file:$PLACE/there quiet as_nobody iptables-restore --test "$PLACE/rules"
	RAVELIN_BACKEND=file:$PLACE/there quiet as_nobody iptables-restore --test --noflush "$PLACE/rules"
	RAVELIN_BACKEND=file:$PLACE/none quiet as_nobody iptables-restore --test "$PLACE/rules"
	[ ! -e "$PLACE/none" ]
}
