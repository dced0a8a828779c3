# SPDX-License-Identifier: MIT
# What `make install` puts where: headers, libraries, the command gyre, pkg-config and CMake
# packages, man pages.

include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/gyre)

install(TARGETS gyre gyre_static EXPORT gyre
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# Relative to itself, so that `make install PREFIX=...` needs no second configuration.
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" prefix_from_pc ${prefix_from_pc})
configure_file(cmake/gyre.pc.in gyre.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/gyre.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(EXPORT gyre NAMESPACE gyre:: FILE gyreTargets.cmake DESTINATION ${package_folder})
configure_package_config_file(cmake/gyreConfig.cmake.in gyreConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(gyreConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gyreConfig.cmake ${PROJECT_BINARY_DIR}/gyreConfigVersion.cmake
        DESTINATION ${package_folder})

foreach(section 1 7)
    file(GLOB pages CONFIGURE_DEPENDS docs/man/*.${section})
    if(pages)
        install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
    endif()
endforeach()
if(GYRE_CLI)
    install(TARGETS gyre_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# Tell the dynamic linker, where we are allowed to.
install(CODE [[
    if("$ENV{DESTDIR}" STREQUAL "")
        execute_process(COMMAND ldconfig OUTPUT_QUIET ERROR_QUIET RESULT_VARIABLE ignored)
    endif()
]])
