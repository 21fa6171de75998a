#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Manual pages: render without warnings, exist for every name, and have working examples.

# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

PAGES=$BATS_TEST_DIRNAME/../../docs/man

setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { end_ns "${NS:-}"; }

# shown: the commands in the pages, as typed; a line "--" before each block.
shown()
{
	awk '/^\.EX/ { on = 1; print "--"; next } /^\.EE/ { on = 0 } on' "$PAGES"/*.[18] |
		sed -E 's/\\-/-/g; s/^\\&//; s/\\e/\\/g'
}

# Those with rules.
examples() { shown | grep -E '^(ip6?tables -|ipset |--$)'; }

# Evaluates the lines of a block, so that shell quotes work. Reports the one that failed.
run_lines()
{
	local line
	for line; do
		eval "$line" >out 2>&1 || { echo "$line"; cat out; return 1; }
	done
}

# each_block COMMAND: runs the command with the lines of each block.
each_block()
{
	local line lines=() blocks=0 bad=0
	while IFS= read -r line; do
		if [ "$line" != -- ]; then
			lines+=("$line")
		elif [ ${#lines[@]} -gt 0 ]; then
			"$1" "${lines[@]}" || bad=$((bad + 1))
			blocks=$((blocks + 1))
			lines=()
		fi
	done < <(examples; echo --)
	echo "$blocks blocks, $bad bad"
	[ $blocks -gt 100 ] && [ $bad = 0 ]
}

@test "every page is rendered without a warning" {
	local page
	for page in "$PAGES"/*.[18]; do
		if grep -q '^\.so ' "$page"; then
			[ -f "$PAGES/$(sed -n 's|^\.so man[18]/||p' "$page")" ]
			continue
		fi
		run groff -man -ww -z -t "$page"
		echo "$page: $output"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		run mandoc -T lint -W warning "$page"
		echo "$page: $output"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		man --warnings -E UTF-8 -l -Tutf8 -P cat "$page" >rendered 2>warnings
		echo "$page: $(cat warnings)"
		[ ! -s warnings ]
		[ "$(wc -l <rendered)" -gt 20 ]
	done
}

@test "every name that is installed has a page" {
	local name
	for name in ravelin $(ls "$RAVELIN_BIN"); do
		echo "$name"
		compgen -G "$PAGES/$name.[18]"
	done
	"$RAVELIN_BIN/../ravelin" --help | sed -n '/^Programs/,/^$/s/^  \([^ ]*\) .*/\1/p' >programs
	[ "$(wc -l <programs)" -gt 15 ]
	while read -r name; do
		echo "$name"
		compgen -G "$PAGES/$name.[18]" || compgen -G "$PAGES/ravelin-$name.[18]"
	done <programs
}

@test "every page has an example, and each match and target has one" {
	local page
	for page in "$PAGES"/*.[18]; do
		echo "$page"
		grep -qE '^\.(EX|so )' "$page"
	done
	# A name with a section per family has its text in the last one.
	awk '/^\.S[SH]/ { if (name && $0 !~ "\"" name " ") { if (!shown) { print name; bad = 1 } }
		if ($0 !~ "\"" name " ") shown = 0
		name = /^\.SS/ ? substr($2, 2) : "" }
	     /^\.EX/ { shown = 1 }
	     END { exit bad }' "$PAGES/ravelin-extensions.8"
}

@test "pages agree with -h" {
	local name
	for name in iptables-save iptables-restore iptables-apply xtables-monitor iptables-xml; do
		"$RAVELIN_BIN/$name" -h | grep -oE -- ' --[a-z0-9-]+' | tr -d ' ' | sort -u >said
		sed 's/\\-/-/g; s/\\f[BIR]//g' "$PAGES/$name".[18] | awk '/^\.TP/ { getline; print }' |
			grep -oE -- '--[a-z0-9-]+' | sort -u >shown
		[ -s said ]
		diff said shown
	done
}

# In a new file: a complete block, checked as save output and translated to nft.
in_files()
(
	iptables() { RAVELIN_BACKEND=file:v4 "$RAVELIN_BIN/iptables" "$@"; }
	ip6tables() { RAVELIN_BACKEND=file:v6 "$RAVELIN_BIN/ip6tables" "$@"; }
	ipset() { :; }
	rm -f v4 v6
	run_lines "$@" || exit
	[ ! -e v4 ] || run_lines 'RAVELIN_BACKEND=file:v4 "$RAVELIN_BIN/iptables-restore" --test v4' || exit
	[ ! -e v6 ] || run_lines 'RAVELIN_BACKEND=file:v6 "$RAVELIN_BIN/ip6tables-restore" --test v6' || exit
	# Like stock, only commands that add something are translated.
	iptables() { [[ " $* " != *" -"[AIN]" "* ]] || "$RAVELIN_BIN/iptables-translate" "$@"; }
	ip6tables() { [[ " $* " != *" -"[AIN]" "* ]] || "$RAVELIN_BIN/ip6tables-translate" "$@"; }
	run_lines "$@"
)

@test "every example can be loaded into a file, and translated" {
	each_block in_files
}

# Extensions this kernel lacks, or that need objects created first.
refused_for_want_of() { grep -qE "the kernel lacks|No such file or directory|Set [a-z]* doesn't exist|refuses match .cgroup" out; }

in_kernel()
(
	local line
	iptables() { ns "$NS" "$RAVELIN_BIN/iptables" "$@"; }
	ip6tables() { ns "$NS" "$RAVELIN_BIN/ip6tables" "$@"; }
	ipset() { ns "$NS" ipset "$@"; }
	for line; do
		if eval "$line" >out 2>&1; then
			echo "$line" >>loaded
		else
			refused_for_want_of || { echo "$line"; cat out; exit 1; }
			{ echo "$line"; cat out; } >>refused
		fi
	done
)

@test "every example can be loaded into the kernel" {
	need_root
	new_ns NS
	each_block in_kernel
	cat refused
	[ "$(wc -l <loaded)" -gt 150 ]
}

@test "every other command shown works" {
	local line done=0
	need_root
	new_ns NS
	PATH=$RAVELIN_BIN:$RAVELIN_BIN/..:$PATH
	printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' '-A INPUT -p tcp --dport 80 -j ACCEPT' COMMIT | tee rules.v6 >rules.v4
	iptables-xml rules.v4 >rules.xml
	ravelin json rules.v4 >rules.json
	ns "$NS" ip link add eth0 type veth peer name eth1
	echo '-i eth0 -s 192.0.2.7 --local -p tcp --dport 80 => ACCEPT' >firewall.test
	printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x65\0\0\0' >in.pcap
	# Not interactive ones, and those that need a module or an installation.
	while IFS= read -r line; do
		case $line in
		*'ravelin apply'* | *'ravelin confirm' | ravelin-rules* | systemctl* | iptables-kmod*) continue ;;
		xtables-monitor*) line="timeout 0.5 $line || [ \$? = 124 ]" ;;
		*'ravelin explain --live'*) line="timeout 0.5 $line || [ \$? = 124 ]" ;;
		# Their exit codes are the result.
		*'ravelin explain'*) line="$line || [ \$? -le 2 ]" ;;
		*'ravelin lint'*) line="$line || [ \$? = 1 ]" ;;
		*'ravelin prove'*) line="cp rules.v4 rules.new; $line || [ \$? = 1 ]" ;;
		*'ravelin test'*) line="$line || [ \$? -le 1 ]" ;;
		# Its exit code differs.
		*'ravelin diff'*) line="$line || [ \$? = 1 ]" ;;
		esac
		ns "$NS" bash -o pipefail -c "${line//\/etc\/iptables\//}" >out 2>&1 || { echo "$line"; cat out; false; }
		done=$((done + 1))
	done < <(shown | grep -vE '^(ip6?tables -|ipset |nft |--$)')
	[ $done -gt 20 ]
}

@test "what the page says is printed by iptables-translate" {
	local command
	command=$(shown | grep '^iptables-translate -A')
	same "$(shown | grep '^nft ')" "$(PATH=$RAVELIN_BIN eval "$command")" "$command"
}

@test "docs/manual.md names every page" {
	local page
	for page in "$PAGES"/*.[18]; do
		grep -q '^\.so ' "$page" || grep -qF "(man/${page##*/})" "$PAGES/../manual.md" ||
			{ echo "$page"; false; }
	done
}
