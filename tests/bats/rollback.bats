#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# iptables-apply: rollback. Rules that no option expresses, or that would not load
# from text, are restored exactly; what cannot be restored is detected before the
# change; if a rollback fails, the host is closed for new connections while
# established ones continue.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib
load apply

setup()
{
	need_root
	only_nft 'rules of others'
	new_host NS
	cd "$BATS_TEST_TMPDIR" || return
	cat >new.rules <<-END
		*filter
		:INPUT ACCEPT [0:0]
		:NEW - [0:0]
		-A INPUT -s 10.0.0.9/32 -j NEW
		COMMIT
	END
	# Replaces the rules of both families, and opens the host.
	cat >open.run <<-END
		#!/bin/sh
		for f in ip ip6; do for t in raw mangle nat filter security; do
			nft delete table \$f \$t 2>/dev/null
		done; done
		$RAVELIN_BIN/iptables -A INPUT -j ACCEPT
		$RAVELIN_BIN/ip6tables -t mangle -A INPUT -j ACCEPT
	END
	# The same, keeping the tables.
	cat >flush.run <<-END
		#!/bin/sh
		for f in ip ip6; do for t in raw mangle nat filter security; do
			nft flush table \$f \$t 2>/dev/null
		done; done
		$RAVELIN_BIN/iptables -t raw -A PREROUTING -j ACCEPT
		nft 'add chain ip raw theirs { type filter hook input priority 9; }; add set ip raw s { type mark; }'
	END
	chmod +x ./*.run
}

teardown() { end_ns "${NS:-}" "${OTHER:-}" ${OWNER:+"$OWNER"}; }

# listing: the ruleset as text and as expressions; elements of a hash are in random order.
listing()
{
	nft list ruleset 2>/dev/null
	nft -s --debug=netlink list ruleset 2>/dev/null | grep '^ *\[' | sort
	nft --debug=netlink list ruleset 2>/dev/null | grep '^ *element' | sort
}

# comes_back HOW...: after an unconfirmed apply everything is restored.
comes_back()
{
	local before
	before=$(listing)
	capture apply n "$@"
	[ "$rc" -eq 255 ] && [ -z "$err" ] || { echo "rc=$rc $out $err"; return 1; }
	same "$before" "$(listing)" "ruleset after $*" && nothing_left
}

# --- rules of any program ---------------------------------------------------------

# Each alone in a table `ip filter' with these chains.
around()
{
	cat <<-END
		table $1 filter {
		$2
		chain DROP { counter packets 3 bytes 4 drop; }
		chain INPUT { type filter hook input priority 0; policy drop;
		$3
		}
		chain FORWARD { type filter hook forward priority 0; policy accept;
		$4
		}
		}
	END
}

odd_rules()
{
	cat <<-'END'
		ip||oifname "eth0" accept|
		ip||jump DROP|
		ip|||ip dscp set cs1
		ip||limit rate 100/second burst 10001 packets accept|
		ip||ct state 0x0 accept|
		ip||ip saddr { 192.0.2.1, 192.0.2.2 } counter packets 5 bytes 60 drop|
		ip|set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.7.3-192.168.7.77, 1.2.3.4, 0.0.0.0/32, 224.0.0.0-255.255.255.255 }; }|ip saddr @s accept|
		ip|set d { type ipv4_addr . inet_service; flags timeout,dynamic; timeout 1h; size 64; }|tcp dport 99 update @d { ip saddr . tcp dport counter }|
		ip|map m { type inet_service : verdict; elements = { 22 : jump DROP, 80 : accept }; }|tcp dport vmap @m|
		ip|map m { type ipv4_addr . inet_service : verdict; flags interval; counter; elements = { 10.0.0.0/8 . 1-100 : accept, 11.0.0.0/8 . 5 : goto DROP }; }|ip saddr . tcp dport vmap @m|
		ip||tcp dport vmap { 25 : drop, 26 : jump DROP }|
		ip||meta mark set ip saddr map { 1.1.1.1 : 0x1, 2.2.2.2 : 0x2 }|
		ip|counter c { packets 7 bytes 8; }; quota q { over 25 mbytes used 10 kbytes; }; limit l { rate 400/minute; }; ct helper ftp { type "ftp" protocol tcp; l3proto ip; };|counter name c quota name q tcp dport 21 ct helper set "ftp"|
		ip||tcp dport 1000 jump { ip saddr 1.1.1.1 drop; counter packets 9 bytes 10; }|
		ip||quota over 25 mbytes used 13 bytes drop|
		ip|chain pre { type filter hook prerouting priority -7; policy drop; meta l4proto { 1, 6, 17 } accept; }|accept|
		ip|comment "of a table"; chain a_name_of_more_than_twenty_eight_bytes { comment "of a chain"; }|log prefix "x" level debug comment "of a rule"|
		ip6||ip6 hoplimit vmap { 1 : drop }|
		ip6||exthdr hbh exists reject with icmpv6 type admin-prohibited|
	END
}

@test "rules no option can express are restored, after deleting and flushing tables" {
	local family objects input forward n=0
	while IFS='|' read -r family objects input forward; do
		nft flush ruleset
		around "$family" "$objects" "$input" "$forward" | nft -f - || { echo "not loaded: $input"; return 1; }
		comes_back -c ./open.run || { echo "$family $objects $input $forward"; return 1; }
		comes_back -c ./flush.run || { echo "$family $objects $input $forward"; return 1; }
		n=$((n + 1))
	done < <(odd_rules)
	[ "$n" -eq 19 ]
}

@test "rules of iptables are restored, with matches that need a protocol" {
	iptables-restore -c <<-'END'
		*mangle
		:PREROUTING ACCEPT [11:22]
		[3:4] -A PREROUTING -p tcp -m multiport --dports 1,2 -m comment --comment hi -j MARK --set-mark 3
		-A PREROUTING ! -p udp -m hashlimit --hashlimit-name foo --hashlimit-above 5/sec --hashlimit-mode srcip -j DROP
		COMMIT
		*nat
		-A POSTROUTING -o eth0 -j MASQUERADE
		-A PREROUTING -p tcp --dport 80 -j DNAT --to 1.2.3.4:81
		COMMIT
		*filter
		:INPUT DROP [5:6]
		:user - [0:0]
		-A INPUT -p tcp -m tcp --tcp-option 5 -m conntrack --ctstate NEW -m limit --limit 5/min -g user
		-A user -p icmp -m icmp --icmp-type 8 -m recent --set --name r -j REJECT --reject-with icmp-host-unreachable
		COMMIT
	END
	ip6tables -A INPUT -p tcp -m multiport --ports 5:7 -m rt --rt-type 0 -j LOG
	comes_back -c ./open.run
	comes_back -c ./flush.run
	comes_back new.rules
}

@test "the order of tables is restored" {
	nft 'add table ip filter; add table inet a; add table ip6 filter; add table ip nat; add table arp filter'
	comes_back -c ./flush.run
	comes_back new.rules
}

@test "a dormant table" {
	iptables -P INPUT DROP
	iptables -A INPUT -s 10.0.0.1 -j ACCEPT
	printf '#!/bin/sh\nnft add table ip filter "{ flags dormant; }"\n' >dormant.run
	chmod +x dormant.run
	comes_back -c ./dormant.run
	# A dormant table is restored as dormant.
	nft 'add table ip6 mangle { flags dormant; }; add chain ip6 mangle INPUT { type filter hook input priority 0; }'
	printf '#!/bin/sh\nnft add table ip6 mangle\nnft delete table ip6 mangle\n' >dormant.run
	comes_back -c ./dormant.run
}

@test "both processes killed: revert restores the same snapshot" {
	odd_rules | while IFS='|' read -r family objects input forward; do
		echo "$family|$objects|$input|$forward"
	done | sed -n '6,11p' >odd
	local family objects input forward before
	while IFS='|' read -r family objects input forward; do
		nft flush ruleset
		around "$family" "$objects" "$input" "$forward" | nft -f -
		before=$(listing)
		start -c ./open.run
		kill -STOP "$WATCHER"
		kill -KILL "$FRONT" "$WATCHER"
		ended 137
		[ "$before" != "$(listing)" ]
		quiet ravelin revert
		same "$before" "$(listing)" ruleset
		nothing_left
	done <odd
}

@test "a truncated or modified state is not restored" {
	iptables -P INPUT DROP
	start new.rules
	kill -STOP "$WATCHER"
	kill -KILL "$FRONT" "$WATCHER"
	ended 137
	local state now what
	state=/run/ravelin/apply-$(stat -Lc %i "/proc/$NS/ns/net").state
	now=$(listing)
	on "$NS" cp "$state" good
	# The length of the last message; the type of the second, to one of another subsystem; to one
	# that asks.
	for what in -21:ff 24:01 25:01; do
		python3 - good "${what%:*}" "${what#*:}" <<-'END' >bad
			import sys
			d = bytearray(open(sys.argv[1], 'rb').read())
			at = int(sys.argv[2])
			begin = d.index(b'\x14\0\0\0\x10\0')
			d[at + (begin if at > 0 else len(d))] = int(sys.argv[3], 16)
			sys.stdout.buffer.write(d)
		END
		on "$NS" cp bad "$state"
		refused 4 "ravelin revert $BANNER: the stored rules are malformed" ravelin revert
		same "$now" "$(listing)" "ruleset with $what"
	done
	on "$NS" cp good "$state"
	quiet ravelin revert
	[[ $(iptables -S) == *'-P INPUT DROP'* ]]
}

# --- before the change ----------------------------------------------------------------

@test "a rule the kernel refuses to restore: nothing is changed" {
	# Its match refers to a group that is deleted meanwhile.
	on "$NS" sh -c 'mkdir /run/cg && mount -t cgroup2 none /run/cg' || skip 'no cgroup2'
	on "$NS" mkdir "/run/cg/ravelin-$$"
	iptables -A OUTPUT -m cgroup --path "ravelin-$$" -j DROP 
	on "$NS" rmdir "/run/cg/ravelin-$$"
	local before
	before=$(listing)
	RAVELIN_DIAGNOSTICS=0 refused 4 "iptables-apply $BANNER: the kernel would refuse to restore its own rules: a rule of chain \`OUTPUT' in IPv4 table \`filter': Invalid argument
Error: unknown error saving old iptables rules" apply y new.rules
	same "$before" "$(listing)" ruleset
	nothing_left
}

# limited COMMAND...: the old rules are restored or were never changed, and the exit code says so.
limited()
{
	capture on "$NS" "$@" "$RAVELIN_BIN/iptables-apply" -c ./open.run <<<n
	same "$before" "$(listing)" "ruleset after $* ($rc: $err)" || return
	case $rc in
		4 | 7 | 255) ;;
		# The program was not even loaded.
		1 | 126 | 127) [ -z "$out" ] ;;
		*) echo "exit code $rc: $*: $out $err"; return 1 ;;
	esac
	seen="$seen $rc"
}

@test "few file descriptors, little memory: apply and roll back, or do nothing" {
	local n before seen=
	around ip '' 'ip saddr { 192.0.2.1, 192.0.2.2 } drop' '' | nft -f -
	before=$(listing)
	for n in {3..20}; do
		limited prlimit --nofile="$n"
	done
	# With less, the libraries cannot be loaded.
	for n in {12..60..2}; do
		limited prlimit --as="$((n * 1000000))"
	done
	[[ " $seen " == *' 4 '* ]]
	[[ " $seen " == *' 255 '* ]]
}

@test "rollback works without file descriptors and memory" {
	local p before
	around ip '' 'ip saddr { 192.0.2.1, 192.0.2.2 } drop' '' | nft -f -
	before=$(listing)
	start -t 1 -c ./open.run
	for p in "$FRONT" "$WATCHER"; do
		prlimit --pid "$p" --nofile=3 --as=1 --data=1 --nproc=1 --fsize=0
	done
	ended 255
	same "$before" "$(listing)" ruleset
}

@test "minimum of file descriptors: answers from another session work" {
	local n before
	before=$(listing)
	for n in {3..30}; do
		rm -f said
		mkfifo -m 600 keys.$n
		on "$NS" prlimit --nofile="$n" "$RAVELIN_BIN/iptables-apply" new.rules <>keys.$n >said 2>&1 3>&- &
		FRONT=$!
		until_true 5 asked_or_ended
		grep -q 'NEW connections' said || continue
		quiet ravelin revert
		ended 255
		same "$before" "$(listing)" "ruleset with $n descriptors"
		return
	done
	false
}
asked_or_ended() { grep -qs 'NEW connections' said || ! kill -0 "$FRONT" 2>/dev/null; }

# --- failing rollback -----------------------------------------------------------------

# two_hosts: NS at 10.9.0.1 and fd09::1, OTHER at the other end.
two_hosts()
{
	new_ns OTHER
	ns "$NS" ip link set lo up
	nsenter --net="/proc/$OTHER/ns/net" ip link add there type veth peer name here netns "$NS"
	nsenter --net="/proc/$OTHER/ns/net" sh -c 'ip addr add 10.9.0.2/24 dev there; ip addr add fd09::2/64 nodad dev there; ip link set there up'
	ns "$NS" sh -c 'ip addr add 10.9.0.1/24 dev here; ip addr add fd09::1/64 nodad dev here; ip link set here up'
}

# talk: a connection from OTHER to NS that says "still" for each line of "more", of each family;
# each line of "new" is tried on a connection of its own.
talk()
{
	mkfifo ask
	exec 7<>ask
	nsenter --net="/proc/$NS/ns/net" python3 - 3>&- 7>&- <<-'END' &
		import socketserver, socket, threading
		class H(socketserver.StreamRequestHandler):
		    def handle(self):
		        for line in self.rfile:
		            self.wfile.write(line)
		class S(socketserver.ThreadingTCPServer):
		    address_family = socket.AF_INET6
		    allow_reuse_address = daemon_threads = True
		S(('::', 22), H).serve_forever()
	END
	SERVER=$!
	until_true 5 listens
	# The client may open it after the first question.
	: >answers
	nsenter --net="/proc/$OTHER/ns/net" python3 - ask >answers 3>&- 7>&- <<-'END' &
		import socket, sys
		where = ('10.9.0.1', 'fd09::1')
		def exchange(s):
		    s.settimeout(2)
		    try:
		        s.sendall(b'x\n')
		        return 'yes' if s.recv(9) == b'x\n' else 'end'
		    except OSError:
		        return 'no'
		def fresh(w):
		    try:
		        return exchange(socket.create_connection((w, 22), 1))
		    except OSError:
		        return 'no'
		old = [socket.create_connection((w, 22)) for w in where]
		for line in open(sys.argv[1]):
		    print(*[exchange(s) for s in old], *[fresh(w) for w in where], flush=True)
	END
	CLIENT=$!
}
listens() { ns "$NS" ss -Hltn | grep -q ':22 '; }
# hears TEXT: old connections v4 and v6, new ones v4 and v6.
hears()
{
	local n
	n=$(wc -l <answers)
	echo >&7
	until_true 10 more_than "$n"
	same "$1" "$(tail -n 1 answers)" 'connections (old v4, v6; new v4, v6)'
}
more_than() { [ "$(wc -l <answers)" -gt "$1" ]; }

# A process that owns the table: nobody else can remove it, so that going back fails.
owned_run()
{
	cat >owned.run <<-'END'
		#!/bin/sh
		./open.run
		mkfifo own
		setsid nft -i <own >/dev/null 2>&1 &
		echo $! >owner
		exec 5>own
		echo 'add table ip security { flags owner; }' >&5
		setsid sleep 1000 >/dev/null 2>&1 &
		echo $! >sleeper
		until nft list tables | grep -q security; do sleep 0.1; done
	END
	chmod +x owned.run
}

@test "rollback fails: closed for new connections, established ones continue; revert and confirm reopen" {
	two_hosts
	owned_run
	iptables -A INPUT -s 10.9.0.0/24 -j ACCEPT
	iptables -P INPUT DROP
	ip6tables -A INPUT -s fd09::/16 -j ACCEPT
	talk
	hears 'yes yes yes yes'
	local before
	before=$(listing)
	capture apply n -c ./owned.run
	OWNER=$(cat sleeper)
	[ "$rc" -eq 10 ]
	[[ $out == *'Reverting to old iptables rules... failed.' ]]
	[[ $err == *"the kernel would refuse to restore its own rules: IPv4 table \`security': Operation not permitted"*"
Error: the old rules could not be restored: this host is closed for new connections, established ones continue
\"ravelin revert\" tries again; \"ravelin confirm\" keeps the rules that are loaded and opens the host" ]]
	hears 'yes yes no no'
	[[ $(nft list table ip6 ravelin-closed) == *'ct state established,related accept'* ]]
	# It is not better yet.
	capture ravelin revert
	[ "$rc" -eq 10 ]
	hears 'yes yes no no'
	kill "$(cat sleeper)"
	until_true 5 no nft list table ip security
	quiet ravelin revert
	same "$before" "$(listing)" ruleset
	hears 'yes yes yes yes'
	nothing_left
	rm own
	capture apply n -c ./owned.run
	OWNER=$(cat sleeper)
	[ "$rc" -eq 10 ]
	# What is to stay does not need the old rules.
	on "$NS" truncate -s 100 "/run/ravelin/apply-$(stat -Lc %i "/proc/$NS/ns/net").state"
	quiet ravelin confirm
	[[ $(nft list tables) != *ravelin-closed* ]]
	hears 'yes yes yes yes'
	nothing_left
	kill "$(cat sleeper)"
	until_true 5 no nft list table ip security
	# Who has asked for it from another session is told.
	rm own
	start -c ./owned.run
	OWNER=$(cat sleeper)
	refused 10 'ravelin revert: the old rules could not be restored: this host is closed for new connections, established ones continue' \
		ravelin revert
	ended 10
	quiet ravelin confirm
	kill "$SERVER" "$CLIENT"
}

# --- meanwhile ----------------------------------------------------------------------------

# came_in: packets that have passed the filter.
came_in() { nft list table inet probe | sed -n 's/.*counter packets \([0-9]*\) .*/\1/p'; }
some_came_in() { [ "$(came_in)" -gt 0 ]; }

@test "no packet is accepted that neither the old nor the new rules accept" {
	two_hosts
	nft 'add table inet probe; add chain inet probe in { type filter hook input priority 300; }; add rule inet probe in iifname here udp dport 9 counter'
	local flood=() i pid before
	for i in 1 2; do
		hold pid nsenter --net="/proc/$OTHER/ns/net" python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try: s.sendto(b"x", ("10.9.0.1", 9))
    except OSError: pass'
		flood+=("$pid")
	done
	until_true 5 some_came_in
	# Both are closed to that, each by other means.
	{
		echo '*filter'
		echo ':INPUT DROP [0:0]'
		for i in {1..3000}; do echo "-A INPUT -s 10.8.$((i / 250)).$((i % 250)) -j ACCEPT"; done
		echo COMMIT
	} | iptables-restore
	sed 's/:INPUT DROP/:INPUT ACCEPT/; /COMMIT/i-A INPUT -j DROP' <(iptables-save | grep -v '^#') >closed.rules
	nft flush chain inet probe in
	nft add rule inet probe in iifname here udp dport 9 counter
	before=$(iptables-save -c | without_dates)
	for i in {1..8}; do
		apply n closed.rules >/dev/null || [ $? -eq 255 ]
	done
	end_ns "${flood[@]}"
	same "$(sed 's/^\(:INPUT DROP \).*/\1/' <<<"$before")" "$(iptables-save -c | without_dates | sed 's/^\(:INPUT DROP \).*/\1/')" rules
	echo "came in: $(came_in)"
	[ "$(came_in)" -eq 0 ]
}
