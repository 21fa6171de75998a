# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ufw: enabled, rules of all its kinds added, listed, deleted, reloaded and disabled.
#
# packages: ufw
# check: yes
# shows: -A ufw-user-input -p tcp -m tcp --dport 22 .*-m recent --update
# shows: -A ufw6-user-input -s 2001:db8:1::/48 -p udp
# shows: ^Status: active

must ufw --version
must ufw status
must ufw --force enable
must ufw status verbose
must ufw default deny outgoing
must ufw default allow routed
must ufw allow 80/tcp
must ufw limit ssh/tcp
must ufw allow proto tcp from 198.51.100.0/24 to any port 8000:8010,9000 comment 'the "office"'
must ufw deny proto udp from 2001:db8:1::/48 to any port 53
must ufw reject out on eth0 to 203.0.113.7 port 25 proto tcp
must ufw route allow in on eth0 out on eth1 to 10.9.9.9 port 443 proto tcp
must ufw insert 1 deny from 192.0.2.66
must ufw allow log-all from 192.0.2.67 to any port 23 proto tcp
must ufw logging high
must ufw status numbered
must ufw show raw
must ufw show added
must ufw show user-rules
snapshot "with rules"
must ufw --force delete 2
must ufw delete allow 80/tcp
may ufw delete allow 81/tcp
may ufw allow 99999
must ufw reload
must ufw status verbose
snapshot "after reload"
must /lib/ufw/ufw-init flush-all
must /lib/ufw/ufw-init force-reload
snapshot "started by its own script"
must ufw --force reset
must ufw disable
must ufw status
