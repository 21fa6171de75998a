# SPDX-License-Identifier: GPL-2.0-or-later
@table raw
@chain OUTPUT
-j CT --notrack ; = ; OK
-j CT --helper ftp ; FAIL ; CT: --helper and --timeout are for one protocol, so the rule needs -p
-p tcp -j CT --helper ftp ; = ; OK
-p tcp -j CT --helper nosuch ; = ; OK
-p tcp -j CT --helper abcdefghijklmnop ; FAIL ; CT: Argument to option "--helper" has a length of 16 bytes, must be at most 15.
-p tcp -j CT --helper abcdefghijklmno ; = ; OK
-p tcp -j CT --timeout foo ; = ; OK
-p tcp -j CT --timeout abcdefghijklmnopabcdefghijklmnop ; FAIL ; CT: Argument to option "--timeout" has a length of 32 bytes, must be at most 31.
-p tcp -j CT --timeout abcdefghijklmnopabcdefghijklmno ; = ; OK
-j CT --ctevents new ; = ; OK
-j CT --ctevents new,related,destroy,reply,assured,protoinfo,helper,mark,natseqinfo,secmark ; = ; OK
-j CT --ctevents NEW ; FAIL ; Unknown event type "NEW"
-j CT --ctevents foo ; FAIL ; Unknown event type "foo"
-j CT --ctevents new,,related ; FAIL ; Unknown event type ""
-j CT --ctevents '' ; FAIL ; Unknown event type ""
-j CT --expevents new ; = ; OK
-j CT --expevents foo ; FAIL ; Unknown event type "foo"
-j CT --expevents new,new ; -j CT --expevents new ; OK
-j CT --ctevents new --expevents new ; = ; OK
-j CT --zone 1 ; = ; OK
-j CT --zone 0 ; -j CT ; OK
-j CT --zone 65535 ; = ; OK
-j CT --zone 65536 ; FAIL ; Cannot parse 65536 as a zone ID
-j CT --zone mark ; = ; OK
-j CT --zone x ; FAIL ; Cannot parse x as a zone ID
-j CT --zone-orig 1 ; = ; OK
-j CT --zone-reply 1 ; = ; OK
-j CT --zone-reply mark ; = ; OK
-j CT --notrack --helper ftp ; = ; OK
-j CT --notrack --zone 3 ; = ; OK
-j CT --notrack --zone 3 --ctevents new ; -j CT --notrack --ctevents new --zone 3 ; OK
-j CT --notrack --notrack ; FAIL ; CT: option "--notrack" can only be used once.
-j CT --zone 1 --zone 2 ; FAIL ; CT: option "--zone" can only be used once.
-j CT ! --zone 1 ; FAIL ; CT: option "--zone" cannot be inverted.
-j CT ; = ; OK
-j CT --ctevents new --zone 5 --expevents new ; -j CT --ctevents new --expevents new --zone 5 ; OK
-p tcp -j CT --helper ftp --ctevents new --zone 5 ; = ; OK
-p tcp -j CT --zone-orig mark --ctevents assured --expevents new ; -p tcp -j CT --ctevents assured --expevents new --zone-orig mark ; OK
-j CT --zone 0x10 ; -j CT --zone 16 ; OK
-j CT --zone 010 ; -j CT --zone 8 ; OK
-j CT --zone " 5" ; -j CT --zone 5 ; OK
-j CT --ctevents new --ctevents new ; FAIL ; CT: option "--ctevents" can only be used once.
-p udp -j CT --helper netbios-ns ; = ; OK
-p tcp -j CT --helper Q.931 ; = ; OK
@chain PREROUTING
-p tcp -j CT --timeout foo --helper ftp ; -p tcp -j CT --helper ftp --timeout foo ; OK
! -p tcp -j CT --helper ftp ; FAIL ; CT: --helper and --timeout are for one protocol, so the rule needs -p
-j CT --timeout foo ; FAIL ; CT: --helper and --timeout are for one protocol, so the rule needs -p
@chain OUTPUT
# Stock cuts, wraps or mixes up these.
-p tcp -j CT --helper '' ; FAIL ; Argument must have a minimum length of 1 characters
-j CT --zone-orig 1 --zone-reply 2 ; FAIL ; CT: option "--zone-orig" cannot be used together with "--zone-reply".
-j CT --zone 1 --zone-orig 1 ; FAIL ; CT: option "--zone" cannot be used together with "--zone-orig".
-j CT --zone-orig 1 --zone 1 ; FAIL ; CT: option "--zone" cannot be used together with "--zone-orig".
-j CT --zone mark --zone-orig 3 ; FAIL ; CT: option "--zone" cannot be used together with "--zone-orig".
@family ip
@chain PREROUTING
-p tcp --syn -j CT --notrack ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j CT --notrack ; OK
@chain OUTPUT
-j CT --zone-orig 0 ; -j CT ; OK
-j CT --zone-reply 0 ; -j CT ; OK
