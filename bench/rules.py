# SPDX-License-Identifier: GPL-2.0-or-later
"""Rule files for the benchmarks, determined by the seed."""

import random
from dataclasses import dataclass


@dataclass
class RuleFile:
    name: str
    text: str
    rules: int  # -A lines
    append: list  # arguments that append one more rule
    check: list  # arguments that check the last rule of the file


def last_rule(lines, table, chain):
    """The arguments of iptables -C for the last rule of a chain."""
    for line in reversed(lines):
        if line.startswith(f"-A {chain} "):
            return ["-t", table, "-C"] + split(line)[1:]
    raise ValueError(f"no rule in {chain}")


def split(line):
    """A rule line as words: these files quote with " and escape nothing."""
    words = []
    for i, part in enumerate(line.split('"')):
        words += [part] if i % 2 else part.split()
    return words


def finish(name, lines, table, chain, append):
    return RuleFile(
        name=name,
        text="\n".join(lines) + "\n",
        rules=sum(line.startswith("-A ") for line in lines),
        append=["-t", table, "-A", chain] + append,
        check=last_rule(lines, table, chain),
    )


def random_ip(rng):
    return "%d.%d.%d.%d" % (
        rng.randint(1, 223),
        rng.randint(0, 255),
        rng.randint(0, 255),
        rng.randint(1, 254),
    )


def plain(count, seed):
    rng = random.Random(f"{seed} plain {count}")
    lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    for _ in range(count):
        verdict = rng.choice(("ACCEPT", "DROP"))
        lines.append(
            f"-A INPUT -s {random_ip(rng)}/32 -p tcp -m tcp --dport {rng.randint(1, 65535)} -j {verdict}"
        )
    lines.append("COMMIT")
    append = "-s 192.0.2.1/32 -p tcp -m tcp --dport 8080 -j ACCEPT".split()
    return finish(f"{count:,} rules", lines, "filter", "INPUT", append)


def random_ports(rng, count):
    """A port other than 9, which the benchmark's packets use."""
    return ",".join(str(rng.randint(1024, 65535)) for _ in range(count))


def mixed(count, seed):
    """Typical firewall rules; no two kinds test the same fields."""
    rng = random.Random(f"{seed} mixed {count}")
    kinds = (
        (30, lambda: f"-s {random_ip(rng)}/32 -p tcp -m tcp --dport {random_ports(rng, 1)}"),
        (15, lambda: f"-s {random_ip(rng).rsplit('.', 1)[0]}.0/24"),
        (15, lambda: f"-p tcp -m multiport --dports {random_ports(rng, rng.randint(2, 6))}"),
        (10, lambda: f"-p udp -m udp --dport {random_ports(rng, 1)}"),
        (10, lambda: f"-i eth{rng.randint(0, 9)} -p tcp -m tcp --dport {random_ports(rng, 1)}"),
        (10, lambda: f"-p tcp -m tcp --dport {random_ports(rng, 1)} --tcp-flags FIN,SYN,RST,ACK SYN"),
        (5, lambda: f"-m mark --mark {rng.randint(1, 255):#x}/0xff"),
        (5, lambda: f'-d {random_ip(rng)}/32 -m comment --comment "rule {rng.randint(1, 999)}"'),
    )
    weights = [weight for weight, _ in kinds]
    lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    for _, make in rng.choices(kinds, weights, k=count):
        lines.append(f"-A INPUT {make()} -j {rng.choice(('ACCEPT', 'DROP'))}")
    lines.append("COMMIT")
    append = "-s 192.0.2.1/32 -j ACCEPT".split()
    return finish(f"{count:,} mixed rules", lines, "filter", "INPUT", append)


def chain_name(rng, kind):
    return f"KUBE-{kind}-" + "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))


KUBE_FILTER = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODE-PORTS - [0:0]
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODE-PORTS
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A KUBE-NODE-PORTS -p tcp -m multiport --dports 30000:32767,10256 -j ACCEPT
COMMIT""".splitlines()

KUBE_NAT_CHAINS = """\
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SERVICES - [0:0]""".splitlines()

KUBE_NAT_RULES = """\
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE""".splitlines()


def kube_service(rng, i, statistic):
    """Chain lines, the line in KUBE-SERVICES, and the other rules of one service."""
    name = f"ns-{i % 97}/service-{i}:http"
    svc = chain_name(rng, "SVC")
    portal = f"10.{96 + (i >> 16)}.{i >> 8 & 255}.{i & 255}"
    match = f'-d {portal}/32 -p tcp -m comment --comment "{name} cluster IP" -m tcp --dport 80'
    # three of four services have two endpoints, hence ten lines each
    endpoints = [
        (chain_name(rng, "SEP"), f"10.244.{rng.randint(0, 255)}.{rng.randint(2, 254)}")
        for _ in range(1 if i % 4 == 0 else 2)
    ]
    chains = [f":{svc} - [0:0]"] + [f":{sep} - [0:0]" for sep, _ in endpoints]
    portal_rule = f"-A KUBE-SERVICES {match} -j {svc}"
    rules = [f"-A {svc} ! -s 10.244.0.0/16 {match} -j KUBE-MARK-MASQ"]
    for n, (sep, ip) in enumerate(endpoints):
        left = len(endpoints) - n
        chance = ""
        if statistic and left > 1:
            chance = f" -m statistic --mode random --probability {1 / left:.11f}"
        rules.append(f'-A {svc} -m comment --comment "{name} -> {ip}:8080"{chance} -j {sep}')
    for sep, ip in endpoints:
        rules.append(f'-A {sep} -s {ip}/32 -m comment --comment "{name}" -j KUBE-MARK-MASQ')
        rules.append(
            f'-A {sep} -p tcp -m comment --comment "{name}" -m tcp -j DNAT --to-destination {ip}:8080'
        )
    return chains, portal_rule, rules


def kube_proxy(services, seed, statistic=False):
    rng = random.Random(f"{seed} kube {services}")
    chains, portals, rules = [], [], []
    for i in range(services):
        own_chains, portal, own_rules = kube_service(rng, i, statistic)
        chains += own_chains
        portals.append(portal)
        rules += own_rules
    portals.append(
        '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; this must be the last rule"'
        " -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"
    )
    lines = KUBE_FILTER + KUBE_NAT_CHAINS + chains + KUBE_NAT_RULES + portals + rules + ["COMMIT"]
    append = (
        "-d 10.95.0.1/32 -p tcp -m comment --comment ns-0/new:http -m tcp --dport 80 -j KUBE-MARK-MASQ"
    ).split()
    return finish(f"kube-proxy, {services:,} services", lines, "nat", "KUBE-SERVICES", append)
