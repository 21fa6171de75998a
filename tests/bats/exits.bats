#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Exit codes by failure and command. Callers interpret 1 as an answer: -C "absent", -N "exists",
# -S and -L "no such chain". Hence a command that could not determine the answer, or could not act,
# exits with 4.
#
# shellcheck disable=SC2154,SC2034,SC2086,SC2046

load lib

setup()
{
	need_root
	only_nft 'its failures are those of netlink'
	new_ns FIREWALL
	NS=$FIREWALL
	iptables-restore <<-'END'
		*filter
		:INPUT ACCEPT [0:0]
		:there - [0:0]
		:free - [0:0]
		-A INPUT -s 192.0.2.1 -j there
		-A there -s 192.0.2.2 -j ACCEPT
		COMMIT
	END
	before=$(ruleset)
	BLOCK=$BATS_TEST_TMPDIR/block
	printf '*filter\n-A INPUT -j ACCEPT\nCOMMIT\n' >"$BLOCK"
}

teardown() { end_topology; }

ruleset() { nft list ruleset; }

# One command of each kind, which would succeed; then the same commands with the other answer.
commands()
{
	cat <<-'END'
		iptables -C INPUT -s 192.0.2.1 -j there
		iptables -C INPUT -s 192.0.2.9 -j there
		iptables -C absent -j ACCEPT
		iptables -N new
		iptables -N there
		iptables -L
		iptables -n -L there
		iptables -L absent
		iptables -S
		iptables -S there 1
		iptables -S absent 1
		iptables -L -Z
		iptables -A INPUT -s 192.0.2.3 -j ACCEPT
		iptables -I INPUT -s 192.0.2.3 -j ACCEPT
		iptables -I INPUT 2 -s 192.0.2.3 -j ACCEPT
		iptables -R INPUT 1 -s 192.0.2.3 -j ACCEPT
		iptables -D INPUT -s 192.0.2.1 -j there
		iptables -D INPUT 1
		iptables -F
		iptables -F there
		iptables -Z
		iptables -Z INPUT 1
		iptables -X free
		iptables -P FORWARD DROP
		iptables -E there elsewhere
		iptables-save
		iptables-save -t filter
	END
	echo "iptables-restore $BLOCK"
	echo "iptables-restore --noflush $BLOCK"
}

# through WORD... -- COMMAND: runs COMMAND with another program.
through()
{
	local with=()
	while [ "$1" != -- ]; do
		with+=("$1")
		shift
	done
	ns "$NS" "${with[@]}" "$RAVELIN_BIN/$2" "${@:3}"
}

# undecided TEXT WORD...: each command run with these words exits with 4, prints TEXT and changes
# nothing.
undecided()
{
	local text=$1 words n=0
	shift
	while read -r words; do
		capture through "$@" -- $words
		[ "$rc" -eq 4 ] || { echo "$* $words: exit code $rc, not 4: $err"; return 1; }
		[[ $err = *"$text"* ]] || { echo "$* $words: $err"; return 1; }
		[ -z "$out" ] || { echo "$* $words: printed $out"; return 1; }
		n=$((n + 1))
	done < <(commands)
	[ $n -eq 29 ]
	same "$before" "$(ruleset)" ruleset
}

@test "each command, without failures" {
	local words
	while read -r words; do
		capture tool $words
		case $words in
			*absent* | *' -N there' | *192.0.2.9*) [ "$rc" -eq 1 ] ;;
			*) [ "$rc" -eq 0 ] ;;
		esac || { echo "$words: exit code $rc: $err"; return 1; }
		tool iptables-restore <<-'END'
			*filter
			:INPUT ACCEPT [0:0]
			:there - [0:0]
			:free - [0:0]
			-A INPUT -s 192.0.2.1 -j there
			-A there -s 192.0.2.2 -j ACCEPT
			COMMIT
		END
	done < <(commands)
}

@test "root without CAP_NET_ADMIN: 4" {
	undecided "$DENIED" setpriv --bounding-set -net_admin --inh-caps -net_admin
}

@test "another user: 4" {
	cp -rL "$RAVELIN_BIN" "$BATS_FILE_TMPDIR/bin"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_FILE_TMPDIR/bin" "$BATS_TEST_TMPDIR"
	RAVELIN_BIN=$BATS_FILE_TMPDIR/bin undecided "$DENIED" setpriv --reuid 65534 --regid 65534 --clear-groups
}

# fails SYSCALL ERROR [WHEN]: words for undecided.
fails() { echo strace -qq -o /dev/null -e "trace=$1" -e "inject=$1:error=$2${3:+:when=$3}"; }

@test "no netlink, no file descriptors, no memory for a socket: 4" {
	local error
	for error in EPROTONOSUPPORT EAFNOSUPPORT EMFILE ENOMEM; do
		undecided 'Failed to initialize nft: ' $(fails socket $error)
	done
}

@test "netlink send or receive fails: 4" {
	local error
	for error in ENOMEM EIO; do
		undecided 'netlink: ' $(fails sendto $error 1+)
		undecided 'netlink: ' $(fails recvfrom $error 1+)
		undecided 'netlink: ' $(fails sendto $error 2+)
	done
}

# Requests are retried after this error, transactions are not.
@test "no memory while sending a transaction: 4, nothing changed" {
	local last words
	for words in 'iptables -N new' 'iptables -A INPUT -j ACCEPT' 'iptables -F' 'iptables -P FORWARD DROP' \
		"iptables-restore $BLOCK"; do
		# The last message sent is the transaction.
		ns "$NS" strace -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=sendmsg "$RAVELIN_BIN/${words%% *}" ${words#* }
		last=$(wc -l <"$BATS_TEST_TMPDIR/trace")
		nft flush ruleset
		nft -f - <<<"$before"
		capture through $(fails sendmsg ENOMEM "$last") -- $words
		[ "$rc" -eq 4 ] && [[ $err =~ 'Cannot allocate memory' ]] || { echo "$words: $rc $err"; return 1; }
		same "$(without_handles <<<"$before")" "$(ruleset | without_handles)" ruleset
	done
}
without_handles() { sed 's/ # handle.*//'; }

# Wherever memory runs out: a correct answer, or 4 with a message.
@test "no memory from any allocation on: 4 with a message" {
	local words n most right=() count=$BATS_TEST_TMPDIR/count preload=$BATS_TEST_TMPDIR/nomemory.so
	"${CC:-cc}" -shared -fPIC -O1 -o "$preload" "$LIB_DIR/nomemory.c"
	for words in 'iptables -C INPUT -s 192.0.2.9 -p tcp -m tcp --dport 22 -j there' 'iptables -N there' \
		'iptables -S absent 1' 'iptables -F' iptables-save "iptables-restore $BLOCK"; do
		capture through env LD_PRELOAD="$preload" NO_MEMORY_COUNT="$count" -- $words
		right=("$rc" "$(without_dates <<<"$out")")
		most=$(cat "$count")
		for ((n = 1; n <= most; n++)); do
			nft -f - <<<"flush ruleset; $before"
			capture through env LD_PRELOAD="$preload" NO_MEMORY=$n -- $words
			[ "$rc" -ne "${right[0]}" ] || [ "$(without_dates <<<"$out")" != "${right[1]}" ] || continue
			[ "$rc" -eq 4 ] && [ -n "$err" ] && [ -z "$out" ] ||
				{ echo "$words, allocation $n of $most: exit code $rc, not 4: $err"; return 1; }
			same "$(without_handles <<<"$before")" "$(ruleset | without_handles)" "ruleset after $words"
		done
	done
}

@test "the output cannot be written: 4" {
	local words
	for words in 'iptables -S' 'iptables -S there' 'iptables -L there' 'iptables -v -C INPUT -s 192.0.2.1 -j there' \
		'iptables-save' 'iptables -V' 'iptables-restore -V'; do
		capture through sh -c '"$@" >/dev/full' - -- $words
		[ "$rc" -eq 4 ] && [[ $err = *'cannot write: No space left on device' ]] || { echo "$words: $rc $err"; return 1; }
		capture through sh -c '"$@" >&-' - -- $words
		[ "$rc" -eq 4 ] && [[ $err = *'cannot write: Bad file descriptor' ]] || { echo "$words: $rc $err"; return 1; }
	done
}

# Whether or not it can be decoded: an existing rule or chain is never reported as absent.
@test "a chain with rules of others: never 1 for existing rules" {
	local words change
	for change in 'type filter hook input priority 10; policy drop;' 'type filter hook output priority 0;' ''; do
		nft flush ruleset
		nft "table ip filter { chain INPUT { $change }; }"
		nft add rule ip filter INPUT ip saddr 192.0.2.1 counter accept
		for words in '-C INPUT -s 192.0.2.1 -j ACCEPT' '-S INPUT' '-S INPUT 1' '-L INPUT' '-L' '-S'; do
			capture iptables $words
			[ "$rc" -eq 0 ] || [ "$rc" -eq 4 ] || { echo "$change: $words: exit code $rc: $err"; return 1; }
		done
	done
}

@test "a dormant table's rules are reported like others" {
	local words
	nft add chain ip raw PREROUTING 2>/dev/null || nft add table ip raw
	nft 'add chain ip raw OUTPUT { type filter hook output priority -300; policy accept; }'
	nft 'table ip raw { flags dormant; }'
	for words in '-S OUTPUT' '-L' '-L OUTPUT' '-A OUTPUT -j ACCEPT' '-C OUTPUT -j ACCEPT'; do
		capture iptables -t raw $words
		[ "$rc" -eq 0 ] && [[ $err = "# Warning: table \`raw' is dormant"* ]] || { echo "$words: $rc $err"; return 1; }
	done
	capture iptables -t raw -C OUTPUT -j DROP
	[ "$rc" -eq 1 ]
}

# --- what is refused for good, and what is wrong -------------------------------

@test "rule refused by the kernel, chain in use: 1" {
	refused_like 1 'RULE_APPEND failed' iptables -A INPUT -j MASQUERADE
	refused_like 1 'RULE_INSERT failed' iptables -I INPUT -j MASQUERADE
	refused_like 1 'RULE_REPLACE failed' iptables -R INPUT 1 -j MASQUERADE
	refused_like 1 'RULE_APPEND failed' iptables -A INPUT -j OUTPUT
	refused_like 1 'CHAIN_DEL failed' iptables -X there
	refused_like 1 'RULE_APPEND failed' iptables-restore <<-'END'
		*filter
		-A INPUT -j MASQUERADE
		COMMIT
	END
	refused_like 1 'CHAIN_DEL failed' iptables-restore --noflush <<-'END'
		*filter
		-X there
		COMMIT
	END
	same "$before" "$(ruleset)" ruleset
}

@test "invalid rule: 2, on the command line and in a file; nonexistent table: 3, in a file 2" {
	refused_like 2 'unknown option' iptables -A INPUT --bogus
	refused_like 2 "Chain 'nosuch' does not exist" iptables -C INPUT -j nosuch
	refused_like 2 'Error occurred at line: 2' iptables-restore < <(printf '*filter\n-A INPUT --bogus\nCOMMIT\n')
	refused_like 2 "Chain 'nosuch' does not exist" iptables-restore < <(printf '*filter\n-A INPUT -j nosuch\nCOMMIT\n')
	refused_like 3 "table 'nosuch' does not exist" iptables -t nosuch -L
	refused_like 2 'nosuch' iptables-restore < <(printf '*nosuch\nCOMMIT\n')
	refused 1 'iptables-restore: COMMIT expected at line 3' iptables-restore < <(printf '*filter\n-A INPUT\n')
	same "$before" "$(ruleset)" ruleset
}

@test "-N of a name used by an nft base chain: 1" {
	nft 'add chain ip filter theirs { type filter hook input priority 10; }'
	refused 1 'iptables: Chain already exists.' iptables -N theirs
}

@test "nonexistent or incomplete backend: 2 for every program" {
	local spec words
	for spec in fil:x file file: nft:x kmod:x; do
		for words in 'iptables -L' 'iptables -C INPUT' 'iptables-save' "iptables-restore $BLOCK"; do
			RAVELIN_BACKEND=$spec capture tool $words
			[ "$rc" -eq 2 ] || { echo "$spec: $words: exit code $rc: $err"; return 1; }
		done
	done
}

@test "a file that cannot be read, parsed or written: 4" {
	local words dir=$BATS_TEST_TMPDIR/rules.d
	mkdir "$dir"
	printf '*filter\n-A INPUT --bogus\nCOMMIT\n' >"$dir/wrong"
	for words in '-C INPUT -j ACCEPT' '-N new' '-S INPUT' '-L' '-A INPUT -j ACCEPT' '-D INPUT 1' '-F'; do
		RAVELIN_BACKEND=file:$dir/wrong refused_like 4 "$dir/wrong, line 2: unknown option" iptables $words
		RAVELIN_BACKEND=file:$dir refused_like 4 "cannot open $dir: not a regular file" iptables $words
	done
	for words in '-N new' '-A INPUT -j ACCEPT' '-F'; do
		RAVELIN_BACKEND=file:$dir/no/such refused_like 4 "cannot create $dir/no/such: No such file" iptables $words
	done
}
