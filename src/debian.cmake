# Run by cpack between installing and packing: what Debian has otherwise than other systems.  Manual pages are compressed, and
# zsh looks for completions of packages in another folder.
file(GLOB_RECURSE pages "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*.[1-9]")
list(FILTER pages INCLUDE REGEX "/usr/share/man/man[1-9]/")
if(pages)
  execute_process(COMMAND gzip -9n ${pages} COMMAND_ERROR_IS_FATAL ANY)
endif()
file(GLOB folders "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/zsh/site-functions")
foreach(folder IN LISTS folders)
  get_filename_component(zsh ${folder} DIRECTORY)
  file(RENAME ${folder} ${zsh}/vendor-completions)
endforeach()
