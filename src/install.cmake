# What `cmake --install` installs: the program with its documents, man pages, completions, sample jobs, Slurm scripts and
# module file; the library, shared where it is built so, and always static; its headers; and what lets other projects find
# it, by CMake (find_package(kith)) and by pkg-config (kith.pc).  Components, which src/package.cmake makes packages of:
# program, library (what a linked program needs to run), development.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Installed files name each other by the way from one to the other, so that --prefix, DESTDIR and a moved folder change nothing.
foreach(folder BINDIR LIBDIR INCLUDEDIR DATADIR MANDIR DOCDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${folder}}")
    message(FATAL_ERROR "CMAKE_INSTALL_${folder} is ${CMAKE_INSTALL_${folder}}; expected a folder relative to the prefix, such as lib")
  endif()
endforeach()
function(kith_way out from to)
  file(RELATIVE_PATH way /prefix/${from} /prefix/${to})
  string(REGEX REPLACE "/$" "" way "${way}")
  set(${out} "${way}" PARENT_SCOPE)
endfunction()

# ---- the program ----
set(share ${CMAKE_INSTALL_DATADIR}/kith)
if(TARGET kith_program)
  install(TARGETS kith_program RUNTIME COMPONENT program)
endif()
install(DIRECTORY jobs/ DESTINATION ${share}/jobs COMPONENT program FILES_MATCHING PATTERN "*.yaml" PATTERN runs EXCLUDE)
install(DIRECTORY slurm/ DESTINATION ${share}/slurm COMPONENT program
        FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE
        FILES_MATCHING PATTERN "*.sbatch" PATTERN pipeline.sh PATTERN cluster EXCLUDE)

# environment.sh finds the program from where it lies.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS slurm/environment.sh)
kith_way(way ${share}/slurm ${CMAKE_INSTALL_BINDIR})
file(READ slurm/environment.sh script)
string(REPLACE "\"$here/../../../bin/kith\"" "\"$here/${way}/kith\"" installed "${script}")
if(NOT installed MATCHES "here/${way}/kith")
  message(FATAL_ERROR "slurm/environment.sh does not look for the program where it is installed; src/install.cmake knows the words")
endif()
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/installed/environment.sh "${installed}")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/installed/environment.sh DESTINATION ${share}/slurm COMPONENT program)

set(modules ${share}/modulefiles/kith)
kith_way(KITH_MODULE_PREFIX ${modules} .)
configure_file(src/kith.lua.in installed/${PROJECT_VERSION}.lua @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/installed/${PROJECT_VERSION}.lua DESTINATION ${modules} COMPONENT program)

# Documents keep their places beside each other, so their links hold.
install(FILES README.md CHANGELOG.md CONTRIBUTING.md CITATION.cff LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program
        PATTERN examples EXCLUDE PATTERN packaging EXCLUDE PATTERN __pycache__ EXCLUDE)
install(DIRECTORY docs/examples DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs COMPONENT development)

# ---- the library ----
install(TARGETS kith LIBRARY COMPONENT library NAMELINK_COMPONENT development ARCHIVE COMPONENT development)
if(BUILD_SHARED_LIBS)
  install(TARGETS kith_archive ARCHIVE COMPONENT development)
endif()
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

# Files and linker flags behind a list of libraries and targets.  MPI is left out: every program brings it by itself.
function(kith_link_line out)
  set(line)
  foreach(item IN LISTS ARGN)
    if(NOT TARGET ${item})
      if(NOT item MATCHES "\\$<")
        list(APPEND line ${item})
      endif()
      continue()
    elseif(item STREQUAL MPI::MPI_C)
      continue()
    endif()
    foreach(property IMPORTED_LOCATION IMPORTED_LOCATION_RELEASE IMPORTED_LOCATION_NOCONFIG)
      get_target_property(file ${item} ${property})
      if(file)
        list(APPEND line ${file})
        break()
      endif()
    endforeach()
    foreach(property INTERFACE_LINK_OPTIONS INTERFACE_LINK_LIBRARIES)
      get_target_property(more ${item} ${property})
      if(more)
        kith_link_line(more ${more})
        list(APPEND line ${more})
      endif()
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES line)
  set(${out} ${line} PARENT_SCOPE)
endfunction()

# A program that links the static library links what it stands on, too.
kith_link_line(kith_needs ${KITH_LIBRARIES})
set(kith_static_file ${CMAKE_STATIC_LIBRARY_PREFIX}kith${CMAKE_STATIC_LIBRARY_SUFFIX})
set(kith_shared_file)
if(BUILD_SHARED_LIBS)
  set(kith_shared_file ${CMAKE_SHARED_LIBRARY_PREFIX}kith${CMAKE_SHARED_LIBRARY_SUFFIX})
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/kith)
configure_package_config_file(src/kithConfig.cmake.in kithConfig.cmake INSTALL_DESTINATION ${package}
                              PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(kithConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kithConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/kithConfigVersion.cmake
        DESTINATION ${package} COMPONENT development)

set(kith_flags)
foreach(item IN LISTS kith_needs)
  if(item MATCHES "^[/-]")
    string(APPEND kith_flags " ${item}")
  else()
    string(APPEND kith_flags " -l${item}")
  endif()
endforeach()
set(kith_flags_public)
if(NOT BUILD_SHARED_LIBS)
  set(kith_flags_public "${kith_flags}")
  set(kith_flags)
endif()
kith_way(kith_prefix ${CMAKE_INSTALL_LIBDIR}/pkgconfig .)
configure_file(src/kith.pc.in kith.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kith.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
