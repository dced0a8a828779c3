/* SPDX-License-Identifier: MIT */
/* coding_brotli_none.c - br in a build without libbrotli. */
#include "codec/coding_engine.h"

const struct gy__coding_engine gy__coding_br = {.name = "br"};
