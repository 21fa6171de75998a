# SPDX-License-Identifier: GPL-2.0-or-later
@table nat
@chain PREROUTING
-j NETMAP ; FAIL ; NETMAP: option "--to" must be specified
-j NETMAP ! --to 10.0.0.0/24 ; FAIL ; NETMAP: option "--to" cannot be inverted.
@family ip
-j NETMAP --to 10.0.0.0/24 ; = ; OK
-j NETMAP --to 10.0.0.1/24 ; -j NETMAP --to 10.0.0.0/24 ; OK
-j NETMAP --to 10.0.0.1 ; -j NETMAP --to 10.0.0.1/32 ; OK
-j NETMAP --to 10.0.0.0/255.0.255.0 ; = ; OK
-j NETMAP --to 10.0.0.0/255.255.0.0 ; -j NETMAP --to 10.0.0.0/16 ; OK
-j NETMAP --to 10.0.0.0/x ; FAIL ; NETMAP: bad value for option "--to", neither a valid network mask nor valid CIDR (0-32).
-j NETMAP --to 0/0 ; -j NETMAP --to 0.0.0.0/0 ; OK
-j NETMAP --to 10/8 ; -j NETMAP --to 0.0.0.0/8 ; OK
-j NETMAP --to 1.2.3.4/0 ; -j NETMAP --to 0.0.0.0/0 ; OK
-j NETMAP --to 2001:db8::/32 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 2001:db8::1/64 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 2001:db8::1 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to ::/0 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 2001:db8::/129 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 2001:db8::/ffff::ffff ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 2001:db8::/ffff:ffff:: ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 10.0.0.0/24 --to 10.0.0.0/24 ; FAIL ; NETMAP: option "--to" can only be used once.
# Stock cuts, wraps or mixes up these.
-j NETMAP --to 10.0.0.0/33 ; FAIL ; NETMAP: bad value for option "--to", neither a valid network mask nor valid CIDR (0-32).
@family ip6
-j NETMAP --to 10.0.0.0/24 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 10.0.0.1/24 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 10.0.0.1 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 10.0.0.0/255.0.255.0 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 10.0.0.0/255.255.0.0 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 10.0.0.0/33 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 10.0.0.0/x ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 0/0 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 10/8 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 1.2.3.4/0 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j NETMAP --to 2001:db8::/32 ; = ; OK
-j NETMAP --to 2001:db8::1/64 ; -j NETMAP --to 2001:db8::/64 ; OK
-j NETMAP --to 2001:db8::1 ; -j NETMAP --to 2001:db8::1/128 ; OK
-j NETMAP --to ::/0 ; = ; OK
-j NETMAP --to 2001:db8::/129 ; FAIL ; NETMAP: bad value for option "--to", neither a valid network mask nor valid CIDR (0-128).
-j NETMAP --to 2001:db8::/ffff::ffff ; -j NETMAP --to 2001::/ffff::ffff ; OK
-j NETMAP --to 2001:db8::/ffff:ffff:: ; -j NETMAP --to 2001:db8::/32 ; OK
-j NETMAP --to 10.0.0.0/24 --to 10.0.0.0/24 ; FAIL ; getaddrinfo: Address family for hostname not supported
