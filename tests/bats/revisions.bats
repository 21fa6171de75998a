#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Revisions of matches and targets: missing ones are reported, and older ones are written and read
# if the kernel has no newer.

load lib

ROOT=$BATS_TEST_DIRNAME/../..
BUILD_DIR=$(dirname "$RAVELIN_BIN")

setup() { need_root; }

# Skips the test if this kernel lacks the target.
without() {
	local kind=$1 ext=$2 config=$3
	shift 3
	new_ns host
	run ns "$host" "$RAVELIN_BIN/iptables" -A INPUT "$@"
	[ "$status" != 0 ] || skip "this kernel has $ext"
	[ "$status" = 1 ]
	[[ $output == *": the kernel lacks $kind \`$ext' revision 0 ($config)" ]]
	[ "$(ns "$host" "$RAVELIN_BIN/iptables" -S INPUT | wc -l)" = 1 ]
}

@test "what the kernel lacks is reported: extension, revision, config option" {
	without target LED CONFIG_NETFILTER_XT_TARGET_LED -j LED --led-trigger-id x
	without match ipvs CONFIG_NETFILTER_XT_MATCH_IPVS -m ipvs --ipvs
}

# Rules of an extension's cases, each preceded by its table and chain.
cases() {
	awk -F ' *; *' '
		/^@table/ { split($0, w, " "); table = w[2] }
		/^@chain/ { split($0, w, " "); chain = w[2] }
		/^@family/ { split($0, w, " "); v4 = w[2] != "ip6" }
		BEGIN { table = "filter"; chain = "INPUT"; v4 = 1 }
		$3 == "OK" && v4 && !/^[#@]/ && $1 !~ /["\\|]/ && n++ < 8 { print table, chain, $1 }' "$1"
}

@test "rules in the oldest revisions of this kernel decode like the newest" {
	local oldest=$BUILD_DIR/oldest/ravelin newest=$RAVELIN_BIN/iptables name table chain rule one two
	local compared=0
	command make -C "$ROOT" --no-print-directory -s BUILD="$BUILD_DIR" LTO= "$oldest" "$BUILD_DIR/describe"
	new_ns one
	new_ns two
	for host in "$one" "$two"; do
		ns "$host" ipset create s4 hash:ip
		ns "$host" ipset create sp hash:ip,port
	done
	export OLDEST_TOLD=1
	while read -r name; do
		while read -r table chain rule; do
			# shellcheck disable=SC2086 # words of a rule
			ns "$one" "$newest" -t "$table" -A "$chain" $rule 2>/dev/null || continue
			# shellcheck disable=SC2086
			ns "$two" "$oldest" iptables -t "$table" -A "$chain" $rule 2>"$BATS_TEST_TMPDIR/told" || { echo "$rule"; cat "$BATS_TEST_TMPDIR/told"; false; }
			[ ! -s "$BATS_TEST_TMPDIR/told" ] || compared=$((compared + 1))
		done < <(cases "$ROOT/extensions/$name.t")
	done < <("$BUILD_DIR/describe" layouts | cut -f 1-3 | sort | uniq -d | cut -f 2 | sort -u)
	diff <(ns "$one" "$RAVELIN_BIN/iptables-save" | grep -v ^#) <(ns "$two" "$RAVELIN_BIN/iptables-save" | grep -v ^#)
	echo "$compared rules in older layouts"
	[ "$compared" -ge 40 ]
}
