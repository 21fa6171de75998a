# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The CNI plugins bridge (with masquerading), portmap and firewall: two containers added, one
# added again, checked and deleted, called as by a container runtime.
#
# packages: containernetworking-plugins
# check: yes
# shows: -A CNI-HOSTPORT-DNAT .*-m multiport --dports 8080,8081
# shows: -A CNI-FORWARD -d 10.77.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
# shows: -A POSTROUTING -s 10.77.0.2/32 .*-j CNI-

plugins=/usr/lib/cni

network='"cniVersion": "0.4.0", "name": "net"'
bridge="{$network, \"type\": \"bridge\", \"bridge\": \"cni0\", \"isGateway\": true, \"ipMasq\": true,
	\"ipam\": {\"type\": \"host-local\", \"ranges\": [[{\"subnet\": \"10.77.0.0/16\"}],
	[{\"subnet\": \"2001:db8:77::/64\"}]], \"routes\": [{\"dst\": \"0.0.0.0/0\"}, {\"dst\": \"::/0\"}]}"
ports='"runtimeConfig": {"portMappings": [
	{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"},
	{"hostPort": 8081, "containerPort": 81, "protocol": "tcp"},
	{"hostPort": 5353, "containerPort": 53, "protocol": "udp"},
	{"hostPort": 9090, "containerPort": 90, "protocol": "tcp", "hostIP": "192.0.2.2"}]}'

# plugin COMMAND CONTAINER TYPE CONFIG
plugin()
{
	echo "\$ $3 $1 $2"
	printf '%s' "$4" | CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/run/netns/$2 CNI_IFNAME=eth0 \
		CNI_PATH=$plugins "$plugins/$3" >reply 2>&1
	echo "= $?"
	grep -E '"(code|msg|details)"' reply || true
}

# container COMMAND NAME: calls the plugins in order, as a runtime does.
container()
{
	local previous
	plugin "$1" "$2" bridge "$bridge${3:+, \"prevResult\": $3}}"
	if [ "$1" = ADD ]; then
		cp reply "$2.result"
	fi
	previous=$(cat "$2.result")
	plugin "$1" "$2" portmap "{$network, \"type\": \"portmap\", \"snat\": true,
		\"capabilities\": {\"portMappings\": true}, $ports, \"prevResult\": $previous}"
	plugin "$1" "$2" firewall "{$network, \"type\": \"firewall\", \"backend\": \"iptables\",
		\"iptablesAdminChainName\": \"ADMIN\", \"prevResult\": $previous}"
}

ip netns add one
ip netns add two
container ADD one
snapshot "one container"
container ADD two
snapshot "two containers"
container CHECK one "$(cat one.result)"
container CHECK two "$(cat two.result)"
# A rule deleted by another program.
must iptables -t nat -F CNI-HOSTPORT-DNAT
container CHECK one "$(cat one.result)"
container DEL one "$(cat one.result)"
snapshot "one deleted"
container DEL one "$(cat one.result)"
container DEL two "$(cat two.result)"
