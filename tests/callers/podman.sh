# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# podman itself: containers of a root directory made here on two networks, a range of ports published
# and asked from outside, networks connected and cut, a reload that puts rules back.
#
# packages: podman netavark crun busybox-static
# shows: -A NETAVARK-DN-.* --dport 9000:9002 -j DNAT --to-destination 10.90.0.2:8000-8002/9000
# shows: -A NETAVARK-.* ! -d 224.0.0.0/4 -j MASQUERADE
# shows: ^hello from web

mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /var/lib/containers
mount -t tmpfs tmpfs /var/lib/containers
export NETAVARK_FW=iptables
mkdir -p /etc/containers image/bin image/etc image/proc image/sys image/dev image/tmp image/run
cat >/etc/containers/containers.conf <<'END'
[network]
network_backend = "netavark"
firewall_driver = "iptables"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "crun"
[containers]
cgroups = "disabled"
END
cat >/etc/containers/storage.conf <<'END'
[storage]
driver = "vfs"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
END
cp /usr/bin/busybox image/bin/
for word in sh httpd sleep echo wget; do ln -s busybox "image/bin/$word"; done

trap 'podman rm --all --force --time 0 >/dev/null 2>&1' EXIT

# quiet COMMAND…: as must, of what prints names made by chance.
quiet() { must "$@" | sed -E "s/^[0-9a-f]{64}\$/ID/"; [ "${PIPESTATUS[0]}" = 0 ] || exit 1; }

# container NAME WORD…: a web server on many ports.
container()
{
	cp -a image "$1"
	quiet podman run --detach --name "$1" --hostname "$1" "${@:2}" --rootfs "/root/$1" \
		/bin/sh -c "mkdir -p /tmp/w; echo hello from $1 >/tmp/w/index.html; for p in 8000 8001 8002; do httpd -p \$p -h /tmp/w; done; sleep 3600"
}

# ask URL: what comes back to somebody outside.
ask() { may outside busybox wget -T 5 -q -O - "$1"; }

must podman network create --disable-dns --subnet 10.90.0.0/24 --ipv6 --subnet 2001:db8:90::/64 --interface-name pod-one one
must podman network create --disable-dns --subnet 10.91.0.0/24 --interface-name pod-two --opt isolate=true two
snapshot "two networks"
container web --network one:ip=10.90.0.2,ip=2001:db8:90::2 --publish 9000-9002:8000-8002
container other --network two:ip=10.91.0.2 --publish 127.0.0.1:9100:8000
# One mapping each: several, podman takes in a random order.
container names --network one:ip=10.90.0.3 --publish 192.0.2.2:5353:53/udp
snapshot "three containers"
until_true podman exec web wget -q -O - http://127.0.0.1:8002/
ask http://192.0.2.2:9000/
ask http://192.0.2.2:9002/
ask http://[2001:db8::2]:9001/
ask http://192.0.2.2:9100/
must iptables -t nat -F NETAVARK-HOSTPORT-DNAT
quiet podman network reload web
snapshot "reloaded"
ask http://192.0.2.2:9001/
must podman network connect --ip 10.91.0.9 two web
snapshot "on two networks"
must podman network disconnect one web
snapshot "cut from one"
must podman stop --time 0 other
must podman start other
snapshot "one that starts again"
must podman rm --force --time 0 web
must podman rm --force --time 0 other
must podman rm --force --time 0 names
must podman network rm one
must podman network rm two
snapshot "all taken down"
