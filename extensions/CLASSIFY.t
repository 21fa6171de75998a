# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain POSTROUTING
-j CLASSIFY --set-class 1:2 ; -j CLASSIFY --set-class 0001:0002 ; OK
-j CLASSIFY --set-class 0:0 ; -j CLASSIFY --set-class 0000:0000 ; OK
-j CLASSIFY --set-class ffff:ffff ; = ; OK
-j CLASSIFY --set-class 1 ; FAIL ; Bad class value "1"
-j CLASSIFY --set-class 1: ; FAIL ; Bad class value "1:"
-j CLASSIFY --set-class :1 ; FAIL ; Bad class value ":1"
-j CLASSIFY --set-class x:1 ; FAIL ; Bad class value "x:1"
-j CLASSIFY --set-class 0x10:0x20 ; -j CLASSIFY --set-class 0010:0020 ; OK
-j CLASSIFY ; FAIL ; CLASSIFY: option "--set-class" must be specified
-j CLASSIFY --set-class 1:2 --set-class 1:3 ; FAIL ; CLASSIFY: option "--set-class" can only be used once.
-j CLASSIFY ! --set-class 1:2 ; FAIL ; CLASSIFY: option "--set-class" cannot be inverted.
-j CLASSIFY --set-class aB:Cd ; -j CLASSIFY --set-class 00ab:00cd ; OK
# Stock cuts, wraps or mixes up these.
-j CLASSIFY --set-class 10000:1 ; FAIL ; Bad class value "10000:1"
-j CLASSIFY --set-class 1:10000 ; FAIL ; Bad class value "1:10000"
-j CLASSIFY --set-class 1:2:3 ; FAIL ; Bad class value "1:2:3"
-j CLASSIFY --set-class 1:-1 ; FAIL ; Bad class value "1:-1"
-j CLASSIFY --set-class " 1: 2" ; FAIL ; Bad class value " 1: 2"
-j CLASSIFY --set-class 1:2x ; FAIL ; Bad class value "1:2x"
