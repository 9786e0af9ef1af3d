# Compiler settings for everything that is built here; nothing in this file reaches who links Hawser.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "Hawser needs GCC 12 or newer; this is GCC ${CMAKE_CXX_COMPILER_VERSION}.")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  message(FATAL_ERROR "Hawser needs Clang 16 or newer; this is Clang ${CMAKE_CXX_COMPILER_VERSION}.")
endif()

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(HAWSER_CCACHE ccache)
    if(HAWSER_CCACHE)
      set(CMAKE_CXX_COMPILER_LAUNCHER ${HAWSER_CCACHE})
    endif()
  endif()
endif()

# hawser_target(target): the language level and the warnings of a target of this project.
function(hawser_target target)
  set_target_properties(${target} PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  target_compile_options(
    ${target}
    PRIVATE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            -Woverloaded-virtual
            -Wold-style-cast
            -Wextra-semi)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # False alarms inside std::string and std::optional when GCC 12 inlines them (GCC bugs 105329, 105651
    # and 80635).
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds
                                             -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
  if(HAWSER_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
