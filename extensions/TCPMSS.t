# SPDX-License-Identifier: GPL-2.0-or-later
@table mangle
@chain FORWARD
-p tcp --syn -j TCPMSS --set-mss 1400 ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 1400 ; OK
-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --clamp-mss-to-pmtu ; OK
-p tcp -j TCPMSS --set-mss 1400 ; = ; OK
-p tcp --syn -j TCPMSS ; FAIL ; TCPMSS target: At least one parameter is required
-p tcp --syn -j TCPMSS --set-mss 0 ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 0 ; OK
-p tcp --syn -j TCPMSS --set-mss 65495 ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 65495 ; OK
-p tcp --tcp-flags ALL SYN -j TCPMSS --set-mss 14 ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG SYN -j TCPMSS --set-mss 14 ; OK
-p tcp --tcp-flags SYN,ACK ACK -j TCPMSS --set-mss 14 ; -p tcp -m tcp --tcp-flags SYN,ACK ACK -j TCPMSS --set-mss 14 ; OK
-p tcp ! --syn -j TCPMSS --set-mss 14 ; -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 14 ; OK
-p tcp --tcp-option 2 --syn -j TCPMSS --set-mss 14 ; -p tcp -m tcp --tcp-option 2 --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 14 ; OK
-j TCPMSS --set-mss 14 ; FAIL ; TCPMSS: it is for TCP only, so the rule needs -p tcp
-p udp -j TCPMSS --set-mss 14 ; FAIL ; TCPMSS: it is for TCP only, so the rule needs -p tcp
-p tcp --syn -j TCPMSS ! --set-mss 14 ; FAIL ; TCPMSS: option "--set-mss" cannot be inverted.
-p tcp --syn -j TCPMSS --set-mss 14 --set-mss 15 ; FAIL ; TCPMSS: option "--set-mss" can only be used once.
-p tcp --syn -j TCPMSS ! --clamp-mss-to-pmtu ; FAIL ; TCPMSS: option "--clamp-mss-to-pmtu" cannot be inverted.
! -p tcp -j TCPMSS --set-mss 14 ; FAIL ; TCPMSS: it is for TCP only, so the rule needs -p tcp
@chain PREROUTING
-p tcp --syn -j TCPMSS --set-mss 14 ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 14 ; OK
@chain FORWARD
# Stock cuts, wraps or mixes up these.
-p tcp --syn -j TCPMSS --set-mss 1 --clamp-mss-to-pmtu ; FAIL ; TCPMSS: option "--set-mss" cannot be used together with "--clamp-mss-to-pmtu".
@family ip
-p tcp --syn -j TCPMSS --set-mss 65535 ; FAIL ; TCPMSS: bad value for option "--set-mss", or out of range (0-65515).
-p tcp --syn -j TCPMSS --set-mss 65536 ; FAIL ; TCPMSS: bad value for option "--set-mss", or out of range (0-65515).
-p tcp --syn -j TCPMSS --set-mss 65496 ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 65496 ; OK
-p tcp --syn -j TCPMSS --set-mss 65515 ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 65515 ; OK
-p tcp --syn -j TCPMSS --set-mss 65516 ; FAIL ; TCPMSS: bad value for option "--set-mss", or out of range (0-65515).
-p tcp --syn -j TCPMSS --set-mss x ; FAIL ; TCPMSS: bad value for option "--set-mss", or out of range (0-65515).
@family ip6
-p tcp --syn -j TCPMSS --set-mss 65535 ; FAIL ; TCPMSS: bad value for option "--set-mss", or out of range (0-65495).
-p tcp --syn -j TCPMSS --set-mss 65536 ; FAIL ; TCPMSS: bad value for option "--set-mss", or out of range (0-65495).
-p tcp --syn -j TCPMSS --set-mss 65496 ; FAIL ; TCPMSS: bad value for option "--set-mss", or out of range (0-65495).
-p tcp --syn -j TCPMSS --set-mss 65515 ; FAIL ; TCPMSS: bad value for option "--set-mss", or out of range (0-65495).
-p tcp --syn -j TCPMSS --set-mss 65516 ; FAIL ; TCPMSS: bad value for option "--set-mss", or out of range (0-65495).
-p tcp --syn -j TCPMSS --set-mss x ; FAIL ; TCPMSS: bad value for option "--set-mss", or out of range (0-65495).
