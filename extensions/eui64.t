# SPDX-License-Identifier: GPL-2.0-or-later
@family ip6
-m eui64 ; = ; OK
-m eui64 -j ACCEPT ; = ; OK
-m eui64 -m eui64 ; = ; OK
-m eui64 --bogus ; FAIL ; unknown option "--bogus"
! -m eui64 ; FAIL ; unexpected ! flag before --match
@chain FORWARD
-m eui64 ; = ; OK
@table mangle
@chain PREROUTING
-m eui64 ; = ; OK
