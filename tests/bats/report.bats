#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin report: the page, also in a browser (tests/bats/report.py).
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	new_ns NS
	cd "$BATS_TEST_TMPDIR" || return
}

report() { ns "$NS" "$RAVELIN_BIN/../ravelin" report "$@"; }
page() { python3 "$BATS_TEST_DIRNAME/report.py" "$@"; }

@test "a page of ten rules: all parts, nothing from elsewhere" {
	printf '%s\n' '*filter' ':INPUT DROP [7:700]' '[5:500] -A INPUT -i lo -j ACCEPT' \
		'-A INPUT -m comment --comment "</script><b>&\"" -j LOG' COMMIT | iptables-restore -c
	for i in {1..8}; do ip6tables -A INPUT -p tcp --dport "$i" -j DROP; done
	report >page.html
	page structure page.html
	page rules page.html 10
	page find page.html 'dport 3' 1
	page find page.html '</script>' 1
	page find page.html 'nowhere' 0
	page tour page.html
}

@test "a page of 50,000 rules" {
	{ echo '*filter'; seq 50000 | awk '{ printf "-A INPUT -s 10.%d.%d.%d/32 -j DROP\n", $1 / 65536, $1 / 256 % 256, $1 % 256 }'; echo COMMIT; } >rules
	report rules >page.html
	page structure page.html
	page rules page.html 50000
	page find page.html '10.0.195.80' 1
	page tour page.html
	grep -q 'Nothing found\|warning\|note' page.html
}

@test "pages of published rulesets: long names of chains, and one that ends like another" {
	local name
	for name in kube-proxy ufw; do
		report "$BATS_TEST_DIRNAME/published/$name.v4" >page.html
		page structure page.html
		page tour page.html
	done
}

@test "a page of 50,001 rules is not checked, and says so; findings are limited" {
	{ echo '*filter'; seq 50001 | awk '{ print "-A INPUT -s 10.0.0.1 -j DROP" }'; echo COMMIT; } >rules
	report rules >page.html
	grep -q 'not checked, more than 50000 rules' page.html
	{ echo '*filter'; seq 600 | awk '{ print "-A INPUT -s 10.0.0.1 -j DROP" }'; echo COMMIT; } >rules
	report rules >page.html
	grep -q '^\.\.\. and [0-9]* more lines' page.html
	page structure page.html
}

@test "sets used by rules" {
	ns "$NS" ipset create bad hash:ip
	ns "$NS" ipset add bad 192.0.2.77
	iptables -A INPUT -m set --match-set bad src -j DROP
	iptables -A FORWARD -m set --match-set bad dst -j DROP
	report -4 >page.html
	page structure page.html
	grep -q '<code>bad</code>, in 2 rules' page.html
	grep -q 192.0.2.77 page.html
}

@test "packets given" {
	printf '%s\n' '*filter' '-A INPUT -p tcp --dport 22 -j ACCEPT' '-A INPUT -j DROP' COMMIT >rules
	report -p '-i eth0 -s 192.0.2.7 -d 198.51.100.2 -p tcp --dport 443 --local 198.51.100.2' rules >page.html
	page structure page.html
	grep -q '^verdict: DROP by rule 2 of INPUT in filter, line 3 of rules' page.html
	grep -q -- '--dport 22: packet has 443' page.html
}

@test "a large ruleset has no picture; usage errors" {
	{ echo '*filter'; printf ':C%d - [0:0]\n' {1..500}; echo COMMIT; } >rules
	report rules >page.html
	grep -q '503 chains are too many to draw (maximum 400)' page.html
	capture report -
	[ "$rc" -eq 1 ]
	same 'ravelin report: cannot read standard input; give a file name' "$err" error
	capture report -4 -6 rules
	[ "$rc" -eq 1 ]
	same 'ravelin report: a file has rules of one family only' "$err" error
	capture report ./missing
	[ "$rc" -eq 1 ]
	[ -z "$out" ]
	[[ $err == *'cannot open ./missing: No such file or directory' ]]
}
