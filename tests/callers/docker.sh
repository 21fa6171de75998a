# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Docker: dockerd in its own namespaces, two networks, containers of an image built here, a published
# range of ports tested from outside, networks connected and disconnected, a restart of the daemon.
#
# packages: docker.io docker-cli busybox-static
# shows: -A DOCKER -d 172.30.0.2/32 ! -i br-one -o br-one -p tcp -m tcp --dport 8002 -j ACCEPT
# shows: -A DOCKER ! -i br-one -p tcp -m tcp --dport 9002 -j DNAT --to-destination 172.30.0.2:8002
# shows: -A DOCKER-ISOLATION-STAGE-1 -i br-two ! -o br-two -j DOCKER-ISOLATION-STAGE-2
# shows: -A POSTROUTING -s 2001:db8:30::/64 ! -o br-one -j MASQUERADE
# shows: ^hello from web

# Control groups are shared with the host: use a name of this run.
groups=/ravelin-callers.$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /var/lib/docker
echo 'nameserver 192.0.2.1' >/etc/resolv.conf

start()
{
	dockerd --storage-driver vfs --cgroup-parent "$groups" --ipv6 --fixed-cidr-v6 2001:db8:17::/64 \
		--experimental --ip6tables "$@" >>log 2>&1 &
	daemon=$!
	until_true docker info
}

stop()
{
	kill $daemon
	wait $daemon || echo "dockerd ended with $?"
}

finish()
{
	kill $daemon 2>/dev/null
	wait
	find "/sys/fs/cgroup$groups" -depth -type d -exec rmdir {} + 2>/dev/null
}
trap finish EXIT

# container NAME WORD…: a web server on many ports.
container()
{
	must docker run --detach --name "$1" --hostname "$1" "${@:2}" box /bin/sh -c \
		"echo hello from $1 >/index.html; for p in 8000 8001 8002; do httpd -p \$p -h /; done; sleep 3600"
}

# ask URL: the answer to a request from outside.
ask() { may outside busybox wget -T 5 -q -O - "$1"; }

start
snapshot "started"
mkdir -p image/bin
cp /usr/bin/busybox image/bin/
for word in sh httpd sleep echo wget; do ln -s busybox "image/bin/$word"; done
tar -C image -c . | docker import - box >/dev/null || exit 1
must docker network create --subnet 172.30.0.0/24 --ipv6 --subnet 2001:db8:30::/64 \
	--opt com.docker.network.bridge.name=br-one one
must docker network create --subnet 172.31.0.0/24 --opt com.docker.network.bridge.name=br-two two
must docker network create --internal --subnet 172.29.0.0/24 --opt com.docker.network.bridge.name=br-in in
snapshot "three networks"
container web --network one --publish 9000-9002:8000-8002 --publish 192.0.2.2:5353:53/udp
container other --network two --publish 127.0.0.1:9100:8000
container default --publish 9200:8000
snapshot "three containers"
until_true docker exec web wget -q -O - http://127.0.0.1:8002/
until_true docker exec default wget -q -O - http://127.0.0.1:8000/
ask http://192.0.2.2:9000/
ask http://192.0.2.2:9002/
ask http://192.0.2.2:9200/
ask http://[2001:db8::2]:9001/
ask http://192.0.2.2:9100/
# From one network to another: isolated.
may docker exec other wget -T 2 -q -O - http://172.30.0.2:8000/
must docker network connect two web
must docker network disconnect one web
snapshot "moved to another network"
must docker rm --force other web
must docker network rm two
must docker network rm in
snapshot "one network left"
# A restarted daemon restores networks in the order of their random names: keep only one.
container again --network one --publish 9000-9001:8000-8001
must docker stop --time 0 default
must iptables -I DOCKER-USER -s 203.0.113.0/24 -j DROP
stop
start
snapshot "another daemon"
must docker start again
must docker start default
snapshot "containers that start again"
must docker rm --force again default
must docker network rm one
snapshot "all taken down"
stop
sed -nE 's/.*level=(error|warning) msg="([^"]*[Tt]ables[^"]*)".*/\1: \2/p' log
