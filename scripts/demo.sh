# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by scripts/demo and scripts/demo-module: three hosts, attempts to send packets, and the
# rules that decided.
#
#       client                      firewall                     server
#   +-------------+             +---------------+            +------------+
#   |         c0  +-------------+ out        in +------------+ s0         |
#   +-------------+             +---------------+            +------------+
#    198.51.100.2     198.51.100.1       10.0.0.1      10.0.0.2
#
# The hosts are network namespaces held by sleeping processes that the kernel
# kills with this one: nothing is left behind, however this ends.
#
# Functions are called by name, from traps and through "step".
# shellcheck disable=SC2317,SC2034

CLIENT=198.51.100.2 OUTSIDE=198.51.100.1
INSIDE=10.0.0.1 SERVER=10.0.0.2

client='' firewall='' server=''		# the processes that hold the hosts
holders=() work=''
# Results by kind, and how many of those were unexpected.
declare -A shown=() surprises=()

if [ -t 1 ]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
	bold='' green='' red='' dim='' plain=''
fi

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

title() { printf '\n%s%s%s\n\n' "$bold" "$*" "$plain"; }
indented() { sed 's/^/    /'; }

# result KIND OK TEXT: records a result.
result()
{
	shown[$1]=$((${shown[$1]:-0} + 1))
	if [ "$2" = yes ]; then
		printf '%s%s%s' "$green" "$3" "$plain"
	else
		surprises[$1]=$((${surprises[$1]:-0} + 1))
		printf '%s%s%s' "$red" "$3" "$plain"
	fi
}

# tally KIND TEXT: prints "10 of 10 attempts ..."; nothing without results.
tally()
{
	local all=${shown[$1]:-0} wrong=${surprises[$1]:-0} color=$green
	[ "$all" -gt 0 ] || return 0
	[ "$wrong" -eq 0 ] || color=$red
	echo "$color$((all - wrong)) of $all $2$plain"
}

# begin: first of all. What cleanup misses is killed with this process.
begin()
{
	[ -x "$RAVELIN_BIN/iptables-restore" ] || die "no tools in $RAVELIN_BIN: run make first"
	trap cleanup EXIT
	trap 'cleanup; exit 130' INT
	trap 'cleanup; exit 143' TERM HUP
	work=$(mktemp -d) || exit 1
}

# need PROGRAM...
need()
{
	local tool
	for tool; do
		command -v "$tool" >/dev/null || die "needs $tool"
	done
}

finish()
{
	echo
	tally attempts 'attempts have the expected verdict, and the rule that decided has counted them.'
	tally peers 'hosts saw the expected address at the other end.'
	tally connections 'connections are tracked and translated as expected.'
	tally commands 'commands ended as expected.'
	[ ${#surprises[@]} -eq 0 ] || exit 1
	exit 0
}

# --- hosts ------------------------------------------------------------------

# hold VAR CMD...: runs CMD in the background until this script exits; VAR is set to its pid.
hold()
{
	local -n held=$1
	shift
	setpriv --pdeathsig KILL -- "$@" </dev/null &
	# shellcheck disable=SC2034 # a reference to the caller's variable
	held=$!
	holders+=("$!")
	# Otherwise the shell would report its exit.
	disown
}

new_host()
{
	hold "$1" unshare --net sleep infinity
	for _ in {1..100}; do
		is_host "${!1}" && break
		sleep 0.05
	done
	on "${!1}" ip link set lo up || die 'cannot make a network namespace'
}

# is_host PID: whether PID has entered its own network namespace.
is_host() { [ -e "/proc/$1/ns/net" ] && ! [ "/proc/$1/ns/net" -ef /proc/self/ns/net ]; }

# on HOST CMD...: refuses the machine's own namespace.
on()
{
	is_host "${1:?no host}" || die "no host is held by $1"
	nsenter --net="/proc/$1/ns/net" -- "${@:2}"
}

# new_link HOST DEVICE ADDRESS HOST DEVICE ADDRESS
new_link()
{
	ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
	on "$1" ip addr add "$3/24" dev "$2"
	on "$1" ip link set "$2" up
	on "$4" ip addr add "$6/24" dev "$5"
	on "$4" ip link set "$5" up
}

new_network()
{
	new_host client
	new_host firewall
	new_host server
	new_link "$client" c0 $CLIENT "$firewall" out $OUTSIDE
	new_link "$firewall" in $INSIDE "$server" s0 $SERVER
	on "$firewall" sysctl -qw net.ipv4.ip_forward=1
	# The client tries to reach internal addresses.
	on "$client" ip route add 10.0.0.0/24 via $OUTSIDE
	on "$server" ip route add default via $INSIDE
}

# cleanup runs on every exit.
cleanup()
{
	trap - EXIT INT TERM HUP
	[ ${#holders[@]} -eq 0 ] || kill -KILL "${holders[@]}" 2>/dev/null
	[ -z "$work" ] || rm -rf "$work"
}

# --- packets ----------------------------------------------------------------
# Each prints the result of an attempt: passed, refused or dropped.

try_ping()
{
	if on "$1" ping -n -q -c 1 -W 1 "$2" >/dev/null 2>&1; then echo passed; else echo dropped; fi
}

try_tcp()
{
	local said
	if said=$(on "$1" nc -n -v -z -w 1 "$2" "$3" 2>&1); then
		echo passed
	elif [[ $said == *refused* ]]; then
		echo refused
	else
		echo dropped
	fi
}

# A datagram has passed if the listener received it.
try_udp()
{
	local log=$work/udp.$3
	echo "hello number $RANDOM$RANDOM" >"$work/hello"
	on "$1" nc -n -u -q 0 "$2" "$3" <"$work/hello" >/dev/null 2>&1
	for _ in {1..20}; do
		if grep -q -F -f "$work/hello" "$log" 2>/dev/null; then
			echo passed
			return
		fi
		sleep 0.05
	done
	echo dropped
}

# Three attempts; the common result.
try_udp_often()
{
	local verdict
	for _ in 1 2 3; do verdict=$(try_udp "$@"); done
	echo "$verdict"
}

# listen HOST tcp|udp PORT: records data and peers.
listen()
{
	# shellcheck disable=SC2034 # what "hold" fills
	local pid
	local -a how=(-l -k)
	# Only a listener for a single peer reports it.
	[ "$2" = tcp ] || how=(-l -u)
	hold pid nsenter --net="/proc/$1/ns/net" -- nc -n -v "${how[@]}" "$3" >"$work/$2.$3" 2>"$work/$2.$3.peers"
	for _ in {1..100}; do
		[ -z "$(on "$1" ss -H -l -n "--$2" "sport = :$3")" ] || return 0
		sleep 0.02
	done
	die "nobody listens on $2 port $3"
}

# peer tcp|udp PORT: the last peer of the listener.
peer() { sed -n 's/^Connection received on \([^ ]*\) .*/\1/p' "$work/$1.$2.peers" | tail -n 1; }

# --- the table --------------------------------------------------------------

# counter TABLE RULE: packets counted. RULE is as printed by save, or "policy CHAIN".
counter()
{
	on "$firewall" "$RAVELIN_BIN/iptables-save" -c -t "$1" | awk -v rule="$2" '
		{ counted = $0; text = $0 }
		sub(/^\[[0-9]+:[0-9]+\] /, "", text) && text == rule { gsub(/^\[|:.*/, "", counted); print counted; exit }
		$0 ~ "^:" && "policy " substr($1, 2) == rule { counted = $3; gsub(/^\[|:.*/, "", counted); print counted; exit }'
}

heading()
{
	printf '%s %-22s %-8s    %-20s %-8s%s\n' "$bold" 'attempt' 'from' 'to' 'verdict' "$plain"
	printf '   %s%-7s %7s  %s%s\n' "$dim" 'table' 'packets' 'rule that decided' "$plain"
}

# step WHAT FROM TO WANTED TABLE RULE PACKETS CMD...: CMD prints the result; RULE of TABLE must have
# counted that many packets.
step()
{
	local what=$1 from=$2 to=$3 wanted=$4 table=$5 rule=$6 packets=$7
	local before after verdict fine=yes note
	before=$(counter "$table" "$rule")
	verdict=$("${@:8}")
	after=$(counter "$table" "$rule")
	note='as expected'
	if [ "$verdict" != "$wanted" ]; then
		fine=no note="EXPECTED: $wanted"
	elif ! counted "${before:-none}" "${after:-none}" "$packets"; then
		fine=no note="EXPECTED: $packets packets"
	fi
	printf ' %-22s %-8s -> %-20s ' "$what" "$from" "$to"
	result attempts $fine "$(printf '%-8s  %s' "$verdict" "$note")"
	printf '\n   %s%-7s %7s%s  %s\n' "$dim" "$table" "${before:-none}->${after:-none}" "$plain" "$rule"
}

# counted BEFORE AFTER PACKETS: at least that many (unanswered packets may be retransmitted), or
# none.
counted()
{
	case $1$2 in *none*) return 1 ;; esac
	if [ "$3" -eq 0 ]; then
		[ "$2" -eq "$1" ]
	else
		[ $(($2 - $1)) -ge "$3" ]
	fi
}

# saw WHAT WANTED GOT: checks what the other end received.
saw()
{
	local fine=yes
	[ "$2" = "$3" ] || fine=no
	printf '%20s' ''
	result peers $fine "$1 ${3:-nobody}"
	[ $fine = yes ] || printf ' EXPECTED: %s' "$2"
	printf '\n'
}

