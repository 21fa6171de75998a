#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Initial corpus of fuzz_nft: nf_tables messages with rules as nft writes them.

  foreign.py DIR
"""
import os
import struct
import sys

NESTED = 0x8000
PAYLOAD, BITWISE, CMP, LIMIT, CONNLIMIT = 'payload', 'bitwise', 'cmp', 'limit', 'connlimit'


def attr(kind, value):
    if isinstance(value, int):
        value = struct.pack('>I', value)
    return struct.pack('=HH', len(value) + 4, kind) + value + b'\0' * (-len(value) % 4)


def expr(name, *values):
    """Values by number, from 1 on; None: not given."""
    data = b''.join(attr(n, v) for n, v in enumerate(values, 1) if v is not None)
    return attr(1, name.encode() + b'\0') + attr(2 | NESTED, data)


def value(data):
    return attr(1, data)


def load(register, base, offset, length):
    return expr(PAYLOAD, register, base, offset, length)


def limit(rate, unit, burst, kind, flags):
    return expr(LIMIT, struct.pack('>Q', rate), struct.pack('>Q', unit), burst, kind, flags)


def dynset(name, how, register, timeout, inner):
    time = timeout and struct.pack('>Q', timeout)
    return expr('dynset', name.encode() + b'\0', None, how, register, None, time, inner, None, 0)


TCP = [load(1, 1, 9, 1), expr(CMP, 1, 0, value(b'\x06'))]
SOURCE, PORT = load(1, 1, 12, 4), load(9, 2, 2, 2)
NETWORK = expr(BITWISE, 1, 1, 4, value(b'\xff\xff\0\0'), value(b'\0\0\0\0'))
COUNTER = expr('counter', struct.pack('>Q', 1), struct.pack('>Q', 2))
TO, PLAIN = limit(5, 60, 5, 0, 0), limit(20480, 1, 1048576, 1, 1)

RULES = [
    [SOURCE, NETWORK, dynset('a', 1, 1, 60000, PLAIN), COUNTER],
    [*TCP, SOURCE, PORT, dynset('b', 1, 1, 1000, TO), SOURCE, expr(CMP, 1, 0, value(b'\1\2\3\4'))],
    [SOURCE, dynset('connlimit0', 0, 1, None, expr(CONNLIMIT, 2, 1)), TO, COUNTER],
    [*TCP, TO, PORT, expr(CMP, 9, 4, value(b'\0\x50')), PLAIN],
]


def main():
    for n, rule in enumerate(RULES):
        with open(os.path.join(sys.argv[1], f'foreign-{n}'), 'wb') as f:
            f.write(b'a\n' + attr(1, b'filter\0') + attr(2, b'x\0') + attr(3, struct.pack('>Q', 7)) +
                    attr(4 | NESTED, b''.join(attr(1 | NESTED, e) for e in rule)))


main()
