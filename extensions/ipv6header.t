# SPDX-License-Identifier: GPL-2.0-or-later
-m ipv6header ; FAIL ; ipv6header: option "--header" must be specified
-m ipv6header --header hop ; -m ipv6header --header hop-by-hop ; OK
-m ipv6header --header hop-by-hop ; = ; OK
-m ipv6header --header hop,dst,route,frag,auth,esp,none,prot ; -m ipv6header --header hop-by-hop,ipv6-opts,ipv6-route,ipv6-frag,ah,esp,ipv6-nonxt,protocol ; OK
-m ipv6header --header hop-by-hop,ipv6-opts,ipv6-route,ipv6-frag,ah,esp,ipv6-nonxt,protocol ; = ; OK
-m ipv6header --header 0 ; -m ipv6header --header hop-by-hop ; OK
-m ipv6header --header 0,60,43,44,51,50,59 ; -m ipv6header --header hop-by-hop,ipv6-opts,ipv6-route,ipv6-frag,ah,esp,ipv6-nonxt ; OK
-m ipv6header --header 255 ; -m ipv6header --header protocol ; OK
-m ipv6header --header proto ; FAIL ; unknown header `proto' specified
-m ipv6header --header 6 ; FAIL ; unknown header `6' specified
# stock says: unknown header `6' specified
-m ipv6header --header tcp ; FAIL ; unknown header `tcp' specified
-m ipv6header --header HOP ; FAIL ; unknown header `HOP' specified
-m ipv6header --header foo ; FAIL ; unknown header `foo' specified
# stock says: ip6t_ipv6header: cannot parse header names
-m ipv6header --header '' ; FAIL ; unknown header `' specified
# stock takes this
-m ipv6header --header hop, ; FAIL ; unknown header `' specified
# stock takes this
-m ipv6header --header ,hop ; FAIL ; unknown header `' specified
-m ipv6header --header hop,hop ; -m ipv6header --header hop-by-hop ; OK
-m ipv6header --header hop --soft ; -m ipv6header --header hop-by-hop --soft ; OK
-m ipv6header ! --header hop --soft ; -m ipv6header ! --header hop-by-hop --soft ; OK
-m ipv6header ! --header frag,esp ; -m ipv6header ! --header ipv6-frag,esp ; OK
-m ipv6header --soft ; FAIL ; ipv6header: option "--header" must be specified
-m ipv6header --header hop ! --soft ; FAIL ; ipv6header: option "--soft" cannot be inverted.
-m ipv6header --header hop --header esp ; FAIL ; ipv6header: option "--header" can only be used once.
-m ipv6header --header hop --soft --soft ; FAIL ; ipv6header: option "--soft" can only be used once.
-m ipv6header --header ipv6-auth ; FAIL ; unknown header `ipv6-auth' specified
-m ipv6header --header 300 ; FAIL ; unknown header `300' specified
