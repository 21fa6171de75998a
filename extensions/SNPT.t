# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain POSTROUTING
-j SNPT --src-pfx fd00::/64 --dst-pfx 2001:db8:1::/64 ; = ; OK
-j SNPT --src-pfx fd00::1/48 --dst-pfx 2001:db8:1::2/48 ; FAIL ; SNPT: a prefix has at most 64 bits, all others 0
-j SNPT --src-pfx fd00::/48 --dst-pfx 2001:db8:1::/64 ; = ; OK
-j SNPT --src-pfx fd00:: --dst-pfx 2001:db8:1:: ; FAIL ; SNPT: a prefix has at most 64 bits, all others 0
-j SNPT --src-pfx fd00::/0 --dst-pfx 2001:db8:1::/0 ; FAIL ; SNPT: a prefix has at most 64 bits, all others 0
-j SNPT --src-pfx fd00::/65 --dst-pfx 2001:db8:1::/65 ; FAIL ; SNPT: a prefix has at most 64 bits, all others 0
-j SNPT --src-pfx fd00::/128 --dst-pfx 2001:db8:1::/128 ; FAIL ; SNPT: a prefix has at most 64 bits, all others 0
-j SNPT --src-pfx fd00::/129 --dst-pfx 2001:db8:1::/64 ; FAIL ; SNPT: bad value for option "--src-pfx", neither a valid network mask nor valid CIDR (0-128).
-j SNPT --src-pfx fd00::/x --dst-pfx 2001:db8:1::/64 ; FAIL ; SNPT: bad value for option "--src-pfx", neither a valid network mask nor valid CIDR (0-128).
-j SNPT --src-pfx fd00::/ffff:: --dst-pfx 2001:db8:1::/16 ; FAIL ; SNPT: a prefix has at most 64 bits, all others 0
-j SNPT --src-pfx 10.0.0.0/8 --dst-pfx 2001:db8:1::/64 ; FAIL ; getaddrinfo: Address family for hostname not supported
-j SNPT --src-pfx fd00::/64 ; FAIL ; SNPT: option "--dst-pfx" must be specified
-j SNPT --dst-pfx fd00::/64 ; FAIL ; SNPT: option "--src-pfx" must be specified
-j SNPT ; FAIL ; SNPT: option "--src-pfx" must be specified
-j SNPT --src-pfx fd00::/64 --src-pfx fd00::/64 --dst-pfx 2001:db8:1::/64 ; FAIL ; SNPT: option "--src-pfx" can only be used once.
-j SNPT ! --src-pfx fd00::/64 --dst-pfx 2001:db8:1::/64 ; FAIL ; SNPT: option "--src-pfx" cannot be inverted.
