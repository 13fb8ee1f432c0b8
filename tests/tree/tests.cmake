# The rules of the source tree: include edges, sizes, where a lock may be. Needs no layer, so it builds first and fast.
file(GLOB tree_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tree/*.cpp)
add_executable(test_tree ${tree_sources})
target_link_libraries(test_tree PRIVATE ${QUIRE_TEST_LIBRARIES} fmt::fmt)
target_include_directories(test_tree PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(test_tree PRIVATE QUIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
gtest_discover_tests(test_tree TEST_PREFIX tree. PROPERTIES TIMEOUT 60)
