#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An installed gyre is enough to build and run a program, with pkg-config and with find_package.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${GYRE_BUILD:?run by ctest}" "${CC:=cc}"
if [ -n "${GYRE_SANITIZE:-}" ]; then
    echo "a sanitized library is not one to install"
    exit 77
fi

work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
prefix=$work/usr

cmake --install "$GYRE_BUILD" --prefix "$prefix" >"$work/log" || { cat "$work/log"; exit 1; }
lib=$(dirname "$(find "$prefix" -name libgyre.so)")
version=$(sed -n 's/^#define GY_VERSION "\(.*\)"/\1/p' "$prefix/include/gyre/version.h")
[ -f "$lib/libgyre.a" ]
[ "$(readlink "$lib/libgyre.so")" = libgyre.so.0 ]

# What is not public does not leave the library.
if nm -D --defined-only "$lib/libgyre.so" | awk '$3 !~ /^gy_/' | grep .; then
    echo "names that are not ours are exported"
    exit 1
fi

runs() {
    said=$(LD_LIBRARY_PATH=$lib "$@")
    [ "$said" = "$version" ] || { echo "$* said '$said', not '$version'"; exit 1; }
}

# It serves on a unix socket until it is told to stop, and then says that all went well.
serves() {
    LD_LIBRARY_PATH=$lib "$1" --unix "$work/socket" >"$work/log" 2>&1 &
    server=$!
    curl --silent --show-error --fail --retry 30 --retry-delay 1 --retry-all-errors \
        --retry-max-time 30 --unix-socket "$work/socket" http://localhost/ >"$work/said" 2>"$work/curl" ||
        { cat "$work/log" "$work/curl"; exit 1; }
    grep -qx 'Hello, world' "$work/said"
    kill -TERM "$server"
    wait "$server" || { cat "$work/log"; exit 1; }
    server=
}

# The command does without the library beside it.
[ "$("$prefix/bin/gyre" --version)" = "gyre $version" ]
[ -f "$prefix/share/man/man1/gyre.1" ]

export PKG_CONFIG_PATH=$lib/pkgconfig
# The words of pkg-config's answer are meant to be split.
# shellcheck disable=SC2046
"$CC" -Wall -Werror -o "$work/shared" "$here/hello.c" $(pkg-config --cflags --libs gyre)
runs "$work/shared"
serves "$work/shared"
# shellcheck disable=SC2046
"$CC" -Wall -Werror -o "$work/static" "$here/hello.c" \
    $(pkg-config --cflags gyre) "$lib/libgyre.a" $(pkg-config --libs --static gyre | sed 's/-lgyre//')
runs "$work/static"

cmake -G Ninja -S "$here/with_cmake" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_COMPILER="$CC" >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work/cmake" >"$work/log" || { cat "$work/log"; exit 1; }
runs "$work/cmake/hello_shared"
runs "$work/cmake/hello_static"
serves "$work/cmake/hello_static"
