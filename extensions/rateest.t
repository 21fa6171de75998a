# SPDX-License-Identifier: GPL-2.0-or-later
-m rateest --rateest a --rateest-bps 1mbit --rateest-lt ; -m rateest --rateest a --rateest-lt --rateest-bps 1000Kbit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 1mbit ; -m rateest --rateest a --rateest-lt --rateest-bps 1000Kbit ; OK
-m rateest --rateest a --rateest-gt --rateest-pps 100 ; = ; OK
-m rateest --rateest a --rateest-eq --rateest-pps 100 ; = ; OK
-m rateest --rateest a --rateest-pps 100 --rateest-gt ; -m rateest --rateest a --rateest-gt --rateest-pps 100 ; OK
-m rateest --rateest a ! --rateest-gt --rateest-pps 100 ; = ; OK
-m rateest --rateest a --rateest-gt --rateest-pps 100 --rateest-bps 5kbit ; -m rateest --rateest a --rateest-gt --rateest-bps 5000bit --rateest-gt --rateest-pps 100 ; OK
# stock takes this
-m rateest --rateest a --rateest-gt --rateest-pps1 100 ; FAIL ; rateest: this rate needs --rateest-delta
# stock takes this
-m rateest --rateest1 a --rateest-gt --rateest-pps1 100 ; FAIL ; rateest: this rate needs --rateest-delta
# stock takes this
-m rateest --rateest1 a --rateest-gt --rateest-bps1 100 ; FAIL ; rateest: this rate needs --rateest-delta
-m rateest --rateest-delta --rateest a --rateest-gt --rateest-pps1 100 --rateest-pps2 50 ; -m rateest --rateest-delta --rateest a --rateest-pps1 100 --rateest-gt --rateest-pps2 50 ; OK
-m rateest --rateest-delta --rateest a --rateest-bps1 8bit --rateest-gt --rateest-bps2 100bps ; -m rateest --rateest-delta --rateest a --rateest-bps1 8bit --rateest-gt --rateest-bps2 800bit ; OK
-m rateest --rateest-delta --rateest a --rateest-bps1 8bit --rateest-gt --rateest2 a --rateest-bps2 100bps ; -m rateest --rateest-delta --rateest1 a --rateest-bps1 8bit --rateest-gt --rateest-bps2 800bit --rateest2 a ; OK
-m rateest --rateest1 a --rateest-gt --rateest2 a --rateest-bps ; -m rateest --rateest1 a --rateest-gt --rateest-bps --rateest2 a ; OK
-m rateest --rateest1 a --rateest-bps --rateest-gt --rateest2 a ; -m rateest --rateest1 a --rateest-gt --rateest-bps --rateest2 a ; OK
-m rateest --rateest1 a --rateest-pps --rateest-gt --rateest2 a ; -m rateest --rateest1 a --rateest-gt --rateest-pps --rateest2 a ; OK
-m rateest --rateest1 a --rateest-bps1 --rateest-lt --rateest2 a --rateest-bps2 ; -m rateest --rateest1 a --rateest-lt --rateest-bps --rateest2 a ; OK
-m rateest --rateest-delta --rateest1 a --rateest-bps1 10kbit --rateest-lt --rateest2 a --rateest-bps2 20kbit ; -m rateest --rateest-delta --rateest1 a --rateest-bps1 10000bit --rateest-lt --rateest-bps2 20000bit --rateest2 a ; OK
# stock takes this
-m rateest --rateest1 a --rateest-lt --rateest-bps1 10kbit --rateest2 a --rateest-bps2 20kbit ; FAIL ; rateest: this rate needs --rateest-delta
-m rateest --rateest1 a --rateest2 a --rateest-bps --rateest-pps --rateest-eq ; -m rateest --rateest1 a --rateest-eq --rateest-bps --rateest-eq --rateest-pps --rateest2 a ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 1 ; -m rateest --rateest a --rateest-lt --rateest-bps 0bit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 8 ; -m rateest --rateest a --rateest-lt --rateest-bps 8bit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 1kbit ; -m rateest --rateest a --rateest-lt --rateest-bps 1000bit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 1Kbit ; -m rateest --rateest a --rateest-lt --rateest-bps 1000bit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 1kibit ; -m rateest --rateest a --rateest-lt --rateest-bps 1024bit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 1bps ; -m rateest --rateest a --rateest-lt --rateest-bps 8bit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 1kbps ; -m rateest --rateest a --rateest-lt --rateest-bps 8000bit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 1mbps ; -m rateest --rateest a --rateest-lt --rateest-bps 8000Kbit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 1gbit ; -m rateest --rateest a --rateest-lt --rateest-bps 1000Mbit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 1gbps ; -m rateest --rateest a --rateest-lt --rateest-bps 8000Mbit ; OK
# stock takes this
-m rateest --rateest a --rateest-lt --rateest-bps 10gbps ; FAIL ; rateest: could not parse rate `10gbps'
# stock takes this
-m rateest --rateest a --rateest-lt --rateest-bps 1tbit ; FAIL ; rateest: could not parse rate `1tbit'
-m rateest --rateest a --rateest-lt --rateest-bps 1.5mbit ; -m rateest --rateest a --rateest-lt --rateest-bps 1500Kbit ; OK
# stock prints: -m rateest --rateest a --rateest-lt --rateest-bps 1235Kbit
-m rateest --rateest a --rateest-lt --rateest-bps 1234567bit ; -m rateest --rateest a --rateest-lt --rateest-bps 1234560bit ; OK
# stock prints: -m rateest --rateest a --rateest-lt --rateest-bps 34360Mbit
-m rateest --rateest a --rateest-lt --rateest-bps 34359738360bit ; = ; OK
-m rateest --rateest a --rateest-lt --rateest-bps 0 ; -m rateest --rateest a --rateest-lt --rateest-bps 0bit ; OK
-m rateest --rateest a --rateest-lt --rateest-bps a ; FAIL ; rateest: could not parse rate `a'
-m rateest --rateest a --rateest-lt --rateest-bps 5foo ; FAIL ; rateest: could not parse rate `5foo'
-m rateest --rateest a --rateest-lt --rateest-bps -5 ; FAIL ; unknown option "-5"
-m rateest --rateest a --rateest-lt --rateest-pps a ; FAIL ; rateest: could not parse pps `a'
-m rateest --rateest a --rateest-lt --rateest-pps -5 ; FAIL ; unknown option "-5"
-m rateest --rateest a --rateest-lt --rateest-pps 4294967295 ; = ; OK
-m rateest --rateest a --rateest-lt --rateest-pps 4294967296 ; FAIL ; rateest: could not parse pps `4294967296'
# stock takes this
-m rateest --rateest a --rateest-lt --rateest-gt --rateest-pps 5 ; FAIL ; rateest: option "--rateest-lt" cannot be used together with "--rateest-gt".
-m rateest --rateest a --rateest-eq --rateest-gt --rateest-pps 5 ; FAIL ; rateest: option "--rateest-gt" cannot be used together with "--rateest-eq".
-m rateest --rateest a --rateest b --rateest-lt --rateest-pps 5 ; FAIL ; rateest: can't specify --rateest1 twice
-m rateest --rateest '' --rateest-lt --rateest-pps 5 ; -m rateest --rateest "" --rateest-lt --rateest-pps 5 ; OK
-m rateest --rateest 0123456789abcdef --rateest-lt --rateest-pps 5 ; FAIL ; rateest: Argument to option "--rateest1" has a length of 16 bytes, must be at most 15.
-m rateest --rateest-lt --rateest-pps 5 ; -m rateest --rateest "" --rateest-lt --rateest-pps 5 ; OK
-m rateest --rateest nosuch --rateest-lt --rateest-pps 5 ; = ; OK
-m rateest --rateest a --rateest-lt --rateest-pps 5 --rateest-pps 6 ; FAIL ; rateest: can't specify --rateest-pps2 twice
-m rateest --rateest-delta --rateest-delta --rateest a --rateest-lt --rateest-pps1 5 ; FAIL ; rateest: can't specify --rateest-delta twice
-m rateest ! --rateest-delta --rateest a --rateest-lt --rateest-pps1 5 ; FAIL ; rateest: rateest-delta can't be inverted
-m rateest --rateest a --rateest-lt ! --rateest-pps 5 ; FAIL ; rateest: rateest-pps can't be inverted
-m rateest ! --rateest a --rateest-lt --rateest-pps 5 ; FAIL ; rateest: rateest can't be inverted
-m rateest --rateest a --rateest-lt --rateest-pps2 5 ; -m rateest --rateest a --rateest-lt --rateest-pps 5 ; OK
# stock takes this
-m rateest --rateest-pps1 5 --rateest a --rateest-lt ; FAIL ; rateest: this rate needs --rateest-delta
-m rateest --rateest1 a --rateest-lt --rateest2 a --rateest-pps1 --rateest-pps2 ; -m rateest --rateest1 a --rateest-lt --rateest-pps --rateest2 a ; OK
# stock takes this
-m rateest --rateest1 a --rateest-lt --rateest2 a --rateest-pps1 5 --rateest-pps2 6 ; FAIL ; rateest: this rate needs --rateest-delta
