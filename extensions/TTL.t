# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain PREROUTING
-j TTL --ttl-set 64 ; = ; OK
-j TTL --ttl-set 0 ; = ; OK
-j TTL --ttl-set 255 ; = ; OK
-j TTL --ttl-set 256 ; FAIL ; TTL: bad value for option "--ttl-set", or out of range (0-255).
-j TTL --ttl-inc 1 ; = ; OK
-j TTL --ttl-inc 0 ; FAIL ; TTL: bad value for option "--ttl-inc", or out of range (1-255).
-j TTL --ttl-dec 0 ; FAIL ; TTL: bad value for option "--ttl-dec", or out of range (1-255).
-j TTL --ttl-dec 1 ; = ; OK
-j TTL --ttl-dec 255 ; = ; OK
-j TTL --ttl-dec 256 ; FAIL ; TTL: bad value for option "--ttl-dec", or out of range (1-255).
-j TTL --ttl-dec x ; FAIL ; TTL: bad value for option "--ttl-dec", or out of range (1-255).
-j TTL --ttl-set 1 --ttl-inc 1 ; FAIL ; TTL: option "--ttl-set" cannot be used together with "--ttl-inc".
-j TTL --ttl-inc 1 --ttl-inc 1 ; FAIL ; TTL: option "--ttl-inc" can only be used once.
-j TTL ! --ttl-inc 1 ; FAIL ; TTL: option "--ttl-inc" cannot be inverted.
-j TTL ; FAIL ; TTL: You must specify an action
