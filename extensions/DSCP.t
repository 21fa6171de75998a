# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain PREROUTING
-j DSCP --set-dscp 0 ; -j DSCP --set-dscp 0x00 ; OK
-j DSCP --set-dscp 63 ; -j DSCP --set-dscp 0x3f ; OK
-j DSCP --set-dscp 64 ; FAIL ; DSCP: bad value for option "--set-dscp", or out of range (0-63).
-j DSCP --set-dscp 0x3f ; = ; OK
-j DSCP --set-dscp x ; FAIL ; DSCP: bad value for option "--set-dscp", or out of range (0-63).
-j DSCP --set-dscp-class EF ; -j DSCP --set-dscp 0x2e ; OK
-j DSCP --set-dscp-class ef ; -j DSCP --set-dscp 0x2e ; OK
-j DSCP --set-dscp-class CS0 ; -j DSCP --set-dscp 0x00 ; OK
-j DSCP --set-dscp-class BE ; -j DSCP --set-dscp 0x00 ; OK
-j DSCP --set-dscp-class CS1 ; -j DSCP --set-dscp 0x08 ; OK
-j DSCP --set-dscp-class CS7 ; -j DSCP --set-dscp 0x38 ; OK
-j DSCP --set-dscp-class AF11 ; -j DSCP --set-dscp 0x0a ; OK
-j DSCP --set-dscp-class AF43 ; -j DSCP --set-dscp 0x26 ; OK
-j DSCP --set-dscp-class LE ; FAIL ; Invalid DSCP value `LE'
-j DSCP --set-dscp-class AF44 ; FAIL ; Invalid DSCP value `AF44'
-j DSCP --set-dscp-class VOICE-ADMIT ; FAIL ; Invalid DSCP value `VOICE-ADMIT'
-j DSCP --set-dscp-class VA ; FAIL ; Invalid DSCP value `VA'
-j DSCP --set-dscp-class '' ; FAIL ; Invalid DSCP value `'
-j DSCP --set-dscp-class xx ; FAIL ; Invalid DSCP value `xx'
-j DSCP --set-dscp 1 --set-dscp-class EF ; FAIL ; DSCP: option "--set-dscp" cannot be used together with "--set-dscp-class".
-j DSCP --set-dscp-class EF --set-dscp 1 ; FAIL ; DSCP: option "--set-dscp" cannot be used together with "--set-dscp-class".
-j DSCP ; FAIL ; DSCP target: Parameter --set-dscp is required
-j DSCP --set-dscp 1 --set-dscp 1 ; FAIL ; DSCP: option "--set-dscp" can only be used once.
-j DSCP ! --set-dscp 1 ; FAIL ; DSCP: option "--set-dscp" cannot be inverted.
-j DSCP --set-dscp 010 ; -j DSCP --set-dscp 0x08 ; OK
