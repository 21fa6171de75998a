# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ferm: a configuration of both families loaded quickly and slowly, rolled back, and flushed.
#
# packages: ferm
# check: yes
# shows: -A INPUT -p tcp -m tcp --dport 80 -m comment --comment "it is \\"the\\" web" -j ACCEPT
# shows: -A POSTROUTING -s 10.1.0.0/16 -o eth0 -j SNAT --to-source 192.0.2.2
# shows: Firewall rules rolled back

cat >ferm.conf <<'END'
@def $OFFICE = (198.51.100.0/24 203.0.113.7);
@def &open($proto, $ports) = {
	domain (ip ip6) table filter chain INPUT proto $proto dport $ports ACCEPT;
}
domain (ip ip6) {
	table filter {
		chain INPUT {
			policy DROP;
			mod state state INVALID DROP;
			mod state state (ESTABLISHED RELATED) ACCEPT;
			interface lo ACCEPT;
			proto tcp dport 80 mod comment comment 'it is "the" web' ACCEPT;
			proto tcp dport (8000:8010 9000) mod limit limit 3/minute limit-burst 7 ACCEPT;
			proto udp mod multiport destination-ports (53 123 500:510) ACCEPT;
			LOG log-prefix "denied in: " log-level info;
			jump checks;
		}
		chain checks {
			proto tcp mod tcp tcp-flags (SYN ACK FIN) SYN mod recent name ssh update seconds 60 hitcount 4 DROP;
			proto tcp syn REJECT reject-with tcp-reset;
			mod hashlimit hashlimit 10/second hashlimit-mode srcip hashlimit-name h RETURN;
		}
		chain OUTPUT policy ACCEPT;
		chain FORWARD {
			policy DROP;
			interface ! eth0 outerface eth+ ACCEPT;
			proto tcp tcp-flags (SYN RST) SYN TCPMSS clamp-mss-to-pmtu;
		}
	}
	table mangle chain PREROUTING proto tcp dport 22 { TOS set-tos Minimize-Delay; MARK set-mark 7; }
}
domain ip table filter chain INPUT saddr $OFFICE proto tcp dport ssh ACCEPT;
domain ip table nat {
	chain POSTROUTING saddr 10.1.0.0/16 outerface eth0 SNAT to 192.0.2.2;
	chain PREROUTING interface eth0 proto tcp dport 8443 DNAT to "10.1.0.5:443";
}
domain ip6 table filter chain INPUT proto icmpv6 icmpv6-type (echo-request neighbour-solicitation) ACCEPT;
&open(tcp, (443 8443));
END

must ferm --version
must ferm --noexec --lines ferm.conf
must ferm ferm.conf
snapshot "loaded"
must ferm --slow ferm.conf
snapshot "loaded by single commands"
cp ferm.conf wrong.conf
echo 'domain ip table filter chain INPUT proto tcp dport 1 mod nosuchmatch ACCEPT;' >>wrong.conf
may ferm wrong.conf
snapshot "after a configuration that is wrong"
cat >other.conf <<'END'
domain (ip ip6) table filter chain INPUT { policy DROP; proto tcp dport 2222 ACCEPT; }
END
# Without an answer, the old rules are restored.
echo '$ ferm --interactive'
mkfifo keyboard
script -qec 'ferm --interactive --timeout 3 other.conf' /dev/null 2>&1 0<>keyboard
echo "= $?"
snapshot "rolled back"
printf 'domain ip table filter chain INPUT proto tcp dport 70000 ACCEPT;\n' >port.conf
may ferm port.conf
may ferm --slow port.conf
must ferm --noflush other.conf
snapshot "with rules added"
must ferm --flush ferm.conf
