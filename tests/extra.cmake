# Tests that are not one layer's: of the tree itself, and of whole programs. Each folder says how its own are run.
foreach(folder tree gpu gpu/backend gpu/vulkan registry faults clients page programs scripts walks deploy scripted)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/tests.cmake)
    include(${folder}/tests.cmake)
  endif()
endforeach()
