# SPDX-License-Identifier: GPL-2.0-or-later
"""Two identically prepared network namespaces: the results of stock iptables in one and of Ravelin in the
other must be the same.

The namespaces have no name and no file; they disappear with the last process and descriptor that use
them, however the run ends.
"""

import collections
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess

import nftdump

HERE = os.path.dirname(os.path.abspath(__file__))
CLONE_NEWNET = 0x40000000
CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
# Timeout of a command, in seconds.
LIMIT = 30
# Directory of iproute2's files since 6.5.
NAMES = "/usr/share/iproute2"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Failure(Exception):
    """The test environment failed."""


def die_with_parent():
    """Kills this process, and thus its namespaces, when the parent exits."""
    check(LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")


def check(result, what):
    if result:
        raise Failure("%s: %s" % (what, os.strerror(ctypes.get_errno())))


def use_names():
    """Names of groups and realms in /etc, the only place where stock looks for them."""
    check(LIBC.mount(b"none", b"/mnt", b"tmpfs", 0, None), "mount of a tmpfs")
    os.mkdir("/mnt/work")
    shutil.copytree(NAMES, "/mnt/upper/iproute2")
    check(LIBC.mount(b"none", b"/etc", b"overlay", 0, b"lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work"),
          "mount over /etc")


def use_own_hosts():
    """Makes this process and its children use our file of names."""
    if not os.path.exists("/etc/hosts"):
        return
    hosts = os.path.join(HERE, "hosts").encode()
    check(LIBC.unshare(CLONE_NEWNS), "a mount namespace cannot be made")
    check(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount")
    if os.path.isdir(NAMES) and not os.path.exists("/etc/iproute2"):
        use_names()
    check(LIBC.mount(hosts, b"/etc/hosts", None, MS_BIND, None), "mount of %s" % hosts.decode())


class Namespace:
    def __init__(self):
        home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        check(LIBC.unshare(CLONE_NEWNET), "a network namespace cannot be made")
        self.handle = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.reader = nftdump.Reader()
        check(LIBC.setns(home, CLONE_NEWNET), "setns")
        os.close(home)

    def enter(self):
        """Starts all further children in this namespace."""
        check(LIBC.setns(self.handle, CLONE_NEWNET), "setns")

    def state(self):
        """The nf_tables ruleset without handles and counters."""
        reader = self.reader
        return [(reader.tables(family), reader.chains(family), reader.rules(family)) for family in (2, 10)]

    def close(self):
        self.reader.close()
        os.close(self.handle)


class Program:
    """How to run the tools: stock's multi-call binary, or links in a directory."""

    def __init__(self, words):
        # No name server can be reached from the namespaces; don't wait for one.
        self.environment = {"PATH": PATH, "LANG": "C", "RES_OPTIONS": "attempts:1 timeout:1"}
        words = list(words)
        if words[:1] == ["env"]:
            words.pop(0)
            while "=" in words[0]:
                name, value = words.pop(0).split("=", 1)
                self.environment[name] = value
        self.words = words

    def arguments(self, tool):
        return self.words + [tool]


class Links(Program):
    def __init__(self, folder):
        super().__init__([folder])
        self.folder = folder
        # Keep the options of sanitizers; nothing else of the environment may affect Ravelin.
        self.environment.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))

    def arguments(self, tool):
        return [os.path.join(self.folder, tool)]


def stock_command():
    result = subprocess.run([os.path.join(HERE, "../oracle"), "--exec"], stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        raise Failure("there is no stock iptables to compare with")
    return result.stdout.split()


Result = collections.namedtuple("Result", "code out err")


class Child:
    """A started process; its output goes to memory, so it can't block."""

    def __init__(self, program, arguments, stdin=None):
        self.files = [os.memfd_create(name) for name in ("out", "err")]
        source = os.memfd_create("in")
        if stdin:
            os.write(source, stdin.encode())
            os.lseek(source, 0, os.SEEK_SET)
        actions = [(os.POSIX_SPAWN_DUP2, source, 0)] + [
            (os.POSIX_SPAWN_DUP2, f, n) for f, n in zip(self.files, (1, 2))]
        try:
            self.pid = os.posix_spawnp(arguments[0], arguments, program.environment, file_actions=actions)
        finally:
            os.close(source)

    def wait(self):
        _, status = os.waitpid(self.pid, 0)
        texts = []
        for handle in self.files:
            size = os.lseek(handle, 0, os.SEEK_END)
            texts.append(os.pread(handle, size, 0).decode("utf-8", "backslashreplace"))
            os.close(handle)
        return Result(os.waitstatus_to_exitcode(status), *texts)


@contextlib.contextmanager
def time_limit(children):
    """Kills hanging children, which are then reported as killed by a signal."""
    def end(*_):
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Arena:
    """Stock's namespace and Ravelin's, and the programs to run in them."""

    def __init__(self, stock, ravelin):
        use_own_hosts()
        self.programs = (stock, ravelin)
        self.system = Program([])
        self.spaces = (Namespace(), Namespace())
        with open(os.path.join(HERE, "sets.txt"), encoding="utf-8") as sets:
            text = sets.read()
        for space in self.spaces:
            result = self.run(space, self.system, ["ipset", "restore"], text)
            if result.code:
                raise Failure("ipset: " + result.err.strip())

    def run(self, space, program, arguments, stdin=None):
        return self.run_all([(space, program, arguments, stdin)])[0]

    def run_all(self, jobs):
        """Runs several at once; returns their results in order."""
        children = []
        with time_limit(children):
            for space, program, arguments, stdin in jobs:
                space.enter()
                children.append(Child(program, arguments, stdin))
            return [child.wait() for child in children]

    def both(self, tool, arguments, swapped=False):
        """Each program in its own namespace, or in that of the other."""
        programs = self.programs[::-1] if swapped else self.programs
        return self.run_all([(space, program, program.arguments(tool) + arguments, None)
                             for space, program in zip(self.spaces, programs)])

    def prepare(self, command):
        """Flushes both and creates the chains that commands may refer to."""
        for space in self.spaces:
            space.reader.flush()
        if "user" not in " ".join(command.words()):
            return
        stock = self.programs[0]
        text = "*%s\n:user - [0:0]\nCOMMIT\n" % command.table
        results = self.run_all([(space, stock, stock.arguments(command.tool + "-restore") + ["-n"], text)
                                for space in self.spaces])
        for result in results:
            if result.code:
                raise Failure("stock cannot make a chain: " + result.err.strip())

    def close(self):
        for space in self.spaces:
            space.close()
