# SPDX-License-Identifier: GPL-2.0-or-later
-p sctp -m sctp ; = ; OK
-p sctp --sport 5 ; -p sctp -m sctp --sport 5 ; OK
-p sctp -m sctp --sport 5 ; = ; OK
-p sctp -m sctp --source-port 5:6 ; -p sctp -m sctp --sport 5:6 ; OK
-p sctp -m sctp --sport :5 ; -p sctp -m sctp --sport 0:5 ; OK
-p sctp -m sctp --sport 5: ; -p sctp -m sctp --sport 5:65535 ; OK
-p sctp -m sctp --sport : ; -p sctp -m sctp --sport 0:65535 ; OK
-p sctp -m sctp --sport 6:5 ; FAIL ; invalid portrange (min > max)
-p sctp -m sctp --sport 65536 ; FAIL ; invalid port/service `65536' specified
-p sctp -m sctp --sport 0x10 ; -p sctp -m sctp --sport 16 ; OK
-p sctp -m sctp --sport a ; FAIL ; invalid port/service `a' specified
-p sctp -m sctp --sport http ; FAIL ; invalid port/service `http' specified
-p sctp -m sctp --sport '' ; FAIL ; invalid port/service `' specified
-p sctp -m sctp --sport 1:2:3 ; FAIL ; invalid port/service `2:3' specified
-p sctp -m sctp ! --sport 5 ! --dport 6 ; = ; OK
-p sctp -m sctp --dport 5:6 --sport 7 ; -p sctp -m sctp --sport 7 --dport 5:6 ; OK
-p sctp -m sctp --destination-port 5 ; -p sctp -m sctp --dport 5 ; OK
-p sctp -m sctp --sport 0:65535 ; = ; OK
-p sctp -m sctp ! --sport 0:65535 ; = ; OK
-p sctp -m sctp --sport 5 --sport 6 ; FAIL ; Only one `--source-port' allowed
-p sctp -m sctp --chunk-types all DATA ; = ; OK
-p sctp -m sctp --chunk-types any DATA,INIT ; = ; OK
-p sctp -m sctp --chunk-types only DATA,INIT ; = ; OK
-p sctp -m sctp --chunk-types none DATA ; FAIL ; Match type has to be one of "ALL", "ANY" or "ONLY"
-p sctp -m sctp --chunk-types ALL DATA ; -p sctp -m sctp --chunk-types all DATA ; OK
-p sctp -m sctp --chunk-types Any data ; -p sctp -m sctp --chunk-types any DATA ; OK
-p sctp -m sctp --chunk-types all ALL ; = ; OK
-p sctp -m sctp --chunk-types any ALL ; = ; OK
-p sctp -m sctp --chunk-types only ALL ; = ; OK
-p sctp -m sctp --chunk-types all NONE ; = ; OK
-p sctp -m sctp --chunk-types any NONE ; = ; OK
-p sctp -m sctp --chunk-types only NONE ; = ; OK
-p sctp -m sctp ! --chunk-types any DATA ; = ; OK
-p sctp -m sctp ! --chunk-types only NONE ; = ; OK
-p sctp -m sctp --chunk-types all DATA:UBE ; = ; OK
-p sctp -m sctp --chunk-types all DATA:ube ; = ; OK
# stock takes this
-p sctp -m sctp --chunk-types all DATA:UBEube ; FAIL ; Invalid flags for chunk type 0
-p sctp -m sctp --chunk-types all DATA:Ube ; = ; OK
-p sctp -m sctp --chunk-types all DATA:I ; = ; OK
-p sctp -m sctp --chunk-types all DATA:BE,INIT ; = ; OK
-p sctp -m sctp --chunk-types all DATA:x ; FAIL ; Invalid flags for chunk type 0
-p sctp -m sctp --chunk-types all DATA: ; -p sctp -m sctp --chunk-types all DATA ; OK
-p sctp -m sctp --chunk-types all ABORT:T ; = ; OK
-p sctp -m sctp --chunk-types all ABORT:t ; = ; OK
-p sctp -m sctp --chunk-types all SHUTDOWN_COMPLETE:T ; = ; OK
-p sctp -m sctp --chunk-types all SHUTDOWN_COMPLETE:t,DATA:U,ABORT:T ; -p sctp -m sctp --chunk-types all DATA:U,ABORT:T,SHUTDOWN_COMPLETE:t ; OK
-p sctp -m sctp --chunk-types all INIT:T ; FAIL ; Invalid flags for chunk type 1
# stock takes this
-p sctp -m sctp --chunk-types all I_DATA:IUBE ; FAIL ; Invalid flags for chunk type 64
# stock takes this
-p sctp -m sctp --chunk-types all I_DATA:iube ; FAIL ; Invalid flags for chunk type 64
# stock takes this
-p sctp -m sctp --chunk-types any DATA:U,I_DATA:I,ABORT:T,SHUTDOWN_COMPLETE:T ; FAIL ; Invalid flags for chunk type 64
-p sctp -m sctp --chunk-types any DATA:U,DATA:B ; -p sctp -m sctp --chunk-types any DATA:UB ; OK
-p sctp -m sctp --chunk-types any DATA,DATA ; -p sctp -m sctp --chunk-types any DATA ; OK
-p sctp -m sctp --chunk-types any INIT,INIT_ACK,SACK,HEARTBEAT,HEARTBEAT_ACK,ABORT,SHUTDOWN,SHUTDOWN_ACK,ERROR,COOKIE_ECHO,COOKIE_ACK,ECN_ECNE,ECN_CWR,SHUTDOWN_COMPLETE,I_DATA,RE_CONFIG,PAD,ASCONF,ASCONF_ACK,FORWARD_TSN,I_FORWARD_TSN ; -p sctp -m sctp --chunk-types any INIT,INIT_ACK,SACK,HEARTBEAT,HEARTBEAT_ACK,ABORT,SHUTDOWN,SHUTDOWN_ACK,ERROR,COOKIE_ECHO,COOKIE_ACK,ECN_ECNE,ECN_CWR,SHUTDOWN_COMPLETE,I_DATA,ASCONF_ACK,RE_CONFIG,PAD,FORWARD_TSN,ASCONF,I_FORWARD_TSN ; OK
-p sctp -m sctp --chunk-types any foo ; FAIL ; Unknown sctp chunk `foo'
# stock takes this
-p sctp -m sctp --chunk-types any '' ; FAIL ; Unknown sctp chunk `'
-p sctp -m sctp --chunk-types foo DATA ; FAIL ; Match type has to be one of "ALL", "ANY" or "ONLY"
# stock says: --chunk-types requires two args
-p sctp -m sctp --chunk-types any ; FAIL ; --chunk-types requires two args.
# stock says: --chunk-types requires two args
-p sctp -m sctp --chunk-types any -j ACCEPT ; FAIL ; --chunk-types requires two args.
-p sctp -m sctp --chunk-types any DATA, ; -p sctp -m sctp --chunk-types any DATA ; OK
-p sctp -m sctp --chunk-types any ,DATA ; -p sctp -m sctp --chunk-types any DATA ; OK
-p sctp -m sctp --chunk-types any ALL,DATA ; FAIL ; Unknown sctp chunk `ALL'
-p sctp -m sctp --chunk-types any DATA,ALL ; FAIL ; Unknown sctp chunk `ALL'
-p sctp -m sctp --chunk-types any 5 ; FAIL ; Unknown sctp chunk `5'
-p sctp -m sctp --chunk-types any DATA --chunk-types any INIT ; FAIL ; Only one `--chunk-types' allowed
-p sctp -m sctp --sport 5 --dport 6 --chunk-types all DATA:U -j ACCEPT ; = ; OK
