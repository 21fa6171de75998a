# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# shorewall: a firewall of three zones compiled, started, looked at, reloaded with a change, an
# address dropped by hand, saved, stopped, cleared. Its compiler tries some hundred extensions.
# shorewall6.sh runs this file too.
#
# packages: shorewall
# check: yes
# shows: -A net-fw -p tcp .*--dport 22 .*-j ACCEPT|-A net-fw -p tcp -m tcp --dport 22
# shows: -j MASQUERADE
# shows: Shorewall is running

if [ "${FAMILY:-4}" = 4 ]; then
	program=shorewall office=198.51.100.0/24 server=10.1.0.5 bad=198.51.100.66 inside=10.1.0.0/16
else
	program=shorewall6 office=[2001:db8:51::]/48 server=[2001:db8:1::5] bad=2001:db8:51::66
	inside=[2001:db8:1::]/64
fi
config=/etc/$program
: >/var/log/messages

ip link add eth1 type veth peer name behind
ip link set behind up
ip link set eth1 up
ip addr add 10.1.0.1/16 dev eth1
ip -6 addr add 2001:db8:1::1/64 dev eth1 nodad

sed -i 's/^STARTUP_ENABLED=.*/STARTUP_ENABLED=Yes/; s/^\(CLAMPMSS\)=.*/\1=Yes/; s/^SAVE_COUNTERS=.*/SAVE_COUNTERS=Yes/
	s/^LOAD_HELPERS_ONLY=.*/LOAD_HELPERS_ONLY=No/; s/^VERBOSITY=.*/VERBOSITY=2/' "$config/$program.conf"
cat >"$config/zones" <<-END
	fw firewall
	net ipv${FAMILY:-4}
	loc ipv${FAMILY:-4}
END
cat >"$config/interfaces" <<-END
	?FORMAT 2
	net eth0 tcpflags,nosmurfs
	loc eth1 tcpflags
END
[ "$program" = shorewall ] || sed -i 's/,nosmurfs//' "$config/interfaces"
cat >"$config/policy" <<-END
	loc net ACCEPT
	fw all ACCEPT
	net all DROP info
	all all REJECT info 4/min:10
END
cat >"$config/rules" <<-END
	?SECTION ALL
	?SECTION ESTABLISHED
	?SECTION NEW
	Invalid(DROP) net all tcp
	Ping(ACCEPT) all fw
	SSH(ACCEPT) net:$office fw
	ACCEPT net fw tcp 22 - - s:1/min:3
	ACCEPT:info loc fw tcp 80,443,8000:8010
	ACCEPT loc fw udp 53
	DROP net:eth0 loc tcp 25
	REJECT loc net:$office tcp 135:139
	DNAT net loc:$server tcp 8080
	REDIRECT loc 3128 tcp 81
	LOG:notice net fw tcp 23
	Limit:info:SSHA,3,60 net fw tcp 2222
END
[ "$program" = shorewall ] || sed -i /^Limit/d "$config/rules"
printf '%s\n' "MASQUERADE $inside eth0" >"$config/snat"
printf '%s\n' "MARK(7):P eth1 0.0.0.0/0 tcp 22" "TOS(0x10):F eth1 0.0.0.0/0 tcp 22" >"$config/mangle"
[ "$program" = shorewall ] || sed -i 's,0.0.0.0/0,::/0,' "$config/mangle"
printf '%s\n' "ACCEPT eth0 - tcp 22" >"$config/stoppedrules"

# Where its own lines have clocks and process numbers.
quiet() { "$@" | sed -E "s/at [A-Z][a-z]{2} .*[0-9]{4}.*/at DATE/; s/- [A-Z][a-z]{2} .*20[0-9]{2}$/- DATE/; s/\([^()]*[0-9]{4}\)/(DATE)/; s/[0-9:]{8}/CLOCK/g"; }

must "$program" version
must quiet "$program" show -f capabilities
must "$program" check
must quiet "$program" start
snapshot "started"
must quiet "$program" status
must quiet "$program" show net-fw
must quiet "$program" drop "$bad"
must quiet "$program" show dynamic
snapshot "with an address dropped"
printf '%s\n' 'ACCEPT net fw tcp 993' >>"$config/rules"
must quiet "$program" reload
snapshot "reloaded"
must quiet "$program" allow "$bad"
must "$program" save
printf '%s\n' 'ACCEPT net fw tcp 99999' >>"$config/rules"
may "$program" check
sed -i '$d' "$config/rules"
must quiet "$program" restart
may "$program" reset net-fw
must "$program" restore
snapshot "restored"
may quiet "$program" stop
snapshot "stopped"
must quiet "$program" start
must quiet "$program" clear
