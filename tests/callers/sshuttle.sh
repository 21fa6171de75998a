# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sshuttle: its nat and tproxy methods, with DNS and subnets left out, set up and taken down by a
# whole run of client and server, which talk through a pipe instead of ssh.
#
# packages: sshuttle
# check: yes
# shows: -A sshuttle-12300 -d 10.9.0.0/16 -p tcp -j REDIRECT --to-ports 12300
# shows: -A sshuttle-t-1[0-9]* .*-j TPROXY --on-port 1230[0-9]

# Stands for ssh: the other side is this machine too.
cat >/usr/local/bin/pipe <<'END'
#!/bin/sh
for last; do :; done
exec sh -c "$last"
END
chmod +x /usr/local/bin/pipe
echo 'nameserver 192.0.2.1' >/etc/resolv.conf

# It tells who starts it when its rules are there: until then this waits.
cat >/usr/local/bin/await <<'END'
import socket
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("/run/notify")
open("/run/listening", "w")
while b"READY=1" not in listener.recv(4096):
    pass
END

# tunnel METHOD WORD…: a run until its rules are there, and until they are gone.
tunnel()
{
	local method=$1 pid ready
	shift
	echo "$ sshuttle --method $method $*"
	rm -f /run/notify /run/listening
	timeout 300 python3 /usr/local/bin/await &
	ready=$!
	until_true test -e /run/listening
	NOTIFY_SOCKET=/run/notify sshuttle --method "$method" --ssh-cmd pipe --python python3 --remote neighbour "$@" \
		>log 2>&1 </dev/null &
	pid=$!
	wait $ready || { cat log && exit 1; }
	snapshot "$method: connected"
	kill -TERM $pid
	wait $pid
	until_true sh -c '! pgrep -f "[s]shuttle .*--firewall"'
	sed -E 's/\b(pid|PID) [0-9]+/\1 N/' log
	snapshot "$method: disconnected"
}

tunnel nat --listen 127.0.0.1:12300 --exclude 10.9.3.0/24 10.9.0.0/16 198.51.100.7:80-90
# With ports of its own choice: the first free ones below 12300.
tunnel nat --dns 10.9.0.0/16 2001:db8:9::/48
tunnel tproxy --dns --tmark 0x7 10.9.0.0/16 2001:db8:9::/48 0/0
tunnel nat --listen 127.0.0.1:12300 --user nobody 10.9.0.0/16
# Another program's rules stay.
must iptables -t nat -A OUTPUT -p tcp --dport 25 -j REDIRECT --to-ports 2525
tunnel nat --listen 127.0.0.1:12300 10.9.0.0/16
