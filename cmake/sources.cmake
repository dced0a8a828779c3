# SPDX-License-Identifier: MIT
# The files of the library. A choice between machines is a choice between files, and made here.

file(GLOB GYRE_HEADERS CONFIGURE_DEPENDS include/gyre.h include/gyre/*.h)
file(GLOB sources CONFIGURE_DEPENDS src/*/*.c src/*/*.S)

# Tasks: one switch of stacks.
set(switch switch_ucontext.c)
if(NOT GYRE_UCONTEXT AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(switch switch_x86_64.S)
elseif(NOT GYRE_UCONTEXT AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    set(switch switch_aarch64.S)
endif()
list(FILTER sources EXCLUDE REGEX "/loop/switch_(x86_64|aarch64|ucontext)\\.[cS]$")
if(EXISTS ${PROJECT_SOURCE_DIR}/src/loop/${switch})
    list(APPEND sources ${PROJECT_SOURCE_DIR}/src/loop/${switch})
endif()

# Vector code: NAME_sse42.c and NAME_avx2.c where the machine may have them, NAME_none.c elsewhere.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    list(FILTER sources EXCLUDE REGEX "_none\\.c$")
    set(sse42 ${sources})
    set(avx2 ${sources})
    list(FILTER sse42 INCLUDE REGEX "_sse42\\.c$")
    list(FILTER avx2 INCLUDE REGEX "_avx2\\.c$")
    set_source_files_properties(${sse42} PROPERTIES COMPILE_OPTIONS -msse4.2)
    set_source_files_properties(${avx2} PROPERTIES COMPILE_OPTIONS "-mavx2;-mbmi;-mbmi2")
else()
    list(FILTER sources EXCLUDE REGEX "_(sse42|avx2)\\.c$")
endif()

set(GYRE_SOURCES ${sources})
