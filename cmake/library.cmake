# SPDX-License-Identifier: MIT
# libgyre.so and libgyre.a, from objects that are compiled once.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)

add_library(gyre_objects OBJECT ${GYRE_SOURCES})
set_target_properties(gyre_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories(gyre_objects PUBLIC ${PROJECT_SOURCE_DIR}/include
                                        PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(gyre_objects PRIVATE $<BUILD_INTERFACE:gyre_flags>
                                           PkgConfig::PCRE2 ${GYRE_TLS_LIBRARY}
                                           ${GYRE_LIBRARIES} Threads::Threads)

add_library(gyre SHARED $<TARGET_OBJECTS:gyre_objects>)
add_library(gyre_static STATIC $<TARGET_OBJECTS:gyre_objects>)
add_library(gyre::gyre ALIAS gyre)
add_library(gyre::static ALIAS gyre_static)

set_target_properties(gyre PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
set_target_properties(gyre_static PROPERTIES OUTPUT_NAME gyre EXPORT_NAME static)
set_target_properties(gyre gyre_static PROPERTIES LINKER_LANGUAGE C)

foreach(library gyre gyre_static)
    target_include_directories(${library} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${library} PRIVATE $<BUILD_INTERFACE:gyre_flags> PkgConfig::PCRE2
                                             ${GYRE_TLS_LIBRARY}
                                             ${GYRE_LIBRARIES} Threads::Threads)
endforeach()
