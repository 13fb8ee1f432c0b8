# A model that writes what a script says, behind the server as it ships: conversations in each dialect, and a program that
# serves one to whole agents (tools/peers/agents).
add_library(quire_scripted STATIC scripted/families.cpp scripted/script.cpp scripted/scripted_runner.cpp
            scripted/scripted_writer.cpp)
target_link_libraries(quire_scripted PUBLIC quire_server nlohmann_json::nlohmann_json)
target_include_directories(quire_scripted PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
add_executable(scripted_serve scripted/serve.cpp)
target_link_libraries(scripted_serve PRIVATE quire_scripted)
target_compile_definitions(scripted_serve PRIVATE QUIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")

file(GLOB scripted_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/scripted/*_test.cpp)
add_executable(test_scripted ${scripted_tests} scripted/chat.cpp)
target_link_libraries(test_scripted PRIVATE quire_scripted ${QUIRE_TEST_LIBRARIES})
target_include_directories(test_scripted PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(test_scripted PRIVATE QUIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
foreach(target quire_scripted scripted_serve test_scripted)
  target_compile_options(${target} PRIVATE ${QUIRE_TEST_OPTIONS})
endforeach()
quire_discover(test_scripted scripted. 1 0)
