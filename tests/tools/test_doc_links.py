#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the documentation links to is there: files, and headings within pages."""
import pathlib
import re
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted([*SOURCE.glob("*.md"), *SOURCE.glob("docs/**/*.md"), *SOURCE.glob("tests/**/*.md")])
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.S | re.M)
LINK = re.compile(r"\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"[a-z]+:")
PLOTS = SOURCE / "docs/lab"


def anchors(page):
    """The headings of a page as links name them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
    headings = re.findall(r"^#+ +(.*)", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Links(unittest.TestCase):
    def test_they_lead_somewhere(self):
        found = 0
        for page in PAGES:
            for link in LINK.findall(CODE.sub("", page.read_text())):
                if ELSEWHERE.match(link):
                    continue
                found += 1
                with self.subTest(page=str(page.relative_to(SOURCE)), link=link):
                    path, _, anchor = link.partition("#")
                    there = page.parent / path if path else page
                    if there.parent == PLOTS and not [*PLOTS.glob("*.svg")]:
                        continue  # bench/lab makes them, all at once
                    self.assertTrue(there.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(there))
        self.assertGreater(found, 100)


if __name__ == "__main__":
    unittest.main()
