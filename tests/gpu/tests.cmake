# The kernels of a GPU on fibers, beside the scalar table. Without ThreadSanitizer, which would have to be told of each
# switch, and would find nothing: all fibers are one thread.
if(NOT QUIRE_SANITIZE STREQUAL "thread")
  file(GLOB gpu_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/gpu/*.cpp)
  add_executable(test_gpu ${gpu_sources} ${CMAKE_CURRENT_SOURCE_DIR}/kernels/weights.cpp)
  target_link_libraries(test_gpu PRIVATE quire_backend ${QUIRE_TEST_LIBRARIES})
  target_include_directories(test_gpu PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(test_gpu PRIVATE QUIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_compile_options(test_gpu PRIVATE ${QUIRE_TEST_OPTIONS_COMPUTING})
  target_precompile_headers(test_gpu REUSE_FROM test_tensor)
  quire_discover(test_gpu gpu. 1 0)
endif()
