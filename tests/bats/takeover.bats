#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tables changed by others in ways iptables cannot: a flushing restore replaces them, and other
# commands work as far as possible.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	only_nft 'the module has no other writers'
	new_ns NS
	FILE=$BATS_TEST_TMPDIR/rules
	cat >"$FILE" <<-'END'
		*filter
		:INPUT DROP [0:0]
		:FORWARD DROP [0:0]
		:OUTPUT ACCEPT [0:0]
		:mine - [0:0]
		-A INPUT -i lo -j ACCEPT
		-A INPUT -p tcp -m tcp --dport 22 -j mine
		-A mine -j ACCEPT
		COMMIT
	END
}

teardown() { end_ns "${NS:-}"; }

# Scenarios: a name, and the chains of table filter in nft syntax.
scenarios()
{
	cat <<-'END'
		priority	chain INPUT { type filter hook input priority 5; policy drop; tcp dport 22 accept; }
		hook	chain INPUT { type filter hook forward priority 0; policy drop; }
		type	chain OUTPUT { type route hook output priority 0; policy drop; }
		plain	chain INPUT { tcp dport 22 accept; }; chain theirs { type filter hook input priority 0; jump INPUT; }
		dormant	flags dormant; chain INPUT { type filter hook input priority 0; policy drop; tcp dport 22 accept; }
		dormant, sets	flags dormant; set s { type ipv4_addr; }; chain theirs { type filter hook input priority 0; policy drop; meta mark 1 accept; }
		long name	chain abcdefghijklmnopqrstuvwxyzabc { tcp dport 22 accept; }; chain INPUT { type filter hook input priority 0; policy drop; jump abcdefghijklmnopqrstuvwxyzabc; }
		bound	chain INPUT { type filter hook input priority 0; policy drop; tcp dport 22 jump { accept; }; }
		map	chain old { accept; }; chain mine { accept; }; map m { type inet_service : verdict; elements = { 22 : jump old, 23 : jump mine }; }; chain INPUT { type filter hook input priority 0; policy drop; tcp dport vmap @m; }
		their jump	chain old { accept; }; chain theirs { type filter hook input priority -5; policy accept; jump old; }
		their name	chain mine { type filter hook input priority -5; policy accept; meta mark 1 accept; }
		rest	chain INPUT { type filter hook input priority 0; policy drop; tcp dport { 22, 80 } ip saddr 192.0.2.0/24 counter; }
	END
}

# loaded FAMILY BODY: the table as others left it.
loaded()
{
	flush_ruleset
	# nft 1.0.6 needs a newline after every bracket.
	printf 'table %s filter { %s\n}\n' "$1" "$2" | sed 's/}/\n}\n/g; s/^;//' >"$FILE.nft"
	[ "$1" = ip ] || sed -i 's|ip saddr 192.0.2.0/24|ip6 saddr 2001:db8::/32|; s/ipv4_addr/ipv6_addr/' "$FILE.nft"
	nft -f "$FILE.nft" || { cat "$FILE.nft"; return 1; }
}

each_scenario()
{
	local name body
	while IFS=$'\t' read -r name body; do
		"$@" "$name" "$body" || { echo "scenario: $name"; nft list ruleset; return 1; }
	done < <(scenarios)
}

taken_over()
{
	local family=ip
	[ "$IPV" = 4 ] || family=ip6
	loaded "$family" "$2"
	quiet ipt-restore "$FILE" && same "$(grep -v '^#' "$FILE")" "$(saved)" save && quiet ipt -C mine -j ACCEPT &&
		# It is active, and a second restore finds a normal table.
		[[ $(nft list ruleset) != *dormant* ]] && quiet ipt-restore "$FILE" &&
		same "$(grep -v '^#' "$FILE")" "$(saved)" 'second save'
}

take_over_all() { each_scenario taken_over; }

@test "a flushing restore replaces tables of others" {
	v4_v6 take_over_all
}

nothing_left()
{
	loaded ip "$2"
	quiet iptables-restore < <(printf '*filter\nCOMMIT\n')
	case $1 in
		'their name') [[ $(nft list ruleset) == *'chain mine'* ]] ;;
		*) same '' "$(nft list tables)" ;;
	esac
}

@test "an empty restore leaves only base chains of others" {
	each_scenario nothing_left
}

# Operations elsewhere in the table do not fail because of such a chain.
goes_on()
{
	loaded ip "$2"
	capture tool iptables-restore --noflush <<-'END'
		*filter
		:FORWARD DROP [0:0]
		:new - [0:0]
		-A FORWARD -j new
		-A OUTPUT -p tcp -m tcp --dport 80 -j ACCEPT
		COMMIT
	END
	[ "$rc" = 0 ] || { echo "$err"; return 1; }
	iptables -C FORWARD -j new 2>/dev/null && iptables -I FORWARD 1 -s 192.0.2.1 -j ACCEPT 2>/dev/null &&
		iptables -D FORWARD 1 2>/dev/null &&
		[ "$(iptables -S FORWARD 2>/dev/null | grep -v '^#')" = $'-P FORWARD DROP\n-A FORWARD -j new' ]
}

@test "such a chain does not affect operations on others" {
	each_scenario goes_on
}

@test "ineffective rules are reported, and an ineffective policy is refused" {
	loaded ip 'flags dormant; chain INPUT { type filter hook input priority 0; policy accept; }'
	capture iptables -P INPUT DROP
	same "0 # Warning: table \`filter' is dormant: its rules have no effect" "$rc $err"
	capture iptables -S INPUT
	same "0 # Warning: table \`filter' is dormant: its rules have no effect" "$rc $err"
	loaded ip 'chain INPUT { type filter hook input priority 5; policy accept; }'
	capture iptables -P INPUT DROP
	same '0 ' "$rc $err"
	prints '-P INPUT DROP --base "type filter hook input priority 5"' iptables -S INPUT
	[[ $(nft list chain ip filter INPUT) == *'+ 5; policy drop'* ]]
	loaded ip 'chain INPUT { tcp dport 22 accept; }'
	refused_like 1 'CHAIN_UPDATE failed' iptables -P INPUT DROP
	refused_like 1 'CHAIN_UPDATE failed' iptables-restore --noflush < <(printf '*filter\n:INPUT DROP\nCOMMIT\n')
	capture iptables -A INPUT -j ACCEPT
	same "0 # Warning: chain \`INPUT' of table \`filter' has no hook: packets enter it only by jumps" "$rc $err"
}

@test "unrelated base chains and sets of others stay" {
	loaded ip 'set s { type ipv4_addr; }; chain theirs { type filter hook input priority -5; policy drop; meta mark 1 accept; }'
	before=$(nft list chain ip filter theirs; nft list set ip filter s)
	quiet iptables-restore "$FILE"
	same "$before" "$(nft list chain ip filter theirs; nft list set ip filter s)"
	quiet iptables-restore < <(printf '*filter\nCOMMIT\n')
	same "$before" "$(nft list chain ip filter theirs; nft list set ip filter s)"
}

@test "a file that fails to load does not change a table of others" {
	not_loaded()
	{
		loaded ip "$2"
		before=$(nft list ruleset)
		{ sed '/^COMMIT/d' "$FILE"; echo '-A INPUT -j MASQUERADE'; echo COMMIT; } >"$FILE.wrong"
		no tool iptables-restore "$FILE.wrong" 2>/dev/null
		same "$before" "$(nft list ruleset)" ruleset
	}
	each_scenario not_loaded
}

# own FAMILY: creates a table filter owned by the process, and waits.
own()
{
	# shellcheck disable=SC2016 # Python's
	hold OWNER nsenter --net="/proc/$NS/ns/net" python3 -c '
import signal, socket, struct, sys
def attribute(kind, data): return struct.pack("=HH", len(data) + 4, kind) + data + b"\0" * (-len(data) % 4)
def message(kind, family, payload=b"", resource=0, flags=0x401):
    return struct.pack("=IHHIIBBH", len(payload) + 20, kind, flags, 1, 0, family, 0, socket.htons(resource)) + payload
table = attribute(1, b"filter\0")
hook = attribute(4 | 0x8000, attribute(1, struct.pack("!I", 1)) + attribute(2, struct.pack("!i", 0)))
chain = table + attribute(3, b"INPUT\0") + hook + attribute(5, struct.pack("!I", 0)) + attribute(7, b"filter\0")
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
netlink.bind((0, 0))
netlink.send(message(16, 0, resource=10) + message(10 << 8, int(sys.argv[1]), table + attribute(2, struct.pack("!I", 2)))
             + message(10 << 8 | 3, int(sys.argv[1]), chain) + message(17, 0, resource=10))
signal.pause()
' "$1"
	until_true 10 is_owned
}
is_owned() { [[ $(nft list tables) == *filter* ]]; }
is_free() { [[ $(nft list tables) != *filter* ]]; }

owned_table()
{
	local command
	flush_ruleset
	own $((IPV == 4 ? 2 : 10))
	before=$(nft list ruleset)
	[[ $before == *'flags owner'* && $before == *'policy drop'* ]]
	prints '-P INPUT DROP
-P FORWARD ACCEPT
-P OUTPUT ACCEPT' ipt -S
	for command in '-A INPUT -j ACCEPT' '-P INPUT ACCEPT' '-F' '-N new'; do
		# shellcheck disable=SC2086 # a list of words
		refused_like 4 'Operation not permitted' ipt $command
	done
	refused_like 4 'Operation not permitted' ipt-restore "$FILE"
	refused_like 4 'Operation not permitted' ipt-restore --noflush "$FILE"
	RAVELIN_DIAGNOSTICS=1 refused_like 4 'Another program owns table filter .flags owner.' ipt -A INPUT -j ACCEPT
	same "$before" "$(nft list ruleset)" ruleset
	# It is deleted with its owner.
	end_ns "$OWNER"
	until_true 10 is_free
	quiet ipt-restore "$FILE"
}

@test "a table owned by another program stays: exit code 4, with a hint" {
	v4_v6 owned_table
}
