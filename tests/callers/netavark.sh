# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netavark, the network of podman, with its iptables driver: two containers on two networks, ports
# published, isolation, and all of it taken down.
#
# packages: netavark
# check: yes
# shows: -A NETAVARK-DN-.* --dport 8080 -j DNAT --to-destination 10.88.0.2:80
# shows: -A NETAVARK-.* ! -d 224.0.0.0/4 -j MASQUERADE
# shows: -A NETAVARK_ISOLATION_

export NETAVARK_FW=iptables
PATH=$PATH:/usr/lib/podman
mkdir -p /run/netavark

# network NAME ID BRIDGE SUBNET4 SUBNET6, container N NETWORK ADDRESS4 ADDRESS6 PORTS
network()
{
	echo "\"$1\": {\"name\": \"$1\", \"id\": \"$(printf '%064d' "$2")\", \"driver\": \"bridge\",
		\"network_interface\": \"$3\", \"internal\": false, \"ipv6_enabled\": true, \"dns_enabled\": false,
		\"subnets\": [{\"subnet\": \"$4.0/24\", \"gateway\": \"$4.1\"}, {\"subnet\": \"$5::/64\", \"gateway\": \"$5::1\"}],
		\"options\": {\"isolate\": \"true\"}, \"ipam_options\": {\"driver\": \"host-local\"}}"
}
one=$(network one 1 podman1 10.88.0 2001:db8:88)
two=$(network two 2 podman2 10.89.0 2001:db8:89)
container()
{
	echo "{\"container_id\": \"$(printf '%064d' "$1")\", \"container_name\": \"c$1\",
		\"networks\": {\"$2\": {\"interface_name\": \"eth0\", \"static_mac\": \"02:00:00:00:01:0$1\",
		\"static_ips\": [\"$3\", \"$4\"]}},
		\"network_info\": {$5}, \"port_mappings\": [$6]}"
}
port() { echo "{\"host_ip\": \"$1\", \"container_port\": $2, \"host_port\": $3, \"range\": $4, \"protocol\": \"$5\"}"; }
first=$(container 1 one 10.88.0.2 2001:db8:88::2 "$one" \
	"$(port '' 80 8080 1 tcp), $(port '' 5000 5000 11 udp), $(port 192.0.2.2 90 9090 1 tcp)")
second=$(container 2 two 10.89.0.2 2001:db8:89::2 "$two" "$(port '' 80 8081 1 tcp), $(port ::1 25 2525 1 tcp)")

# act setup|teardown N TEXT
act()
{
	echo "\$ netavark $1 $2"
	printf '%s' "$3" | netavark --config /run/netavark "$1" "/run/netns/c$2" 2>&1
	echo "
= ${PIPESTATUS[1]}"
}

ip netns add c1
ip netns add c2
act setup 1 "$first"
snapshot "one container"
act setup 2 "$second"
snapshot "two containers"
# A port that is taken away before its container ends.
must iptables -t nat -F NETAVARK-HOSTPORT-DNAT
act teardown 1 "$first"
snapshot "one left"
act teardown 1 "$first"
act teardown 2 "$second"
