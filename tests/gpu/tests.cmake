# The kernels of a GPU on fibers, beside the scalar table. Without ThreadSanitizer, which would have to be told of each
# switch, and would find nothing: all fibers are one thread.
if(NOT QUIRE_SANITIZE STREQUAL "thread")
  file(GLOB gpu_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/gpu/*.cpp)
  add_executable(test_gpu ${gpu_sources} ${CMAKE_CURRENT_SOURCE_DIR}/kernels/weights.cpp)
  target_link_libraries(test_gpu PRIVATE quire_backend ${QUIRE_TEST_LIBRARIES})
  target_include_directories(test_gpu PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(test_gpu PRIVATE QUIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                             QUIRE_GPU_COMPILER="${QUIRE_GPU_COMPILER}")
  target_compile_options(test_gpu PRIVATE ${QUIRE_TEST_OPTIONS_COMPUTING})
  target_precompile_headers(test_gpu REUSE_FROM test_tensor)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT QUIRE_SANITIZE)
    # Files that kernels are made in have their accesses announced (gpu/accesses.cpp).
    set(with_kernels ${gpu_sources})
    list(FILTER with_kernels INCLUDE REGEX "(_cases|_launch|_problem)\\.cpp$")
    set_source_files_properties(${with_kernels} PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS
                                "-g1;-fsanitize=thread;--param=tsan-instrument-func-entry-exit=0")
    # What accesses are announced to is most of the tests' time.
    set_source_files_properties(gpu/machine.cpp gpu/race_detector.cpp PROPERTIES COMPILE_OPTIONS -O2)
    target_compile_definitions(test_gpu PRIVATE QUIRE_ANNOUNCES_ACCESSES)
  else()
    set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/gpu/accesses.cpp PROPERTIES HEADER_FILE_ONLY ON)
  endif()
  if(QUIRE_SANITIZE)
    set_target_properties(test_gpu PROPERTIES EXCLUDE_FROM_ALL ON)  # two minutes: by hand (docs/testing.md)
  else()
    quire_discover(test_gpu gpu. 1 0)
  endif()
endif()
