# Run at every build: writes the commit of a git checkout as C, "" where there is none, and leaves the file alone where it says
# that already.  cmake -DSOURCE=FOLDER -DOUT=FILE -P commit.cmake
set(commit "")
if(EXISTS "${SOURCE}/.git") # not of a repository that an unpacked archive happens to lie in
  set(ENV{GIT_OPTIONAL_LOCKS} 0)
  execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty --exclude=* --abbrev=8 OUTPUT_VARIABLE commit
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    set(commit "")
  endif()
endif()
set(text "/* Made by src/cli/commit.cmake. */\n#include \"cli/start.h\"\n\nconst char cli_commit[] = \"${commit}\";\n")
if(EXISTS "${OUT}")
  file(READ "${OUT}" before)
endif()
if(NOT "${before}" STREQUAL "${text}")
  file(WRITE "${OUT}" "${text}")
endif()
