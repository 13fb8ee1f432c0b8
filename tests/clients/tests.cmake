# npm's official clients talk to the server. Needs node and the packages of the lockfile (npm ci in tests/clients).
add_executable(clients_serve ${CMAKE_CURRENT_SOURCE_DIR}/clients/serve.cpp)
target_link_libraries(clients_serve PRIVATE quire_server)
target_include_directories(clients_serve PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
find_program(NODE_PROGRAM node)
if(NODE_PROGRAM AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/clients/node_modules/openai
   AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/clients/node_modules/@anthropic-ai)
  add_test(NAME clients.ollama_and_openai COMMAND ${NODE_PROGRAM} --test clients.test.mjs
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/clients)
  set_tests_properties(clients.ollama_and_openai PROPERTIES TIMEOUT 120 ENVIRONMENT
    "QUIRE_CLIENTS_SERVE=$<TARGET_FILE:clients_serve>;QUIRE_CLIENTS_MODEL=${CMAKE_CURRENT_SOURCE_DIR}/data/models/stories260K.gguf")
endif()
