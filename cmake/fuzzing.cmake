# SPDX-License-Identifier: MIT
# fuzz/fuzz_NAME.c: a libFuzzer program with GYRE_FUZZ, else a test that replays the corpus.

file(GLOB targets CONFIGURE_DEPENDS fuzz/fuzz_*.c)
foreach(source ${targets})
    cmake_path(GET source STEM program)
    string(REPLACE "fuzz_" "" name ${program})
    add_executable(${program} ${source})
    target_link_libraries(${program} PRIVATE gyre_flags gyre_static)
    target_compile_options(${program} PRIVATE -UNDEBUG)     # its asserts are its findings
    target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    set_target_properties(${program} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzzers)
    if(GYRE_FUZZ)
        target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(${program} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz/replay_main.c)
        add_test(NAME fuzz.${name}
                 COMMAND ${GYRE_TEST_WRAPPER} $<TARGET_FILE:${program}>
                         ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name}
                         ${PROJECT_SOURCE_DIR}/fuzz/regression/${name})
        set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 300)
    endif()
endforeach()
