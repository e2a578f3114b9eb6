# The source archive of a release:  cmake --build build --target dist  makes BUILD/dist/kith-VERSION.tar.gz, its SHA-256, the
# SBOM, and the recipes of docs/packaging with both filled in.  It packs the commit that is checked out, nothing else: the same
# commit gives the same bytes.  cmake -DSOURCE=… -DBUILD=… -DVERSION=… [-DURL=…] -P dist.cmake
if(NOT EXISTS "${SOURCE}/.git")
  message(FATAL_ERROR "dist: ${SOURCE} is no checkout of git, and the archive is made of a commit")
endif()
execute_process(COMMAND git -C "${SOURCE}" status --porcelain OUTPUT_VARIABLE changed COMMAND_ERROR_IS_FATAL ANY)
if(changed)
  string(REGEX REPLACE "\n.*" "" changed "${changed}")
  message(FATAL_ERROR "dist: the checkout has changes that no commit has (${changed} …): commit them or set them aside")
endif()

set(name kith-${VERSION})
set(out ${BUILD}/dist)
file(REMOVE_RECURSE ${out})
file(MAKE_DIRECTORY ${out})
# Times are those of the commit; modes and line ends are not those of the user's settings.
execute_process(COMMAND git -C "${SOURCE}" -c tar.umask=0022 -c core.autocrlf=false -c core.eol=lf archive --format=tar --prefix=${name}/ HEAD
                COMMAND gzip -9n OUTPUT_FILE ${out}/${name}.tar.gz COMMAND_ERROR_IS_FATAL ANY)
file(SHA256 ${out}/${name}.tar.gz SHA256)
file(WRITE ${out}/${name}.tar.gz.sha256 "${SHA256}  ${name}.tar.gz\n")
file(COPY_FILE ${BUILD}/kith.spdx.json ${out}/${name}.spdx.json)
if(NOT URL)
  set(URL file://${out}/${name}.tar.gz)
endif()
configure_file(${SOURCE}/docs/packaging/package.py ${out}/spack/packages/kith/package.py @ONLY)
configure_file(${SOURCE}/docs/packaging/meta.yaml ${out}/conda/meta.yaml @ONLY)
configure_file(${SOURCE}/docs/packaging/kith.def ${out}/apptainer/kith.def @ONLY)
message(STATUS "${out}/${name}.tar.gz  sha256 ${SHA256}")
