# SPDX-License-Identifier: MIT
"""plot - lines over the number of connections as SVG, each named at its end, on light and dark."""
import html
import math

from . import plan

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 66, 590, 62, 392  # of the plot; names are to its right
APART = 15  # pixels between names
DASHES = ("", "7 4", "2 3", "9 3 2 3")
FAMILIES = {  # the colour on light, on dark; a system's variants share it and differ in dashes
    "gyre": ("#067a53", "#3ddc9f"), "nginx": ("#56606b", "#aab4bf"), "Go": ("#0369a1", "#5cc2f5"),
    "node": ("#7a6a00", "#d9c94a"), "Tornado": ("#c2370a", "#ff9466"),
    "gevent": ("#8a2da5", "#d891ee"), "other": ("#333333", "#dddddd")}
IDEAL = {"delay": 1, "cluster": 20}  # answers a second for each connection

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f; stroke: none !important; }
  .title { font-size: 15px; font-weight: 600; }
  .name { font-weight: 600; }
  .paper { fill: #ffffff; }
  .grid { stroke: #d8dee4; }
  .axis, .lead { stroke: #8c959f; }
  .lead { stroke-width: .7; }
  .ideal { stroke: #8c959f; stroke-dasharray: 1 4; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
  .first { stroke-width: 3.2; }
"""
DARK = """
    text { fill: #e6edf3; }
    .paper { fill: #0d1117; }
    .grid { stroke: #2d333b; }
    .axis, .lead, .ideal { stroke: #768390; }
"""


def family(name):
    for key, words in (("gyre", ("gyre",)), ("nginx", ("nginx",)), ("Go", ("Go",)),
                       ("node", ("node",)), ("Tornado", ("Tornado", "gunicorn tornado")),
                       ("gevent", ("gevent", "gunicorn gevent"))):
        if name.startswith(words):
            return key
    return "other"


def css():
    light = "".join(f"  .{key} {{ stroke: {a}; }} text.{key}, circle.{key} {{ fill: {a}; }}\n"
                    for key, (a, _) in FAMILIES.items())
    dark = "".join(f"    .{key} {{ stroke: {b}; }} text.{key}, circle.{key} {{ fill: {b}; }}\n"
                   for key, (_, b) in FAMILIES.items())
    return f"{STYLE}{light}  @media (prefers-color-scheme: dark) {{{DARK}{dark}  }}\n"


class Linear:
    """From 0 to a round number above the most."""

    def __init__(self, most):
        rough = max(most, 1e-9) / 5
        size = 10 ** math.floor(math.log10(rough))
        self.step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough)
        self.top = self.step * max(1, math.ceil(most / self.step - 1e-9))

    def ticks(self):
        return [i * self.step for i in range(round(self.top / self.step) + 1)]

    def share(self, value):
        return min(1.0, max(0.0, value / self.top))


class Logarithmic:
    """Whole decades around all values."""

    def __init__(self, least, most):
        self.low = math.floor(math.log10(least))
        self.high = max(self.low + 1, math.ceil(math.log10(most)))

    def ticks(self):
        some = (1,) if self.high - self.low > 2 else (1, 2, 5)
        return [m * 10 ** e for e in range(self.low, self.high) for m in some] + [10 ** self.high]

    def share(self, value):
        if value <= 0:
            return 0.0
        return min(1.0, max(0.0, (math.log10(value) - self.low) / (self.high - self.low)))


def short(value):
    return f"{value:,.0f}" if value >= 1 or value == 0 else f"{value:g}"


def spread(wanted, low, high):
    """Places for names that want to be at these heights: in the same order, none on another."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places, last = list(wanted), low - APART
    for i in order:
        places[i] = last = max(wanted[i], last + APART)
    last = high + APART
    for i in reversed(order):  # what was pushed out at the bottom goes up
        places[i] = last = min(places[i], last - APART)
    return places


def tag(name, text=None, **attributes):
    words = "".join(f' {key.replace("_", "-").strip("-")}="{html.escape(str(value))}"'
                    for key, value in attributes.items() if value != "")
    return f"<{name}{words}/>" if text is None else f"<{name}{words}>{html.escape(text)}</{name}>"


class Plot:
    """One figure of all systems over the number of connections."""

    def __init__(self, title, key, rows, logarithmic=False, ideal=None):
        self.title, self.key, self.ideal = title, key, ideal
        self.lines = {name: [r for r in rows if r["system"] == name and r[key] is not None]
                      for name in dict.fromkeys(r["system"] for r in rows)}
        values = [r[key] for its in self.lines.values() for r in its if not plan.fails(r)] or [1]
        self.x = Linear(max(r["concurrency"] for r in rows))
        if logarithmic:
            least = min((v for v in values if v > 0), default=1)
            self.y = Logarithmic(least, max([*values, least]))
        else:
            self.y = Linear(max(values))
        self.out = []

    def at(self, row):
        return (LEFT + self.x.share(row["concurrency"]) * (RIGHT - LEFT),
                BOTTOM - self.y.share(row[self.key]) * (BOTTOM - TOP))

    def put(self, *arguments, **attributes):
        self.out.append(tag(*arguments, **attributes))

    def draw_axes(self):
        self.put("text", self.title, x=LEFT - 46, y=26, class_="title")
        for value in self.y.ticks():
            y = round(BOTTOM - self.y.share(value) * (BOTTOM - TOP), 1)
            self.put("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, class_="grid")
            self.put("text", short(value), x=LEFT - 8, y=y + 4, text_anchor="end")
        for value in self.x.ticks():
            x = round(LEFT + self.x.share(value) * (RIGHT - LEFT), 1)
            self.put("line", x1=x, x2=x, y1=BOTTOM, y2=BOTTOM + 5, class_="axis")
            self.put("text", short(value), x=x, y=BOTTOM + 19, text_anchor="middle")
        self.put("line", x1=LEFT, x2=RIGHT, y1=BOTTOM, y2=BOTTOM, class_="axis")
        self.put("text", "connections", x=(LEFT + RIGHT) / 2, y=BOTTOM + 38, text_anchor="middle")

    def draw_ideal(self):
        if self.ideal:
            most = min(self.x.top, self.y.top / self.ideal)
            x, y = self.at({"concurrency": most, self.key: most * self.ideal})
            self.put("line", x1=LEFT, y1=BOTTOM, x2=round(x, 1), y2=round(y, 1), class_="ideal")

    def draw_line(self, name, index, dash):
        rows, kind = self.lines[name], family(name)
        good = [r for r in rows if not plan.fails(r)]
        points = [tuple(round(v, 1) for v in self.at(r)) for r in good]
        self.put("polyline", points=" ".join(f"{x},{y}" for x, y in points),
                 stroke_dasharray=dash, class_=f"line {kind}" + (" first" if index == 0 else ""))
        for x, y in points:
            self.put("circle", cx=x, cy=y, r=2.4, class_=kind)
        for row in rows:
            if plan.fails(row):
                x, y = (round(v, 1) for v in self.at(row))
                self.put("path", d=f"M{x - 5},{y - 5}l10,10m0,-10l-10,10", class_=f"line {kind}")
                points.append((x, y))
        return points[-1] if points else (LEFT, BOTTOM)

    def svg(self):
        self.out = []
        self.draw_axes()
        self.draw_ideal()
        names, kin = list(self.lines), [family(name) for name in self.lines]
        ends = [None] * len(names)
        for i in reversed(range(len(names))):  # the first on top
            dash = DASHES[kin[:i].count(kin[i]) % len(DASHES)]
            ends[i] = self.draw_line(names[i], i, dash)
        for name, end, y in zip(names, ends, spread([e[1] for e in ends], TOP, BOTTOM)):
            self.put("line", x1=end[0] + 4, y1=end[1], x2=RIGHT + 16, y2=round(y, 1), class_="lead")
            self.put("text", name, x=RIGHT + 20, y=round(y + 4, 1), class_=f"name {family(name)}")
        body = "\n".join(self.out)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
                f'width="{WIDTH}" height="{HEIGHT}" role="img">\n'
                f"<title>{html.escape(self.title)}</title>\n<style>{css()}</style>\n"
                + tag("rect", width=WIDTH, height=HEIGHT, class_="paper") + f"\n{body}\n</svg>\n")


WORDS = {"hello": "Hello", "delay": "A delay of 1 s", "fetch": "Fetch, then answer",
         "cluster": "32 look-ups of 50 ms at once"}


def pair(rows, work):
    """Names of files and their texts: throughput and p99 of one work."""
    mine = [r for r in rows if r["kind"] == "sweep" and r["work"] == work]
    if not mine:
        return {}
    return {
        f"{work}-throughput.svg":
            Plot(f"{WORDS[work]}: requests a second", "rps", mine, ideal=IDEAL.get(work)).svg(),
        f"{work}-p99.svg":
            Plot(f"{WORDS[work]}: p99 in milliseconds", "p99_ms", mine, logarithmic=True).svg()}


def write_all(folder, rows):
    for work in plan.SWEPT:
        for name, text in pair(rows, work).items():
            (folder / name).write_text(text)
