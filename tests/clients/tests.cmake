# npm's official clients talk to the server. Needs node and the packages of the lockfile (npm ci in tests/clients).
add_executable(clients_serve ${CMAKE_CURRENT_SOURCE_DIR}/clients/serve.cpp)
target_link_libraries(clients_serve PRIVATE quire_server)
target_include_directories(clients_serve PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
find_program(NODE_PROGRAM node)
# Those of Python's clients, and the AI SDK, that ./test could install: the probes of tools/peers/clients.
find_program(PYTHON_PROGRAM python3)
if(PYTHON_PROGRAM AND TARGET quire)
  add_test(NAME clients.probes COMMAND ${PYTHON_PROGRAM} -B probes_test.py
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/clients)
  set_tests_properties(clients.probes PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 ENVIRONMENT
    "QUIRE=$<TARGET_FILE:quire>")
endif()

if(NODE_PROGRAM AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/clients/node_modules/openai
   AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/clients/node_modules/@anthropic-ai)
  add_test(NAME clients.ollama_and_openai COMMAND ${NODE_PROGRAM} --test clients.test.mjs
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/clients)
  set_tests_properties(clients.ollama_and_openai PROPERTIES TIMEOUT 120 ENVIRONMENT
    "QUIRE_CLIENTS_SERVE=$<TARGET_FILE:clients_serve>;QUIRE_CLIENTS_MODEL=${CMAKE_CURRENT_SOURCE_DIR}/data/models/stories260K.gguf")
endif()
