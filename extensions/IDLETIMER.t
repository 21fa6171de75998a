# SPDX-License-Identifier: GPL-2.0-or-later
-j IDLETIMER --timeout 5 --label foo ; = ; OK
-j IDLETIMER --timeout 0 --label foo ; FAIL ; IDLETIMER: the kernel has timers of 1 to 2147482 seconds
-j IDLETIMER --timeout 4294967295 --label foo ; FAIL ; IDLETIMER: the kernel has timers of 1 to 2147482 seconds
-j IDLETIMER --timeout 4294967 --label foo ; FAIL ; IDLETIMER: the kernel has timers of 1 to 2147482 seconds
-j IDLETIMER --timeout 2147483 --label foo ; FAIL ; IDLETIMER: the kernel has timers of 1 to 2147482 seconds
-j IDLETIMER --timeout 2147484 --label foo ; FAIL ; IDLETIMER: the kernel has timers of 1 to 2147482 seconds
-j IDLETIMER --timeout 4294967296 --label foo ; FAIL ; IDLETIMER: bad value for option "--timeout", or out of range (0-4294967295).
-j IDLETIMER --timeout x --label foo ; FAIL ; IDLETIMER: bad value for option "--timeout", or out of range (0-4294967295).
-j IDLETIMER --timeout 5 ; FAIL ; IDLETIMER: option "--label" must be specified
-j IDLETIMER --label foo ; FAIL ; IDLETIMER: option "--timeout" must be specified
-j IDLETIMER ; FAIL ; IDLETIMER: option "--timeout" must be specified
-j IDLETIMER --timeout 5 --label '' ; FAIL ; Argument must have a minimum length of 1 characters
-j IDLETIMER --timeout 5 --label a/b ; FAIL ; IDLETIMER: the label `a/b' cannot be the name of a file in sysfs
-j IDLETIMER --timeout 5 --label power ; FAIL ; IDLETIMER: the label `power' cannot be the name of a file in sysfs
-j IDLETIMER --timeout 5 --label abcdefghijklmnopqrstuvwxyza ; = ; OK
-j IDLETIMER --timeout 5 --label foo --alarm ; = ; OK
-j IDLETIMER --timeout 5 --label foo --send_nl_msg ; FAIL ; unknown option "--send_nl_msg"
-j IDLETIMER --alarm --timeout 5 --label foo --alarm ; FAIL ; IDLETIMER: option "--alarm" can only be used once.
-j IDLETIMER ! --timeout 5 --label foo ; FAIL ; IDLETIMER: option "--timeout" cannot be inverted.
-j IDLETIMER --timeout 5 --timeout 6 --label foo ; FAIL ; IDLETIMER: option "--timeout" can only be used once.
@chain FORWARD
-j IDLETIMER --timeout 5 --label a.b ; = ; OK
-j IDLETIMER --timeout 2147482 --label a.b ; = ; OK
@chain INPUT
# Stock cuts, wraps or mixes up these.
-j IDLETIMER --timeout 5 --label "a b" ; = ; OK
-j IDLETIMER --timeout 5 --label abcdefghijklmnopqrstuvwxyzab ; FAIL ; IDLETIMER: Argument to option "--label" has a length of 28 bytes, must be at most 27.
