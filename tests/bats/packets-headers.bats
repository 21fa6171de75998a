#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Like packets.bats, for headers ordinary programs do not send (AH, IPComp, DCCP,
# IPv6 extension headers), for packet metadata (socket, bridge port, IPsec), and
# for targets whose effect is seen elsewhere.
#
# Tests run in subshells, whose variables lib.bash uses; unquoted words are
# numbers and lists.
# shellcheck disable=SC2030,SC2031,SC2034,SC2046,SC2086,SC2155

load lib

setup_file()
{
	is_root || return 0
	new_topology
	serve server "$SERVER" 53 80
	serve firewall "$FIREWALL" 80
}

teardown_file() { end_topology; }

setup()
{
	need_root
	NS=$FIREWALL
	flush_ruleset
	# Connections outlive a test: each uses its own source ports.
	PORT=$((50000 + BATS_TEST_NUMBER * 100))
}

# --- headers ------------------------------------------------------------------

# RFC 4302: length in 32-bit words minus 2, two reserved bytes, SPI, sequence number, ICV.
ah()
{
	local header=51:000400006162636400000001000000000000000000000000
	local long=51:000600006162636400000001$(printf '00%.0s' {1..20})
	local proto='-p ah'
	# Like ip6_tables: the protocol of an IPv6 packet is the one after this header.
	[ "$IPV/$BACKEND" != 6/kmod ] || proto=
	rule $proto -m ah --ahspi 0x61626364
	caught chain=$header
	passed chain=${header/61626364/61626365}
	rule $proto -m ah ! --ahspi 0x61626300:0x616263ff
	passed chain=$header
	caught chain=${header/61626364/61626464}
	[ $IPV = 6 ] || return 0
	rule -m ah --ahlen 24
	caught chain=$header
	passed chain=$long
	rule -m ah --ahres
	caught chain=$header
	passed chain=${header/0004000061/0004000161}
}
@test "ah: SPI, range, negation; length and reserved bytes (v6)" { v4_v6 ah; }

# RFC 3173: next header, flags, CPI. The kernel ignores the flags, whatever --compres says.
ipcomp()
{
	rule -p 108 -m ipcomp --ipcompspi 0x1234
	caught proto=108 hex=1100123400000000
	passed proto=108 hex=1100123500000000
	rule -p 108 -m ipcomp ! --ipcompspi 0x1200:0x12ff
	passed proto=108 hex=1100123400000000
	caught proto=108 hex=1100133400000000
	rule -p 108 -m ipcomp --ipcompspi 0x1234 --compres
	caught proto=108 hex=1100123400000000
	caught proto=108 hex=11ff123400000000
	passed proto=108 hex=1100123500000000
}
@test "ipcomp: CPI, range and negation; the flags do not matter" { v4_v6 ipcomp; }

# dccp_packet TYPE [OPTION]: RFC 4340; ports 1000 and 80, long sequence numbers.
dccp_packet()
{
	local options=${2:-}
	printf 'proto=33 hex=03e80050%02x000000%02x00000000000001%s%s' \
		$((4 + ${#options} / 8)) $(($1 * 2 + 1)) "" "$options"
}

dccp()
{
	rule -p dccp -m dccp --sport 1000 --dport 80:90
	caught $(dccp_packet 4)
	passed proto=33 hex=03e9005004000000090000000000000100
	rule -p dccp -m dccp --dccp-types DATA,ACK
	caught $(dccp_packet 2)
	caught $(dccp_packet 3)
	passed $(dccp_packet 7)
	rule -p dccp -m dccp ! --dccp-types RESET
	passed $(dccp_packet 7)
	caught $(dccp_packet 2)
}
@test "dccp: ports, types and negation" { v4_v6 dccp; }

# next header, reserved, offset and flags, identification
@test "frag: identification, first, last, more, negation; the length does not matter (v6)" {
	IPV=6
	local first=44:0000000100000064 rest=44:0000001100000064 last=44:0000001000000064
	rule -m frag --fragid 100
	caught chain=$first
	passed chain=${first/64/65}
	passed
	rule -m frag --fragid 90:110 --fragfirst
	caught chain=$first
	passed chain=$rest
	rule -m frag --fragmore
	caught chain=$rest
	passed chain=$last
	rule -m frag --fraglast
	caught chain=$last
	passed chain=$first
	rule -m frag ! --fragid 100
	passed chain=$first
	caught chain=${first/64/65}
	# The header has 8 bytes, whatever its second byte says. The kernel does not compare it.
	rule -m frag --fragid 100 --fraglen 99
	caught chain=$first
	caught chain=44:0800000100000064
	rule -m frag --fragid 100 ! --fraglen 8
	caught chain=$first
}

# options NAME NUMBER: hop-by-hop and destination options differ only in the header's number.
options()
{
	local padding=$2:0000010400000000 router=$2:0000050200000100 long=$2:00011e0c000000000000000000000000
	IPV=6
	rule -m $1 --$1-len 8
	caught chain=$padding
	passed chain=$long
	passed
	rule -m $1 ! --$1-len 8
	passed chain=$padding
	caught chain=$long
	rule -m $1 --$1-opts 5:2
	caught chain=$router
	passed chain=$padding
}
@test "hbh: length, options and negation (v6)" { options hbh 0; }
@test "dst: length, options and negation (v6)" { options dst 60; }

# type 0 with one address: RFC 2460; 43 is the header's number
routing() { printf 'chain=43:0002%02x%02x00000000fd000009000000000000000000000001' $1 $2; }

@test "rt: type, segments left, length, addresses of type 0, negation (v6)" {
	IPV=6
	rule -m rt --rt-type 0
	caught $(routing 0 1)
	passed $(routing 3 1)
	passed
	rule -m rt ! --rt-type 0
	passed $(routing 0 1)
	caught $(routing 3 1)
	rule -m rt --rt-segsleft 1:2
	caught $(routing 0 2)
	passed $(routing 0 3)
	rule -m rt --rt-type 0 --rt-len 24
	caught $(routing 0 1)
	rule -m rt --rt-type 0 --rt-0-addrs fd00:9::1
	caught $(routing 0 1)
	rule -m rt --rt-type 0 --rt-0-addrs fd00:9::2
	passed $(routing 0 1)
}

# by N...: type 0 with the addresses fd00:9::N
by()
{
	printf 'chain=43:00%02x000100000000' $((2 * $#))
	printf 'fd00000900000000000000000000%04x' "$@"
}

@test "rt: a list of addresses, all in it or in its order with others between (v6)" {
	IPV=6
	rule -m rt --rt-type 0 --rt-0-addrs fd00:9::1,fd00:9::3
	caught $(by 1 3)
	passed $(by 1 2 3)
	passed $(by 3 1)
	rule -m rt --rt-type 0 --rt-0-addrs fd00:9::1,fd00:9::3 --rt-0-not-strict
	caught $(by 1 3)
	caught $(by 2 1 2 3 2)
	passed $(by 3 2 1)
	passed $(by 1 2)
	# An address is counted once per occurrence in the option.
	rule -m rt --rt-type 0 --rt-0-addrs fd00:9::1,fd00:9::1 --rt-0-not-strict
	passed $(by 1 2)
	caught $(by 1 2 1)
}

# RFC 8754: type 4, segments left, last entry, flags, tag, segments in reverse. The kernel does not
# convert the byte order of a tag (net/ipv6/netfilter/ip6t_srh.c): this one is a palindrome.
@test "srh: next header, segments left, last entry, tag, segments, negation (v6)" {
	IPV=6
	local header=43:0006040102007b7b$(printf 'fd00000900000000000000000000000%d' 1 2 3)
	rule -m srh --srh-next-hdr 17
	caught chain=$header
	passed chain=$header proto=tcp
	rule -m srh --srh-segs-left-eq 1 --srh-last-entry-eq 2 --srh-tag 31611
	caught chain=$header
	passed chain=${header/7b7b/7c7c}
	rule -m srh ! --srh-segs-left-gt 0
	passed chain=$header
	caught chain=${header/00060401/00060400}
	rule -m srh --srh-psid fd00:9::3/128 --srh-nsid fd00:9::1/128
	caught chain=$header
	passed chain=${header/000003/000004}
}

@test "ipv6header: exactly these, at least these, negation (v6)" {
	IPV=6
	local hop=0:0000010400000000 fragment=44:0000000100000064
	rule -m ipv6header --header hop --soft
	caught chain=$hop
	caught chain=$hop,$fragment
	passed
	rule -m ipv6header --header hop,prot
	caught chain=$hop
	passed
	passed chain=$hop,$fragment
	rule -m ipv6header ! --header frag --soft
	passed chain=$fragment
	caught
}

# RFC 6275: payload protocol (none), length, type, reserved, checksum
@test "mh: type, range, negation (v6)" {
	IPV=6
	rule -p mh -m mh --mh-type 5
	caught proto=135 hex=3b00050000000000
	passed proto=135 hex=3b00060000000000
	rule -p mh -m mh ! --mh-type 1:4
	caught proto=135 hex=3b00050000000000
	passed proto=135 hex=3b00030000000000
}

@test "eui64: the source address is made of the MAC address (v6)" {
	IPV=6
	rule -m eui64
	caught src=fd00:1::ff:fe00:c
	passed src=fd00:1::ff:fe00:d
}

# A classic BPF program gets the packet from its network header on.
bpf()
{
	local at=9
	[ $IPV = 4 ] || at=6
	rule -m bpf --bytecode "4,48 0 0 $at,21 0 1 17,6 0 0 65535,6 0 0 0"
	caught
	passed proto=tcp
}
@test "bpf: a program that looks for UDP" { v4_v6 bpf; }

# --- metadata of the packet -------------------------------------------------------

socket()
{
	TABLE=mangle HOOK=PREROUTING
	rule -p udp -m socket --nowildcard
	caught dst="$(addr inside)" dport=80 sport=$PORT
	passed dst="$(addr inside)" dport=81 sport=$PORT
	rule -p udp -m socket
	passed dst="$(addr inside)" dport=80 sport=$PORT
	rule -p udp -m socket --nowildcard --transparent
	caught dst="$(addr inside)" dport=80 sport=$PORT
}
@test "socket: a service here, --nowildcard, --transparent" { v4_v6 socket; }

cgroup()
{
	local own
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	HOOK=OUTPUT
	rule -d "$(addr server)" -m cgroup ! --cgroup 1
	ask "$FIREWALL" udp "$(addr server)" 53 >/dev/null
	[ "$(count T 1)" -eq 1 ]
	rule -d "$(addr server)" -m cgroup --cgroup 1
	ask "$FIREWALL" udp "$(addr server)" 53 >/dev/null
	[ "$(count T 1)" -eq 0 ]
}
@test "cgroup: the class of the sending program, negation" { v4_v6 cgroup; }

cluster()
{
	local node sum=0
	rule -m cluster --cluster-total-nodes 2 --cluster-local-nodemask 3 --cluster-hash-seed 7
	caught sport=$PORT
	rule -m cluster --cluster-total-nodes 2 ! --cluster-local-nodemask 3 --cluster-hash-seed 7
	passed sport=$PORT
	# One of two nodes is responsible for this source.
	for node in 1 2; do
		rule -m cluster --cluster-total-nodes 2 --cluster-local-node $node --cluster-hash-seed 7
		send sport=$PORT
		until_true 5 reached 1 T 2
		sum=$((sum + $(count T 1)))
	done
	[ $sum -eq 1 ]
}
@test "cluster: each source has one node, a mask of nodes, negation" { v4_v6 cluster; }

# IPsec between client and firewall, for UDP port 4444 of the firewall.
policy_transform()
{
	local me=$1 peer=$2 host=$3 in=$4 out=$5 kind
	for kind in "$me $peer $out" "$peer $me $in"; do
		# shellcheck disable=SC2086 # three words
		set -- $kind
		ns "$host" ip xfrm state add src $1 dst $2 proto esp spi 0x100 reqid 9 mode transport \
			auth 'hmac(sha1)' 0x0102030405060708091011121314151617181920 enc 'cipher_null' ''
		ns "$host" ip xfrm policy add src $1 dst $2 proto udp dport 4444 dir $3 \
			tmpl src $1 dst $2 proto esp reqid 9 mode transport
	done
}

policy_none()
{
	rule -m policy --dir in --pol none
	caught
	rule -m policy --dir in --pol ipsec
	passed
	rule -p udp -m policy --dir out --pol none
	caught
	passed proto=tcp
}
@test "policy: packets without IPsec" { v4_v6 policy_none; }

policy_ipsec()
{
	policy_transform "$(addr client)" "$(addr inside)" "$CLIENT" in out
	policy_transform "$(addr inside)" "$(addr client)" "$FIREWALL" in out
	HOOK=INPUT
	rule -p udp --dport 4444 -m policy --dir in --pol ipsec --strict --reqid 9 --proto esp --mode transport
	ask "$CLIENT" udp "$(addr inside)" 4444 0 0.2 >/dev/null
	until_true 5 reached 1 T 1
	rule -p udp -m policy --dir in --pol ipsec --strict --reqid 8
	ask "$CLIENT" udp "$(addr inside)" 4444 0 0.2 >/dev/null
	[ "$(count T 1)" -eq 0 ]
	rule -p udp -m policy --dir in --pol none
	ask "$CLIENT" udp "$(addr inside)" 4444 0 0.2 >/dev/null
	[ "$(count T 1)" -eq 0 ]
	ask "$CLIENT" udp "$(addr inside)" 80 $PORT >/dev/null
	[ "$(count T 1)" -eq 1 ]
	ns "$CLIENT" ip xfrm policy flush
	ns "$FIREWALL" ip xfrm policy flush
	ns "$CLIENT" ip xfrm state flush
	ns "$FIREWALL" ip xfrm state flush
}
@test "policy: packets decapsulated by IPsec, by template, and others" {
	ns "$CLIENT" ip xfrm state add src 10.9.0.1 dst 10.9.0.2 proto esp spi 0x99 mode transport \
		enc cipher_null '' 2>/dev/null || skip 'the kernel has no ESP'
	v4_v6 policy_ipsec
}

#   left: a 10.5.0.1 --- p1 [bridge] p2 --- b 10.5.0.2 :right
physdev()
{
	local left=10.5.0.1 right=10.5.0.2
	[ $IPV = 4 ] || left=fd00:5::1 right=fd00:5::2
	HOOK=FORWARD
	# By source: hosts also send multicast group reports to the bridge.
	rule -s "$left" -m physdev --physdev-in p1 --physdev-out p2 --physdev-is-bridged
	ns "$LEFT" ping -c 1 -W 2 -q "$right" >/dev/null
	# The request, not the reply.
	until_true 5 reached 2 T 2
	[ "$(count T 1)" -eq 1 ]
	rule -s "$right" -m physdev ! --physdev-in p1
	ns "$LEFT" ping -c 1 -W 2 -q "$right" >/dev/null
	until_true 5 reached 2 T 2
	[ "$(count T 1)" -eq 1 ]
}
@test "physdev: the ports of a bridge, bridged, negation" {
	local BRIDGE LEFT RIGHT number=0 host
	new_ns BRIDGE
	new_ns LEFT
	new_ns RIGHT
	NS=$BRIDGE
	ns "$BRIDGE" ip link add bridge0 type bridge
	ns "$BRIDGE" ip link set bridge0 up
	for host in $LEFT $RIGHT; do
		number=$((number + 1))
		ns "$host" sysctl -qw net.ipv6.conf.default.accept_dad=0
		ip link add e netns $host address 02:00:00:00:05:0$number type veth peer name p$number netns "$BRIDGE"
		ns "$BRIDGE" ip link set p$number master bridge0 up
		ns "$host" ip link set e up
		ns "$host" ip addr add 10.5.0.$number/24 dev e
		ns "$host" ip addr add fd00:5::$number/64 nodad dev e
	done
	for number in 1 2; do
		ns "$LEFT" ip neigh add $([ $number = 1 ] && echo 10.5.0.2 || echo fd00:5::2) lladdr 02:00:00:00:05:02 dev e
		ns "$RIGHT" ip neigh add $([ $number = 1 ] && echo 10.5.0.1 || echo fd00:5::1) lladdr 02:00:00:00:05:01 dev e
	done
	ns "$BRIDGE" sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1 ||
		skip 'the kernel does not show bridged packets to iptables'
	v4_v6 physdev
	end_ns $BRIDGE $LEFT $RIGHT
}

connlabel()
{
	TABLE=mangle HOOK=PREROUTING
	rule -p udp --dport 7 -m connlabel --label 40 --set
	caught sport=$PORT dport=7
	passed sport=$PORT dport=8
	TABLE=filter HOOK=FORWARD
	ipt-restore --noflush <<-END
		*mangle
		-F
		-A PREROUTING -p udp --dport 7 -m connlabel --label 40 --set
		COMMIT
	END
	rule -m connlabel --label 40
	caught sport=$PORT dport=7
	passed sport=$PORT dport=8
	rule -m connlabel ! --label 40
	passed sport=$PORT dport=7
	caught sport=$PORT dport=8
	ipt -t mangle -F
}
@test "connlabel: set, found, negation" { v4_v6 connlabel; }

# "helper" matches packets of connections expected by a helper.
helper_data()
{
	local flow="proto=tcp sport=$PORT dport=21" back="proto=tcp sport=21 dport=$PORT"
	local port_line=PORT_10,1,0,8,117,48
	[ "$IPV" -eq 4 ] || port_line="EPRT_|2|fd00:1::8|30000|"
	ipt -t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp || skip 'the kernel has no FTP helper'
	rule -m helper --helper ftp
	passed $flow flags=SYN seq=1000
	passed_reply $back flags=SYN,ACK seq=5000 ack=1001
	passed $flow flags=ACK seq=1001 ack=5001
	passed $flow flags=ACK,PSH seq=1001 ack=5001 line=USER_x
	passed $flow flags=ACK,PSH seq=1009 ack=5001 line=$port_line
	caught_reply proto=tcp sport=20 dport=30000
	passed_reply proto=tcp sport=20 dport=30003
	ipt -t raw -F
}
@test "helper, CT --helper: the data connection of FTP" { v4_v6 helper_data; }

nfacct()
{
	ns "$FIREWALL" /usr/sbin/nfacct add seen$IPV
	rule -p udp -m nfacct --nfacct-name seen$IPV
	caught
	passed proto=tcp
	[[ $(ns "$FIREWALL" /usr/sbin/nfacct get seen$IPV) =~ pkts\ =\ 0*1, ]]
	flush_ruleset
	ns "$FIREWALL" /usr/sbin/nfacct delete seen$IPV
}
@test "nfacct: its object counts matching packets" { v4_v6 nfacct; }

rateest()
{
	ipt -t mangle -A PREROUTING -p udp -j RATEEST --rateest-name rate$IPV --rateest-interval 250ms --rateest-ewmalog 500ms
	TABLE=mangle
	send
	send proto=tcp
	rule -m rateest --rateest rate$IPV --rateest-lt --rateest-bps 100mbit
	caught
	rule -m rateest --rateest rate$IPV --rateest-gt --rateest-bps 100mbit
	passed
	rule -m rateest --rateest rate$IPV ! --rateest-gt --rateest-pps 100000
	caught
	# Again, for the counter of the estimator's own rule: four UDP packets, one TCP.
	[ "$(count PREROUTING 1)" -eq 4 ]
}
@test "RATEEST, rateest: below and above a rate, negation" { v4_v6 rateest; }

# --- targets ----------------------------------------------------------------------

# counted_only TABLE CHAIN WORDS: the target counts UDP, continues, and ignores TCP.
counted_only()
{
	TABLE=$1
	ipt -t $1 -A $2 -p udp "${@:3}"
	ipt -t $1 -A $2 -s "$(addr left)"
	send sport=$PORT
	until_true 5 reached 1 $2 2
	[ "$(count $2 1)" -eq 1 ]
	send proto=tcp sport=$PORT
	until_true 5 reached 2 $2 2
	[ "$(count $2 1)" -eq 1 ]
}

audit() { counted_only filter FORWARD -j AUDIT --type drop; }
@test "AUDIT counts packets and continues" { v4_v6 audit; }

checksum() { counted_only mangle POSTROUTING -j CHECKSUM --checksum-fill; }
@test "CHECKSUM counts packets and continues" { v4_v6 checksum; }

trace() { counted_only raw PREROUTING -j TRACE; }
@test "TRACE counts packets and continues" { v4_v6 trace; }

connsecmark() { counted_only mangle FORWARD -j CONNSECMARK --save; }
@test "CONNSECMARK counts packets and continues" { v4_v6 connsecmark; }

idletimer()
{
	counted_only filter FORWARD -j IDLETIMER --timeout 60 --label timer$IPV
	flush_ruleset
}
@test "IDLETIMER counts packets and continues" { v4_v6 idletimer; }

synproxy()
{
	ns "$FIREWALL" sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
	ipt-restore <<-END
		*raw
		-A PREROUTING -i fc -p tcp --syn -j CT --notrack
		COMMIT
		*filter
		-A FORWARD -i fc -p tcp --dport 80 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --mss 1460
		COMMIT
	END
	# The address does not exist: the firewall itself replies.
	same "tcp SYN,ACK from $(addr right)" "$(answer proto=tcp sport=$PORT dport=80)"
	[ "$(count FORWARD 1)" -eq 1 ]
	same silence "$(answer proto=tcp sport=$PORT dport=81 wait=0.3)"
	[ "$(count FORWARD 1)" -eq 1 ]
	ns "$FIREWALL" sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1
}
@test "SYNPROXY answers in the server's place, for its port only" { v4_v6 synproxy; }

@test "SNPT, DNPT: the server sees the translated prefix, and its reply arrives (v6)" {
	IPV=6
	local heard
	ip6tables-restore <<-END
		*mangle
		-A PREROUTING -i fs -d fd00:9::/64 -j DNPT --src-pfx fd00:9::/64 --dst-pfx fd00:1::/64
		-A POSTROUTING -o fs -s fd00:1::/64 -p udp --dport 53 -j SNPT --src-pfx fd00:1::/64 --dst-pfx fd00:9::/64
		COMMIT
	END
	heard=$(ask "$CLIENT" udp "$(addr server)" 53 $PORT)
	[[ $heard =~ ^server\ saw\ fd00:9:[0-9a-f:]*\ $PORT\ at\ fd00:2::2\ 53$ ]] || { echo "$heard"; return 1; }
	next_port
	says "server saw $(addr client) $PORT at $(addr server) 80" "$CLIENT" udp "$(addr server)" 80 $PORT
	TABLE=mangle
	[ "$(count PREROUTING 1)" -eq 1 ]
	[ "$(count POSTROUTING 1)" -eq 1 ]
}
