#!/bin/bash
# SPDX-License-Identifier: MIT
# The wire cases and mutations of them, read by our parser and by the one inside Node (llhttp).
set -u
if ! command -v node >/dev/null; then
    echo "skipped: there is no node, whose parser this compares ours with"
    exit 77
fi
exec node --no-deprecation tests/e2e/llhttp_diff.js "$GYRE_BUILD/tests/http/test_wire"
