# SPDX-License-Identifier: MIT
# How everything is compiled: language, optimisation, warnings, sanitizers.

if(NOT CMAKE_BUILD_TYPE AND PROJECT_IS_TOP_LEVEL)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "kind of build" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# The public headers carry GY_API; nothing else leaves the library.
set(CMAKE_C_VISIBILITY_PRESET hidden)

# On every target of ours, and on nobody else's.
add_library(gyre_flags INTERFACE)
target_compile_definitions(gyre_flags INTERFACE _GNU_SOURCE)
target_compile_options(gyre_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes
    $<$<BOOL:${GYRE_WERROR}>:-Werror>
    $<$<CONFIG:Release>:-fno-plt -fno-semantic-interposition>)

if(GYRE_SANITIZE)
    target_compile_options(gyre_flags INTERFACE
        -fsanitize=${GYRE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(gyre_flags INTERFACE -fsanitize=${GYRE_SANITIZE})
endif()
if(GYRE_LTO)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
    if(CMAKE_C_COMPILER_ID STREQUAL GNU)    # libgyre.a must also serve those who link without it
        set(CMAKE_C_COMPILE_OPTIONS_IPO -flto=auto -ffat-lto-objects)
    endif()
endif()
