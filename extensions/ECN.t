# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain FORWARD
-p tcp -j ECN --ecn-tcp-remove ; = ; OK
-j ECN --ecn-tcp-remove ; FAIL ; ECN: it is for TCP only, so the rule needs -p tcp
-p udp -j ECN --ecn-tcp-remove ; FAIL ; ECN: it is for TCP only, so the rule needs -p tcp
! -p tcp -j ECN --ecn-tcp-remove ; FAIL ; ECN: it is for TCP only, so the rule needs -p tcp
-p tcp -j ECN --ecn-tcp-cwr 1 ; = ; OK
-p tcp -j ECN --ecn-tcp-cwr 0 ; = ; OK
-p tcp -j ECN --ecn-tcp-cwr 2 ; FAIL ; ECN: bad value for option "--ecn-tcp-cwr", or out of range (0-1).
-p tcp -j ECN --ecn-tcp-ece 1 ; = ; OK
-p tcp -j ECN --ecn-tcp-ece 0 ; = ; OK
-j ECN --ecn-tcp-ece 0 ; FAIL ; ECN: it is for TCP only, so the rule needs -p tcp
-j ECN --ecn-ip-ect 0 ; = ; OK
-j ECN --ecn-ip-ect 1 ; = ; OK
-j ECN --ecn-ip-ect 3 ; = ; OK
-j ECN --ecn-ip-ect 4 ; FAIL ; ECN: bad value for option "--ecn-ip-ect", or out of range (0-3).
-p tcp -j ECN --ecn-ip-ect 1 --ecn-tcp-cwr 1 ; -p tcp -j ECN --ecn-tcp-cwr 1 --ecn-ip-ect 1 ; OK
-p tcp -j ECN --ecn-tcp-cwr 1 --ecn-tcp-ece 1 ; -p tcp -j ECN --ecn-tcp-ece 1 --ecn-tcp-cwr 1 ; OK
-p tcp -j ECN --ecn-tcp-cwr 1 --ecn-tcp-ece 0 --ecn-ip-ect 2 ; -p tcp -j ECN --ecn-tcp-ece 0 --ecn-tcp-cwr 1 --ecn-ip-ect 2 ; OK
-p tcp -j ECN --ecn-tcp-remove --ecn-tcp-cwr 1 ; FAIL ; ECN: option "--ecn-tcp-remove" cannot be used together with "--ecn-tcp-cwr".
-p tcp -j ECN --ecn-tcp-cwr 1 --ecn-tcp-remove ; FAIL ; ECN: option "--ecn-tcp-remove" cannot be used together with "--ecn-tcp-cwr".
-p tcp -j ECN --ecn-tcp-remove --ecn-tcp-ece 1 ; FAIL ; ECN: option "--ecn-tcp-remove" cannot be used together with "--ecn-tcp-ece".
-p tcp -j ECN --ecn-tcp-remove --ecn-ip-ect 1 ; -p tcp -j ECN --ecn-tcp-ece 0 --ecn-tcp-cwr 0 --ecn-ip-ect 1 ; OK
-p tcp -j ECN ; FAIL ; ECN target: An operation is required
-j ECN ! --ecn-ip-ect 1 ; FAIL ; ECN: option "--ecn-ip-ect" cannot be inverted.
-j ECN --ecn-ip-ect 1 --ecn-ip-ect 1 ; FAIL ; ECN: option "--ecn-ip-ect" can only be used once.
