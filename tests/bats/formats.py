#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Converts rules to XML and JSON and back: all cases of extensions/*.t, and random selections of them.

  formats.py BIN EXTENSIONS SCHEMA COUNT SEED [ORACLE]

With ORACLE (stock's command), XML is also compared with stock's. Prints differences; exit code 1 if there
are any.
"""
import json
import os
import random
import re
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import cases as extensions  # noqa: E402  pylint: disable=wrong-import-position

BINARIES, DIRECTORY, SCHEMA, COUNT, SEED = sys.argv[1:6]
ORACLE = shlex.split(sys.argv[6]) if len(sys.argv) > 6 else None
RAVELIN = os.path.join(BINARIES, '..', 'ravelin')
XML = [os.path.join(BINARIES, 'iptables-xml')]
wrong = []


def run(command, text):
    done = subprocess.run(command, input=text, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode(errors='replace')


def tool(family, *words):
    return [RAVELIN, 'json', '-6' if family == 'ip6' else '-4', *words]


def compare(what, want, got):
    if want == got:
        return
    a, b = want.splitlines(), got.splitlines()
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    wrong.append(f'{what}: line {at + 1}: {a[at:at + 1]} became {b[at:at + 1]}')


def check_json(name, family, text):
    for words, want in (['-c'], text), ([], re.sub(rb'(?m)^\[\d+:\d+\] ', b'', text)):
        code, document, message = run(tool(family), text)
        code, back, message = (code, b'', message) if code else \
            run(tool(family, '-r', *words), document)
        if code:
            wrong.append(f'{name} as JSON: {message}')
        compare(f'{name} as JSON {words}', want, back)
    return document


def check_xml(name, family, text):
    for flags in [], ['-c'], ['-v'], ['-c', '-v']:
        code, ours, message = run(XML + flags, text)
        if code:
            wrong.append(f'{name} as XML: {message}')
        if ORACLE:
            compare(f'{name} as XML {flags} (stock, ours)',
                    run([*ORACLE, 'iptables-xml', *flags], text)[1], ours)
        if flags != ['-c'] and flags != ['-c', '-v']:
            back = run(XML + ['-r'], ours)[1]
            # Save prints two spaces before some values; XML does not preserve them.
            document = run(tool(family), back)[1]
            compare(f'{name} as XML {flags} and back', text,
                    run(tool(family, '-r', '-c'), document)[1])


GLUED = [(r' -p ([^" ]+)', r' -p\1'), (r' -s ([^" ]+)', r' --src=\1'), (r' -m ([^" ]+)', r' -m\1'), (r' -i ([^" ]+)', r' -i\1'),
         (r' -j ([^" ]+)', r' --jump=\1')]


def glued(text):
    """The same rules with other notations that restore accepts."""
    lines = text.decode('latin-1').split('\n')
    for i, line in enumerate(lines):
        # In quotes it would be another text; a line of a save is one without them, mostly.
        if '"' not in line and re.match(r'(\[[0-9:]*\] )?-A ', line):
            for what, how in GLUED:
                line = re.sub(what, how, line)
            lines[i] = line
    return '\n'.join(lines).encode('latin-1')


def check_glued(name, text):
    odd = glued(text)
    rewritten = sum(a != b for a, b in zip(text.split(b'\n'), odd.split(b'\n')))
    if rewritten < 0.5 * text.count(b'\n'):
        wrong.append(f'{name}: only {rewritten} lines were rewritten')
    # Zero counters are omitted, as if the file had none.
    code, ours, message = run(XML, odd)
    if code:
        wrong.append(f'{name} glued: {message}')
    compare(f'{name}, glued', run(XML, text.replace(b'\n[0:0] ', b'\n'))[1], ours)


def check_schema(document):
    import jsonschema  # pylint: disable=import-outside-toplevel
    with open(SCHEMA, encoding='utf-8') as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    for error in jsonschema.Draft7Validator(schema).iter_errors(json.loads(document)):
        wrong.append(f'schema: {list(error.absolute_path)}: {error.message}')
    # Members that the schema lacks must be refused by us as well.
    broken = json.loads(document)
    broken['tables'][0]['chains'][0]['more'] = 1
    if not list(jsonschema.Draft7Validator(schema).iter_errors(broken)):
        wrong.append('schema: takes a member that is not known')


def main():
    random.seed(int(SEED))
    total = 0
    for family in 'ip', 'ip6':
        rules = [(t, c, w) for _, f, t, c, w in extensions.cases(DIRECTORY) if f == family]
        good = extensions.accepted(RAVELIN, family, rules)
        if len(good) < 0.8 * len(rules):
            wrong.append(f'{family}: only {len(good)} of {len(rules)} cases were read')
        many = [random.choice(good) for _ in range(int(COUNT))]
        for name, chosen in (f'{family}, all cases', good), (f'{family}, {COUNT} rules', many):
            document = run(tool(family), extensions.restore_text(chosen))[1]
            text = run(tool(family, '-r', '-c'), document)[1]
            document = check_json(name, family, text)
            if chosen is good:
                check_schema(document)
            check_xml(name, family, text)
            check_glued(name, text)
            total += len(chosen)
    print('\n'.join(wrong[:40]) or f'{total} rules came back')
    return bool(wrong)


sys.exit(main())
