#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Translates the OK cases of extensions/*.t with stock and with Ravelin.

  translate.py ORACLE BIN EXTENSIONS DIFFERENCES

Prints each text that differs and is not in DIFFERENCES, each row of that table which
no case uses, and each of our translations that `nft -c -f -` refuses. Run it in a
network namespace of its own. Exit code 1 if anything was printed.
"""
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import cases as extensions  # noqa: E402  pylint: disable=wrong-import-position

CHAINS = {
    'raw': ['PREROUTING', 'OUTPUT'],
    'mangle': ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
    'nat': ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
    'filter': ['INPUT', 'FORWARD', 'OUTPUT'],
    'security': ['INPUT', 'FORWARD', 'OUTPUT'],
}
# Chains that rules of the cases jump to; a target of the other family counts as one too.
USER = ['foo', 'CLUSTERIP', 'ULOG']


def run(tool, words):
    done = subprocess.run([*tool, *words], capture_output=True, text=True, check=False,
                          errors='surrogateescape')
    return done.stdout if done.returncode == 0 else None


def is_comment(text):
    return text is None or text.startswith('nft #')


def kind(ours, stock):
    """The table's name for the difference of two translations; None: equal."""
    if ours == stock or (is_comment(ours) and is_comment(stock)):
        return None
    return 'comment' if is_comment(ours) else 'more' if is_comment(stock) else 'words'


def make_chains():
    text = []
    for family in 'ip', 'ip6':
        for table, chains in CHAINS.items():
            text.append(f'add table {family} {table}')
            text += [f'add chain {family} {table} {c}' for c in USER]
            for c in chains:
                sort = 'nat' if table == 'nat' else 'filter'
                text.append(f'add chain {family} {table} {c} '
                            f'{{ type {sort} hook {c.lower()} priority 0; }}')
    subprocess.run(['nft', '-f', '-'], input='\n'.join(text) + '\n', text=True, check=True)


def load(command):
    """nft's error for a translation; None: accepted."""
    # The shell removes the quotes, as on a command line.
    rules = '\n'.join(shlex.split(line)[1] for line in command.splitlines())
    done = subprocess.run(['nft', '-c', '-f', '-'], input=rules + '\n', text=True, check=False,
                          capture_output=True, errors='surrogateescape')
    return None if done.returncode == 0 else done.stderr.splitlines()[0]


def read_table(path):
    with open(path, encoding='utf-8') as f:
        rows = [line.rstrip('\n').split('\t') for line in f if line[0] not in '#\n']
    return {(r[0], r[1]): r[2] for r in rows}


def can_queue():
    """Not every kernel has nft_queue."""
    return load("nft 'add rule ip filter INPUT counter queue num 0'") is None


def main():
    oracle, binaries, directory, table = sys.argv[1:]
    make_chains()
    allowed, used, wrong, told = read_table(table), set(), [], 0
    queues = can_queue()

    def translate(case):
        _, family, words = case
        tool = family + 'tables-translate'
        return (case, run([os.path.join(binaries, tool)], words), run([*shlex.split(oracle), tool], words))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(translate, [
            (name, family, ['-t', table, '-A', chain, *rule])
            for name, family, table, chain, rule in extensions.cases(directory)]))
    for (name, family, words), ours, stock in results:
        rule = f'{family} {shlex.join(words)}'
        how = kind(ours, stock)
        if how and (name, how) not in allowed:
            wrong.append(f'{name}: {how}: {rule}\n  ours:  {ours}\n  stock: {stock}')
        used.add((name, how))
        if is_comment(ours) or (re.search(r' queue num ', ours) and not queues):
            continue
        told += 1
        refusal = load(ours)
        if refusal:
            wrong.append(f'{name}: {rule}\n  {ours}  does not load: {refusal}')
    wrong += [f'no case for {row[0]}: {row[1]}' for row in allowed if row not in used]
    if told < 1500:
        wrong.append(f'only {told} translations of {len(results)}')
    print('\n'.join(wrong) or f'{told} of {len(results)} rules have words in nft')
    return bool(wrong)


sys.exit(main())
