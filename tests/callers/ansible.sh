# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Ansible's iptables module: a playbook in check mode, for real, and again, when it must change
# nothing; then one that deletes everything, twice.
#
# packages: ansible-core
# shows: -A web -s 198.51.100.0/24 -p tcp -m tcp --dport 8080 .*--comment "it.+s the office"
# shows: ok=[0-9]+ +changed=0 .*failed=0

export ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=0 ANSIBLE_INVENTORY_UNPARSED_WARNING=0 ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3

cat >tasks.yml <<'END'
- iptables: {chain: web, chain_management: true, state: "{{ state }}"}
  when: state == "present"
- iptables: {chain: INPUT, ctstate: [ESTABLISHED, RELATED], jump: ACCEPT, state: "{{ state }}"}
- iptables: {chain: INPUT, in_interface: lo, jump: ACCEPT, action: insert, state: "{{ state }}"}
- iptables: {chain: INPUT, protocol: tcp, jump: web, state: "{{ state }}"}
- iptables: {chain: web, protocol: tcp, source: 198.51.100.0/24, destination_port: "8080", jump: ACCEPT, comment: "it's the office", state: "{{ state }}"}
- iptables: {chain: web, protocol: tcp, destination_ports: ["80", "443", "8081:8083"], jump: ACCEPT, comment: "accept web", state: "{{ state }}"}
- iptables: {chain: web, protocol: tcp, source: "!203.0.113.7", source_port: "1024:65535", syn: match, jump: REJECT, reject_with: tcp-reset, state: "{{ state }}"}
- iptables: {chain: web, protocol: tcp, tcp_flags: {flags: [SYN, RST, ACK], flags_set: [SYN]}, jump: RETURN, state: "{{ state }}"}
- iptables: {chain: web, limit: 2/second, limit_burst: "20", jump: LOG, log_prefix: "WEB: ", log_level: info, state: "{{ state }}"}
- iptables: {chain: web, src_range: 192.168.1.100-192.168.1.199, jump: DROP, state: "{{ state }}"}
- iptables: {chain: web, dst_range: 10.0.0.1-10.0.0.50, jump: ACCEPT, state: "{{ state }}"}
- iptables: {chain: OUTPUT, uid_owner: "0", jump: ACCEPT, state: "{{ state }}"}
- iptables: {chain: OUTPUT, protocol: icmp, icmp_type: echo-request, jump: DROP, state: "{{ state }}"}
- iptables: {table: mangle, chain: PREROUTING, in_interface: eth0, protocol: tcp, jump: DSCP, set_dscp_mark: "8", state: "{{ state }}"}
- iptables: {table: nat, chain: PREROUTING, in_interface: eth0, protocol: tcp, match: tcp, destination_port: "80", jump: REDIRECT, to_ports: "8600", comment: Redirect web, state: "{{ state }}"}
- iptables: {table: nat, chain: PREROUTING, protocol: tcp, destination_port: "81", jump: DNAT, to_destination: "10.1.0.5:8081", state: "{{ state }}"}
- iptables: {table: nat, chain: POSTROUTING, out_interface: eth0, source: 10.1.0.0/16, jump: MASQUERADE, state: "{{ state }}"}
- iptables: {ip_version: ipv6, chain: INPUT, protocol: icmpv6, icmp_type: echo-request, jump: ACCEPT, state: "{{ state }}"}
- iptables: {ip_version: ipv6, chain: FORWARD, source: "2001:db8:1::/64", destination: "!2001:db8:2::/64", jump: DROP, wait: "5", state: "{{ state }}"}
- iptables: {chain: FORWARD, in_interface: eth0, out_interface: "!eth1", goto: web, state: "{{ state }}"}
- iptables: {chain: FORWARD, rule_num: "1", action: insert, protocol: udp, jump: DROP, state: "{{ state }}"}
- iptables: {chain: FORWARD, match_set: nosuchset, match_set_flags: src, jump: DROP, state: "{{ state }}"}
  ignore_errors: true
- iptables: {chain: INPUT, policy: "{{ 'DROP' if state == 'present' else 'ACCEPT' }}"}
- iptables: {ip_version: ipv6, chain: FORWARD, policy: "{{ 'DROP' if state == 'present' else 'ACCEPT' }}"}
- iptables: {chain: web, flush: true}
  when: state == "absent"
- iptables: {chain: web, chain_management: true, state: absent}
  when: state == "absent"
END
cat >play.yml <<'END'
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - import_tasks: tasks.yml
END
play() { may ansible-playbook play.yml "$@"; }

play -e state=present --check
snapshot "after a check"
play -e state=present
snapshot "with rules"
play -e state=present
snapshot "again: nothing may change"
play -e state=absent
play -e state=absent
