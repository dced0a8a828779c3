/* SPDX-License-Identifier: MIT */
/* coding_zstd_none.c - zstd in a build without libzstd. */
#include "codec/coding_engine.h"

const struct gy__coding_engine gy__coding_zstd = {.name = "zstd"};
