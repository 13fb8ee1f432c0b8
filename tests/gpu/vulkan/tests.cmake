# The GPU's backend on Vulkan, by Mesa's lavapipe where it is installed: the tests of gpu/backend that are of any GPU, and
# those of what is Vulkan's own.
if(QUIRE_VULKAN)
  set(gpu_folder ${CMAKE_CURRENT_SOURCE_DIR}/gpu)
  file(GLOB vulkan_sources CONFIGURE_DEPENDS ${gpu_folder}/vulkan/*.cpp)
  add_executable(test_vulkan ${vulkan_sources} ${QUIRE_ANY_GPU_TESTS})
  target_link_libraries(test_vulkan PRIVATE quire_engine quire_test_support ${QUIRE_TEST_LIBRARIES})
  target_include_directories(test_vulkan PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(test_vulkan PRIVATE QUIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_compile_options(test_vulkan PRIVATE ${QUIRE_TEST_OPTIONS_COMPUTING})
  target_precompile_headers(test_vulkan REUSE_FROM test_tensor)
  # Three processes, not one a test: each compiles the shaders that it uses.
  set(sequences "GpuSequences.*")
  set(models "GpuModels.*:*GpuFamilies.*:GpuEngine.*")
  set(operations "-${sequences}:${models}")
  foreach(part operations sequences models)
    add_test(NAME vulkan.${part} COMMAND test_vulkan --gtest_filter=${${part}})
    set_tests_properties(vulkan.${part} PROPERTIES TIMEOUT ${QUIRE_TEST_SECONDS_MAX} COST 1
                         SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]" FAIL_REGULAR_EXPRESSION "Running 0 tests")
  endforeach()
endif()
