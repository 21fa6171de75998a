#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion: candidates offered by ravelin, and by real bash, zsh and fish.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	need_root
	new_ns NS
	ns "$NS" ip link add name mywire type veth peer name otherend
	iptables -N MYCHAIN
	iptables -t nat -N NATCHAIN
	ns "$NS" ipset create myset hash:ip
	PLACE=$BATS_TEST_TMPDIR
	make -s -C "$LIB_DIR/../.." install-shell DESTDIR="$PLACE" PREFIX= SBINDIR="$(dirname "$RAVELIN_BIN")" \
		BASHDIR=/bash ZSHDIR=/zsh FISHDIR=/fish >/dev/null
	PATH=$RAVELIN_BIN:$PATH
}

teardown() { end_ns "${NS:-}"; }

# offers WORDS TEXT: candidates without descriptions.
offers()
{
	local -a words
	read -ra words <<<"$1"
	[ $# -lt 3 ] || words+=('')
	same "$2" "$(tool ../ravelin complete -- "${words[@]}" | cut -f 1 | paste -sd ' ')" "offers for $1"
}

@test "options, extensions, names of values" {
	offers 'iptables -t nat -P P' 'PREROUTING POSTROUTING'
	offers 'iptables -A INPUT -p tcp --dp' '--dport'
	offers 'iptables -A INPUT --dp' ''
	offers 'iptables -A INPUT -m conntrack --ctstate NEW,E' 'NEW,ESTABLISHED'
	offers 'iptables -m connt' 'conntrack'
	offers 'ip6tables -m hopl' ''
	offers 'iptables --tab' '--table'
	offers 'iptables -A INPUT --app' ''
	offers 'iptables -L --dest' ''
	offers 'iptables -t m' 'mangle'
	offers 'iptables -A INPUT --protocol=udp' '--protocol=udp --protocol=udplite'
	offers 'iptables-save --tab' '--table'
	offers 'iptables-save -t ra' 'raw'
	offers 'ravelin ip6tables-sa' 'ip6tables-save'
	offers 'ravelin iptables -t nat -A NATC' 'NATCHAIN'
	offers 'nonsense -A' ''
	# Candidates that the family or table lacks are not offered.
	offers 'iptables -A INPUT --fragm' '--fragments --fragment'
	offers 'ip6tables -A INPUT --fragm' ''
	offers 'iptables -A INPUT -j MASQ' ''
	offers 'iptables -t nat -A POSTROUTING -j MASQ' 'MASQUERADE'
}

@test "chains, interfaces and sets as they are now" {
	offers 'iptables -A MY' 'MYCHAIN'
	offers 'iptables -A INPUT -j MY' 'MYCHAIN'
	offers 'iptables -t nat -A INPUT -g ' 'NATCHAIN' ''
	offers 'ip6tables -A MY' ''
	offers 'iptables -A INPUT -i my' 'mywire'
	offers 'iptables -A INPUT -m set --match-set my' 'myset'
	offers 'iptables -A INPUT -m set --match-set myset src,d' 'src,dst'
	iptables -N MYOTHER
	offers 'iptables -A MY' 'MYCHAIN MYOTHER'
}

@test "tables and files as arguments of the tools' options" {
	local words
	for words in "explain --pcap" "explain --packets" "metrics --output" "run --rules"; do
		[ "$(tool ../ravelin complete -- ravelin $words '')" = $'\t' ] || { echo "$words"; return 1; }
	done
	for words in "graph -t" "prove --table" "top -t"; do
		[ "$(tool ../ravelin complete -- ravelin $words na)" = $'nat\ttable' ] || { echo "$words"; return 1; }
	done
}

@test "every program, and every option in its -h" {
	local program
	cd "$BATS_TEST_TMPDIR" || return
	tool ../ravelin --help | sed -n '/^Programs/,/^$/s/^  \([^ ]*\) .*/\1/p' >programs
	[ "$(wc -l <programs)" -gt 15 ]
	tool ../ravelin complete -- ravelin '' | cut -f 1 | grep -v '^-' >offered
	diff programs offered
	while read -r program; do
		echo "$program"
		tool ../ravelin "$program" -h </dev/null | grep -oE '(^|-[A-Za-z0-9], | )--[a-z0-9-]+ *' |
			grep -oE -- '--[a-z0-9-]+' | sort -u >said
		# Options of rules need a rule.
		{ tool ../ravelin complete -- "$program" -- && tool ../ravelin complete -- "$program" -A INPUT -- &&
			tool ../ravelin complete -- "$program" -A INPUT --s &&
			tool ../ravelin complete -- "$program" -A INPUT --d &&
			tool ../ravelin complete -- "$program" -A INPUT --f &&
			tool ../ravelin complete -- "$program" -L --; } | cut -f 1 | grep -- '^--' | sort -u >offered
		# The one of diff is for another program.
		grep -vxF -e --noflush said >said.own || true
		[ "$program" = diff ] || cp said said.own
		# The options of explain and prove are examples of packets; completion offers those
		# of rules.
		if [[ $program =~ ^(explain|prove|test)$ ]]; then
			tool ../ravelin "$program" -h | grep -oE '^ +(-., )?--[a-z0-9-]+' | grep -oE -- '--.*' | sort -u >said.own
			comm -12 said.own offered >both && mv both offered
		fi
		[ -s said.own ]
		diff said.own offered
	done <programs
	for program in "$RAVELIN_BIN"/*; do
		echo "$program"
		[ "$(tool ../ravelin complete -- "${program##*/}" -- | wc -l)" -ge 3 ]
	done
}

# tab SHELL SETUP TYPED WANT...
tab() { ns "$NS" "$PYTHON" -I -S "$LIB_DIR/tab.py" "$@"; }

in_shell()
{
	tab "$1" "$2" 'iptables -A MYCH\t' 'MYCHAIN'
	tab "$1" "$2" 'iptables -A INPUT -m set --match-set mys\t' 'myset'
	tab "$1" "$2" 'iptables -A INPUT -i mywi\t' 'mywire'
	tab "$1" "$2" 'iptables -A INPUT -p tcp --dp\t' --dport
	tab "$1" "$2" 'ip6tables -m connt\t' 'conntrack'
	tab "$1" "$2" 'ravelin ip6tables-s\t' 'ip6tables-save'
	tab "$1" "$2" 'iptables-apply --time\t' '--timeout'
	tab "$1" "$2" 'ravelin-rules lo\t' 'load'
	tab "$1" "$2" 'ravelin expl\t' 'explain'
	tab "$1" "$2" 'ravelin explain --why-\t' '--why-not'
	tab "$1" "$2" 'ravelin explain --live --js\t' '--json'
	tab "$1" "$2" 'ravelin explain -i mywi\t' 'mywire'
	tab "$1" "$2" 'ravelin report --pa\t' '--packet'
	tab "$1" "$2" 'ravelin metrics --li\t' '--limit'
	tab "$1" "$2" 'ravelin top --sor\t' '--sort'
	tab "$1" "$2" 'ravelin graph --sv\t' '--svg'
}

@test "in bash" { in_shell bash "source $PLACE/bash/ravelin"; }

@test "in zsh" {
	command -v zsh || skip 'no zsh'
	in_shell zsh "fpath=($PLACE/zsh \$fpath); autoload -U compinit; compinit -u -D"
}

@test "in fish" {
	command -v fish || skip 'no fish'
	in_shell fish "source $PLACE/fish/ravelin.fish"
}
