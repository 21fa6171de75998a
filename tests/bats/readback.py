#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads all translations of the cases of extensions/*.t with nft and reads them back.

  readback.py BUILD EXTENSIONS

Run it in its own network namespace. Prints each rule that is read back differently, and each reason for an
equivalent form that no case needs; exit code 1 if there are any.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import cases  # noqa: E402  pylint: disable=wrong-import-position

BUILD, DIRECTORY = sys.argv[1:]


def nft(text, *words):
    return subprocess.run(['nft', *words, '-f', '-'], input=text, check=False, capture_output=True)


def make_chains(family):
    out = []
    for table, chains in cases.BASE.items():
        out += [f'add table {family} {table}']
        out += [f'add chain {family} {table} {c}' for c in cases.USER]
        out += [f'add chain {family} {table} {c} {{ type {"nat" if table == "nat" else "filter"} '
                f'hook {c.lower()} priority 0; }}' for c in chains.split()]
    subprocess.run(['nft', '-f', '-'], input='\n'.join(out).encode(), check=True)


def own_name(words, number):
    """Each rule needs a meter, and thus a hashlimit table, of its own."""
    return [f'mini{number}' if before == '--hashlimit-name' and word == 'mini1' else word
            for before, word in zip(['', *words], words)]


def main():
    failed, needed, total = False, {}, 0
    for family in 'ip', 'ip6':
        make_chains(family)
        rules = cases.accepted(os.path.join(BUILD, 'ravelin'), family,
                               [(t, c, own_name(w, n)) for n, (_, f, t, c, w)
                                in enumerate(cases.cases(DIRECTORY)) if f == family])
        text = cases.restore_text(rules)
        flag = '-6' if family == 'ip6' else '-4'
        # Not every kernel has nft_queue.
        queue = [] if not nft(f'add rule {family} filter INPUT queue num 0'.encode(),
                              '-c').returncode else ['-q']
        tool = os.path.join(BUILD, 'readback')
        words = subprocess.run([tool, 'write', flag, *queue], input=text, check=True,
                               capture_output=True).stdout
        loaded = nft(words)
        if loaded.returncode:
            print(f'{family}: nft does not load it: {loaded.stderr.decode()[:2000]}')
            return True
        done = subprocess.run([tool, 'compare', flag, *queue], input=text, check=False,
                              capture_output=True)
        print(done.stderr.decode(errors='replace'), end='')
        *forms, last = done.stdout.decode().splitlines()
        print(f'{family}: {last}')
        total += int(re.match(r'\d+', last)[0])
        failed |= done.returncode != 0
        for form in forms:
            times, reason = form.split('\t')
            needed[reason] = needed.get(reason, 0) + int(times)
    for reason, times in needed.items():
        print(f'{times} times: {reason}')
        failed |= not times
    return failed or total < 1500


sys.exit(main())
