# A program of its own: it replaces operator new and some functions of the system for all of itself. Not with a
# sanitizer, whose run-time replaces the same ones: which of the two is called first is nobody's promise.
if(NOT QUIRE_SANITIZE)
  file(GLOB fault_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/faults/*.cpp)
  add_executable(test_faults ${fault_sources} support/random_model.cpp support/random_blocks.cpp)
  target_link_libraries(test_faults PRIVATE quire_server ${QUIRE_TEST_LIBRARIES} ${CMAKE_DL_LIBS})
  target_include_directories(test_faults PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_options(test_faults PRIVATE ${QUIRE_TEST_OPTIONS})
  gtest_discover_tests(test_faults TEST_PREFIX faults. PROPERTIES TIMEOUT 200)
endif()
