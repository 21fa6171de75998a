# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain PREROUTING
-j TEE --oif eth0 ; FAIL ; TEE: option "--gateway" must be specified
-j TEE ; FAIL ; TEE: option "--gateway" must be specified
-j TEE ! --gateway 10.0.0.1 ; FAIL ; TEE: option "--gateway" cannot be inverted.
@family ip
-j TEE --gateway 10.0.0.1 ; = ; OK
-j TEE --gateway 2001:db8::1 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 10.0.0.1 --oif eth0 ; = ; OK
-j TEE --gateway 2001:db8::1 --oif eth0 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 10.0.0.1 --oif abcdefghijklmno ; = ; OK
-j TEE --gateway 10.0.0.1 --oif eth+ ; = ; OK
-j TEE --gateway 0.0.0.0 ; FAIL ; TEE: the gateway cannot be any address
-j TEE --gateway :: ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 10.1 ; -j TEE --gateway 10.0.0.1 ; OK
-j TEE --gateway 10.0.0.1 --gateway 10.0.0.1 ; FAIL ; TEE: option "--gateway" can only be used once.
-j TEE --gateway 10.0.0.1 ! --oif eth0 ; FAIL ; TEE: option "--oif" cannot be inverted.
# Stock cuts, wraps or mixes up these.
-j TEE --gateway 10.0.0.1 --oif '' ; FAIL ; Argument must have a minimum length of 1 characters
-j TEE --gateway 10.0.0.1 --oif abcdefghijklmnop ; FAIL ; TEE: Argument to option "--oif" has a length of 16 bytes, must be at most 15.
@family ip6
-j TEE --gateway 10.0.0.1 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 2001:db8::1 ; = ; OK
-j TEE --gateway 10.0.0.1 --oif eth0 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 2001:db8::1 --oif eth0 ; = ; OK
-j TEE --gateway 10.0.0.1 --oif '' ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 10.0.0.1 --oif abcdefghijklmnop ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 10.0.0.1 --oif abcdefghijklmno ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 10.0.0.1 --oif eth+ ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 0.0.0.0 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway :: ; FAIL ; TEE: the gateway cannot be any address
-j TEE --gateway 10.1 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 10.0.0.1 --gateway 10.0.0.1 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j TEE --gateway 10.0.0.1 ! --oif eth0 ; FAIL ; getaddrinfo: Address family for hostname not supported
