# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by the scripts that send packets while a table of profile fast changes: two namespaces, "inside" with the
# rules and "outside" with a sender of UDP to port 9, and counters before and behind all rules.
# shellcheck source=tests/bats/lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/../bats/lib.bash"

dir=$(mktemp -d)
cleanup() { end_ns ${sender:-} ${inside:-} ${outside:-}; rm -rf "$dir"; }
trap cleanup EXIT
export RAVELIN_PROFILE=fast
passed=0 failed=0

new_ns inside
new_ns outside
ns "$inside" ip link add in type veth peer name out netns "/proc/$outside/ns/net"
ns "$inside" sh -c 'ip addr add 10.9.0.1/24 dev in && ip link set in up'
ns "$outside" sh -c 'ip addr add 10.9.0.2/24 dev out && ip link set out up'
ns "$inside" nft -f - <<'END'
table inet seen {
	chain before { type filter hook prerouting priority -350; udp dport 9 counter; }
	chain behind { type filter hook input priority 350; udp dport 9 counter; }
}
END
seen() { ns "$inside" nft list chain inet seen "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }
some_came() { [ "$(seen behind)" -gt "$1" ]; }
some_sent() { [ "$(seen before)" -gt "$1" ]; }
tables() { ns "$inside" "$RAVELIN_BIN/iptables" "$@"; }

start_sending() { hold sender nsenter --net="/proc/$outside/ns/net" python3 "$LIB_DIR/../flood/send.py" 10.9.0.1 9; }
# stop_sending: returns when the last packet has arrived.
stop_sending()
{
	local last=-1
	end_ns "$sender"
	sender=
	until [ "$(seen before)" = "$last" ]; do
		last=$(seen before)
		sleep 0.05
	done
}

# passes CONDITION...: counts a test.
passes() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }
finish()
{
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
