# What find_package(hawser) and pkg-config need, and where it goes.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hawser)

install(
  TARGETS hawser
  EXPORT hawserTargets
  FILE_SET HEADERS)
install(EXPORT hawserTargets NAMESPACE hawser:: DESTINATION ${package_dir})

configure_package_config_file(cmake/hawserConfig.cmake.in ${PROJECT_BINARY_DIR}/hawserConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
# In 0.x the API may change with every minor version.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/hawserConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/hawserConfig.cmake ${PROJECT_BINARY_DIR}/hawserConfigVersion.cmake
        DESTINATION ${package_dir})

# pkg-config tells the prefix from where the .pc file lies, so that an install tree may be moved.
# Absolute folders stay as they are.
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  set(pc_prefix ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  set(pc_prefix "\${pcfiledir}/${pc_prefix}")
endif()
cmake_path(APPEND pc_libdir "\${prefix}" ${CMAKE_INSTALL_LIBDIR})
cmake_path(APPEND pc_includedir "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
# A static libhawser leaves it to the program to link what the library uses.
if(BUILD_SHARED_LIBS)
  set(pc_requires "")
  set(pc_requires_private "fmt")
else()
  set(pc_requires "fmt")
  set(pc_requires_private "")
endif()
set(pc_sanitize "")
if(HAWSER_SANITIZE)
  set(pc_sanitize " -fsanitize=${HAWSER_SANITIZE}")
endif()
configure_file(cmake/hawser.pc.in ${PROJECT_BINARY_DIR}/hawser.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/hawser.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
