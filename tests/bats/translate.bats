#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# iptables-translate and its three variants: stock's translation where that is correct, otherwise
# one that nft loads, or a comment if there is none.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup_file() { need_root; }

setup()
{
	new_ns NS
}

teardown()
{
	end_ns "$NS"
}

# says WANT WORDS...: expected output of iptables-translate for the words.
says()
{
	same "$1" "$("$RAVELIN_BIN/iptables-translate" "${@:2}")" "${*:2}"
}

@test "every case of extensions/ is translated as stock does, or differs for a reason, and loads" {
	ORACLE=$("$LIB_DIR/../oracle") || skip 'no stock iptables to compare with'
	ns "$NS" ip link add eth0 type veth peer name abcdefghijklmno
	run ns "$NS" python3 "$LIB_DIR/translate.py" "$ORACLE" "$RAVELIN_BIN" \
		"$LIB_DIR/../../extensions" "$LIB_DIR/translate.tsv"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "commands about chains and tables" {
	says 'nft add chain ip filter foo' -N foo
	says 'nft add chain ip nat foo' -t nat -N foo
	says 'nft flush table ip filter' -F
	says 'nft flush chain ip filter INPUT' -F INPUT
	says 'nft delete chain ip filter foo' -X foo
	says 'nft list table ip filter' -L
	says 'nft list chain ip filter INPUT' -L INPUT
	says "nft 'insert rule ip filter INPUT counter drop'" -I INPUT -j DROP
	says "nft 'insert rule ip filter INPUT index 2 counter drop'" -I INPUT 3 -j DROP
}

@test "ports of a connection, where the rule or the connection has a protocol with ports" {
	says "nft 'add rule ip filter INPUT ct original protocol 6 ct original proto-dst 80 counter accept'" \
		-A INPUT -m conntrack --ctproto tcp --ctorigdstport 80 -j ACCEPT
	says "nft 'add rule ip filter INPUT ip protocol udp ct reply proto-src != 53 counter accept'" \
		-A INPUT -p udp -m conntrack ! --ctreplsrcport 53 -j ACCEPT
	for words in '--ctorigdstport 80' '! --ctproto tcp --ctorigdstport 80' '--ctproto gre --ctorigdstport 80' \
		'--ctorigdstport 80 -m conntrack --ctproto tcp'; do
		# shellcheck disable=SC2086 # words
		run "$RAVELIN_BIN/iptables-translate" -A INPUT -m conntrack $words -j ACCEPT
		[[ $output == 'nft # '* ]]
	done
}

@test "a command without translation: message and exit code 1" {
	local words
	for words in '-P INPUT DROP' '-D INPUT 1' '-D INPUT -j DROP' '-R INPUT 1 -j DROP' '-S' '-Z' \
		'-X' '-E a b' '-C INPUT -j DROP'; do
		# shellcheck disable=SC2086 # words
		run "$RAVELIN_BIN/iptables-translate" $words
		[ "$status" -eq 1 ]
		same 'Translation not implemented' "$output" "$words"
	done
}

@test "an untranslatable line becomes one comment" {
	says 'nft # -A INPUT -p tcp ! --syn -m recent --set -j DROP ' \
		-A INPUT -p tcp ! --syn -m recent --set -j DROP
	says 'nft # -t mangle -A INPUT -s 1.1.1.1,2.2.2.2 -m recent --set ' \
		-t mangle -A INPUT -s 1.1.1.1,2.2.2.2 -m recent --set
	says 'nft # -A INPUT -m comment --comment "a b; reboot" -m u32 --u32 0=1 ' \
		-A INPUT -m comment --comment 'a b; reboot' -m u32 --u32 0=1
	says 'nft # -A accept -j DROP ' -A accept -j DROP
	says 'nft # -A INPUT -j a@b ' -A INPUT -j a@b
}

@test "the output is one shell word" {
	local text
	text=$("$RAVELIN_BIN/iptables-translate" -A INPUT -m comment --comment "it's \$(x)")
	eval "set -- ${text#nft }"
	same 1 "$#"
	same "add rule ip filter INPUT counter comment \"it's \$(x)\"" "$1"
}

@test "no rule matches more: an untranslatable part refuses the whole rule" {
	local part
	for part in '-m string --algo bm --string x' '-m owner --gid-owner 1 --suppl-groups' \
		'-m u32 --u32 0=1' '-m physdev --physdev-in a' '-m policy --dir in --pol ipsec --reqid 1' \
		'-m time --monthdays 3' '-m set --match-set a src'; do
		# shellcheck disable=SC2086 # words
		run "$RAVELIN_BIN/iptables-translate" -A INPUT -s 1.2.3.4 $part -j ACCEPT
		[ "$status" -eq 0 ]
		[[ $output == 'nft # '* ]] || { echo "$output"; false; }
	done
}

@test "stateful matches count the same packets" {
	local rest='counter drop'
	says "nft 'add rule ip filter INPUT ip protocol icmp limit rate 1/second burst 5 packets icmp type echo-request $rest'" \
		-A INPUT -p icmp -m limit --limit 1/s -m icmp --icmp-type 8 -j DROP
	says "nft 'add rule ip filter INPUT ip protocol tcp meter a { ip saddr timeout 1s limit rate over 9/second } tcp dport 22 $rest'" \
		-A INPUT -p tcp -m hashlimit --hashlimit-above 9/s --hashlimit-mode srcip --hashlimit-name a -m tcp --dport 22 -j DROP
	says "nft 'add rule ip filter INPUT tcp dport 22 limit rate 1/second burst 5 packets $rest'" \
		-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 1/s -j DROP
}

# A meter is for one rule; its rate is limited to what nf_tables can count.
@test "a table of hashlimit is a meter of one rule, or a comment" {
	local h='-m hashlimit --hashlimit-mode srcip --hashlimit-name' words
	# shellcheck disable=SC2086 # words, here and below
	says "nft # -A INPUT -s 1.1.1.1,2.2.2.2 $h a --hashlimit-upto 9/s " -A INPUT -s 1.1.1.1,2.2.2.2 $h a --hashlimit-upto 9/s
	for words in '1a --hashlimit-upto 9/s' 'size --hashlimit-upto 9/s' 'a --hashlimit-upto 9/s --hashlimit-htable-max 9' \
		'a --hashlimit-upto 9kb/s --hashlimit-burst 4096mb' 'a --hashlimit-upto 20000mb/s' \
		'a --hashlimit-upto 1/day --hashlimit-burst 1000000' \
		'a --hashlimit-upto 9/s --hashlimit-htable-gcinterval 9'; do
		# shellcheck disable=SC2086
		says "nft # -A INPUT $h $words " -A INPUT $h $words
	done
	printf '%s\n' '*filter' "-A INPUT $h a --hashlimit-upto 9/s" "-A INPUT $h a --hashlimit-upto 8/s" COMMIT '*mangle' \
		"-A INPUT $h a --hashlimit-upto 7/s" COMMIT | "$RAVELIN_BIN/iptables-restore-translate" |
		sed '/^# [TC]/d' >"$BATS_TEST_TMPDIR/nft"
	same "add table ip filter
add rule ip filter INPUT meter a { ip saddr timeout 1s limit rate 9/second } counter
# -t filter -A INPUT $h a --hashlimit-upto 8/s 
add table ip mangle
add rule ip mangle INPUT meter a { ip saddr timeout 1s limit rate 7/second } counter" "$(cat "$BATS_TEST_TMPDIR/nft")"
}

# iptables has hours and dates in UTC; nft takes numbers unchanged, but converts names from the
# loader's time zone.
@test "times are numbers, which mean the same wherever they are loaded" {
	local zone text
	says "nft 'add rule ip filter INPUT meta hour 28800-61200 counter accept'" \
		-A INPUT -m time --timestart 08:00 --timestop 17:00 -j ACCEPT
	says "nft 'add rule ip filter INPUT meta hour != 21601-79199 counter'" -A INPUT -m time --timestart 22:00 --timestop 6:00
	says "nft 'add rule ip filter INPUT counter'" -A INPUT -m time --timestart 6:00 --timestop 6:00
	says "nft 'add rule ip filter INPUT meta time >= 1704067200 meta time < 1706868002 counter'" \
		-A INPUT -m time --datestart 2024-01-01 --datestop 2024-02-02T10:00:01
	says "nft 'add rule ip filter INPUT meta time >= 2147483648 meta time < 2147483648 counter'" \
		-A INPUT -m time --datestart 2038-01-19T03:14:08
	says 'nft # -A INPUT -m time --monthdays 3 --timestart 8:00 ' -A INPUT -m time --monthdays 3 --timestart 8:00
	text=$("$RAVELIN_BIN/iptables-translate" -A INPUT -m time --timestart 22:00 --timestop 6:00 --datestart 2024)
	eval "set -- ${text#nft }"
	ns "$NS" nft 'add table ip filter; add chain ip filter INPUT'
	for zone in UTC America/New_York Asia/Kolkata; do
		TZ=$zone ns "$NS" nft --debug=netlink -c -- "$1" >"$BATS_TEST_TMPDIR/${zone##*/}"
		grep -q 'meta load hour' "$BATS_TEST_TMPDIR/${zone##*/}"
		cmp "$BATS_TEST_TMPDIR/UTC" "$BATS_TEST_TMPDIR/${zone##*/}"
	done
}

# Days of the week are in the kernel's time zone.
@test "days of the week are translated if the kernel's time zone is UTC, with ranges past midnight" {
	python3 -c 'import ctypes, struct, sys; z = ctypes.create_string_buffer(8)
ctypes.CDLL(None).syscall(96, None, z); sys.exit(struct.unpack("ii", z.raw)[0] != 0)' || skip 'the kernel has a time zone'
	says "nft 'add rule ip filter INPUT meta day { 1, 5, 0 } counter'" -A INPUT -m time --weekdays Mon,Fri,Sun
	says "nft 'add rule ip filter INPUT meta day { 1, 2, 3, 4, 5, 6 } counter'" -A INPUT -m time ! --weekdays Sun
	says "nft 'add rule ip filter INPUT meta hour != 21601-79199 meta day . meta hour { 1 . 21601-86399, 2 . 0-21600, 0 . 21601-86399, 1 . 0-21600 } counter'" \
		-A INPUT -m time --timestart 22:00 --timestop 6:00 --weekdays Mon,Sun --contiguous
	says "nft 'add rule ip filter INPUT meta hour != 21601-79199 meta day 1 counter'" \
		-A INPUT -m time --timestart 22:00 --timestop 6:00 --weekdays Mon
	says "nft 'add rule ip filter INPUT meta day 2 counter'" \
		-A INPUT -m time --timestart 23:59:59 --timestop 23:59:59 --weekdays Mon --contiguous
	run ns "$NS" python3 "$LIB_DIR/time.py" "$RAVELIN_BIN" 1 500
	echo "$output"
	[ "$status" -eq 0 ]
}

# Raw payload writes update no checksum; IPv6 has none.
@test "TOS is compared by bits, and changed where the checksum stays correct" {
	says "nft 'add rule ip filter INPUT @nh,8,8 0x10 counter'" -A INPUT -m tos --tos 0x10
	says "nft 'add rule ip filter INPUT @nh,8,8 & 0x3f != 0x10 counter'" -A INPUT -m tos ! --tos 0x10/0x3f
	says "nft 'add rule ip mangle OUTPUT counter ip ecn set ce'" -t mangle -A OUTPUT -j TOS --set-tos 3/3
	says 'nft # -t mangle -A OUTPUT -j TOS --or-tos 0x10 ' -t mangle -A OUTPUT -j TOS --or-tos 0x10
	same "nft 'add rule ip6 mangle OUTPUT counter @nh,0,16 set @nh,0,16 & 0xfeff ^ 0x0100'" \
		"$("$RAVELIN_BIN/ip6tables-translate" -t mangle -A OUTPUT -j TOS --or-tos 0x10)"
}

@test "connlimit uses a numbered set of its own, before the rule" {
	local c='-m connlimit --connlimit-above'
	# shellcheck disable=SC2086 # words
	same "nft 'add set ip6 filter connlimit0 { type ipv6_addr; flags dynamic; }'
nft 'add set ip6 filter connlimit1 { type ipv6_addr; flags dynamic; }'
nft 'add rule ip6 filter INPUT add @connlimit0 { ip6 saddr ct count over 2 } add @connlimit1 { ip6 daddr and ffff:: ct count 3 } counter'" "$("$RAVELIN_BIN/ip6tables-translate" -A INPUT $c 2 -m connlimit --connlimit-upto 3 \
		--connlimit-daddr --connlimit-mask 16)"
	printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' "-A INPUT $c 1" "-A INPUT -s 1.1.1.1,2.2.2.2 $c 2" "-A INPUT $c 3 -m recent --set" \
		"-A INPUT $c 4" COMMIT >"$BATS_TEST_TMPDIR/rules"
	"$RAVELIN_BIN/iptables-restore-translate" -f "$BATS_TEST_TMPDIR/rules" >"$BATS_TEST_TMPDIR/nft"
	ns "$NS" nft -f "$BATS_TEST_TMPDIR/nft"
	# The number of a rule that became a comment is skipped, as in stock.
	same '0 1 2 4' "$(grep -o '^add set ip filter connlimit.' "$BATS_TEST_TMPDIR/nft" | grep -o '.$' | xargs)"
	same '1 2 2 4' "$(ns "$NS" nft list chain ip filter INPUT | grep -o 'over [0-9]' | grep -o '[0-9]' | xargs)"
}

@test "save output is translated to a file that nft loads" {
	local family
	for family in ip ip6; do
		ns "$NS" nft flush ruleset
		cat >"$BATS_TEST_TMPDIR/rules" <<-'END'
			# a comment
			*filter
			:INPUT DROP [1:2]
			:FORWARD ACCEPT [0:0]
			:user - [0:0]
			[3:4] -A INPUT -i lo -j ACCEPT
			-A INPUT -p tcp -m multiport --dports 22,80:90 -m conntrack --ctstate NEW -j user
			[5:6] -A INPUT -m recent --set -j user
			-A user -m limit --limit 5/min -j LOG --log-prefix "it's: "
			-A user -j RETURN
			COMMIT
			*mangle
			:OUTPUT ACCEPT [0:0]
			-A OUTPUT -j MARK --set-xmark 0x1/0xff
			COMMIT
		END
		"$RAVELIN_BIN/${family}tables-restore-translate" -f "$BATS_TEST_TMPDIR/rules" \
			>"$BATS_TEST_TMPDIR/nft"
		grep -Fx '# -t filter -A INPUT -m recent --set -j user ' "$BATS_TEST_TMPDIR/nft"
		grep -Fx "add chain $family mangle OUTPUT { type route hook output priority -150; policy accept; }" \
			"$BATS_TEST_TMPDIR/nft"
		"$RAVELIN_BIN/${family}tables-restore-translate" <"$BATS_TEST_TMPDIR/rules" |
			ns "$NS" nft -c -f -
		ns "$NS" nft -f "$BATS_TEST_TMPDIR/nft"
		same 5 "$(ns "$NS" nft list ruleset | grep -c counter)"
	done
}

@test "iptables-restore-translate counts untranslated lines; --strict makes them an error" {
	local tool=$RAVELIN_BIN/iptables-restore-translate
	printf '%s\n' '*filter' '-A INPUT -m recent --set' '-A INPUT -j ACCEPT' '-A INPUT -m osf --genre Linux' COMMIT \
		>"$BATS_TEST_TMPDIR/rules"
	capture "$tool" -f "$BATS_TEST_TMPDIR/rules"
	[ "$rc" -eq 0 ]
	same 'iptables-restore-translate: 2 of 3 rules are only comments in the output: nft has no equivalent for them (lines 2, 4)' "$err"
	same 2 "$(grep -c '^# -t filter' <<<"$out")"
	refused 1 'iptables-restore-translate: 2 of 3 rules cannot be translated: nft has no equivalent for them (lines 2, 4)' \
		"$tool" --strict -f "$BATS_TEST_TMPDIR/rules"
	printf '%s\n' '*filter' ':a"b - [0:0]' '-A INPUT -m recent --set' COMMIT >"$BATS_TEST_TMPDIR/rules"
	refused 1 'iptables-restore-translate: 1 of 1 rules and 1 chain cannot be translated: nft has no equivalent for them (lines 2, 3)' \
		"$tool" --strict -f "$BATS_TEST_TMPDIR/rules"
	printf '%s\n' '*filter' '-A INPUT -j ACCEPT' COMMIT >"$BATS_TEST_TMPDIR/rules"
	capture "$tool" --strict -f "$BATS_TEST_TMPDIR/rules"
	[ "$rc" -eq 0 ]
	[ -z "$err" ]
	[[ $out == *'add rule ip filter INPUT counter accept'* ]]
}
