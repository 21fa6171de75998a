# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
-j SECMARK --selctx system_u:object_r:firewalld_exec_t:s0 ; = ; OK
-j SECMARK ; FAIL ; SECMARK: option "--selctx" must be specified
-j SECMARK --selctx '' ; FAIL ; Argument must have a minimum length of 1 characters
-j SECMARK --selctx x --selctx y ; FAIL ; SECMARK: option "--selctx" can only be used once.
-j SECMARK ! --selctx x ; FAIL ; SECMARK: option "--selctx" cannot be inverted.
@table security
-j SECMARK --selctx foo ; = ; OK
@table mangle
-j SECMARK --selctx "a b" ; = ; OK
-j SECMARK --selctx ; FAIL ; option "--selctx" requires an argument
-j SECMARK --selctx x --selctx x ; FAIL ; SECMARK: option "--selctx" can only be used once.
-j SECMARK --bogus ; FAIL ; unknown option "--bogus"
