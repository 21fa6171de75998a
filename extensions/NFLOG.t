# SPDX-License-Identifier: GPL-2.0-or-later
@chain FORWARD
-j NFLOG ; = ; OK
-j NFLOG --nflog-group 5 ; = ; OK
-j NFLOG --nflog-group 0 ; -j NFLOG ; OK
-j NFLOG --nflog-group 65535 ; = ; OK
-j NFLOG --nflog-group 65536 ; FAIL ; NFLOG: bad value for option "--nflog-group", or out of range (0-65535).
-j NFLOG --nflog-group x ; FAIL ; NFLOG: bad value for option "--nflog-group", or out of range (0-65535).
-j NFLOG --nflog-prefix "foo bar" ; = ; OK
-j NFLOG --nflog-prefix '' ; FAIL ; Argument must have a minimum length of 1 characters
-j NFLOG --nflog-prefix "a\"b'c\\d" ; -j NFLOG --nflog-prefix "a\"b\'c\\d" ; OK
-j NFLOG --nflog-prefix abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk ; = ; OK
-j NFLOG --nflog-range 40 ; -j NFLOG ; OK
-j NFLOG --nflog-range 0 ; -j NFLOG ; OK
-j NFLOG --nflog-size 0 ; = ; OK
-j NFLOG --nflog-size 64 ; = ; OK
-j NFLOG --nflog-size 4294967295 ; = ; OK
-j NFLOG --nflog-size 4294967296 ; FAIL ; NFLOG: bad value for option "--nflog-size", or out of range (0-4294967295).
-j NFLOG --nflog-range 4294967295 ; -j NFLOG ; OK
-j NFLOG --nflog-size 1 --nflog-range 2 ; FAIL ; NFLOG: option "--nflog-range" cannot be used together with "--nflog-size".
-j NFLOG --nflog-threshold 0 ; -j NFLOG ; OK
-j NFLOG --nflog-threshold 1 ; = ; OK
-j NFLOG --nflog-threshold 2 ; = ; OK
-j NFLOG --nflog-threshold 65535 ; = ; OK
-j NFLOG --nflog-threshold 65536 ; FAIL ; NFLOG: bad value for option "--nflog-threshold", or out of range (0-65535).
-j NFLOG --nflog-group 1 --nflog-prefix p --nflog-size 3 --nflog-threshold 4 ; -j NFLOG --nflog-prefix p --nflog-group 1 --nflog-size 3 --nflog-threshold 4 ; OK
-j NFLOG --nflog-group 1 --nflog-prefix p --nflog-range 3 --nflog-threshold 4 ; -j NFLOG --nflog-prefix p --nflog-group 1 --nflog-threshold 4 ; OK
-j NFLOG --nflog-group 1 --nflog-group 1 ; FAIL ; NFLOG: option "--nflog-group" can only be used once.
-j NFLOG ! --nflog-group 1 ; FAIL ; NFLOG: option "--nflog-group" cannot be inverted.
-j NFLOG --nflog-prefix p --nflog-prefix q ; FAIL ; NFLOG: option "--nflog-prefix" can only be used once.
-j NFLOG ! --nflog-prefix p ; FAIL ; NFLOG: option "--nflog-prefix" cannot be inverted.
-j NFLOG --nflog-group 0x10 ; -j NFLOG --nflog-group 16 ; OK
-j NFLOG --nflog-group 010 ; -j NFLOG --nflog-group 8 ; OK
-j NFLOG --nflog-threshold 1 --nflog-group 0 ; -j NFLOG --nflog-threshold 1 ; OK
-j NFLOG --nflog-threshold 0 --nflog-range 4294967296 ; FAIL ; NFLOG: bad value for option "--nflog-range", or out of range (0-4294967295).
# The kernel's target would have no room for them, the expression has.
@wire no
-j NFLOG --nflog-prefix abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl ; = ; OK
-j NFLOG --nflog-prefix xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ; = ; OK
-j NFLOG --nflog-prefix xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy ; -j NFLOG --nflog-prefix xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ; OK
