#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Plugins: the example in docs/, and broken objects.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

# Built like a third party would: with the installed headers.
setup_file()
{
	export TOP=$BATS_TEST_DIRNAME/../..
	make -C "$TOP" --no-print-directory -s install-headers DESTDIR="$BATS_FILE_TMPDIR" PREFIX=/usr
	mkdir "$BATS_FILE_TMPDIR/good"
	build "$TOP/docs/extension-example/condition.c" "$BATS_FILE_TMPDIR/good/condition.so"
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_FILE_TMPDIR/good"
	chmod 755 "$BATS_FILE_TMPDIR/good/condition.so"
}

# build SOURCE OBJECT
build()
{
	cc -std=gnu11 -Wall -Werror -Wno-unused -shared -fPIC -I "$BATS_FILE_TMPDIR/usr/include" -o "$2" "$1"
}

setup()
{
	umask 022
	cd "$BATS_TEST_TMPDIR" || return
	chmod 755 .
	printf '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n' >rules
	export RAVELIN_BACKEND=file:rules RAVELIN_EXTENSIONS=$BATS_FILE_TMPDIR/good
}

ipt() { "$RAVELIN_BIN/iptables" "$@"; }

# broken NAME REASON [WORDS]: -m NAME (or WORDS) is refused for that reason, with the file's name.
broken()
{
	local -a words=(-m "$1")
	local kind=match
	[ $# -lt 3 ] || read -ra words <<<"$3"
	[ "${words[0]}" = -m ] || kind=target
	RAVELIN_EXTENSIONS=$PWD run ipt -A INPUT "${words[@]}"
	same "iptables v1.8.13 (nf_tables): Couldn't load $kind \`$1': $PWD/$1.so: $2" "${lines[0]}"
	[ "$status" -eq 2 ]
}

# spoiled NAME: the example under another name; further arguments are sed commands.
spoiled()
{
	local name=$1
	shift
	sed "s/\.name = \"condition\",\$/.name = \"$name\",/; $(printf '%s; ' "$@")" \
		"$TOP/docs/extension-example/condition.c" >"$name.c"
	build "$name.c" "$name.so"
}

@test "the example plugin: parse, save, list, compare, delete and predicates" {
	ipt -A INPUT -m condition ! --condition night -j ACCEPT
	same '-A INPUT -m condition ! --condition night -j ACCEPT' "$(ipt -S INPUT | tail -n 1)"
	[[ $(ipt -L INPUT) == *' condition !night'* ]]
	run ipt -C INPUT -m condition --condition night -j ACCEPT
	[ "$status" -eq 1 ]
	ipt -C INPUT -m condition ! --condition night -j ACCEPT
	"$RAVELIN_BIN/../ravelin" json rules | "$RAVELIN_BIN/../ravelin" json -r >back
	same "$(grep -v '^#' rules)" "$(cat back)"
	ipt -D INPUT -m condition ! --condition night -j ACCEPT
	[[ $(ipt -m condition -h) == *'[!] --condition name                the condition of that name holds'* ]]
	run ipt -A INPUT -m condition
	same "iptables v1.8.13 (nf_tables): condition: option \"--condition\" must be specified" "${lines[0]}"
	[[ $("$RAVELIN_BIN/iptables-translate" -A INPUT -m condition --condition x) == 'nft # '* ]]
}

@test "unknown without its object" {
	RAVELIN_EXTENSIONS=$PWD/none run ipt -A INPUT -m condition --condition x
	same "iptables v1.8.13 (nf_tables): Couldn't load match \`condition':No such file or directory" \
		"${lines[0]}"
	[ "$status" -eq 2 ]
}

@test "an invalid object, or one for another version, is reported by name" {
	echo text >text.so
	broken text 'not a shared object'
	head -c 4096 /dev/zero >zeros.so
	broken zeros 'not a shared object'
	head -c 9000 "$RAVELIN_EXTENSIONS/condition.so" >cut.so
	broken cut 'truncated'
	head -c 100 "$RAVELIN_EXTENSIONS/condition.so" >short.so
	broken short 'truncated'
	sed '1s/^\x7fELF/\x7fELV/' "$RAVELIN_EXTENSIONS/condition.so" >magic.so
	broken magic 'not a shared object'
	{ head -c 4 "$RAVELIN_EXTENSIONS/condition.so"; printf '\1'; tail -c +6 "$RAVELIN_EXTENSIONS/condition.so"; } >bits.so
	broken bits 'wrong ELF class: ELFCLASS32'
	mkdir directory.so
	broken directory 'not a regular file'
	ln -s nowhere dangling.so
	broken dangling 'No such file or directory'
	mkfifo pipe.so
	broken pipe 'not a regular file'
	echo 'int nothing;' >empty.c
	build empty.c empty.so
	broken empty 'it does not define rv_plugin'
	echo 'extern int rv_no_such_thing(void); int f(void) { return rv_no_such_thing(); }' >lost.c
	build lost.c lost.so
	broken lost 'undefined symbol: rv_no_such_thing'
	spoiled future 's/RV_PLUGIN(&condition);/const struct rv_plugin rv_plugin = { .abi = 9999 };/'
	broken future "built for version 9999 of the interface, not $(sed -n 's/^#define RV_PLUGIN_ABI //p' "$BATS_TEST_DIRNAME/../../include/ravelin/plugin.h")"
	spoiled other 's/RV_PLUGIN(&condition);/const struct rv_plugin rv_plugin = { .abi = RV_PLUGIN_ABI, .ext_size = 8 };/'
	broken other 'built with headers of another release'
	spoiled none 's/RV_PLUGIN(&condition);/RV_PLUGIN(NULL);/'
	broken none 'contains no match or target'
}

@test "invalid rows are an error" {
	spoiled beyond 's/\.size = sizeof(struct condition_info),$/.size = 16,/' 's/\.compare = .*//'
	broken beyond "match \`beyond': --condition: bits outside the data"
	spoiled typed 's/RV_T_STRING/99/'
	broken typed "match \`typed': --condition: unknown type 99"
	spoiled mark
	RAVELIN_EXTENSIONS=$PWD ipt -A INPUT -m mark --mark 1
	spoiled twice 's/\.name = "twice",/.name = "mark",/'
	broken twice "match \`mark' exists already"
	spoiled kind 's/RV_MATCH/RV_CORE/'
	broken kind "match \`kind': kind 2 is neither match nor target"
}

@test "a broken target is not taken for a chain; -j of a chain loads no object" {
	ipt -N plain
	RAVELIN_EXTENSIONS=$PWD ipt -A INPUT -j plain
	echo text >TARGET.so
	broken TARGET 'not a shared object' '-j TARGET'
	ipt -A INPUT -g plain
}

@test "as root, objects writable by others are not loaded" {
	need_root
	cp "$RAVELIN_EXTENSIONS/condition.so" .
	chmod 777 condition.so
	broken condition 'writable by others than root'
	chmod 775 condition.so
	broken condition 'writable by others than root'
	chmod 755 condition.so
	chown 65534 condition.so
	broken condition 'not owned by root'
	chown 0 condition.so
	chmod 777 .
	broken condition 'directory writable by others than root'
	chmod 755 .
	RAVELIN_EXTENSIONS=$PWD ipt -A INPUT -m condition --condition x
}

@test "setuid programs load no objects" {
	need_root
	local dir
	dir=$(mktemp -d)
	chmod 755 "$dir"
	cp "$RAVELIN_BIN/../ravelin" "$dir/iptables"
	cp "$RAVELIN_EXTENSIONS/condition.so" "$dir"
	printf '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n' >"$dir/rules"
	export RAVELIN_EXTENSIONS=$dir RAVELIN_BACKEND=file:$dir/rules
	local -a nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/iptables")
	run "${nobody[@]}" -C INPUT -m condition
	local usual=${lines[0]}
	chmod 4755 "$dir/iptables"
	run "${nobody[@]}" -C INPUT -m condition
	rm -rf "$dir"
	[[ $usual == *'must be specified' ]] || { echo "$usual"; false; }
	# A setuid program does not even start.
	[ "$status" -eq 111 ] && [ -z "$output" ] || { echo "$status $output"; false; }
}

@test "built-in extensions never load objects" {
	for name in tcp comment ACCEPT LOG conntrack; do
		echo text >$name.so
	done
	RAVELIN_EXTENSIONS=$PWD ipt -A INPUT -p tcp --dport 22 -m comment --comment x -m conntrack \
		--ctstate NEW -j LOG
	RAVELIN_EXTENSIONS=$PWD ipt -A INPUT -j ACCEPT
	if command -v strace >/dev/null; then
		strace -f -o trace "$RAVELIN_BIN/iptables" -A INPUT -p tcp -j ACCEPT
		if grep -q "$RAVELIN_EXTENSIONS" trace; then false; fi
	fi
}
