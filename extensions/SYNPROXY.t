# SPDX-License-Identifier: GPL-2.0-or-later
-p tcp -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460 ; = ; OK
-p tcp -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --sack-perm --timestamp --wscale 7 --mss 1460 ; FAIL ; SYNPROXY: option "--sack-perm" can only be used once.
-p tcp -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --timestamp --wscale 7 --mss 1460 ; FAIL ; SYNPROXY: option "--timestamp" can only be used once.
-p tcp -j SYNPROXY ; = ; OK
-p tcp -j SYNPROXY --sack-perm ; = ; OK
-p tcp -j SYNPROXY --timestamp --ecn ; = ; OK
-p tcp -j SYNPROXY --timestamp --ecn --ecn ; FAIL ; SYNPROXY: option "--ecn" can only be used once.
-p tcp -j SYNPROXY --wscale 0 ; = ; OK
-p tcp -j SYNPROXY --wscale 14 ; = ; OK
-p tcp -j SYNPROXY --wscale 15 ; = ; OK
-p tcp -j SYNPROXY --mss 0 ; = ; OK
-p tcp -j SYNPROXY --mss 65535 ; = ; OK
-p tcp -j SYNPROXY --mss 1460 --wscale 7 --timestamp --sack-perm --ecn ; -p tcp -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460 --ecn ; OK
-p tcp -j SYNPROXY --mss 1 --mss 2 ; FAIL ; SYNPROXY: option "--mss" can only be used once.
-p tcp -j SYNPROXY ! --mss 1 ; FAIL ; SYNPROXY: option "--mss" cannot be inverted.
-j SYNPROXY --mss 1460 ; FAIL ; SYNPROXY: it is for TCP only, so the rule needs -p tcp
-p udp -j SYNPROXY --mss 1460 ; FAIL ; SYNPROXY: it is for TCP only, so the rule needs -p tcp
! -p tcp -j SYNPROXY --mss 1460 ; FAIL ; SYNPROXY: it is for TCP only, so the rule needs -p tcp
@chain FORWARD
-p tcp -j SYNPROXY --mss 1460 ; = ; OK
@chain INPUT
# Stock cuts, wraps or mixes up these.
-p tcp -j SYNPROXY --wscale 256 ; FAIL ; SYNPROXY: bad value for option "--wscale", or out of range (0-255).
-p tcp -j SYNPROXY --wscale x ; FAIL ; SYNPROXY: bad value for option "--wscale", or out of range (0-255).
-p tcp -j SYNPROXY --mss 65536 ; FAIL ; SYNPROXY: bad value for option "--mss", or out of range (0-65535).
