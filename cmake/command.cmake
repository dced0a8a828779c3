# SPDX-License-Identifier: MIT
# The command gyre, in bin/ of the build folder: a target is called gyre already.

file(GLOB commands CONFIGURE_DEPENDS cli/*.c)
add_executable(gyre_cli ${commands})
set_target_properties(gyre_cli PROPERTIES
    OUTPUT_NAME gyre RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
target_include_directories(gyre_cli PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(gyre_cli PRIVATE gyre_flags gyre_static)
