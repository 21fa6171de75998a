# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# netfilter-persistent: rules of both families saved, flushed, restored; with rules already there;
# from a file that is wrong.
#
# packages: netfilter-persistent iptables-persistent
# check: yes
# shows: -A INPUT -m comment --comment "a \\"quoted\\" word" -j ACCEPT
# shows: -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE

must iptables -P INPUT DROP
must iptables -N web
must iptables -A INPUT -p tcp -m multiport --dports 80,443 -j web
must iptables -A INPUT -m comment --comment 'a "quoted" word' -j ACCEPT
must iptables -A web -m limit --limit 10/min -j LOG --log-prefix 'web: '
must iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE
must iptables -t raw -A PREROUTING -p udp --dport 53 -j CT --notrack
must ip6tables -A FORWARD -i eth0 -m rt --rt-type 0 -j DROP
must ip6tables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
must netfilter-persistent save
must cat /etc/iptables/rules.v4 /etc/iptables/rules.v6
must netfilter-persistent flush
snapshot "flushed"
must netfilter-persistent start
snapshot "started"
must iptables -A FORWARD -j DROP
must netfilter-persistent reload
snapshot "reloaded"
must /usr/sbin/iptables -D web 1
must netfilter-persistent save
must netfilter-persistent stop
echo 'FLUSH_ON_STOP=1' >>/etc/default/netfilter-persistent
must netfilter-persistent stop
snapshot "stopped"
echo 'IPTABLES_RESTORE_NOFLUSH=yes' >>/etc/default/netfilter-persistent
must iptables -A OUTPUT -p icmp -j ACCEPT
must netfilter-persistent start
snapshot "added to others"
echo 'IPTABLES_TEST_RULESET=no' >>/etc/default/netfilter-persistent
wrong()
{
	printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' "$@" >/etc/iptables/rules.v4
	may netfilter-persistent start
}
wrong '-A INPUT -p tcp --dport 99999 -j ACCEPT' COMMIT
wrong '-A NOPE -j ACCEPT' COMMIT
wrong '-A INPUT -j ACCEPT'
# With a test first. Not of a chain that is missing: there stock's --test succeeds, and Ravelin's fails.
echo 'IPTABLES_TEST_RULESET=yes' >>/etc/default/netfilter-persistent
wrong '-A INPUT -p tcp --dport 99999 -j ACCEPT' COMMIT
wrong '-A INPUT --bogus' COMMIT
wrong '-A INPUT -p udp -j ACCEPT' COMMIT
