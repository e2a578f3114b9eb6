# The bill of materials, kith.spdx.json: SPDX 2.3, the libraries of src/facts.cmake with the versions and licenses that this
# build found.  Its time is that of the commit, or SOURCE_DATE_EPOCH, so the same build makes the same bytes.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH} AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/.git)
  execute_process(COMMAND git -C ${CMAKE_CURRENT_SOURCE_DIR} log -1 --format=%ct OUTPUT_VARIABLE epoch
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(ENV{SOURCE_DATE_EPOCH} "${epoch}") # for string(TIMESTAMP), here and in src/package.cmake
  endif()
endif()
string(TIMESTAMP created "%Y-%m-%dT%H:%M:%SZ" UTC)

function(sbom_package out id name version license purl)
  set(found "NOASSERTION")
  if(version)
    set(found "${version}")
  endif()
  set(refs)
  if(purl)
    set(refs ",\n      \"externalRefs\": [{\"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\", \"referenceLocator\": \"${purl}\"}]")
  endif()
  set(${out} "    {\n      \"SPDXID\": \"SPDXRef-${id}\",\n      \"name\": \"${name}\",\n      \"versionInfo\": \"${found}\",
      \"downloadLocation\": \"NOASSERTION\",\n      \"filesAnalyzed\": false,\n      \"licenseConcluded\": \"NOASSERTION\",
      \"licenseDeclared\": \"${license}\",\n      \"copyrightText\": \"NOASSERTION\"${refs}\n    }" PARENT_SCOPE)
endfunction()

file(STRINGS /etc/os-release system REGEX "^(ID|VERSION_CODENAME)=")
string(REGEX REPLACE "\"" "" system "${system}")
set(distribution debian)
set(codename)
if("${system}" MATCHES "(^|;)ID=([a-z]+)")
  set(distribution ${CMAKE_MATCH_2})
endif()
if("${system}" MATCHES "VERSION_CODENAME=([a-z]+)")
  set(codename "?distro=${CMAKE_MATCH_1}")
endif()
sbom_package(packages kith Kith "${PROJECT_VERSION}" Apache-2.0 "")
set(relations "    {\"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", \"relatedSpdxElement\": \"SPDXRef-kith\"}")
foreach(id IN LISTS KITH_DEPENDENCIES)
  set(purl)
  if(KITH_${id}_PACKAGE MATCHES "^([^=]+)=(.+)$")
    set(deb ${CMAKE_MATCH_1})
    string(REPLACE "+" "%2B" number "${CMAKE_MATCH_2}")
    string(REPLACE ":" "%3A" number "${number}")
    set(purl "pkg:deb/${distribution}/${deb}@${number}${codename}")
  endif()
  sbom_package(package ${id} "${KITH_${id}_NAME}" "${KITH_${id}_VERSION}" "${KITH_${id}_LICENSE}" "${purl}")
  string(APPEND packages ",\n${package}")
  string(APPEND relations ",\n    {\"spdxElementId\": \"SPDXRef-kith\", \"relationshipType\": \"DEPENDS_ON\", \"relatedSpdxElement\": \"SPDXRef-${id}\"}")
endforeach()

# The license of HDF5 is a BSD license of its own words, which SPDX's list of licenses did not have in 2.3.
set(licenses "    {\"licenseId\": \"LicenseRef-HDF5\", \"name\": \"HDF5 license\", \"extractedText\": \"The file COPYING of HDF5: a license of the kind of BSD-3-Clause, with the names of the HDF Group and the University of Illinois.\"}")
string(SHA1 digest "${PROJECT_VERSION} ${created} ${packages}")
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/kith.spdx.json @ONLY CONTENT [[{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "kith-@PROJECT_VERSION@",
  "documentNamespace": "https://spdx.org/spdxdocs/kith-@PROJECT_VERSION@-@digest@",
  "creationInfo": {"created": "@created@", "creators": ["Organization: The Kith developers", "Tool: src/sbom.cmake"]},
  "packages": [
@packages@
  ],
  "hasExtractedLicensingInfos": [
@licenses@
  ],
  "relationships": [
@relations@
  ]
}
]])
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kith.spdx.json DESTINATION ${CMAKE_INSTALL_DATADIR}/kith COMPONENT program)
