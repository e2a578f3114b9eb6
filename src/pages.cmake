# Manual pages and completions of shells, which the program prints from its own tables: made at build time by the program
# itself, and installed with it.  Not where the program cannot run here.
if(NOT TARGET kith_program OR CMAKE_CROSSCOMPILING OR KITH_SANITIZE)
  return()
endif()
set(pages ${CMAKE_CURRENT_BINARY_DIR}/pages)
add_custom_command(OUTPUT ${pages}/done DEPENDS kith_program src/pages.sh VERBATIM
                   COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/src/pages.sh $<TARGET_FILE:kith_program> ${pages})
add_custom_target(kith_pages ALL DEPENDS ${pages}/done)
install(DIRECTORY ${pages}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT program)
install(FILES ${pages}/kith.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME kith COMPONENT program)
install(FILES ${pages}/kith.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _kith COMPONENT program)
install(FILES ${pages}/kith.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)
