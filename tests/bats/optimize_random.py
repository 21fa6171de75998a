#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""optimize_random.py SEED: prints a random ruleset with dead rules, mergeable neighbours, marks, states and chains."""

import random
import sys

MATCHES = (
    "-s 10.0.0.{a}", "-s 10.0.0.{a}", "-d 10.0.0.{a}", "-s 10.{a}.0.0/16", "-p tcp", "-p udp", "-p tcp --dport {p}",
    "-p tcp --dport {p}", "-p tcp --dport {p}", "-p udp --dport {p}", "-p tcp --sport {p}", "-m mark --mark {a}", "-i eth{b}",
    "-m conntrack --ctstate NEW", "-m conntrack --ctstate ESTABLISHED", "-m limit --limit 1/s", "-m recent --update --name r",
    "-m set --match-set a src", "",
)


def rule(rng, chain, later, mangle):
    picked = [rng.choice(MATCHES).format(a=rng.randint(0, 4), b=rng.randint(0, 1), p=rng.randint(20, 26))
              for _ in range(rng.choice((1, 1, 1, 2)))]
    # One -p, one -s and one -i at most.
    if len(picked) == 2 and picked[0][:2] == picked[1][:2]:
        picked = picked[:1]
    picked.sort(key=lambda words: words.startswith("-m"))
    ends = ["ACCEPT", "DROP", "DROP", "ACCEPT", "RETURN"]
    ends += ["MARK --set-mark 1", "MARK --set-mark 2"] if mangle else ["LOG", "REJECT"]
    target = "-j " + rng.choice(ends)
    if later and rng.random() < 0.2:
        target = rng.choice(("-j ", "-g ")) + rng.choice(later)
    return f"[{rng.randint(0, 99)}:1] -A {chain} {' '.join(picked)} {target}"


def main():
    rng = random.Random(int(sys.argv[1]))
    mangle = rng.random() < 0.3
    chains = [f"c{i}" for i in range(rng.randint(0, 3))]
    lines = ["*mangle" if mangle else "*filter", f":INPUT {rng.choice(('ACCEPT', 'DROP'))} [0:0]", ":FORWARD ACCEPT [0:0]"]
    lines += [f":{c} - [0:0]" for c in chains]
    for chain in ["INPUT", "FORWARD"] + chains:
        later = [c for c in chains if chain not in chains or c > chain]
        lines += [rule(rng, chain, later, mangle) for _ in range(rng.randint(2, 12))]
    print("\n".join(lines + ["COMMIT"]))


main()
