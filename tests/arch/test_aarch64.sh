#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The floors below the network work on aarch64: cross-compiled, and run by an emulator. Those above
# compile, all but what needs a library that is not here for that processor.
set -euo pipefail
source=${GYRE_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
cross=aarch64-linux-gnu-gcc

if [ -n "${GYRE_SANITIZE:-}" ]; then
    echo "the sanitizers of this build are for this machine"
    exit 77
fi
for tool in $cross qemu-aarch64; do
    command -v "$tool" >/dev/null || { echo "no $tool"; exit 77; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Libraries are there for this machine only: what uses one is left out, and replaced where there is
# NAME_none.c for it.
libraries='<(pcre2|openssl/|zlib|brotli/|zstd|libpsl|elfutils/|curl/|ares)|"(net/tls|codec/pcre|http/client_curl)\.h"'

sources=()
for file in $(grep -LE "$libraries" "$source"/src/{base,codec,loop}/*.[cS]); do
    case $file in
    */switch_aarch64.S) sources+=("$file") ;;
    */switch_* | *_sse42.c | *_avx2.c | *'*'*) ;;
    */poller_kqueue.c | */poller_epoll_none.c | */file_watch_none.c) ;;
    *) sources+=("$file") ;;
    esac
done
[[ " ${sources[*]} " == */switch_aarch64.S* ]] || { echo "no switch for aarch64"; exit 1; }

upstairs=()
while read -r file; do
    case $file in
    *_sse42.c | *_avx2.c | */base/* | */codec/* | */loop/*) ;;
    *) upstairs+=("$file") ;;
    esac
done < <(grep -LE "$libraries" "$source"/src/*/*.c)
$cross -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only \
    -I "$source/include" -I "$source/src" "${upstairs[@]}"

for level in -O0 -O2; do
    $cross -std=c11 -D_GNU_SOURCE $level -g -Wall -Wextra -Werror -pthread -static \
        -I "$source/include" -I "$source/src" \
        -o "$work/check" "$source/tests/arch/test_switch.c" "${sources[@]}"
    said=$(qemu-aarch64 "$work/check") || { echo "$level: $said"; exit 1; }
    echo "$level: $said"
done
