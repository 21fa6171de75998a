# SPDX-License-Identifier: GPL-2.0-or-later
@family ip6
-p ipv6-mh -m mh ; -p mobility-header -m mh ; OK
-p mh -m mh --mh-type 5 ; -p mobility-header -m mh --mh-type 5 ; OK
-p ipv6-mh -m mh --mh-type 5 ; -p mobility-header -m mh --mh-type 5 ; OK
@family ip6
-p mh --mh-type 5 ; -p mobility-header -m mh --mh-type 5 ; OK
@family both
-p 135 -m mh --mh-type bu ; -p mobility-header -m mh --mh-type 5 ; OK
-p ipv6-mh -m mh --mh-type binding-refresh-request ; -p mobility-header -m mh --mh-type 0 ; OK
-p ipv6-mh -m mh --mh-type brr:be ; -p mobility-header -m mh --mh-type 0:7 ; OK
-p ipv6-mh -m mh --mh-type 0:7 ; -p mobility-header -m mh --mh-type 0:7 ; OK
-p ipv6-mh -m mh --mh-type 1:7 ; -p mobility-header -m mh --mh-type 1:7 ; OK
-p ipv6-mh -m mh --mh-type hoti ; -p mobility-header -m mh --mh-type 1 ; OK
-p ipv6-mh -m mh --mh-type coti ; -p mobility-header -m mh --mh-type 2 ; OK
-p ipv6-mh -m mh --mh-type hot ; -p mobility-header -m mh --mh-type 3 ; OK
-p ipv6-mh -m mh --mh-type cot ; -p mobility-header -m mh --mh-type 4 ; OK
-p ipv6-mh -m mh --mh-type ba ; -p mobility-header -m mh --mh-type 6 ; OK
-p ipv6-mh -m mh --mh-type be ; -p mobility-header -m mh --mh-type 7 ; OK
-p ipv6-mh -m mh --mh-type b ; -p mobility-header -m mh --mh-type 0 ; OK
-p ipv6-mh -m mh --mh-type bi ; -p mobility-header -m mh --mh-type 0 ; OK
-p ipv6-mh -m mh --mh-type binding-u ; -p mobility-header -m mh --mh-type 5 ; OK
-p ipv6-mh -m mh --mh-type home ; -p mobility-header -m mh --mh-type 1 ; OK
-p ipv6-mh -m mh --mh-type home-test ; -p mobility-header -m mh --mh-type 3 ; OK
-p ipv6-mh -m mh --mh-type home-test- ; -p mobility-header -m mh --mh-type 1 ; OK
-p ipv6-mh -m mh --mh-type BU ; -p mobility-header -m mh --mh-type 5 ; OK
-p ipv6-mh -m mh --mh-type 8 ; -p mobility-header -m mh --mh-type 8 ; OK
-p ipv6-mh -m mh --mh-type 255 ; -p mobility-header -m mh --mh-type 255 ; OK
-p ipv6-mh -m mh --mh-type 256 ; FAIL ; Invalid MH type `256'
-p ipv6-mh -m mh --mh-type 0:255 ; -p mobility-header -m mh ; OK
-p ipv6-mh -m mh ! --mh-type 0:255 ; -p mobility-header -m mh ! --mh-type 0:255 ; OK
-p ipv6-mh -m mh ! --mh-type 0 ; -p mobility-header -m mh ! --mh-type 0 ; OK
-p ipv6-mh -m mh ! --mh-type 0:3 ; -p mobility-header -m mh ! --mh-type 0:3 ; OK
-p ipv6-mh -m mh --mh-type :3 ; -p mobility-header -m mh --mh-type 0:3 ; OK
-p ipv6-mh -m mh --mh-type 3: ; -p mobility-header -m mh --mh-type 3:255 ; OK
-p ipv6-mh -m mh --mh-type 5:3 ; FAIL ; Invalid MH type range (min > max)
-p ipv6-mh -m mh --mh-type 1:2:3 ; FAIL ; Invalid MH type `2:3'
-p ipv6-mh -m mh --mh-type foo ; FAIL ; Invalid MH type `foo'
# stock takes this
-p ipv6-mh -m mh --mh-type '' ; FAIL ; Invalid MH type `'
-p ipv6-mh -m mh --mh-type 0x5 ; -p mobility-header -m mh --mh-type 5 ; OK
-p ipv6-mh -m mh --mh-type 5 --mh-type 6 ; FAIL ; mh: option "--mh-type" can only be used once.
-p ipv6-mh -m mh --mh-type 12:14 ; -p mobility-header -m mh --mh-type 12:14 ; OK
