# SPDX-License-Identifier: GPL-2.0-or-later
@table nat
@chain PREROUTING
-j DNAT ; FAIL ; DNAT: option "--to-destination" must be specified
-j DNAT --random ; FAIL ; DNAT: option "--to-destination" must be specified
-j DNAT --to-destination ; FAIL ; option "--to-destination" requires an argument
-j DNAT --to-destination foo ; FAIL ; Bad IP address "foo"
-j DNAT --to-destination '' ; FAIL ; Bad IP address ""
-p tcp -j DNAT --to-destination :80 ; = ; OK
-p tcp -j DNAT --to-destination :80-90 ; = ; OK
-p tcp -j DNAT --to-destination :80-90/5 ; = ; OK
-p tcp -j DNAT --to-destination :http ; -p tcp -j DNAT --to-destination :80 ; OK
-p udp -j DNAT --to-destination :53 ; = ; OK
-j DNAT --to-destination :80 ; FAIL ; Need TCP, UDP, SCTP or DCCP with port specification
@family ip
-j DNAT --to-destination 1.2.3.4 ; = ; OK
-j DNAT --to 1.2.3.4 ; -j DNAT --to-destination 1.2.3.4 ; OK
-j DNAT --to-destination 1.2.3.4-1.2.3.9 ; = ; OK
-p tcp -j DNAT --to-destination 1.2.3.4:80 ; = ; OK
-p tcp -j DNAT --to-destination 1.2.3.4:80-90 ; = ; OK
-p tcp -j DNAT --to-destination 1.2.3.4:80-90/1000 ; = ; OK
-p tcp -j DNAT --to-destination 1.2.3.4:80-90/http ; -p tcp -j DNAT --to-destination 1.2.3.4:80-90/80 ; OK
-p tcp -j DNAT --to-destination 1.2.3.4:80-90/65535 ; = ; OK
# Stock prints the range of one port as 80/5, which it cannot read back itself.
-p tcp -j DNAT --to-destination 1.2.3.4:80-80/5 ; = ; OK
-p tcp -j DNAT --to-destination 1.2.3.4:80/5 ; -p tcp -j DNAT --to-destination 1.2.3.4:80-80/5 ; OK
-p tcp -j DNAT --to-destination 1.2.3.4:80x5 ; FAIL ; Garbage after port value: `x5'
-p tcp -j DNAT --to-destination 1.2.3.4:0 ; = ; OK
-p icmp -j DNAT --to-destination 1.2.3.4:80 ; = ; OK
-j DNAT --to-destination 1.2.3.4 --random ; = ; OK
-j DNAT --to-destination 1.2.3.4 --persistent ; = ; OK
-j DNAT --to-destination 1.2.3.4 --persistent --persistent ; FAIL ; DNAT: option "--persistent" can only be used once.
-j DNAT --persistent --random --to-destination 1.2.3.4 ; -j DNAT --to-destination 1.2.3.4 --random --persistent ; OK
-p tcp -j DNAT --to-destination 1.2.3.4:90-80 ; FAIL ; Port range `80' funky
-p tcp -j DNAT --to-destination 1.2.3.4:80-90/0 ; FAIL ; Port `0' not valid
-p tcp -j DNAT --to-destination 1.2.3.4:80-90/65536 ; FAIL ; Port `65536' not valid
-p tcp -j DNAT --to-destination 1.2.3.4:80-90/ ; FAIL ; Port `' not valid
-p tcp -j DNAT --to-destination 1.2.3.4:80-90/foo ; FAIL ; Port `foo' not valid
-p tcp -j DNAT --to-destination 1.2.3.4:80-90/5x ; FAIL ; Garbage after port range: `x'
-p tcp -j DNAT --to-destination 1.2.3.4:http-https ; FAIL ; Port `http-https' not valid
-p tcp -j DNAT --to-destination 1.2.3.4:65536 ; FAIL ; Port `65536' not valid
-p tcp -j DNAT --to-destination 1.2.3.4:65536-7 ; FAIL ; Port `65536-7' not valid
-p tcp -j DNAT --to-destination 1.2.3.4:7-65536x ; FAIL ; Port `65536x' not valid
-p tcp -j DNAT --to-destination 1.2.3.4: ; FAIL ; Port `' not valid
-j DNAT --to-destination 1.2.3.4:80 ; FAIL ; Need TCP, UDP, SCTP or DCCP with port specification
-j DNAT --to-destination 1.2.3.4/24 ; FAIL ; Bad IP address "1.2.3.4/24"
-j DNAT --to-destination 1.2.3.4 --to-destination 1.2.3.4 ; FAIL ; DNAT: option "--to-destination" can only be used once.
-j DNAT --to-destination 1.2.3.4 --random-fully ; FAIL ; unknown option "--random-fully"
-j DNAT ! --to-destination 1.2.3.4 ; FAIL ; DNAT: option "--to-destination" cannot be inverted.
@family ip6
-j DNAT --to-destination 2001:db8::1 ; = ; OK
-j DNAT --to-destination [2001:db8::1] ; -j DNAT --to-destination 2001:db8::1 ; OK
-j DNAT --to-destination 2001:db8::1-2001:db8::9 ; = ; OK
-p tcp -j DNAT --to-destination [2001:db8::1]:80 ; = ; OK
-p tcp -j DNAT --to-destination [2001:db8::1]:80-90/5 ; = ; OK
-p tcp -j DNAT --to-destination [2001:db8::1-2001:db8::9]:80-90 ; = ; OK
-j DNAT --to-destination ::1 --random --persistent ; = ; OK
-p tcp -j DNAT --to-destination [:]:80 ; FAIL ; Bad IP address ":"
-j DNAT --to-destination 1.2.3.4 ; FAIL ; Bad IP address "1.2.3.4"
@chain OUTPUT
-j DNAT --to-destination ::1 ; = ; OK
