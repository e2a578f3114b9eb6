# Parallel HDF5, as the target kith_hdf5.  Debian and Ubuntu have it as the module hdf5-openmpi of pkg-config, for which no
# compiler wrapper is needed; everywhere else (Spack, Fedora and RHEL, conda, a build of one's own) CMake looks for it.
# -DHDF5_ROOT=FOLDER names one.
add_library(kith_hdf5 INTERFACE IMPORTED)
if(NOT HDF5_ROOT AND NOT DEFINED ENV{HDF5_ROOT})
  pkg_check_modules(HDF5_OPENMPI QUIET IMPORTED_TARGET hdf5-openmpi)
endif()
if(HDF5_OPENMPI_FOUND)
  target_link_libraries(kith_hdf5 INTERFACE PkgConfig::HDF5_OPENMPI)
else()
  set(HDF5_PREFER_PARALLEL ON)
  find_package(HDF5 1.10.2 COMPONENTS C)
  set(remedy "install libhdf5-openmpi-dev (Debian, Ubuntu), hdf5-openmpi-devel and `module load mpi/openmpi-x86_64` (Fedora, RHEL), "
      "hdf5+mpi (Spack) or hdf5=*=mpi_openmpi* (conda), or name its folder: -DHDF5_ROOT=FOLDER")
  string(REPLACE ";" "" remedy "${remedy}")
  if(NOT HDF5_FOUND)
    message(FATAL_ERROR "HDF5 of version 1.10.2 or later was not found: ${remedy}")
  endif()
  if(NOT HDF5_IS_PARALLEL)
    message(FATAL_ERROR "the HDF5 that was found is serial (${HDF5_INCLUDE_DIRS}), and Kith needs one built for MPI: ${remedy}")
  endif()
  target_link_libraries(kith_hdf5 INTERFACE HDF5::HDF5)
endif()
target_link_libraries(kith_hdf5 INTERFACE MPI::MPI_C)
