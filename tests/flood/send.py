#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""send.py ADDRESS PORT: sends UDP packets without pause until killed."""
import socket
import sys

address, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
sender = socket.socket(family, socket.SOCK_DGRAM)
sender.connect((address, port))
send = sender.send
while True:
    try:
        while True:
            send(b"x")
    except OSError:
        pass  # refused or out of buffers: the next one
