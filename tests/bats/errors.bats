#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Invalid rules, by extension: each is refused for one reason with its exact
# message, and nothing is changed.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154

load lib

setup_file()
{
	is_root || return 0
	new_ns NS
	export NS
}

teardown_file() { end_ns "${NS:-}"; }

setup()
{
	need_root
	at 4 filter FORWARD
}

# at FAMILY TABLE CHAIN: where the next rules are added.
at()
{
	IPV=$1 TABLE=$2 CHAIN=$3
	case $IPV in 4) TOOL=iptables ;; 6) TOOL=ip6tables ;; esac
}

# wrong TEXT WORD...: expects a usage error.
wrong()
{
	usage_error "$TOOL" "$1" ipt -t "$TABLE" -A "$CHAIN" "${@:2}"
	nothing_loaded
}

# wrong_opt TEXT WORD...: the same; general messages about options end in an empty line.
wrong_opt() { wrong "$1"$'\n' "${@:2}"; }

# misplaced EXTENSION WORD...: a valid rule in the wrong chain, table or protocol. The message names
# the extension.
misplaced()
{
	capture ipt -t "$TABLE" -A "$CHAIN" "${@:2}"
	[ "$rc" -eq 1 ] || [ "$rc" -eq 2 ] || { echo "rc=$rc: $err"; return 1; }
	[[ ${err,,} == *"${1,,}"* ]] || { echo "no $1 in: $err"; return 1; }
	nothing_loaded
}

@test "tcp: wrong options" {
	wrong "invalid port/service \`65536' specified" -p tcp --dport 65536
	wrong 'invalid portrange (min > max)' -p tcp --dport 4:3
	wrong 'invalid portrange (min > max)' -p tcp --sport http:ftp
	wrong "invalid port/service \`nosuchservice' specified" -p tcp --dport nosuchservice
	wrong "invalid port/service \`2:3' specified" -p tcp --dport 1:2:3
	wrong 'option "--dport" requires an argument' -p tcp --dport
	wrong "Only one \`--destination-port' allowed" -p tcp --dport 1 --dport 2
	wrong '--tcp-flags requires two args.' -p tcp --tcp-flags SYN
	wrong "Unknown TCP flag \`NOPE'" -p tcp --tcp-flags SYN,NOPE SYN
	wrong "Unknown TCP flag \`NOPE'" -p tcp --tcp-flags SYN NOPE
	wrong 'Bad TCP option "0"' -p tcp --tcp-option 0
	wrong 'Bad TCP option "256"' -p tcp --tcp-option 256
	wrong 'Bad TCP option "x"' -p tcp --tcp-option x
	wrong "Only one of \`--syn' or \`--tcp-flags'  allowed" -p tcp --syn --tcp-flags SYN SYN
	wrong "TCP match requires '-p tcp'" -m tcp --dport 80
	wrong "TCP match requires '-p tcp'" -p udp -m tcp --dport 80
	wrong 'unknown option "--dport"' --dport 80
	wrong 'option "--dport" requires an argument' -p tcp ! --dport
}

@test "udp: wrong options" {
	wrong_opt 'Port range 9-8 is negative.' -p udp --dport 9:8
	wrong_opt 'Port "a" does not resolve to anything.' -p udp --dport a
	wrong 'unknown option "--tcp-flags"' -p udp --tcp-flags SYN SYN
	wrong_opt 'udp: option "--source-port" can only be used once.' -p udp --sport 1 --sport 2
	wrong "UDP match requires '-p udp'" -m udp --sport 1
}

@test "icmp: wrong options" {
	wrong "Unknown ICMP type \`256'" -p icmp --icmp-type 256
	wrong "Unknown ICMP type \`nosuch'" -p icmp --icmp-type nosuch
	wrong "Unknown ICMP code \`3/256'" -p icmp --icmp-type 3/256
	wrong "Unknown ICMP code \`3/'" -p icmp --icmp-type 3/
	wrong "Ambiguous ICMP type \`echo': \`echo-reply' or \`echo-request'?" -p icmp --icmp-type echo
	wrong 'option "--icmp-type" requires an argument' -p icmp --icmp-type
	wrong_opt 'icmp: option "--icmp-type" must be specified' -p icmp -m icmp
	wrong_opt 'icmp: option "--icmp-type" can only be used once.' -p icmp --icmp-type 8 --icmp-type 0
}

@test "icmp6: wrong options" {
	at 6 filter FORWARD
	wrong "Unknown ICMPv6 type \`256'" -p icmpv6 --icmpv6-type 256
	wrong "Unknown ICMPv6 type \`nosuch'" -p icmpv6 --icmpv6-type nosuch
	wrong "Unknown ICMPv6 code \`1/x'" -p icmpv6 --icmpv6-type 1/x
	wrong_opt 'icmp6: option "--icmpv6-type" must be specified' -p icmpv6 -m icmp6
}

@test "comment: wrong options" {
	wrong_opt 'comment: option "--comment" must be specified' -m comment
	wrong 'option "--comment" requires an argument' -m comment --comment
	wrong_opt 'comment: option "--comment" can only be used once.' -m comment --comment a --comment b
	wrong_opt 'comment: option "--comment" cannot be inverted.' -m comment ! --comment a
}

@test "multiport: wrong options" {
	wrong "multiport needs \`-p tcp', \`-p udp', \`-p udplite', \`-p sctp' or \`-p dccp'" -m multiport --dports 1,2
	wrong 'multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP' -p icmp -m multiport --dports 1,2
	wrong 'no ports specified' -p tcp -m multiport
	wrong 'option "--dports" requires an argument' -p tcp -m multiport --dports
	wrong 'too many ports specified' -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16
	wrong "invalid port/service \`x' specified" -p tcp -m multiport --dports 1,x
	wrong 'invalid portrange specified' -p tcp -m multiport --dports 5:4
	wrong_opt 'multiport: option "--source-ports" cannot be used together with "--destination-ports".' -p tcp -m multiport --dports 1 --sports 2
	wrong 'too many ports specified' -p tcp -m multiport --ports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16
	wrong 'multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP' ! -p tcp -m multiport --ports 1
}

@test "conntrack: wrong options" {
	wrong 'conntrack: At least one option is required' -m conntrack
	wrong 'Bad ctstate "NOPE"' -m conntrack --ctstate NOPE
	wrong 'Bad ctstate ""' -m conntrack --ctstate NEW,
	wrong 'option "--ctstate" requires an argument' -m conntrack --ctstate
	wrong 'conntrack: rule would never match protocol' -m conntrack --ctproto 0
	wrong 'unknown protocol "nosuch" specified' -m conntrack --ctproto nosuch
	wrong_opt 'Port range 5-4 is negative.' -m conntrack --ctorigsrcport 5:4
	wrong 'Bad ctstatus "NOPE"' -m conntrack --ctstatus NOPE
	wrong_opt 'conntrack: bad value for option "--ctexpire" near "4", or out of range (5-4294967295).' -m conntrack --ctexpire 5:4
	wrong_opt 'conntrack: bad value for option "--ctexpire" near "4294967296", or out of range (0-4294967295).' -m conntrack --ctexpire 4294967296
	wrong_opt 'conntrack: bad value for option "--ctexpire" near "x", or out of range (0-4294967295).' -m conntrack --ctexpire x
	wrong 'conntrack: Bad value for "--ctdir" option: "NOPE"' -m conntrack --ctdir NOPE
	wrong_opt 'conntrack: option "--ctdir" cannot be inverted.' -m conntrack ! --ctdir ORIGINAL
	wrong_opt 'conntrack: option "--ctstate" can only be used once.' -m conntrack --ctstate NEW --ctstate NEW
}

@test "state: wrong options" {
	wrong_opt 'state: option "--state" must be specified' -m state
	wrong 'Bad state "NOPE"' -m state --state NOPE
	wrong 'Bad state "SNAT"' -m state --state SNAT
	wrong_opt 'state: option "--state" can only be used once.' -m state --state NEW --state NEW
	wrong 'option "--state" requires an argument' -m state --state
}

@test "mark: wrong options" {
	wrong_opt 'mark: option "--mark" must be specified' -m mark
	wrong 'option "--mark" requires an argument' -m mark --mark
	wrong_opt 'mark: bad integer value for option "--mark", or out of range.' -m mark --mark x
	wrong_opt 'mark: bad integer value for option "--mark", or out of range.' -m mark --mark 0x100000000
	wrong_opt 'mark: bad integer value for option "--mark", or out of range.' -m mark --mark 1/x
	wrong_opt 'mark: bad integer value for option "--mark", or out of range.' -m mark --mark 1/0x100000000
	wrong_opt 'mark: option "--mark" can only be used once.' -m mark --mark 1 --mark 2
	wrong_opt 'mark: bad integer value for option "--mark", or out of range.' -m mark --mark -1
}

@test "limit: wrong options" {
	wrong "bad rate \"0/s\"'" -m limit --limit 0/s
	wrong "bad rate \"x\"'" -m limit --limit x
	wrong "bad rate \"1/fortnight\"'" -m limit --limit 1/fortnight
	wrong 'Rate too fast "10001/s"' -m limit --limit 10001/s
	wrong_opt 'limit: bad value for option "--limit-burst", or out of range (0-10000).' -m limit --limit-burst 10001
	wrong_opt 'limit: bad value for option "--limit-burst", or out of range (0-10000).' -m limit --limit-burst x
	wrong_opt 'limit: option "--limit" cannot be inverted.' -m limit ! --limit 1/s
	wrong_opt 'limit: option "--limit" can only be used once.' -m limit --limit 1/s --limit 2/s
}

@test "iprange: wrong options" {
	wrong "iprange match: You must specify \`--src-range' or \`--dst-range'" -m iprange
	wrong 'iprange: Bad value for "--src-range" option: "x"' -m iprange --src-range 1.2.3.4-x
	wrong 'iprange: Bad value for "--src-range" option: "::1"' -m iprange --src-range ::1-::2
	wrong 'option "--dst-range" requires an argument' -m iprange --dst-range
	wrong_opt 'iprange: option "--src-range" can only be used once.' -m iprange --src-range 1.2.3.4-1.2.3.5 --src-range 1.2.3.4-1.2.3.5
	at 6 filter FORWARD
	wrong 'iprange: Bad value for "--src-range" option: "1.2.3.4"' -m iprange --src-range 1.2.3.4-1.2.3.5
}

@test "addrtype: wrong options" {
	wrong 'addrtype: you must specify --src-type or --dst-type' -m addrtype
	wrong 'addrtype: bad type "NOPE"' -m addrtype --src-type NOPE
	wrong 'addrtype: bad type "NOPE"' -m addrtype --src-type LOCAL,NOPE
	wrong 'addrtype: you must specify --src-type or --dst-type' -m addrtype --limit-iface-in
	wrong_opt 'addrtype: option "--limit-iface-in" cannot be used together with "--limit-iface-out".' -m addrtype --src-type LOCAL --limit-iface-in --limit-iface-out
	wrong_opt 'addrtype: option "--src-type" can only be used once.' -m addrtype --src-type LOCAL --src-type LOCAL
	wrong 'option "--dst-type" requires an argument' -m addrtype --dst-type
}

@test "mac: wrong options" {
	wrong_opt 'mac: option "--mac-source" must be specified' -m mac
	wrong 'Invalid MAC address specified.' -m mac --mac-source 1:2:3:4:5
	wrong 'Invalid MAC address specified.' -m mac --mac-source x
	wrong 'Invalid MAC address specified.' -m mac --mac-source 00:11:22:33:44:55:66
	wrong 'Invalid MAC address specified.' -m mac --mac-source 00:11:22:33:44:zz
}

@test "owner: wrong options" {
	at 4 filter OUTPUT
	wrong 'owner: At least one of --uid-owner, --gid-owner or --socket-exists is required' -m owner
	wrong 'owner: Bad value for "--uid-owner" option: "nosuchuser"' -m owner --uid-owner nosuchuser
	wrong 'owner: Bad value for "--uid-owner" option: "4294967296"' -m owner --uid-owner 4294967296
	wrong 'owner: Bad value for "--uid-owner" option: "-1"' -m owner --uid-owner -1
	wrong 'owner: Bad value for "--gid-owner" option: "nosuchgroup"' -m owner --gid-owner nosuchgroup
	wrong_opt 'owner: option "--uid-owner" can only be used once.' -m owner --uid-owner 1 --uid-owner 2
	wrong 'owner: Bad value for "--suppl-groups" option: "you need to use --gid-owner first"' -m owner --suppl-groups
}

@test "set: wrong options" {
	command -v ipset >/dev/null || skip 'needs ipset'
	ns "$NS" ipset create s4 hash:ip
	ns "$NS" ipset create s6 hash:ip family inet6
	wrong "You must specify \`--match-set' with proper arguments" -m set
	wrong 'option "--match-set" requires an argument' -m set --match-set
	wrong_opt "Set nosuchset doesn't exist." -m set --match-set nosuchset src
	wrong '--match-set requires two args.' -m set --match-set s4
	wrong "You must specify (the comma separated list of) 'src' or 'dst'." -m set --match-set s4 nope
	wrong "Can't be more src/dst options than 6." -m set --match-set s4 src,src,src,src,src,src,src
	wrong "setname \`abcdefghijklmnopqrstuvwxyzabcdefghij' too long, max 31 characters." -m set --match-set abcdefghijklmnopqrstuvwxyzabcdefghij src
	wrong 'only one of the --packets-[eq|lt|gt] is allowed' -m set --match-set s4 src --packets-lt 1 --packets-gt 2
	wrong 'Cannot parse x as a counter value' -m set --match-set s4 src --packets-lt x
	wrong_opt 'The protocol family of set s6 is IPv6, which is not applicable.' -m set --match-set s6 src
	wrong '--match-set can be specified only once' -m set --match-set s4 src --match-set s4 src
}

@test "REJECT: wrong options" {
	wrong 'unknown reject type "nope"' -j REJECT --reject-with nope
	wrong 'option "--reject-with" requires an argument' -j REJECT --reject-with
	wrong 'unknown reject type "icmp6-no-route"' -j REJECT --reject-with icmp6-no-route
	at 6 filter FORWARD
	wrong 'unknown reject type "icmp-net-unreachable"' -j REJECT --reject-with icmp-net-unreachable
}

@test "LOG: wrong options" {
	wrong_opt 'log level "8" unknown' -j LOG --log-level 8
	wrong_opt 'log level "nope" unknown' -j LOG --log-level nope
	wrong 'option "--log-prefix" requires an argument' -j LOG --log-prefix
	wrong_opt 'LOG: option "--log-level" can only be used once.' -j LOG --log-level 1 --log-level 2
	wrong_opt 'LOG: option "--log-prefix" can only be used once.' -j LOG --log-prefix a --log-prefix b
}

@test "MARK: wrong options" {
	at 4 mangle INPUT
	wrong 'MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required' -j MARK
	wrong_opt 'MARK: bad integer value for option "--set-mark", or out of range.' -j MARK --set-mark x
	wrong_opt 'MARK: bad integer value for option "--set-mark", or out of range.' -j MARK --set-mark 0x100000000
	wrong_opt 'MARK: option "--set-mark" cannot be used together with "--or-mark".' -j MARK --set-mark 1 --or-mark 2
	wrong_opt 'MARK: bad integer value for option "--set-xmark", or out of range.' -j MARK --set-xmark 1/x
	wrong 'option "--and-mark" requires an argument' -j MARK --and-mark
}

@test "CONNMARK: wrong options" {
	at 4 mangle INPUT
	wrong 'CONNMARK target: No operation specified' -j CONNMARK
	wrong_opt 'CONNMARK: bad integer value for option "--set-mark", or out of range.' -j CONNMARK --set-mark x
	wrong_opt 'CONNMARK: option "--save-mark" cannot be used together with "--restore-mark".' -j CONNMARK --save-mark --restore-mark
	wrong_opt 'CONNMARK: bad integer value for option "--set-mark", or out of range.' -j CONNMARK --set-mark 0x100000000
	wrong_opt 'CONNMARK: bad value for option "--mask", or out of range (0-4294967295).' -j CONNMARK --save-mark --mask x
	wrong 'CONNMARK target: No operation specified' -j CONNMARK --mask 1
	wrong_opt 'CONNMARK: option "--nfmask" cannot be used together with "--mask".' -j CONNMARK --save-mark --mask 1 --nfmask 2
}

@test "SNAT: wrong options" {
	at 4 nat POSTROUTING
	wrong_opt 'SNAT: option "--to-source" must be specified' -j SNAT
	wrong 'option "--to-source" requires an argument' -j SNAT --to-source
	wrong 'Bad IP address "x"' -j SNAT --to-source x
	wrong 'Need TCP, UDP, SCTP or DCCP with port specification' -j SNAT --to-source 1.2.3.4:80
	wrong "Port \`65536' not valid" -p tcp -j SNAT --to-source 1.2.3.4:65536
	wrong "Port range \`8' funky" -p tcp -j SNAT --to-source 1.2.3.4:9-8
	wrong 'Bad IP address "::1"' -j SNAT --to-source ::1
	wrong 'Bad IP address "x"' -j SNAT --to-source 1.2.3.4-x
	wrong_opt 'SNAT: option "--to-source" can only be used once.' -j SNAT --to-source 1.2.3.4 --to-source 1.2.3.5
}

@test "DNAT: wrong options" {
	at 4 nat PREROUTING
	wrong_opt 'DNAT: option "--to-destination" must be specified' -j DNAT
	wrong 'Bad IP address "x"' -j DNAT --to-destination x
	wrong 'Need TCP, UDP, SCTP or DCCP with port specification' -j DNAT --to-destination 1.2.3.4:80
	wrong "Port \`65536' not valid" -p tcp -j DNAT --to-destination 1.2.3.4:65536
	wrong "Port range \`79' funky" -p tcp -j DNAT --to-destination 1.2.3.4:80-79
	at 6 nat PREROUTING
	wrong 'Invalid address format' -p tcp -j DNAT --to-destination '[::1'
	wrong 'Bad IP address "1.2.3.4"' -p tcp -j DNAT --to-destination 1.2.3.4
}

@test "MASQUERADE: wrong options" {
	at 4 nat POSTROUTING
	wrong 'Need TCP, UDP, SCTP or DCCP with port specification' -j MASQUERADE --to-ports 1
	wrong "Port \`x' not valid" -p tcp -j MASQUERADE --to-ports x
	wrong "Port \`65536' not valid" -p tcp -j MASQUERADE --to-ports 65536
	wrong "Port range \`8' funky" -p tcp -j MASQUERADE --to-ports 9-8
}

@test "REDIRECT: wrong options" {
	at 4 nat PREROUTING
	wrong 'Need TCP, UDP, SCTP or DCCP with port specification' -j REDIRECT --to-ports 1
	wrong "Port \`65536' not valid" -p tcp -j REDIRECT --to-ports 65536
	wrong "Port \`x' not valid" -p tcp -j REDIRECT --to-ports x
	wrong "Port range \`8' funky" -p tcp -j REDIRECT --to-ports 9-8
}

@test "addresses, protocols, interfaces, targets: wrong options" {
	wrong "invalid mask \`33' specified" -s 1.2.3.4/33
	wrong "invalid mask \`255.255.255' specified" -s 1.2.3.4/255.255.255
	wrong "host/network \`1.2.3.256' not found" -s 1.2.3.256
	wrong "host/network \`::1' not found" -s ::1
	at 6 filter FORWARD
	wrong "host/network \`1.2.3.4' not found" -s 1.2.3.4
	wrong "invalid mask \`129' specified" -s ::1/129
	at 4 filter FORWARD
	wrong '! not allowed with multiple source or destination IP addresses' ! -s 1.2.3.4,1.2.3.5
	wrong 'multiple --source options not allowed' -s 1.2.3.4 -s 1.2.3.5
	wrong "host/network \`' not found" -s 1.2.3.4,
	wrong 'unknown protocol "nosuch" specified' -p nosuch
	wrong 'unknown protocol "256" specified' -p 256
	wrong 'rule would never match protocol' ! -p all
	wrong "interface name \`abcdefghijklmnop' must be shorter than 16 characters" -i abcdefghijklmnop
	at 4 filter OUTPUT
	wrong "Can't use --in-interface with OUTPUT" -i eth0
	at 4 filter INPUT
	wrong "Can't use --out-interface with INPUT" -o eth0
	at 4 filter FORWARD
	wrong 'option "-i" requires an argument' -i
	at 6 filter FORWARD
	wrong "\`-f' is not supported in IPv6, use -m frag instead" -f
	at 4 filter FORWARD
	wrong 'option "-j" requires an argument' -j
	wrong "Chain 'NOSUCH' does not exist" -j NOSUCH
	wrong "Chain 'NOSUCH' does not exist" -g NOSUCH
	wrong 'multiple --jump options not allowed' -j ACCEPT -j DROP
	wrong 'multiple --jump options not allowed' -j ACCEPT -g INPUT
	wrong_opt "Couldn't load match \`NOSUCH':No such file or directory" -m NOSUCH
	wrong 'cannot have ! before --jump' ! -j ACCEPT
	refused 2 "Bad argument \`foo'
Try \`iptables -h' or 'iptables --help' for more information." iptables -A FORWARD foo
	wrong 'multiple consecutive ! not allowed' ! !
	wrong '--set-counters requires packet and byte counter' -c 1
	wrong '--set-counters packet counter not numeric' -c a b
	wrong '--set-counters byte counter not numeric' -c 1 b
	wrong 'unknown option "--bogus"' --bogus
	wrong "Illegal option \`--exact' with this command" -x
	wrong "Invalid target name \`abcdefghijklmnopqrstuvwxyzabc' (28 chars max)" -j abcdefghijklmnopqrstuvwxyzabc
	wrong 'unknown option "--syn"' ! --syn -p tcp
}

# Deliberate difference: stock leaves it to the kernel, exits with 4 and names only the chain.
@test "misplaced rules: the extension is named" {
	misplaced icmp -m icmp --icmp-type 8
	misplaced owner -m owner --uid-owner 1
	misplaced REJECT -j REJECT --reject-with tcp-reset
	misplaced REJECT -p udp -j REJECT --reject-with tcp-reset
	misplaced tcp -m tcp
	at 4 filter INPUT
	misplaced SNAT -j SNAT --to-source 1.2.3.4
	at 4 filter OUTPUT
	misplaced mac -m mac --mac-source 00:11:22:33:44:55
	misplaced owner -m owner --uid-owner 5-4
	at 4 nat POSTROUTING
	misplaced DNAT -j DNAT --to-destination 1.2.3.4
	misplaced REDIRECT -j REDIRECT
	at 4 nat PREROUTING
	misplaced SNAT -j SNAT --to-source 1.2.3.4
	misplaced MASQUERADE -j MASQUERADE
	at 6 filter FORWARD
	misplaced icmpv6 -m icmp6 --icmpv6-type 128
	misplaced REJECT -j REJECT --reject-with tcp-reset
}
