# SPDX-License-Identifier: MIT
"""A client that has finished sending is answered; one that has left is not waited for."""
import socket
import struct

from program import Program, until

REQUEST = b"GET /sleep/%s HTTP/1.%d\r\nHost: localhost\r\n\r\n"


def read_all(s):
    got = b""
    while piece := s.recv(4096):
        got += piece
    return got


def test_half_closed(program):
    for minor in (1, 0):
        s = program.connect()
        s.sendall(REQUEST % (b"0.3", minor))
        s.shutdown(socket.SHUT_WR)
        got = read_all(s)
        interim = b"HTTP/1.1 100 Continue\r\n\r\n" if minor else b""
        assert got.startswith(interim + b"HTTP/1.1 200 OK\r\n"), got
        assert got.endswith(b"\r\n\r\nslept\n"), got


def leave(program, reset):
    for _ in range(20):
        s = program.connect()
        s.sendall(REQUEST % (b"3000", 1))
        if reset:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()


def test_left(program):
    files = program.files()
    leave(program, reset=False)
    until(lambda: len(program.says(rb"499 GET /sleep/3000")) == 20, "20 waits that end")
    until(lambda: program.files() <= files, "20 connections that are closed")


def test_broken(program):
    files = program.files()
    leave(program, reset=True)
    until(lambda: program.files() <= files, "20 broken connections that are closed")


def main():
    program = Program("testbed")
    try:
        test_half_closed(program)
        test_left(program)
        test_broken(program)
    finally:
        program.stop()


if __name__ == "__main__":
    main()
