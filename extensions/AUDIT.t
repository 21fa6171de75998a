# SPDX-License-Identifier: GPL-2.0-or-later
-j AUDIT --type accept ; = ; OK
-j AUDIT --type drop ; = ; OK
-j AUDIT --type reject ; = ; OK
-j AUDIT --type ACCEPT ; -j AUDIT --type accept ; OK
-j AUDIT --type x ; FAIL ; Bad action type value "x"
-j AUDIT --type acc ; FAIL ; Bad action type value "acc"
-j AUDIT --type '' ; FAIL ; Bad action type value ""
-j AUDIT ; FAIL ; AUDIT: option "--type" must be specified
-j AUDIT --type accept --type drop ; FAIL ; AUDIT: option "--type" can only be used once.
-j AUDIT ! --type accept ; FAIL ; AUDIT: option "--type" cannot be inverted.
@table mangle
-j AUDIT --bogus ; FAIL ; unknown option "--bogus"
@table filter
-j AUDIT --type Reject ; -j AUDIT --type reject ; OK
-j AUDIT --type DROP ; -j AUDIT --type drop ; OK
-j AUDIT --type ; FAIL ; option "--type" requires an argument
