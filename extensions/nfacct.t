# SPDX-License-Identifier: GPL-2.0-or-later
-m nfacct ; FAIL ; nfacct: option "--nfacct-name" must be specified
-m nfacct --nfacct-name foo ; -m nfacct --nfacct-name  foo ; OK
-m nfacct --nfacct-name '' ; FAIL ; Argument must have a minimum length of 1 characters
-m nfacct --nfacct-name 'a b' ; -m nfacct --nfacct-name  "a b" ; OK
-m nfacct --nfacct-name 0123456789012345678901234567890 ; -m nfacct --nfacct-name  0123456789012345678901234567890 ; OK
-m nfacct --nfacct-name 01234567890123456789012345678901 ; FAIL ; nfacct: Argument to option "--nfacct-name" has a length of 32 bytes, must be at most 31.
-m nfacct --nfacct-name foo --nfacct-name bar ; FAIL ; nfacct: option "--nfacct-name" can only be used once.
-m nfacct ! --nfacct-name foo ; FAIL ; nfacct: option "--nfacct-name" cannot be inverted.
-m nfacct --nfacct-name foo -j ACCEPT ; -m nfacct --nfacct-name  foo -j ACCEPT ; OK
