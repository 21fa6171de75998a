# SPDX-License-Identifier: GPL-2.0-or-later
# The core's own options.
-p tcp ; = ; OK
-p TCP ; -p tcp ; OK
-p 6 ; -p tcp ; OK
-p 0x6 ; -p tcp ; OK
-p 007 ; -p 7 ; OK
-p 0 ;  ; OK
-p all ;  ; OK
-p 255 ; = ; OK
-p icmp ; = ; OK
-p icmpv6 ; -p ipv6-icmp ; OK
-p igmp ; -p 2 ; OK
-p gre ; -p 47 ; OK
-p 132 ; -p sctp ; OK
-p esp ; = ; OK
-p ah ; = ; OK
-p dccp ; = ; OK
-p udplite ; = ; OK
-p mh ; -p mobility-header ; OK
! -p tcp ; = ; OK
--protocol udp ; -p udp ; OK
--proto=udp ; -p udp ; OK
--proto udp ; -p udp ; OK
-pudp ; -p udp ; OK
-p ; FAIL ; option "-p" requires an argument
-p '' ; FAIL ; unknown protocol "" specified
-p 256 ; FAIL ; unknown protocol "256" specified
-p -1 ; FAIL ; unknown protocol "-1" specified
-p 6a ; FAIL ; unknown protocol "6a" specified
-p nosuch ; FAIL ; unknown protocol "nosuch" specified
! -p all ; FAIL ; rule would never match protocol
! -p 0 ; FAIL ; rule would never match protocol
-p tcp -p udp ; FAIL ; multiple --protocol options not allowed
-i eth0 ; = ; OK
! -i eth0 ; = ; OK
-i 'a b' ; -i "a b" ; OK
! -i 'x -j ACCEPT' ; ! -i "x -j ACCEPT" ; OK
-i eth+ ; = ; OK
! -i eth+ ; = ; OK
-i + ;  ; OK
! -i + ; = ; OK
-i eth0:1 ; = ; OK
-i e+h ; = ; OK
-i ++ ; = ; OK
-i abcdefghijklmno ; = ; OK
-i abcdefghijklmn+ ; = ; OK
--in-interface eth0 ; -i eth0 ; OK
-ieth0 -jACCEPT ; -i eth0 -j ACCEPT ; OK
-i ; FAIL ; option "-i" requires an argument
-i '' ; FAIL ; Empty interface is likely to be undesired
-i abcdefghijklmnop ; FAIL ; interface name `abcdefghijklmnop' must be shorter than 16 characters
-i abcdefghijklmno+ ; FAIL ; interface name `abcdefghijklmno+' must be shorter than 16 characters
-i ! eth0 ; FAIL ; Bad argument `eth0'
-i eth0 -i eth1 ; FAIL ; multiple --in-interface options not allowed
-o eth0 ; FAIL ; Can't use --out-interface with INPUT
@chain FORWARD
-o eth0 -i eth1 ; -i eth1 -o eth0 ; OK
! -o wlan+ ; = ; OK
--out-interface lo -j DROP ; -o lo -j DROP ; OK
-o abcdefghijklmnop ; FAIL ; interface name `abcdefghijklmnop' must be shorter than 16 characters
@chain OUTPUT
-i eth0 ; FAIL ; Can't use --in-interface with OUTPUT
@chain INPUT
@family ip
-s 1.2.3.4 ; -s 1.2.3.4/32 ; OK
-s 1.2.3.4/24 ; -s 1.2.3.0/24 ; OK
-s 1.2.3.4/0 ;  ; OK
-s 0.0.0.0/0 ;  ; OK
-s 1.2.3.4/255.255.0.255 ; -s 1.2.0.4/255.255.0.255 ; OK
-s 1.2.3.4/255.255.255.0 ; -s 1.2.3.0/24 ; OK
-s 10.1.2.3/20 ; -s 10.1.0.0/20 ; OK
-s 10/8 ; -s 10.0.0.0/8 ; OK
-s 10.1 ; -s 10.1.0.0/32 ; OK
-s 10.1/16 ; -s 10.1.0.0/16 ; OK
-s 0x7f.1 ; -s 127.1.0.0/32 ; OK
-s 017.1.1.1 ; -s 15.1.1.1/32 ; OK
-s localhost ; -s 127.0.0.1/32 ; OK
-s 1.2.3.4,5.6.7.8 ; -s 1.2.3.4/32 | -s 5.6.7.8/32 ; OK
-s 1.2.3.4,5.6.7.8 -d 9.9.9.9,8.8.8.8/24 ; -s 1.2.3.4/32 -d 9.9.9.9/32 | -s 1.2.3.4/32 -d 8.8.8.0/24 | -s 5.6.7.8/32 -d 9.9.9.9/32 | -s 5.6.7.8/32 -d 8.8.8.0/24 ; OK
! -s 1.2.3.4 ; ! -s 1.2.3.4/32 ; OK
-d 1.2.3.4 ; -d 1.2.3.4/32 ; OK
! -d 1.2.3.4/31 ; = ; OK
--src 1.2.3.4 ; -s 1.2.3.4/32 ; OK
--source=1.2.3.4 ; -s 1.2.3.4/32 ; OK
--sou 1.2.3.4 ; -s 1.2.3.4/32 ; OK
--dst 1.2.3.4 ; -d 1.2.3.4/32 ; OK
--destination 1.2.3.4 ; -d 1.2.3.4/32 ; OK
-s1.2.3.4 -d5.6.7.8/8 ; -s 1.2.3.4/32 -d 5.0.0.0/8 ; OK
-d 1.2.3.4 -p udp -f -i eth0 -s 4.3.2.1 ; -s 4.3.2.1/32 -d 1.2.3.4/32 -i eth0 -p udp -f ; OK
-f ; = ; OK
! -f ; = ; OK
--fragment ; -f ; OK
--fragments ; -f ; OK
-s ; FAIL ; option "-s" requires an argument
-s '' ; FAIL ; host/network `' not found
-s 1.2.3.4/33 ; FAIL ; invalid mask `33' specified
-s 1.2.3.4/-1 ; FAIL ; invalid mask `-1' specified
-s 1.2.3.4/ ; FAIL ; invalid mask `' specified
-s 1.2.3.4/255.255.255 ; FAIL ; invalid mask `255.255.255' specified
-s 1.2.3.256 ; FAIL ; host/network `1.2.3.256' not found
-s 1.2.3.4.5 ; FAIL ; host/network `1.2.3.4.5' not found
-s nosuchhost.invalid ; FAIL ; host/network `nosuchhost.invalid' not found
-s "1.2.3.4 " ; FAIL ; host/network `1.2.3.4 ' not found
-s 1.2.3.4, ; FAIL ; host/network `' not found
-s ::1 ; FAIL ; host/network `::1' not found
! -s 1.2.3.4,5.6.7.8 ; FAIL ; ! not allowed with multiple source or destination IP addresses
-s 1.2.3.4 -s 1.2.3.4 ; FAIL ; multiple --source options not allowed
-f -f ; FAIL ; multiple --fragments options not allowed
--fragment --fragment ; FAIL ; multiple --fragments options not allowed
--src 1.2.3.4/33 ; FAIL ; invalid mask `33' specified
--destination 1.2.3.4 --destination 1.2.3.5 ; FAIL ; multiple --destination options not allowed
--dst 1.2.3.4 --dst 1.2.3.5 ; FAIL ; multiple --destination options not allowed
--s 1.2.3.4 ; FAIL ; unknown option "--s"
@family ip6
-s ::1 ; -s ::1/128 ; OK
-s ::1/64 ; -s ::/64 ; OK
-s 2001:db8::1/32 ; -s 2001:db8::/32 ; OK
-s 2001:db8::1/127 ; -s 2001:db8::/127 ; OK
-s 2001:db8::/20 ; -s 2001::/20 ; OK
-s ::/0 ;  ; OK
-s 2001:db8::1/ffff:ffff:: ; -s 2001:db8::/32 ; OK
-s 2001:db8::1/ffff::ffff ; -s 2001::1/ffff::ffff ; OK
-s ::ffff:1.2.3.4 ; -s ::ffff:1.2.3.4/128 ; OK
-s ::1,::2 ; -s ::1/128 | -s ::2/128 ; OK
! -d 2001:db8::/48 ; = ; OK
-s 2001:db8::1/129 ; FAIL ; invalid mask `129' specified
-s 2001:db8::1/-1 ; FAIL ; invalid mask `-1' specified
-s 2001:db8::1/ ; FAIL ; invalid mask `' specified
-s 1.2.3.4 ; FAIL ; host/network `1.2.3.4' not found
! -s ::1,::2 ; FAIL ; ! not allowed with multiple source or destination IP addresses
-f ; FAIL ; `-f' is not supported in IPv6, use -m frag instead
