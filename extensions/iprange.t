# SPDX-License-Identifier: GPL-2.0-or-later
@family ip
-m iprange --src-range 1.2.3.4-1.2.3.9 ; = ; OK
-m iprange --dst-range 1.2.3.4-1.2.3.9 -j ACCEPT ; = ; OK
-m iprange --dst-range 1.2.3.4-1.2.3.9 --dst-range 1.2.3.4-1.2.3.9 -j ACCEPT ; FAIL ; iprange: option "--dst-range" can only be used once.
-m iprange --src-range 1.2.3.4 ; -m iprange --src-range 1.2.3.4-1.2.3.4 ; OK
-m iprange --src-range 0.0.0.0-255.255.255.255 ; = ; OK
-m iprange --src-range 10.1-10.2 ; -m iprange --src-range 10.1.0.0-10.2.0.0 ; OK
-m iprange ! --src-range 1.2.3.4-1.2.3.9 ; = ; OK
-m iprange --src-range 1.2.3.4 ! --dst-range 1.2.3.9 ; -m iprange --src-range 1.2.3.4-1.2.3.4 ! --dst-range 1.2.3.9-1.2.3.9 ; OK
-m iprange --dst-range 1.2.3.4-1.2.3.9 --src-range 1.2.3.4-1.2.3.9 ; -m iprange --src-range 1.2.3.4-1.2.3.9 --dst-range 1.2.3.4-1.2.3.9 ; OK
-m iprange --src-r 1.2.3.4 ; -m iprange --src-range 1.2.3.4-1.2.3.4 ; OK
# stock warns that this will never match
-m iprange --src-range 1.2.3.9-1.2.3.4 ; = ; OK
-m iprange ; FAIL ; iprange match: You must specify `--src-range' or `--dst-range'
-m iprange --src-range ; FAIL ; option "--src-range" requires an argument
-m iprange --src-range '' ; FAIL ; iprange: Bad value for "--src-range" option: ""
-m iprange --src-range 1.2.3.4- ; FAIL ; iprange: Bad value for "--src-range" option: ""
-m iprange --src-range 1.2.3.4/24 ; FAIL ; iprange: Bad value for "--src-range" option: "1.2.3.4/24"
-m iprange --src-range 1.2.3.4-foo ; FAIL ; iprange: Bad value for "--src-range" option: "foo"
-m iprange --src-range localhost-localhost ; FAIL ; iprange: Bad value for "--src-range" option: "localhost"
-m iprange --src-range ::1-::2 ; FAIL ; iprange: Bad value for "--src-range" option: "::1"
-m iprange --src-range 1.2.3.4-1.2.3.5-1.2.3.6 ; FAIL ; iprange: Bad value for "--src-range" option: "1.2.3.5-1.2.3.6"
-m iprange --src-range 1.2.3.4 --src-range 1.2.3.5 ; FAIL ; iprange: option "--src-range" can only be used once.
@family ip6
-m iprange --src-range 2001:db8::1-2001:db8::9 ; = ; OK
-m iprange --src-range 2001:db8::9 ; -m iprange --src-range 2001:db8::9-2001:db8::9 ; OK
-m iprange ! --dst-range ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ; = ; OK
-m iprange --src-range 1.2.3.4-1.2.3.5 ; FAIL ; iprange: Bad value for "--src-range" option: "1.2.3.4"
-m iprange ; FAIL ; iprange match: You must specify `--src-range' or `--dst-range'
