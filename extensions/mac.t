# SPDX-License-Identifier: GPL-2.0-or-later
-m mac --mac-source 00:11:22:33:44:55 ; = ; OK
-m mac --mac-source AA:BB:CC:DD:EE:FF -j ACCEPT ; -m mac --mac-source aa:bb:cc:dd:ee:ff -j ACCEPT ; OK
-m mac ! --mac-source 00:11:22:33:44:55 ; = ; OK
-m mac --mac-source 0:1:2:3:4:5 ; -m mac --mac-source 00:01:02:03:04:05 ; OK
-m mac --mac 00:11:22:33:44:55 ; -m mac --mac-source 00:11:22:33:44:55 ; OK
-m mac --mac-source=ff:ff:ff:ff:ff:ff ; -m mac --mac-source ff:ff:ff:ff:ff:ff ; OK
-m mac --mac-source 00:00:00:00:00:00 ; = ; OK
-m mac ; FAIL ; mac: option "--mac-source" must be specified
-m mac --mac-source ; FAIL ; option "--mac-source" requires an argument
-m mac --mac-source '' ; FAIL ; Invalid MAC address specified.
-m mac --mac-source 00-11-22-33-44-55 ; FAIL ; Invalid MAC address specified.
-m mac --mac-source 00:11:22:33:44 ; FAIL ; Invalid MAC address specified.
-m mac --mac-source 00:11:22:33:44:55:66 ; FAIL ; Invalid MAC address specified.
-m mac --mac-source 00:11:22:33:44:gg ; FAIL ; Invalid MAC address specified.
-m mac --mac-source 00:11:22:33:44:100 ; FAIL ; Invalid MAC address specified.
-m mac --mac-source 001122334455 ; FAIL ; Invalid MAC address specified.
-m mac --mac-source 00:11:22:33:44:55 --mac-source 00:11:22:33:44:55 ; FAIL ; mac: option "--mac-source" can only be used once.
# stock takes what is not there for 00
-m mac --mac-source 00:11:22:33::55 ; FAIL ; Invalid MAC address specified.
@chain FORWARD
-m mac --mac-source 00:11:22:33:44:55 ; = ; OK
@table mangle
@chain PREROUTING
-m mac --mac-source 00:11:22:33:44:55 ; = ; OK
