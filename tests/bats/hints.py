#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the mistakes in hints.tsv and checks the hints.

  hints.py BIN TABLE [ORACLE]      in its own network namespace
  hints.py --make BIN TABLE        prints the table with the current hints, for review

For each row: without RAVELIN_DIAGNOSTICS there is no hint; with it, the first line is the row's, and
stock's if ORACLE is given; the marked word and the hint are the row's. The proposed line is the row's; it
is executed, succeeds without output, and then the rules that the row expects exist. If the hint proposes
no line, the row has a solution (after "$ ") that is executed likewise. Exit code 1 if a row fails.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata

NONE = '-'


class Row:
    """A row of the table: rules before, the mistake, the expected message, the solution."""
    fields = ('before', 'mistake', 'first', 'mark', 'hint', 'remedy', 'effect')

    def __init__(self, line):
        values = line.split('\t')
        if len(values) != len(self.fields):
            raise SystemExit(f'{len(values)} columns: {line}')
        for name, value in zip(self.fields, values):
            setattr(self, name, value)
        self.own = self.first.startswith('own: ')
        self.first = self.first.removeprefix('own: ')

    def __str__(self):
        first = ('own: ' if self.own else '') + self.first
        return '\t'.join(first if name == 'first' else getattr(self, name) for name in self.fields)

    @property
    def is_file(self):
        return re.match(r'(ip6?tables)-restore: ', self.mistake)

    @property
    def tool(self):
        """Stock's name in its messages."""
        return self.is_file.group(1) + '-restore' if self.is_file else self.mistake.split()[0]


class Machine:
    """An empty network namespace and a directory."""

    def __init__(self, binaries, oracle=None):
        self.directory = tempfile.mkdtemp()
        os.chmod(self.directory, 0o755)
        os.mkdir(f'{self.directory}/stock')
        for tool in ('iptables', 'ip6tables', 'iptables-restore', 'ip6tables-restore'):
            with open(f'{self.directory}/stock/{tool}', 'w', encoding='utf-8') as f:
                f.write(f'#!/bin/sh\nexec {oracle} {tool} "$@"\n')
            os.chmod(f.name, 0o755)
        self.path = f'{binaries}:/usr/sbin:/usr/bin:/sbin:/bin'

    def run(self, command, oracle=None, person=False):
        env = {'PATH': self.path, 'LC_ALL': 'C'}
        if person:
            env['RAVELIN_DIAGNOSTICS'] = '1'
        if oracle:
            env['PATH'] = f'{self.directory}/stock:{self.path}'
        return subprocess.run(['bash', '-c', command], env=env, cwd=self.directory,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def reset(self, row):
        self.run('nft flush ruleset; ipset destroy; true')
        if row.before != NONE:
            done = self.run(row.before)
            if done.returncode or done.stderr:
                raise SystemExit(f'{row.before}: {done.stderr.decode()}')

    def mistake(self, row, **how):
        """Makes it; returns the lines of stderr."""
        command = row.mistake
        if row.is_file:
            tool, text = command.split(': ', 1)
            with open(os.path.join(self.directory, 'rules'), 'wb') as f:
                f.write(text.encode().decode('unicode_escape').encode('latin-1'))
            command = tool + ' rules'
        done = self.run(command, **how)
        return done.returncode, done.stderr.decode(errors='replace').split('\n')

    def remedy(self, row, number):
        """Does what helps; number: the line of the file that was wrong."""
        command = row.remedy.removeprefix('$ ')
        path = os.path.join(self.directory, 'rules')
        if row.is_file:
            if command[0] in '-[':
                with open(path, encoding='utf-8') as f:
                    lines = f.read().split('\n')
                lines[number - 1:number] = [line.strip() for line in command.split(' \\n ')]
                with open(path, 'w', encoding='utf-8') as f:
                    f.write('\n'.join(lines))
                command = 'true'
            # A script is one then, and no file to be restored.
            if not command.startswith('sh '):
                command += f' && {row.tool} rules'
        return self.run(command)

    def rules(self):
        done = self.run('for t in iptables ip6tables; do $t-save; $t -S; done; ipset list -n')
        return done.stdout.decode()


def width(char):
    return 2 if unicodedata.east_asian_width(char) in 'WF' else 1


def marked(source, marks):
    """The text above the ^ and ~ of the line of marks."""
    column, text = 0, ''
    for char in source:
        if column < len(marks) and marks[column] in '^~':
            text += char
        column += width(char)
    return text


def parse(lines):
    """The message: first line, marked word, hint, proposed line."""
    told = {'first': lines[0], 'mark': NONE, 'hint': NONE, 'remedy': NONE}
    for i, line in enumerate(lines):
        if i and re.fullmatch(r' +\^~*', line):
            told['mark'] = marked(lines[i - 1], line)
            if i == 1:
                told['first'] = NONE
        for key, start in ('hint', 'hint: '), ('remedy', 'try:  '):
            if line.startswith(start):
                told[key] = line.removeprefix(start)
                if key == 'remedy' and i + 1 < len(lines) and lines[i + 1].startswith('      '):
                    told[key] += ' \\n ' + lines[i + 1].strip()
    # For a file, stock prints the kernel's error on the next line.
    if told['first'].endswith('): '):
        told['first'] = lines[1]
    return told


def same_as_stock(ours, stock):
    """Our first line begins like stock's, except for the version; a reason may follow."""
    version = re.compile(r'(v1\.8\.\d+) \(')
    # Control bytes never reach a terminal.
    plain = [version.sub('v (', text.replace('\r', '\\x0d')).rstrip() for text in (ours, stock)]
    return plain[0].startswith(plain[1].removesuffix('.'))


class Check:
    """Tests each row."""

    def __init__(self, machine, oracle):
        self.machine, self.oracle = machine, oracle
        self.wrong, self.compared = [], 0

    def expect(self, row, what, want, got):
        if want != got:
            self.wrong.append(f'{row.mistake}\n  {what}:\n    wanted {want}\n    got    {got}')

    def stock(self, row):
        if not self.oracle or row.first == NONE:
            return
        self.machine.reset(row)
        rc, lines = self.machine.mistake(row, oracle=self.oracle)
        # Stock first warns about missing modules.
        lines = [line for line in lines if not line.startswith('Warning: ')]
        first = lines[1] if lines[0].endswith('): ') and len(lines) > 1 else lines[0]
        self.compared += 1
        if rc == 0 or same_as_stock(row.first, first) == row.own:
            self.expect(row, 'first line', f'stock\'s: {first} (exit code {rc})', row.first)

    def told(self, row):
        self.machine.reset(row)
        rc, lines = self.machine.mistake(row)
        if any(line.startswith(('hint: ', 'try:  ')) for line in lines):
            self.expect(row, 'for a program', 'no hint', '\n'.join(lines))
        if row.first != NONE:
            self.expect(row, 'for a program', row.first, parse(lines)['first'])
        self.machine.reset(row)
        rc, lines = self.machine.mistake(row, person=True)
        told = parse(lines)
        for what in 'first', 'mark', 'hint':
            self.expect(row, what, getattr(row, what), told[what])
        if not row.remedy.startswith('$ '):
            self.expect(row, 'line', row.remedy, told['remedy'])
        elif told['remedy'] != NONE:
            self.expect(row, 'line', NONE, told['remedy'])
        if (rc == 0) != (row.first == NONE):
            self.expect(row, 'exit code', 'an error', rc)
        number = re.search(r'line:? (\d+)', '\n'.join(lines))
        return int(number.group(1)) if number else 1

    def helps(self, row, number):
        if row.remedy in (NONE, '$ -'):
            return
        done = self.machine.remedy(row, number)
        if done.returncode or done.stderr:
            self.expect(row, f'{row.remedy}', 'success', done.stderr.decode())
        rules = self.machine.rules()
        for effect in row.effect.split(' & '):
            if effect.removeprefix('!') in rules.split('\n') if effect[0] == '!' else \
                    effect not in rules.split('\n') and effect != NONE:
                self.expect(row, 'rules', effect, rules)

    def row(self, row):
        self.stock(row)
        self.helps(row, self.told(row))


def read(path):
    with open(path, encoding='utf-8') as f:
        return [Row(line.rstrip('\n')) for line in f if line[0] not in '#\n']


def make(machine, path):
    """The table with the current messages and the new rules."""
    for row in read(path):
        machine.reset(row)
        _, lines = machine.mistake(row, person=True)
        told = parse(lines)
        for what in 'first', 'mark', 'hint':
            setattr(row, what, told[what])
        if not row.remedy.startswith('$ '):
            row.remedy = told['remedy']
        if row.effect == '?':
            before = machine.rules().split('\n')
            number = re.search(r'line:? (\d+)', '\n'.join(lines))
            if row.remedy not in (NONE, '$ -'):
                machine.remedy(row, int(number.group(1)) if number else 1)
            new = [line for line in machine.rules().split('\n') if line not in before and
                   line[:1] == '-']
            row.effect = ' & '.join(dict.fromkeys(new)) or NONE
        print(row)


def main():
    if sys.argv[1] == '--make':
        make(Machine(sys.argv[2]), sys.argv[3])
        return 0
    oracle = sys.argv[3] if len(sys.argv) > 3 else None
    machine = Machine(sys.argv[1], oracle)
    check = Check(machine, oracle)
    rows = read(sys.argv[2])
    for row in rows:
        check.row(row)
    shutil.rmtree(machine.directory)
    print('\n'.join(check.wrong) or
          f'{len(rows)} mistakes have a hint; {check.compared} first lines compared with stock')
    return bool(check.wrong)


sys.exit(main())
