# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by all suites: network namespaces, topologies, the tools under test,
# packets, and assertions.
#
# Namespaces are anonymous: each is held by a sleeping process, whose pid is in a
# variable. The holder is killed with the shell that started it (PR_SET_PDEATHSIG),
# so namespaces, devices and rules disappear however the test ends, parallel runs
# do not collide, and /run/netns is not used. No rule command runs outside such a
# namespace.

LIB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RAVELIN_BIN=${RAVELIN_BIN:-$LIB_DIR/../../build/bin}
RAVELIN_BIN=$(realpath -m "$RAVELIN_BIN")
export RAVELIN_BIN

# Backend under test: nft, or kmod with the module loaded (tests/vm/check).
BACKEND=${RAVELIN_TEST_BACKEND:-nft}

# In the output of -V and in errors; and in messages about missing privileges.
DENIED='Permission denied (you must be root)'
case $BACKEND in
nft) BANNER='v1.8.13 (nf_tables)' DENIED="Could not fetch rule set generation id: $DENIED" ;;
*) BANNER="v1.8.13 ($BACKEND)" ;;
esac

# The caller's settings must not affect the tests.
unset RAVELIN_BACKEND RAVELIN_DIAGNOSTICS RAVELIN_PROFILE XTABLES_LIBDIR
# Nor must a make that started them: a make started by a test is a top-level one.
unset MAKELEVEL MAKEFLAGS MFLAGS MAKEOVERRIDES
export LC_ALL=C
[ "$BACKEND" = nft ] || export RAVELIN_BACKEND=$BACKEND

# --- namespaces ------------------------------------------------------------

is_root() { [ "$(id -u)" -eq 0 ]; }

# need_root: for setup(). setup_file() cannot skip: it returns, and setup() skips every test of the
# file.
need_root()
{
	is_root || skip 'needs root: makes network namespaces'
	[ -x "$RAVELIN_BIN/iptables" ] || { echo "no $RAVELIN_BIN/iptables: build first"; return 1; }
}

# hold VAR CMD...: runs CMD in the background and sets VAR to its pid. Not usable in $(...): that
# subshell would exit at once, and CMD with it.
hold()
{
	local -n hold_pid=$1
	shift
	# bats waits until descriptor 3 is closed; holders must not keep it open.
	setpriv --pdeathsig KILL -- "$@" </dev/null 3>&- &
	# shellcheck disable=SC2034 # a reference to the caller's variable
	hold_pid=$!
}

# new_ns VAR: a new network namespace with loopback up.
new_ns()
{
	hold "$1" unshare --net sleep infinity
	until_true 5 other_ns "${!1}"
	ns "${!1}" ip link set lo up
}

# no_resolver: for tests that list names and compare counters. A resolver on this host, for example
# 127.0.0.53, would be reached through the rules under test.
no_resolver() { ns "$NS" ip link set lo down; }

# other_ns PID: whether PID is in another network namespace.
other_ns() { [ -e "/proc/$1/ns/net" ] && ! [ "/proc/$1/ns/net" -ef /proc/self/ns/net ]; }

# end_ns PID...: ends holders before the end of the test.
end_ns()
{
	# Empty if setting up was skipped.
	[ -n "$*" ] || return 0
	kill -KILL "$@" 2>/dev/null || true
	wait "$@" 2>/dev/null || true
}

# ns PID CMD...: runs CMD in the namespace of PID. Fails if PID is gone or still in our namespace.
ns()
{
	other_ns "${1:?no namespace}" || { echo "no namespace is held by $1: ${*:2}" >&2; return 1; }
	nsenter --net="/proc/$1/ns/net" -- "${@:2}"
}

# until_true SECONDS CMD...: polls CMD, fails after a timeout, which is multiplied by
# RAVELIN_TEST_PATIENCE for emulated machines.
until_true()
{
	local deadline=$((SECONDS + $1 * ${RAVELIN_TEST_PATIENCE:-1}))
	shift
	until "$@"; do
		[ "$SECONDS" -le "$deadline" ] || { echo "gave up waiting for: $*"; return 1; }
		sleep 0.02
	done
}

# --- the tools under test --------------------------------------------------
# They act on the namespace in $NS and refuse to run without it, so that a bug in
# a test cannot change the machine's rules.

tool() { ns "${NS:?no namespace chosen}" "$RAVELIN_BIN/$1" "${@:2}"; }
iptables() { tool iptables "$@"; }
ip6tables() { tool ip6tables "$@"; }
iptables-save() { tool iptables-save "$@"; }
ip6tables-save() { tool ip6tables-save "$@"; }
iptables-restore() { tool iptables-restore "$@"; }
ip6tables-restore() { tool ip6tables-restore "$@"; }
nft() { ns "${NS:?no namespace chosen}" nft "$@"; }

# new_rules: sets up ravelin-rules with directories of the test, run by "rules WORD...". Its /run is
# one of them, in a mount namespace. $BEHIND: command to run it with.
new_rules()
{
	RULES_HOME=$BATS_TEST_TMPDIR/rules.home
	mkdir -p "$RULES_HOME/etc" "$RULES_HOME/run" "$RULES_HOME/sbin" "$RULES_HOME/lib/ravelin"
	export RAVELIN_RULES=$RULES_HOME/etc
	cp "$LIB_DIR"/../../dist/closed.v? "$RULES_HOME/lib/ravelin"
	ln -s "$(realpath "$RAVELIN_BIN/iptables")" "$RULES_HOME/sbin/ravelin"
	sed -e "s|@SBINDIR@|$RULES_HOME/sbin|" -e "s|@LIBDIR@|$RULES_HOME/lib|" \
		"$LIB_DIR/../../dist/ravelin-rules.in" >"$RULES_HOME/ravelin-rules"
}
rules()
{
	# shellcheck disable=SC2086,SC2016
	ns "${NS:?no namespace chosen}" unshare --mount sh -c 'mount --bind "$1" /run && shift && exec "$@"' - \
		"$RULES_HOME/run" ${BEHIND:-} sh "$RULES_HOME/ravelin-rules" "$@"
}

# flush_ruleset: deletes all rules of both families.
flush_ruleset()
{
	local tables='raw mangle nat filter security'
	nft flush ruleset
	[ "$BACKEND" = kmod ] || return 0
	# shellcheck disable=SC2086 # a list of words
	printf '*%s\nCOMMIT\n' $tables | iptables-restore
	# shellcheck disable=SC2086 # likewise
	printf '*%s\nCOMMIT\n' $tables | ip6tables-restore
}

# Skip tests for other backends.
only_nft() { [ "$BACKEND" = nft ] || skip "about nf_tables: $1"; }

# Family of the following commands: 4 or 6.
IPV=4
ipt() { case $IPV in 4) iptables "$@" ;; 6) ip6tables "$@" ;; esac }
ipt-save() { case $IPV in 4) iptables-save "$@" ;; 6) ip6tables-save "$@" ;; esac }
ipt-restore() { case $IPV in 4) iptables-restore "$@" ;; 6) ip6tables-restore "$@" ;; esac }

# without_dates: save output without the two comments that have the time.
without_dates() { grep -v '^# \(Generated by\|Completed on\) ' || true; }
saved() { ipt-save "$@" | without_dates; }

# state: complete nf_tables state of the namespace, with counters.
state()
{
	iptables-save -c | without_dates
	ip6tables-save -c | without_dates
	nft list ruleset 2>/dev/null
}

# v4_v6 FUNCTION: runs it for both families.
v4_v6()
{
	for IPV in 4 6; do "$1"; done
}

# nothing_loaded: whether the namespace has neither rules nor tables for them.
nothing_loaded()
{
	case $BACKEND in
		kmod) same '' "$(ns "$NS" sed 1d /proc/self/net/ravelin)" 'tables of the module' ;;
		*) same '' "$(nft list ruleset)" 'ruleset' ;;
	esac
}

# --- assertions ------------------------------------------------------------

# same WANT GOT [WHAT]: fails with a diff if the texts differ.
same()
{
	[ "$1" = "$2" ] && return
	echo "${3:-text} differs (< wanted, > got):"
	diff <(printf '%s\n' "$1") <(printf '%s\n' "$2")
	return 1
}

# capture CMD...: sets $out, $err and $rc to stdout, stderr and exit code; never fails.
capture()
{
	local errfile=$BATS_TEST_TMPDIR/stderr
	rc=0
	out=$("$@" 2>"$errfile") || rc=$?
	# The x protects trailing newlines from $(...).
	err=$(cat "$errfile"; echo x)
	err=${err%x}
	err=${err%$'\n'}
}

# quiet CMD...: exit code 0 and no output.
quiet()
{
	capture "$@"
	[ "$rc" -eq 0 ] && [ -z "$out$err" ] && return
	printf 'not quiet: %s\nrc=%s\nstdout: %s\nstderr: %s\n' "$*" "$rc" "$out" "$err"
	return 1
}

# prints TEXT CMD...: exit code 0, this exact stdout, no stderr.
prints()
{
	capture "${@:2}"
	[ "$rc" -eq 0 ] && [ -z "$err" ] && same "$1" "$out" "output of ${*:2}" && return
	printf 'failed: %s\nrc=%s\nstderr: %s\n' "${*:2}" "$rc" "$err"
	return 1
}

# refused RC TEXT CMD...: this exit code and exact stderr, no stdout.
refused()
{
	capture "${@:3}"
	same "$2" "$err" "message of ${*:3}" || { echo "rc=$rc"; return 1; }
	[ "$rc" -eq "$1" ] || { echo "exit code $rc, not $1: ${*:3}"; return 1; }
	[ -z "$out" ] || { echo "stdout of ${*:3}: $out"; return 1; }
}

# refused_like RC REGEX CMD...: like refused, with a regular expression.
refused_like()
{
	capture "${@:3}"
	[[ $err =~ $2 ]] || { printf 'no /%s/ in: %s\nrc=%s: %s\n' "$2" "$err" "$rc" "${*:3}"; return 1; }
	[ "$rc" -eq "$1" ] || { printf 'exit code %s, not %s: %s\n%s\n' "$rc" "$1" "${*:3}" "$err"; return 1; }
}

# usage_error TOOL TEXT CMD...: expects a usage error.
usage_error()
{
	refused 2 "$1 $BANNER: $2
Try \`$1 -h' or '$1 --help' for more information." "${@:3}"
}

# no CMD...: fails if CMD succeeds; bats ignores a failing "! CMD" because of set -e.
no()
{
	if "$@"; then
		echo "unexpected success: $*"
		return 1
	fi
}

# --- hosts and links -------------------------------------------------------
#
#      $CLIENT                   $FIREWALL                   $SERVER
#   +-----------+             +--------------+             +-----------+
#   |         c +-------------+ fc        fs +-------------+ s         |
#   +-----------+             +--------------+             +-----------+
#     10.1.0.2/24      10.1.0.1/24    10.2.0.1/24      10.2.0.2/24
#    fd00:1::2/64     fd00:1::1/64   fd00:2::1/64     fd00:2::2/64
#          02::0c     02::fc                02::f5    02::05
#      "client"        "inside"          "outside"     "server"
#
# "left", "left2" (10.1.0.8, 10.1.0.9) map to the client's MAC address and
# "right", "right2" (10.2.0.8, 10.2.0.9) to the server's, but no host has these
# addresses: packets between them pass the firewall and are never answered, so
# tests count only their own packets. The networks 10.22/16 and fd00:22::/32 are
# routed via "right". Neighbours are static, duplicate address detection and router
# solicitation are off, so there are no other packets.

MAC_C=02:00:00:00:00:0c
MAC_FC=02:00:00:00:00:fc
MAC_FS=02:00:00:00:00:f5
MAC_S=02:00:00:00:00:05
export MAC_C MAC_FC MAC_FS MAC_S

# addr WHO [4|6]: address of a host, by default in the current family.
addr()
{
	local net host
	case $1 in
		client | left | left2 | inside) net=1 ;;
		server | right | right2 | outside) net=2 ;;
		*) echo "no such end: $1" >&2; return 1 ;;
	esac
	case $1 in
		inside | outside) host=1 ;;
		client | server) host=2 ;;
		left | right) host=8 ;;
		left2 | right2) host=9 ;;
	esac
	case ${2:-$IPV} in
		4) echo 10.$net.0.$host ;;
		6) echo fd00:$net::$host ;;
	esac
}

new_topology()
{
	TOPOLOGY=$(mktemp -d "$BATS_FILE_TMPDIR/topology.XXXXXX")
	export TOPOLOGY
	new_ns CLIENT
	new_ns FIREWALL
	new_ns SERVER
	export CLIENT FIREWALL SERVER
	local host
	for host in "$CLIENT" "$FIREWALL" "$SERVER"; do
		ns "$host" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 \
			net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0 \
			net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.default.router_solicitations=0 \
			net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
			net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	done
	ns "$FIREWALL" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

	new_link "$CLIENT" c "$MAC_C" "$FIREWALL" fc "$MAC_FC"
	new_link "$FIREWALL" fs "$MAC_FS" "$SERVER" s "$MAC_S"
	new_addresses "$CLIENT" c client
	new_addresses "$FIREWALL" fc inside
	new_addresses "$FIREWALL" fs outside
	new_addresses "$SERVER" s server
	new_neighbours "$CLIENT" c "$MAC_FC" inside
	new_neighbours "$FIREWALL" fc "$MAC_C" client left left2
	new_neighbours "$FIREWALL" fs "$MAC_S" server right right2
	new_neighbours "$SERVER" s "$MAC_FS" outside
	new_gateway "$CLIENT" c inside
	new_gateway "$SERVER" s outside
	ns "$FIREWALL" ip -4 route add 10.22.0.0/16 via "$(addr right 4)"
	ns "$FIREWALL" ip -6 route add fd00:22::/32 via "$(addr right 6)"
	new_sender client "$CLIENT"
	new_sender server "$SERVER"
}

# new_link HOST NAME MAC HOST NAME MAC
new_link()
{
	ip link add "$2" address "$3" netns "$1" type veth peer name "$5" address "$6" netns "$4"
	ns "$1" ip link set "$2" up
	ns "$4" ip link set "$5" up
}

# new_addresses HOST DEVICE WHO
new_addresses()
{
	ns "$1" ip addr add "$(addr "$3" 4)/24" brd + dev "$2"
	ns "$1" ip addr add "$(addr "$3" 6)/64" nodad dev "$2"
}

# new_neighbours HOST DEVICE MAC WHO...
new_neighbours()
{
	local who
	for who in "${@:4}"; do
		ns "$1" ip neigh add "$(addr "$who" 4)" lladdr "$3" dev "$2"
		ns "$1" ip neigh add "$(addr "$who" 6)" lladdr "$3" dev "$2"
	done
}

# new_gateway HOST DEVICE WHO
new_gateway()
{
	ns "$1" ip -4 route add default via "$(addr "$3" 4)" dev "$2"
	ns "$1" ip -6 route add default via "$(addr "$3" 6)" dev "$2"
}

end_topology()
{
	# shellcheck disable=SC2086 # process numbers, none if setting up has failed
	end_ns ${CLIENT:-} ${FIREWALL:-} ${SERVER:-} ${SERVICES:-}
}

# --- packets ---------------------------------------------------------------

# -I -S: no site packages, no environment; halves the start-up time.
packet() { ns "$1" "$PYTHON" -I -S "$LIB_DIR/packet.py" "${@:2}"; }
# Wrapper scripts of python3 can take longer than the test.
PYTHON=$(PATH=/usr/bin:$PATH command -v python3)

# send FIELD=VALUE... / reply ...: sends exactly these bytes from the client (or server), bypassing
# its network stack; see packet.py. A sender stays in the background of each host, since closing a
# packet socket takes 0.1 s. "send" returns before the packet arrives, so tests wait for the counter
# that must change. Only packets of the same sender arrive in order.
send()
{
	shoot client dev=c smac="$MAC_C" dmac="$MAC_FC" src="$(addr left)" dst="$(addr right)" "$@"
}
reply()
{
	shoot server dev=s smac="$MAC_S" dmac="$MAC_FS" src="$(addr right)" dst="$(addr left)" "$@"
}

# Also opened for reading, so that writing cannot block on a dead sender.
shoot() { echo "ipv=$IPV ${*:2}" 1<>"$TOPOLOGY/sender.$1"; }

# new_sender NAME HOST
new_sender()
{
	local fifo=$TOPOLOGY/sender.$1
	mkfifo "$fifo"
	new_service "$1-sender" "$2" sender "$fifo"
}

# answer FIELD=VALUE...: like send; prints the reply or "silence".
answer()
{
	packet "$CLIENT" answer dev=c smac="$MAC_C" dmac="$MAC_FC" ipv="$IPV" \
		src="$(addr left)" dst="$(addr right)" "$@"
}

# new_service NAME HOST WORD...: runs packet.py in the background and waits until it is ready.
new_service()
{
	local ready=$TOPOLOGY/ready.$1 pid
	hold pid nsenter --net="/proc/$2/ns/net" -- "$PYTHON" -I -S "$LIB_DIR/packet.py" "$3" "$ready" "${@:4}"
	SERVICES="${SERVICES:-} $pid"
	export SERVICES
	until_true 5 test -e "$ready"
}

# serve NAME HOST PORT...: a service on these TCP and UDP ports, IPv4 and IPv6, that tells each
# client NAME saw ADDR PORT at ADDR PORT.
serve() { new_service "$1" "$2" serve "$1" "${@:3}"; }

# ask HOST tcp|udp ADDR PORT [SOURCE-PORT]: the service's reply, or "refused" or "silence".
ask() { packet "$1" ask "${@:2}"; }

# says TEXT HOST tcp|udp ADDR PORT [SOURCE-PORT]: expects this reply.
says() { same "$1" "$(ask "${@:2}")" "answer to ${*:3} (v$IPV)"; }

# next_port: an unused source port.
next_port() { PORT=$((PORT + 1)); }

# url ADDR PORT: in the syntax of --to-destination.
url() { case $1 in *:*) echo "[$1]:$2" ;; *) echo "$1:$2" ;; esac }

# --- counters --------------------------------------------------------------

# Table used by "count" and "rule".
TABLE=filter

# count CHAIN NUMBER: packets counted by rule NUMBER of CHAIN.
count()
{
	ipt -t "$TABLE" -v -x -n -L "$1" | awk -v n="$2" 'NR == n + 2 { print $1; found = 1 } END { exit !found }'
}

# reached COUNT CHAIN NUMBER...: for until_true.
reached() { [ "$(count "${@:2}")" -ge "$1" ]; }

# --- one rule, and packets that match or not -------------------------------
#
# Chain T, called from $HOOK of $TABLE, gets the client's packets and the replies. It has the rule
# under test, which must not end the traversal, and then a rule that counts everything. "caught" and
# "passed" send a packet and check both counters, so a lost packet fails either of them.
HOOK=FORWARD

# rule SPEC...: installs the rule under test for the family $IPV.
rule()
{
	rule_text="$IPV: $*"
	ipt-restore --noflush <<-END
		*$TABLE
		-F $HOOK
		:T - [0:0]
		-A $HOOK -j T
		-A T
		COMMIT
	END
	ipt -t "$TABLE" -I T "$@"
	rule_hits=0
	rule_seen=0
}

caught() { judge 1 send "$@"; }
passed() { judge 0 send "$@"; }
caught_reply() { judge 1 reply "$@"; }
passed_reply() { judge 0 reply "$@"; }

# judge HITS HOW FIELD=VALUE...
judge()
{
	local hits
	"${@:2}"
	rule_hits=$((rule_hits + $1))
	rule_seen=$((rule_seen + 1))
	until_true 5 reached "$rule_seen" T 2 || { echo "lost: ${*:2} ($rule_text)"; return 1; }
	hits=$(count T 1)
	[ "$hits" -eq "$rule_hits" ] && return
	echo "rule $rule_text"
	echo "after ${*:2}: caught $hits, not $rule_hits"
	ipt -t "$TABLE" -v -x -n -L T
	return 1
}
