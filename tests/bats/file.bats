#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The file backend: the same commands on an iptables-save file, as another user
# than root. The kernel's rules must not change.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

NOBODY=65534

setup_file()
{
	is_root || return 0
	new_ns NS
	export NS
	# Directories readable by everyone; the build and bats directories may be private.
	PLACE=$(mktemp -d /tmp/ravelin-file.XXXXXX)
	export PLACE
	chmod 755 "$PLACE"
	mkdir "$PLACE/bin"
	install -m 755 "$(readlink -f "$RAVELIN_BIN/iptables")" "$PLACE/bin/ravelin"
	local name
	for name in iptables ip6tables iptables-save ip6tables-save iptables-restore ip6tables-restore; do
		ln -s ravelin "$PLACE/bin/$name"
	done
}

teardown_file()
{
	end_ns "${NS:-}"
	[ -z "${PLACE:-}" ] || rm -rf "$PLACE"
}

setup()
{
	need_root
	DIR=$PLACE/$BATS_TEST_NUMBER
	install -d -m 755 -o $NOBODY -g $NOBODY "$DIR"
	RULES=$DIR/rules
	export RAVELIN_BACKEND=file:$RULES
}

# Commands for a file must not reach the kernel.
teardown() { [ -z "${NS:-}" ] || [ -z "$(ns "$NS" nft list ruleset)" ]; }

# as_nobody CMD...: without privileges.
as_nobody()
{
	ns "$NS" setpriv --reuid $NOBODY --regid $NOBODY --clear-groups --inh-caps=-all -- "$@"
}

# The tools use the file as user nobody, unless $WHERE says otherwise.
WHERE='file'
# shellcheck disable=SC2317 # what lib.bash calls
tool()
{
	case $WHERE in
		file) as_nobody "$PLACE/bin/$1" "${@:2}" ;;
		file-as-root) ns "$NS" "$PLACE/bin/$1" "${@:2}" ;;
		kernel) ns "$OTHER" env -u RAVELIN_BACKEND "$PLACE/bin/$1" "${@:2}" ;;
	esac
}

# by_kernel CMD...: the same tools with the kernel of namespace $OTHER.
by_kernel()
{
	local WHERE=kernel
	"$@"
}

# one_rule: an initial file, not written by us.
one_rule()
{
	printf '*filter\n:INPUT DROP [1:2]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n' >"$RULES"
	chown $NOBODY:$NOBODY "$RULES"
	was=$(stamp)
}

# stamp: changes if the file is replaced or written.
stamp() { stat -c '%i %y %s' "$RULES"; sha256sum <"$RULES"; }
untouched() { same "$was" "$(stamp)" "$RULES"; }

# --- commands ---------------------------------------------------------------

@test "a missing file is an empty ruleset, and reading does not create it" {
	prints '-P INPUT ACCEPT
-P FORWARD ACCEPT
-P OUTPUT ACCEPT' iptables -S
	prints '' iptables-save
	refused 1 'iptables: Bad rule (does a matching rule exist in that chain?).' iptables -C INPUT -j ACCEPT
	refused 1 'iptables: No chain/target/match by that name.' iptables -L NOPE
	quiet iptables -F
	quiet iptables -X
	[ ! -e "$RULES" ]
}

@test "-N -A -I -R -D -C -E -F -X -P -Z -S -L on a file" {
	quiet iptables -N A
	quiet iptables -A A -s 1.1.1.1 -j ACCEPT
	quiet iptables -A A -s 2.2.2.2 -c 5 6 -j ACCEPT
	quiet iptables -I A -p tcp --dport 80 -j DROP
	quiet iptables -R A 2 -s 3.3.3.3 -j RETURN
	quiet iptables -C A -p tcp --dport 80 -j DROP
	quiet iptables -A INPUT -j A
	quiet iptables -P FORWARD DROP
	quiet iptables -E A B
	prints '-P INPUT ACCEPT
-P FORWARD DROP
-P OUTPUT ACCEPT
-N B
-A INPUT -j B
-A B -p tcp -m tcp --dport 80 -j DROP
-A B -s 3.3.3.3/32 -j RETURN
-A B -s 2.2.2.2/32 -j ACCEPT' iptables -S
	prints '-A B -s 2.2.2.2/32 -c 5 6 -j ACCEPT' iptables -v -S B 3
	quiet iptables -Z B
	prints '-A B -s 2.2.2.2/32 -c 0 0 -j ACCEPT' iptables -v -S B 3
	quiet iptables -D B 1
	quiet iptables -D B -s 3.3.3.3 -j RETURN
	same 'Chain B (1 references)
target     prot opt source               destination         
ACCEPT     all  --  2.2.2.2              0.0.0.0/0           ' "$(iptables -n -L B)"
	quiet iptables -F
	quiet iptables -X
	prints '-P INPUT ACCEPT
-P FORWARD DROP
-P OUTPUT ACCEPT' iptables -S
}

@test "the file is what save prints, and restore loads it" {
	iptables -A INPUT -p tcp --dport 22 -m comment --comment "for us" -c 3 4 -j ACCEPT
	iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
	[ "$(grep -c '^COMMIT$' "$RULES")" -eq 2 ]
	[ "$(grep -c 'A INPUT -p tcp -m tcp --dport 22 -m comment --comment "for us" -j ACCEPT$' "$RULES")" -eq 1 ]
	local before
	before=$(saved -c)
	new_ns OTHER
	by_kernel iptables-restore -c <"$RULES"
	same "$(sort <<<"$before")" "$(by_kernel saved -c | sort)" 'what the kernel got'
	end_ns "$OTHER"
}

@test "a file written by save or by hand is edited in place" {
	cat >"$RULES" <<-'END'
		# my firewall

		*nat
		-A PREROUTING -i eth0 -p tcp --dport 80 -j REDIRECT --to-ports 8080
		COMMIT
		*filter
		:INPUT DROP [0:0]
		:mine - [0:0]
		[5:6] -A INPUT -i lo -j ACCEPT
		-I INPUT -j mine
		-A mine --protocol tcp --syn --jump DROP
		COMMIT
	END
	chown $NOBODY:$NOBODY "$RULES"
	quiet iptables -A mine -j ACCEPT
	prints '-P INPUT DROP -c 0 0
-P FORWARD ACCEPT -c 0 0
-P OUTPUT ACCEPT -c 0 0
-N mine
-A INPUT -c 0 0 -j mine
-A INPUT -i lo -c 5 6 -j ACCEPT
-A mine -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -c 0 0 -j DROP
-A mine -c 0 0 -j ACCEPT' iptables -v -S
	prints '-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080' \
		iptables -t nat -S PREROUTING 1
}

@test "ravelin --backend file:PATH, which goes before \$RAVELIN_BACKEND" {
	local ravelin=(as_nobody env RAVELIN_BACKEND="file:$DIR/wrong" "$PLACE/bin/ravelin")
	quiet "${ravelin[@]}" --backend "file:$RULES" iptables -A INPUT -j ACCEPT
	quiet "${ravelin[@]}" --backend="file:$RULES" iptables -A INPUT -j DROP
	prints '-P INPUT ACCEPT
-A INPUT -j ACCEPT
-A INPUT -j DROP' "${ravelin[@]}" --backend "file:$RULES" iptables -S INPUT
	[ ! -e "$DIR/wrong" ]
	prints '-P INPUT ACCEPT' "${ravelin[@]}" iptables -S INPUT
	printf '*filter\n-A OUTPUT -j ACCEPT\nCOMMIT\n' |
		"${ravelin[@]}" --backend "file:$RULES" iptables-restore --noflush
	[ "$("${ravelin[@]}" --backend "file:$RULES" iptables-save | grep -c '^-A')" -eq 3 ]
}

@test "IPv6 rules have a file of their own" {
	quiet ip6tables -A INPUT -s fd00::/8 -p ipv6-icmp -j ACCEPT
	prints '-P INPUT ACCEPT
-A INPUT -s fd00::/8 -p ipv6-icmp -j ACCEPT' ip6tables -S INPUT
	was=$(stamp)
	refused_like 4 "$RULES, line [0-9]+: " iptables -A INPUT -j ACCEPT
	untouched
}

# --- the same as on the kernel ----------------------------------------------

# commands: one a line.
commands()
{
	cat <<-'END'
		iptables -N web
		iptables -N log
		iptables -A INPUT -p tcp --dport 80 -j web
		iptables -A INPUT -p tcp -m multiport --dports 1,2,3:5 -m comment --comment "a b" -j log
		iptables -A INPUT -s 10.0.0.0/8,192.168.0.0/16 -j ACCEPT
		iptables -I INPUT 2 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
		iptables -A web -m limit --limit 10/min -j LOG --log-prefix "web: "
		iptables -A web -m iprange --src-range 1.2.3.4-1.2.3.9 -g log
		iptables -A log -j REJECT --reject-with icmp-host-prohibited
		iptables -R INPUT 1 -p tcp --dport 8080 -j web
		iptables -D INPUT -s 10.0.0.0/8 -j ACCEPT
		iptables -E log reject
		iptables -P FORWARD DROP
		iptables -t nat -A POSTROUTING -s 10.0.0.0/8 ! -o lo -p tcp -j SNAT --to-source 192.0.2.1-192.0.2.4:1024-2048
		iptables -t nat -A PREROUTING -d 192.0.2.1 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2:8080
		iptables -t mangle -A PREROUTING -m mark ! --mark 1 -j MARK --or-mark 0x10
		iptables -t mangle -A PREROUTING -j CONNMARK --save-mark
		iptables -t mangle -A OUTPUT -m owner --uid-owner 0-99 -j MARK --set-mark 7
		iptables -t raw -A PREROUTING -m addrtype --dst-type LOCAL -j ACCEPT
		iptables -t security -A INPUT -m mac --mac-source 00:11:22:33:44:55 -j ACCEPT
		iptables -N gone
		iptables -X gone
		iptables -A INPUT -c 10 20 -f -j DROP
		iptables -Z web
	END
}

@test "the same commands leave the same save as on the kernel" {
	local line
	new_ns OTHER
	while read -r line; do
		eval "quiet $line"
		eval "by_kernel quiet $line"
	done < <(commands)
	# The order of tables is not guaranteed.
	same "$(by_kernel saved -c | tables)" "$(saved -c | tables)" 'save'
	same "$(by_kernel iptables -v -S)" "$(iptables -v -S)" '-S'
	same "$(by_kernel iptables -n -v -L)" "$(iptables -n -v -L)" '-L'
	end_ns "$OTHER"
}

@test "setting a policy again without -c resets its counters, as in the kernel" {
	iptables-restore -c <<<$'*filter\n:INPUT ACCEPT [1:2]\n:FORWARD DROP [3:4]\n:OUTPUT DROP [5:6]\nCOMMIT'
	iptables -P INPUT DROP
	iptables-restore -n <<<$'*filter\n:FORWARD - [7:8]\nCOMMIT'
	prints '-P INPUT DROP -c 0 0
-P FORWARD DROP -c 0 0
-P OUTPUT DROP -c 5 6' iptables -v -S
}

# tables: sorts the tables of a save on stdin by name.
tables()
{
	awk '/^\*/ { name = $1 } { text[name] = text[name] $0 "\n" } END {
		n = split("*filter *mangle *nat *raw *security", order, " ")
		for (i = 1; i <= n; i++) printf "%s", text[order[i]]
	}'
}

@test "a large file restores to the same save as on the kernel (v4, v6)" {
	command -v ipset >/dev/null || skip 'needs ipset'
	new_ns OTHER
	local host
	for host in "$OTHER" "$NS"; do
		ns "$host" ipset create s4 hash:ip
		ns "$host" ipset create s6 hash:ip family inet6
	done
	# Set names need the kernel's index, which only root can query.
	WHERE=file-as-root
	for IPV in 4 6; do
		rm -f "$RULES"
		quiet ipt-restore "$LIB_DIR/rules/v$IPV.rules"
		quiet by_kernel ipt-restore "$LIB_DIR/rules/v$IPV.rules"
		same "$(by_kernel saved | tables)" "$(saved | tables)" "save (v$IPV)"
		same "$(tables <"$LIB_DIR/rules/v$IPV.rules" | sort)" "$(saved | tables | sort)" "lines (v$IPV)"
	done
	ns "$NS" ipset destroy
	end_ns "$OTHER"
}

# same_refusal CMD...: file and kernel refuse with the same message.
same_refusal()
{
	local file_err
	capture "$@"
	[ "$rc" -ne 0 ] || { echo "accepted: $*"; return 1; }
	file_err="$rc $err"
	capture by_kernel "$@"
	same "$rc $err" "$file_err" "refusal of $* (kernel, file)"
}

@test "the same commands are refused with the same messages" {
	new_ns OTHER
	iptables -N A
	iptables -A INPUT -j A
	by_kernel iptables -N A
	by_kernel iptables -A INPUT -j A
	was=$(stamp)
	same_refusal iptables -N A
	same_refusal iptables -X A
	same_refusal iptables -X NOPE
	same_refusal iptables -A NOPE -j ACCEPT
	same_refusal iptables -A INPUT -j NOPE
	same_refusal iptables -A INPUT -j FORWARD
	same_refusal iptables -A A -g INPUT
	same_refusal iptables -A INPUT --bogus
	same_refusal iptables -A INPUT -p tcp --dport 65536
	same_refusal iptables -A INPUT -m nope
	same_refusal iptables -D INPUT -j ACCEPT
	same_refusal iptables -D INPUT 2
	same_refusal iptables -I INPUT 3 -j ACCEPT
	same_refusal iptables -R INPUT 2 -j ACCEPT
	same_refusal iptables -Z INPUT 2
	same_refusal iptables -P A DROP
	same_refusal iptables -P INPUT REJECT
	same_refusal iptables -E A A
	same_refusal iptables -t nope -S
	same_refusal iptables -t raw -A INPUT -j ACCEPT
	same_refusal iptables -A OUTPUT -i eth0 -j ACCEPT
	same_refusal iptables-save -t nope
	untouched
	end_ns "$OTHER"
}

# --- errors leave the file as it was ----------------------------------------

@test "a restore with one wrong line leaves the file as it was" {
	one_rule
	refused 2 "iptables-restore $BANNER: unknown option \"--bogus\"
Error occurred at line: 6
Try \`iptables-restore -h' or 'iptables-restore --help' for more information." iptables-restore <<-'END'
		*nat
		-A POSTROUTING -j MASQUERADE
		COMMIT
		*filter
		-A INPUT -j ACCEPT
		-A INPUT --bogus
		COMMIT
	END
	untouched
	refused 1 'iptables-restore: COMMIT expected at line 3' iptables-restore <<-'END'
		*filter
		-A INPUT -j ACCEPT
	END
	untouched
	refused 1 'iptables-restore: line 2 failed: Bad rule (does a matching rule exist in that chain?).' \
		iptables-restore --noflush <<-'END'
		*filter
		-D INPUT -j DROP
		COMMIT
	END
	untouched
	quiet iptables-restore --test <<<$'*filter\n-A INPUT -j DROP\nCOMMIT'
	untouched
	iptables -S
	iptables-save
	untouched
}

@test "an invalid file: reported with the line, not modified" {
	printf '*filter\n-A INPUT --bogus\nCOMMIT\n' >"$RULES"
	chown $NOBODY "$RULES"
	was=$(stamp)
	refused 4 "iptables $BANNER: $RULES, line 2: unknown option \"--bogus\"" iptables -S
	refused 4 "iptables $BANNER: $RULES, line 2: unknown option \"--bogus\"" iptables -A INPUT -j ACCEPT
	refused 4 "iptables-save $BANNER: $RULES, line 2: unknown option \"--bogus\"" iptables-save
	refused 4 "iptables-restore $BANNER: $RULES, line 2: unknown option \"--bogus\"" \
		iptables-restore <<<$'*filter\nCOMMIT'
	untouched
	printf '*filter\n-A INPUT -j ACCEPT\n' >"$RULES"
	was=$(stamp)
	refused_like 4 "$RULES.*COMMIT expected" iptables -A INPUT -j ACCEPT
	untouched
}

@test "no value of a rule is parsed as several words" {
	one_rule
	local option
	for option in '-i' '-m comment --comment' '-m recent --name' '-m helper --helper' '-m nfacct --nfacct-name'; do
		# shellcheck disable=SC2086 # an option is several words
		refused_like 2 "Newlines not allowed in --" iptables -A INPUT $option $'a\n-P INPUT'
	done
	untouched
	# Stock's save quotes neither, so they are parsed as options.
	capture iptables -A INPUT -i 'x -j ACCEPT' -m set --match-set 'y -j DROP' src
	[ "$rc" = 0 ]
	quiet iptables -N 'a"b'
	quiet iptables -A 'a"b' -j RETURN
	quiet iptables -A INPUT -g 'a"b'
	local line
	for line in '-A INPUT -i "x -j ACCEPT" -m set --match-set "y -j DROP" src' '-A INPUT -g "a\"b"' \
		'-A "a\"b" -j RETURN' ':a"b - [0:0]'; do
		grep -Fxe "$line" "$RULES"
	done
	prints "$(grep '^-A' "$RULES")" eval 'iptables -S | grep ^-A'
}

@test "directory not writable: reported, nothing changed" {
	one_rule
	chmod 555 "$DIR"
	refused 4 "iptables $BANNER: cannot write $RULES: Permission denied" iptables -A INPUT -j DROP
	quiet iptables -C INPUT -i lo -j ACCEPT
	untouched
	RAVELIN_BACKEND=file:$DIR/other refused_like 4 "cannot (create|write) $DIR/other: Permission denied" \
		iptables -A INPUT -j DROP
	RAVELIN_BACKEND=file:/nonexistent/rules refused_like 4 '/nonexistent/rules: No such file or directory' \
		iptables -A INPUT -j DROP
	chmod 755 "$DIR"
}

@test "file not writable or readable: reported, not modified" {
	one_rule
	chmod 444 "$RULES"
	chown 0:0 "$RULES"
	was=$(stamp)
	refused 4 "iptables $BANNER: cannot write $RULES: Permission denied" iptables -A INPUT -j DROP
	quiet iptables -C INPUT -i lo -j ACCEPT
	untouched
	chmod 000 "$RULES"
	was=$(stamp)
	refused 4 "iptables $BANNER: cannot open $RULES: Permission denied" iptables -S
	refused 4 "iptables $BANNER: cannot open $RULES: Permission denied" iptables -A INPUT -j DROP
	untouched
	# Writable by everyone, but only root could give the new file to its owner.
	chmod 666 "$RULES"
	was=$(stamp)
	refused 4 "iptables $BANNER: cannot keep the owner and mode of $RULES: Operation not permitted" \
		iptables -A INPUT -j DROP
	untouched
	RAVELIN_BACKEND=file:$DIR refused_like 4 "$DIR" iptables -A INPUT -j DROP
}

@test "disk full: reported, file unchanged" {
	one_rule
	seq -f '-A INPUT -s 10.0.0.%.0f -j ACCEPT' 0 200 | sed -e '1i *filter' -e '$a COMMIT' >"$DIR/large"
	# A file size limit acts like a full disk.
	refused_like 4 "cannot write $RULES: File too large" \
		as_nobody bash -c "ulimit -f 1; exec '$PLACE/bin/iptables-restore' '$DIR/large'"
	untouched
	same rules "$(cd "$DIR" && find . -mindepth 1 ! -name large -printf '%P\n')"
}

@test "nonexistent backend, missing file name: reported" {
	RAVELIN_BACKEND=nope usage_error iptables 'unknown backend "nope"' iptables -S
	RAVELIN_BACKEND=file: usage_error iptables 'backend file needs a path: file:PATH' iptables -S
	refused_like 2 'unknown program: nope' as_nobody "$PLACE/bin/ravelin" nope
}

# --- how it is written ------------------------------------------------------

@test "the file keeps its owner and mode; a new one is private" {
	quiet iptables -A INPUT -j ACCEPT
	same "600 $NOBODY" "$(stat -c '%a %u' "$RULES")"
	chmod 640 "$RULES"
	quiet iptables -A INPUT -j ACCEPT
	same "640 $NOBODY" "$(stat -c '%a %u' "$RULES")"
	# Root edits another user's file.
	chown 123:456 "$RULES"
	chmod 664 "$RULES"
	WHERE=file-as-root
	quiet iptables -A INPUT -j DROP
	same '664 123 456' "$(stat -c '%a %u %g' "$RULES")"
}

@test "the file is replaced, not overwritten: open descriptors keep the old one" {
	one_rule
	exec 7<"$RULES"
	quiet iptables -A INPUT -j DROP
	[ "$(grep -c '^-A' <&7)" -eq 1 ]
	exec 7<&-
	[ "$(grep -c -e '-A' "$RULES")" -eq 2 ]
	same rules "$(cd "$DIR" && find . -mindepth 1 -printf '%P\n')"
}

@test "a symbolic link is followed and kept" {
	install -d -o $NOBODY "$DIR/real"
	ln -s real/target "$DIR/link"
	RAVELIN_BACKEND=file:$DIR/link
	quiet iptables -A INPUT -j ACCEPT
	[ -L "$DIR/link" ]
	[ -f "$DIR/real/target" ]
	quiet iptables -A INPUT -j DROP
	[ -L "$DIR/link" ]
	[ "$(grep -c -e '-A' "$DIR/real/target")" -eq 2 ]
}

@test "links of other users in world-writable directories are not followed" {
	local place=$DIR/tmp words
	is_root || skip 'needs root: a file of somebody else'
	install -d -m 1777 "$place"
	one_rule
	ln -s "$RULES" "$place/mine"
	ln -s "$RULES" "$place/theirs"
	ln -s "$DIR/new" "$place/nothing"
	chown -h 65533 "$place/theirs" "$place/nothing"
	for words in '-S' '-A INPUT -j ACCEPT'; do
		# shellcheck disable=SC2086
		RAVELIN_BACKEND=file:$place/theirs refused 4 "iptables $BANNER: cannot open $place/theirs: Permission denied" iptables $words
	done
	RAVELIN_BACKEND=file:$place/nothing refused 4 "iptables $BANNER: cannot open $place/nothing: Permission denied" iptables -A INPUT -j ACCEPT
	[ ! -e "$DIR/new" ]
	[ "$(grep -c -e '^-A' "$RULES")" -eq 1 ]
	# A link to such a link does not avoid the check, one in the user's own directory does.
	ln -s "$place/theirs" "$DIR/there"
	RAVELIN_BACKEND=file:$DIR/there refused 4 "iptables $BANNER: cannot open $DIR/there: Permission denied" iptables -S
	install -d -o 65533 "$DIR/home"
	ln -s "$RULES" "$DIR/home/link"
	chown -h 65533 "$DIR/home/link"
	RAVELIN_BACKEND=file:$DIR/home/link quiet iptables -A INPUT -j ACCEPT
	# The owner of the directory may create links for all.
	chown -h "$(stat -c %u "$place")" "$place/mine"
	RAVELIN_BACKEND=file:$place/mine quiet iptables -A INPUT -j ACCEPT
	[ -L "$place/mine" ]
}

@test "relative paths, with and without a slash" {
	local path
	one_rule
	cd "$DIR"
	ln -s rules link
	mkdir sub
	for path in rules ./rules link sub/../link; do
		RAVELIN_BACKEND=file:$path prints '-A INPUT -i lo -j ACCEPT' iptables -S INPUT 1
		RAVELIN_BACKEND=file:$path quiet iptables -A INPUT -j DROP
	done
	[ "$(grep -c -e '^-A' "$RULES")" -eq 5 ]
	RAVELIN_BACKEND=file:none/rules refused 4 "iptables $BANNER: cannot create none/rules: No such file or directory" iptables -A INPUT
	RAVELIN_BACKEND=file:none/rules prints '-P INPUT ACCEPT' iptables -S INPUT
}

@test "link loops, and a link that replaces the file during a write" {
	ln -s two "$DIR/one"
	ln -s one "$DIR/two"
	RAVELIN_BACKEND=file:$DIR/one refused 4 "iptables $BANNER: cannot open $DIR/one: Too many levels of symbolic links" iptables -S
	RAVELIN_BACKEND=file:$DIR/one refused 4 "iptables $BANNER: cannot open $DIR/one: Too many levels of symbolic links" iptables -A INPUT
	rm "$DIR/one" "$DIR/two"
	# While the writer waits for the lock, the directory's other name is redirected.
	install -d -o $NOBODY "$DIR/a" "$DIR/b"
	ln -s a "$DIR/link"
	RAVELIN_BACKEND=file:$DIR/link/rules quiet iptables -A INPUT -j ACCEPT
	hold HOLDER flock "$DIR/a/rules" sleep 5
	until_true 5 no flock -n "$DIR/a/rules" true
	RAVELIN_BACKEND=file:$DIR/link/rules iptables -A INPUT -j DROP 3>&- &
	local writer=$!
	until_true 5 waits_for_lock "$writer"
	ln -sfn b "$DIR/link"
	end_ns "$HOLDER"
	wait "$writer"
	[ "$(grep -c -e '^-A' "$DIR/a/rules")" -eq 2 ]
	[ -z "$(ls -A "$DIR/b")" ]
}
waits_for_lock() { pgrep -P "$1" >/dev/null || grep -qs nanosleep "/proc/$1/wchan" || sleep 0.3; }

@test "a writer waits for another one; a reader does not" {
	local holder
	one_rule
	hold holder flock "$RULES" sleep 0.7
	# The lock must be held before we request it.
	until_true 5 locked
	prints '-A INPUT -i lo -j ACCEPT' iptables -S INPUT 1
	locked
	quiet iptables -A INPUT -j DROP
	no locked
	[ "$(grep -c -e '^-A' "$RULES")" -eq 2 ]
	end_ns "$holder"
}
locked() { ! flock --nonblock "$RULES" true; }

@test "killed at any moment, it leaves the old file or the new one" {
	local round pid
	one_rule
	seq -f '-A INPUT -s 10.0.0.0/8 -p tcp --dport %.0f -j ACCEPT' 1 3000 | sed -e '1i *filter' -e '$a COMMIT' >"$DIR/new"
	cp -p "$RULES" "$DIR/old"
	iptables-restore "$DIR/new"
	[ "$(grep -c '^-A' "$RULES")" -eq 3000 ]
	for round in {1..30}; do
		cp -p "$DIR/old" "$RULES"
		"$PLACE/bin/iptables-restore" "$DIR/new" 3>&- &
		pid=$!
		sleep "0.0$((round / 10))$((round % 10))"
		kill -KILL $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		case $(grep -c '^-A' "$RULES")$(tail -n 1 "$RULES") in
			1COMMIT | 3000COMMIT) ;;
			*) echo 'neither the old file nor the new one'; return 1 ;;
		esac
		iptables-save >/dev/null
	done
	# Leftovers of the killed writers are removed by the next change.
	iptables-restore "$DIR/new"
	same 'new old rules' "$(find "$DIR" -mindepth 1 -printf '%P\n' | sort | paste -sd ' ')" 'files'
}

@test "without O_TMPFILE: the file of a killed writer is deleted by the next" {
	one_rule
	local text
	printf 'half a rul' >"$DIR/.rules.ravelin"
	quiet iptables -A INPUT -j DROP
	same 'rules' "$(find "$DIR" -mindepth 1 -printf '%P\n' | sort | paste -sd ' ')" 'files'
	# As without O_TMPFILE: killed between writing and renaming, and then not.
	ns "$NS" strace -qq -o "$DIR/trace" -e trace=openat,/^rename -e inject=openat:error=EOPNOTSUPP:when=999 \
		"$RAVELIN_BIN/iptables" -A INPUT -j DROP
	text=$(grep -n O_TMPFILE "$DIR/trace" | cut -d: -f1)
	ns "$NS" strace -qq -o /dev/null -e trace=openat,/^rename -e inject=openat:error=EOPNOTSUPP:when="$text" \
		-e inject=/^rename:signal=KILL "$RAVELIN_BIN/iptables" -A INPUT -j ACCEPT || true
	rm "$DIR/trace"
	[ -e "$DIR/.rules.ravelin" ] || [ "$(grep -c '^-A' "$RULES")" -eq 4 ]
	ns "$NS" strace -qq -o /dev/null -e trace=openat -e inject=openat:error=EOPNOTSUPP:when="$text" \
		"$RAVELIN_BIN/iptables" -A INPUT -j RETURN
	iptables -C INPUT -j RETURN
	same 'rules' "$(find "$DIR" -mindepth 1 -printf '%P\n' | sort | paste -sd ' ')" 'files'
}

@test "a pipe, a device, a directory: refused without blocking" {
	local name
	mkfifo "$DIR/pipe"
	for name in "$DIR/pipe" /dev/null /dev/zero /dev/tty "$DIR"; do
		[ "$name" != /dev/tty ] || [ -e /dev/tty ] || continue
		for words in '-S' '-L' '-C INPUT -j ACCEPT' '-A INPUT -j ACCEPT'; do
			# shellcheck disable=SC2086
			RAVELIN_BACKEND=file:$name capture timeout 5 "$RAVELIN_BIN/iptables" $words
			[ "$rc" -eq 4 ] || { echo "$name $words: $rc $err"; return 1; }
			[[ $err == *"cannot open $name: "* ]]
		done
	done
}

@test "comments and blank lines of a hand-written file stay in place" {
	cat >"$RULES" <<-'END'
		# My firewall

		# ask Joe first
		*filter
		# nobody gets in
		:INPUT DROP [0:0]
		:FORWARD ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		# for the web
		:web - [0:0]

		# the loopback
		-A INPUT -i lo -j ACCEPT
		# ssh, from inside
		-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT
		# web servers
		-A INPUT -p tcp -m tcp --dport 80 -j web
		# the rest is dropped
		COMMIT
		# the end
	END
	chown $NOBODY:$NOBODY "$RULES"
	cp "$RULES" "$DIR/by.hand"
	# Only the requested parts change.
	quiet iptables -A INPUT -p udp -m udp --dport 53 -j ACCEPT
	same '0a1
> # Written by ravelin
17a19
> -A INPUT -p udp -m udp --dport 53 -j ACCEPT' "$(diff "$DIR/by.hand" "$RULES")" change
	quiet iptables -D INPUT -p udp -m udp --dport 53 -j ACCEPT
	quiet iptables -R INPUT 1 -i lo0 -j ACCEPT
	same '0a1
> # Written by ravelin
13c14
< -A INPUT -i lo -j ACCEPT
---
> -A INPUT -i lo0 -j ACCEPT' "$(diff "$DIR/by.hand" "$RULES")" change
	# Comments of deleted lines stay before the next line.
	quiet iptables -D INPUT 2
	grep -A1 -x '# ssh, from inside' "$RULES" | grep -x '# web servers'
	quiet iptables -F INPUT
	quiet iptables -X web
	quiet iptables -P INPUT ACCEPT
	same "$(grep -e '^#' -e '^$' "$DIR/by.hand" | sort)" "$(grep -e '^#' -e '^$' "$RULES" | grep -v Written | sort)" comments
	quiet iptables-restore --noflush < <(printf '*filter\n-A INPUT -j DROP\nCOMMIT\n*nat\nCOMMIT\n')
	same "$(grep -e '^#' -e '^$' "$DIR/by.hand" | sort)" "$(grep -e '^#' -e '^$' "$RULES" | grep -v Written | sort)" comments
	# Appended rules follow the comments of flushed ones.
	quiet iptables-restore --noflush < <(printf '*filter\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n')
	sed -i 's/^-A INPUT -i lo/# once\n&/' "$RULES"
	quiet iptables-restore --noflush < <(printf '*filter\n-F INPUT\n-A INPUT -j REJECT\nCOMMIT\n')
	grep -A1 -x '# once' "$RULES" | grep -x -e '-A INPUT -j REJECT --reject-with icmp-port-unreachable'
	# Generated comments would be wrong in the next file.
	printf '# Generated by iptables-save v1.8.9 on Mon\n*filter\nCOMMIT\n# Completed on Mon\n' >"$RULES"
	quiet iptables -A INPUT -j DROP
	no grep -e Generated -e Completed "$RULES"
}

@test "the new file is synced before it is renamed, and then the directory" {
	one_rule
	ns "$NS" strace -qq -e trace=fsync,/^rename -o "$DIR/trace" "$RAVELIN_BIN/iptables" -A INPUT -j DROP
	same 'fsync rename fsync' "$(sed 's/(.*//' "$DIR/trace" | paste -sd ' ')" 'order of calls'
}
