# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases of extensions/*.t that are OK, for tests in Python."""
import os
import shlex


def cases(directory):
    """(extension, family, table, chain, words of the rule) of each."""
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
    """A word as a restore file has it."""
    return '"' + word.replace('\\', '\\\\').replace('"', '\\"') + '"'


def line(chain, words):
    return ' '.join(['-A', chain, *map(quoted, words)])
