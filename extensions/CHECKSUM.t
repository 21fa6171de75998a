# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain FORWARD
-j CHECKSUM ; FAIL ; CHECKSUM: option "--checksum-fill" must be specified
-j CHECKSUM --checksum-fill ; = ; OK
-j CHECKSUM --checksum-fill --checksum-fill ; FAIL ; CHECKSUM: option "--checksum-fill" can only be used once.
-j CHECKSUM ! --checksum-fill ; FAIL ; CHECKSUM: option "--checksum-fill" cannot be inverted.
@chain POSTROUTING
-p udp -m udp --dport 68 -j CHECKSUM --checksum-fill ; = ; OK
-j CHECKSUM --checksum-fil ; -j CHECKSUM --checksum-fill ; OK
-j CHECKSUM --checksum-fill x ; FAIL ; Bad argument `x'
