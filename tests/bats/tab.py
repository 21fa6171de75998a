#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Types into a shell at a pseudo-terminal, presses tab, and waits for the completions.

    tab.py SHELL SETUP TYPED WANT...

SETUP is a first command; a \\t in TYPED is the tab.  Exit 0 when all WANT have been seen
after it was typed, else 1 and what was seen.
"""

import os
import pty
import re
import select
import sys
import time

SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"],
          "fish": ["fish", "--no-config", "-i"]}
PATIENCE = 20


def read_until(fd, wanted, reply=True):
    seen, ends = "", time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                data = os.read(fd, 65536).decode(errors="replace")
            except OSError:
                return seen, False
            # fish queries the terminal type.
            if "\x1b[c" in data or "\x1b[0c" in data:
                os.write(fd, b"\x1b[?62c")
            seen += re.sub(r"\x1b\[[0-9;?>=]*[A-Za-z]|\x1b[()=>][A-Z0-9]?|\x1b\][^\x07]*\x07|[\x00-\x09\x0b-\x1f]", "", data)
        if all(w in seen for w in wanted):
            return seen, True
    return seen, False


def main():
    shell, setup, typed, *want = sys.argv[1:]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", PS1="$ ", COLUMNS="200", LINES="50",
                          HOME=os.environ["BATS_TEST_TMPDIR"])
        os.execvp(SHELLS[shell][0], SHELLS[shell])
    # The echoed command differs from its output.
    os.write(fd, (setup + "; echo rea''dy\n").encode())
    seen, ok = read_until(fd, ["ready"])
    if ok:
        time.sleep(0.3)
        os.write(fd, typed.replace("\\t", "\t").encode())
        seen, ok = read_until(fd, want)
    if not ok:
        print("%s, typed %r, wanted %r, saw:\n%s" % (shell, typed, want, seen))
    os.close(fd)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
