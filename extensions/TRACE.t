# SPDX-License-Identifier: GPL-2.0-or-later
@chain FORWARD
-j TRACE ; = ; OK
-j TRACE --x ; FAIL ; unknown option "--x"
@table raw
@chain PREROUTING
-p tcp -j TRACE ; = ; OK
-j TRACE --bogus ; FAIL ; unknown option "--bogus"
-j TRACE x ; FAIL ; Bad argument `x'
