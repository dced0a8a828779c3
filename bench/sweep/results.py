# SPDX-License-Identifier: MIT
"""results - rows of measurements as CSV and as Markdown, and the pages that hold them."""
import csv

from . import plan

COLUMNS = ("kind", "system", "work", "way", "concurrency", "seconds", "requests", "failed", "rps",
           "p50_ms", "p99_ms", "cpu_us")
DIGITS = {"rps": 1, "p50_ms": 3, "p99_ms": 3, "cpu_us": 2}


def write_csv(path, rows):
    with open(path, "w", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: round(value, DIGITS[key]) if key in DIGITS and value is not None
                             else value for key, value in row.items() if key in COLUMNS})


def read_csv(path):
    """What write_csv wrote."""
    def typed(key, text):
        if key in ("kind", "system", "work", "way"):
            return text
        if not text:
            return None
        return float(text) if key in DIGITS or key == "seconds" else int(text)
    with open(path, newline="") as lines:
        return [{key: typed(key, text) for key, text in row.items()}
                for row in csv.DictReader(lines)]


def number(value):
    """With as many digits as mean something."""
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def table(head, lines):
    """Markdown; columns of which every cell is text are to the left."""
    texts = [all(isinstance(line[i], str) for line in lines) for i in range(len(head))]
    out = ["| " + " | ".join(head) + " |",
           "|" + "|".join("---" if text else "--:" for text in texts) + "|"]
    for line in lines:
        cells = [c if isinstance(c, str) else number(c) for c in line]
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n"


def chosen(rows, **wanted):
    return [r for r in rows if all(r[key] == value for key, value in wanted.items())]


def failures(rows):
    """How many in all, and where if not everywhere; a run without one answer failed too."""
    bad = [r for r in rows if r["failed"]]
    mute = [r for r in rows if not r["requests"] and not r["failed"]]
    words = []
    if bad:
        first = "" if len(rows) == 1 else f" (from {bad[0]['concurrency']:,})"
        words.append(f"{sum(r['failed'] for r in bad):,}{first}")
    if mute:
        words.append(f"no answer in time at {mute[0]['concurrency']:,}")
    return ", ".join(words) or "0"


def at_each(figure, steps):
    """Heads of columns; only the first says what it is."""
    return [f"{figure} at {steps[0]:,}"] + [f"at {step:,}" for step in steps[1:]]


def sweep_table(rows, work):
    """A line a system; requests/s and p99 at each step, CPU at the first."""
    mine = chosen(rows, kind="sweep", work=work)
    steps = sorted({r["concurrency"] for r in mine})
    if not mine:
        return ""
    shown = steps if len(steps) <= 5 else [steps[0], steps[len(steps) // 4], steps[len(steps) // 2],
                                           steps[3 * len(steps) // 4], steps[-1]]
    ends = list(dict.fromkeys((shown[0], shown[-1])))
    head = ["system", "CPU µs a request", *at_each("requests/s", shown), *at_each("p99 ms", ends),
            "failed"]
    lines = []
    for system in dict.fromkeys(r["system"] for r in mine):
        its = chosen(mine, system=system)
        at = {r["concurrency"]: r for r in its if not plan.fails(r)}
        cpu = next((r["cpu_us"] for r in its if r["cpu_us"] is not None), None)
        lines.append([system, cpu, *(at[s]["rps"] if s in at else None for s in shown),
                      *(at[s]["p99_ms"] if s in at else None for s in ends), failures(its)])
    return table(head, lines)


def way_of(row):
    """The way, and the workers where there are several."""
    return row["way"] + "".join(row["system"].partition(" ×")[1:])


def ways_table(rows):
    mine = chosen(rows, kind="ways")
    return table(["work", "way", "requests/s", "p50 ms", "p99 ms", "CPU µs a request", "failed"],
                 [[r["work"], way_of(r), r["rps"], r["p50_ms"], r["p99_ms"], r["cpu_us"],
                   failures([r])] for r in mine]) if mine else ""


def twenty_table(rows):
    mine = chosen(rows, kind="twenty")
    return table(["way", "answered", "in s", "the middle one after s", "failed"],
                 [[r["system"], f"{r['requests']} of {r['concurrency']}", r["seconds"],
                   r["p50_ms"] and r["p50_ms"] / 1e3, failures([r])] for r in mine]) if mine else ""


def ab_table(rows):
    mine = chosen(rows, kind="ab")
    return table(["system", "wall s", "requests/s", "p99 ms", "CPU µs a request", "failed"],
                 [[r["system"], r["seconds"], r["rps"], r["p99_ms"], r["cpu_us"], failures([r])]
                  for r in mine]) if mine else ""


def all_tables(rows):
    """Name and Markdown of each that has something in it."""
    tables = {work: sweep_table(rows, work) for work in plan.SWEPT}
    tables |= {"ways": ways_table(rows), "twenty": twenty_table(rows), "ab": ab_table(rows)}
    return {name: text for name, text in tables.items() if text}


TITLES = {
    "hello": "Hello", "delay": "A delay of 1 s", "fetch": "Fetch, then answer",
    "cluster": "32 look-ups of 50 ms at once", "ways": "Every work in every way",
    "twenty": "A delay of 1 s for 20 at once", "ab": "A delay of 1 s, ab -n 200 -c 40"}


def write_markdown(path, heading, tables):
    parts = [heading] + [f"## {TITLES[name]}\n\n{text}" for name, text in tables.items()]
    path.write_text("\n".join(parts))


def fill_in(page, tables):
    """Put the tables between the markers of a page; the names of those that it has no place for."""
    text, homeless = page.read_text(), []
    for name, content in tables.items():
        begin, end = f"<!-- table: {name} -->\n", f"<!-- end: {name} -->"
        if begin not in text:
            homeless.append(name)
            continue
        head, rest = text.split(begin, 1)
        text = head + begin + content + end + rest.split(end, 1)[1]
    page.write_text(text)
    return homeless
