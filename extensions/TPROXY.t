# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain PREROUTING
-p tcp -j TPROXY --on-port x ; FAIL ; Port "x" does not resolve to anything.
-p tcp -j TPROXY --on-port 0x50 ; FAIL ; Port "0x50" does not resolve to anything.
-p tcp -j TPROXY --on-port 80 --tproxy-mark 1/2/3 ; FAIL ; TPROXY: trailing garbage after value for option "--tproxy-mark".
-p tcp -j TPROXY --on-port 80 --tproxy-mark x ; FAIL ; TPROXY: bad integer value for option "--tproxy-mark", or out of range.
-p tcp -j TPROXY --on-port 80 --tproxy-mark 1/x ; FAIL ; TPROXY: bad integer value for option "--tproxy-mark", or out of range.
-p tcp -j TPROXY --on-port 80 --tproxy-mark 4294967296 ; FAIL ; TPROXY: bad integer value for option "--tproxy-mark", or out of range.
-p tcp -j TPROXY ; FAIL ; TPROXY: option "--on-port" must be specified
-j TPROXY --on-port 80 ; FAIL ; TPROXY: sockets are for TCP or UDP, so the rule needs -p tcp or -p udp
-p icmp -j TPROXY --on-port 80 ; FAIL ; TPROXY: sockets are for TCP or UDP, so the rule needs -p tcp or -p udp
! -p tcp -j TPROXY --on-port 80 ; FAIL ; TPROXY: sockets are for TCP or UDP, so the rule needs -p tcp or -p udp
-p tcp -j TPROXY --on-port 80 --on-port 81 ; FAIL ; TPROXY: option "--on-port" can only be used once.
-p tcp -j TPROXY ! --on-port 80 ; FAIL ; TPROXY: option "--on-port" cannot be inverted.
-p tcp -j TPROXY --on-port 80:90 ; FAIL ; Port "80:90" does not resolve to anything.
# Stock cuts, wraps or mixes up these.
-p tcp -j TPROXY --on-port 65536 ; FAIL ; Port "65536" does not resolve to anything.
-p 6 -j TPROXY --on-port '' ; FAIL ; Port "" does not resolve to anything.
@family ip
-p tcp -j TPROXY --on-port 80 ; -p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0 ; OK
-p udp -j TPROXY --on-port 80 --on-ip 10.0.0.1 --tproxy-mark 1/1 ; -p udp -j TPROXY --on-port 80 --on-ip 10.0.0.1 --tproxy-mark 0x1/0x1 ; OK
-p tcp -j TPROXY --on-port 80 --on-ip 2001:db8::1 --tproxy-mark 1/1 ; FAIL ; getaddrinfo: Address family for hostname not supported
-p tcp -j TPROXY --on-port 0 ; -p tcp -j TPROXY --on-port 0 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0 ; OK
-p tcp -j TPROXY --on-port 65535 --tproxy-mark 0x2 ; -p tcp -j TPROXY --on-port 65535 --on-ip 0.0.0.0 --tproxy-mark 0x2/0xffffffff ; OK
-p tcp -j TPROXY --on-port http ; -p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0 ; OK
-p tcp -j TPROXY --on-port 010 ; -p tcp -j TPROXY --on-port 10 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0 ; OK
-p tcp -j TPROXY --on-port ssh --tproxy-mark 4/5 ; -p tcp -j TPROXY --on-port 22 --on-ip 0.0.0.0 --tproxy-mark 0x4/0x5 ; OK
-p tcp -j TPROXY --on-ip 10.0.0.1 ; FAIL ; TPROXY: option "--on-port" must be specified
-p tcp -j TPROXY --on-port 80 --on-ip 1.2.3 ; -p tcp -j TPROXY --on-port 80 --on-ip 1.2.0.3 --tproxy-mark 0x0/0x0 ; OK
-p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 ; -p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0 ; OK
-p tcp -j TPROXY --on-port 80 --on-ip :: ; FAIL ; getaddrinfo: Address family for hostname not supported
-p tcp -j TPROXY --on-port 80 --tproxy-mark 0 ; -p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 --tproxy-mark 0x0/0xffffffff ; OK
-p tcp -j TPROXY --on-port 80 --tproxy-mark 0/0 ; -p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0 ; OK
@family ip6
-p tcp -j TPROXY --on-port 80 ; -p tcp -j TPROXY --on-port 80 --on-ip :: --tproxy-mark 0x0/0x0 ; OK
-p udp -j TPROXY --on-port 80 --on-ip 10.0.0.1 --tproxy-mark 1/1 ; FAIL ; getaddrinfo: Address family for hostname not supported
-p tcp -j TPROXY --on-port 80 --on-ip 2001:db8::1 --tproxy-mark 1/1 ; -p tcp -j TPROXY --on-port 80 --on-ip 2001:db8::1 --tproxy-mark 0x1/0x1 ; OK
-p tcp -j TPROXY --on-port 0 ; -p tcp -j TPROXY --on-port 0 --on-ip :: --tproxy-mark 0x0/0x0 ; OK
-p tcp -j TPROXY --on-port 65535 --tproxy-mark 0x2 ; -p tcp -j TPROXY --on-port 65535 --on-ip :: --tproxy-mark 0x2/0xffffffff ; OK
-p tcp -j TPROXY --on-port http ; -p tcp -j TPROXY --on-port 80 --on-ip :: --tproxy-mark 0x0/0x0 ; OK
-p tcp -j TPROXY --on-port 010 ; -p tcp -j TPROXY --on-port 10 --on-ip :: --tproxy-mark 0x0/0x0 ; OK
-p tcp -j TPROXY --on-port ssh --tproxy-mark 4/5 ; -p tcp -j TPROXY --on-port 22 --on-ip :: --tproxy-mark 0x4/0x5 ; OK
-p tcp -j TPROXY --on-ip 10.0.0.1 ; FAIL ; getaddrinfo: Address family for hostname not supported
-p tcp -j TPROXY --on-port 80 --on-ip 1.2.3 ; FAIL ; getaddrinfo: Address family for hostname not supported
-p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 ; FAIL ; getaddrinfo: Address family for hostname not supported
-p tcp -j TPROXY --on-port 80 --on-ip :: ; -p tcp -j TPROXY --on-port 80 --on-ip :: --tproxy-mark 0x0/0x0 ; OK
-p tcp -j TPROXY --on-port 80 --tproxy-mark 0 ; -p tcp -j TPROXY --on-port 80 --on-ip :: --tproxy-mark 0x0/0xffffffff ; OK
-p tcp -j TPROXY --on-port 80 --tproxy-mark 0/0 ; -p tcp -j TPROXY --on-port 80 --on-ip :: --tproxy-mark 0x0/0x0 ; OK
