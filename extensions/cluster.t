# SPDX-License-Identifier: GPL-2.0-or-later
@chain INPUT
-m cluster --cluster-total-nodes 3 ; FAIL ; cluster match: `--cluster-local-node' or`--cluster-local-nodemask' is missing
-m cluster --cluster-total-nodes 2 --cluster-local-node 2 --cluster-hash-seed 0 ; -m cluster --cluster-local-nodemask 0x00000002 --cluster-total-nodes 2 --cluster-hash-seed 0x00000000 ; OK
-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 0xfeedcafe ; -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0xfeedcafe ; OK
-m cluster --cluster-total-nodes 2 --cluster-local-nodemask 1 --cluster-hash-seed 0 ; -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0x00000000 ; OK
-m cluster --cluster-total-nodes 2 --cluster-local-nodemask 3 --cluster-hash-seed 0xdeadbeef ; -m cluster --cluster-local-nodemask 0x00000003 --cluster-total-nodes 2 --cluster-hash-seed 0xdeadbeef ; OK
-m cluster --cluster-total-nodes 32 --cluster-local-node 32 --cluster-hash-seed 4294967295 ; -m cluster --cluster-local-nodemask 0x80000000 --cluster-total-nodes 32 --cluster-hash-seed 0xffffffff ; OK
# Stock refuses masks above 32, those that it printed itself too.
-m cluster --cluster-total-nodes 32 --cluster-local-nodemask 0x7fffffff --cluster-hash-seed 1 ; -m cluster --cluster-local-nodemask 0x7fffffff --cluster-total-nodes 32 --cluster-hash-seed 0x00000001 ; OK
-m cluster --cluster-total-nodes 32 --cluster-local-nodemask 0xffffffff --cluster-hash-seed 1 ; -m cluster --cluster-local-nodemask 0xffffffff --cluster-total-nodes 32 --cluster-hash-seed 0x00000001 ; OK
-m cluster --cluster-total-nodes 33 --cluster-local-node 1 --cluster-hash-seed 1 ; FAIL ; cluster: bad value for option "--cluster-total-nodes", or out of range (1-32).
-m cluster --cluster-total-nodes 1 --cluster-local-node 1 --cluster-hash-seed 1 ; -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 1 --cluster-hash-seed 0x00000001 ; OK
-m cluster --cluster-total-nodes 2 ! --cluster-local-node 1 --cluster-hash-seed 5 ; -m cluster ! --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0x00000005 ; OK
-m cluster --cluster-total-nodes 2 ! --cluster-local-nodemask 1 --cluster-hash-seed 5 ; -m cluster ! --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0x00000005 ; OK
-m cluster --cluster-total-nodes 4 ! --cluster-local-nodemask 5 --cluster-hash-seed 5 ; -m cluster ! --cluster-local-nodemask 0x00000005 --cluster-total-nodes 4 --cluster-hash-seed 0x00000005 ; OK
-m cluster --cluster-total-nodes 4 --cluster-local-nodemask 5 --cluster-hash-seed 5 ; -m cluster --cluster-local-nodemask 0x00000005 --cluster-total-nodes 4 --cluster-hash-seed 0x00000005 ; OK
-m cluster --cluster-total-nodes 4 --cluster-local-nodemask 1 --cluster-local-node 1 --cluster-hash-seed 5 ; FAIL ; cluster: option "--cluster-local-node" cannot be used together with "--cluster-local-nodemask".
-m cluster --cluster-total-nodes 4 --cluster-local-node 1 --cluster-local-nodemask 1 --cluster-hash-seed 5 ; FAIL ; cluster: option "--cluster-local-node" cannot be used together with "--cluster-local-nodemask".
-m cluster --cluster-total-nodes 4 --cluster-local-node 5 --cluster-hash-seed 5 ; FAIL ; cluster match: `--cluster-local-node' must be <= `--cluster-total-nodes'
-m cluster --cluster-total-nodes 4 --cluster-local-nodemask 0x10 --cluster-hash-seed 5 ; FAIL ; cluster match: `--cluster-local-nodemask' too big for `--cluster-total-nodes'
-m cluster --cluster-total-nodes 4 --cluster-local-node 0 --cluster-hash-seed 5 ; FAIL ; cluster: bad value for option "--cluster-local-node", or out of range (1-32).
-m cluster --cluster-total-nodes 4 --cluster-local-nodemask 0 --cluster-hash-seed 5 ; FAIL ; cluster: bad value for option "--cluster-local-nodemask", or out of range (1-4294967295).
-m cluster --cluster-total-nodes 0 --cluster-local-node 1 --cluster-hash-seed 5 ; FAIL ; cluster: bad value for option "--cluster-total-nodes", or out of range (1-32).
-m cluster --cluster-total-nodes 4 --cluster-local-node 1 ; FAIL ; cluster: option "--cluster-hash-seed" must be specified
-m cluster --cluster-local-node 1 --cluster-hash-seed 5 ; FAIL ; cluster: option "--cluster-total-nodes" must be specified
-m cluster --cluster-total-nodes 4 --cluster-hash-seed 5 ; FAIL ; cluster match: `--cluster-local-node' or`--cluster-local-nodemask' is missing
-m cluster --cluster-local-node 4 --cluster-total-nodes 4 --cluster-hash-seed 5 ; -m cluster --cluster-local-nodemask 0x00000008 --cluster-total-nodes 4 --cluster-hash-seed 0x00000005 ; OK
-m cluster --cluster-total-nodes a --cluster-local-node 1 --cluster-hash-seed 5 ; FAIL ; cluster: bad value for option "--cluster-total-nodes", or out of range (1-32).
-m cluster --cluster-total-nodes 2 --cluster-local-node a --cluster-hash-seed 5 ; FAIL ; cluster: bad value for option "--cluster-local-node", or out of range (1-32).
-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed a ; FAIL ; cluster: bad value for option "--cluster-hash-seed", or out of range (0-4294967295).
-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 4294967296 ; FAIL ; cluster: bad value for option "--cluster-hash-seed", or out of range (0-4294967295).
-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed -1 ; FAIL ; cluster: bad value for option "--cluster-hash-seed", or out of range (0-4294967295).
-m cluster --cluster-total-nodes 2 --cluster-local-nodemask 0x100000000 --cluster-hash-seed 1 ; FAIL ; cluster: bad value for option "--cluster-local-nodemask", or out of range (1-4294967295).
-m cluster ! --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 1 ; FAIL ; cluster: option "--cluster-total-nodes" cannot be inverted.
-m cluster --cluster-total-nodes 2 --cluster-local-node 1 ! --cluster-hash-seed 1 ; FAIL ; cluster: option "--cluster-hash-seed" cannot be inverted.
-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-local-node 1 --cluster-hash-seed 1 ; FAIL ; cluster: option "--cluster-local-node" can only be used once.
-m cluster ; FAIL ; cluster match: `--cluster-local-node' or`--cluster-local-nodemask' is missing
@table mangle
@chain PREROUTING
-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 0xdeadbeef ; -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0xdeadbeef ; OK
