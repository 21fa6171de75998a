# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# firewalld with its iptables backend: zones, services, rich and direct rules, forwarding,
# masquerading, policies and panic, at run time and after a reload, with its direct interface that
# passes iptables commands through.
#
# packages: firewalld dbus ipset
# shows: -A IN_public_allow -p tcp .*--dport 8443 .*-j ACCEPT
# shows: --to-destination 10.1.0.5:80
# shows: -A INPUT_direct .*-j DROP|-A INPUT .*--dport 666 -j DROP

mkdir -p /run/dbus
dbus-daemon --system --fork
sed -i 's/^FirewallBackend=.*/FirewallBackend=iptables/; s/^LogDenied=.*/LogDenied=all/' \
	/etc/firewalld/firewalld.conf
# Otherwise the order of its sets is random.
PYTHONHASHSEED=0 firewalld --nofork --nopid >log 2>&1 </dev/null &
daemon=$!
until_true firewall-cmd --state
must firewall-cmd --get-default-zone
snapshot "started"
must firewall-cmd --zone=public --change-interface=eth0
must firewall-cmd --add-port=8443/tcp --add-port=5000-5010/udp
must firewall-cmd --add-service=http --add-service=ssh --add-service=tftp
must firewall-cmd --add-source-port=68/udp
must firewall-cmd --add-protocol=gre
must firewall-cmd --zone=internal --add-source=198.51.100.0/24 --add-source=2001:db8:51::/48
must firewall-cmd --zone=internal --add-icmp-block=echo-request
must firewall-cmd --zone=drop --add-source=203.0.113.66
must firewall-cmd --zone=trusted --add-source=02:00:00:00:00:99
must firewall-cmd --add-masquerade
must firewall-cmd --add-forward-port=port=8080:proto=tcp:toport=80:toaddr=10.1.0.5
must firewall-cmd --add-forward-port=port=81:proto=tcp:toport=8081
must firewall-cmd --add-rich-rule='rule family="ipv4" source address="203.0.113.0/24" service name="ssh" log prefix="ssh: " level="info" limit value="3/m" accept'
must firewall-cmd --add-rich-rule='rule family="ipv6" source NOT address="2001:db8:7::/48" port port="25" protocol="tcp" reject type="icmp6-adm-prohibited"'
must firewall-cmd --add-rich-rule='rule priority="-5" family="ipv4" destination address="192.0.2.2" icmp-type name="timestamp-request" drop'
must firewall-cmd --add-rich-rule='rule family="ipv4" source address="198.51.100.9" mark set="0x7/0xff"'
must firewall-cmd --add-rich-rule='rule service name="https" audit limit value="1/s" accept'
must firewall-cmd --direct --add-chain ipv4 filter mine
must firewall-cmd --direct --add-rule ipv4 filter INPUT 0 -p tcp --dport 666 -j DROP
must firewall-cmd --direct --add-rule ipv4 filter mine 1 -m comment --comment 'two words' -j RETURN
must firewall-cmd --direct --passthrough ipv4 -t nat -A POSTROUTING -s 10.9.0.0/16 -j MASQUERADE
must firewall-cmd --direct --passthrough ipv6 -L INPUT -n
may firewall-cmd --direct --passthrough ipv4 -A NOPE -j ACCEPT
may firewall-cmd --direct --passthrough ipv4 -A INPUT -p tcp --dport 99999 -j ACCEPT
may firewall-cmd --direct --add-rule ipv4 filter INPUT 0 -m nosuchmatch -j DROP
must firewall-cmd --list-all
must firewall-cmd --direct --get-all-rules
snapshot "at run time"
must firewall-cmd --runtime-to-permanent
must firewall-cmd --permanent --new-policy=out
must firewall-cmd --permanent --policy=out --add-ingress-zone=HOST
must firewall-cmd --permanent --policy=out --add-egress-zone=ANY
must firewall-cmd --permanent --policy=out --add-rich-rule='rule family="ipv4" destination address="203.0.113.5" reject'
must firewall-cmd --permanent --new-ipset=bad --type=hash:ip
must firewall-cmd --permanent --ipset=bad --add-entry=203.0.113.77
must firewall-cmd --permanent --zone=block --add-source=ipset:bad
must firewall-cmd --reload
snapshot "reloaded"
must firewall-cmd --remove-port=8443/tcp
must firewall-cmd --remove-masquerade
must firewall-cmd --zone=drop --remove-source=203.0.113.66
must firewall-cmd --panic-on
snapshot "in panic"
must firewall-cmd --panic-off
must firewall-cmd --complete-reload
snapshot "completely reloaded"
kill $daemon
wait $daemon
sed -E 's/^[-0-9]+ [0-9:]+ //' log
sed -E 's/^[-0-9]+ [0-9:]+ //' /var/log/firewalld
