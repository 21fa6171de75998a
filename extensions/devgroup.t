# SPDX-License-Identifier: GPL-2.0-or-later
# Names depend on the machine: tests/bats/names.bats.
-m devgroup --src-group 0x2a/0xff ; = ; OK
-m devgroup ! --src-group 5 ; -m devgroup ! --src-group 0x5 ; OK
-m devgroup --src-group 4294967295 ; -m devgroup --src-group 0xffffffff ; OK
-m devgroup --src-group 0x10/0 ; -m devgroup --src-group 0x10/0x0 ; OK
-m devgroup --src-group 0/0 ; -m devgroup --src-group 0x0/0x0 ; OK
-m devgroup --src-group 1/0xffffffff ; -m devgroup --src-group 0x1 ; OK
-m devgroup ! --src-group 0/0 ; -m devgroup ! --src-group 0x0/0x0 ; OK
-m devgroup --src-group 010 ; -m devgroup --src-group 0x8 ; OK
-m devgroup ; FAIL ; devgroup match: You must specify either '--src-group' or '--dst-group'
-m devgroup --src-group a ; FAIL ; devgroup: could not map name a to an integer value for option "--src-group".
-m devgroup --src-group 1/a ; FAIL ; devgroup: bad integer value for option "--src-group", or out of range.
-m devgroup --src-group 1/ ; FAIL ; devgroup: bad integer value for option "--src-group", or out of range.
-m devgroup --src-group '' ; FAIL ; devgroup: could not map name  to an integer value for option "--src-group".
-m devgroup --src-group -1 ; FAIL ; devgroup: could not map name -1 to an integer value for option "--src-group".
-m devgroup --src-group 4294967296 ; FAIL ; devgroup: could not map name 4294967296 to an integer value for option "--src-group".
-m devgroup --src-group 1 --src-group 2 ; FAIL ; devgroup: option "--src-group" can only be used once.
@chain FORWARD
-m devgroup --src-group 0x1 --dst-group 0x2 ; = ; OK
-m devgroup --src-group 0x1 --dst-group x9 ; FAIL ; devgroup: could not map name x9 to an integer value for option "--dst-group".
-m devgroup --dst-group 0x2 --src-group 0x1 ; -m devgroup --src-group 0x1 --dst-group 0x2 ; OK
-m devgroup ! --src-group 1/3 ! --dst-group 2/0xf ; -m devgroup ! --src-group 0x1/0x3 ! --dst-group 0x2/0xf ; OK
@chain OUTPUT
-m devgroup --dst-group 7 ; -m devgroup --dst-group 0x7 ; OK
