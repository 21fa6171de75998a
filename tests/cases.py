# SPDX-License-Identifier: GPL-2.0-or-later
"""The accepted cases of extensions/*.t, for tests in Python."""
import os
import random
import re
import shlex
import subprocess

BASE = {'raw': 'PREROUTING OUTPUT', 'mangle': 'PREROUTING INPUT FORWARD OUTPUT POSTROUTING',
        'nat': 'PREROUTING INPUT OUTPUT POSTROUTING', 'filter': 'INPUT FORWARD OUTPUT',
        'security': 'INPUT FORWARD OUTPUT'}
# Chains used as jump targets in the cases.
USER = ['foo']


def cases(directory):
    """Yields (extension, family, table, chain, words of the rule)."""
    for name in sorted(os.listdir(directory)):
        if not name.endswith('.t'):
            continue
        place = {'table': 'filter', 'chain': 'INPUT', 'family': 'both'}
        with open(os.path.join(directory, name), encoding='utf-8', errors='surrogateescape') as f:
            for line in f:
                line = line.rstrip('\n')
                if line.startswith('@'):
                    key, value = line[1:].split()[:2]
                    place[key] = value
                elif line.endswith('; OK') and not line.startswith('#'):
                    rule = shlex.split(line[:-4].rsplit(' ; ', 1)[0])
                    both = ['ip', 'ip6'] if place['family'] == 'both' else [place['family']]
                    for family in both:
                        yield name[:-2], family, place['table'], place['chain'], rule


def quoted(word):
    """A word as written in a restore file."""
    return '"' + word.replace('\\', '\\\\').replace('"', '\\"') + '"'


def line(chain, words):
    return ' '.join(['-A', chain, *map(quoted, words)])


def restore_text(rules):
    """A restore file of (table, chain, words) with random counters."""
    out = []
    for table, chains in BASE.items():
        out += [f'*{table}'] + [f':{c} ACCEPT [{random.randrange(9)}:{random.getrandbits(63)}]'
                                for c in chains.split()]
        out += [f':{c} - [0:0]' for c in USER]
        out += [f'[{random.getrandbits(40)}:{random.getrandbits(63)}] {line(chain, words)}'
                for t, chain, words in rules if t == table]
        out += ['COMMIT']
    return '\n'.join(out).encode(errors='surrogateescape') + b'\n'


def accepted(ravelin, family, rules):
    """Those of (table, chain, words) that are valid for the family and an existing chain."""
    text, gone = restore_text(rules).split(b'\n'), set()
    places = [i for i, row in enumerate(text) if row.startswith(b'[')]
    order = [i for t in BASE for i, r in enumerate(rules) if r[0] == t]
    while True:
        done = subprocess.run([ravelin, 'json', '-6' if family == 'ip6' else '-4'], check=False,
                              input=b'\n'.join(text), capture_output=True)
        at = re.search(rb'line:? (\d+)', done.stderr)
        if done.returncode == 0:
            return [r for i, r in enumerate(rules) if i not in gone]
        if not at or int(at[1]) - 1 not in places:
            raise SystemExit(f'no place in: {done.stderr.decode()}')
        text[int(at[1]) - 1] = b''
        gone.add(order[places.index(int(at[1]) - 1)])
