# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kube-proxy and kubelet: the command lines of Kubernetes' pkg/util/iptables, in its order of words,
# and a whole synchronisation of 500 services through iptables-restore, twice.
#
# check: yes
# shows: -A KUBE-SERVICES -d 10.96.1.244/32 .*-j KUBE-SVC-
# shows: -A KUBE-SEP-0004990 .*-j DNAT --to-destination 10.244.1.243:8080
# on purpose: /Chain 'KUBE-NOPE' does not exist/{n;s/line: 4/line: 3/}
# on purpose: /CHAIN_DEL failed .*: chain KUBE-POSTROUTING/{n;s/^= 4/= 1/}

services=500

# The flags with which it waits.
wait=(-w 5 -W 100000)

# ensure_chain TABLE CHAIN, ensure_rule -A|-I TABLE CHAIN WORD…: as EnsureChain and EnsureRule.
ensure_chain() { may "$program" "${wait[@]}" -N "$2" -t "$1"; }
ensure_rule()
{
	local position=$1
	shift
	run "$program" "${wait[@]}" -C "$2" -t "$1" "${@:3}" ||
		must "$program" "${wait[@]}" "$position" "$2" -t "$1" "${@:3}"
}
# What a kubelet sets up, and the canary it polls.
kubelet()
{
	ensure_chain mangle KUBE-IPTABLES-HINT
	ensure_chain mangle KUBE-KUBELET-CANARY
	ensure_chain filter KUBE-FIREWALL
	ensure_rule -I filter OUTPUT -j KUBE-FIREWALL
	ensure_rule -I filter INPUT -j KUBE-FIREWALL
	[ "$program" = ip6tables ] ||
		ensure_rule -A filter KUBE-FIREWALL -m comment --comment 'block incoming localnet connections' \
			--dst 127.0.0.0/8 ! --src 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
	ensure_rule -A filter KUBE-FIREWALL -m comment --comment 'kubernetes firewall for dropping marked packets' \
		-m mark --mark 0x00008000/0x00008000 -j DROP
	must "$program" "${wait[@]}" -S KUBE-KUBELET-CANARY -t mangle
	may "$program" "${wait[@]}" -S KUBE-NO-CANARY -t mangle
	may "$program-save" -t mangle
}

# What kube-proxy makes before it writes whole tables.
jumps()
{
	local chain
	for chain in SERVICES EXTERNAL-SERVICES NODEPORTS FORWARD PROXY-FIREWALL; do
		ensure_chain filter "KUBE-$chain"
	done
	for chain in SERVICES POSTROUTING; do
		ensure_chain nat "KUBE-$chain"
	done
	ensure_rule -I filter INPUT -m conntrack --ctstate NEW \
		-m comment --comment 'kubernetes load balancer firewall' -j KUBE-PROXY-FIREWALL
	ensure_rule -I filter FORWARD -m comment --comment 'kubernetes forwarding rules' -j KUBE-FORWARD
	ensure_rule -I nat PREROUTING -m comment --comment 'kubernetes service portals' -j KUBE-SERVICES
	ensure_rule -I nat OUTPUT -m comment --comment 'kubernetes service portals' -j KUBE-SERVICES
	ensure_rule -I nat POSTROUTING -m comment --comment 'kubernetes postrouting rules' -j KUBE-POSTROUTING
}

# tables N: what it writes for N services with two endpoints each.
tables()
{
	python3 - "$1" "$program" <<-'END'
	import sys
	n, v6 = int(sys.argv[1]), sys.argv[2] == "ip6tables"
	def vip(i):
	    return f"2001:db8:96::{i + 1:x}" if v6 else f"10.96.{(i + 1) // 256}.{(i + 1) % 256}"
	def pod(i, e):
	    return f"2001:db8:24{e}::{i:x}" if v6 else f"10.244.{i // 256 + e}.{i % 256}"
	mask = 128 if v6 else 32
	print("*filter")
	for chain in ("SERVICES", "EXTERNAL-SERVICES", "FORWARD", "NODEPORTS", "PROXY-FIREWALL"):
	    print(f":KUBE-{chain} - [0:0]")
	print("-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP")
	print('-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT')
	print('-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT')
	print(f'-A KUBE-SERVICES -m comment --comment "ns/none:http has no endpoints" -m tcp -p tcp -d {vip(65000 % 60000)}/{mask} --dport 80 -j REJECT')
	print("COMMIT\n*nat")
	chains = ["SERVICES", "NODEPORTS", "POSTROUTING", "MARK-MASQ"]
	rules = ["-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
	         "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000",
	         '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
	         "-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000"]
	for i in range(n):
	    name, svc = f'"ns{i % 7}/svc-{i}:http"', f"SVC-{i:07d}"
	    chains.append(svc)
	    rules.append(f"-A KUBE-SERVICES -m comment --comment {name[:-1]} cluster IP\" -m tcp -p tcp -d {vip(i)}/{mask} --dport 80 -j KUBE-{svc}")
	    if i % 5 == 0:
	        chains.append(f"EXT-{i:07d}")
	        rules.append(f"-A KUBE-NODEPORTS -m comment --comment {name} -m tcp -p tcp --dport {30000 + i} -j KUBE-EXT-{i:07d}")
	        rules.append(f"-A KUBE-EXT-{i:07d} -m comment --comment \"masquerade traffic for {name[1:]} -j KUBE-MARK-MASQ")
	        rules.append(f"-A KUBE-EXT-{i:07d} -j KUBE-{svc}")
	    for e in (0, 1):
	        sep = f"SEP-{i:06d}{e}"
	        chains.append(sep)
	        share = " -m statistic --mode random --probability 0.5000000000" if e == 0 else ""
	        sticky = f" -m recent --name KUBE-{sep} --rcheck --seconds 10800 --reap" if i % 50 == 0 else ""
	        to = f"[{pod(i, e)}]:8080" if v6 else f"{pod(i, e)}:8080"
	        rules.append(f"-A KUBE-{svc} -m comment --comment \"ns{i % 7}/svc-{i}:http -> {to}\"{sticky}{share} -j KUBE-{sep}")
	        rules.append(f"-A KUBE-{sep} -m comment --comment {name} -s {pod(i, e)}/{mask} -j KUBE-MARK-MASQ")
	        rules.append(f"-A KUBE-{sep} -m comment --comment {name}" + (f" -m recent --name KUBE-{sep} --set" if i % 50 == 0 else "")
	                     + f" -m tcp -p tcp -j DNAT --to-destination {to}")
	rules.append('-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS')
	for chain in chains:
	    print(f":KUBE-{chain} - [0:0]")
	print("\n".join(rules))
	print("COMMIT")
	END
}

# synchronise N: its restore of both tables at once.
synchronise()
{
	tables "$1" >tables
	echo "\$ $program-restore ${wait[*]} --noflush --counters <$1 services"
	"$program-restore" "${wait[@]}" --noflush --counters <tables 2>&1
	echo "= $?"
}

for program in iptables ip6tables; do
	may "$program" --version
	may "$program-restore" --version </dev/null
	kubelet
	kubelet
	jumps
	jumps
	synchronise $services
	snapshot "$program: $services services"
	synchronise $services
	# Some services are gone: their chains are flushed and deleted in one go.
	synchronise 12
	{
		printf '*nat\n'
		printf ':KUBE-SVC-%07d - [0:0]\n' 12 13
		printf ':KUBE-SEP-%06d%d - [0:0]\n' 12 0 12 1 13 0 13 1
		printf -- '-X KUBE-SVC-%07d\n' 12 13
		printf -- '-X KUBE-SEP-%06d%d\n' 12 0 12 1 13 0 13 1
		printf 'COMMIT\n'
	} | feed "$program-restore" "${wait[@]}" --noflush --counters
	may "$program-save" -t nat
	# Partial: only table nat of this text.
	tables 3 | feed "$program-restore" "${wait[@]}" -T nat --noflush --counters
	snapshot "$program: fewer services"
	# Wrong ones: it splits the text at the colon and looks for the number of the line, which
	# stock has wrong for a jump to a chain that is missing.
	printf '*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -j KUBE-NOPE\nCOMMIT\n' >wrong
	may sh -c "$program-restore -w 5 -W 100000 --noflush --counters <wrong"
	printf '*nat\n-A KUBE-SERVICES -p tcp --dport 99999 -j ACCEPT\nCOMMIT\n' >wrong
	may sh -c "$program-restore -w 5 -W 100000 --noflush --counters <wrong"
	printf '*nat\n-A KUBE-NOPE -j ACCEPT\nCOMMIT\n' >wrong
	may sh -c "$program-restore -w 5 -W 100000 --noflush --counters <wrong"
	# What it does when it leaves.
	for chain in PREROUTING OUTPUT; do
		must "$program" "${wait[@]}" -D $chain -t nat -m comment --comment 'kubernetes service portals' -j KUBE-SERVICES
	done
	may "$program" "${wait[@]}" -D OUTPUT -t nat -m comment --comment 'kubernetes service portals' -j KUBE-SERVICES
	may "$program" "${wait[@]}" -F KUBE-NOPE -t nat
	# Stock's 4 would say that it is worth to try again.
	may "$program" "${wait[@]}" -X KUBE-POSTROUTING -t nat
	must "$program" "${wait[@]}" -F KUBE-FIREWALL -t filter
done
