#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# iptables-xml and ravelin json: round trips, comparison with stock, and refusals.
#
# Tests run in subshells; lib.bash sets and uses their variables.
# shellcheck disable=SC2154,SC2034

load lib

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	RAVELIN=$RAVELIN_BIN/../ravelin
	cat >rules <<-'END'
		*filter
		:INPUT DROP [1:2]
		:FORWARD ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		:10.1 - [0:0]
		:user - [0:0]
		[3:4] -A INPUT -i lo -j ACCEPT
		[0:0] -A INPUT -p tcp -m multiport --dports 22,80:90 -m comment --comment "a \"b\" é <c>" -g user
		[5:6] -A user ! -s 10.0.0.0/8 -m comment --comment -x -j LOG --log-prefix "-- "
		[7:8] -A user ! -s 10.0.0.0/8 -m comment --comment -x -j 10.1
		COMMIT
	END
}

# refuses TEXT MESSAGE COMMAND...: expects exit code 1 and this first line for the input TEXT.
refuses()
{
	printf '%s' "$1" >input
	run "${@:3}" <input
	same "$2" "${lines[0]}" "$1"
	[ "$status" -eq 1 ]
}

@test "every case of extensions/, and 10,000 of them at random, come back from XML and JSON" {
	local oracle
	oracle=$("$LIB_DIR/../oracle") || oracle=
	run python3 "$LIB_DIR/formats.py" "$RAVELIN_BIN" "$LIB_DIR/../../extensions" \
		"$LIB_DIR/../../docs/ravelin.schema.json" 10000 1 ${oracle:+"$oracle"}
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "JSON keeps counters, quotes, dashes, and bytes that are not UTF-8" {
	"$RAVELIN" json rules >json
	same "$(cat rules)" "$("$RAVELIN" json --restore -c json)"
	same "$(sed 's/^\[[0-9:]*\] //' rules)" "$("$RAVELIN" json --restore <json)"
	printf '*raw\n:OUTPUT ACCEPT [0:0]\n[1:2] -A OUTPUT -m comment --comment "\xff"\nCOMMIT\n' >bytes
	"$RAVELIN" json -6 bytes >json
	grep -F '"hex": "ff"' json
	cmp bytes <("$RAVELIN" json -r -c json)
	printf '*raw\n:OUTPUT ACCEPT [18446744073709551615:9223372036854775808]\nCOMMIT\n' >big
	cmp big <("$RAVELIN" json big | "$RAVELIN" json -r -c)
}

@test "JSON of loaded rules" {
	need_root
	new_ns NS
	ns "$NS" "$RAVELIN_BIN/iptables-restore" -c rules
	ns "$NS" "$RAVELIN" json --live >json
	end_ns "$NS"
	same "$(cat rules)" "$("$RAVELIN" json -r -c json)"
	same "$(cat json)" "$(RAVELIN_BACKEND=file:rules "$RAVELIN" json --live)"
}

@test "invalid JSON and unknown members are refused with their location" {
	local head='{"ravelin":1,"family":"ip","tables":[{"name":"filter","chains":['
	local json="$RAVELIN json -r"
	# shellcheck disable=SC2086 # a command
	{
	refuses '' "ravelin json: line 1: '[' or '{' expected near end of file" $json
	refuses $'{\n"a" 1}' "ravelin json: line 2: ':' expected near '1'" $json
	refuses '[]' 'ravelin json: the document is not an object' $json
	refuses '{"ravelin":1,"ravelin":1}' "ravelin json: line 1: duplicate object key near '\"ravelin\"'" $json
	refuses '{"ravelin":2,"family":"ip","tables":[]}' 'ravelin json: format 2 is not supported, only 1' $json
	refuses '{"ravelin":1,"family":"x","tables":[]}' "ravelin json: family \`x' is neither ip nor ip6" $json
	refuses '{"ravelin":1,"family":"ip"}' "ravelin json: the document has no \`tables'" $json
	refuses '{"ravelin":1,"family":"ip","tables":{}}' "ravelin json: \`tables' of the document must be an array" $json
	refuses "$head"'{"name":"x","more":1}]}]}' "ravelin json: /tables/0/chains/0: a chain has an unknown member \`more'" $json
	refuses "$head"'{"name":"a b"}]}]}' 'ravelin json: /tables/0/chains/0: a chain has an invalid name' $json
	refuses "$head"'{"name":"x","bytes":-1}]}]}' "ravelin json: /tables/0/chains/0: \`bytes' is not a number of packets or bytes" $json
	refuses "$head"'{"name":"INPUT","policy":"KEEP"}]}]}' "ravelin json: /tables/0/chains/0: \`KEEP' is not a policy" $json
	refuses "$head"'{"name":"x","rules":[{},{"options":[{"name":"p","args":["a\nb"]}]}]}]}]}' 'ravelin json: /tables/0/chains/0/rules/1: a string contains a line break or a zero byte' $json
	refuses "$head"'{"name":"x","rules":[{},{"options":[{"name":"p -j"}]}]}]}]}' "ravelin json: /tables/0/chains/0/rules/1: \`p -j' is not an option name" $json
	refuses "$head"'{"name":"y"},{"name":"x","rules":[{},{"options":[{"name":"p","args":["tcpx"]}]}]}]}]}' 'ravelin json: /tables/0/chains/1/rules/1: unknown protocol "tcpx" specified' $json
	refuses "$head"'{"name":"x","rules":[{"target":{"name":"DROP"},"goto":{"name":"x"}}]}]}]}' 'ravelin json: /tables/0/chains/0/rules/0: a rule cannot have both target and goto' $json
	refuses "$head"'{"name":"x","rules":[{"target":{"name":"none"}}]}]}]}' "ravelin json: /tables/0/chains/0/rules/0: Chain 'none' does not exist" $json
	refuses "$head"'{"name":{"hex":"6"}}]}]}' "ravelin json: /tables/0/chains/0: \`hex' must have two digits per byte" $json
	refuses "$head"'{"name":{"hex":"x6"}}]}]}' "ravelin json: /tables/0/chains/0: \`hex' must have two digits per byte" $json
	refuses "$head"'{"name":{"hex":"6x"}}]}]}' "ravelin json: /tables/0/chains/0: \`hex' must have two digits per byte" $json
	}
	run "$RAVELIN" json <<<$'*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dprt 1\nCOMMIT'
	[ "$status" -eq 2 ]
	same 'Error occurred at line: 3' "${lines[1]}"
}

@test "XML calls chains of any name, and converts back" {
	"$RAVELIN_BIN/iptables-xml" rules >xml
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' xml
	grep -F '<chain name="10.1" />' xml
	same "$(cat rules)" "$("$RAVELIN_BIN/iptables-xml" --restore xml)"
	"$RAVELIN_BIN/iptables-xml" -c rules >xml
	same 1 "$(grep -c 'Combine action from next rule' xml)"
	same "$(sed '/^\[7:8\]/s/^[^ ]* //' rules)" "$("$RAVELIN_BIN/iptables-xml" -r xml)"
}

@test "arguments that look like options survive XML" {
	local xml=$RAVELIN_BIN/iptables-xml
	printf '*filter\n:INPUT DROP [1:2]\n%s\n%s\nCOMMIT\n' '[3:4] -A INPUT -m comment --comment -port-un' \
		'-A INPUT -m comment --comment --d ! -i eth0 -m comment --comment -d5 -j ACCEPT' >dashes
	"$xml" dashes >xml
	same "$(cat dashes)" "$("$xml" -r xml)"
	sed -i 's/word="-port-un"/word="-j"/' xml
	run "$xml" -r xml
	same "iptables-xml: line 8: \`-j' is not \`port-un' with dashes" "$output"
	[ "$status" -eq 1 ]
}

@test "XML distinguishes a target from a chain of the same name" {
	local xml=$RAVELIN_BIN/iptables-xml
	printf '*filter\n:INPUT ACCEPT [0:0]\n:LOG - [0:0]\n%s\n%s\n%s\nCOMMIT\n' '-A INPUT -j LOG --log-prefix a' \
		'-A INPUT -j LOG' '-A INPUT -g LOG' >same
	same "$(cat same)" "$("$xml" same | "$xml" -r)"
}

# means TEXT: the XML of a restore file equals that of its save output, and converts back.
means()
{
	local xml=$RAVELIN_BIN/iptables-xml
	rm -f means.file
	printf '%b' "$1" >means.rules
	RAVELIN_BACKEND=file:means.file "$RAVELIN_BIN/${2:-iptables}-restore" -c means.rules
	grep -v '^#' means.file >means.saved
	same "$("$xml" means.saved)" "$("$xml" means.rules)" "XML of $1"
	same "$(cat means.saved)" "$("$xml" means.rules | "$xml" -r)" "XML and back of $1"
}

@test "XML takes every line that restore takes: long options, glued ones, all commands" {
	local head='*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:web - [0:0]\n'
	cd "$BATS_TEST_TMPDIR"
	for line in '--append INPUT -p tcp -j ACCEPT' '-AINPUT -p tcp -j ACCEPT' '-A INPUT -ptcp -jACCEPT' \
		'-A INPUT --protocol=tcp --jump=ACCEPT' '-A INPUT --proto=tcp -mtcp --dport=22 -jACCEPT' \
		'-p tcp -A INPUT -j ACCEPT' '-I INPUT -p tcp -j ACCEPT' '-A INPUT -j DROP\n-IINPUT 1 -s1.2.3.4 -jweb' \
		'-A INPUT -j DROP\n-A INPUT -j ACCEPT\n-D INPUT 1' '-A INPUT -j DROP\n-D INPUT -j DROP' \
		'-A INPUT -j DROP\n-R INPUT 1 -j ACCEPT' '-N foo\n-A foo -j ACCEPT\n-A INPUT -gfoo' '-P INPUT DROP' \
		'-E web new\n-A INPUT -j new' '-A INPUT -j DROP\n-F INPUT\n-X web' '[3:4] -AINPUT -ptcp -jACCEPT' \
		'[3:4] -AINPUT -ptcp\n-Z' '-A INPUT -j DROP\n-C INPUT -j DROP\n-L INPUT\n-S' '-AINPUT -4 -j DROP' \
		'-AINPUT -6 -j DROP' '-vAINPUT -c1 2 -jDROP' '-A INPUT -s1.2.3.4,5.6.7.8 -jDROP' \
		'-AINPUT -m comment --comment="a -x b" -jLOG --log-prefix -y' '--new-chain foo\n--policy FORWARD DROP'; do
		means "$head$line\nCOMMIT\n"
	done
	# Undeclared chains, tables in another order, and the other family.
	means '*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n*mangle\n-AINPUT -jACCEPT\nCOMMIT\n'
	means '*filter\n-AINPUT -sfd00::/8 -pipv6-icmp --icmpv6-type=echo-request -jACCEPT\nCOMMIT\n' ip6tables
}

@test "XML of a file with other commands keeps its comments" {
	prints '<iptables-rules version="1.0">
<!-- # first -->
<!-- # inside -->
  <table name="filter" >
    <chain name="INPUT" policy="DROP" packet-count="0" byte-count="0" >
      <rule >
       <actions>
        <ACCEPT  />
       </actions>

      </rule>

    </chain>
    <chain name="FORWARD" policy="ACCEPT" packet-count="0" byte-count="0" />
    <chain name="OUTPUT" policy="ACCEPT" packet-count="0" byte-count="0" />
  </table>
<!-- # last -->
</iptables-rules>' "$RAVELIN_BIN/iptables-xml" <<-'R'
	# first
	*filter
	-P INPUT DROP
	# inside
	-IINPUT -jACCEPT
	COMMIT
	# last
	R
}

@test "rules with unknown matches are converted by words" {
	local xml=$RAVELIN_BIN/iptables-xml
	printf '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m unheard --of -x5 -j ACCEPT\nCOMMIT\n' >unheard
	same "$(cat unheard)" "$("$xml" unheard | "$xml" -r)"
}

@test "invalid save files are refused with the line" {
	local xml=$RAVELIN_BIN/iptables-xml head=$'*filter\n:INPUT ACCEPT [0:0]\n'
	refuses $'-A INPUT\n' 'iptables-xml: line 1 failed' "$xml"
	refuses "${head}-I OTHER"$'\nCOMMIT\n' 'iptables-xml: line 3 failed - no chain found' "$xml"
	refuses "${head}-A OTHER"$'\nCOMMIT\n' 'iptables-xml: line 3 failed - no chain found' "$xml"
	refuses "$head" 'iptables-xml: COMMIT expected at line 3' "$xml"
	refuses "${head}:INPUT - [0:0]"$'\n' "iptables-xml: line 3 failed - chain \`INPUT' already exists" "$xml"
	refuses "${head}:X - [0:x]"$'\n' "iptables-xml: line 3 failed - invalid counters \`[0:x]'" "$xml"
	refuses "${head}"$'-A INPUT -m comment --comment \xff\n' 'iptables-xml: line 3 failed - XML cannot contain bytes that are not UTF-8' "$xml"
	refuses "${head}-A INPUT -4"$'\n' "iptables-xml: line 3 failed - XML has no element \`4'" "$xml"
	run "$xml" <<<"${head}[1:2 -A INPUT"
	same "iptables-xml v1.8.13 (nf_tables): Bad line 3: need ]" "${lines[0]}"
	[ "$status" -eq 2 ]
	run "$xml" not-there
	same "Can't open not-there: No such file or directory" "$output"
	[ "$status" -eq 1 ]
}

@test "invalid and foreign XML is refused with the line" {
	local head='<iptables-rules><table name="filter"><chain name="INPUT" '
	local xml="$RAVELIN_BIN/iptables-xml -r"
	# shellcheck disable=SC2086 # a command
	{
	refuses '' 'iptables-xml: line 1: no element found' $xml
	refuses $'<iptables-rules>\n<a>' "iptables-xml: line 2: element \`a' is not expected here" $xml
	refuses '<a/>' "iptables-xml: line 1: \`a' is not <iptables-rules>" $xml
	refuses '<iptables-rules version="2"/>' "iptables-xml: line 1: version \`2' is not supported, only 1.0" $xml
	refuses '<iptables-rules><table/></iptables-rules>' 'iptables-xml: line 1: <table> needs a name' $xml
	refuses '<iptables-rules><table name="a&#10;b"/></iptables-rules>' 'iptables-xml: line 1: <table> needs a name' $xml
	refuses '<!DOCTYPE x [<!ENTITY a "aaaa">]><x/>' "iptables-xml: line 1: a document type (\`x') is not accepted" $xml
	refuses "$head"'packet-count="1"/></table></iptables-rules>' 'iptables-xml: line 1: packet-count and byte-count must be given together' $xml
	refuses "$head"'packet-count="1" byte-count="-1"/></table></iptables-rules>' "iptables-xml: line 1: \`-1' is not a number of packets or bytes" $xml
	refuses "$head>"'text</chain></table></iptables-rules>' 'iptables-xml: line 1: text is not expected here' $xml
	refuses "$head>"'<rule><conditions><match><s>a&#10;-A INPUT</s></match></conditions></rule></chain></table></iptables-rules>' 'iptables-xml: line 1: a rule argument contains a line break' $xml
	refuses "$head>"'<rule><conditions><match><s><b/></s></match></conditions></rule></chain></table></iptables-rules>' "iptables-xml: line 1: element \`b' is not expected here" $xml
	refuses "$head" 'iptables-xml: line 1: unclosed token' $xml
	}
}
