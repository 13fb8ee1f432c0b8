# Makes the files of src/server/page part of the program: page_files.cpp holds their bytes.
# As a script (cmake -P) it writes that file; included, it says how it is made.
if(CMAKE_SCRIPT_MODE_FILE)
  set(table "")
  set(text "// Written by page.cmake.\n#include <array>\n\n#include \"server/page/page.h\"\n\nnamespace quire::server {\nnamespace {\n\n")
  file(GLOB paths ${PAGE_FOLDER}/*.html ${PAGE_FOLDER}/*.css ${PAGE_FOLDER}/*.js ${PAGE_FOLDER}/*.svg)
  foreach(path ${paths})
    get_filename_component(name ${path} NAME)
    string(MAKE_C_IDENTIFIER ${name} identifier)
    file(SHA256 ${path} sha256)
    file(READ ${path} hex HEX)
    file(SIZE ${path} size)
    string(REGEX REPLACE "(................................)" "\\1\"\n    \"" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${hex}")
    string(APPEND text "constexpr char ${identifier}[] =\n    \"${bytes}\";\n\n")
    string(APPEND table "    PageFile{\"${name}\", {${identifier}, ${size}}, \"${sha256}\"},\n")
  endforeach()
  string(APPEND text "constexpr std::array files{\n${table}};\n\n}  // namespace\n\n"
    "std::span<const PageFile> page_files() { return files; }\n\n}  // namespace quire::server\n")
  file(WRITE ${PAGE_OUTPUT} "${text}")
  return()
endif()

set(page_folder ${CMAKE_SOURCE_DIR}/src/server/page)
set(page_output ${CMAKE_BINARY_DIR}/page_files.cpp)
file(GLOB page_sources CONFIGURE_DEPENDS ${page_folder}/*.html ${page_folder}/*.css ${page_folder}/*.js ${page_folder}/*.svg)
add_custom_command(OUTPUT ${page_output}
  COMMAND ${CMAKE_COMMAND} -DPAGE_FOLDER=${page_folder} -DPAGE_OUTPUT=${page_output} -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${page_sources} ${CMAKE_CURRENT_LIST_FILE} VERBATIM)
target_sources(quire_server PRIVATE ${page_output})
