# SPDX-License-Identifier: GPL-2.0-or-later
@chain OUTPUT
-m owner --uid-owner 0 ; = ; OK
-m owner --uid-owner root -j ACCEPT ; -m owner --uid-owner 0 -j ACCEPT ; OK
-m owner --uid-owner daemon ; -m owner --uid-owner 1 ; OK
-m owner --uid-owner 1000-2000 ; = ; OK
-m owner --uid-owner 1000:2000 ; -m owner --uid-owner 1000-2000 ; OK
-m owner --gid-owner 0:0 ; -m owner --gid-owner 0 ; OK
-m owner --uid-owner 1: ; FAIL ; owner: Bad value for "--uid-owner" option: "1:"
-m owner --uid-owner 1000-1000 ; -m owner --uid-owner 1000 ; OK
-m owner --uid-owner 0-4294967294 ; = ; OK
-m owner --uid-owner 4294967294 ; = ; OK
-m owner --uid-owner 0x10 ; -m owner --uid-owner 16 ; OK
-m owner --uid-owner 010 ; -m owner --uid-owner 8 ; OK
-m owner ! --uid-owner 0 ; = ; OK
-m owner --uid 1 ; -m owner --uid-owner 1 ; OK
-m owner --gid-owner 0 ; = ; OK
-m owner --gid-owner root ; -m owner --gid-owner 0 ; OK
-m owner ! --gid-owner 5-6 ; = ; OK
-m owner --gid-owner 0-5 --suppl-groups ; = ; OK
-m owner --socket-exists ; = ; OK
-m owner ! --socket-exists ; = ; OK
-m owner --socket-exists --gid-owner 0 --uid-owner 0 --suppl-groups ; -m owner --socket-exists --uid-owner 0 --gid-owner 0 --suppl-groups ; OK
-m owner ! --uid-owner 1 ! --gid-owner 2 ! --socket-exists ; -m owner ! --socket-exists ! --uid-owner 1 ! --gid-owner 2 ; OK
-m owner ; FAIL ; owner: At least one of --uid-owner, --gid-owner or --socket-exists is required
-m owner --uid-owner ; FAIL ; option "--uid-owner" requires an argument
-m owner --uid-owner '' ; FAIL ; owner: Bad value for "--uid-owner" option: ""
-m owner --uid-owner nosuchuser ; FAIL ; owner: Bad value for "--uid-owner" option: "nosuchuser"
-m owner --gid-owner nosuchgroup ; FAIL ; owner: Bad value for "--gid-owner" option: "nosuchgroup"
-m owner --uid-owner 1000- ; FAIL ; owner: Bad value for "--uid-owner" option: "1000-"
-m owner --uid-owner -1000 ; FAIL ; owner: Bad value for "--uid-owner" option: "-1000"
-m owner --uid-owner 4294967295 ; FAIL ; owner: Bad value for "--uid-owner" option: "4294967295"
-m owner --uid-owner 4294967296 ; FAIL ; owner: Bad value for "--uid-owner" option: "4294967296"
-m owner --uid-owner 1a ; FAIL ; owner: Bad value for "--uid-owner" option: "1a"
-m owner --uid-owner 5-6-7 ; FAIL ; owner: Bad value for "--uid-owner" option: "5-6-7"
-m owner --uid-owner root-daemon ; FAIL ; owner: Bad value for "--uid-owner" option: "root-daemon"
-m owner --uid-owner 1,2 ; FAIL ; owner: Bad value for "--uid-owner" option: "1,2"
-m owner --uid-owner 1 --uid-owner 2 ; FAIL ; owner: option "--uid-owner" can only be used once.
-m owner --gid-owner 1 --gid-owner 2 ; FAIL ; owner: option "--gid-owner" can only be used once.
-m owner --suppl-groups ; FAIL ; owner: Bad value for "--suppl-groups" option: "you need to use --gid-owner first"
-m owner --uid-owner 0 --suppl-groups ; FAIL ; owner: Bad value for "--suppl-groups" option: "you need to use --gid-owner first"
-m owner --gid-owner 0 ! --suppl-groups ; FAIL ; owner: option "--suppl-groups" cannot be inverted.
-m owner --socket-exists --socket-exists ; FAIL ; owner: option "--socket-exists" can only be used once.
-m owner --pid-owner 1 ; FAIL ; unknown option "--pid-owner"
# the order makes no difference here; stock wants --gid-owner first
-m owner --suppl-groups --gid-owner 0 ; FAIL ; owner: Bad value for "--suppl-groups" option: "you need to use --gid-owner first"
@table mangle
@chain POSTROUTING
-m owner --uid-owner 0 ; = ; OK
@table nat
@chain OUTPUT
-m owner --uid-owner 0 ; = ; OK
