# SPDX-License-Identifier: GPL-2.0-or-later
# Whether a set exists is asked when the rule goes to the kernel.
@wire no
@table mangle
-j SET --add-set s4 ; FAIL ; --add-set requires two args.
-j SET --add-set abcdefghijklmnopabcdefghijklmnop src ; FAIL ; setname `abcdefghijklmnopabcdefghijklmnop' too long, max 31 characters.
-j SET ; FAIL ; You must specify either `--add-set' or `--del-set' or `--map-set'
-j SET --exist ; FAIL ; You must specify either `--add-set' or `--del-set' or `--map-set'
-j SET --timeout 5 ; FAIL ; You must specify either `--add-set' or `--del-set' or `--map-set'
-j SET --map-mark ; FAIL ; You must specify either `--add-set' or `--del-set' or `--map-set'
-j SET --add-set nosuch src ; = ; OK
-j SET --add-set s4 src ; = ; OK
-j SET --add-set sp src,dst ; = ; OK
-j SET --del-set s4 src ; = ; OK
-j SET --map-set s4 src ; FAIL ; You must specify flags `--map-mark' or '--map-prio` or `--map-queue'
-j SET --map-set s4 src --map-mark ; = ; OK
-j SET --add-set s4 src --exist ; = ; OK
-j SET --add-set s4 src --timeout 10 ; = ; OK
-j SET --add-set n4 src --timeout 10 --exist ; -j SET --add-set n4 src --exist --timeout 10 ; OK
-j SET --add-set n4 src --timeout 0 ; = ; OK
-j SET --add-set n4 src --timeout 2147483 ; = ; OK
-j SET --add-set n4 src --timeout 4294967 ; = ; OK
-j SET --add-set n4 src --timeout 4294968 ; = ; OK
-j SET --add-set n4 src --timeout 4294967295 ; FAIL ; Invalid value for option --timeout or out of range 0-4294967294
-j SET --add-set n4 src --timeout 4294967294 ; = ; OK
-j SET --add-set n4 src --timeout x ; FAIL ; Invalid value for option --timeout or out of range 0-4294967294
-j SET --add-set s4 src --del-set s4 dst ; = ; OK
-j SET --add-set s4 src --add-set s4 src ; FAIL ; --add-set can be specified only once
-j SET --add-set s4 src --map-set s4 dst ; FAIL ; You must specify flags `--map-mark' or '--map-prio` or `--map-queue'
-j SET --add-set s4 src --del-set s4 src --map-set s4 src --exist --timeout 4 --map-mark ; -j SET --add-set s4 src --exist --timeout 4 --del-set s4 src --map-set s4 src --map-mark ; OK
-j SET --add-set s4 x ; FAIL ; You must specify (the comma separated list of) 'src' or 'dst'.
-j SET --add-set s4 src,src,src,src,src,src ; = ; OK
-j SET --add-set s4 src,src,src,src,src,src,src ; FAIL ; Can't be more src/dst options than 6.
-j SET --del-set s4 src --exist ; FAIL ; Flag `--exist' can be used with `--add-set' only
-j SET --del-set s4 src --timeout 5 ; FAIL ; Option `--timeout' can be used with `--add-set' only
-j SET --add-set s4 src --map-mark ; FAIL ; Flag `--map-mark' can be used with `--map-set' only
-j SET --add-set n4 src --timeout 3 --timeout 4 ; -j SET --add-set n4 src --timeout 4 ; OK
-j SET --add-set s4 src --exist --exist ; -j SET --add-set s4 src --exist ; OK
@chain FORWARD
-j SET --map-set s4 src --map-prio ; = ; OK
@table filter
@chain INPUT
-j SET --del-set s4 dst --add-set s4 src ; -j SET --add-set s4 src --del-set s4 dst ; OK
-j SET --add-set s4 src --map-queue ; FAIL ; Flag `--map-queue' can be used with `--map-set' only
-j SET --add-set s4 src --map-prio ; FAIL ; Flag `--map-prio' can be used with `--map-set' only
@table mangle
@chain POSTROUTING
-j SET --map-set s4 src --map-queue ; = ; OK
-j SET --map-set s4 src --map-mark --map-prio --map-queue ; = ; OK
@chain INPUT
-j SET ! --add-set s4 src ; FAIL ; SET: option "--add-set" cannot be inverted.
-j SET --add-set s6 src ; = ; OK
