#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares random rules of -m time with their translations: both must count a packet sent now.

  time.py BIN SEED COUNT

Run it in a network namespace of its own, with lo up. Times are as often close to now as far
away, but not so close that it matters how long the test takes. Exit code 1 if rules differ,
or if too few of them match or can be translated.
"""
import datetime
import os
import random
import re
import subprocess
import sys
import time

BIN, SEED, COUNT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
DAYS = 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'
FAR = 600	# seconds that are enough for all of the test
rng = random.Random(SEED)


def output(*words, text=None):
    return subprocess.run(words, input=text, text=True, check=True, capture_output=True).stdout


def moment():
    """A second near now, or any of a day."""
    return int(time.time()) + rng.choice((-1, 1)) * rng.choice((rng.randint(FAR, 3 * FAR), rng.randint(FAR, 86400 - FAR)))


def time_of_day():
    return datetime.datetime.fromtimestamp(moment(), datetime.timezone.utc).strftime('%H:%M:%S')


def date():
    then = moment() + rng.choice((0, 0, -10**6, 10**6, -10**8, 10**8))
    return datetime.datetime.fromtimestamp(then, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S')


def rule():
    words = []
    if rng.random() < 0.8:
        start, stop = time_of_day(), time_of_day()
        words += [f'--timestart {start}', f'--timestop {stop}']
        if start >= stop and rng.random() < 0.8:
            words.append('--contiguous')
    if rng.random() < 0.7:
        days = rng.sample(DAYS, rng.randint(1, 5))
        words.append(rng.choice(('', '! ')) + '--weekdays ' + ','.join(days))
    for end in 'start', 'stop':
        if rng.random() < 0.15:
            words.append(f'--date{end} {date()}')
    if rng.random() < 0.2:
        words.append('--kerneltz')
    return '-m time ' + ' '.join(words)


def counters(text):
    return {int(n): int(packets) for packets, n in
            re.findall(r'counter packets (\d+) bytes \d+ comment "(\d+)"', text)}


def main():
    rules = [rule() for _ in range(COUNT)]
    save = '*filter\n' + ''.join(f'-A OUTPUT {r} -m comment --comment {n}\n' for n, r in enumerate(rules)) + 'COMMIT\n'
    translated = output(os.path.join(BIN, 'iptables-restore-translate'), text=save)
    words = [line for line in translated.splitlines() if line.startswith('add rule')]
    output('nft', '-f', '-', text='add table ip t\nadd chain ip t OUTPUT { type filter hook output priority 9; }\n' +
           '\n'.join(w.replace('ip filter', 'ip t', 1) for w in words) + '\n')
    output(os.path.join(BIN, 'iptables-restore'), text=save)
    output('ping', '-c', '1', '-W', '1', '127.0.0.1')
    nft = counters(output('nft', 'list', 'chain', 'ip', 't', 'OUTPUT'))
    saved = output(os.path.join(BIN, 'iptables-save'), '-c', '-t', 'filter')
    ours = {int(n): int(p) for p, n in re.findall(r'\[(\d+):\d+\] -A OUTPUT .*--comment (\d+)', saved)}
    wrong = [n for n in nft if nft[n] != ours[n]]
    for n in wrong:
        print(f'{rules[n]}\n  {ours[n]} packets; {nft[n]} by nft: {[w for w in words if f"{chr(34)}{n}{chr(34)}" in w]}')
    told, met = len(nft), sum(p > 0 for p in nft.values())
    print(f'{told} of {COUNT} rules have words, {met} match, {len(wrong)} differ')
    return bool(wrong) or not COUNT / 10 < met < told or (told < COUNT and not os.environ.get('ZONE'))


sys.exit(main())
