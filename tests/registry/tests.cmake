# Pulls and pushes against Debian's docker-registry, which tools/install --tests fetches. What a kill test kills is a
# program of its own.
add_executable(pull_once ${CMAKE_SOURCE_DIR}/bench/pull/pull_once.cpp)
target_link_libraries(pull_once PRIVATE quire_store)
add_library(quire_registry ALIAS quire_store)
quire_tests(registry OpenSSL::SSL)
target_compile_definitions(test_registry PRIVATE QUIRE_PULL_ONCE="$<TARGET_FILE:pull_once>")
add_dependencies(test_registry pull_once)
