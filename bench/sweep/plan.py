# SPDX-License-Identifier: MIT
"""plan - which runs there are, how long each takes at most, and how one is measured."""
import dataclasses

from . import loads, systems

DELAY = 1  # seconds, the work of that name
# Where few requests end in a second: cluster takes 1.6 s one by one, and tasks that burn by turns end all at
# once, so that the last round is not counted.
LONGER = {"cluster": 2, "burn": 6}
FAILING = 0.01  # a system that fails more of its requests than this is not asked for more
SWEPT = ("hello", "delay", "fetch", "cluster")
CONNECTS = 5000  # a second, about: a run with more connections is longer
AFTER, STARTING = 0.45, 0.4  # seconds between runs, and before the first of a system


@dataclasses.dataclass
class Settings:
    """How long, and at which concurrencies."""
    steps: tuple = tuple(range(1000, 10001, 1000))
    cluster_steps: tuple = (50, 100, 200, 400)
    seconds: int = 3
    ways_at: int = 100  # connections; and for cluster:
    ways_at_cluster: int = 20
    patience: float = 10  # for twenty at once
    ab_systems: tuple = ()  # empty: all


DOCS = Settings(steps=(1000, 3000, 6000, 10000), cluster_steps=(50, 100, 200), seconds=2,
                patience=6, ab_systems=("gyre task", "node", "Tornado", "gunicorn gevent"))
QUICK = Settings(steps=(100, 1000), cluster_steps=(20, 50), seconds=1, ways_at=50, patience=3,
                 ab_systems=("gyre task", "Tornado"))


@dataclasses.dataclass
class Group:
    """Runs of one system, started once for them."""
    kind: str  # sweep, ways, ab or twenty
    system: systems.System
    work: str
    way: str = "task"
    workers: int = 1
    steps: tuple = (0,)
    seconds: float = 0

    @property
    def name(self):
        """As tables call it: a way of gyre has its own name."""
        if self.kind == "sweep" or self.way == "task":
            return self.system.name
        name = self.system.name.removesuffix(" task") + " " + self.way
        return name + (f" ×{self.workers}" if self.workers > 1 else "")

    def lasts(self, step):
        """Seconds that a load is told."""
        more = step // CONNECTS if self.kind == "sweep" else 0
        return self.seconds + more

    def guess(self, step):
        """Seconds that a run takes, with what comes after it."""
        return self.lasts(step) + AFTER

    def measure(self, server, step):
        """One run: a row of results."""
        before = server.cpu()
        if self.kind == "ab":
            found = loads.ab(server.url(self.work, self.way), 200, step)
        elif self.kind == "twenty":
            path = f"/{self.work}/{self.way}"
            found = loads.all_at_once(server.port, path, step, self.seconds)
        else:
            found = loads.wrk(server.url(self.work, self.way), step, self.lasts(step))
        cpu = server.cpu() - before
        return {"kind": self.kind, "system": self.name, "work": self.work, "way": self.way,
                "concurrency": step, "seconds": round(found["wall_s"], 3),
                "requests": found["requests"], "failed": found["failed"],
                "rps": self.rate(found), "p50_ms": found["p50_ms"], "p99_ms": found["p99_ms"],
                "cpu_us": cpu / found["requests"] * 1e6 if found["requests"] else None}

    def rate(self, found):
        """Requests a second. Under wrk no answer can come in the first second of a delay."""
        wall = found["wall_s"] - (DELAY if self.work == "delay" and self.kind == "sweep" else 0)
        return found["requests"] / wall if wall > 0 else 0.0


def fails(row):
    """Whether the system has met its limit."""
    return row["failed"] > FAILING * (row["requests"] + row["failed"]) or not row["requests"]


def sweeps(there, works, settings):
    for work in SWEPT:
        steps = settings.cluster_steps if work == "cluster" else settings.steps
        seconds = settings.seconds + (DELAY if work == "delay" else 0)
        for system in there if work in works else ():
            if work in system.works:
                yield Group("sweep", system, work, steps=tuple(steps), seconds=seconds)


def ways(system, works, settings):
    """Every work in every way by one system, and blocking in several workers."""
    for work in systems.WORKS:
        step = settings.ways_at_cluster if work == "cluster" else settings.ways_at
        if work in works and work != "delay":  # that one is for twenty at once
            seconds = settings.seconds + LONGER.get(work, 0)
            for way, workers in [(w, 1) for w in system.ways] + [("block", systems.WORKERS)]:
                yield Group("ways", system, work, way, workers, (step,), seconds)


def twenty(there, settings):
    """A second of delay for 20 at once, in the ways that only so many can go."""
    for system in there:
        if system.name == "gyre task":
            each = [(way, 1) for way in system.ways] + [("block", systems.WORKERS)]
        elif system.name == "Tornado":
            each = [("task", 1), ("thread", 1), ("block", 1)]
        else:
            continue
        for way, workers in each:
            yield Group("twenty", system, "delay", way, workers, (20,), settings.patience)


def make(there, works, settings):
    """All groups, in the order in which they are measured."""
    plan = list(sweeps(there, works, settings))
    for system in there:
        if system.name == "gyre task":
            plan += ways(system, works, settings)
    if "delay" in works:
        plan += twenty(there, settings)
        plan += [Group("ab", s, "delay", steps=(40,), seconds=6) for s in there
                 if "delay" in s.works and (not settings.ab_systems
                                            or s.name in settings.ab_systems)]
    return plan


def length(plan):
    """Seconds, about."""
    return sum(STARTING + sum(map(g.guess, g.steps)) for g in plan)
