#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/floors finds what it is there to find, and lets pass what is allowed."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

FLOORS = pathlib.Path(__file__).resolve().parents[2] / "tools" / "floors"


def floors(files):
    """Run the tool on a tree of {path: text}; gives its exit status and output."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        ran = subprocess.run([sys.executable, FLOORS, root], capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout + ran.stderr


class Floors(unittest.TestCase):
    def passes(self, name, text):
        self.assertEqual(floors({name: text}), (0, ""))

    def fails(self, name, text, sentence, line=1):
        status, output = floors({name: text})
        self.assertEqual(status, 1)
        self.assertIn(f"{name}:{line}: ", output)
        self.assertIn(sentence, output)
        self.assertEqual(output.count("\n"), 1, output)

    def test_down_and_sideways_pass(self):
        self.passes("src/web/a.c", '#include "http/parse.h"\n#include "web/b.h"\n#include "c.h"\n')
        self.passes("src/ws/a.c", '#include <gyre/stream.h>\n#include <stdio.h>\n')
        self.passes("src/testing/a.c", '#include "serve/a.h"\n#include <gyre/testing.h>\n')

    def test_up_fails(self):
        self.fails("src/http/a.c", '\n#include "web/b.h"\n', "floor 5) includes web/ (floor 7)", 2)
        self.fails("src/http/a.c", "#include <gyre/web.h>\n", "floor 5) includes web/ (floor 7)")
        self.fails("include/gyre/loop.h", "#include <gyre/net.h>\n", "floor 3) includes net/")
        self.fails("src/base/a.h", '  #  include "codec/b.h"\n', "above it")

    def test_siblings_fail(self):
        self.fails("src/ws/a.c", '#include "template/b.h"\n', "sibling")
        self.fails("src/template/a.c", '#include "ws/b.h"\n', "sibling")

    def test_leaves_fail(self):
        self.fails("src/serve/a.c", '#include "testing/b.h"\n', "leaf")
        self.fails("src/testing/a.c", '#include "adapters/b.h"\n', "leaf")
        self.fails("src/web/a.c", '#include <gyre/testing.h>\n', "leaf")

    def test_umbrella_fails(self):
        self.fails("src/web/a.c", '#include <gyre.h>\n', "umbrella")

    def test_public_headers(self):
        self.passes("include/gyre/a.h", '#include <gyre/str.h>\n')
        self.fails("include/gyre/a.h", '#include "base/buf.h"\n', "internal")

    def test_vague_names_fail(self):
        self.fails("src/base/util.c", "", "util")
        self.fails("include/gyre/common.h", "", "common")
        self.fails("src/engine/a.c", "", "no floor")

    def test_banned_calls(self):
        self.fails("src/web/a.c", "int f(void) {\n strcpy(a, b); }\n", "strcpy()", 2)
        self.fails("src/web/a.c", "x = localtime (&t);\n", "localtime()")
        self.fails("src/web/a.c", "p = malloc(3);\n", "gy__alloc")
        self.fails("src/web/a.c", "clock_gettime(CLOCK_MONOTONIC, &t);\n", "clock")
        self.fails("src/http/a.c", "n = recv(fd, p, 3, 0);\n", "transport")
        self.fails("src/http/a.c", "n = read(fd, p, 3);\n", "transport")

    def test_calls_that_have_their_place(self):
        self.passes("src/base/alloc.c", "p = malloc(3);\n")
        self.passes("src/base/clock.c", "clock_gettime(CLOCK_MONOTONIC, &t);\n")
        self.passes("src/net/transport_socket.c", "n = recv(fd, p, 3, 0);\n")
        self.passes("src/loop/wake.c", "n = read(fd, p, 3);\n")

    def test_what_only_looks_like_a_call(self):
        self.passes("src/web/a.c", "localtime_r(&t, &tm); x->free(y); ops.read(z); gy__free(p);\n")
        self.passes("src/web/a.c", "/* not strcpy(a, b) */ s = \"free(p)\"; // gets(s)\n")


if __name__ == "__main__":
    unittest.main()
