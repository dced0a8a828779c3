#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/doc-code compiles what is a program, says where it fails, and leaves fragments alone."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "doc-code"


def doc_code(text):
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder, "page.md")
        page.write_text(text)
        ran = subprocess.run([sys.executable, TOOL, page], capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout + ran.stderr


class DocCode(unittest.TestCase):
    def test_program(self):
        status, output = doc_code("```c\n#include <gyre/version.h>\nint main(void)\n{\n"
                                  "    return gy_version() == 0;\n}\n```\n")
        self.assertEqual((status, output), (0, "doc-code: 1 programs, 0 do not compile\n"))

    def test_broken_program_is_placed(self):
        status, output = doc_code("# A page\n\n```c\n#include <gyre/version.h>\nint x = gy_nothing();\n```\n")
        self.assertEqual(status, 1)
        self.assertIn("page.md:5:", output)

    def test_fragment(self):
        self.assertEqual(doc_code("```c\nint e = gy_nothing(r)\n```\n")[0], 0)


if __name__ == "__main__":
    unittest.main()
