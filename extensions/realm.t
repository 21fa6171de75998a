# SPDX-License-Identifier: GPL-2.0-or-later
# Names depend on the machine: tests/bats/names.bats.
-m realm ; FAIL ; realm: option "--realm" must be specified
-m realm --realm 5 ; -m realm --realm 0x5 ; OK
-m realm --realm 0x1/0x2 ; = ; OK
-m realm --realm 0x12 ; = ; OK
-m realm --realm 0x12/0xffffffff ; -m realm --realm 0x12 ; OK
-m realm --realm 4294967295 ; -m realm --realm 0xffffffff ; OK
-m realm --realm 4294967296 ; FAIL ; realm: could not map name 4294967296 to an integer value for option "--realm".
-m realm --realm 1/4294967296 ; FAIL ; realm: bad integer value for option "--realm", or out of range.
-m realm --realm 1/ ; FAIL ; realm: bad integer value for option "--realm", or out of range.
-m realm --realm /1 ; FAIL ; realm: could not map name /1 to an integer value for option "--realm".
-m realm --realm 1/2/3 ; FAIL ; realm: trailing garbage after value for option "--realm".
-m realm --realm a ; FAIL ; realm: could not map name a to an integer value for option "--realm".
-m realm --realm cosmos/5 ; FAIL ; realm: could not map name cosmos/5 to an integer value for option "--realm".
-m realm --realm '' ; FAIL ; realm: could not map name  to an integer value for option "--realm".
-m realm ! --realm 5 ; -m realm ! --realm 0x5 ; OK
-m realm ! --realm 5/6 ; -m realm ! --realm 0x5/0x6 ; OK
-m realm --realm 1 --realm 2 ; FAIL ; realm: option "--realm" can only be used once.
-m realm --realm 010 ; -m realm --realm 0x8 ; OK
-m realm --realm 0/0 ; -m realm --realm 0x0/0x0 ; OK
-m realm --realm 1x ; FAIL ; realm: could not map name 1x to an integer value for option "--realm".
@chain FORWARD
-m realm --realm 5 ; -m realm --realm 0x5 ; OK
@chain OUTPUT
-m realm --realm 5 ; -m realm --realm 0x5 ; OK
