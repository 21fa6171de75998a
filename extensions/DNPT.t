# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain PREROUTING
-j DNPT --src-pfx fd00::/64 --dst-pfx 2001:db8:1::/64 ; = ; OK
-j DNPT --src-pfx fd00::/56 --dst-pfx 2001:db8:1::/56 ; = ; OK
-j DNPT --dst-pfx 2001:db8:1::/64 ; FAIL ; DNPT: option "--src-pfx" must be specified
-j DNPT ; FAIL ; DNPT: option "--src-pfx" must be specified
-j DNPT --src-pfx ::/0 --dst-pfx ::/0 ; = ; OK
-j DNPT --src-pfx fd00::/65 --dst-pfx 2001:db8:1::/65 ; FAIL ; DNPT: a prefix has at most 64 bits, all others 0
-j DNPT --src-pfx fd00::1/64 --dst-pfx 2001:db8:1::/64 ; FAIL ; DNPT: a prefix has at most 64 bits, all others 0
-j DNPT ! --src-pfx fd00::/64 --dst-pfx 2001:db8:1::/64 ; FAIL ; DNPT: option "--src-pfx" cannot be inverted.
-j DNPT --src-pfx fd00::/64 --dst-pfx 2001:db8:1::/64 --dst-pfx 2001:db8:1::/64 ; FAIL ; DNPT: option "--dst-pfx" can only be used once.
-j DNPT --src-pfx fd00::/129 --dst-pfx 2001:db8:1::/64 ; FAIL ; DNPT: bad value for option "--src-pfx", neither a valid network mask nor valid CIDR (0-128).
