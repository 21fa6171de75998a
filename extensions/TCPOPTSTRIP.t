# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain FORWARD
-p tcp -j TCPOPTSTRIP --strip-options 1 ; FAIL ; Option value may not be 0 or 1
-p tcp -j TCPOPTSTRIP --strip-options 2,3 ; = ; OK
-p tcp -j TCPOPTSTRIP --strip-options mss,wscale ; -p tcp -j TCPOPTSTRIP --strip-options 2,3 ; OK
-p tcp -j TCPOPTSTRIP --strip-options mss,wscale,sack-permitted,sack,timestamp,md5 ; -p tcp -j TCPOPTSTRIP --strip-options 2,3,4,5,8,19 ; OK
-p tcp -j TCPOPTSTRIP --strip-options MSS ; FAIL ; Bad TCP option value "MSS"
-p tcp -j TCPOPTSTRIP --strip-options wsc ; FAIL ; Bad TCP option value "wsc"
-p tcp -j TCPOPTSTRIP --strip-options 0 ; FAIL ; Option value may not be 0 or 1
-p tcp -j TCPOPTSTRIP --strip-options 255 ; = ; OK
-p tcp -j TCPOPTSTRIP --strip-options 256 ; FAIL ; Bad TCP option value "256"
-p tcp -j TCPOPTSTRIP --strip-options 254 ; = ; OK
-p tcp -j TCPOPTSTRIP --strip-options 0x10 ; -p tcp -j TCPOPTSTRIP --strip-options 16 ; OK
-p tcp -j TCPOPTSTRIP --strip-options 5,4,3,5 ; FAIL ; Option "5" already specified
-p tcp -j TCPOPTSTRIP --strip-options 6,7,8,9,19,200 ; = ; OK
-p tcp -j TCPOPTSTRIP --strip-options x ; FAIL ; Bad TCP option value "x"
-p tcp -j TCPOPTSTRIP --strip-options 3,,4 ; FAIL ; Bad TCP option value ""
-p tcp -j TCPOPTSTRIP --strip-options '' ; FAIL ; Bad TCP option value ""
-p tcp -j TCPOPTSTRIP --strip-options 3, ; FAIL ; Bad TCP option value ""
-p tcp -j TCPOPTSTRIP --strip-options 3x ; FAIL ; Bad TCP option value "3x"
-p tcp -j TCPOPTSTRIP ; = ; OK
-j TCPOPTSTRIP --strip-options 3 ; FAIL ; TCPOPTSTRIP: it is for TCP only, so the rule needs -p tcp
-p udp -j TCPOPTSTRIP --strip-options 3 ; FAIL ; TCPOPTSTRIP: it is for TCP only, so the rule needs -p tcp
-p tcp -j TCPOPTSTRIP --strip-options 3 --strip-options 4 ; FAIL ; TCPOPTSTRIP: option "--strip-options" can only be used once.
-p tcp -j TCPOPTSTRIP ! --strip-options 3 ; FAIL ; TCPOPTSTRIP: option "--strip-options" cannot be inverted.
