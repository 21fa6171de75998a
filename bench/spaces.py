# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces for the benchmarks, and a quiet machine."""

import contextlib
import ctypes
import os
import time

CLONE_NEWNET = 0x40000000


class Failure(Exception):
    """A measured program failed, so the figures are invalid."""


LIBC = ctypes.CDLL(None, use_errno=True)


def libc_call(name, *args):
    if getattr(LIBC, name)(*args):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


class Namespace:
    """A network namespace that exists only as a descriptor, so a killed run leaves none behind."""

    def __init__(self):
        with self.returning():
            libc_call("unshare", CLONE_NEWNET)
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    @staticmethod
    @contextlib.contextmanager
    def returning():
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield
        finally:
            libc_call("setns", home, CLONE_NEWNET)
            os.close(home)

    @contextlib.contextmanager
    def inside(self):
        with self.returning():
            libc_call("setns", self.fd, CLONE_NEWNET)
            yield

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        settle()


def busy_ticks():
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, idle, iowait, *rest = map(int, f.readline().split()[1:])
    return user + nice + system + sum(rest)


def settle():
    """Waits until the machine is idle: the kernel frees a namespace's rules asynchronously."""
    quiet, last, limit = 0, busy_ticks(), time.monotonic() + 1
    while quiet < 3 and time.monotonic() < limit:
        time.sleep(0.03)
        now = busy_ticks()
        quiet = quiet + 1 if now - last <= 1 else 0
        last = now
