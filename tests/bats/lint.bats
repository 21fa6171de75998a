#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin lint: each kind of finding has a case that must be found and a near miss that must not.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# finds CODES [-6] LINE…: codes found in a filter table with these lines, in order; its base chains
# accept.
finds()
{
	local want=$1 family=-4 policy=ACCEPT
	shift
	while :; do
		case $1 in
		-6) family=-6 ;;
		DROP) policy=DROP ;;
		*) break ;;
		esac
		shift
	done
	{ printf '*filter\n:INPUT %s [0:0]\n:FORWARD ACCEPT [0:0]\n' "$policy"; printf '%s\n' "$@"; echo COMMIT; } >rules
	capture "$RAVELIN_BIN/../ravelin" lint "$family" rules
	[ -z "$err" ] || { echo "$err"; return 1; }
	same "$want" "$(grep -o '^rules[^ ]* [a-z]* RV[0-9]*' <<<"$out" | sed 's/.* //' | sort -u | tr '\n' ' ' | sed 's/ $//')" "$*"
	if [ -n "$want" ]; then [ "$rc" -eq 1 ]; else [ "$rc" -eq 0 ] && [ -z "$out" ]; fi
}

@test "a rule is shadowed by one, by several together, by what its chain gets; or not quite" {
	finds RV101 "-A INPUT -s 10.0.0.0/8 -j DROP" "-A INPUT -s 10.1.0.0/16 -p tcp --dport 22 -j ACCEPT"
	[[ $out == *"rules:5: "*"decided by rule 1"*"packet: -p tcp --dport 22 -s 10.1."*": DROP by rule 1 of INPUT"* ]]
	finds "" "-A INPUT -s 10.1.0.0/16 -j DROP" "-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT"
	finds RV101 "-A INPUT -s 10.0.0.0/9 -j DROP" "-A INPUT -s 10.128.0.0/9 -j DROP" "-A INPUT -s 10.1.0.0/8 -p tcp -j ACCEPT"
	[[ $out == *"decided by rule 1, 2"* ]]
	finds "" "-A INPUT -s 10.0.0.0/9 -j DROP" "-A INPUT -s 10.128.0.0/10 -j DROP" "-A INPUT -s 10.1.0.0/8 -p tcp -j ACCEPT"
	finds "" ":c - [0:0]" "-A INPUT -p udp -j c" "-A c -p udp -j DROP"
	finds RV101 ":c - [0:0]" "-A INPUT -j c" "-A INPUT -p tcp -j DROP" "-A c -p tcp -j ACCEPT"
	finds "" ":c - [0:0]" "-A INPUT -j c" "-A INPUT -p tcp -j DROP" "-A c -p tcp -j RETURN" "-A c -p udp -j DROP"
}

@test "stateful and random matches and sets shadow nothing wrongly" {
	finds "" "-A INPUT -m limit --limit 1/s -j DROP" "-A INPUT -m limit --limit 1/s -j DROP"
	# Never reached, but not duplicates: each limit counts on its own.
	finds RV101 "-A INPUT -p tcp -j DROP" "-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT" "-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT"
	finds "" "-A INPUT -m statistic --mode random --probability 0.5 -j DROP" "-A INPUT -p tcp -m statistic --mode random --probability 0.5 -j DROP"
	finds "" "-A INPUT -m set --match-set a src -j DROP" "-A INPUT -m set --match-set b src -j DROP"
	finds RV101 "-A INPUT -m set --match-set a src -j DROP" "-A INPUT -p tcp -m set --match-set a src -j ACCEPT"
	finds "" "-A INPUT -p tcp -j MARK --set-mark 1" "-A INPUT -m mark --mark 1 -j DROP"
	finds "" "-A INPUT -p tcp --dport 22 -j DROP" "-A INPUT -p tcp -f -j DROP"
}

@test "the same rule twice" {
	finds RV102 "-A INPUT -s 10.0.0.1 -j DROP" "-A INPUT -p tcp -j DROP" "-A INPUT -s 10.0.0.1/32 -j DROP"
	finds "" "-A INPUT -s 10.0.0.1 -j DROP" "-A INPUT -s 10.0.0.2 -j DROP"
}

@test "a duplicate far away, and rules of many kinds that together leave nothing" {
	finds "RV102 RV120" "-A INPUT -s 10.0.0.1 -p tcp --dport 5 -j DROP" -A\ INPUT\ -p\ tcp\ --dport\ {100..140}\ -j\ DROP "-A INPUT -s 10.0.0.1 -p tcp --dport 5 -j DROP"
	[[ $out == *"rule 1 is the same"* ]]
	# MARK before the second one does not matter: DROP makes it unreachable.
	finds RV101 "-A INPUT -p udp -j LOG -m limit --limit 1/s" "-A INPUT -p udp -j DROP" "-A INPUT -p udp -j LOG -m limit --limit 1/s"
	[[ $out == *"decided by rule 2"* ]]
	finds RV101 "-A INPUT -s 10.0.0.0/8 -j DROP" "-A INPUT -p udp -j DROP" "-A INPUT -i eth0 -j DROP" "-A INPUT ! -i eth0 ! -p udp -j DROP" "-A INPUT -d 10.0.0.0/8 -j ACCEPT"
	[[ $out == *"decided by rule 2, 3, 4"* || $out == *"decided by rule 1, 2, 3, 4"* ]]
	finds "" "-A INPUT -s 10.0.0.0/8 -j DROP" "-A INPUT -p udp -j DROP" "-A INPUT -i eth0 -j DROP" "-A INPUT ! -i eth0 -p tcp -j DROP" "-A INPUT -d 10.0.0.0/8 -j ACCEPT"
}

@test "a large table: examples for as many findings as the engine has time for, and how many have none" {
	# shellcheck disable=SC2046 # one word a rule
	{ echo "*filter"; seq 20000 | awk '{ r = "-A INPUT -s 10." int($1 / 65536) "." int($1 / 256) % 256 "." $1 % 256 " -j DROP"; print r; print r }'; echo COMMIT; } >rules
	capture "$RAVELIN_BIN/../ravelin" lint rules
	[ "$rc" -eq 1 ]
	[ -z "$err" ]
	same 20000 "$(grep -c RV102 <<<"$out")" findings
	same 1500 "$(grep -c '^  packet:' <<<"$out")" packets
	[[ $out == *"No example packet for 18500 findings: the table is too large." ]]
	capture "$RAVELIN_BIN/../ravelin" lint --json rules
	[[ $out == *'"packets_left_out": 18500'* ]]
}

@test "contradictory conditions" {
	finds RV103 "-A INPUT -p tcp --tcp-flags SYN,ACK SYN -m tcp --tcp-flags SYN SYN -m tcp ! --tcp-flags SYN SYN -j DROP"
	finds "" "-A INPUT -p tcp --tcp-flags SYN,ACK SYN -m tcp --tcp-flags SYN SYN -j DROP"
	finds RV103 "-A INPUT -p tcp -m conntrack --ctstate NEW -m conntrack --ctstate ESTABLISHED -j DROP"
	finds "" "-A INPUT -p tcp -m conntrack --ctstate NEW,ESTABLISHED -m conntrack --ctstate ESTABLISHED -j DROP"
	finds RV103 "-A INPUT -m length --length 0:50 -m length --length 60:70 -j DROP"
	finds "" "-A INPUT -m length --length 0:60 -m length --length 60:70 -j DROP"
}

@test "no packet that reaches the chain matches the rule: not shadowed, as no earlier rule decides it" {
	finds RV103 ":c - [0:0]" "-A INPUT -p udp -j c" "-A c -p tcp -j DROP"
	[[ $out == "rules:6: warning RV103 (never-matches): no packet can match it; chain c gets only packets of this rule of INPUT: -p udp -j c"$'\n'"  filter c 1: -A c -p tcp -j DROP"$'\n'"  what to do: correct or remove it"* ]]
	# Of two jumps, none is named; nor is one that is only part of the cause.
	finds RV103 ":c - [0:0]" "-A INPUT -p udp -j c" "-A FORWARD -p icmp -j c" "-A c -p tcp -j DROP"
	[[ $out == *"no packet can match it; none that reaches chain c does"$'\n'* ]]
	finds RV103 ":c - [0:0]" "-A INPUT -p tcp -j DROP" "-A INPUT -s 10.0.0.1 -j c" "-A c -p tcp -j DROP"
	[[ $out == *"no packet can match it; none that reaches chain c does"$'\n'* ]]
	# Rule 1 of c decides some, rule 2 never gets the others.
	finds RV101 ":c - [0:0]" "-A INPUT -p udp -j c" "-A c -p udp -j DROP" "-A c -s 10.0.0.1 -j ACCEPT"
	[[ $out == *"earlier rules decide all its packets; of those that reach chain c"$'\n'* ]]
	# A changed mark is another packet: rule 2 decides it.
	finds RV101 ":c - [0:0]" "-A INPUT -m mark --mark 1 -j c" "-A c -p tcp -j MARK --set-mark 2" "-A c -p tcp -j DROP" "-A c -p tcp -m mark --mark 2 -j DROP"
	[[ $out == *"RV101 "*"decided by rule 2"* ]]
	# A second jump makes it possible; what the first one brings is not all.
	finds "" ":c - [0:0]" "-A INPUT -p udp -j c" "-A FORWARD -j c" "-A c -p tcp -j DROP"
}

@test "details say more than the name of the finding" {
	finds RV101 ":c - [0:0]" "-A INPUT -j c" "-A INPUT -p tcp -j DROP" "-A c -p tcp -j ACCEPT"
	[[ $out == *"earlier rules decide all its packets; some in chains that they jump to"$'\n'* ]]
	finds RV101 "-A INPUT -p tcp --dport "{0:9,10:99,100:999,1000:9999,10000:49999,50000:65535}" -j DROP" "-A INPUT -p tcp -m tcp --dport 0:65535 -s 10.0.0.1 -j ACCEPT"
	[[ $out == *"earlier rules decide all its packets; more than 5 rules together"$'\n'* ]]
	finds RV104 ":c - [0:0]" "-A c -j DROP"
	[[ $out == *"no packet reaches the chain; no rule jumps to it"$'\n'* ]]
	finds "RV101 RV104" ":c - [0:0]" "-A INPUT -p tcp -j ACCEPT" "-A INPUT -p tcp --dport 5 -j c" "-A c -j DROP"
	[[ $out == *"no packet reaches the chain; no packet matches a rule that jumps to it"$'\n'* ]]
}

@test "an unreachable chain" {
	finds RV104 ":c - [0:0]" "-A c -j DROP"
	finds "" ":c - [0:0]" "-A INPUT -p tcp -j c" "-A c -j DROP"
	finds RV104 ":c - [0:0]" ":d - [0:0]" "-A c -j d" "-A d -j DROP"
}

@test "behind a rule for all packets, and everything accepted" {
	finds RV105 "-A INPUT -p tcp -j ACCEPT" "-A INPUT -j DROP" "-A INPUT -p udp -j ACCEPT"
	finds "" "-A INPUT -p tcp -j ACCEPT" "-A INPUT -j DROP"
	finds "RV105 RV106" "-A INPUT -j ACCEPT" "-A INPUT -p tcp -j DROP"
	finds RV106 DROP "-A INPUT -j ACCEPT"
	finds "" DROP "-A INPUT -i lo -j ACCEPT"
}

@test "established connections late in the chain" {
	finds "RV107 RV120" DROP "-A INPUT -i lo -j ACCEPT" -A\ INPUT\ -p\ tcp\ --dport\ {1..5}\ -j\ ACCEPT "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
	# Five rules before it are late, four are not.
	finds "RV107 RV120" DROP "-A INPUT -i lo -j ACCEPT" -A\ INPUT\ -p\ tcp\ --dport\ {1..4}\ -j\ ACCEPT "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
	finds RV120 DROP "-A INPUT -i lo -j ACCEPT" -A\ INPUT\ -p\ tcp\ --dport\ {1..3}\ -j\ ACCEPT "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
	finds RV120 DROP "-A INPUT -i lo -j ACCEPT" "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT" -A\ INPUT\ -p\ tcp\ --dport\ {1..5}\ -j\ ACCEPT
}

@test "established connections late in the chain: the share of packets that the counters give" {
	finds "RV107 RV120" DROP "[0:0] -A INPUT -i lo -j ACCEPT" "[1:40] -A INPUT -p tcp --dport 1 -j ACCEPT" '[0:0] -A INPUT -p tcp --dport '{2..5}' -j ACCEPT' \
		"[7:400] -A INPUT -p udp" "[99:9999] -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
	[[ $out == *"RV107 (established-late, advice): most packets pass the rules before it first; 7 rules before it; it accepts 99 of 100 packets that are counted"* ]]
	# Without counters, no share is known.
	sed -i 's/^\[[^ ]* //' rules
	codes rules 4
	[[ $out == *"RV107 "*"; 7 rules before it"$'\n'* ]]
}

@test "loopback and neighbour discovery under policy DROP" {
	finds RV108 DROP "-A INPUT -p tcp --dport 22 -i eth0 -j ACCEPT"
	finds "" DROP "-A INPUT -i lo -j ACCEPT"
	finds RV109 -6 DROP "-A INPUT -i lo -j ACCEPT" "-A INPUT -p tcp -j ACCEPT"
	finds "" -6 DROP "-A INPUT -i lo -j ACCEPT" "-A INPUT -p icmpv6 --icmpv6-type 135 -j ACCEPT"
}

@test "logs, old names, policies and comments" {
	finds RV110 "-A INPUT -p udp -j LOG" "-A INPUT -p udp -j DROP"
	finds "" "-A INPUT -p udp -m limit --limit 1/s -j LOG" "-A INPUT -p udp -j DROP"
	finds RV111 "-A INPUT -m state --state INVALID -j DROP"
	finds "" "-A INPUT -m conntrack --ctstate INVALID -j DROP"
	finds RV113 "-A INPUT -p tcp --dport 22 -j ACCEPT"
	finds "" "-A INPUT -p tcp --dport 22 -j ACCEPT" "-A INPUT -p tcp -j DROP"
	finds RV114 "-A INPUT -p tcp --dport 22 -m comment --comment \"ssh, port 2222\" -j DROP"
	finds "" "-A INPUT -p tcp --dport 2222 -m comment --comment \"ssh, port 2222\" -j DROP"
	finds RV114 "-A INPUT -p tcp --dport 22 -m comment --comment 23/tcp -j DROP"
	finds "" "-A INPUT -p tcp --dport 20:30 -m comment --comment 23/tcp -j DROP"
}

@test "comments take findings away, of one kind only" {
	finds "" "# ravelin: ignore RV110" "-A INPUT -p udp -j LOG" "-A INPUT -p udp -j DROP"
	finds RV110 "# ravelin: ignore RV111" "-A INPUT -p udp -j LOG" "-A INPUT -p udp -j DROP"
	finds RV110 "# ravelin: ignore RV110" "-A INPUT -p udp -j LOG" "-A INPUT -p tcp -j LOG" "-A INPUT -p udp -j DROP"
	finds "" "# ravelin: ignore RV104" ":c - [0:0]" "-A c -j DROP"
}

# codes FILE FAMILY [OPTION…]: sorted codes.
codes()
{
	local file=$1 family=$2
	shift 2
	capture "$RAVELIN_BIN/../ravelin" lint "-$family" "$@" "$file"
	[ "$rc" -le 1 ] || { echo "$err"; return 1; }
	found=$(grep -oE '(^[^ ].*: (note|warning|error) |"(code|ruleId)": ")RV[0-9]+' <<<"$out" | grep -o 'RV[0-9]*$' | sort -u | tr '\n' ' ')
}

@test "the table of kinds: each is found, its near miss is not, and a comment ignores it" {
	local code family has near tested=" RV119 RV122 RV199 "
	while IFS=$'\t' read -r code family has near; do
		[[ $code == '#'* ]] && continue
		tested+="$code "
		{ tr '|' '\n' <<<"$has"; echo COMMIT; } >has
		{ tr '|' '\n' <<<"$near"; echo COMMIT; } >near
		for option in "" --json --sarif; do
			# shellcheck disable=SC2086 # none or one
			codes has "$family" $option
			[[ " $found" == *" $code "* ]] || { echo "$code not found ($option): $has"; echo "$out"; return 1; }
			# shellcheck disable=SC2086
			codes near "$family" $option
			[[ " $found" != *" $code "* ]] || { echo "$code found ($option): $near"; echo "$out"; return 1; }
		done
		# Before each line; before the table only; of another kind.
		sed "s/^[-:]/# ravelin: ignore $code\n&/" has >ignored
		codes ignored "$family"
		[[ " $found" != *" $code "* ]] || { echo "$code found in spite of comments"; echo "$out"; return 1; }
		sed "s/^[*]/# ravelin: ignore RV198 $code\n&/" has >ignored
		codes ignored "$family"
		[[ " $found" != *" $code "* ]] || { echo "$code found in spite of a comment"; echo "$out"; return 1; }
		sed "s/^[-:*]/# ravelin: ignore RV198\n&/" has >ignored
		codes ignored "$family"
		[[ " $found" == *" $code "* ]] || { echo "$code ignored by another code"; return 1; }
	done <"$BATS_TEST_DIRNAME/lint.tsv"
	for code in $("$RAVELIN_BIN/../ravelin" lint --kinds | cut -d' ' -f1); do
		[[ $tested == *" $code "* ]] || { echo "no row for $code"; return 1; }
	done
}

@test "a table whose diagrams are too large: not known, and nothing else is said" {
	{
		echo "*filter"
		seq 7000 | sed 's/.*/-A INPUT -m limit --limit 1\/s -m comment --comment & -j DROP/'
		seq 100 | sed 's/.*/-A INPUT -p tcp --dport & -m comment --comment "port &" -j DROP/'
		echo COMMIT
	} >rules
	capture "$RAVELIN_BIN/../ravelin" lint --json rules
	[ "$rc" -eq 1 ]
	[ -z "$err" ]
	same '"code": "RV199"' "$(grep -o '"code": "[^"]*"' <<<"$out")" codes
}

@test "published rulesets: each finding was judged, and the false ones are not made" {
	local dir=$BATS_TEST_DIRNAME files=0 code place word
	cd "$dir"
	for file in published/*.v[46] linted/*.v[46]; do
		files=$((files + 1))
		capture "$RAVELIN_BIN/../ravelin" lint --json "-${file##*.v}" "$file"
		[ "$rc" -le 1 ] || { echo "$file: $err"; return 1; }
		found=$(python3 -c 'import json, sys
for f in json.load(sys.stdin)["findings"]: print(f["code"], f["table"], f["chain"], f["number"] or 0)' <<<"$out" | sort)
		wanted=$(awk -F'\t' -v file="$file" '$1 == file && $4 == "true" { print $2, $3 }' linted.tsv | sort)
		same "$wanted" "$found" "$file"
		while read -r false; do
			[[ -z $false || $'\n'$found$'\n' != *$'\n'"$false"$'\n'* ]] || { echo "$file: $false"; return 1; }
		done < <(awk -F'\t' -v file="$file" '$1 == file && $4 == "false" { print $2, $3 }' linted.tsv)
	done
	[ "$files" -ge 20 ]
	# Each row is about a chain or rule of a file that was checked, and says true or false.
	while IFS=$'\t' read -r file code place word _; do
		[[ $file == '#'* ]] && continue
		[[ $code == RV1?? && $word == @(true|false) ]] || { echo "$file $code $place: $word"; return 1; }
		read -r _ place word <<<"$place"
		[ "$(grep -c -- "^-A $place " "$file")" -ge "$word" ] || { echo "$file has no rule $word in $place"; return 1; }
	done <linted.tsv
}

@test "closed in IPv4 and open in IPv6: with the other file, whichever is given first" {
	printf '*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 80 -j ACCEPT\nCOMMIT\n' >v4
	printf '*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p icmpv6 -j ACCEPT\n-A INPUT -p tcp -m multiport --dports 22,23,80 -j ACCEPT\nCOMMIT\n' >v6
	codes v4 4 --other v6
	[[ " $found" == *" RV119 "* ]]
	[[ $out == *"tcp port 23"* ]]
	[[ $out != *"tcp port 22"* ]]
	[[ $out != *"tcp port 80"* ]]
	codes v6 6 --other v4
	[[ " $found" == *" RV119 "* ]]
	[[ $out == *"tcp port 23"* ]]
	[[ $out != *"no rule names"* ]]
	codes v4 4
	[[ " $found" != *" RV119 "* ]]
	sed -i 's/22,23,80/22/' v6
	codes v4 4 --other v6
	[[ " $found" != *" RV119 "* ]]
	: >none
	codes v4 4 --other none
	[[ " $found" == *" RV119 "* ]]
	[[ $out == *"tcp ports that no rule names"* ]]
	capture "$RAVELIN_BIN/../ravelin" lint --other nowhere v4
	[ "$rc" -eq 3 ]
	[[ $err == *nowhere* ]]
	echo nonsense >v6
	capture "$RAVELIN_BIN/../ravelin" lint --other v6 v4
	[ "$rc" -eq 3 ]
	[ -z "$out" ]
	[ -n "$err" ]
}

@test "interfaces that do not exist, and both families: of loaded rules only" {
	need_root
	new_ns NS
	ns "$NS" "$RAVELIN_BIN/iptables" -A INPUT -i eth77 -j DROP
	ns "$NS" "$RAVELIN_BIN/iptables" -A INPUT -i lo -j ACCEPT
	ns "$NS" "$RAVELIN_BIN/iptables" -A INPUT -i eth+ -p udp -j ACCEPT
	ns "$NS" "$RAVELIN_BIN/iptables" -P INPUT DROP
	capture ns "$NS" "$RAVELIN_BIN/../ravelin" lint live
	[ "$rc" -eq 1 ]
	same 1 "$(grep -c RV122 <<<"$out")" RV122
	[[ $out == *"there is no eth77"* ]]
	[[ $out == *"RV119"*"tcp ports that no rule names"* ]]
	ns "$NS" "$RAVELIN_BIN/ip6tables" -P INPUT DROP
	capture ns "$NS" "$RAVELIN_BIN/../ravelin" lint live
	[[ $out != *RV119* ]]
	ns "$NS" "$RAVELIN_BIN/iptables-save" >rules
	capture "$RAVELIN_BIN/../ravelin" lint rules
	[[ $out != *RV122* ]]
}

@test "JSON, SARIF, kinds and errors" {
	finds RV102 "-A INPUT -s 10.0.0.1 -j DROP" "-A INPUT -s 10.0.0.1 -j DROP"
	capture "$RAVELIN_BIN/../ravelin" lint --json rules
	[ "$rc" -eq 1 ]
	python3 -c 'import json, sys; f = json.load(sys.stdin)["findings"][0]; sys.exit((f["code"], f["line"], f["number"]) != ("RV102", 5, 2))' <<<"$out"
	capture "$RAVELIN_BIN/../ravelin" lint --sarif rules
	python3 -c 'import json, sys; s = json.load(sys.stdin); r = s["runs"][0]["results"][0]
sys.exit(s["version"] != "2.1.0" or r["locations"][0]["physicalLocation"]["region"]["startLine"] != 5)' <<<"$out"
	capture "$RAVELIN_BIN/../ravelin" lint --kinds
	[ "$rc" -eq 0 ]
	[[ $out == *"RV101  warning  shadowed"* ]]
	capture "$RAVELIN_BIN/../ravelin" lint nowhere
	[ "$rc" -eq 3 ]
	echo nonsense >rules
	capture "$RAVELIN_BIN/../ravelin" lint rules
	[ "$rc" -eq 3 ]
}
