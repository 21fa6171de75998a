# SPDX-License-Identifier: GPL-2.0-or-later
@table raw
@chain OUTPUT
-j NOTRACK ; = ; OK
-j NOTRACK --notrack ; FAIL ; unknown option "--notrack"
-j NOTRACK --zone 1 ; FAIL ; unknown option "--zone"
@chain PREROUTING
-p tcp -j NOTRACK ; = ; OK
-j NOTRACK -p udp ; -p udp -j NOTRACK ; OK
-j NOTRACK x ; FAIL ; Bad argument `x'
-j NOTRACK --bogus ; FAIL ; unknown option "--bogus"
