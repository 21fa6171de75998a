# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain PREROUTING
-m rpfilter --loose ; = ; OK
@table raw
-m rpfilter ; = ; OK
-m rpfilter --loose ; = ; OK
-m rpfilter --validmark ; = ; OK
-m rpfilter --validmark --validmark ; FAIL ; rpfilter: option "--validmark" can only be used once.
-m rpfilter --accept-local ; = ; OK
-m rpfilter --accept-local --accept-local ; FAIL ; rpfilter: option "--accept-local" can only be used once.
-m rpfilter --invert ; = ; OK
-m rpfilter --invert --accept-local --validmark --loose -j DROP ; -m rpfilter --loose --validmark --accept-local --invert -j DROP ; OK
-m rpfilter ! --invert ; FAIL ; rpfilter: option "--invert" cannot be inverted.
-m rpfilter ! --loose ; FAIL ; rpfilter: option "--loose" cannot be inverted.
-m rpfilter --loose --loose ; FAIL ; rpfilter: option "--loose" can only be used once.
-m rpfilter --loose foo ; FAIL ; Bad argument `foo'
