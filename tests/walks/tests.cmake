# Constrained answers of a model with random weights, judged by Python's jsonschema.
add_executable(constrained_walks ${CMAKE_CURRENT_SOURCE_DIR}/walks/main.cpp)
target_link_libraries(constrained_walks PRIVATE quire_engine quire_test_support)
target_include_directories(constrained_walks PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(constrained_walks PRIVATE QUIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_compile_options(constrained_walks PRIVATE ${QUIRE_TEST_OPTIONS})
find_program(PYTHON_PROGRAM NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)  # Debian's, which has Debian's modules
if(PYTHON_PROGRAM)
  foreach(vocabulary models/stories260K vocabularies/llama-bpe)
    get_filename_component(name ${vocabulary} NAME)
    add_test(NAME walks.answers_keep_to_their_schemas.${name}
             COMMAND ${PYTHON_PROGRAM} ${CMAKE_CURRENT_SOURCE_DIR}/walks/validate.py $<TARGET_FILE:constrained_walks>
                     ${CMAKE_CURRENT_SOURCE_DIR}/data/${vocabulary}.gguf ${CMAKE_CURRENT_SOURCE_DIR}/walks/schemas.jsonl 50)
    set_tests_properties(walks.answers_keep_to_their_schemas.${name} PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77)
  endforeach()
endif()
