# SPDX-License-Identifier: GPL-2.0-or-later
-m socket ; = ; OK
-m socket --transparent ; = ; OK
-m socket --nowildcard ; = ; OK
-m socket --nowildcard --nowildcard ; FAIL ; socket: option "--nowildcard" can only be used once.
-m socket --restore-skmark ; = ; OK
-m socket --restore-skmark --restore-skmark ; FAIL ; socket: option "--restore-skmark" can only be used once.
-m socket --restore-skmark --transparent --nowildcard ; -m socket --transparent --nowildcard --restore-skmark ; OK
-m socket ! --transparent ; FAIL ; socket: option "--transparent" cannot be inverted.
-m socket --transparent --transparent ; FAIL ; socket: option "--transparent" can only be used once.
-m socket --foo ; FAIL ; unknown option "--foo"
-m socket --transparent --nowildcard --restore-skmark ; = ; OK
@table mangle
@chain PREROUTING
-m socket --transparent ; = ; OK
@table nat
-m socket ; = ; OK
@table raw
-m socket ; = ; OK
