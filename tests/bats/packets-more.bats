#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Like packets.bats, for the less common matches and targets.
#
# Tests run in subshells, whose variables lib.bash uses; unquoted words are
# numbers and lists.
# shellcheck disable=SC2030,SC2031,SC2034,SC2086

load lib

setup_file()
{
	new_topology
	serve server "$SERVER" 53 80 8080
	serve firewall "$FIREWALL" 80 8080
}

teardown_file() { end_topology; }

setup()
{
	NS=$FIREWALL
	flush_ruleset
	# Connections outlive a test: each uses its own source ports.
	PORT=$((30000 + BATS_TEST_NUMBER * 100))
}

# changed TARGET-WORDS: the target under test, before the rule that tests. Changes in PREROUTING are
# visible in FORWARD.
changed()
{
	ipt-restore <<-END
		*mangle
		-A PREROUTING $*
		COMMIT
	END
}

# --- what is in the packet ----------------------------------------------------

packet_length()
{
	local head=28
	[ $IPV = 4 ] || head=48
	rule -m length --length $((head + 4))
	caught data=abcd
	passed data=abcde
	rule -m length --length $((head + 2)):$((head + 4))
	caught data=ab
	caught data=abcd
	passed data=a
	rule -m length ! --length :$((head + 4))
	passed data=abcd
	caught data=abcde
}
@test "length: number, range and negation" { v4_v6 packet_length; }

hops()
{
	local match=ttl
	[ $IPV = 4 ] || match=hl
	# In PREROUTING the TTL is not decremented yet.
	TABLE=mangle
	HOOK=PREROUTING
	rule -m $match --$match-eq 64
	caught
	passed ttl=63
	rule -m $match ! --$match-eq 64
	passed
	caught ttl=63
	rule -m $match --$match-lt 10
	caught ttl=9
	passed ttl=10
	rule -m $match --$match-gt 10
	caught ttl=11
	passed ttl=10
}
@test "ttl, hl: equal, less, greater and negation" { v4_v6 hops; }

dscp()
{
	rule -m dscp --dscp 46
	caught tos=184
	caught tos=187
	passed tos=180
	rule -m dscp --dscp-class AF11
	caught tos=40
	passed
	rule -m dscp ! --dscp-class EF
	passed tos=184
	caught
}
@test "dscp: number, class and negation" { v4_v6 dscp; }

tos()
{
	rule -m tos --tos 0x10
	caught tos=16
	passed tos=17
	rule -m tos --tos 0x10/0xf0
	caught tos=31
	passed tos=32
	rule -m tos ! --tos Minimize-Delay
	passed tos=16
	caught tos=8
}
@test "tos: value, value/mask, name and negation" { v4_v6 tos; }

ecn()
{
	rule -m ecn --ecn-ip-ect 2
	caught tos=2
	passed tos=1
	rule -m ecn ! --ecn-ip-ect 3
	passed tos=3
	caught
	rule -p tcp -m ecn --ecn-tcp-ece
	caught proto=tcp flags=SYN,ECE
	passed proto=tcp flags=SYN,CWR
	rule -p tcp -m ecn ! --ecn-tcp-cwr
	passed proto=tcp flags=SYN,CWR
	caught proto=tcp flags=SYN
}
@test "ecn: codepoint, ECE, CWR and negation" { v4_v6 ecn; }

string()
{
	rule -m string --algo bm --string needle
	caught data=hay-needle-hay
	passed data=hay-Needle-hay
	rule -m string --algo kmp --icase --string needle
	caught data=hay-NEEDLE
	passed data=hay
	rule -m string --algo bm --hex-string 'a|2d62|c'
	caught data=xa-bcx
	passed data=xa-cbx
	rule -m string --algo bm ! --string needle
	passed data=needle
	caught data=hay
}
@test "string: text, --icase, --hex-string and negation" { v4_v6 string; }

tcpmss()
{
	rule -p tcp -m tcpmss --mss 1460
	caught proto=tcp opt=020405b4
	passed proto=tcp opt=020405b5
	rule -p tcp -m tcpmss --mss 1000:1460
	caught proto=tcp opt=020403e8
	passed proto=tcp opt=020403e7
	rule -p tcp -m tcpmss ! --mss 1460
	passed proto=tcp opt=020405b4
	caught proto=tcp opt=020405b5
}
@test "tcpmss: number, range and negation" { v4_v6 tcpmss; }

@test "u32: the protocol, the source port behind a header of any length, negation" {
	rule -m u32 --u32 '6&0xFF=17'
	caught
	passed proto=tcp
	rule -m u32 --u32 '6&0xFF=17&&0>>22&0x3C@0>>16=53,1000:1001'
	caught sport=53
	caught sport=1001
	passed sport=1002
	passed proto=tcp sport=53
	rule -m u32 ! --u32 '6&0xFF=17'
	passed
	caught proto=tcp
}

@test "u32: the next header (v6)" {
	IPV=6
	rule -m u32 --u32 '4>>8&0xFF=17'
	caught
	passed proto=tcp
}

esp_spi()
{
	rule -p esp -m esp --espspi 0x61626364
	caught proto=50 data=abcdefghijkl
	passed proto=50 data=abcxefghijkl
	rule -p esp -m esp ! --espspi 0x61000000:0x61ffffff
	passed proto=50 data=abcdefghijkl
	caught proto=50 data=bbcdefghijkl
}
@test "esp: SPI, range and negation" { v4_v6 esp_spi; }

sctp()
{
	# Ports 0x6161 and 0x6162, tag and checksum; then a chunk of type 0x00, DATA.
	rule -p sctp -m sctp --sport 24929 --dport 24930
	caught proto=132 data=aaabcccccccc
	passed proto=132 data=aaaacccccccc
	rule -p sctp -m sctp ! --dport 24000:25000
	passed proto=132 data=aaabcccccccc
	caught proto=132 data=aabbcccccccc
}
@test "sctp: ports and negation" { v4_v6 sctp; }

# chunks TYPE-FLAGS...: SCTP header and these chunks of four bytes each.
chunks()
{
	printf 6161616200000001cccccccc
	printf '%s0004' "$@"
}

sctp_chunks()
{
	local data=0003 data_b=0002 sack=0300 init=0100
	rule -p sctp -m sctp --chunk-types any DATA:Be,INIT
	caught proto=132 hex="$(chunks $sack $data_b)"
	caught proto=132 hex="$(chunks $init)"
	passed proto=132 hex="$(chunks $data)"
	passed proto=132 hex="$(chunks $sack)"
	rule -p sctp -m sctp ! --chunk-types any DATA:Be,INIT
	passed proto=132 hex="$(chunks $sack $data_b)"
	caught proto=132 hex="$(chunks $data)"
	rule -p sctp -m sctp --chunk-types all DATA:E,SACK
	caught proto=132 hex="$(chunks $sack $init $data)"
	passed proto=132 hex="$(chunks $data)"
	passed proto=132 hex="$(chunks $sack $data_b)"
	rule -p sctp -m sctp --chunk-types only DATA:E,SACK
	caught proto=132 hex="$(chunks $sack $data)"
	caught proto=132 hex="$(chunks $sack)"
	passed proto=132 hex="$(chunks $sack $init $data)"
	passed proto=132 hex="$(chunks $sack $data_b)"
	rule -p sctp -m sctp --chunk-types any I_DATA:I
	caught proto=132 hex="$(chunks 4008)"
	passed proto=132 hex="$(chunks 4000)"
}
@test "sctp: any, all, only these chunks, their flags, negation" { v4_v6 sctp_chunks; }

@test "realm, rpfilter: without and with a match" {
	ns "$FIREWALL" ip -4 route add 10.23.0.0/16 via 10.2.0.8 realm 5
	rule -m realm --realm 5
	caught dst=10.23.0.1
	passed
	rule -m realm ! --realm 5
	passed dst=10.23.0.1
	caught
	TABLE=mangle
	HOOK=PREROUTING
	rule -m rpfilter
	caught
	passed src=10.2.0.7
	rule -m rpfilter --invert
	passed
	caught src=10.2.0.7
	ns "$FIREWALL" ip -4 route add unreachable 10.24.0.0/16
	rule -m rpfilter --loose
	caught src=10.2.0.7
	passed src=10.24.0.1
	rule -m rpfilter
	passed src="$(addr inside)"
	rule -m rpfilter --accept-local
	caught src="$(addr inside)"
}

# --- where it comes from ---------------------------------------------------

@test "pkttype: unicast, broadcast, multicast and negation" {
	TABLE=mangle
	HOOK=PREROUTING
	rule -m pkttype --pkt-type unicast
	caught
	passed dmac=ff:ff:ff:ff:ff:ff
	rule -m pkttype --pkt-type broadcast
	caught dmac=ff:ff:ff:ff:ff:ff
	passed
	rule -m pkttype ! --pkt-type multicast
	passed dmac=01:00:5e:00:00:09
	caught
}

devgroup()
{
	ns "$FIREWALL" ip link set fc group 17
	rule -m devgroup --src-group 17
	caught
	passed_reply
	rule -m devgroup --dst-group 0x10/0xf0
	passed
	caught_reply
	rule -m devgroup ! --src-group 17
	passed
	caught_reply
	ns "$FIREWALL" ip link set fc group 0
}
@test "devgroup: source, destination, mask and negation" { v4_v6 devgroup; }

cpu()
{
	rule -m cpu --cpu 4095
	passed
	rule -m cpu ! --cpu 4095
	caught
}
@test "cpu: a nonexistent one, and its negation" { v4_v6 cpu; }

# --- how much, how often, when ---------------------------------------------

hashlimit()
{
	rule -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-mode srcip \
		--hashlimit-name each$IPV
	caught
	caught
	passed
	caught src="$(addr left2)"
	rule -m hashlimit --hashlimit-above 1/hour --hashlimit-burst 1 --hashlimit-mode dstport \
		--hashlimit-name ports$IPV
	passed dport=1
	caught dport=1
	passed dport=2
}
@test "hashlimit: each source has its own burst; above" { v4_v6 hashlimit; }

statistic()
{
	rule -m statistic --mode nth --every 3 --packet 0
	caught
	passed
	passed
	caught
	rule -m statistic --mode nth ! --every 2 --packet 0
	passed
	caught
	rule -m statistic --mode random --probability 1
	caught
	rule -m statistic --mode random --probability 0
	passed
}
@test "statistic: every third, all but every second, certain and impossible" { v4_v6 statistic; }

recent()
{
	rule -m recent --name seen$IPV --rcheck --seconds 60
	ipt -A FORWARD -p tcp -m recent --name seen$IPV --set
	passed
	passed proto=tcp
	until_true 3 reached 1 FORWARD 2
	caught
	passed src="$(addr left2)"
	ipt -R FORWARD 2 -m recent --name seen$IPV --remove
	caught
	until_true 3 reached 1 FORWARD 2
	passed
}
@test "recent: --set, --rcheck and --remove, for each address" { v4_v6 recent; }

recent_hitcount()
{
	rule -m recent --name hits$IPV --update --hitcount 2
	ipt -I FORWARD -m recent --name hits$IPV --set
	passed
	caught
}
@test "recent: --update --hitcount" { v4_v6 recent_hitcount; }

quota()
{
	local head=28
	[ $IPV = 4 ] || head=48
	rule -m quota --quota $((2 * (head + 8)))
	caught
	caught
	passed
	rule -m quota ! --quota $((head + 8))
	passed
	caught
}
@test "quota: until it is used up; negated after that" { v4_v6 quota; }

times()
{
	rule -m time --datestart 2000-01-01 --datestop 2037-12-31
	caught
	rule -m time --datestop 2000-01-01
	passed
	rule -m time --weekdays Mon,Tue,Wed,Thu,Fri,Sat,Sun
	caught
	# And tomorrow, in case midnight passes meanwhile.
	rule -m time ! --weekdays "$(date -u +%a),$(date -u -d tomorrow +%a)"
	passed
	rule -m time --monthdays "$(date -u +%-d),$(date -u -d tomorrow +%-d)"
	caught
	rule -m time ! --monthdays "$(date -u +%-d),$(date -u -d tomorrow +%-d)"
	passed
}
@test "time: dates, days of the week and of the month" { v4_v6 times; }

# The hours around now, and all others; one of the two spans midnight.
hours()
{
	local before after
	before=$(date -u -d '1 hour ago' +%H:%M) after=$(date -u -d '1 hour' +%H:%M)
	rule -m time --timestart "$before" --timestop "$after"
	caught
	rule -m time --timestart "$after" --timestop "$before"
	passed
	[ "$(date -u +%H)" != 23 ] || return 0
	# All day except part of a future hour: with --contiguous, times before its end belong to
	# yesterday.
	set -- --timestart "${after%:*}:59:59" --timestop "$after" --weekdays
	rule -m time "$@" "$(date -u +%a)"
	caught
	rule -m time "$@" "$(date -u +%a)" --contiguous
	passed
	rule -m time "$@" "$(date -u -d yesterday +%a)" --contiguous
	caught
}
@test "time: hours, past midnight, --contiguous" { v4_v6 hours; }

# --- connections -----------------------------------------------------------

connmark()
{
	ipt -t mangle -A PREROUTING -p udp --dport 4001 -j CONNMARK --set-mark 0x25
	rule -m connmark --mark 0x25
	caught sport=$PORT dport=4001
	passed sport=$PORT dport=4002
	rule -m connmark --mark 0x20/0xf0
	caught sport=$PORT dport=4001
	passed sport=$PORT dport=4002
	rule -m connmark ! --mark 0x25
	passed sport=$PORT dport=4001
	caught sport=$PORT dport=4002
}
@test "connmark: value, value/mask and negation" { v4_v6 connmark; }

# Connections to one destination; another destination has its own count.
second_is_caught()
{
	next_port
	passed sport=$PORT dport=$PORT
	next_port
	caught sport=$PORT dport=$PORT
	passed sport=$PORT dst="$(addr right2)"
}

connlimit()
{
	rule -p udp -m connlimit --connlimit-upto 2 --connlimit-mask 0
	next_port
	caught sport=$PORT dport=$PORT
	next_port
	caught sport=$PORT dport=$PORT
	next_port
	passed sport=$PORT dport=$PORT
	rule -p udp -m connlimit --connlimit-above 1 --connlimit-daddr
	second_is_caught
}
@test "connlimit: upto and above, per destination" { v4_v6 connlimit; }

# told SPEC...: like rule, translated by iptables-translate and loaded by nft.
told()
{
	local words
	rule "$@"
	case $IPV in
		4) words=$("$RAVELIN_BIN/iptables-translate" -A T "$@") ;;
		6) words=$("$RAVELIN_BIN/ip6tables-translate" -A T "$@") ;;
	esac
	ipt -F T
	ns "$NS" sh -euc "$words"
	ipt -A T
}

translated_hashlimit()
{
	told -p udp -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-mode srcip,dstport \
		--hashlimit-srcmask 24 --hashlimit-name each
	caught dport=1
	caught dport=1 src="$(addr left2)"
	passed dport=1
	caught dport=2
	told -m hashlimit --hashlimit-above 1/hour --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-name rest -j DROP
	for _ in 1 2 3 4 5; do send; done
	send src="$(addr left2)"
	until_true 5 reached 3 T 2
	same '3 3' "$(count T 1) $(count T 2)" 'dropped and let pass'
}
@test "hashlimit translated to nft: the same bursts, further packets are dropped" {
	only_nft 'rules that nft loads'
	v4_v6 translated_hashlimit
}

translated_connlimit()
{
	told -p udp -m connlimit --connlimit-above 1 --connlimit-daddr
	second_is_caught
}
@test "connlimit translated to nft: above, per destination" {
	only_nft 'rules that nft loads'
	v4_v6 translated_connlimit
}

connbytes()
{
	ns "$FIREWALL" sysctl -qw net.netfilter.nf_conntrack_acct=1
	rule -m connbytes --connbytes 2:3 --connbytes-mode packets --connbytes-dir original
	next_port
	passed sport=$PORT
	caught sport=$PORT
	caught sport=$PORT
	passed sport=$PORT
}
@test "connbytes: the second and third packet of a connection" { v4_v6 connbytes; }

notrack()
{
	next_port
	rule -m conntrack --ctstate UNTRACKED
	ipt -t raw -A PREROUTING -p udp --dport 4001 -j NOTRACK
	ipt -t raw -A PREROUTING -p udp --dport 4002 -j CT --notrack
	caught sport=$PORT dport=4001
	caught sport=$PORT dport=4002
	passed sport=$PORT dport=4003
}
@test "NOTRACK, CT --notrack: the packet has no connection" { v4_v6 notrack; }

zones()
{
	next_port
	rule -m conntrack --ctstate NEW
	caught sport=$PORT
	ipt -t raw -A PREROUTING -i fc -p udp -j CT --zone 7
	# The same addresses and ports, but another connection.
	caught sport=$PORT
}
@test "CT --zone: a connection of its own" { v4_v6 zones; }

# --- targets that change the packet -----------------------------------------

dscp_target()
{
	changed -p udp -j DSCP --set-dscp 46
	rule -m dscp --dscp 46
	caught
	passed proto=tcp
	ipt -t mangle -R PREROUTING 1 -p udp -j DSCP --set-dscp-class CS1
	rule -m dscp --dscp 8
	caught
	passed proto=tcp
}
@test "DSCP: number and class" { v4_v6 dscp_target; }

tos_target()
{
	changed -p udp -j TOS --set-tos 0x10/0xf0
	rule -m tos --tos 0x1c/0xfc
	caught tos=44
	passed proto=tcp tos=44
	ipt -t mangle -R PREROUTING 1 -p udp -j TOS --or-tos 0x80
	rule -m tos --tos 0x8c/0xfc
	caught tos=12
	passed proto=tcp tos=12
	ipt -t mangle -R PREROUTING 1 -p udp -j TOS --and-tos 0x0c
	rule -m tos --tos 0x0c/0xfc
	caught tos=44
	passed proto=tcp tos=44
}
@test "TOS: --set-tos, --or-tos, --and-tos" { v4_v6 tos_target; }

hops_target()
{
	local match=ttl target=TTL
	[ $IPV = 4 ] || { match=hl; target=HL; }
	# mangle FORWARD precedes the decrement of the TTL.
	changed -p udp -j $target --$match-set 33
	TABLE=mangle
	rule -m $match --$match-gt 30 -m $match --$match-lt 34
	caught
	passed proto=tcp
	ipt -t mangle -R PREROUTING 1 -p udp -j $target --$match-dec 31
	caught
	passed proto=tcp
	ipt -t mangle -R PREROUTING 1 -p udp -j $target --$match-inc 3
	caught ttl=30
	passed proto=tcp ttl=30
}
@test "TTL, HL: set, decrease, increase" { v4_v6 hops_target; }

tcpmss_target()
{
	ipt -t mangle -A FORWARD -p tcp --dport 4001 --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1000
	rule -p tcp -m tcpmss --mss 1000
	caught proto=tcp dport=4001 opt=020405b4
	passed proto=tcp dport=4002 opt=020405b4
}
@test "TCPMSS: --set-mss makes it smaller" { v4_v6 tcpmss_target; }

tcpmss_clamp()
{
	local mss=1460
	[ $IPV = 4 ] || mss=1440
	ipt -t mangle -A FORWARD -p tcp --dport 4001 --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
	rule -p tcp -m tcpmss --mss $mss
	caught proto=tcp dport=4001 opt=02042000
	passed proto=tcp dport=4002 opt=02042000
}
@test "TCPMSS: --clamp-mss-to-pmtu uses the path MTU" { v4_v6 tcpmss_clamp; }

tcpoptstrip()
{
	changed -p tcp --dport 4001 -j TCPOPTSTRIP --strip-options timestamp,wscale
	rule -p tcp --tcp-option 8
	passed proto=tcp dport=4001 opt=080a0000000100000000
	caught proto=tcp dport=4002 opt=080a0000000100000000
}
@test "TCPOPTSTRIP: the option is gone" { v4_v6 tcpoptstrip; }

@test "ECN: --ecn-tcp-remove clears ECE and CWR" {
	changed -p tcp --dport 4001 -j ECN --ecn-tcp-remove
	rule -p tcp -m ecn --ecn-tcp-ece
	passed proto=tcp dport=4001 flags=SYN,ECE,CWR
	caught proto=tcp dport=4002 flags=SYN,ECE,CWR
}

classify()
{
	ipt -t mangle -A FORWARD -p udp --dport 4001 -j CLASSIFY --set-class 1:3
	# No match tests the class.
	nft -f - <<-END
		table inet look {
			chain look {
				type filter hook postrouting priority 100
				meta priority 1:3 udp dport 4000-4010 counter comment "class"
				udp dport 4002 counter comment "end"
			}
		}
	END
	rule
	caught dport=4001
	caught dport=4002
	until_true 3 looked 1 end
	looked 1 class
	nft delete table inet look
}
# looked COUNT COMMENT: that many packets matched that rule.
looked() { nft list table inet look | grep -q "counter packets $1 .*comment \"$2\""; }
@test "CLASSIFY: the packet gets its class" { v4_v6 classify; }

# Each address of one network maps to the corresponding one of the other.
netmap()
{
	local from=10.9.0.0/24 asked=10.9.0.2 to=10.2.0.0/24
	[ $IPV = 4 ] || { from=fd00:9::/64; asked=fd00:9::2; to=fd00:2::/64; }
	ipt -t nat -A PREROUTING -d $from -j NETMAP --to $to
	next_port
	[[ $(ask "$CLIENT" udp $asked 53 $PORT) == "server saw $(addr client) "*" at $(addr server) 53" ]]
	next_port
	[[ $(ask "$CLIENT" udp "$(addr server)" 53 $PORT) == "server saw $(addr client) "*" at $(addr server) 53" ]]
}
@test "NETMAP: the corresponding host of the other network replies" { v4_v6 netmap; }

# --- targets that give the packet to someone ---------------------------------

nflog()
{
	ipt -A FORWARD -p udp -j NFLOG --nflog-group 5 --nflog-prefix seen
	ipt -A FORWARD
	send
	send proto=tcp
	until_true 3 reached 2 FORWARD 2
	[ "$(count FORWARD 1)" -eq 1 ]
}
@test "NFLOG counts packets and continues" { v4_v6 nflog; }

nfqueue()
{
	TABLE=mangle
	ipt -A FORWARD -p udp -j NFQUEUE --queue-num 9 --queue-bypass
	ipt -A FORWARD -p tcp -j NFQUEUE --queue-num 9
	ipt -t mangle -A POSTROUTING -o fs -p udp
	ipt -t mangle -A POSTROUTING -o fs -p tcp
	ipt -t mangle -A POSTROUTING -o fs -p 132
	send
	send proto=tcp
	send proto=132
	until_true 3 reached 1 POSTROUTING 3
	# No listener: a packet that may not bypass the queue is dropped.
	[ "$(count POSTROUTING 1)" -eq 1 ]
	[ "$(count POSTROUTING 2)" -eq 0 ]
}
@test "NFQUEUE: without a listener the packet is dropped, with --queue-bypass not" { v4_v6 nfqueue; }

tee()
{
	local copy=10.1.0.2
	[ $IPV = 4 ] || copy=fd00:1::2
	ipt -t mangle -A PREROUTING -i fc -p udp -j TEE --gateway $copy
	TABLE=mangle HOOK=POSTROUTING
	rule -o fc -s "$(addr left)"
	send
	until_true 3 reached 1 T 1
	send proto=tcp
	until_true 3 reached 3 T 2
	[ "$(count T 1)" -eq 1 ]
}
@test "TEE: a copy goes to the gateway, the packet to its destination" { v4_v6 tee; }

set_target()
{
	ns "$FIREWALL" ipset create seen$IPV hash:ip family "$([ $IPV = 4 ] && echo inet || echo inet6)"
	ipt -t mangle -A FORWARD -p tcp -j SET --add-set seen$IPV src
	rule -m set --match-set seen$IPV src
	passed
	caught proto=tcp
	caught
	passed src="$(addr left2)"
	flush_ruleset
	ns "$FIREWALL" ipset destroy seen$IPV
}
@test "SET: --add-set remembers the source" { v4_v6 set_target; }

hmark()
{
	changed -p udp -j HMARK --hmark-tuple src,dst --hmark-mod 1 --hmark-offset 77 --hmark-rnd 5
	rule -m mark --mark 77
	caught
	passed proto=tcp
}
@test "HMARK: a modulus of one gives one mark" { v4_v6 hmark; }

tproxy()
{
	ipt -t mangle -A PREROUTING -p tcp --dport 8081 -j TPROXY --on-port 8080 --tproxy-mark 0x31/0xff
	ns "$FIREWALL" ip -$IPV rule add fwmark 0x31/0xff lookup 31
	ns "$FIREWALL" ip -$IPV route add local default dev lo table 31
	next_port
	says "firewall saw $(addr client) $PORT at $(addr server) 8080" \
		"$CLIENT" tcp "$(addr server)" 8081 $PORT
	next_port
	says "server saw $(addr client) $PORT at $(addr server) 8080" \
		"$CLIENT" tcp "$(addr server)" 8080 $PORT
	ns "$FIREWALL" ip -$IPV rule del fwmark 0x31/0xff lookup 31
}
@test "TPROXY: a local socket replies with the server's address; other ports reach the server" { v4_v6 tproxy; }
