# Language level, warnings and sanitizers, as one interface target that every target of ours links.
option(THALWEG_APP "Build the window and the command line" ON)
option(THALWEG_TESTS "Build the tests" ON)
# On by itself in CI: what a newer compiler warns of must not stop somebody who only wants to run it.
if("$ENV{CI}" STREQUAL "true")
  set(thalweg_in_ci ON)
endif()
option(THALWEG_WERROR "Warnings are errors" ${thalweg_in_ci})
set(THALWEG_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# The CUDA module is a shared library and takes in parts of the core. What is hidden is inlined all the same.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g") # assertions stay on

add_library(thalweg_options INTERFACE)
# No fast-math: it breaks the tests for NaN. No contraction: results must not depend on the machine.
target_compile_options(thalweg_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers
  -Wno-maybe-uninitialized # GCC 12 sees ghosts in std::optional and std::variant
  -ffp-contract=off -fno-math-errno -fno-trapping-math
  $<$<BOOL:${THALWEG_WERROR}>:-Werror>)
target_include_directories(thalweg_options INTERFACE "${PROJECT_SOURCE_DIR}")
if(THALWEG_SANITIZE)
  # Without -Wmaybe-uninitialized: with a sanitizer GCC sees through less and warns of what is set.
  target_compile_options(thalweg_options INTERFACE
    -fsanitize=${THALWEG_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g1
    -Wno-maybe-uninitialized)
  target_compile_definitions(thalweg_options INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(thalweg_options INTERFACE -fsanitize=${THALWEG_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_CUDA_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# thalweg_library(name SOURCES ... LIBS ...): a static library of the core or the app.
function(thalweg_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_LIBS} PRIVATE thalweg_options)
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
endfunction()
