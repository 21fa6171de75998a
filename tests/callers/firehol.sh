# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# firehol: a firewall with two interfaces and a router started, restarted with a mistake (the old
# rules come back), saved, stopped and panicked.
#
# packages: firehol
# shows: -A in_lan -p tcp --sport 1024:65535 --dport 22|-A in_lan .*--dport 22
# shows: -A POSTROUTING .*MASQUERADE
# shows: -j DNAT --to-destination 10.1.0.5

# Debian's package asks for iptables-legacy by name; firehol's own asks for iptables.
sed -i 's/tables-legacy/tables/' /usr/lib/firehol/install.config

ip link add eth1 type veth peer name behind
ip link set behind up
ip link set eth1 up
ip addr add 10.1.0.1/16 dev eth1
sed -i 's/START_FIREHOL=.*/START_FIREHOL=YES/' /etc/default/firehol

cat >/etc/firehol/firehol.conf <<'END'
version 6
office="198.51.100.0/24 203.0.113.7"
server_backup_ports="tcp/8000:8010 udp/8000"
client_backup_ports="default"
ipv4 masquerade eth0
dnat4 to 10.1.0.5:80 inface eth0 proto tcp dport 8080
ipv4 transparent_proxy 80 3128 proxy inface eth1
ipv4 blacklist full inface eth0 src "203.0.113.66 203.0.113.67"
interface eth0 internet src4 not "10.0.0.0/8" src6 not "fd00::/8"
	protection strong 10/sec 10
	policy drop
	server "ssh" accept src4 "$office" src6 "2001:db8:51::/48"
	server "http https" accept limit 30/sec 60
	server ping accept
	server custom game "tcp/4711 udp/4711:4720" default accept
	client all accept
interface eth1 lan
	policy reject
	server "ssh dns dhcp" accept
	server backup accept log "backup"
	client "ssh icmp" accept
router outward inface eth1 outface eth0
	policy drop
	route all accept
	server ident reject with tcp-reset
END

# Its lines contain times, process IDs and random names.
quiet() { "$@" 2>&1 | tr '\r' '\n' | sed -E 's/\x1b\[[0-9;]*[A-Za-z]//g; s/firehol[.-][[:alnum:]]{10}\b/RANDOM/g; s/[0-9]+ (ms|secs?)/CLOCK/g;
	/^[A-Z][a-z]{2} [A-Z][a-z]{2} .* 20[0-9]{2}/d'; return "${PIPESTATUS[0]}"; }

may quiet firehol debug </dev/null
must quiet firehol start
snapshot "started"
must quiet firehol save
echo '	server nosuchservice accept' >>/etc/firehol/firehol.conf
may quiet firehol restart
sed -i '$d' /etc/firehol/firehol.conf
echo '	server custom wrong tcp/99999 default accept' >>/etc/firehol/firehol.conf
may quiet firehol restart
sed -i '$d' /etc/firehol/firehol.conf
snapshot "after two mistakes"
echo '	server custom more tcp/993 default accept' >>/etc/firehol/firehol.conf
must quiet firehol restart
snapshot "with a change"
may quiet firehol status
may quiet firehol panic 198.51.100.7
snapshot "panic"
must quiet firehol stop
snapshot "stopped"
