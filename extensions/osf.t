# SPDX-License-Identifier: GPL-2.0-or-later
-m osf ; FAIL ; osf: option "--genre" must be specified
-p tcp -m osf ; FAIL ; osf: option "--genre" must be specified
-p tcp -m osf --genre Linux ; = ; OK
-p tcp -m osf ! --genre Linux ; = ; OK
# stock takes this
-p tcp -m osf --genre '' ; FAIL ; Argument must have a minimum length of 1 characters
# stock prints: -p tcp -m osf --genre a b
-p tcp -m osf --genre 'a b' ; -p tcp -m osf --genre "a b" ; OK
-p tcp -m osf --genre 0123456789012345678901234567890 ; = ; OK
# stock takes this
-p tcp -m osf --genre 01234567890123456789012345678901 ; FAIL ; osf: Argument to option "--genre" has a length of 32 bytes, must be at most 31.
-p tcp -m osf --genre Linux --ttl 0 ; = ; OK
-p tcp -m osf --genre Linux --ttl 1 ; = ; OK
-p tcp -m osf --genre Linux --ttl 2 ; = ; OK
-p tcp -m osf --genre Linux --ttl 3 ; FAIL ; osf: bad value for option "--ttl", or out of range (0-2).
-p tcp -m osf --genre Linux --ttl a ; FAIL ; osf: bad value for option "--ttl", or out of range (0-2).
-p tcp -m osf --genre Linux ! --ttl 1 ; FAIL ; osf: option "--ttl" cannot be inverted.
-p tcp -m osf --genre Linux --log 0 ; = ; OK
-p tcp -m osf --genre Linux --log 1 ; = ; OK
-p tcp -m osf --genre Linux --log 2 ; = ; OK
-p tcp -m osf --genre Linux --log 3 ; FAIL ; osf: bad value for option "--log", or out of range (0-2).
-p tcp -m osf --genre Linux --log 2 --ttl 1 -j DROP ; -p tcp -m osf --genre Linux --ttl 1 --log 2 -j DROP ; OK
-p tcp -m osf --ttl 1 ; FAIL ; osf: option "--genre" must be specified
-p tcp -m osf --genre Linux --genre Windows ; FAIL ; osf: option "--genre" can only be used once.
@chain FORWARD
-p tcp -m osf --genre Linux ; = ; OK
@table raw
@chain PREROUTING
-p tcp -m osf --genre Linux ; = ; OK
