# cmake -DOUTPUT=own_poems.cpp -DFOLDER=poems -P embed_poems.cmake
# Writes the definition of ownPoems() (own_poems.h): every FOLDER/*.txt, the shortest first.

set(by_size "")
file(GLOB files ${FOLDER}/*.txt)
foreach(file IN LISTS files)
  file(SIZE ${file} size)
  list(APPEND by_size "${size} ${file}")
endforeach()
list(SORT by_size COMPARE NATURAL)

set(entries "")
foreach(line IN LISTS by_size)
  string(REGEX REPLACE "^[0-9]+ " "" file ${line})
  get_filename_component(name ${file} NAME_WE)
  # As numbers: whatever a poem consists of, nothing of it can end a literal.
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  string(APPEND entries "    {\"${name}\", \"${bytes}\"},\n")
endforeach()

file(WRITE ${OUTPUT} "// Made by embed_poems.cmake.
#include <poetry/own_poems.h>

namespace poetry {

const std::vector<Poem>& ownPoems() {
  static const std::vector<Poem> poems = {
${entries}  };
  return poems;
}

}  // namespace poetry
")
