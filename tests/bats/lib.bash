# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the suites share: network namespaces, topologies, the tools under test,
# packets, and assertions that say what went wrong.
#
# A namespace here has no name.  It is held by a sleeping process, and a
# variable holds that process's number.  The holder asks the kernel to be
# killed with the shell that started it, so a namespace, its devices and its
# rules vanish with the test, whether it passed, failed, was interrupted or
# was killed; two runs at once can't collide; and /run/netns stays untouched.
# Nothing below runs a rule command outside such a namespace.

LIB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RAVELIN_BIN=${RAVELIN_BIN:-$LIB_DIR/../../build/bin}
RAVELIN_BIN=$(realpath -m "$RAVELIN_BIN")
export RAVELIN_BIN

# The backend under test: nft, or kmod where the module is loaded (tests/vm/check).
BACKEND=${RAVELIN_TEST_BACKEND:-nft}

# What -V and every error say, and who has no right to the rules is told.
DENIED='Permission denied (you must be root)'
case $BACKEND in
nft) BANNER='v1.8.13 (nf_tables)' DENIED="Could not fetch rule set generation id: $DENIED" ;;
*) BANNER="v1.8.13 ($BACKEND)" ;;
esac

# A caller's own settings must not change what the tests see.
unset RAVELIN_BACKEND RAVELIN_DIAGNOSTICS RAVELIN_PROFILE XTABLES_LIBDIR
# Nor must the make that may have started them: one that a test starts is the outermost one.
unset MAKELEVEL MAKEFLAGS MFLAGS MAKEOVERRIDES
export LC_ALL=C
[ "$BACKEND" = nft ] || export RAVELIN_BACKEND=$BACKEND

# --- namespaces ------------------------------------------------------------

is_root() { [ "$(id -u)" -eq 0 ]; }

# need_root: for setup().  A setup_file() can't skip: it returns, and setup()
# skips every test of its file.
need_root()
{
	is_root || skip 'needs root: makes network namespaces'
	[ -x "$RAVELIN_BIN/iptables" ] || { echo "no $RAVELIN_BIN/iptables: build first"; return 1; }
}

# hold VAR CMD...: starts CMD in the background, puts its process number in
# VAR.  Not usable in $(...): that shell would end at once, and CMD with it.
hold()
{
	local -n hold_pid=$1
	shift
	# Descriptor 3 is how bats waits for a test; a holder must not keep it.
	setpriv --pdeathsig KILL -- "$@" </dev/null 3>&- &
	# shellcheck disable=SC2034 # a reference to the caller's variable
	hold_pid=$!
}

# new_ns VAR: a fresh network namespace with its loopback up.
new_ns()
{
	hold "$1" unshare --net sleep infinity
	until_true 5 other_ns "${!1}"
	ns "${!1}" ip link set lo up
}

# no_resolver: in a test that lists names and looks at counters. A resolver on this host, 127.0.0.53 for
# example, is asked through the rules under test.
no_resolver() { ns "$NS" ip link set lo down; }

# other_ns PID: whether PID lives in another network namespace than we do.
other_ns() { [ -e "/proc/$1/ns/net" ] && ! [ "/proc/$1/ns/net" -ef /proc/self/ns/net ]; }

# end_ns PID...: ends holders now, instead of with the test.
end_ns()
{
	# None, when setting up has been skipped.
	[ -n "$*" ] || return 0
	kill -KILL "$@" 2>/dev/null || true
	wait "$@" 2>/dev/null || true
}

# ns PID CMD...: runs CMD in the namespace that PID holds, and never in ours:
# a holder that has not left it yet, or is gone, is an error.
ns()
{
	other_ns "${1:?no namespace}" || { echo "no namespace is held by $1: ${*:2}" >&2; return 1; }
	nsenter --net="/proc/$1/ns/net" -- "${@:2}"
}

# until_true SECONDS CMD...: polls; fails when the time is over, which is
# RAVELIN_TEST_PATIENCE times as long where instructions are emulated.
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
# They act on the namespace in $NS: with NS unset they refuse to run, so a
# mistake in a test can't reach the rules of the machine.

tool() { ns "${NS:?no namespace chosen}" "$RAVELIN_BIN/$1" "${@:2}"; }
iptables() { tool iptables "$@"; }
ip6tables() { tool ip6tables "$@"; }
iptables-save() { tool iptables-save "$@"; }
ip6tables-save() { tool ip6tables-save "$@"; }
iptables-restore() { tool iptables-restore "$@"; }
ip6tables-restore() { tool ip6tables-restore "$@"; }
nft() { ns "${NS:?no namespace chosen}" nft "$@"; }

# new_rules: ravelin-rules with folders of the test's own, which "rules WORD..." runs. Its /run is
# one of them, in a mount namespace. $BEHIND: words of a program that it is run by.
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

# flush_ruleset: no rules any more, of either family.
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

# Tests of what only one backend has.
only_nft() { [ "$BACKEND" = nft ] || skip "about nf_tables: $1"; }
has_nat() { [ "$BACKEND" != kmod ]; }
need_nat() { has_nat || skip 'the module has no NAT yet'; }
# where_nat: a restore file on stdin, without its table nat where that takes no rules.
where_nat() { if has_nat; then cat; else sed '/^[[:blank:]]*\*nat/,/COMMIT/d'; fi; }

# The family that the next commands speak: 4 or 6.
IPV=4
ipt() { case $IPV in 4) iptables "$@" ;; 6) ip6tables "$@" ;; esac }
ipt-save() { case $IPV in 4) iptables-save "$@" ;; 6) ip6tables-save "$@" ;; esac }
ipt-restore() { case $IPV in 4) iptables-restore "$@" ;; 6) ip6tables-restore "$@" ;; esac }

# without_dates: a save without its two comment lines, which hold the time.
without_dates() { grep -v '^# \(Generated by\|Completed on\) ' || true; }
saved() { ipt-save "$@" | without_dates; }

# state: everything the kernel holds for this namespace, counters included.
state()
{
	iptables-save -c | without_dates
	ip6tables-save -c | without_dates
	nft list ruleset 2>/dev/null
}

# v4_v6 FUNCTION: what holds for both families is written once.
v4_v6()
{
	for IPV in 4 6; do "$1"; done
}

# nothing_loaded: neither rules nor tables for them in this namespace.
nothing_loaded()
{
	case $BACKEND in
		kmod) same '' "$(ns "$NS" sed 1d /proc/self/net/ravelin)" 'tables of the module' ;;
		*) same '' "$(nft list ruleset)" 'ruleset' ;;
	esac
}

# --- assertions ------------------------------------------------------------

# same WANT GOT [WHAT]: both texts, as a difference, when they are not equal.
same()
{
	[ "$1" = "$2" ] && return
	echo "${3:-text} differs (< wanted, > got):"
	diff <(printf '%s\n' "$1") <(printf '%s\n' "$2")
	return 1
}

# capture CMD...: leaves its stdout in $out, its stderr in $err and its exit
# code in $rc; never fails itself.
capture()
{
	local errfile=$BATS_TEST_TMPDIR/stderr
	rc=0
	out=$("$@" 2>"$errfile") || rc=$?
	# Without the x, $(...) would also eat the newlines that we want to see.
	err=$(cat "$errfile"; echo x)
	err=${err%x}
	err=${err%$'\n'}
}

# quiet CMD...: success, and not one byte on stdout or stderr.
quiet()
{
	capture "$@"
	[ "$rc" -eq 0 ] && [ -z "$out$err" ] && return
	printf 'not quiet: %s\nrc=%s\nstdout: %s\nstderr: %s\n' "$*" "$rc" "$out" "$err"
	return 1
}

# prints TEXT CMD...: success, this exact stdout, nothing on stderr.
prints()
{
	capture "${@:2}"
	[ "$rc" -eq 0 ] && [ -z "$err" ] && same "$1" "$out" "output of ${*:2}" && return
	printf 'failed: %s\nrc=%s\nstderr: %s\n' "${*:2}" "$rc" "$err"
	return 1
}

# refused RC TEXT CMD...: this exit code, this exact stderr, an empty stdout.
refused()
{
	capture "${@:3}"
	same "$2" "$err" "message of ${*:3}" || { echo "rc=$rc"; return 1; }
	[ "$rc" -eq "$1" ] || { echo "exit code $rc, not $1: ${*:3}"; return 1; }
	[ -z "$out" ] || { echo "stdout of ${*:3}: $out"; return 1; }
}

# refused_like RC REGEX CMD...: as refused, where only a part of the text is
# promised.
refused_like()
{
	capture "${@:3}"
	[[ $err =~ $2 ]] || { printf 'no /%s/ in: %s\nrc=%s: %s\n' "$2" "$err" "$rc" "${*:3}"; return 1; }
	[ "$rc" -eq "$1" ] || { printf 'exit code %s, not %s: %s\n%s\n' "$rc" "$1" "${*:3}" "$err"; return 1; }
}

# usage_error TOOL TEXT CMD...: what a command line that makes no sense gets.
usage_error()
{
	refused 2 "$1 $BANNER: $2
Try \`$1 -h' or '$1 --help' for more information." "${@:3}"
}

# no CMD...: "! CMD" that bats notices: set -e passes over a plain "!".
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
# "left", "left2" (10.1.0.8, 10.1.0.9) lie behind the client's MAC address and
# "right", "right2" (10.2.0.8, 10.2.0.9) behind the server's, but no host owns
# them: a packet from the one to the other passes the firewall and is never
# answered, so a test that counts packets counts its own; the networks 10.22/16
# and fd00:22::/32 lie behind "right".  All neighbours are fixed, duplicate
# address detection and router solicitation are off: no packet but the tests'.

MAC_C=02:00:00:00:00:0c
MAC_FC=02:00:00:00:00:fc
MAC_FS=02:00:00:00:00:f5
MAC_S=02:00:00:00:00:05
export MAC_C MAC_FC MAC_FS MAC_S

# addr WHO [4|6]: the address of an end, in the family in use.
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

# -I -S: no site packages and no environment; it halves the start-up time.
packet() { ns "$1" "$PYTHON" -I -S "$LIB_DIR/packet.py" "${@:2}"; }
# Shims in front of python3 can cost more than the whole test.
PYTHON=$(PATH=/usr/bin:$PATH command -v python3)

# send FIELD=VALUE... / reply ...: one packet of exactly these bytes leaves the
# client (or the server), past that host's own stack.  See packet.py.  A sender
# stays in the background of each host: to close a packet socket costs a tenth
# of a second.  So "send" comes back before the packet has arrived, and a test
# waits for the counter that must change; only packets of the same sender are
# sure to keep their order.
send()
{
	shoot client dev=c smac="$MAC_C" dmac="$MAC_FC" src="$(addr left)" dst="$(addr right)" "$@"
}
reply()
{
	shoot server dev=s smac="$MAC_S" dmac="$MAC_FS" src="$(addr right)" dst="$(addr left)" "$@"
}

# Opened for reading too, the pipe can't block on a sender that has died.
shoot() { echo "ipv=$IPV ${*:2}" 1<>"$TOPOLOGY/sender.$1"; }

# new_sender NAME HOST
new_sender()
{
	local fifo=$TOPOLOGY/sender.$1
	mkfifo "$fifo"
	new_service "$1-sender" "$2" sender "$fifo"
}

# answer FIELD=VALUE...: as send, and prints what comes back, or "silence".
answer()
{
	packet "$CLIENT" answer dev=c smac="$MAC_C" dmac="$MAC_FC" ipv="$IPV" \
		src="$(addr left)" dst="$(addr right)" "$@"
}

# new_service NAME HOST WORD...: packet.py in the background, until it is ready.
new_service()
{
	local ready=$TOPOLOGY/ready.$1 pid
	hold pid nsenter --net="/proc/$2/ns/net" -- "$PYTHON" -I -S "$LIB_DIR/packet.py" "$3" "$ready" "${@:4}"
	SERVICES="${SERVICES:-} $pid"
	export SERVICES
	until_true 5 test -e "$ready"
}

# serve NAME HOST PORT...: a service on these TCP and UDP ports, v4 and v6, that
# tells each client who it is and whom it sees: NAME saw ADDR PORT at ADDR PORT.
serve() { new_service "$1" "$2" serve "$1" "${@:3}"; }

# ask HOST tcp|udp ADDR PORT [SOURCE-PORT]: what the service says, as an
# ordinary program hears it; "refused" or "silence" when it does not.
ask() { packet "$1" ask "${@:2}"; }

# says TEXT HOST tcp|udp ADDR PORT [SOURCE-PORT]: what a program on HOST hears.
says() { same "$1" "$(ask "${@:2}")" "answer to ${*:3} (v$IPV)"; }

# next_port: a source port that no connection has had.
next_port() { PORT=$((PORT + 1)); }

# --- counters --------------------------------------------------------------

# The table that "count" reads and that "rule" writes.
TABLE=filter

# count CHAIN NUMBER: packets that rule NUMBER of CHAIN has caught.
count()
{
	ipt -t "$TABLE" -v -x -n -L "$1" | awk -v n="$2" 'NR == n + 2 { print $1; found = 1 } END { exit !found }'
}

# reached COUNT CHAIN NUMBER...: for until_true.
reached() { [ "$(count "${@:2}")" -ge "$1" ]; }

# --- one rule, and packets it catches or not -------------------------------
#
# Chain T, called from $HOOK of $TABLE, sees what the client sends, and the
# replies.  It holds the rule under test, which must not end the packet's way,
# and then a rule that counts everything.  "caught" and "passed" send a packet
# and demand that both counters tell the same story; a packet that got lost on
# the way is a failure of either, never a silent "not caught".
HOOK=FORWARD

# rule SPEC...: installs the rule under test; $IPV says for which family.
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
