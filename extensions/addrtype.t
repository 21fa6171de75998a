# SPDX-License-Identifier: GPL-2.0-or-later
-m addrtype --src-type LOCAL ; = ; OK
-m addrtype --dst-type local -j ACCEPT ; -m addrtype --dst-type LOCAL -j ACCEPT ; OK
-m addrtype --src-type UNICAST,LOCAL ; = ; OK
-m addrtype --src-type LOCAL,UNICAST ; -m addrtype --src-type UNICAST,LOCAL ; OK
-m addrtype --src-type UN ; -m addrtype --src-type UNSPEC ; OK
-m addrtype --src-type MULTI,L ; -m addrtype --src-type LOCAL,MULTICAST ; OK
-m addrtype --src-type ANYCAST ; = ; OK
-m addrtype ! --src-type LOCAL ; = ; OK
-m addrtype ! --dst-type LOCAL ; = ; OK
-m addrtype --dst-type LOCAL --src-type UNICAST ; -m addrtype --src-type UNICAST --dst-type LOCAL ; OK
-m addrtype --src-type LOCAL --limit-iface-in ; = ; OK
-m addrtype --src-t LOCAL ; -m addrtype --src-type LOCAL ; OK
@family ip
-m addrtype --src-type UNSPEC,UNICAST,LOCAL,BROADCAST,ANYCAST,MULTICAST,BLACKHOLE,UNREACHABLE,PROHIBIT ; = ; OK
-m addrtype --src-type THROW,NAT,XRESOLVE ; = ; OK
@family ip6
-m addrtype --src-type UNREACHABLE ; = ; OK
-m addrtype --dst-type LOCAL,BROADCAST ; FAIL ; addrtype: BROADCAST, BLACKHOLE, PROHIBIT, THROW, NAT and XRESOLVE are not supported for IPv6
@family both
@chain OUTPUT
-m addrtype --dst-type LOCAL --limit-iface-out ; = ; OK
@chain INPUT
-m addrtype ; FAIL ; addrtype: you must specify --src-type or --dst-type
-m addrtype --src-type ; FAIL ; option "--src-type" requires an argument
-m addrtype --src-type '' ; FAIL ; addrtype: bad type ""
-m addrtype --src-type FOO ; FAIL ; addrtype: bad type "FOO"
-m addrtype --src-type LOCAL, ; FAIL ; addrtype: bad type ""
-m addrtype --src-type LOCAL --src-type LOCAL ; FAIL ; addrtype: option "--src-type" can only be used once.
-m addrtype --src-type LOCAL --limit-iface-in --limit-iface-out ; FAIL ; addrtype: option "--limit-iface-in" cannot be used together with "--limit-iface-out".
-m addrtype --src-type LOCAL ! --limit-iface-in ; FAIL ; addrtype: option "--limit-iface-in" cannot be inverted.
-m addrtype --src-type LOCAL --limit-iface-in --limit-iface-in ; FAIL ; addrtype: option "--limit-iface-in" can only be used once.
-m addrtype --limit-iface-in ; FAIL ; addrtype: you must specify --src-type or --dst-type
-m addrtype --limit LOCAL ; FAIL ; unknown option "--limit"
# stock puts this one in `...'
-m addrtype --src-type FOO,LOCAL ; FAIL ; addrtype: bad type "FOO,LOCAL"
-m addrtype --src-type ,LOCAL ; FAIL ; addrtype: bad type ",LOCAL"
