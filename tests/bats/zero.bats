#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# -Z, alone and beside a listing: what is shown and what is zeroed are the same packets.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

PACKETS=${RAVELIN_TEST_PACKETS:-300000}

setup()
{
	need_root
	[[ $BACKEND == nft* ]] || skip 'about nf_tables: the kernel reads and zeroes its rules'
	new_ns NS
	DIR=$BATS_TEST_TMPDIR
}

teardown() { end_ns "${NS:-}"; }

# flood: so many packets to port 9, by two senders. The rule or the policy under test drops each.
flood()
{
	ns "$NS" python3 - "$PACKETS" <<'EOF'
import os, socket, sys
child = os.fork()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[1]) // 2):
    try:
        s.sendto(b"x", ("127.0.0.1", 9))
    except PermissionError:
        pass
if child:
    os.waitpid(child, 0)
EOF
}

# rule_packets, policy_packets: of a listing on stdin.
rule_packets() { awk '/dpt:9$/ { n += $1 } END { print n + 0 }'; }
policy_packets() { sed -n 's/.*policy [A-Z]* \([0-9]*\) packets.*/\1/p'; }

# take_while_flooded COUNT CMD...: lists and zeroes as long as packets come, and once more; the sum is in seen.
take_while_flooded()
{
	local count=$1 sender n
	shift
	flood 3>&- &
	sender=$!
	seen=0 listings=0
	while kill -0 $sender 2>/dev/null; do
		n=$("$@" | "$count")
		listings=$((listings + 1))
		seen=$((seen + n))
	done
	wait $sender
	n=$("$@" | "$count")
	seen=$((seen + n))
	echo "$listings listings"
	[ $listings -ge 5 ]
}

resets() { kernel_can_reset || skip 'this kernel cannot read and zero in one step'; }

# kernel_can_reset: Linux 6.2 and newer.
kernel_can_reset() { [ "$(printf '%s\n' 6.2 "$(uname -r)" | sort -V | head -n 1)" = 6.2 ]; }

@test "-L -Z under a flood: the listings add up to the packets sent" {
	resets
	iptables -A OUTPUT -p udp --dport 9 -j DROP
	iptables -A OUTPUT -p tcp -j DROP
	take_while_flooded rule_packets iptables -L OUTPUT -Z -nvx
	same "$PACKETS" "$seen"
}

@test "the same with -S -Z, for the whole table, and for a rule after 2,000 others" {
	resets
	{
		echo '*filter'
		for ((i = 1; i <= 2000; i++)); do echo "[1:1] -A OUTPUT -p tcp --dport $i -j ACCEPT"; done
		echo '-A OUTPUT -p udp --dport 9 -j DROP'
		echo COMMIT
	} | tool iptables-restore -c
	dumped() { sed -n 's/^-A OUTPUT -p udp .* -c \([0-9]*\) .*/\1/p'; }
	take_while_flooded dumped iptables -S -Z -v
	same "$PACKETS" "$seen"
}

# Each of these 2,000 has counted: then the chain is zeroed by a dump.
@test "the same while another program changes and lists rules" {
	resets
	{
		echo '*filter'
		for ((i = 1; i <= 2000; i++)); do echo "[1:1] -A OUTPUT -p udp --dport 9 -s 10.0.0.1 -j ACCEPT"; done
		echo '-A OUTPUT -p udp --dport 9 -s 127.0.0.1 -j DROP'
		echo COMMIT
	} | tool iptables-restore -c
	# The counters from the file are seen once each.
	{ while tool iptables -L OUTPUT -Z -nvx; do :; done >"$DIR/other"; } 3>&- &
	other=$!
	{ while tool iptables -A INPUT -j ACCEPT; do sleep 0.1; done; } 3>&- &
	writer=$!
	take_while_flooded rule_packets iptables -L OUTPUT -Z -nvx
	# A listing that has begun is printed.
	kill $other $writer
	wait $other $writer || true
	until_true 5 idle
	others=$(rule_packets <"$DIR/other")
	n=$(iptables -L OUTPUT -nvx | rule_packets)
	same $((PACKETS + 2000)) $((seen + others + n))
}

idle() { ! pgrep -f "^$RAVELIN_BIN/iptables -[LA] (OUT|IN)PUT" >/dev/null; }

@test "-L -Z and the counters of a policy: at most one packet a listing is lost" {
	resets
	iptables -P OUTPUT DROP
	take_while_flooded policy_packets iptables -L OUTPUT -Z -nvx
	echo "$((PACKETS - seen)) of $PACKETS packets lost in $listings listings" >&3
	[ "$seen" -le "$PACKETS" ]
	[ $((PACKETS - seen)) -le $listings ]
	prints '-P OUTPUT DROP -c 0 0' iptables -v -S OUTPUT
}

@test "-Z does not reset stateful matches" {
	resets
	iptables -A OUTPUT -p udp --dport 9 -m limit --limit 1/hour --limit-burst 1 -j DROP
	iptables -A OUTPUT -p udp --dport 9 -j DROP
	PACKETS=4 flood
	same 4 "$(iptables -L OUTPUT -nvx | awk '/dpt:9/ { n += $1 } END { print n }')"
	quiet iptables -Z OUTPUT 2
	prints '-A OUTPUT -p udp -m udp --dport 9 -m limit --limit 1/hour --limit-burst 1 -c 1 29 -j DROP' iptables -v -S OUTPUT 1
	quiet iptables -Z
	PACKETS=4 flood
	# It has given its one packet for this hour.
	prints '-A OUTPUT -p udp -m udp --dport 9 -m limit --limit 1/hour --limit-burst 1 -c 0 0 -j DROP' iptables -v -S OUTPUT 1
	prints '-A OUTPUT -p udp -m udp --dport 9 -c 4 116 -j DROP' iptables -v -S OUTPUT 2
}

@test "-Z in a restore takes effect with the rest, or not at all" {
	iptables -N old
	iptables -A old -c 5 6 -j ACCEPT
	iptables -A INPUT -c 7 8 -j old
	printf '%s\n' '*filter' '-Z old' '-Z INPUT 1' '-A INPUT -j NOSUCH' COMMIT >"$DIR/wrong"
	capture tool iptables-restore -n "$DIR/wrong"
	[ "$rc" -ne 0 ]
	prints '-A INPUT -c 7 8 -j old' iptables -v -S INPUT 1
	# The kernel has the chain by its old name until then.
	printf '%s\n' '*filter' '-E old new' '-Z new' '-Z INPUT 1' '-A new -c 1 2 -j DROP' '-A new -c 3 4 -j DROP' '-Z new 3' COMMIT >"$DIR/right"
	quiet tool iptables-restore -n "$DIR/right"
	prints '-N new
-A new -c 0 0 -j ACCEPT
-A new -c 1 2 -j DROP
-A new -c 0 0 -j DROP' iptables -v -S new
	prints '-A INPUT -c 0 0 -j new' iptables -v -S INPUT 1
}

@test "-L -Z in a restore, twice, and after a change" {
	iptables -A INPUT -c 5 6 -j ACCEPT
	printf '%s\n' '*filter' '-S INPUT -v -Z' '-S INPUT -v -Z' COMMIT >"$DIR/twice"
	prints '-P INPUT ACCEPT -c 0 0
-A INPUT -c 5 6 -j ACCEPT
Zeroing chain `INPUT'"'"'
-P INPUT ACCEPT -c 0 0
-A INPUT -c 0 0 -j ACCEPT
Zeroing chain `INPUT'"'" tool iptables-restore -n "$DIR/twice"
	iptables -R INPUT 1 -c 5 6 -j ACCEPT
	printf '%s\n' '*filter' '-A INPUT -c 7 8 -j DROP' '-S INPUT -v -Z' COMMIT >"$DIR/behind"
	prints '-P INPUT ACCEPT -c 0 0
-A INPUT -c 5 6 -j ACCEPT
-A INPUT -c 7 8 -j DROP
Zeroing chain `INPUT'"'" tool iptables-restore -n "$DIR/behind"
	prints '-P INPUT ACCEPT -c 0 0
-A INPUT -c 0 0 -j ACCEPT
-A INPUT -c 0 0 -j DROP' iptables -v -S INPUT
}

# The request becomes one that no kernel knows.
old_kernel()
{
	cat >"$DIR/old.c" <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/netlink.h>
#include <sys/socket.h>

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to, socklen_t tolen)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "sendto");
	struct nlmsghdr *nlh = (struct nlmsghdr *)data;

	if (len >= sizeof(*nlh) && nlh->nlmsg_type == (10 << 8 | 25))
		nlh->nlmsg_type = 10 << 8 | 200;
	return real(fd, data, len, flags, to, tolen);
}
EOF
	cc -shared -fPIC -o "$DIR/old.so" "$DIR/old.c" -ldl
}

@test "a kernel without atomic reset: two steps, with a warning on a terminal" {
	local told="packets between listing and zeroing are not counted: this needs Linux 6.2 or later"
	old_kernel
	iptables -A INPUT -c 5 6 -j ACCEPT
	capture env LD_PRELOAD="$DIR/old.so" RAVELIN_DIAGNOSTICS=1 nsenter -t "$NS" -n "$RAVELIN_BIN/iptables" -S INPUT -v -Z
	[[ $err == *"$told"* ]]
	same '-P INPUT ACCEPT -c 0 0
-A INPUT -c 5 6 -j ACCEPT
Zeroing chain `INPUT'"'" "$out"
	prints '-A INPUT -c 0 0 -j ACCEPT' iptables -v -S INPUT 1
	# Programs read stderr, and are not told.
	iptables -R INPUT 1 -c 5 6 -j ACCEPT
	capture env LD_PRELOAD="$DIR/old.so" nsenter -t "$NS" -n "$RAVELIN_BIN/iptables" -L INPUT -Z
	same '' "$err"
	iptables -R INPUT 1 -c 5 6 -j ACCEPT
	quiet env LD_PRELOAD="$DIR/old.so" nsenter -t "$NS" -n "$RAVELIN_BIN/iptables" -Z
	prints '-A INPUT -c 0 0 -j ACCEPT' iptables -v -S INPUT 1
}
