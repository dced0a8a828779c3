/* SPDX-License-Identifier: MIT */
/* coding_zlib_none.c - gzip and deflate in a build without zlib. */
#include "codec/coding_engine.h"

const struct gy__coding_engine gy__coding_gzip = {.name = "gzip"};
const struct gy__coding_engine gy__coding_deflate = {.name = "deflate"};
