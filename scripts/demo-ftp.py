#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A small FTP server and client for scripts/demo-module.

  demo-ftp.py serve LOG                       serves one file, hello
  demo-ftp.py get LOG HOST active|passive     prints "passed" if the file arrived, else "dropped"

Both write the commands and replies that they send and receive to LOG.
"""

import contextlib
import ftplib
import socket
import sys

FILE = b"hello from the FTP server\n"


def connect(to, source):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.settimeout(2)
    sock.bind(source)
    sock.connect(to)
    return sock


class Session:
    """One client. Addresses in commands and replies are those of RFC 959."""

    def __init__(self, control, log):
        self.control = control
        self.log = log
        self.open = None

    def say(self, text):
        print(text, file=self.log, flush=True)
        self.control.sendall(text.encode() + b"\r\n")

    def passive(self):
        listener = socket.create_server((self.control.getsockname()[0], 0))
        host, port = listener.getsockname()
        self.open = lambda: listener.accept()[0]
        self.say(f"227 Entering Passive Mode ({host.replace('.', ',')},{port >> 8},{port & 255})")

    def active(self, words):
        *host, high, low = words.split(",")
        to, source = (".".join(host), int(high) << 8 | int(low)), (self.control.getsockname()[0], 20)
        self.open = lambda: connect(to, source)
        self.say("200 PORT")

    def retrieve(self):
        self.say("150 Opening data connection")
        with self.open() as data:
            data.sendall(FILE)
        self.say("226 Transfer complete")

    def command(self, line):
        print(line, file=self.log, flush=True)
        word, _, rest = line.partition(" ")
        if word == "PASV":
            self.passive()
        elif word == "PORT":
            self.active(rest)
        elif word == "RETR":
            self.retrieve()
        else:
            self.say({"USER": "331 Password", "PASS": "230 Logged in", "TYPE": "200 TYPE"}.get(word, "502 Unknown"))

    def run(self):
        self.say("220 Ready")
        for line in self.control.makefile("r", newline="\r\n"):
            self.command(line.strip())


def serve(path):
    with open(path, "w", encoding="ascii") as log, socket.create_server(("", 21)) as listener:
        while True:
            control, _ = listener.accept()
            with control:
                try:
                    Session(control, log).run()
                except OSError as error:
                    print(error, file=log, flush=True)


class Client(ftplib.FTP):
    # The address in the reply is what the firewall translates.
    trust_server_pasv_ipv4_address = True
    log = None

    def putline(self, line):
        print(line, file=self.log)
        super().putline(line)

    def getline(self):
        line = super().getline()
        print(line, file=self.log)
        return line


def get(path, host, mode):
    got = []
    with open(path, "w", encoding="ascii") as Client.log, contextlib.suppress(OSError, EOFError, ftplib.Error):
        with Client(host, "anonymous", timeout=3) as ftp:
            ftp.set_pasv(mode == "passive")
            ftp.retrbinary("RETR hello", got.append)
    print("passed" if b"".join(got) == FILE else "dropped")


{"serve": serve, "get": get}[sys.argv[1]](*sys.argv[2:])
