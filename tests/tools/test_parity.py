#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What docs/parity.md names is there: each row's tests, each id once."""
import pathlib
import re
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")]
        for line in (SOURCE / "docs/parity.md").read_text().splitlines()
        if re.match(r"\| [A-Z]+-\d+ ", line)]


def is_there(folder, name, test):
    if test.startswith("cases/"):
        return (SOURCE / "tests" / folder / test).is_file()
    files = (SOURCE / "tests" / folder).glob(f"test_{name}.*")
    return any(re.search(rf"\b{re.escape(test)}\b", f.read_text()) for f in files)


class Parity(unittest.TestCase):
    def test_ids_are_there_once_and_in_order(self):
        server = [row[0] for row in ROWS if row[0].startswith("SRV-")]
        self.assertEqual(server, [f"SRV-{n:03}" for n in range(1, 31)])
        ids = [row[0] for row in ROWS]
        self.assertEqual(len(ids), len(set(ids)))

    def test_what_stands_has_tests(self):
        for number, _, status, tests in ROWS:
            with self.subTest(number):
                self.assertRegex(status, r"^(stands|in part|not yet|left out)\b")
                self.assertEqual(bool(tests), status.startswith(("stands", "in part")))

    def test_tests_are_there(self):
        named = re.compile(r"`(\w+)\.(\w+)`: ([^;]*)")
        for number, _, _, tests in ROWS:
            for folder, name, list_of_tests in named.findall(tests):
                for test in list_of_tests.split(","):
                    with self.subTest(number, test=test):
                        self.assertTrue(is_there(folder, name, test.strip()))


if __name__ == "__main__":
    unittest.main()
