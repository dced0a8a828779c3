#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public header compiles alone, as strict C11 and as C++.
set -euo pipefail
include=${GYRE_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}/include
cc=${CC:-cc}
cxx=${CXX:-c++}
command -v "$cxx" >/dev/null || { echo "no C++ compiler"; exit 77; }

failed=0
while read -r header; do
    name=${header#"$include/"}
    for compile in "$cc -std=c11 -x c -Wstrict-prototypes -Wpedantic" "$cxx -std=c++11 -x c++"; do
        # The words of $compile are meant to be split.
        # shellcheck disable=SC2086
        if ! printf '#include <%s>\n#include <%s>\nextern int alone;\n' "$name" "$name" |
            $compile -Wall -Wextra -Werror -I "$include" -fsyntax-only -; then
            echo "$name does not stand alone: $compile"
            failed=1
        fi
    done
done < <(find "$include" -name '*.h' | sort)
exit $failed
