# SPDX-License-Identifier: GPL-2.0-or-later
-m policy ; FAIL ; policy match: neither --dir in nor --dir out specified
-m policy --dir in ; -m policy --dir in --pol ipsec ; OK
-m policy --dir in --pol none ; = ; OK
-m policy --dir in --pol ipsec ; = ; OK
-m policy --pol ipsec ; FAIL ; policy match: neither --dir in nor --dir out specified
-m policy --pol none ; FAIL ; policy match: neither --dir in nor --dir out specified
-m policy --dir fwd --pol none ; FAIL ; policy_match: invalid dir "fwd"
-m policy --dir IN --pol none ; FAIL ; policy_match: invalid dir "IN"
-m policy --dir in --pol foo ; FAIL ; policy match: invalid policy "foo"
-m policy --dir in --pol none --strict ; FAIL ; policy match: policy none but --strict given
# stock takes this
-m policy --dir in --pol none --reqid 5 ; FAIL ; policy match: policy none but policy given
-m policy --dir in --pol ipsec --strict ; FAIL ; policy match: empty policy element 0. --strict is in effect, but at least one of reqid, spi, tunnel-src, tunnel-dst, proto or mode is required.
-m policy --dir in --pol ipsec --reqid 5 ; = ; OK
-m policy --dir in --pol ipsec ! --reqid 5 ; = ; OK
-m policy --dir in --pol ipsec --reqid 4294967295 ; = ; OK
-m policy --dir in --pol ipsec --reqid 4294967296 ; FAIL ; policy: bad value for option "--reqid", or out of range (0-4294967295).
-m policy --dir in --pol ipsec --reqid a ; FAIL ; policy: bad value for option "--reqid", or out of range (0-4294967295).
-m policy --dir in --pol ipsec --spi 0x10 ; = ; OK
-m policy --dir in --pol ipsec --spi 4294967295 ; -m policy --dir in --pol ipsec --spi 0xffffffff ; OK
-m policy --dir in --pol ipsec --spi 4294967296 ; FAIL ; policy: bad value for option "--spi", or out of range (0-4294967295).
-m policy --dir in --pol ipsec ! --spi 5 ; -m policy --dir in --pol ipsec ! --spi 0x5 ; OK
-m policy --dir in --pol ipsec --proto esp ; = ; OK
-m policy --dir in --pol ipsec --proto ah ; = ; OK
-m policy --dir in --pol ipsec --proto ipcomp ; = ; OK
-m policy --dir in --pol ipsec --proto tcp ; FAIL ; policy match: protocol must be ah/esp/ipcomp
-m policy --dir in --pol ipsec --proto 50 ; -m policy --dir in --pol ipsec --proto esp ; OK
-m policy --dir in --pol ipsec ! --proto 200 ; FAIL ; policy match: protocol must be ah/esp/ipcomp
-m policy --dir in --pol ipsec --proto 256 ; FAIL ; unknown protocol "256" specified
-m policy --dir in --pol ipsec --proto foo ; FAIL ; unknown protocol "foo" specified
-m policy --dir in --pol ipsec --mode tunnel ; = ; OK
-m policy --dir in --pol ipsec --mode transport ; = ; OK
-m policy --dir in --pol ipsec ! --mode transport ; = ; OK
-m policy --dir in --pol ipsec --mode foo ; FAIL ; policy match: invalid mode "foo"
-m policy --dir in --pol ipsec --mode '' ; FAIL ; policy match: invalid mode ""
-m policy --dir in --pol ipsec --strict --reqid 1 --next --reqid 2 --next --reqid 3 --next --reqid 4 ; = ; OK
-m policy --dir in --pol ipsec --strict --reqid 1 --next --reqid 2 --next --reqid 3 --next --reqid 4 --next --reqid 5 ; FAIL ; policy match: maximum policy depth reached
-m policy --dir in --pol ipsec --reqid 1 --next --reqid 2 ; FAIL ; policy: option "--next" also requires "--strict".
-m policy --dir in --pol ipsec --strict --next --reqid 2 ; FAIL ; policy match: empty policy element 0. --strict is in effect, but at least one of reqid, spi, tunnel-src, tunnel-dst, proto or mode is required.
-m policy --dir in --pol ipsec --strict --reqid 2 --next ; FAIL ; policy match: empty policy element 1. --strict is in effect, but at least one of reqid, spi, tunnel-src, tunnel-dst, proto or mode is required.
-m policy --dir in --pol ipsec --strict --reqid 2 --next --next ; FAIL ; policy match: empty policy element 1. --strict is in effect, but at least one of reqid, spi, tunnel-src, tunnel-dst, proto or mode is required.
-m policy --dir in --pol ipsec --strict --reqid 2 --next --spi 3 --proto esp --mode tunnel ; -m policy --dir in --pol ipsec --strict --reqid 2 --next --spi 0x3 --proto esp --mode tunnel ; OK
-m policy --dir in --pol ipsec --reqid 2 --reqid 3 ; FAIL ; policy match: double --reqid option
-m policy --dir in --dir out --pol ipsec ; FAIL ; policy: option "--dir" can only be used once.
-m policy ! --dir in --pol ipsec ; FAIL ; policy: option "--dir" cannot be inverted.
-m policy --dir in ! --pol ipsec ; FAIL ; policy: option "--pol" cannot be inverted.
-m policy --dir in --pol ipsec ! --strict ; FAIL ; policy: option "--strict" cannot be inverted.
-m policy --dir in --pol ipsec --strict --reqid 1 ! --next ; FAIL ; policy: option "--next" cannot be inverted.
-m policy --strict --reqid 1 --next --reqid 2 --dir in --pol ipsec ; -m policy --dir in --pol ipsec --strict --reqid 1 --next --reqid 2 ; OK
-m policy --dir in --pol ipsec --proto ipv6-icmp ; FAIL ; policy match: protocol must be ah/esp/ipcomp
@family ip
-m policy --dir in --pol ipsec --mode tunnel --tunnel-src 10.0.0.1 ; = ; OK
-m policy --dir in --pol ipsec --mode tunnel --tunnel-dst 10.0.0.0/8 ; = ; OK
-m policy --dir in --pol ipsec --mode tunnel ! --tunnel-dst 10.0.0.1/24 ; = ; OK
-m policy --dir in --pol ipsec --mode tunnel ! --tunnel-dst 10.0.0.1/255.255.255.0 ; -m policy --dir in --pol ipsec --mode tunnel ! --tunnel-dst 10.0.0.1/24 ; OK
-m policy --dir in --pol ipsec --mode tunnel ! --tunnel-dst 10.0.0.1/255.0.255.0 ; = ; OK
# stock takes this
-m policy --dir in --pol ipsec --mode tunnel --tunnel-dst 10.0.0.1/33 ; FAIL ; policy: bad value for option "--tunnel-dst", neither a valid network mask nor valid CIDR (0-32).
-m policy --dir in --pol ipsec --mode tunnel --tunnel-dst 0.0.0.0/0 ; = ; OK
-m policy --dir in --pol ipsec --tunnel-dst 10.0.0.1 ; FAIL ; policy match: --tunnel-src/--tunnel-dst is only valid in tunnel mode
-m policy --dir in --pol ipsec --mode transport --tunnel-dst 10.0.0.1 ; FAIL ; policy match: --tunnel-src/--tunnel-dst is only valid in tunnel mode
-m policy --dir in --pol ipsec --strict --mode tunnel --tunnel-src 10.0.0.1 --tunnel-dst 10.0.0.2 --next --reqid 2 ; -m policy --dir in --pol ipsec --strict --mode tunnel --tunnel-dst 10.0.0.2 --tunnel-src 10.0.0.1 --next --reqid 2 ; OK
-m policy --dir in --pol ipsec --strict --tunnel-src 1.2.3.4 ; FAIL ; policy match: --tunnel-src/--tunnel-dst is only valid in tunnel mode
-m policy --dir in --pol ipsec --spi 5 --reqid 4 --mode tunnel --proto esp --tunnel-dst 1.2.3.4 --tunnel-src 5.6.7.8 ; -m policy --dir in --pol ipsec --reqid 4 --spi 0x5 --proto esp --mode tunnel --tunnel-dst 1.2.3.4 --tunnel-src 5.6.7.8 ; OK
@family ip6
-m policy --dir in --pol ipsec --mode tunnel --tunnel-src 2001:db8::1 ; = ; OK
-m policy --dir in --pol ipsec --mode tunnel ! --tunnel-src 2001:db8::1/64 --tunnel-dst 2001:db8::/32 ; -m policy --dir in --pol ipsec --mode tunnel --tunnel-dst 2001:db8::/32 ! --tunnel-src 2001:db8::1/64 ; OK
-m policy --dir in --pol ipsec --mode tunnel --tunnel-src 2001:db8::1/ffff:: ; -m policy --dir in --pol ipsec --mode tunnel --tunnel-src 2001:db8::1/16 ; OK
-m policy --dir in --pol ipsec --mode tunnel --tunnel-src ::/0 ; = ; OK
@chain FORWARD
@family both
-m policy --dir in --pol ipsec ; = ; OK
-m policy --dir out --pol ipsec ; = ; OK
@chain OUTPUT
-m policy --dir out --pol ipsec ; = ; OK
@table mangle
@chain POSTROUTING
-m policy --dir out --pol ipsec ; = ; OK
@chain PREROUTING
-m policy --dir in --pol ipsec ; = ; OK
