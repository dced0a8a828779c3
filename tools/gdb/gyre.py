# SPDX-License-Identifier: MIT
"""gyre.py - tasks in gdb: which there are, and where each of them waits.

    (gdb) source tools/gdb/gyre.py
    (gdb) gyre tasks            all tasks of the loops of all threads, as trees
    (gdb) gyre tree             the same, each with where it is in the code
    (gdb) gyre bt 3             where the third of them is; also by name or address

Works on a live process and on a core file, and changes nothing in either. Needs the debug
information of the library.
"""
import time

import gdb
import gdb.unwinder

STATES = ("new", "ready", "running", "waits", "ended")

# The frame that a switch leaves on the stack, as the comments in src/loop/switch_*.S tell: where each
# register lies, where to go on, and how large the frame is.
FRAMES = {
    "i386:x86-64": (
        {"r15": 0, "r14": 8, "r13": 16, "r12": 24, "rbx": 32, "rbp": 40, "rip": 48},
        56,
        "rsp",
    ),
    "aarch64": (
        {**{f"x{19 + i}": 8 * i for i in range(12)}, "pc": 88},
        160,
        "sp",
    ),
}


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class TaskUnwinder(gdb.unwinder.Unwinder):
    """While it has a stack pointer, what lies below the innermost frame is that task's stack."""

    def __init__(self):
        super().__init__("gyre-task")
        self.task_sp = None
        self.thread_sp = None

    def __call__(self, pending):
        if self.task_sp is None:
            return None
        where, size, sp_name = FRAMES[pending.architecture().name()]
        sp = pending.read_register(sp_name)
        if int(sp) != self.thread_sp:
            return None
        pc_name = "rip" if sp_name == "rsp" else "pc"
        info = pending.create_unwind_info(FrameId(sp, pending.read_register(pc_name)))
        word = gdb.lookup_type("unsigned long")
        for register, offset in where.items():
            value = gdb.Value(self.task_sp + offset).cast(word.pointer()).dereference()
            info.add_saved_register(register, value.cast(pending.read_register(register).type))
        after = gdb.Value(self.task_sp + size).cast(sp.type)
        info.add_saved_register(sp_name, after)
        return info


UNWINDER = TaskUnwinder()
gdb.unwinder.register_unwinder(None, UNWINDER, replace=True)


def loops():
    """The loop of each thread that has one."""
    before = gdb.selected_thread()
    found = []
    try:
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda t: t.num):
            thread.switch()
            try:
                loop = gdb.parse_and_eval("gy__loop_tls")
            except gdb.error:
                continue
            if int(loop) and int(loop) not in [int(l) for _, l in found]:
                found.append((thread.num, loop))
    finally:
        if before:
            before.switch()
    return found


def tasks_of(loop):
    """In the order in which they were started."""
    task_type = gdb.lookup_type("struct gy_task")
    offset = next(f.bitpos // 8 for f in task_type.fields() if f.name == "all")
    head = loop["tasks"].address
    link = loop["tasks"]["next"]
    while int(link) != int(head):
        yield gdb.Value(int(link) - offset).cast(task_type.pointer())
        link = link["next"]


def tree_of(loop):
    """Each task with its depth, followed by its children; whose parent has ended stands at the top."""
    tasks = list(tasks_of(loop))
    known = {int(task["id"]) for task in tasks}
    children = {}
    for task in tasks:
        parent = int(task["parent"])
        children.setdefault(parent if parent in known else 0, []).append(task)
    to_do = [(task, 0) for task in reversed(children.get(0, []))]
    while to_do:
        task, depth = to_do.pop()
        yield task, depth
        to_do += [(child, depth + 1) for child in reversed(children.get(int(task["id"]), []))]


def all_tasks():
    """The number of the thread, the task and its depth in the tree."""
    return [(thread, task, depth) for thread, loop in loops() for task, depth in tree_of(loop)]


def now_of(loop):
    """The clock in ns: the machine's for a live process; of a core file what the loops last read."""
    last = max(int(each["now"]) for _, each in loops()) if loop is None else int(loop["now"])
    live = gdb.selected_inferior().pid and any(
        line.startswith(("*", " ")) and "native" in line
        for line in gdb.execute("info inferiors", to_string=True).splitlines())
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    return now if live and now >= last else last


def text(pointer, otherwise):
    return pointer.string() if int(pointer) else otherwise


def name_of(task):
    return text(task["name"], "task")


def find(what):
    tasks = [task for _, task, _ in all_tasks()]
    if what.isdigit() and 1 <= int(what) <= len(tasks):
        return tasks[int(what) - 1]
    for task in tasks:
        if name_of(task) == what:
            return task
    try:
        task = gdb.parse_and_eval(what).cast(gdb.lookup_type("struct gy_task").pointer())
        task.dereference().fetch_lazy()
        return task
    except gdb.error:
        raise gdb.GdbError(f"no such task: {what}") from None


class Gyre(gdb.Command):
    """Look at the tasks of a program that uses gyre."""

    def __init__(self):
        super().__init__("gyre", gdb.COMMAND_STACK, prefix=True)


def describe(number, thread, task, depth, now):
    state = STATES[int(task["state"])]
    if state == "waits":
        state += " for " + text(task["waits_for"], "something")
    if int(task["cancel"]):
        state += ", cancelled"
    age = (now - int(task["began"])) / 1e9
    return (f'{number:4} {"  " * depth}{int(task):#x} thread {thread} id {int(task["id"])} '
            f'parent {int(task["parent"])} "{name_of(task)}" {state}, {age:.3f} s old')


def print_tasks(with_backtraces):
    tasks = all_tasks()
    now = now_of(None) if tasks else 0
    for number, (thread, task, depth) in enumerate(tasks, 1):
        print(describe(number, thread, task, depth, now))
        if with_backtraces:
            for line in where_is(task):
                print("     " + "  " * depth + line)
    if not tasks:
        print("no tasks")


class Tasks(gdb.Command):
    """gyre tasks: all tasks as trees: number, address, thread, id, parent's id, name and state, what they
wait for, and how long ago they, or their requests, began."""

    def __init__(self):
        super().__init__("gyre tasks", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        print_tasks(False)


class Tree(gdb.Command):
    """gyre tree: as gyre tasks, each with its backtrace."""

    def __init__(self):
        super().__init__("gyre tree", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        print_tasks(True)


class Backtrace(gdb.Command):
    """gyre bt TASK: the backtrace of a task that does not run; by number, name or address."""

    def __init__(self):
        super().__init__("gyre bt", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        if not argument.strip():
            raise gdb.GdbError("which task? see: gyre tasks")
        task = find(argument.strip())
        print(f'task "{name_of(task)}", {STATES[int(task["state"])]}')
        for line in where_is(task):
            print(line)


def where_is(task):
    """The lines of its backtrace, or one that says why there is none."""
    state = STATES[int(task["state"])]
    if state == "running":
        return ["it runs: see the backtrace of its thread"]
    if not int(task["fiber"]):
        return ["it has ended" if state == "ended" else "it has not begun"]
    return backtrace_at(int(task["fiber"]["sp"]))


def have(function):
    try:
        gdb.parse_and_eval(f"(long)&{function}")
        return True
    except gdb.error:
        return False


def backtrace_at(sp):
    frame = gdb.newest_frame()
    if frame.architecture().name() not in FRAMES or not have("gy__context_first"):
        raise gdb.GdbError("only for the switches of x86-64 and aarch64")
    sp_name = FRAMES[frame.architecture().name()][2]
    UNWINDER.thread_sp = int(frame.read_register(sp_name))
    UNWINDER.task_sp = sp
    gdb.invalidate_cached_frames()
    try:
        lines = gdb.execute("backtrace", to_string=True).splitlines()
    finally:
        UNWINDER.task_sp = None
        gdb.invalidate_cached_frames()
    # Frame 0 (and those inlined into it) is the thread's own.
    first = next((i for i, line in enumerate(lines) if any(f in line for f in ("gy__fiber_leave", " leave "))), 1)
    return lines[first:]


Gyre()
Tasks()
Tree()
Backtrace()
