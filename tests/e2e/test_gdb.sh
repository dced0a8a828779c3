#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tools/gdb/gyre.py lists tasks and shows where they wait, in a live process and in a core file.
set -euo pipefail
source=${GYRE_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
machine=$(uname -m)

if [ -n "${GYRE_SANITIZE:-}" ]; then
    echo "the sanitizers have frames of their own"
    exit 77
fi
command -v gdb >/dev/null || { echo "no gdb"; exit 77; }
gdb -nx -batch -ex 'python import gdb.unwinder' >/dev/null 2>&1 || { echo "gdb without python"; exit 77; }
[ -e "$source/src/loop/switch_$machine.S" ] || { echo "no switch of its own on $machine"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/parked.c" <<'PROGRAM'
#include <gyre/task.h>

void now_look(void *arg);
int fetch_the_letter(double seconds);
int walk_to_the_gate(int steps);

__attribute__((noinline)) int fetch_the_letter(double seconds)
{
    int e = gy_sleep(seconds);
    return e ? e : 1;
}

__attribute__((noinline)) int walk_to_the_gate(int steps)
{
    int e = fetch_the_letter(steps * 100.0);
    return e ? e : steps;
}

static int postman(void *arg)
{
    int e = walk_to_the_gate(*(int *)arg);
    return e < 0 ? e : 0;
}

static int look(void *arg)
{
    now_look(arg);
    return -1;
}

__attribute__((noinline)) void now_look(void *arg)
{
    if (arg)
        __builtin_trap();
    __asm__ volatile("" : : "r"(arg) : "memory");
}

static int all(void *arg)
{
    int steps = 36;
    gy_group g = {.name = "postman"};
    gy_group_spawn(&g, postman, &steps);
    g.name = "watcher";
    gy_group_spawn(&g, look, arg);
    return gy_group_wait(&g) == -1 ? 0 : 1;
}

int main(int argc, char **argv)
{
    return gy_run(all, argc > 1 ? argv[1] : NULL);
}
PROGRAM

sources=("$source/src/loop/switch_$machine.S")
for file in "$source"/src/{base,loop}/*.c; do
    case $file in
    */switch_* | */symbol_dw.c | */poller_kqueue.c | */poller_epoll_none.c | */file_watch_none.c) ;;
    *) sources+=("$file") ;;
    esac
done
${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -g -pthread -I "$source/include" -I "$source/src" \
    -o "$work/parked" "$work/parked.c" "${sources[@]}"

show=(-ex "source $source/tools/gdb/gyre.py" -ex 'gyre tasks' -ex 'gyre bt postman' -ex 'gyre bt 1'
    -ex 'echo the tree\n' -ex 'gyre tree' -ex 'echo the thread itself\n' -ex 'backtrace')
gdb -nx -batch -ex 'set pagination off' -ex 'break now_look' -ex run \
    "${show[@]}" "$work/parked" >"$work/live" 2>&1 </dev/null || true
grep -q 'Breakpoint 1, now_look' "$work/live" || {
    tail -3 "$work/live"
    echo "gdb cannot run a program here"
    exit 77
}
# The kernel's own core file: it goes around the guards of the stacks.
kinds=live
pattern=$(cat /proc/sys/kernel/core_pattern)
if [[ $pattern == */* || $pattern == '|'* ]]; then
    echo "core files go elsewhere ($pattern): only a live process was looked at"
else
    (cd "$work" && ulimit -c unlimited && exec ./parked die) >/dev/null 2>&1 || true
    core=$(find "$work" -name '*core*' | head -1)
    [ -n "$core" ] || { echo "no core file"; exit 77; }
    gdb -nx -batch -ex 'set pagination off' "${show[@]}" "$work/parked" "$core" \
        >"$work/dead" 2>&1 </dev/null || true
    kinds="live dead"
fi

failed=0
expect() {
    grep -Eq "$2" "$work/$1" || { echo "not in the output of the $1 process: $2"; failed=1; }
}
for kind in $kinds; do
    expect $kind '"postman" waits for sleep'
    expect $kind '"main" waits for group'
    expect $kind '"watcher" running'
    expect $kind '^#[0-9]+ .*gy_sleep \(seconds='
    expect $kind '^#[0-9]+ .*fetch_the_letter \(seconds='
    expect $kind '^#[0-9]+ .*walk_to_the_gate \(steps='
    expect $kind '^#[0-9]+ .*postman \(arg='
    expect $kind '^#[0-9]+ .*gy_group_wait \('
    expect $kind '^ +1 0x[0-9a-f]+ thread 1 id 1 parent 0 "main" waits for group, [0-9]+\.[0-9]{3} s old$'
    expect $kind '^ +2   0x[0-9a-f]+ thread 1 id 2 parent 1 "postman" waits for sleep, [0-9.]+ s old$'
    expect $kind '^ +3   0x[0-9a-f]+ thread 1 id 3 parent 1 "watcher" running, [0-9.]+ s old$'
    sed -n '/^the tree/,/^the thread itself/p' "$work/$kind" >"$work/$kind.tree"
    expect $kind.tree '^ +#[0-9]+ .*walk_to_the_gate \(steps='
    expect $kind.tree '^ +#[0-9]+ .*gy_group_wait \('
    expect $kind.tree '^ +it runs: see the backtrace of its thread$'
    # Afterwards the thread is what it was.
    sed -n '/^the thread itself/,$p' "$work/$kind" >"$work/$kind.after"
    expect $kind.after '^#0 .*now_look'
    expect $kind.after '^#1 .*look'
    ! grep -q fetch_the_letter "$work/$kind.after" || { echo "the $kind thread was changed"; failed=1; }
done
[ $failed = 0 ] || cat "$work/live" "$work/dead"
exit $failed
