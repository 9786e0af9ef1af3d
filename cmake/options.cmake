# What a person who builds Hawser may choose. Presets set these too (CMakePresets.json).

option(HAWSER_BUILD_APPS "Build the programs in apps/" ${PROJECT_IS_TOP_LEVEL})
option(HAWSER_BUILD_EXAMPLES "Build the programs in examples/" ${PROJECT_IS_TOP_LEVEL})
option(HAWSER_BUILD_TESTS "Build the tests (needs GoogleTest)" ${PROJECT_IS_TOP_LEVEL})
option(HAWSER_BUILD_BENCHMARKS "Build bench/ (needs Google Benchmark)" OFF)
option(HAWSER_INSTALL "Make the install rules" ${PROJECT_IS_TOP_LEVEL})
option(HAWSER_WERROR "Treat warnings as errors" OFF)
option(BUILD_SHARED_LIBS "Build libhawser as a shared library" OFF)

set(HAWSER_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=: empty, address,undefined or thread")

# A pool hands a freed block out again, which hides the mistakes that sanitizers look for.
if(HAWSER_SANITIZE)
  set(_hawser_pool_default OFF)
else()
  set(_hawser_pool_default ON)
endif()
option(HAWSER_POOL "Take the small blocks of chains from a pool" ${_hawser_pool_default})
unset(_hawser_pool_default)

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
