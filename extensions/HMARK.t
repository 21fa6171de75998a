# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain PREROUTING
-j HMARK --hmark-tuple src --hmark-mod 2 ; FAIL ; --hmark-rnd is mandatory
-j HMARK --hmark-tuple src,dst,sport,dport,ct --hmark-mod 0xc --hmark-offset 1000 ; FAIL ; --hmark-rnd is mandatory
-j HMARK --hmark-tuple src,x --hmark-mod 2 --hmark-offset 1 ; FAIL ; Bad type "x"
-j HMARK --hmark-tuple '' --hmark-mod 2 --hmark-offset 1 ; FAIL ; "--hmark-tuple" requires a list of types with no spaces, e.g. src,dst,sport,dport,proto
-j HMARK --hmark-tuple src,,dst --hmark-mod 2 --hmark-offset 1 ; FAIL ; Bad type ",dst"
-j HMARK --hmark-tuple src --hmark-mod 0 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-mod", or out of range (1-4294967295).
-j HMARK --hmark-tuple src --hmark-mod 4294967296 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-mod", or out of range (1-4294967295).
-j HMARK --hmark-tuple src --hmark-mod 2 --hmark-offset x ; FAIL ; HMARK: bad value for option "--hmark-offset", or out of range (0-4294967295).
-j HMARK --hmark-tuple src --hmark-offset 1 ; FAIL ; --hmark-mod is mandatory
-j HMARK ; FAIL ; --hmark-mod is mandatory
-j HMARK --hmark-sport-mask 65536 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-sport-mask", or out of range (0-65535).
-j HMARK --hmark-sport http --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-sport", or out of range (0-65535).
-j HMARK --hmark-sport 65536 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-sport", or out of range (0-65535).
-j HMARK --hmark-proto-mask 0x10000 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-proto-mask", or out of range (0-65535).
-j HMARK --hmark-tuple src,sport --hmark-src-prefix 24 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: option "--hmark-src-prefix" can only be used once.
-j HMARK --hmark-tuple src --hmark-mod 2 --hmark-mod 3 --hmark-offset 1 ; FAIL ; HMARK: option "--hmark-mod" can only be used once.
-j HMARK ! --hmark-tuple src --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: option "--hmark-tuple" cannot be inverted.
-j HMARK --hmark-tuple src --hmark-tuple src --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: option "--hmark-tuple" can only be used once.
-j HMARK --hmark-ct --hmark-tuple src --hmark-mod 2 --hmark-offset 1 ; FAIL ; unknown option "--hmark-ct"
@table filter
@chain INPUT
@table mangle
@chain PREROUTING
-j HMARK --hmark-mod 2 --hmark-rnd 1 ; FAIL ; you have to specify --hmark-tuple at least
-j HMARK --hmark-tuple ct --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-tuple ct ; OK
-j HMARK --hmark-tuple spi --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-spi-mask 0xffffffff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple proto --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-proto-mask 0xffff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple spi,sport --hmark-mod 2 --hmark-rnd 1 ; FAIL ; you cannot use --hmark-spi-mask and --hmark-?port-mask,at the same time
-j HMARK --hmark-tuple p --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-proto-mask 0xffff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple src, --hmark-mod 2 --hmark-rnd 1 ; FAIL ; "--hmark-tuple" requires a list of types with no spaces, e.g. src,dst,sport,dport,proto
-j HMARK --hmark-src-prefix 24 --hmark-dst-prefix 16 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 24 --hmark-dst-prefix 16 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 0 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 0 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-sport-mask 0xff00 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-sport-mask 0xff00 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-sport-mask 0xffff --hmark-dport-mask 0x0 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-sport-mask 0xffff --hmark-dport-mask 0x0000 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-sport-mask 0xffff --hmark-dport-mask x9 --hmark-mod 2 --hmark-rnd 1 ; FAIL ; HMARK: bad value for option "--hmark-dport-mask", or out of range (0-65535).
-j HMARK --hmark-sport 80 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-sport 0x0050 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-sport 80 --hmark-dport 81 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-sport 0x0050 --hmark-dport 0x0051 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-sport 80 --hmark-dport x9 --hmark-mod 2 --hmark-rnd 1 ; FAIL ; HMARK: bad value for option "--hmark-dport", or out of range (0-65535).
-j HMARK --hmark-sport 80 --hmark-sport-mask 0xff --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-sport-mask 0x00ff --hmark-sport 0x0050 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-spi 5 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-spi 0x00000005 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-spi-mask 0xff --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-spi-mask 0x000000ff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-spi-mask x9 --hmark-mod 2 --hmark-rnd 1 ; FAIL ; HMARK: bad value for option "--hmark-spi-mask", or out of range (0-4294967295).
-j HMARK --hmark-spi-mask 0xff --hmark-spi 5 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-spi-mask 0x000000ff --hmark-spi 0x00000005 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-spi-mask 0xff --hmark-sport 5 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-spi-mask 0x000000ff --hmark-sport 0x0005 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-spi 5 --hmark-sport 5 --hmark-mod 2 --hmark-rnd 1 ; FAIL ; HMARK: --hmark-spi cannot be combined with --hmark-sport or --hmark-dport
-j HMARK --hmark-spi 5 --hmark-sport-mask 5 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-sport-mask 0x0005 --hmark-spi 0x00000005 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-proto-mask 0xff --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-proto-mask 0xff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-proto-mask 0 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-proto-mask 0x00 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple ct,src,dst,proto,sport,dport,spi --hmark-mod 2 --hmark-rnd 1 ; FAIL ; you cannot use --hmark-spi-mask and --hmark-?port-mask,at the same time
-j HMARK --hmark-tuple ct --hmark-spi 5 --hmark-mod 2 --hmark-rnd 1 --hmark-offset 3 ; -j HMARK --hmark-spi 0x00000005 --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-offset 3 --hmark-tuple ct ; OK
-j HMARK --hmark-src-prefix 24 --hmark-tuple ct --hmark-sport-mask 3 --hmark-mod 2 --hmark-rnd 1 --hmark-offset 3 ; -j HMARK --hmark-src-prefix 24 --hmark-sport-mask 0x0003 --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-offset 3 --hmark-tuple ct ; OK
-j HMARK --hmark-tuple src --hmark-mod 2 --hmark-rnd x ; FAIL ; HMARK: bad value for option "--hmark-rnd", or out of range (0-4294967295).
-j HMARK --hmark-dst-prefix 5 --hmark-mod 2 --hmark-rnd 5 --hmark-rnd 5 ; FAIL ; HMARK: option "--hmark-rnd" can only be used once.
# Stock cuts, wraps or mixes up these.
-j HMARK --hmark-src-prefix 24 --hmark-tuple src,sport --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: option "--hmark-src-prefix" can only be used once.
-j HMARK --hmark-src-prefix 24 --hmark-tuple src,sport --hmark-mod 2 --hmark-rnd 1 ; FAIL ; HMARK: option "--hmark-src-prefix" can only be used once.
@family ip
-j HMARK --hmark-tuple src,dst,sport,dport --hmark-mod 2 --hmark-offset 0x10 --hmark-rnd 0xfeedcafe ; -j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 32 --hmark-sport-mask 0xffff --hmark-dport-mask 0xffff --hmark-rnd 0xfeedcafe --hmark-mod 2 --hmark-offset 16 ; OK
-j HMARK --hmark-tuple src --hmark-mod 4294967295 --hmark-offset 4294967295 --hmark-rnd 4294967295 ; -j HMARK --hmark-src-prefix 32 --hmark-rnd 0xffffffff --hmark-mod 4294967295 --hmark-offset 4294967295 ; OK
-j HMARK --hmark-tuple src --hmark-mod 2 --hmark-offset 1 --hmark-rnd 0 ; -j HMARK --hmark-src-prefix 32 --hmark-rnd 0x00000000 --hmark-mod 2 --hmark-offset 1 ; OK
-j HMARK --hmark-src-prefix ffff:: --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-32).
-j HMARK --hmark-tuple src,dst,ct --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 32 --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-tuple ct ; OK
-j HMARK --hmark-tuple src,spi --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 32 --hmark-spi-mask 0xffffffff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple s,d,sp --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 32 --hmark-sport-mask 0xffff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple src,src --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 32 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-src-prefix 255.255.0.0 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 16 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-src-prefix ffff:: --hmark-mod 2 --hmark-rnd 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-32).
-j HMARK --hmark-tuple src,sport --hmark-dst-prefix 24 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 24 --hmark-sport-mask 0xffff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple src --hmark-sport-mask 0xff --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 32 --hmark-sport-mask 0x00ff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple ct,src,dst,proto,sport,dport --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 32 --hmark-sport-mask 0xffff --hmark-dport-mask 0xffff --hmark-proto-mask 0xffff --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-tuple ct ; OK
-j HMARK --hmark-tuple ct,src,dst --hmark-proto-mask 3 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 32 --hmark-proto-mask 0x03 --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-tuple ct ; OK
-p tcp -j HMARK --hmark-tuple src --hmark-sport-mask 3 --hmark-mod 2 --hmark-rnd 1 --hmark-sport 2 ; -p tcp -j HMARK --hmark-src-prefix 32 --hmark-sport-mask 0x0003 --hmark-sport 0x0002 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
@table filter
@chain INPUT
-j HMARK --hmark-tuple src --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 32 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
@table mangle
@chain PREROUTING
-j HMARK --hmark-tuple src --hmark-mod 2 --hmark-rnd 1 --hmark-offset 0 ; -j HMARK --hmark-src-prefix 32 --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-offset 0 ; OK
# Stock cuts, wraps or mixes up these.
-j HMARK --hmark-src-prefix 33 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-32).
-j HMARK --hmark-src-prefix 128 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-32).
-j HMARK --hmark-src-prefix 129 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-32).
-j HMARK --hmark-src-prefix 0xffff0000 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-32).
-j HMARK --hmark-src-prefix 255.0.255.0 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-32).
-j HMARK --hmark-src-prefix 33 --hmark-mod 2 --hmark-rnd 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-32).
-j HMARK --hmark-src-prefix 255.0.255.0 --hmark-mod 2 --hmark-rnd 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-32).
@family ip6
-j HMARK --hmark-tuple src,dst,sport,dport --hmark-mod 2 --hmark-offset 0x10 --hmark-rnd 0xfeedcafe ; -j HMARK --hmark-src-prefix 128 --hmark-dst-prefix 128 --hmark-sport-mask 0xffff --hmark-dport-mask 0xffff --hmark-rnd 0xfeedcafe --hmark-mod 2 --hmark-offset 16 ; OK
-j HMARK --hmark-tuple src --hmark-mod 4294967295 --hmark-offset 4294967295 --hmark-rnd 4294967295 ; -j HMARK --hmark-src-prefix 128 --hmark-rnd 0xffffffff --hmark-mod 4294967295 --hmark-offset 4294967295 ; OK
-j HMARK --hmark-tuple src --hmark-mod 2 --hmark-offset 1 --hmark-rnd 0 ; -j HMARK --hmark-src-prefix 128 --hmark-rnd 0x00000000 --hmark-mod 2 --hmark-offset 1 ; OK
-j HMARK --hmark-src-prefix 129 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-128).
-j HMARK --hmark-src-prefix 255.255.0.0 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-128).
-j HMARK --hmark-src-prefix 0xffff0000 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-128).
-j HMARK --hmark-src-prefix 255.0.255.0 --hmark-mod 2 --hmark-offset 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-128).
-j HMARK --hmark-tuple src,dst,ct --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 128 --hmark-dst-prefix 128 --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-tuple ct ; OK
-j HMARK --hmark-tuple src,spi --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 128 --hmark-spi-mask 0xffffffff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple s,d,sp --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 128 --hmark-dst-prefix 128 --hmark-sport-mask 0xffff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple src,src --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 128 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-src-prefix 33 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 33 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-src-prefix 255.255.0.0 --hmark-mod 2 --hmark-rnd 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-128).
-j HMARK --hmark-src-prefix 255.0.255.0 --hmark-mod 2 --hmark-rnd 1 ; FAIL ; HMARK: bad value for option "--hmark-src-prefix", neither a valid network mask nor valid CIDR (0-128).
-j HMARK --hmark-src-prefix ffff:: --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 16 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple src,sport --hmark-dst-prefix 24 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 128 --hmark-dst-prefix 24 --hmark-sport-mask 0xffff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple src --hmark-sport-mask 0xff --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 128 --hmark-sport-mask 0x00ff --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
-j HMARK --hmark-tuple ct,src,dst,proto,sport,dport --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 128 --hmark-dst-prefix 128 --hmark-sport-mask 0xffff --hmark-dport-mask 0xffff --hmark-proto-mask 0xffff --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-tuple ct ; OK
-j HMARK --hmark-tuple ct,src,dst --hmark-proto-mask 3 --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 128 --hmark-dst-prefix 128 --hmark-proto-mask 0x03 --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-tuple ct ; OK
-p tcp -j HMARK --hmark-tuple src --hmark-sport-mask 3 --hmark-mod 2 --hmark-rnd 1 --hmark-sport 2 ; -p tcp -j HMARK --hmark-src-prefix 128 --hmark-sport-mask 0x0003 --hmark-sport 0x0002 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
@table filter
@chain INPUT
-j HMARK --hmark-tuple src --hmark-mod 2 --hmark-rnd 1 ; -j HMARK --hmark-src-prefix 128 --hmark-rnd 0x00000001 --hmark-mod 2 ; OK
@table mangle
@chain PREROUTING
-j HMARK --hmark-tuple src --hmark-mod 2 --hmark-rnd 1 --hmark-offset 0 ; -j HMARK --hmark-src-prefix 128 --hmark-rnd 0x00000001 --hmark-mod 2 --hmark-offset 0 ; OK
