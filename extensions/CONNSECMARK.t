# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
-j CONNSECMARK --save ; = ; OK
-j CONNSECMARK --restore ; = ; OK
-j CONNSECMARK ; FAIL ; CONNSECMARK target: parameter required
-j CONNSECMARK --save --restore ; FAIL ; CONNSECMARK: option "--save" cannot be used together with "--restore".
-j CONNSECMARK --restore --save ; FAIL ; CONNSECMARK: option "--save" cannot be used together with "--restore".
-j CONNSECMARK --save --save ; FAIL ; CONNSECMARK: option "--save" can only be used once.
-j CONNSECMARK ! --save ; FAIL ; CONNSECMARK: option "--save" cannot be inverted.
-j CONNSECMARK --bogus ; FAIL ; unknown option "--bogus"
