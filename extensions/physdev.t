# SPDX-License-Identifier: GPL-2.0-or-later
-m physdev ; FAIL ; PHYSDEV: no physdev option specified
-m physdev --physdev-in eth0 ; = ; OK
-m physdev --physdev-in eth+ ; = ; OK
-m physdev --physdev-in + ; = ; OK
-m physdev ! --physdev-in + ; = ; OK
-m physdev ! --physdev-in eth0 ; = ; OK
# stock takes this
-m physdev --physdev-in '' ; FAIL ; Empty interface is likely to be undesired
-m physdev --physdev-in eth0123456789abc ; FAIL ; interface name `eth0123456789abc' must be shorter than IFNAMSIZ (15)
-m physdev --physdev-in eth0123456789abcd ; FAIL ; interface name `eth0123456789abcd' must be shorter than IFNAMSIZ (15)
-m physdev --physdev-in eth0 --physdev-in eth1 ; FAIL ; physdev: option "--physdev-in" can only be used once.
-m physdev --physdev-out eth0 ; = ; OK
-m physdev --physdev-out eth0 --physdev-out eth0 ; FAIL ; physdev: option "--physdev-out" can only be used once.
-m physdev --physdev-is-in ; = ; OK
-m physdev ! --physdev-is-in ; = ; OK
-m physdev --physdev-is-out ; = ; OK
-m physdev --physdev-is-out --physdev-is-out ; FAIL ; physdev: option "--physdev-is-out" can only be used once.
-m physdev --physdev-is-bridged ; = ; OK
-m physdev --physdev-is-bridged --physdev-is-bridged ; FAIL ; physdev: option "--physdev-is-bridged" can only be used once.
-m physdev ! --physdev-is-bridged ; = ; OK
-m physdev --physdev-is-in --physdev-in eth0 ; = ; OK
-m physdev --physdev-is-in --physdev-is-in ; FAIL ; physdev: option "--physdev-is-in" can only be used once.
@chain FORWARD
-m physdev --physdev-out eth0 ; = ; OK
-m physdev --physdev-out + ; = ; OK
-m physdev ! --physdev-out eth0 --physdev-is-bridged ; = ; OK
-m physdev --physdev-is-out ; = ; OK
-m physdev ! --physdev-is-out ; = ; OK
-m physdev --physdev-is-out --physdev-out eth+ ; = ; OK
-m physdev --physdev-is-bridged --physdev-is-out --physdev-is-in ! --physdev-out a --physdev-in b -j ACCEPT ; -m physdev --physdev-is-in --physdev-in b --physdev-is-out ! --physdev-out a --physdev-is-bridged -j ACCEPT ; OK
@chain OUTPUT
-m physdev --physdev-is-out --physdev-is-bridged ; = ; OK
-m physdev --physdev-out eth0 --physdev-is-bridged ; = ; OK
-m physdev --physdev-in eth0 ; = ; OK
@table mangle
@chain POSTROUTING
-m physdev --physdev-out eth0 ; = ; OK
-m physdev --physdev-is-bridged --physdev-out eth0 ; -m physdev --physdev-out eth0 --physdev-is-bridged ; OK
@chain PREROUTING
-m physdev --physdev-out eth0 ; = ; OK
-m physdev --physdev-is-out ; = ; OK
