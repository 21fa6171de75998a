# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# libvirt with its iptables backend: the default network, one that is routed and one that is
# isolated, of both families, started, restarted with rules gone, and destroyed.
#
# packages: libvirt-daemon-driver-network libvirt-daemon libvirt-clients libvirt-daemon-config-network dnsmasq-base
# shows: -A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -p tcp -j MASQUERADE --to-ports 1024-65535
# shows: -A LIBVIRT_FWI -d 10.10.0.0/24 -i eth0 -o virbr-routed -j ACCEPT

echo 'firewall_backend = "iptables"' >>/etc/libvirt/network.conf
mkdir -p /run/libvirt /var/lib/libvirt/dnsmasq
daemon() { libvirtd --daemon 2>&1 && until_true virsh -c network:///system version; }
net() { may virsh -c network:///system "$@"; }

cat >routed.xml <<'END'
<network><name>routed</name><uuid>11111111-1111-1111-1111-111111111111</uuid>
<forward mode='route' dev='eth0'/><bridge name='virbr-routed' stp='on'/><mac address='52:54:00:00:00:01'/>
<ip address='10.10.0.1' netmask='255.255.255.0'/>
<ip family='ipv6' address='2001:db8:10::1' prefix='64'/></network>
END
cat >isolated.xml <<'END'
<network><name>isolated</name><uuid>22222222-2222-2222-2222-222222222222</uuid>
<bridge name='virbr-alone'/><mac address='52:54:00:00:00:02'/>
<ip address='10.11.0.1' netmask='255.255.255.0'><dhcp><range start='10.11.0.2' end='10.11.0.9'/></dhcp></ip></network>
END
cat >ports.xml <<'END'
<network><name>ports</name><uuid>33333333-3333-3333-3333-333333333333</uuid>
<forward mode='nat'><nat ipv6='yes'><address start='192.0.2.2' end='192.0.2.2'/><port start='2000' end='3000'/></nat></forward>
<bridge name='virbr-ports'/><mac address='52:54:00:00:00:03'/>
<ip address='10.12.0.1' netmask='255.255.255.0'/>
<ip family='ipv6' address='2001:db8:12::1' prefix='64'/></network>
END

daemon || exit 1
net net-define /etc/libvirt/qemu/networks/default.xml
net net-start default
snapshot "the default network"
for name in routed isolated ports; do
	net net-define $name.xml
	net net-start $name
done
net net-list --all
snapshot "four networks"
for name in ports routed isolated; do
	net net-destroy $name
done
# A daemon that starts again puts back what is gone; with several networks, in an order of its own.
must iptables -F LIBVIRT_INP
must iptables -t nat -F LIBVIRT_PRT
kill "$(cat /run/libvirtd.pid)"
until_true sh -c '! pgrep -x libvirtd'
daemon || exit 1
until_true sh -c 'iptables -t nat -S LIBVIRT_PRT | grep -q 192.168.122'
until_true sh -c 'iptables -S LIBVIRT_INP | grep -q virbr0'
sleep 1
snapshot "after a restart"
net net-destroy default
net net-undefine ports
kill "$(cat /run/libvirtd.pid)"
