#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_models.sh - every order in which threads can take their turns, in a model of the mailbox and of
# the pool of threads; and that the models notice when something is left out.
set -euo pipefail

if ! command -v spin >/dev/null; then
    echo "spin is not installed"
    exit 77
fi

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Gives 0 when no order of events is wrong.
check() { # model bug threads jobs
    rm -f ./*
    cp "$here/$1.pml" .
    spin -DBUG="$2" -DLIMIT="$3" -DJOBS="$4" -a "$1.pml" >spin.out || { cat spin.out; exit 1; }
    "${CC:-cc}" -O1 -w -DSAFETY -DCOLLAPSE -DMEMLIM=1024 -o pan pan.c
    ./pan -m200000 >pan.out
    if ! grep -q '^State-vector' pan.out || grep -q 'out of memory\|max search depth too small' pan.out; then
        cat pan.out
        echo "$1: not all was looked at"
        exit 1
    fi
    grep -q 'errors: 0' pan.out
}

for row in "mailbox 0 0" "pool 2 2" "pool 1 2"; do
    read -r model threads jobs <<<"$row"
    if ! check "$model" 0 "$threads" "$jobs"; then
        cat pan.out
        spin -DBUG=0 -DLIMIT="$threads" -DJOBS="$jobs" -t -p -g "$model.pml" | tail -60
        exit 1
    fi
    awk -v m="$row" '/states, stored/ { print m ": " $1 " states, nothing wrong" }' pan.out
    for bug in 1 2 3; do
        if check "$model" "$bug" "$threads" "$jobs"; then
            echo "$model: bug $bug was not found"
            exit 1
        fi
        echo "$model: bug $bug is found"
    done
done
