#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs in the machine that tests/callers/run creates:   inside.bash stock|ravelin CALLER CALLS FOREIGN
# /callers is this directory, /ravelin the build, /libraries the libraries of the build.
set -u
# The last two are nonempty to record each call, and to add a foreign rule to each base chain.
tool=$1 caller=$2 calls=$3 foreign=$4

# Ravelin replaces the programs it has. xtables-nft-multi stays, since ebtables and arptables are
# links to it.
install_ravelin()
{
	local name library
	for name in /ravelin/bin/*; do
		name=${name##*/}
		[ "$name" = xtables-nft-multi ] || ln -sfn /ravelin/ravelin "/usr/sbin/$name"
	done
	ldd /ravelin/ravelin | sed -n 's/^\t*\([^ ]*\) => not found$/\1/p' | while read -r library; do
		cp "/libraries/$library" /usr/local/lib/
	done
	ldconfig
	/ravelin/ravelin --version >/dev/null || exit 125
}

# Puts a program that records each call in front of the six.
install_record()
{
	local name
	mkdir /usr/lib/recorded
	for name in ip{,6}tables{,-save,-restore}; do
		ln -s "$(readlink -f "/usr/sbin/$name")" "/usr/lib/recorded/$name"
		ln -sfn /callers/record "/usr/sbin/$name"
	done
}

# Creates eth0 and its neighbour in another namespace. No packets are sent automatically: multicast
# reports are sent once, immediately.
install_network()
{
	local pid quiet
	quiet="sysctl -qw $(echo net.ipv6.conf.{all,default}.accept_{dad,ra}=0 \
		net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.default.router_solicitations=0 \
		net.ipv6.conf.{all,default}.mldv{1,2}_unsolicited_report_interval=10)"
	$quiet
	ip link set lo up
	ip link add eth0 address 02:00:00:00:00:02 type veth peer name wire address 02:00:00:00:00:01
	unshare --net sleep infinity &
	pid=$!
	while [ "/proc/$pid/ns/net" -ef /proc/self/ns/net ]; do sleep 0.01; done
	nsenter -t "$pid" -n $quiet
	ip link set wire netns "$pid"
	nsenter -t "$pid" -n sh -c "ip link set wire up; ip addr add 192.0.2.1/24 dev wire;
		ip -6 addr add 2001:db8::1/64 dev wire nodad"
	ip link set eth0 up
	ip addr add 192.0.2.2/24 dev eth0
	ip -6 addr add 2001:db8::2/64 dev eth0 nodad
	ip route add default via 192.0.2.1
	ip -6 route add default via 2001:db8::1
	sleep 0.3
	export NEIGHBOUR=$pid
}

# Adds a rule to each base chain that matches no packet and that iptables cannot express. Stock
# would report incompatible tables; it gets the same chains without the rule.
install_foreign()
{
	local family table chain
	for family in ip ip6; do
		for table in raw:PREROUTING,OUTPUT mangle:PREROUTING,INPUT,FORWARD,OUTPUT,POSTROUTING \
			nat:PREROUTING,INPUT,OUTPUT,POSTROUTING filter:INPUT,FORWARD,OUTPUT; do
			for chain in $(tr , ' ' <<<"${table#*:}"); do
				"${family}tables" -t "${table%:*}" -P "$chain" ACCEPT
				[ "$tool" = stock ] || nft add rule $family "${table%:*}" "$chain" $family saddr \
					"$([ $family = ip ] && echo '{ 203.0.113.253, 203.0.113.254 }' ||
						echo '{ 2001:db8:f::253, 2001:db8:f::254 }')" counter
			done
		done
	done
}

# Callers such as ferm and firehol would prefer iptables-legacy, and test nothing.
rm -f /usr/sbin/{ip{,6}tables-legacy*,xtables-legacy-multi}
[ "$tool" = stock ] || install_ravelin
[ -z "$calls" ] || install_record
install_network
[ -z "$foreign" ] || install_foreign
# shellcheck source=tests/callers/lib.bash
. /callers/lib.bash
cd /root || exit 125
(
	# shellcheck disable=SC1090 # which one is the point
	. "/callers/$caller.sh"
)
rc=$?
snapshot "at the end"
[ -z "$calls" ] || cat /run/calls
exit $rc
