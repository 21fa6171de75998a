# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain PREROUTING
-j HL --hl-set 64 ; = ; OK
-j HL --hl-set 0 ; = ; OK
-j HL --hl-set 256 ; FAIL ; HL: bad value for option "--hl-set", or out of range (0-255).
-j HL --hl-inc 1 ; = ; OK
-j HL --hl-inc 0 ; FAIL ; HL: bad value for option "--hl-inc", or out of range (1-255).
-j HL --hl-dec 1 ; = ; OK
-j HL --hl-dec 0 ; FAIL ; HL: bad value for option "--hl-dec", or out of range (1-255).
-j HL --hl-dec 256 ; FAIL ; HL: bad value for option "--hl-dec", or out of range (1-255).
-j HL --hl-set 1 --hl-inc 1 ; FAIL ; HL: option "--hl-set" cannot be used together with "--hl-inc".
-j HL ; FAIL ; HL: You must specify an action
-j HL ! --hl-set 1 ; FAIL ; HL: option "--hl-set" cannot be inverted.
-j HL --hl-set 1 --hl-set 1 ; FAIL ; HL: option "--hl-set" can only be used once.
