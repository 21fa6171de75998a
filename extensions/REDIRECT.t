# SPDX-License-Identifier: GPL-2.0-or-later
@table nat
@chain PREROUTING
-j REDIRECT ; = ; OK
-p tcp -j REDIRECT --to-ports 80 ; = ; OK
-p tcp -j REDIRECT --to-ports 80-90 ; = ; OK
-p tcp -j REDIRECT --to-ports 80-80 ; -p tcp -j REDIRECT --to-ports 80 ; OK
-p tcp -j REDIRECT --to-ports 0 ; = ; OK
-p tcp -j REDIRECT --to-ports 0-5 ; = ; OK
-p tcp -j REDIRECT --to-ports 65535 ; = ; OK
-p tcp -j REDIRECT --to-ports http ; -p tcp -j REDIRECT --to-ports 80 ; OK
-p udp -j REDIRECT --to-ports domain ; -p udp -j REDIRECT --to-ports 53 ; OK
-p tcp -j REDIRECT --to 80 ; -p tcp -j REDIRECT --to-ports 80 ; OK
-j REDIRECT --random ; = ; OK
-p tcp -j REDIRECT --random --to-ports 80 ; -p tcp -j REDIRECT --to-ports 80 --random ; OK
-p tcp -j REDIRECT --to-ports 90-80 ; FAIL ; Port range `80' funky
-p tcp -j REDIRECT --to-ports 65536 ; FAIL ; Port `65536' not valid
-p tcp -j REDIRECT --to-ports ssh-http ; FAIL ; Port `ssh-http' not valid
-p tcp -j REDIRECT --to-ports 80-foo ; FAIL ; Port `foo' not valid
-p tcp -j REDIRECT --to-ports 80- ; FAIL ; Port `' not valid
-p tcp -j REDIRECT --to-ports 80-90/5 ; FAIL ; Shifted portmap ranges not supported with this kernel
-p tcp -j REDIRECT --to-ports 80-90/x ; FAIL ; Port `x' not valid
-p tcp -j REDIRECT --to-ports 80/5 ; FAIL ; Garbage after port value: `/5'
-p tcp -j REDIRECT --to-ports '' ; FAIL ; Port `' not valid
-p tcp -j REDIRECT --to-ports ; FAIL ; option "--to-ports" requires an argument
-p tcp -j REDIRECT --to-ports 80 --to-ports 81 ; FAIL ; REDIRECT: option "--to-ports" can only be used once.
-p tcp -j REDIRECT ! --to-ports 80 ; FAIL ; REDIRECT: option "--to-ports" cannot be inverted.
-j REDIRECT --to-ports 80 ; FAIL ; Need TCP, UDP, SCTP or DCCP with port specification
-j REDIRECT --random --random ; FAIL ; REDIRECT: option "--random" can only be used once.
-j REDIRECT --persistent ; FAIL ; unknown option "--persistent"
-j REDIRECT --random-fully ; FAIL ; unknown option "--random-fully"
@chain OUTPUT
-p tcp -j REDIRECT --to-ports 8080 ; = ; OK
