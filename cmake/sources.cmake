# SPDX-License-Identifier: MIT
# The files of the library. A choice between machines is a choice between files, and made here.

find_package(PkgConfig REQUIRED)
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

# What a system may lack: NAME.c where it is there, NAME_none.c elsewhere.
include(CheckIncludeFiles)
check_include_files(sys/epoll.h GYRE_HAVE_EPOLL)
check_include_files(sys/inotify.h GYRE_HAVE_INOTIFY)
check_include_files("sys/types.h;sys/event.h" GYRE_HAVE_KQUEUE)
option(GYRE_KQUEUE "offer kqueue; where there is none, over epoll, to test it" ${GYRE_HAVE_KQUEUE})
macro(gyre_may_lack name there)
    if(${there})
        list(FILTER sources EXCLUDE REGEX "/${name}_none\\.c$")
    else()
        list(FILTER sources EXCLUDE REGEX "/${name}\\.c$")
    endif()
endmacro()
gyre_may_lack(poller_epoll GYRE_HAVE_EPOLL)
gyre_may_lack(poller_kqueue GYRE_KQUEUE)
gyre_may_lack(file_watch GYRE_HAVE_INOTIFY)
if(GYRE_KQUEUE AND NOT GYRE_HAVE_KQUEUE)
    set(kevent ${PROJECT_SOURCE_DIR}/tests/support/kevent)
    list(APPEND sources ${kevent}/kevent.c)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/src/loop/poller_kqueue.c ${kevent}/kevent.c
        PROPERTIES INCLUDE_DIRECTORIES ${kevent})
endif()

# Vector code: NAME_sse42.c and NAME_avx2.c where the machine may have them.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(sse42 ${sources})
    set(avx2 ${sources})
    list(FILTER sse42 INCLUDE REGEX "_sse42\\.c$")
    list(FILTER avx2 INCLUDE REGEX "_avx2\\.c$")
    set_source_files_properties(${sse42} PROPERTIES COMPILE_OPTIONS -msse4.2)
    set_source_files_properties(${avx2} PROPERTIES COMPILE_OPTIONS "-mavx2;-mbmi;-mbmi2")
else()
    list(FILTER sources EXCLUDE REGEX "_(sse42|avx2)\\.c$")
endif()

# Names in backtraces: from debug information, by a library that is loaded when it is needed, or what the
# dynamic linker knows.
check_include_files(elfutils/libdwfl.h GYRE_HAVE_DW)
list(FILTER sources EXCLUDE REGEX "/loop/symbol_(dw|none)\\.c$")
if(GYRE_DW AND GYRE_HAVE_DW)
    list(APPEND sources ${PROJECT_SOURCE_DIR}/src/loop/symbol_dw.c)
else()
    list(APPEND sources ${PROJECT_SOURCE_DIR}/src/loop/symbol_none.c)
endif()

# Another engine of the client: a library that is loaded when it is needed. Only its headers are used.
set(GYRE_CURL_FOUND FALSE)
if(GYRE_CURL)
    pkg_check_modules(GYRE_CURL QUIET libcurl>=7.87)
endif()
if(GYRE_CURL_FOUND)
    list(FILTER sources EXCLUDE REGEX "/http/client_curl_none\\.c$")
    set(curl ${sources})
    list(FILTER curl INCLUDE REGEX "/http/client_curl[^/]*\\.c$")
    set_source_files_properties(${curl} PROPERTIES INCLUDE_DIRECTORIES "${GYRE_CURL_INCLUDE_DIRS}")
else()
    list(FILTER sources EXCLUDE REGEX "/http/client_curl(_[a-mo-z][a-z]*|_names)?\\.c$")
endif()

# TLS: all of OpenSSL is in files that are called so.
set(OPENSSL_FOUND FALSE)
if(GYRE_TLS)
    pkg_check_modules(OPENSSL IMPORTED_TARGET openssl>=3.0)
endif()
if(OPENSSL_FOUND)
    list(FILTER sources EXCLUDE REGEX "/net/tls_none\\.c$")
    set(GYRE_TLS_LIBRARY PkgConfig::OPENSSL)
    set(GYRE_TLS_PACKAGE ", openssl")
else()
    list(FILTER sources EXCLUDE REGEX "/net/(tls|tls_[a-mo-z][a-z]*|tls_names|transport_tls)\\.c$")
endif()

# Libraries that a build may do without: NAME.c with it, NAME_none.c elsewhere.
set(GYRE_LIBRARIES)         # what to link
set(GYRE_PACKAGES)          # what a static program's pkg-config asks for
set(GYRE_PACKAGE_LINES)     # and its CMake
macro(gyre_may_use option library name)
    set(${library}_there FALSE)
    if(${option})
        pkg_check_modules(${library} IMPORTED_TARGET ${ARGN})
        if(${library}_FOUND)
            set(${library}_there TRUE)
            list(APPEND GYRE_LIBRARIES PkgConfig::${library})
            foreach(package ${ARGN})
                string(REGEX REPLACE "[<>=].*" "" package ${package})
                string(APPEND GYRE_PACKAGES ", ${package}")
            endforeach()
            string(JOIN " " packages ${ARGN})
            string(APPEND GYRE_PACKAGE_LINES
                   "    pkg_check_modules(${library} QUIET IMPORTED_TARGET ${packages})\n")
        endif()
    endif()
    gyre_may_lack(${name} ${library}_there)
endmacro()
gyre_may_use(GYRE_ZLIB GYRE_Z coding_zlib zlib)
gyre_may_use(GYRE_BROTLI GYRE_BR coding_brotli libbrotlidec libbrotlienc)
gyre_may_use(GYRE_ZSTD GYRE_ZST coding_zstd libzstd)
gyre_may_use(GYRE_PSL GYRE_PS public_suffix libpsl)
gyre_may_lack(digest_hash OPENSSL_FOUND)

# Name servers asked by c-ares: its header is enough, it is loaded when it is needed.
set(GYRE_ARES_there FALSE)
if(GYRE_CARES)
    pkg_check_modules(GYRE_ARES libcares>=1.16)
    set(GYRE_ARES_there ${GYRE_ARES_FOUND})
endif()
gyre_may_lack(resolver_ares GYRE_ARES_there)
if(NOT GYRE_ARES_there)
    list(FILTER sources EXCLUDE REGEX "/net/ares_library\\.c$")
endif()
gyre_may_lack(tls_lifetime OPENSSL_FOUND)

set(GYRE_SOURCES ${sources})
