# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fail2ban: jails with its iptables actions; addresses banned, by hand and by a log, and unbanned.
#
# packages: fail2ban ipset
# check: yes
# shows: -A INPUT -p tcp -m multiport --dports 22,2222 -j f2b-sshd
# shows: -A f2b-sshd -s 198.51.100.7/32 -j REJECT --reject-with icmp-port-unreachable
# shows: -A f2b-all -s 198.51.100.7/32 -j DROP
# shows: -A f2b-all -s 2001:db8:7::1/128 -j REJECT --reject-with icmp6
# shows: -m set --match-set f2b-set src -j REJECT
# shows: 198.51.100.99

rm -f /etc/fail2ban/jail.d/*
mkdir -p /run/fail2ban
: >/var/log/auth.log
cat >/etc/fail2ban/jail.local <<'END'
[DEFAULT]
backend = polling
bantime = 1h
findtime = 10m
maxretry = 2
logpath = /var/log/auth.log
allowipv6 = yes
usedns = no
[sshd]
enabled = true
backend = polling
port = 22,2222
action = iptables-multiport[name=sshd, port="%(port)s", protocol=tcp]
[all]
enabled = true
filter = sshd
action = iptables-allports[name=all, protocol=all, blocktype=DROP]
[one]
enabled = true
filter = sshd
action = iptables[name=one, port=25, protocol=tcp, chain=FORWARD]
[new]
enabled = true
filter = sshd
action = iptables-new[name=new, port=smtp, protocol=tcp]
[set]
enabled = true
filter = sshd
action = iptables-ipset[name=set, port=443, protocol=tcp]
END

must fail2ban-client start
until_true fail2ban-client ping
# The actions start with the first address.
must fail2ban-client set sshd banip 198.51.100.7 198.51.100.8 2001:db8:7::1
must fail2ban-client set all banip 198.51.100.7 2001:db8:7::1
must fail2ban-client set one banip 203.0.113.0/24
must fail2ban-client set new banip 198.51.100.9
must fail2ban-client set set banip 198.51.100.10 2001:db8:7::2
until_true sh -c 'iptables -S | grep -q f2b-set && ip6tables -S | grep -q f2b-set'
until_true sh -c 'iptables -S f2b-new | grep -q REJECT; iptables -S f2b-one | grep -q 203.0.113'
until_true sh -c 'ip6tables -S f2b-all | grep -q db8:7::1'
snapshot "with addresses banned by hand"

for _ in 1 2 3; do
	echo "$(date '+%b %e %H:%M:%S') host sshd[77]: Failed password for root from 198.51.100.99 port 4711 ssh2"
done >>/var/log/auth.log
until_true sh -c 'iptables -S f2b-sshd | grep -q 198.51.100.99'
until_true sh -c 'iptables -S f2b-all | grep -q 198.51.100.99'
until_true sh -c 'iptables -S f2b-one | grep -q 198.51.100.99'
until_true sh -c 'iptables -S f2b-new | grep -q 198.51.100.99'
must fail2ban-client status sshd
snapshot "with an address banned by a log"

# If other programs delete its chains, it creates them again.
must iptables -F INPUT
must fail2ban-client set sshd banip 198.51.100.11
until_true sh -c 'iptables -S f2b-sshd | grep -q 198.51.100.11'
must fail2ban-client set sshd unbanip 198.51.100.7
must fail2ban-client set all unbanip 2001:db8:7::1
may fail2ban-client set all unbanip 198.51.100.200
must fail2ban-client stop one
until_true sh -c '! iptables -S f2b-one'
snapshot "after unbanning"
must fail2ban-client stop
until_true sh -c '! fail2ban-client ping'
until_true sh -c '! pgrep -x fail2ban-server'
grep -E 'ERROR|WARN' /var/log/fail2ban.log | sed 's/^[^]]*\] *//; s/7f[0-9a-f]*/ADDRESS/g' | sort
