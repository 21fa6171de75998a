# SPDX-License-Identifier: GPL-2.0-or-later
-m recent ; FAIL ; recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'
-m recent --set --rdest --rdest ; FAIL ; recent: option "--rdest" can only be used once.
-m recent --rcheck --update ; FAIL ; recent: option "--rcheck" cannot be used together with "--update".
-m recent --set --set ; FAIL ; recent: option "--set" can only be used once.
-m recent --set --remove ; FAIL ; recent: option "--set" cannot be used together with "--remove".
-m recent --rcheck --seconds 0 ; FAIL ; recent: bad value for option "--seconds", or out of range (1-4294967295).
-m recent --rcheck --seconds 4294967296 ; FAIL ; recent: bad value for option "--seconds", or out of range (1-4294967295).
-m recent --rcheck --seconds a ; FAIL ; recent: bad value for option "--seconds", or out of range (1-4294967295).
-m recent --rcheck --hitcount 4294967296 ; FAIL ; recent: bad value for option "--hitcount", or out of range (0-4294967295).
-m recent --update --reap ; FAIL ; recent: option "--reap" also requires "--seconds".
-m recent --set --rttl ; FAIL ; recent: option "--rttl" cannot be used together with "--set".
-m recent --remove --rttl ; FAIL ; recent: option "--rttl" cannot be used together with "--remove".
# stock takes this
-m recent --set --name aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ; FAIL ; recent: Argument to option "--name" has a length of 203 bytes, must be at most 199.
# stock takes this
-m recent --set --name aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ; FAIL ; recent: Argument to option "--name" has a length of 204 bytes, must be at most 199.
-m recent --set --name foo --name bar ; FAIL ; recent: option "--name" can only be used once.
# stock takes this
-m recent --set --mask 16 ; FAIL ; recent: bad value for option "--mask": "16" is no mask.
-m recent --set --mask foo ; FAIL ; recent: bad value for option "--mask": "foo" is no mask.
-m recent --set --mask '' ; FAIL ; recent: bad value for option "--mask": "" is no mask.
-m recent --set ! --seconds 5 ; FAIL ; recent: option "--seconds" cannot be inverted.
-m recent --set ! --rdest ; FAIL ; recent: option "--rdest" cannot be inverted.
-m recent --set ! --rttl ; FAIL ; recent: option "--rttl" cannot be inverted.
# stock takes this
-m recent --set --mask 64 ; FAIL ; recent: bad value for option "--mask": "64" is no mask.
@family ip
-m recent --set ; -m recent --set --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rcheck ; -m recent --rcheck --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --name foo --set ; -m recent --set --name foo --mask 255.255.255.255 --rsource ; OK
-m recent --set --name foo --rdest ; -m recent --set --name foo --mask 255.255.255.255 --rdest ; OK
-m recent --set --rsource --rdest ; -m recent --set --name DEFAULT --mask 255.255.255.255 --rdest ; OK
-m recent --set --rsource --rsource --rdest ; FAIL ; recent: option "--rsource" can only be used once.
-m recent --rdest --rsource --set ; -m recent --set --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent ! --set ; -m recent ! --set --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent ! --rcheck --seconds 60 ; -m recent ! --rcheck --seconds 60 --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rcheck --seconds 1 ; -m recent --rcheck --seconds 1 --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rcheck --seconds 4294967295 ; -m recent --rcheck --seconds 4294967295 --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rcheck --seconds 0x10 ; -m recent --rcheck --seconds 16 --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rcheck --hitcount 0 ; -m recent --rcheck --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rcheck --hitcount 1 ; -m recent --rcheck --hitcount 1 --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rcheck --hitcount 20 ; -m recent --rcheck --hitcount 20 --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rcheck --hitcount 255 ; -m recent --rcheck --hitcount 255 --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rcheck --hitcount 256 ; -m recent --rcheck --hitcount 256 --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rcheck --hitcount 65535 ; -m recent --rcheck --hitcount 65535 --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --update --seconds 5 --hitcount 3 --rttl --reap --name x --rsource --mask 255.255.255.0 ; -m recent --update --seconds 5 --reap --hitcount 3 --rttl --name x --mask 255.255.255.0 --rsource ; OK
-m recent --update --rttl ; -m recent --update --rttl --name DEFAULT --mask 255.255.255.255 --rsource ; OK
# stock prints: -m recent --set --name a b --mask 255.255.255.255 --rsource
-m recent --set --name 'a b' ; -m recent --set --name "a b" --mask 255.255.255.255 --rsource ; OK
-m recent --set --mask 255.255.0.0 ; -m recent --set --name DEFAULT --mask 255.255.0.0 --rsource ; OK
-m recent --set --mask 255.255.255.255 ; -m recent --set --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --set --mask 0.0.0.0 ; -m recent --set --name DEFAULT --mask 0.0.0.0 --rsource ; OK
-m recent --set --mask ffff:: ; FAIL ; recent: bad value for option "--mask": "ffff::" is no mask.
-m recent --rcheck --rdest --seconds 3 -j ACCEPT ; -m recent --rcheck --seconds 3 --name DEFAULT --mask 255.255.255.255 --rdest -j ACCEPT ; OK
-m recent --remove ; -m recent --remove --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --update --seconds 5 --reap --hitcount 2 --rttl --rsource ; -m recent --update --seconds 5 --reap --hitcount 2 --rttl --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --set --name a.b ; -m recent --set --name a.b --mask 255.255.255.255 --rsource ; OK
-m recent --set --name -x ; -m recent --set --name -x --mask 255.255.255.255 --rsource ; OK
-m recent --update --rdest --name foo --seconds 60 --hitcount 4 -j DROP ; -m recent --update --seconds 60 --hitcount 4 --name foo --mask 255.255.255.255 --rdest -j DROP ; OK
@family ip6
-m recent --set ; -m recent --set --name DEFAULT --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource ; OK
-m recent --rcheck ; -m recent --rcheck --name DEFAULT --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource ; OK
-m recent --set --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ; -m recent --set --name DEFAULT --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource ; OK
-m recent --remove ; -m recent --remove --name DEFAULT --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource ; OK
-m recent --update --seconds 5 --reap --hitcount 2 --rttl --rsource ; -m recent --update --seconds 5 --reap --hitcount 2 --rttl --name DEFAULT --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource ; OK
-m recent --set --name a.b ; -m recent --set --name a.b --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource ; OK
-m recent --set --name -x ; -m recent --set --name -x --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource ; OK
-m recent --update --rdest --name foo --seconds 60 --hitcount 4 -j DROP ; -m recent --update --seconds 60 --hitcount 4 --name foo --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rdest -j DROP ; OK
