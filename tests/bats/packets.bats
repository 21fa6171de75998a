#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every match and target with packets: one that must match and one that must not,
# checked with counters or by the hosts at both ends.
#
# Tests run in subshells, whose variables lib.bash uses; unquoted words are
# numbers and lists.
# shellcheck disable=SC2030,SC2031,SC2034,SC2086

load lib

setup_file()
{
	is_root || return 0
	new_topology
	serve server "$SERVER" 53 80 8080
	serve firewall "$FIREWALL" 80 8080
}

teardown_file() { end_topology; }

setup()
{
	need_root
	NS=$FIREWALL
	flush_ruleset
	# Connections outlive a test: each uses its own source ports.
	PORT=$((10000 + BATS_TEST_NUMBER * 100))
}

# load_rules: restores stdin, for the current family.
load_rules() { ipt-restore; }

# hears_nothing HOST tcp|udp ADDR PORT: with a short timeout.
hears_nothing() { same silence "$(ask "$1" "$2" "$3" "$4" 0 0.3)" "answer to ${*:2} (v$IPV)"; }

# --- addresses, interfaces, protocols ---------------------------------------

source_address()
{
	rule -s "$(addr left)"
	caught
	passed src="$(addr left2)"
	rule ! -s "$(addr left)"
	passed
	caught src="$(addr left2)"
}
@test "-s matches its host, ! -s all others" { v4_v6 source_address; }

destination_address()
{
	rule -d "$(addr right)"
	caught
	passed dst="$(addr right2)"
	rule ! -d "$(addr right)"
	passed
	caught dst="$(addr right2)"
}
@test "-d matches its host, ! -d all others" { v4_v6 destination_address; }

@test "-s and -d take a network: prefix, and a mask with a hole (v4)" {
	rule -s 10.1.0.0/16
	caught src=10.1.255.7
	passed src=10.3.0.2
	rule -s 10.1.0.0/30
	caught src=10.1.0.3
	passed src=10.1.0.4
	rule -s 10.0.0.7/255.0.0.255
	caught src=10.99.98.7
	passed src=10.99.98.8
	rule ! -d 10.2.0.8/31
	passed dst=10.2.0.9
	caught dst=10.22.0.2
}

@test "-s and -d take a network: prefix, and a mask with a hole (v6)" {
	IPV=6
	rule -s fd00:1::/32
	caught src=fd00:1:ffff::7
	passed src=fd00:2::7
	rule -s fd00:1::/126
	caught src=fd00:1::3
	passed src=fd00:1::4
	rule -s fd00::7/ffff::ff
	caught src=fd00:9:8::7
	passed src=fd00:9:8::8
	rule ! -d fd00:2::8/127
	passed dst=fd00:2::9
	caught dst=fd00:22::2
}

@test "-s A,B makes a rule for each" {
	iptables -A FORWARD -s 10.1.0.8,10.1.0.9
	send
	send src=10.1.0.9
	send src=10.1.0.9
	until_true 5 reached 2 FORWARD 2
	[ "$(count FORWARD 1)" -eq 1 ]
}

interface_in()
{
	rule -i fc
	caught
	passed_reply
	rule ! -i fc
	passed
	caught_reply
	rule -i f+
	caught
	caught_reply
	rule -i c+
	passed
	rule ! -i fs+
	caught
	passed_reply
}
@test "-i matches by name and wildcard, ! -i all others" { v4_v6 interface_in; }

interface_out()
{
	rule -o fs
	caught
	passed_reply
	rule ! -o fs
	passed
	caught_reply
	rule -o fs+ -i fc+
	caught
	passed_reply
}
@test "-o matches by name and wildcard, ! -o all others" { v4_v6 interface_out; }

protocol()
{
	rule -p udp
	caught proto=udp
	passed proto=tcp
	rule ! -p udp
	passed proto=udp
	caught proto=tcp
	rule -p 132
	caught proto=132
	passed proto=33
	rule -p all
	caught proto=33
	rule -p tcp -s "$(addr left)" -d "$(addr right)" -i fc -o fs
	caught proto=tcp
	passed proto=tcp src="$(addr left2)"
}
@test "-p matches by name and number, ! -p all others, -p all everything" { v4_v6 protocol; }

@test "-f matches later fragments, ! -f first fragments and unfragmented packets" {
	rule -f
	caught frag=rest
	passed frag=first
	passed
	rule ! -f
	passed frag=rest
	caught frag=first
	caught
}

# --- tcp, udp, icmp ---------------------------------------------------------

tcp_ports()
{
	rule -p tcp --sport 1000
	caught proto=tcp sport=1000
	passed proto=tcp sport=1001
	passed proto=udp sport=1000
	rule -p tcp ! --sport 1000
	passed proto=tcp sport=1000
	caught proto=tcp sport=1001
	rule -p tcp --dport 80:90
	caught proto=tcp dport=80
	caught proto=tcp dport=90
	passed proto=tcp dport=91
	passed proto=tcp dport=79
	rule -p tcp ! --dport 80:90
	passed proto=tcp dport=85
	caught proto=tcp dport=91
	rule -p tcp --sport :1023 --dport 65000:
	caught proto=tcp sport=0 dport=65535
	passed proto=tcp sport=1024 dport=65535
	passed proto=tcp sport=1 dport=64999
}
@test "tcp: --sport and --dport, their ranges and their negation" { v4_v6 tcp_ports; }

tcp_flags()
{
	rule -p tcp --tcp-flags SYN,ACK SYN
	caught proto=tcp flags=SYN
	caught proto=tcp flags=SYN,URG
	passed proto=tcp flags=SYN,ACK
	passed proto=tcp flags=ACK
	rule -p tcp ! --tcp-flags SYN,ACK SYN
	passed proto=tcp flags=SYN
	caught proto=tcp flags=ACK
	rule -p tcp --tcp-flags ALL NONE
	caught proto=tcp flags=NONE
	passed proto=tcp flags=PSH
	rule -p tcp --syn
	caught proto=tcp flags=SYN
	passed proto=tcp flags=SYN,ACK
	rule -p tcp ! --syn
	passed proto=tcp flags=SYN
	caught proto=tcp flags=ACK
}
@test "tcp: --tcp-flags, --syn and their negation" { v4_v6 tcp_flags; }

tcp_option()
{
	rule -p tcp --tcp-option 8
	caught proto=tcp opt=080a0000000100000000
	caught proto=tcp opt=0101080a0000000100000000
	passed proto=tcp opt=020405b4
	passed proto=tcp
	rule -p tcp ! --tcp-option 2
	passed proto=tcp opt=020405b4
	caught proto=tcp opt=0303000a
}
@test "tcp: --tcp-option finds an option after others, and its negation" { v4_v6 tcp_option; }

udp_ports()
{
	rule -p udp --sport 1000
	caught sport=1000
	passed sport=1001
	passed proto=tcp sport=1000
	rule -p udp ! --dport 53
	passed dport=53
	caught dport=54
	rule -p udp --dport 60:70 --sport 5:
	caught sport=5 dport=70
	passed sport=4 dport=70
	passed sport=5 dport=71
}
@test "udp: --sport and --dport, their ranges and their negation" { v4_v6 udp_ports; }

@test "icmp: --icmp-type by name, by number, with a code, any, and negated" {
	rule -p icmp --icmp-type echo-request
	caught proto=icmp type=8
	passed proto=icmp type=0
	rule -p icmp --icmp-type 3/1
	caught proto=icmp type=3 code=1
	passed proto=icmp type=3 code=2
	rule -p icmp --icmp-type 3
	caught proto=icmp type=3 code=2
	passed proto=icmp type=4
	rule -p icmp --icmp-type any
	caught proto=icmp type=13
	passed proto=udp
	rule -p icmp ! --icmp-type host-unreachable
	passed proto=icmp type=3 code=1
	caught proto=icmp type=3 code=3
}

@test "icmp6: --icmpv6-type by name, by number, with a code, and negated" {
	IPV=6
	rule -p ipv6-icmp --icmpv6-type echo-request
	caught proto=icmp type=128
	passed proto=icmp type=129
	rule -p ipv6-icmp --icmpv6-type 1/4
	caught proto=icmp type=1 code=4
	passed proto=icmp type=1 code=3
	rule -p ipv6-icmp --icmpv6-type destination-unreachable
	caught proto=icmp type=1 code=3
	passed proto=icmp type=3
	rule -p ipv6-icmp ! --icmpv6-type echo-request
	passed proto=icmp type=128
	caught proto=icmp type=129
}

@test "ping is stopped by an icmp rule and goes through without it" {
	iptables -A FORWARD -i fc -p icmp --icmp-type echo-request -j DROP
	no ns "$CLIENT" ping -n -q -c 1 -W 0.3 10.2.0.2
	[ "$(count FORWARD 1)" -eq 1 ]
	iptables -F
	ns "$CLIENT" ping -n -q -c 1 -W 2 10.2.0.2
	ip6tables -A FORWARD -i fc -p ipv6-icmp --icmpv6-type echo-request -j DROP
	no ns "$CLIENT" ping -n -q -c 1 -W 0.3 fd00:2::2
	ip6tables -F
	ns "$CLIENT" ping -n -q -c 1 -W 2 fd00:2::2
}

# --- matches ----------------------------------------------------------------

comment()
{
	rule -p tcp -m comment --comment 'it says "nothing" about packets'
	caught proto=tcp
	passed proto=udp
}
@test "comment: does not affect the rule" { v4_v6 comment; }

multiport()
{
	rule -p tcp -m multiport --dports 22,80:82,443
	caught proto=tcp dport=22
	caught proto=tcp dport=81
	caught proto=tcp dport=443
	passed proto=tcp dport=83
	passed proto=tcp sport=22 dport=1
	passed proto=udp dport=22
	rule -p udp -m multiport --sports 53,123
	caught sport=123
	passed sport=1 dport=123
	rule -p udp -m multiport --ports 53,1000:2000
	caught sport=53 dport=1
	caught sport=1 dport=1500
	passed sport=1 dport=2001
	rule -p tcp -m multiport ! --dports 22,80
	passed proto=tcp dport=80
	caught proto=tcp dport=81
	rule -p udp -m multiport ! --ports 53
	passed sport=53 dport=1
	caught sport=1 dport=54
}
@test "multiport: --dports, --sports, --ports, ranges and negation" { v4_v6 multiport; }

mark()
{
	load_rules <<-END
		*mangle
		-A PREROUTING -p tcp -j MARK --set-mark 0x51
		-A PREROUTING -p udp -j MARK --set-mark 0x52
		COMMIT
	END
	rule -m mark --mark 0x51
	caught proto=tcp
	passed proto=udp
	passed proto=132
	rule -m mark --mark 0x50/0xf0
	caught proto=tcp
	caught proto=udp
	passed proto=132
	rule -m mark ! --mark 0x51
	passed proto=tcp
	caught proto=132
	rule -m mark ! --mark 2/3
	caught proto=tcp
	passed proto=udp
}
@test "mark: value, value/mask and negation" { v4_v6 mark; }

limit()
{
	rule -m limit --limit 1/hour --limit-burst 2
	caught
	caught
	passed
	passed
	rule -p udp -m limit --limit 1000/second --limit-burst 1
	caught
	passed proto=tcp
}
@test "limit: matches its burst, then no more" { v4_v6 limit; }

@test "iprange: --src-range, --dst-range, both, and negated (v4)" {
	rule -m iprange --src-range 10.1.0.2-10.1.0.9
	caught src=10.1.0.2
	caught src=10.1.0.9
	passed src=10.1.0.10
	passed src=10.0.255.255
	rule -m iprange ! --src-range 10.1.0.2-10.1.0.9
	passed src=10.1.0.5
	caught src=10.1.0.10
	rule -m iprange --src-range 10.1.0.2-10.1.0.9 --dst-range 10.2.0.8-10.2.0.9
	caught
	passed dst=10.22.0.2
	passed src=10.1.0.10
	rule -m iprange ! --dst-range 10.2.0.8-10.2.0.9
	passed
	caught dst=10.22.0.2
}

@test "iprange: --src-range, --dst-range, both, and negated (v6)" {
	IPV=6
	rule -m iprange --src-range fd00:1::2-fd00:1::1:0
	caught src=fd00:1::2
	caught src=fd00:1::1:0
	passed src=fd00:1::1:1
	passed src=fd00::9
	rule -m iprange ! --src-range fd00:1::2-fd00:1::9
	passed src=fd00:1::5
	caught src=fd00:1::a
	rule -m iprange --src-range fd00:1::2-fd00:1::9 --dst-range fd00:2::8-fd00:2::9
	caught
	passed dst=fd00:22::2
	rule -m iprange ! --dst-range fd00:2::8-fd00:2::9
	passed
	caught dst=fd00:22::2
}

@test "addrtype: --src-type and --dst-type where packets arrive (v4)" {
	HOOK=INPUT
	rule -m addrtype --dst-type LOCAL
	caught dst=10.1.0.1 proto=132
	passed dst=10.1.0.255
	passed dst=224.0.0.1
	rule -m addrtype --dst-type BROADCAST,MULTICAST
	passed dst=10.1.0.1 proto=132
	caught dst=10.1.0.255
	caught dst=224.0.0.1
	rule -m addrtype ! --dst-type LOCAL
	passed dst=10.1.0.1 proto=132
	caught dst=10.1.0.255
	rule -m addrtype --dst-type LOCAL --limit-iface-in
	caught dst=10.1.0.1 proto=132
	passed dst=10.2.0.1 proto=132
}

@test "addrtype: --src-type and --dst-type where packets arrive (v6)" {
	IPV=6
	HOOK=INPUT
	rule -m addrtype --dst-type LOCAL
	caught dst=fd00:1::1 proto=132
	passed dst=ff02::1
	rule -m addrtype --dst-type MULTICAST
	passed dst=fd00:1::1 proto=132
	caught dst=ff02::1
	rule -m addrtype --dst-type LOCAL --limit-iface-in
	caught dst=fd00:1::1 proto=132
	passed dst=fd00:2::1 proto=132
}

@test "addrtype: --limit-iface-out" {
	# A packet to a local address uses lo, which has only one of the addresses.
	HOOK=OUTPUT
	iptables -A INPUT -i lo -j DROP
	rule -m addrtype --dst-type LOCAL
	TO=10.1.0.1 caught_local 0 0
	TO=127.0.0.1 caught_local 0 0
	passed_local 0 0
	rule -m addrtype --dst-type LOCAL --limit-iface-out
	TO=10.1.0.1 passed_local 0 0
	TO=127.0.0.1 caught_local 0 0
}

@test "addrtype: types of a source, and blackhole routes" {
	TABLE=mangle HOOK=PREROUTING
	rule -m addrtype --src-type UNICAST
	caught
	passed src=224.0.0.1
	rule -m addrtype ! --src-type BROADCAST,LOCAL
	caught
	passed src=255.255.255.255
	passed src=10.1.0.1
	# Only IPv6 matches prohibiting routes.
	IPV=6
	ns "$FIREWALL" ip -6 route replace unreachable fd00:9::/32
	rule -m addrtype --dst-type UNREACHABLE
	caught dst=fd00:9::1
	passed
}

mac()
{
	rule -m mac --mac-source "$MAC_C"
	caught
	passed smac=02:00:00:00:00:0d
	rule -m mac ! --mac-source "$MAC_C"
	passed
	caught smac=02:00:00:00:00:0d
}
@test "mac: --mac-source and its negation" { v4_v6 mac; }

# local_udp USER GROUP [GROUPS]: a program on the firewall sends a packet, to $TO if set.
local_udp()
{
	local groups=(--clear-groups)
	[ $# -lt 3 ] || groups=(--groups "$3")
	ns "$FIREWALL" setpriv --reuid "$1" --regid "$2" "${groups[@]}" -- \
		bash -c "echo x >/dev/udp/${TO:-$(addr right)}/9"
}
caught_local() { judge 1 local_udp "$@"; }
passed_local() { judge 0 local_udp "$@"; }

owner()
{
	HOOK=OUTPUT
	rule -m owner --uid-owner 1234
	caught_local 1234 1
	passed_local 1235 1
	rule -m owner --uid-owner 1000-1999
	caught_local 1999 1
	passed_local 2000 1
	rule -m owner ! --uid-owner 1234
	passed_local 1234 1
	caught_local 0 0
	rule -m owner --gid-owner 77
	caught_local 1 77
	passed_local 1 78
	passed_local 1 78 77
	rule -m owner --gid-owner 77 --suppl-groups
	caught_local 1 78 77
	passed_local 1 78 79
}
@test "owner: --uid-owner, --gid-owner, ranges, --suppl-groups, negation" { v4_v6 owner; }

owner_socket()
{
	TABLE=mangle HOOK=POSTROUTING
	rule -m owner --socket-exists
	caught_local 1234 1
	passed
	rule -m owner ! --socket-exists
	passed_local 1234 1
	caught
}
@test "owner: --socket-exists matches local packets, not forwarded ones" { v4_v6 owner_socket; }

# sets: created once, in the firewall's namespace.
need_sets()
{
	command -v ipset >/dev/null || skip 'needs ipset'
	ns "$FIREWALL" ipset -exist restore <<-END
		create hosts4 hash:ip family inet counters
		create hosts6 hash:ip family inet6 counters
		create ports4 hash:ip,port family inet
		create ports6 hash:ip,port family inet6
		create nets4 hash:net family inet
		create nets6 hash:net family inet6
		add hosts4 10.1.0.8
		add hosts6 fd00:1::8
		add ports4 10.2.0.8,udp:53
		add ports6 fd00:2::8,udp:53
		add nets4 10.1.0.0/24
		add nets4 10.1.0.9 nomatch
		add nets6 fd00:1::/64
		add nets6 fd00:1::9 nomatch
	END
}

set_match()
{
	rule -m set --match-set hosts$IPV src
	caught
	passed src="$(addr left2)"
	rule -m set ! --match-set hosts$IPV src
	passed
	caught src="$(addr left2)"
	rule -m set --match-set hosts$IPV dst
	passed
	caught_reply
	rule -p udp -m set --match-set ports$IPV dst,dst
	caught dport=53
	passed dport=54
	passed proto=tcp dport=53
	rule -m set --match-set nets$IPV src --return-nomatch
	passed
	caught src="$(addr left2)"
}
@test "set: --match-set src, dst, dst,dst, negation, --return-nomatch" {
	need_sets
	v4_v6 set_match
}

set_counters()
{
	ns "$FIREWALL" ipset flush hosts$IPV
	ns "$FIREWALL" ipset add hosts$IPV "$(addr left)"
	# The packet is counted before the counter is compared.
	rule -m set --match-set hosts$IPV src --packets-lt 3
	caught
	caught
	passed
	rule -m set --match-set hosts$IPV src ! --update-counters --packets-eq 3
	caught
	caught
	rule -m set --match-set hosts$IPV src --bytes-gt 1000000
	passed
}
@test "set: --packets-lt, --packets-eq, --bytes-gt, ! --update-counters" {
	need_sets
	v4_v6 set_counters
}

# --- connections ------------------------------------------------------------

ct_state_basic()
{
	local flow="sport=$PORT dport=7"
	for match in 'state --state' 'conntrack --ctstate'; do
		PORT=$((PORT + 1))
		flow="sport=$PORT dport=7" back="sport=7 dport=$PORT"
		rule -m $match NEW
		caught $flow
		passed_reply $back
		passed $flow
		rule -m $match RELATED,ESTABLISHED
		passed sport=$((PORT + 10)) dport=7
		caught $flow
		caught_reply $back
		rule -m ${match/ / ! } NEW
		caught $flow
		passed sport=$((PORT + 20)) dport=7
	done
}
@test "conntrack --ctstate, state --state: NEW and ESTABLISHED" { v4_v6 ct_state_basic; }

ct_state_invalid()
{
	rule -m conntrack --ctstate INVALID
	caught proto=tcp flags=SYN,FIN sport=$PORT
	passed proto=tcp flags=SYN sport=$PORT
	rule -m state --state INVALID
	caught proto=tcp flags=SYN,RST sport=$PORT
	passed proto=udp sport=$PORT
	rule -m state ! --state INVALID
	passed proto=tcp flags=SYN,RST sport=$PORT
	caught proto=udp sport=$PORT
}
@test "conntrack --ctstate, state --state: INVALID" { v4_v6 ct_state_invalid; }

ct_state_related()
{
	local code=code=3
	[ "$IPV" -eq 4 ] || code=code=4
	rule -m conntrack --ctstate RELATED
	passed sport=$PORT dport=7
	caught_reply proto=icmp type="$((IPV == 4 ? 3 : 1))" $code about=udp:$PORT:7
	passed_reply proto=icmp type="$((IPV == 4 ? 3 : 1))" $code about=udp:$((PORT + 1)):7
	rule -m state --state RELATED
	passed_reply sport=7 dport=$PORT
	caught_reply proto=icmp type="$((IPV == 4 ? 3 : 1))" $code about=udp:$PORT:7
}
@test "conntrack --ctstate, state --state: RELATED is an error about a known connection" {
	v4_v6 ct_state_related
}

ct_state_untracked()
{
	local family=ip
	[ "$IPV" -eq 4 ] || family=ip6
	# The target that makes packets untracked is tested elsewhere.
	nft add table $family bypass
	nft add chain $family bypass pre '{ type filter hook prerouting priority -300; }'
	nft add rule $family bypass pre udp sport $PORT notrack
	rule -m conntrack --ctstate UNTRACKED
	caught sport=$PORT
	passed sport=$((PORT + 1))
	rule -m state --state UNTRACKED
	caught sport=$PORT
	passed sport=$((PORT + 1))
	nft delete table $family bypass
}
@test "conntrack --ctstate, state --state: UNTRACKED" { v4_v6 ct_state_untracked; }

ct_state_nat()
{
	load_rules <<-END
		*nat
		-A PREROUTING -p udp --dport 7001 -j DNAT --to-destination $(url "$(addr right)" 7002)
		-A POSTROUTING -p udp --dport 7003 -j SNAT --to-source $(addr left2)
		COMMIT
	END
	rule -m conntrack --ctstate DNAT
	caught sport=$PORT dport=7001
	passed sport=$((PORT + 1)) dport=7004
	# The source is translated after this chain: it sees the second packet's.
	rule -m conntrack --ctstate SNAT
	passed sport=$((PORT + 2)) dport=7003
	caught sport=$((PORT + 2)) dport=7003
	passed sport=$PORT dport=7001
}
@test "conntrack --ctstate: DNAT and SNAT" { v4_v6 ct_state_nat; }

ct_addresses()
{
	local here there other
	here=$(addr left) there=$(addr right) other=$(addr left2)
	rule -m conntrack --ctorigsrc "$here"
	caught sport=$PORT dport=7
	passed sport=$PORT dport=7 src="$other"
	rule -m conntrack --ctorigdst "$there"
	caught sport=$PORT dport=7
	caught_reply sport=7 dport=$PORT
	passed dst="$(addr right2)"
	rule -m conntrack --ctreplsrc "$there"
	caught sport=$PORT dport=7
	passed dst="$(addr right2)"
	rule -m conntrack --ctrepldst "$here"
	caught sport=$PORT dport=7
	passed sport=$PORT dport=7 src="$other"
	rule -m conntrack ! --ctorigsrc "$here"
	passed sport=$PORT dport=7
	caught sport=$PORT dport=7 src="$other"
}
@test "conntrack --ctorigsrc --ctorigdst --ctreplsrc --ctrepldst, negated" { v4_v6 ct_addresses; }

ct_ports()
{
	rule -m conntrack --ctproto udp --ctorigsrcport $PORT
	caught sport=$PORT dport=7
	passed sport=$((PORT + 1)) dport=7
	rule -m conntrack --ctproto udp --ctorigdstport 7:9
	caught sport=$PORT dport=7
	passed sport=$PORT dport=10
	rule -m conntrack --ctproto udp --ctreplsrcport 7
	caught sport=$PORT dport=7
	caught_reply sport=7 dport=$PORT
	passed sport=$PORT dport=10
	rule -m conntrack --ctproto udp --ctrepldstport $PORT
	caught sport=$PORT dport=7
	passed sport=$((PORT + 1)) dport=7
	rule -m conntrack --ctproto udp ! --ctorigdstport 7:9
	passed sport=$PORT dport=8
	caught sport=$PORT dport=10
}
@test "conntrack --ctorigsrcport --ctorigdstport --ctreplsrcport --ctrepldstport" { v4_v6 ct_ports; }

ct_protocol()
{
	rule -m conntrack --ctproto tcp
	caught proto=tcp sport=$PORT
	passed proto=udp sport=$PORT
	rule -m conntrack ! --ctproto 17
	caught proto=tcp sport=$PORT
	passed proto=udp sport=$PORT
}
@test "conntrack --ctproto by name and number, negated" { v4_v6 ct_protocol; }

ct_direction()
{
	rule -m conntrack --ctdir ORIGINAL
	caught sport=$PORT dport=7
	passed_reply sport=7 dport=$PORT
	caught sport=$PORT dport=7
	rule -m conntrack --ctdir REPLY
	passed sport=$PORT dport=7
	caught_reply sport=7 dport=$PORT
}
@test "conntrack --ctdir" { v4_v6 ct_direction; }

ct_status()
{
	rule -m conntrack --ctstatus CONFIRMED
	passed sport=$PORT dport=7
	caught sport=$PORT dport=7
	rule -m conntrack --ctstatus SEEN_REPLY
	passed sport=$PORT dport=7
	caught_reply sport=7 dport=$PORT
	caught sport=$PORT dport=7
	rule -m conntrack ! --ctstatus SEEN_REPLY
	passed sport=$PORT dport=7
	caught sport=$((PORT + 1)) dport=7
	rule -m conntrack --ctstatus EXPECTED
	passed sport=$PORT dport=7
	rule -m conntrack ! --ctstatus NONE
	caught sport=$PORT dport=7
	rule -m conntrack --ctstatus NONE
	passed sport=$PORT dport=7
}
@test "conntrack --ctstatus: CONFIRMED, SEEN_REPLY, EXPECTED, NONE" { v4_v6 ct_status; }

ct_assured()
{
	local flow="proto=tcp sport=$PORT dport=7" back="proto=tcp sport=7 dport=$PORT"
	rule -m conntrack --ctstatus ASSURED
	passed $flow flags=SYN seq=1000
	passed_reply $back flags=SYN,ACK seq=5000 ack=1001
	# The packet that completes the handshake is the first to see it completed.
	caught $flow flags=ACK seq=1001 ack=5001
	caught_reply $back flags=ACK seq=5001 ack=1001
}
@test "conntrack --ctstatus ASSURED after a whole TCP handshake" { v4_v6 ct_assured; }

# The FTP control connection negotiates the port of the data connection.
ct_expected()
{
	local flow="proto=tcp sport=$PORT dport=21" back="proto=tcp sport=21 dport=$PORT"
	local family=ip port_line=PORT_10,1,0,8,117,49
	[ "$IPV" -eq 4 ] || family=ip6 port_line="EPRT_|2|fd00:1::8|30001|"
	nft -f - <<-END || skip 'the kernel has no FTP helper'
		table $family ftp {
			ct helper ftp { type "ftp" protocol tcp; }
			chain pre {
				type filter hook prerouting priority 0;
				tcp dport 21 ct helper set "ftp"
			}
		}
	END
	rule -m conntrack --ctstatus EXPECTED
	passed $flow flags=SYN seq=1000
	passed_reply $back flags=SYN,ACK seq=5000 ack=1001
	passed $flow flags=ACK seq=1001 ack=5001
	passed $flow flags=ACK,PSH seq=1001 ack=5001 line=USER_x
	passed $flow flags=ACK,PSH seq=1009 ack=5001 line=$port_line
	caught_reply proto=tcp sport=20 dport=30001
	passed_reply proto=tcp sport=20 dport=30002
	rule -m conntrack --ctstate RELATED
	caught_reply proto=tcp sport=20 dport=30001
	passed_reply proto=tcp sport=20 dport=30002
	nft delete table $family ftp
}
@test "conntrack --ctstatus EXPECTED, --ctstate RELATED: the data connection of FTP" {
	v4_v6 ct_expected
}

ct_expire()
{
	ns "$FIREWALL" sysctl -qw net.netfilter.nf_conntrack_udp_timeout=40
	# The timeout starts after the first packet has passed.
	rule -m conntrack --ctexpire 20:40
	passed sport=$PORT dport=7
	caught sport=$PORT dport=7
	rule -m conntrack --ctexpire 1:19
	passed sport=$PORT dport=7
	rule -m conntrack ! --ctexpire 1:19
	caught sport=$PORT dport=7
	rule -m conntrack ! --ctexpire 20:40
	passed sport=$PORT dport=7
}
@test "conntrack --ctexpire" { v4_v6 ct_expire; }

# --- verdicts and chains ----------------------------------------------------

accept_drop()
{
	load_rules <<-END
		*filter
		-A FORWARD -p udp --dport 53 -j ACCEPT
		-A FORWARD -p tcp --sport 80 -j ACCEPT
		-A FORWARD -p tcp --dport 80 -j ACCEPT
		-A FORWARD -p udp --sport 53 -j ACCEPT
		-A FORWARD -j DROP
		COMMIT
	END
	says "server saw $(addr client) $PORT at $(addr server) 53" "$CLIENT" udp "$(addr server)" 53 $PORT
	says "server saw $(addr client) $PORT at $(addr server) 80" "$CLIENT" tcp "$(addr server)" 80 $PORT
	[ "$(count FORWARD 1)" -eq 1 ]
	[ "$(count FORWARD 5)" -eq 0 ]
	hears_nothing "$CLIENT" udp "$(addr server)" 80
	[ "$(count FORWARD 1)" -eq 1 ]
	[ "$(count FORWARD 5)" -eq 1 ]
}
@test "ACCEPT precedes a later DROP" { v4_v6 accept_drop; }

policy()
{
	ipt -P FORWARD DROP
	hears_nothing "$CLIENT" udp "$(addr server)" 53
	[ "$(ipt -n -x -v -L FORWARD | sed -n '1s/.*policy DROP \([0-9]*\) packets.*/\1/p')" -eq 1 ]
	ipt -P FORWARD ACCEPT
	says "server saw $(addr client) $PORT at $(addr server) 53" "$CLIENT" udp "$(addr server)" 53 $PORT
}
@test "policy DROP drops and counts packets without matching rule" { v4_v6 policy; }

jump_return()
{
	load_rules <<-END
		*filter
		:outer - [0:0]
		:inner - [0:0]
		-A FORWARD -j outer
		-A FORWARD
		-A outer -p tcp -j inner
		-A outer
		-A inner -p tcp --dport 80 -j RETURN
		-A inner
		COMMIT
	END
	send proto=tcp dport=80
	send proto=tcp dport=81
	send proto=udp
	until_true 5 reached 3 FORWARD 2
	[ "$(count outer 1)" -eq 2 ]
	[ "$(count inner 1)" -eq 1 ]
	[ "$(count inner 2)" -eq 1 ]
	[ "$(count outer 2)" -eq 3 ]
}
@test "-j CHAIN returns after the jump, at the chain's end or by RETURN" { v4_v6 jump_return; }

goto_chain()
{
	load_rules <<-END
		*filter
		:outer - [0:0]
		:inner - [0:0]
		-A FORWARD -j outer
		-A FORWARD
		-A outer -p tcp -g inner
		-A outer
		-A inner
		COMMIT
	END
	send proto=tcp
	send proto=udp
	until_true 5 reached 2 FORWARD 2
	[ "$(count inner 1)" -eq 1 ]
	[ "$(count outer 2)" -eq 1 ]
}
@test "-g CHAIN does not return to the chain with the goto" { v4_v6 goto_chain; }

return_to_policy()
{
	load_rules <<-END
		*filter
		:FORWARD DROP [0:0]
		-A FORWARD -p udp --dport 53 -j RETURN
		-A FORWARD -j ACCEPT
		COMMIT
	END
	hears_nothing "$CLIENT" udp "$(addr server)" 53
	[ "$(count FORWARD 1)" -eq 1 ]
	says "server saw $(addr client) $PORT at $(addr server) 80" "$CLIENT" tcp "$(addr server)" 80 $PORT
}
@test "RETURN in a base chain applies its policy" { v4_v6 return_to_policy; }

# on_the_way TABLE:CHAIN... / seen_by ...: adds a counting rule to each, and checks that each
# counted one packet.
on_the_way()
{
	local place
	for place; do
		ipt -t "${place%:*}" -A "${place#*:}" -p udp --dport 80
	done
	# nat chains see packets only if something there translates.
	ipt -t nat -A POSTROUTING -p sctp -j SNAT --to-source "$(addr outside)"
}
seen_by()
{
	local place TABLE
	for place; do
		TABLE=${place%:*}
		same 1 "$(count "${place#*:}" 1)" "packets seen by $place (v$IPV)"
	done
}

forwarded_way()
{
	local way='raw:PREROUTING mangle:PREROUTING nat:PREROUTING mangle:FORWARD filter:FORWARD
		security:FORWARD mangle:POSTROUTING nat:POSTROUTING'
	on_the_way $way
	says "server saw $(addr client) $PORT at $(addr server) 80" "$CLIENT" udp "$(addr server)" 80 $PORT
	hears_nothing "$CLIENT" udp "$(addr right)" 81
	seen_by $way
}
@test "a forwarded packet traverses each of its chains once" { v4_v6 forwarded_way; }

local_way()
{
	local way='raw:OUTPUT mangle:OUTPUT nat:OUTPUT filter:OUTPUT security:OUTPUT mangle:POSTROUTING
		nat:POSTROUTING raw:PREROUTING mangle:PREROUTING mangle:INPUT filter:INPUT security:INPUT'
	on_the_way $way
	says "firewall saw $(addr inside) $PORT at $(addr inside) 80" "$FIREWALL" udp "$(addr inside)" 80 $PORT
	says refused "$FIREWALL" udp "$(addr inside)" 81
	seen_by $way
}
@test "a packet to a local address traverses the output and input chains" { v4_v6 local_way; }

# --- REJECT -----------------------------------------------------------------

# rejects_as TEXT TYPE [FIELD=VALUE...]: what the client receives.
rejects_as()
{
	ipt -F FORWARD
	ipt -A FORWARD -p tcp -j REJECT --reject-with "$2"
	same "$1" "$(answer proto=tcp sport=$PORT "${@:3}")" "answer of $2"
	[ "$(count FORWARD 1)" -eq 1 ]
}

@test "REJECT: the client receives each --reject-with (v4)" {
	rejects_as 'icmp 3/0 from 10.1.0.1' icmp-net-unreachable
	rejects_as 'icmp 3/1 from 10.1.0.1' icmp-host-unreachable
	rejects_as 'icmp 3/2 from 10.1.0.1' icmp-proto-unreachable
	rejects_as 'icmp 3/3 from 10.1.0.1' icmp-port-unreachable
	rejects_as 'icmp 3/9 from 10.1.0.1' icmp-net-prohibited
	rejects_as 'icmp 3/10 from 10.1.0.1' icmp-host-prohibited
	rejects_as 'icmp 3/13 from 10.1.0.1' icmp-admin-prohibited
	rejects_as 'tcp RST,ACK from 10.2.0.8' tcp-reset
}

@test "REJECT: the client receives each --reject-with (v6)" {
	IPV=6
	rejects_as 'icmp 1/0 from fd00:1::1' icmp6-no-route
	rejects_as 'icmp 1/1 from fd00:1::1' icmp6-adm-prohibited
	rejects_as 'icmp 1/3 from fd00:1::1' icmp6-addr-unreachable
	rejects_as 'icmp 1/4 from fd00:1::1' icmp6-port-unreachable
	rejects_as 'icmp 1/5 from fd00:1::1' icmp6-policy-fail
	rejects_as 'icmp 1/6 from fd00:1::1' icmp6-reject-route
	rejects_as 'tcp RST,ACK from fd00:2::8' tcp-reset
}

@test "REJECT: port unreachable by default; no reply to packets that do not match" {
	iptables -A FORWARD -p udp -j REJECT
	ip6tables -A FORWARD -p udp -j REJECT
	same 'icmp 3/3 from 10.1.0.1' "$(answer)"
	same silence "$(answer proto=tcp wait=0.3)"
	says refused "$CLIENT" udp 10.2.0.2 53
	IPV=6
	same 'icmp 1/4 from fd00:1::1' "$(answer)"
	same silence "$(answer proto=tcp wait=0.3)"
	says refused "$CLIENT" udp fd00:2::2 53
}

# --- LOG, MARK, CONNMARK ----------------------------------------------------

log()
{
	rule -p tcp -j LOG
	# The log is that of the machine, not of the namespace.
	prints '-A T -p tcp -j LOG' ipt -S T 1
	caught proto=tcp
	passed proto=udp
	rule -p tcp -j LOG --log-prefix 'seen: ' --log-level debug --log-tcp-sequence \
		--log-tcp-options --log-ip-options --log-uid --log-macdecode
	caught proto=tcp opt=020405b4
	passed proto=udp
}
@test "LOG counts packets and continues" { v4_v6 log; }

# marks_as VALUE OPTION...: packets have mark 0xf0 before the rule; checks the mark after it.
marks_as()
{
	ipt-restore --noflush <<-END
		*mangle
		-F PREROUTING
		-A PREROUTING -p udp -j MARK --set-mark 0xf0
		-A PREROUTING -p udp --dport 7 -j MARK ${*:2}
		-A PREROUTING -m mark --mark $1
		-A PREROUTING -m mark --mark 0xf0
		-A PREROUTING
		COMMIT
	END
	send dport=7
	send dport=8
	until_true 5 reached 2 PREROUTING 5
	same "1 1 1" "$(count PREROUTING 2) $(count PREROUTING 3) $(count PREROUTING 4)" "MARK ${*:2}"
}

mark_target()
{
	TABLE=mangle
	marks_as 0x5 --set-mark 0x5
	marks_as 0xf5 --set-mark 0x5/0xf
	marks_as 0x35 --set-xmark 0xc5/0x0
	marks_as 0xaf --set-xmark 0xaf/0xff
	marks_as 0x30 --and-mark 0x3f
	marks_as 0xf7 --or-mark 0x17
	marks_as 0xa5 --xor-mark 0x55
}
@test "MARK: --set-mark, --set-xmark, --and-mark, --or-mark, --xor-mark" { v4_v6 mark_target; }

connmark_save()
{
	TABLE=mangle
	load_rules <<-END
		*mangle
		-A PREROUTING -i fc -p udp -j MARK --set-mark 0x77
		-A PREROUTING -i fc -p udp -j CONNMARK --save-mark
		-A PREROUTING -i fs
		-A PREROUTING -i fs -j CONNMARK --restore-mark
		-A PREROUTING -i fs -m mark --mark 0x77
		COMMIT
	END
	send sport=$PORT dport=7
	until_true 5 reached 1 PREROUTING 2
	reply sport=7 dport=$PORT
	reply sport=7 dport=$((PORT + 1))
	until_true 5 reached 2 PREROUTING 4
	same 1 "$(count PREROUTING 5)" 'packets with the mark restored'
}
@test "CONNMARK: --save-mark at the first packet, --restore-mark at the reply" { v4_v6 connmark_save; }

connmark_masks()
{
	TABLE=mangle
	load_rules <<-END
		*mangle
		-A PREROUTING -i fc -p udp -j MARK --set-mark 0x1234
		-A PREROUTING -i fc -p udp -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xffff
		-A PREROUTING -i fs -j MARK --set-mark 0xab0000
		-A PREROUTING -i fs -j CONNMARK --restore-mark --nfmask 0xffff --ctmask 0xfff0
		-A PREROUTING -i fs -m mark --mark 0xab0030
		-A PREROUTING -i fs
		COMMIT
	END
	send sport=$PORT dport=7
	until_true 5 reached 1 PREROUTING 2
	reply sport=7 dport=$PORT
	reply sport=7 dport=$((PORT + 1))
	until_true 5 reached 2 PREROUTING 6
	same 1 "$(count PREROUTING 5)" 'packets with the masked mark'
}
@test "CONNMARK: --nfmask and --ctmask choose the bits" { v4_v6 connmark_masks; }

# connmarks_as VALUE OPTION...: a connection starts with mark 0xf0.
connmarks_as()
{
	PORT=$((PORT + 1))
	ipt-restore --noflush <<-END
		*mangle
		-F PREROUTING
		-A PREROUTING -p udp -j CONNMARK --set-mark 0xf0
		-A PREROUTING -p udp --dport 7 -j CONNMARK ${*:2}
		-A PREROUTING -j CONNMARK --restore-mark
		-A PREROUTING -m mark --mark $1
		-A PREROUTING -m mark --mark 0xf0
		-A PREROUTING
		COMMIT
	END
	send sport=$PORT dport=7
	send sport=$PORT dport=8
	until_true 5 reached 2 PREROUTING 6
	same "1 1 1" "$(count PREROUTING 2) $(count PREROUTING 4) $(count PREROUTING 5)" "CONNMARK ${*:2}"
}

connmark_set()
{
	TABLE=mangle
	connmarks_as 0x5 --set-mark 0x5
	connmarks_as 0xf5 --set-mark 0x5/0xf
	connmarks_as 0xaf --set-xmark 0xaf/0xff
	connmarks_as 0x35 --set-xmark 0xc5/0x0
	connmarks_as 0x30 --and-mark 0x3f
	connmarks_as 0xf7 --or-mark 0x17
	connmarks_as 0xa5 --xor-mark 0x55
}
@test "CONNMARK: --set-mark, --set-xmark, --and-mark, --or-mark, --xor-mark" { v4_v6 connmark_set; }

# --- NAT, seen from both ends -----------------------------------------------
# A reply also proves the reverse translation: the client's socket accepts it only from the address it sent to.

snat()
{
	ipt -t nat -A POSTROUTING -o fs -p udp -j SNAT --to-source "$(addr outside)"
	says "server saw $(addr outside) $PORT at $(addr server) 53" "$CLIENT" udp "$(addr server)" 53 $PORT
	says "server saw $(addr client) $PORT at $(addr server) 80" "$CLIENT" tcp "$(addr server)" 80 $PORT
	TABLE=nat
	[ "$(count POSTROUTING 1)" -eq 1 ]
	ipt -t nat -F
	ipt -t nat -A POSTROUTING -p tcp -j SNAT --to-source "$(url "$(addr outside)" 2000-2000)"
	says "server saw $(addr outside) 2000 at $(addr server) 80" "$CLIENT" tcp "$(addr server)" 80 $((PORT + 1))
}
@test "SNAT: the server sees the new source, with ports too; other packets keep theirs" { v4_v6 snat; }

@test "SNAT: a range of addresses, --random, --persistent" {
	iptables -t nat -A POSTROUTING -p udp -j SNAT --to-source 10.2.0.1-10.2.0.1 --persistent
	says "server saw 10.2.0.1 $PORT at 10.2.0.2 53" "$CLIENT" udp 10.2.0.2 53 $PORT
	iptables -t nat -F
	iptables -t nat -A POSTROUTING -p tcp -j SNAT --to-source 10.2.0.1:3000-3001 --random
	answer=$(ask "$CLIENT" tcp 10.2.0.2 80)
	[[ $answer =~ ^server\ saw\ 10.2.0.1\ 300[01]\  ]]
}

snat_input()
{
	ipt -t nat -A INPUT -p udp -j SNAT --to-source "$(addr left2)"
	says "firewall saw $(addr left2) $PORT at $(addr inside) 80" "$CLIENT" udp "$(addr inside)" 80 $PORT
	says "firewall saw $(addr client) $PORT at $(addr inside) 80" "$CLIENT" tcp "$(addr inside)" 80 $PORT
}
@test "SNAT in INPUT: a service of the firewall itself sees the new source" { v4_v6 snat_input; }

dnat()
{
	ipt -t nat -A PREROUTING -d "$(addr outside)" -p tcp -j DNAT --to-destination "$(addr server)"
	says "server saw $(addr client) $PORT at $(addr server) 8080" "$CLIENT" tcp "$(addr outside)" 8080 $PORT
	says "firewall saw $(addr client) $PORT at $(addr outside) 8080" "$CLIENT" udp "$(addr outside)" 8080 $PORT
	ipt -t nat -F
	ipt -t nat -A PREROUTING -p udp --dport 5353 -j DNAT --to-destination "$(url "$(addr server)" 53)"
	says "server saw $(addr client) $PORT at $(addr server) 53" "$CLIENT" udp "$(addr inside)" 5353 $PORT
	says refused "$CLIENT" udp "$(addr inside)" 5354 $PORT
	TABLE=nat
	[ "$(count PREROUTING 1)" -eq 1 ]
	ipt -t nat -F
	ipt -t nat -A PREROUTING -p tcp --dport 81 -j DNAT --to-destination :80
	says "server saw $(addr client) $((PORT + 1)) at $(addr server) 80" \
		"$CLIENT" tcp "$(addr server)" 81 $((PORT + 1))
}
@test "DNAT: address, address and port, port alone; other packets go where they were sent" { v4_v6 dnat; }

dnat_output()
{
	ipt -t nat -A OUTPUT -d "$(addr right)" -p tcp -j DNAT --to-destination "$(addr server)"
	says "server saw $(addr outside) $PORT at $(addr server) 80" "$FIREWALL" tcp "$(addr right)" 80 $PORT
	hears_nothing "$FIREWALL" udp "$(addr right)" 80
}
@test "DNAT in OUTPUT: programs on the firewall itself" { v4_v6 dnat_output; }

masquerade()
{
	ipt -t nat -A POSTROUTING -o fs -p tcp -j MASQUERADE
	says "server saw $(addr outside) $PORT at $(addr server) 80" "$CLIENT" tcp "$(addr server)" 80 $PORT
	says "server saw $(addr client) $PORT at $(addr server) 53" "$CLIENT" udp "$(addr server)" 53 $PORT
	ipt -t nat -F
	ipt -t nat -A POSTROUTING -p tcp -j MASQUERADE --to-ports 2100
	says "server saw $(addr outside) 2100 at $(addr server) 80" "$CLIENT" tcp "$(addr server)" 80 $((PORT + 1))
}
@test "MASQUERADE: the server sees the firewall, --to-ports its port" { v4_v6 masquerade; }

redirect()
{
	ipt -t nat -A PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 8080
	says "firewall saw $(addr client) $PORT at $(addr inside) 8080" "$CLIENT" tcp "$(addr server)" 81 $PORT
	says "server saw $(addr client) $PORT at $(addr server) 80" "$CLIENT" tcp "$(addr server)" 80 $PORT
	ipt -t nat -F
	ipt -t nat -A PREROUTING -p udp -d "$(addr right)" -j REDIRECT
	says "firewall saw $(addr client) $PORT at $(addr inside) 80" "$CLIENT" udp "$(addr right)" 80 $PORT
}
@test "REDIRECT: the firewall replies with the original destination address" { v4_v6 redirect; }

redirect_output()
{
	local me=127.0.0.1
	[ "$IPV" -eq 4 ] || me=::1
	ipt -t nat -A OUTPUT -p tcp --dport 81 -j REDIRECT --to-ports 80
	[[ "$(ask "$FIREWALL" tcp "$(addr right)" 81)" == "firewall saw "*" at $me 80" ]]
	says refused "$FIREWALL" tcp "$me" 82
}
@test "REDIRECT in OUTPUT: programs on the firewall itself" { v4_v6 redirect_output; }
