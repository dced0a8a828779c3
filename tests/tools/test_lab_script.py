#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What bench/lab makes of the output of wrk and ab, and of its own rows: CSV, Markdown, SVG."""
import importlib.machinery
import importlib.util
import io
import pathlib
import sys
import tempfile
import types
import unittest
import unittest.mock
import xml.etree.ElementTree

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "bench"))
from sweep import loads, plan, plot, progress, results, systems  # noqa: E402

loader = importlib.machinery.SourceFileLoader("lab_script", str(SOURCE / "bench/lab"))
lab = importlib.util.module_from_spec(importlib.util.spec_from_loader("lab_script", loader))
loader.exec_module(lab)

WRK = """Running 2s test @ http://127.0.0.1:9000/
  2 threads and 100 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   112.65ms  210.42ms   1.98s    91.30%
    Req/Sec     4.10k     1.21k    7.10k    67.50%
  Latency Distribution
     50%  812.00us
     75%   60.19ms
     90%  281.91ms
     99%    1.07s\x20
  16321 requests in 2.01s, 2.71MB read
  Socket errors: connect 1, read 20, write 300, timeout 4000
  Non-2xx or 3xx responses: 321
Requests/sec:   8120.19
Transfer/sec:      1.35MB
"""

AB = """Concurrency Level:      40
Time taken for tests:   6.012 seconds
Complete requests:      200
Failed requests:        13
   (Connect: 0, Receive: 0, Length: 10, Exceptions: 3)
Non-2xx responses:      2
Requests per second:    33.27 [#/sec] (mean)

Percentage of the requests served within a certain time (ms)
  50%   1001
  66%   1002
  99%   1009
 100%   1010 (longest request)
"""


def row(system="gyre task", work="fetch", concurrency=1000, **others):
    found = {"kind": "sweep", "system": system, "work": work, "way": "task",
             "concurrency": concurrency, "seconds": 2.0, "requests": 2000, "failed": 0,
             "rps": 1000.0, "p50_ms": 1.0, "p99_ms": 9.5, "cpu_us": 20.0}
    return found | others


def several():
    return [row(concurrency=1000), row(concurrency=2000, rps=1234.5, p99_ms=80.0),
            row("Tornado", concurrency=1000, rps=50.0, p99_ms=900.0, cpu_us=410.0),
            row("Tornado", concurrency=2000, requests=10, failed=990, rps=5.0)]


class Loads(unittest.TestCase):
    def test_wrk(self):
        found = loads.parse_wrk(WRK)
        self.assertEqual(found["requests"], 16000)
        self.assertEqual(found["failed"], 4321 + 321)
        self.assertAlmostEqual(found["wall_s"], 2.01)
        self.assertAlmostEqual(found["p50_ms"], 0.812)
        self.assertAlmostEqual(found["p99_ms"], 1070)

    def test_wrk_without_failures(self):
        text = "\n".join(line for line in WRK.splitlines()
                         if "errors" not in line and "2xx" not in line)
        found = loads.parse_wrk(text)
        self.assertEqual((found["requests"], found["failed"]), (16321, 0))

    def test_wrk_of_minutes(self):
        found = loads.parse_wrk(WRK.replace("in 2.01s", "in 1.50m"))
        self.assertAlmostEqual(found["wall_s"], 90)

    def test_ab_counts_no_lengths(self):
        found = loads.parse_ab(AB)
        self.assertEqual((found["failed"], found["requests"]), (5, 195))
        self.assertEqual((found["p50_ms"], found["p99_ms"]), (1001, 1009))
        self.assertAlmostEqual(found["wall_s"], 6.012)

    def test_quantile(self):
        self.assertIsNone(loads.quantile([], .5))
        self.assertEqual(loads.quantile([1, 2, 3], .5), 2000)
        self.assertEqual(loads.quantile([1, 2, 3], 1), 3000)


class Plan(unittest.TestCase):
    def setUp(self):
        self.there = systems.everything("nowhere")

    def test_a_delay_is_measured_from_its_first_answer(self):
        group = plan.Group("sweep", self.there[0], "delay")
        self.assertEqual(group.rate({"requests": 2000, "wall_s": 3}), 1000)
        self.assertEqual(group.rate({"requests": 0, "wall_s": 0.5}), 0)
        group = plan.Group("sweep", self.there[0], "fetch")
        self.assertEqual(group.rate({"requests": 3000, "wall_s": 3}), 1000)

    def test_failing(self):
        self.assertFalse(plan.fails(row(requests=1000, failed=10)))
        self.assertTrue(plan.fails(row(requests=1000, failed=11)))
        self.assertTrue(plan.fails(row(requests=0, failed=0)))

    def test_the_set_for_the_page_takes_at_most_twelve_minutes(self):
        groups = plan.make(self.there, systems.WORKS, plan.DOCS)
        self.assertLess(plan.length(groups), 12 * 60)
        self.assertEqual({g.kind for g in groups}, {"sweep", "ways", "twenty", "ab"})

    def test_only_what_a_system_can_do(self):
        for group in plan.make(self.there, ("hello", "delay", "fetch"), plan.Settings()):
            self.assertIn(group.work, group.system.works)
            self.assertIn(group.work, ("hello", "delay", "fetch"))

    def test_names(self):
        gyre = self.there[0]
        self.assertEqual(plan.Group("sweep", gyre, "fetch").name, "gyre task")
        self.assertEqual(plan.Group("ways", gyre, "fetch", "block", 4).name, "gyre block ×4")
        self.assertEqual(results.way_of(row("gyre block ×4", way="block")), "block ×4")
        self.assertEqual(results.way_of(row(way="task")), "task")


class Results(unittest.TestCase):
    def test_csv_and_back(self):
        rows = [*several(), row(p50_ms=None, p99_ms=None, cpu_us=None, requests=0)]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "runs.csv"
            results.write_csv(path, rows)
            self.assertEqual(path.read_text().splitlines()[0], ",".join(results.COLUMNS))
            self.assertEqual(results.read_csv(path), rows)

    def test_sweep_table(self):
        lines = results.sweep_table(several(), "fetch").splitlines()
        self.assertEqual(lines[0], "| system | CPU µs a request | requests/s at 1,000 | at 2,000 "
                                   "| p99 ms at 1,000 | at 2,000 | failed |")
        self.assertEqual(lines[1], "|---|--:|--:|--:|--:|--:|---|")
        self.assertEqual(lines[2], "| gyre task | 20.0 | 1,000 | 1,234 | 9.5 | 80.0 | 0 |")
        self.assertEqual(lines[3], "| Tornado | 410 | 50.0 |  | 900 |  | 990 (from 2,000) |")

    def test_what_was_not_measured_has_no_table(self):
        self.assertEqual(list(results.all_tables(several())), ["fetch"])
        self.assertEqual(results.all_tables([]), {})

    def test_failures(self):
        self.assertEqual(results.failures([row()]), "0")
        self.assertEqual(results.failures([row(failed=1234)]), "1,234")
        self.assertEqual(results.failures([row(), row(concurrency=4000, requests=0)]),
                         "no answer in time at 4,000")

    def test_other_tables(self):
        rows = [row("gyre block ×4", way="block", kind="ways"),
                row("gyre block", "delay", 20, way="block", kind="twenty", requests=6,
                    p50_ms=3000.0),
                row("node", "delay", 40, kind="ab")]
        tables = results.all_tables(rows)
        self.assertIn("| fetch | block ×4 | 1,000 |", tables["ways"])
        self.assertIn("| gyre block | 6 of 20 | 2.0 | 3.0 | 0 |", tables["twenty"])
        self.assertIn("| node | 2.0 | 1,000 |", tables["ab"])

    def test_pages(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "lab.md"
            page.write_text("before\n<!-- table: fetch -->\nold\n<!-- end: fetch -->\nafter\n")
            homeless = results.fill_in(page, {"fetch": "new\n", "hello": "?\n"})
            self.assertEqual(homeless, ["hello"])
            self.assertEqual(page.read_text(),
                             "before\n<!-- table: fetch -->\nnew\n<!-- end: fetch -->\nafter\n")

    def test_the_page_has_a_place_for_each_table_and_plot(self):
        text = (SOURCE / "docs/lab.md").read_text()
        for name in ["machine", *results.TITLES]:
            self.assertIn(f"<!-- table: {name} -->\n", text)
            self.assertIn(f"<!-- end: {name} -->", text)
        for work in plan.SWEPT:
            for figure in ("throughput", "p99"):
                self.assertIn(f"(lab/{work}-{figure}.svg)", text)


class Plots(unittest.TestCase):
    def lines(self, text):
        root = xml.etree.ElementTree.fromstring(text)
        return root, [e for e in root.iter() if e.tag.endswith("polyline")]

    def test_pair(self):
        pair = plot.pair(several(), "fetch")
        self.assertEqual(list(pair), ["fetch-throughput.svg", "fetch-p99.svg"])
        self.assertEqual(plot.pair(several(), "hello"), {})
        for text in pair.values():
            root, lines = self.lines(text)
            self.assertEqual(len(lines), 2)
            names = {e.text for e in root.iter() if "name" in (e.get("class") or "")}
            self.assertEqual(names, {"gyre task", "Tornado"})
            self.assertIn("prefers-color-scheme: dark", text)

    def test_a_line_ends_where_its_system_failed(self):
        root, lines = self.lines(plot.pair(several(), "fetch")["fetch-throughput.svg"])
        points = {e.get("class"): len(e.get("points").split()) for e in lines}
        self.assertEqual(points, {"line gyre first": 2, "line Tornado": 1})
        self.assertEqual(sum(e.tag.endswith("path") for e in root.iter()), 1)

    def test_nothing_worked(self):
        pair = plot.pair([row(requests=0, rps=0.0, p50_ms=None, p99_ms=None)], "fetch")
        for text in pair.values():
            self.lines(text)

    def test_names_are_text(self):
        text = plot.pair([row("<a & b>")], "fetch")["fetch-p99.svg"]
        self.assertIn("<a & b>", {e.text for e in self.lines(text)[0].iter()})

    def test_axes(self):
        self.assertEqual(plot.Linear(9500).ticks(), [0, 2000, 4000, 6000, 8000, 10000])
        self.assertEqual(plot.Linear(0).share(0), 0)
        axis = plot.Logarithmic(3, 2500)
        self.assertEqual(axis.ticks(), [1, 10, 100, 1000, 10000])
        self.assertAlmostEqual(axis.share(100), 0.5)
        self.assertEqual(plot.Logarithmic(10, 10).ticks(), [10, 20, 50, 100])

    def test_names_do_not_meet(self):
        places = plot.spread([390, 391, 100, 101, 389], 60, 392)
        self.assertEqual(sorted(range(5), key=places.__getitem__), [2, 3, 4, 0, 1])
        places.sort()
        self.assertTrue(all(b - a >= plot.APART for a, b in zip(places, places[1:])))
        self.assertLessEqual(places[-1], 392)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Script(unittest.TestCase):
    def test_progress(self):
        group = plan.Group("sweep", systems.everything("nowhere")[0], "fetch", seconds=2)
        for out in (io.StringIO(), Terminal()):
            show = progress.Progress(2, 100, out)
            show.show(group, 1000)
            show.passed(50, 1)
            show.tell(row())
            text = out.getvalue()
            self.assertEqual("\r" in text, out.isatty())
            self.assertIn("fetch, gyre task, 1,000 at once", text)

    def test_options(self):
        args = lab.parse_arguments(["--steps", "2000,1000", "--seconds", "5", "--works", "hello"])
        settings = lab.settings_of(args)
        self.assertEqual((settings.steps, settings.seconds), ((1000, 2000), 5))
        self.assertEqual(lab.settings_of(lab.parse_arguments([])).steps,
                         tuple(range(1000, 10001, 1000)))
        for words in (["--steps", "0"], ["--steps", "x"], ["--works", "sleep"]):
            with self.assertRaises(SystemExit), unittest.mock.patch("sys.stderr", io.StringIO()):
                lab.parse_arguments(words)

    def test_systems_by_name(self):
        def chosen(text):
            there, left_out = lab.choose(types.SimpleNamespace(build="nowhere", systems=text))
            return [s.name for s in there] + [line.split(" is left out")[0] for line in left_out]
        self.assertEqual(chosen("gyre task"), ["gyre task"])
        self.assertEqual(set(chosen("nginx +")), {"nginx + gyre", "nginx + gyre ×4"})
        self.assertEqual(len(chosen(None)), len(systems.everything("nowhere")))
        with self.assertRaises(SystemExit):
            chosen("gyre task,nothing")

    def test_too_few_files(self):
        with self.assertRaises(SystemExit) as end:
            lab.need_files(10**9)
        self.assertIn("ulimit", str(end.exception))

    def test_a_page_that_is_not_there_is_told_once(self):
        page = progress.Page("http://127.0.0.1:9/")
        with unittest.mock.patch("urllib.request.urlopen", side_effect=OSError("refused")):
            self.assertIn("takes no points: refused", page.post(row()))
        self.assertIsNone(page.post(row()))

    def test_points(self):
        page = progress.Page("http://127.0.0.1:9/")
        with unittest.mock.patch("urllib.request.urlopen") as opened:
            self.assertIsNone(page.post(row("gyre ×4", kind="ab")))
            opened.assert_not_called()
            self.assertIsNone(page.post(row("gyre ×4", p50_ms=None)))
        ask = opened.call_args[0][0]
        self.assertEqual(ask.full_url, "http://127.0.0.1:9/lab/points")
        self.assertEqual(ask.data, b'{"system": "gyre x4", "work": "fetch", "concurrency": 1000, '
                                   b'"rps": 1000.0, "p50_ms": 0, "p99_ms": 9.5, "failed": 0}')


if __name__ == "__main__":
    unittest.main()
