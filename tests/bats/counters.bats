#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ravelin graph, metrics and top.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	new_ns NS
	cd "$BATS_TEST_TMPDIR" || return
	cat >rules <<-'END'
		*filter
		:INPUT DROP [5:500]
		:FORWARD DROP [0:0]
		:OUTPUT ACCEPT [100:10000]
		:DEEP - [0:0]
		:SIDE - [0:0]
		:UNUSED - [0:0]
		[64:1000] -A INPUT -p tcp -m comment --comment "web \"x\"" --dport 80 -j SIDE
		[3:30] -A INPUT -p tcp -m comment --comment "web \"x\"" --dport 81 -j SIDE
		[8:800] -A INPUT -p udp -g DEEP
		[4:40] -A INPUT -j REJECT
		[0:0] -A INPUT -j DEEP
		[0:0] -A FORWARD -j SIDE
		[0:0] -A UNUSED -j DEEP
		COMMIT
	END
}

graph() { "$RAVELIN_BIN/../ravelin" graph "$@"; }
metrics() { ns "$NS" "$RAVELIN_BIN/../ravelin" metrics "$@"; }
top() { ns "$NS" "$RAVELIN_BIN/../ravelin" top "$@"; }
loaded() { iptables-restore -c rules; }

# shows TEXT LINE: whether the text has the line.
shows() { [[ $1 == *"$2"* ]] || { echo "\"$2\" is not in:"; echo "$1"; return 1; }; }
shows_not() { [[ $1 != *"$2"* ]] || { echo "\"$2\" is in:"; echo "$1"; return 1; }; }

# --- graph ------------------------------------------------------------------

@test "graph: one edge for all rules between two chains, as wide as their packets" {
	capture graph rules
	[ "$rc" -eq 0 ]
	[ -z "$err" ]
	shows "$out" '"filter/INPUT" [label="INPUT\npolicy DROP\n5 rules\n5 packets by the policy"'
	shows "$out" '"filter/INPUT" -> "filter/SIDE" [label="2 rules\n67 packets", penwidth=8.00];'
	shows "$out" '"filter/INPUT" -> "filter/DEEP" [label="1 rule, goto\n8 packets", penwidth=5.00, arrowhead=empty];'
}

@test "graph: unreachable and unused parts are grey" {
	capture graph rules
	shows "$out" '"filter/UNUSED" [label="UNUSED\n1 rule", color="#a0a0a0", fontcolor="#808080", fillcolor="#eeeeee", tooltip="unreachable"];'
	shows "$out" '"filter/INPUT" -> "filter/DEEP" [label="1 rule", penwidth=1.00, style=dashed, color="#a0a0a0", fontcolor="#808080", tooltip="unreachable"];'
	shows "$out" '"filter/FORWARD" -> "filter/SIDE" [label="1 rule", penwidth=1.00, color="#a0a0a0", fontcolor="#808080", tooltip="no packets so far"];'
	# Without counters, usage is unknown.
	capture graph - <<<$'*filter\n:A - [0:0]\n-A INPUT -j A\nCOMMIT'
	shows "$out" '"filter/INPUT" -> "filter/A" [label="1 rule", penwidth=1.00];'
}

@test "graph: grey is what ravelin lint finds dead" {
	local grey='style=dashed, color="#a0a0a0", fontcolor="#808080", tooltip="unreachable"];'
	capture graph - <<<$'*filter\n:behind - [0:0]\n:c - [0:0]\n-A INPUT -p tcp -j ACCEPT\n-A INPUT -p tcp --dport 5 -j behind\n-A INPUT -p udp -j c\n-A c -p tcp -j behind\n-A behind -j DROP\nCOMMIT'
	[ "$rc" -eq 0 ]
	shows "$out" '"filter/behind" [label="behind\n1 rule", color="#a0a0a0", fontcolor="#808080", fillcolor="#eeeeee", tooltip="unreachable"];'
	shows "$out" "\"filter/INPUT\" -> \"filter/behind\" [label=\"1 rule\", penwidth=1.00, $grey"
	shows "$out" "\"filter/c\" -> \"filter/behind\" [label=\"1 rule\", penwidth=1.00, $grey"
	shows "$out" '"filter/INPUT" -> "filter/c" [label="1 rule", penwidth=1.00];'
	shows "$out" '"filter/c" [label="c\n1 rule"];'
}

@test "graph: a table too large for the analysis: chains without a jump and rules behind one for all packets are grey" {
	{
		printf '*filter\n:a - [0:0]\n:b - [0:0]\n:c - [0:0]\n'
		seq 7000 | sed 's/.*/-A INPUT -m limit --limit 1\/s -m comment --comment & -j DROP/'
		printf '%s\n' '-A INPUT -p tcp -j ACCEPT' '-A INPUT -p tcp --dport 5 -j a' '-A INPUT -j DROP' '-A INPUT -j b' COMMIT
	} >large
	capture graph large
	[ "$rc" -eq 0 ]
	[ -z "$err" ]
	shows "$out" '"filter/a" [label="a\n0 rules"];'
	shows "$out" '"filter/b" [label="b\n0 rules", color="#a0a0a0"'
	shows "$out" '"filter/c" [label="c\n0 rules", color="#a0a0a0"'
	shows "$out" '"filter/INPUT" -> "filter/b" [label="1 rule", penwidth=1.00, style=dashed'
}

@test "graph: tables without rules are omitted unless requested" {
	capture graph -t nat rules
	shows "$out" 'label="nat"'
	shows_not "$out" '"filter/'
	loaded
	iptables -t mangle -A FORWARD -j MARK --set-mark 1
	iptables -t raw -L >/dev/null
	capture ns "$NS" "$RAVELIN_BIN/../ravelin" graph
	shows "$out" 'label="mangle"'
	shows "$out" '"filter/DEEP"'
	shows_not "$out" 'label="raw"'
	capture ns "$NS" "$RAVELIN_BIN/../ravelin" graph -6 live
	[ "$rc" -eq 0 ]
	shows "$out" 'digraph "IPv6"'
	shows_not "$out" label=
}

@test "graph: graphviz accepts it, with special characters in names" {
	iptables -N 'a"b\c'
	iptables -A INPUT -j 'a"b\c'
	ns "$NS" "$RAVELIN_BIN/../ravelin" graph | dot -Tplain >plain
	grep -qF 'edge "filter/INPUT" "filter/a\"b\\c"' plain || { cat plain; false; }
	graph --svg rules >svg
	python3 -c 'import xml.etree.ElementTree as t; assert t.parse("svg").getroot().tag.endswith("svg")'
}

@test "graph: --svg without graphviz, and usage errors" {
	capture env PATH=/nowhere "$RAVELIN_BIN/../ravelin" graph --svg rules
	[ "$rc" -eq 4 ]
	[ -z "$out" ]
	shows "$err" "the program \`dot' was not found"
	capture graph -t nowhere rules
	[ "$rc" -eq 1 ]
	same 'ravelin graph: no table nowhere' "$err" error
	capture graph rules more
	[ "$rc" -eq 1 ]
	same 'Unknown arguments found on commandline' "$err" error
	capture graph ./missing
	[ "$rc" -eq 1 ]
	shows "$err" 'cannot open ./missing: No such file or directory'
	capture graph - <<<$'*filter\n-A INPUT -j NOWHERE\nCOMMIT'
	[ "$rc" -ne 0 ]
	[ -z "$out" ]
}

# --- metrics ------------------------------------------------------------------

@test "metrics: policies, and rules by their comments" {
	loaded
	ip6tables -A INPUT -p tcp -m comment --comment $'six\xff' -j ACCEPT
	capture metrics
	[ "$rc" -eq 0 ]
	[ -z "$err" ]
	shows "$out" 'ravelin_chain_packets_total{family="ipv4",table="filter",chain="INPUT",policy="DROP"} 5'
	shows "$out" 'ravelin_chain_bytes_total{family="ipv4",table="filter",chain="OUTPUT",policy="ACCEPT"} 10000'
	shows "$out" 'ravelin_chain_rules{family="ipv4",table="filter",chain="INPUT"} 5'
	shows "$out" 'ravelin_rule_packets_total{family="ipv4",table="filter",chain="INPUT",rule="",comment="web \"x\""} 67'
	shows "$out" 'ravelin_rule_bytes_total{family="ipv6",table="filter",chain="INPUT",rule="",comment="six'$'\xef\xbf\xbd''"} 0'
	shows "$out" 'ravelin_rule_bytes_total{family="ipv4",table="filter",chain="INPUT",rule="",comment="web \"x\""} 1030'
	[ "$(grep -cx '# UNIT ravelin_[a-z]*_bytes bytes' <<<"$out")" -eq 2 ]
	shows_not "$out" 'comment=""'
	[ "$(tail -n 1 <<<"$out")" = '# EOF' ]
	capture metrics -6
	shows_not "$out" 'ipv4'
	[ "$(iptables-save -c | grep -c '\[64:1000\]')" -eq 1 ]
}

@test "metrics: valid format, and no series twice" {
	loaded
	metrics --all-rules >text
	python3 - <<-'END'
		import re
		name = "[a-zA-Z_:][a-zA-Z0-9_:]*"
		label = name + r'="(?:[^"\\\n]|\\["\\n])*"'
		sample = re.compile(r"(%s(?:\{%s(?:,%s)*\})?) (\d+)$" % (name, label, label))
		seen, families = set(), {}
		lines = open("text").read().split("\n")
		assert lines[-2:] == ["# EOF", ""]
		for line in lines[:-2]:
		    if line.startswith("# "):
		        what, family, rest = line[2:].split(" ", 2)
		        assert what in ("HELP", "TYPE", "UNIT"), line
		        if what == "TYPE":
		            families[family] = rest
		        continue
		    found = sample.match(line)
		    assert found, line
		    assert found[1] not in seen, line
		    seen.add(found[1])
		    family = found[1].split("{")[0]
		    assert families.get(family.removesuffix("_total")) == ("counter" if family.endswith("_total") else "gauge"), line
		assert len(seen) == 6 + 6 + 2 * 6 + 2, len(seen)
	END
}

@test "metrics: at most the limit of rules, and the number omitted" {
	loaded
	capture metrics --all-rules --limit 2
	[ "$(grep -c '^ravelin_rule_packets_total' <<<"$out")" -eq 2 ]
	shows "$out" 'ravelin_rules_left_out 4'
	shows "$out" 'ravelin_chains_left_out 1'
	for chain in a b c d e; do
		iptables -N "$chain"
	done
	capture metrics --limit 2
	shows "$out" 'ravelin_chains_left_out 6'
	# Base chains are never left out.
	[ "$(grep -c '^ravelin_chain_rules' <<<"$out")" -eq 5 ]
	capture metrics --limit -1
	[ "$rc" -eq 1 ]
	same 'ravelin metrics: "-1" is not a number of rules' "$err" error
}

@test "metrics: a file is replaced atomically" {
	loaded
	echo old >prom
	exec 4<prom
	metrics --output prom
	# A reader of the old file keeps it.
	[ "$(cat <&4)" = old ]
	exec 4<&-
	grep -q '# EOF' prom
	rm prom
	metrics --output prom
	[ "$(stat -c %a prom)" = 644 ]
	capture metrics --output /proc/nowhere/prom
	[ "$rc" -ne 0 ]
	[ -z "$out" ]
	capture metrics --output prom --http
	[ "$rc" -eq 1 ]
	same 'ravelin metrics: --http and --output cannot be combined' "$err" error
}

# asked REQUEST [WORD...]: the response on a connection or listening socket.
asked()
{
	ns "$NS" python3 - "$RAVELIN_BIN/../ravelin" "$@" <<-'END'
		import os, socket, subprocess, sys
		program, request, listening = sys.argv[1], sys.argv[2].encode().decode("unicode_escape").encode(), len(sys.argv) > 3
		if listening:
		    server, mine = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
		    server.bind("socket")
		    server.listen()
		    mine.connect("socket")
		    os.dup2(server.fileno(), 3)
		    command = ["sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" metrics --http', program]
		    child = subprocess.Popen(command, pass_fds=(3,))
		else:
		    mine, other = socket.socketpair()
		    child = subprocess.Popen([program, "metrics", "--http"], stdin=other)
		    other.close()
		mine.sendall(request)
		if not request.endswith(b"\n\n") and not request.endswith(b"\r\n\r\n"):
		    mine.shutdown(socket.SHUT_WR)
		answer = b""
		while True:
		    more = mine.recv(65536)
		    if not more:
		        break
		    answer += more
		    if b"\r\n\r\n" in answer:
		        head, body = answer.split(b"\r\n\r\n", 1)
		        length = int([l for l in head.split(b"\r\n") if l.lower().startswith(b"content-length")][0].split(b":")[1])
		        if len(body) >= length or request.startswith(b"HEAD"):
		            break
		child.wait()
		sys.stdout.write(answer.decode().replace("\r", ""))
	END
}

@test "metrics: one HTTP request on systemd's socket" {
	loaded
	for how in '' listening; do
		capture asked 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n' $how
		[ "$rc" -eq 0 ] || { echo "$err"; false; }
		shows "$out" 'HTTP/1.1 200 OK'
		shows "$out" 'application/openmetrics-text; version=1.0.0'
		shows "$out" 'comment="web \"x\""} 67'
		[ "$(tail -n 1 <<<"$out")" = '# EOF' ]
	done
	capture asked 'HEAD / HTTP/1.1\r\n\r\n'
	shows "$out" 'HTTP/1.1 200 OK'
	shows_not "$out" ravelin_
	capture asked 'GET /etc/shadow HTTP/1.1\r\n\r\n'
	shows "$out" 'HTTP/1.1 404 Not Found'
	capture asked 'POST /metrics HTTP/1.1\r\n\r\n'
	shows "$out" 'HTTP/1.1 404 Not Found'
	capture asked 'GET /metrics HTTP/1.1\r\n'
	shows "$out" 'HTTP/1.1 400 Bad Request'
	capture asked "GET /$(printf 'x%.0s' {1..9000}) HTTP/1.1\r\n\r\n"
	shows "$out" 'HTTP/1.1 400 Bad Request'
	capture metrics --http </dev/null
	[ "$rc" -eq 1 ]
	shows "$err" 'no socket was passed'
}

# --- top ---------------------------------------------------------------------------

@test "top: rules with the highest rates first" {
	loaded
	iptables -I INPUT -i lo -p icmp -j ACCEPT
	local flood
	hold flood nsenter --net="/proc/$NS/ns/net" ping -q -i 0.01 127.0.0.1 >/dev/null
	capture top --batch --interval 0.5 --lines 2
	[ "$rc" -eq 0 ]
	[ -z "$err" ]
	same 'rules by packets/s' "$(head -n 1 <<<"$out")" view
	same '  pkts/s bytes/s    pkts   bytes  rule' "$(sed -n 2p <<<"$out")" head
	[ "$(wc -l <<<"$out")" -eq 4 ]
	[[ $(sed -n 3p <<<"$out") =~ ^\ +[1-9][0-9.]*k?\ +[1-9] ]] || { echo "$out"; false; }
	shows "$(tail -n 2 <<<"$out")" 'filter INPUT:1 -i lo -p icmp -j ACCEPT'
	end_ns "$flood"
}

@test "top: orders, filters, chains, drops" {
	loaded
	top -b -i 0.05 -s packets -4 >all
	same "     100   10000  filter OUTPUT policy ACCEPT" "$(sed -n 3p all | cut -c 17-)" "first line"
	capture top -b -i 0.05 -s bytes -d -f input
	same 'rules by bytes, drops first, with "input"' "$(head -n 1 <<<"$out")" view
	same "       5     500  filter INPUT policy DROP" "$(sed -n 3p <<<"$out" | cut -c 17-)" "first line"
	shows "$(sed -n 4p <<<"$out")" 'filter INPUT:4 -j REJECT'
	capture top -b -i 0.05 -c -s place -t filter
	same "      84    2370  filter INPUT 5 rules" "$(sed -n 3p <<<"$out" | cut -c 17-)" "first line"
	[ "$(wc -l <<<"$out")" -eq 8 ]
}

@test "top: zeroed counters, added and deleted rules" {
	loaded
	top -b -i 0.6 -n 1 -s place -4 >lines 3>&- &
	sleep 0.2
	iptables -Z
	iptables -D INPUT 1
	wait $!
	[ "$(grep -c -- '--dport 80' lines)" -eq 0 ]
	grep -q '       0       0       0       0  filter INPUT:1 -p tcp -m comment --comment "web \\"x\\"" -m tcp --dport 81' lines || { cat lines; false; }
}

@test "top: a rule keeps its rate when its number changes" {
	loaded
	iptables -I INPUT -p udp -j DROP
	iptables -I INPUT 2 -i lo -p icmp -j ACCEPT
	local flood
	hold flood nsenter --net="/proc/$NS/ns/net" ping -q -i 0.01 127.0.0.1 >/dev/null
	top -b -i 0.8 -n 1 -4 -f icmp >lines 3>&- &
	sleep 0.3
	iptables -D INPUT 1
	wait $!
	end_ns "$flood"
	grep -qE '^ +[1-9][0-9.]*k? +[1-9].* filter INPUT:1 -i lo -p icmp -j ACCEPT' lines || { cat lines; false; }
}

@test "top: on a terminal, with keys" {
	loaded
	mkfifo keys
	{ sleep 0.7; printf 'd'; sleep 0.2; printf '/dport 81\n'; sleep 0.3; printf '?'; sleep 0.2; printf q; } >keys 3>&- &
	TERM=xterm script -q -e -c "stty rows 20 cols 90; nsenter --net=/proc/$NS/ns/net -- $RAVELIN_BIN/../ravelin top -i 0.2" screen <keys >/dev/null
	grep -q 'rules by packets/s' screen
	grep -q 'INPUT:4 -j REJECT' screen
	grep -q ', drops first' screen
	grep -q 'only lines with' screen
	grep -q 'pause and continue' screen
}

@test "top: usage errors" {
	local words
	while IFS='|' read -r words want; do
		# shellcheck disable=SC2086 # a list of words
		capture top $words
		[ "$rc" -eq 1 ]
		same "ravelin top: $want" "$err" "error of $words"
	done <<-'END'
		-b -i 0|an interval is 0.05 to 3600 seconds, not "0"
		-b -i x|an interval is 0.05 to 3600 seconds, not "x"
		-b -n 0|"0" is not a number of samples
		-b -l -5|"-5" is not a number of lines
		-b -s speed|"speed" is not an order
		-b -t nowhere|no table nowhere
		-n 5|--iterations and --lines are for --batch
		-i 1|not a terminal; --batch prints samples
	END
}
