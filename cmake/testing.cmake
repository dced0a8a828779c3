# SPDX-License-Identifier: MIT
# tests/FOLDER/test_NAME.c becomes a program and a test, tests/FOLDER/test_NAME.{sh,py} a test.
# The test is called FOLDER.NAME and labelled FOLDER, and runs in the source directory.

pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
find_program(GYRE_BASH bash REQUIRED)
# Debian's own first: its packages are where the test peers come from.
find_program(GYRE_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(GYRE_PYTHON python3 REQUIRED)

set(slower 1)
if(GYRE_SANITIZE OR GYRE_TEST_WRAPPER)
    set(slower 5)
endif()
set(test_environment
    GYRE_SOURCE=${PROJECT_SOURCE_DIR} GYRE_BUILD=${PROJECT_BINARY_DIR} GYRE_SANITIZE=${GYRE_SANITIZE}
    CC=${CMAKE_C_COMPILER} GYRE_WITH_TLS=$<BOOL:${OPENSSL_FOUND}>
    GYRE_WITH_GZIP=$<BOOL:${GYRE_Z_there}>
    ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=0
    UBSAN_OPTIONS=print_stacktrace=1
    TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1)

function(gyre_test path timeout)
    cmake_path(GET path STEM program)
    cmake_path(GET path PARENT_PATH folder)
    cmake_path(GET folder FILENAME folder)
    string(REGEX REPLACE "^test_" "" name ${program})
    if(folder STREQUAL arch)            # compiles much, and an emulator is slow
        set(timeout 300)
    endif()
    math(EXPR timeout "${timeout} * ${slower}")
    add_test(NAME ${folder}.${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${folder}.${name} PROPERTIES
        LABELS ${folder} TIMEOUT ${timeout} SKIP_RETURN_CODE 77
        ENVIRONMENT "${test_environment}")
endfunction()

# What several tests share.
add_library(gyre_test_support INTERFACE)
file(GLOB support CONFIGURE_DEPENDS tests/support/*.c)
if(NOT GYRE_TLS_LIBRARY)
    list(FILTER support EXCLUDE REGEX "/(certificates|tls_site)\\.c$")
endif()
if(support)
    add_library(gyre_support STATIC ${support})
    target_include_directories(gyre_support PRIVATE ${PROJECT_SOURCE_DIR}/src
                                                    ${PROJECT_SOURCE_DIR}/tests)
    target_compile_options(gyre_support PRIVATE -UNDEBUG)
    target_link_libraries(gyre_support PUBLIC gyre_flags gyre_static PkgConfig::CMOCKA
                                              ${GYRE_TLS_LIBRARY})
    target_link_libraries(gyre_test_support INTERFACE gyre_support)
endif()

file(GLOB programs CONFIGURE_DEPENDS tests/*/test_*.c)
if(NOT GYRE_EXAMPLES)
    list(FILTER programs EXCLUDE REGEX tests/examples/)
endif()
if(NOT GYRE_TLS_LIBRARY)
    list(FILTER programs EXCLUDE REGEX "/test_tls[^/]*\\.c$")
    foreach(source ${programs})
        file(STRINGS ${source} secure REGEX "^#include .*(certificates|tls_site|client_secure)\\.h\"")
        if(secure)
            list(REMOVE_ITEM programs ${source})
        endif()
    endforeach()
endif()
if(NOT GYRE_CURL_FOUND)
    list(FILTER programs EXCLUDE REGEX "/test_client_curl[^/]*\\.c$")
endif()
foreach(source ${programs})
    cmake_path(GET source STEM program)
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(GET folder FILENAME folder)
    set(target tests_${folder}_${program})
    add_executable(${target} ${source})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${program} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/${folder})
    target_compile_options(${target} PRIVATE -UNDEBUG)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${target} PRIVATE gyre_flags gyre_test_support gyre_static PkgConfig::CMOCKA)
    if(folder STREQUAL examples)
        target_link_libraries(${target} PRIVATE gyre_examples)
    endif()
    gyre_test(${source} 60 ${GYRE_TEST_WRAPPER} $<TARGET_FILE:${target}>)
endforeach()

# Some run again with the other pollers: FOLDER.NAME@POLLER.
set(pollers poll)
if(GYRE_KQUEUE)
    list(APPEND pollers kqueue)
endif()
foreach(source ${programs})
    if(NOT source MATCHES "/((loop|net)/test_.*|http/test_(connection|timeouts|drain|exchange|client_curl_flow|tls_server))\\.c$"
       OR source MATCHES "/loop/test_(pool_processes|timers_many|fiber_stack)\\.c$") # long, and no I/O
        continue()
    endif()
    string(REGEX REPLACE ".*/([^/]*)/(test_[^/]*)\\.c$" "tests_\\1_\\2" target ${source})
    foreach(poller ${pollers})
        string(REGEX REPLACE "\\.c$" "@${poller}.c" variant ${source})
        gyre_test(${variant} 60 ${CMAKE_COMMAND} -E env GYRE_POLLER=${poller}
                  ${GYRE_TEST_WRAPPER} $<TARGET_FILE:${target}>)
    endforeach()
endforeach()

file(GLOB scripts CONFIGURE_DEPENDS tests/*/test_*.sh)
foreach(script ${scripts})
    gyre_test(${script} 120 ${GYRE_BASH} ${script})
endforeach()
file(GLOB scripts CONFIGURE_DEPENDS tests/*/test_*.py)
foreach(script ${scripts})
    gyre_test(${script} 120 ${GYRE_PYTHON} ${script})
    if(script MATCHES "/torture/test_([^/]*)\\.py$")     # they load the machine, and measure
        set_tests_properties(torture.${CMAKE_MATCH_1} PROPERTIES RUN_SERIAL ON)
    endif()
endforeach()
