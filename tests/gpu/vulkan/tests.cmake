# The GPU's backend on Vulkan, by Mesa's lavapipe where it is installed: the tests of gpu/backend that are of any GPU, and
# those of what is Vulkan's own.
if(QUIRE_VULKAN)
  set(gpu_folder ${CMAKE_CURRENT_SOURCE_DIR}/gpu)
  # A libvulkan.so.1 whose calls fail when it is told to.
  add_library(quire_faulty_vulkan MODULE ${gpu_folder}/vulkan_faults/faulty_vulkan.cpp)
  target_link_libraries(quire_faulty_vulkan PRIVATE quire_flags ${CMAKE_DL_LIBS})
  target_include_directories(quire_faulty_vulkan PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_options(quire_faulty_vulkan PRIVATE ${QUIRE_TEST_OPTIONS} -fno-gnu-unique)
  set_target_properties(quire_faulty_vulkan PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

  file(GLOB vulkan_sources CONFIGURE_DEPENDS ${gpu_folder}/vulkan/*.cpp)
  add_executable(test_vulkan ${vulkan_sources} ${QUIRE_ANY_GPU_TESTS})
  target_link_libraries(test_vulkan PRIVATE quire_engine quire_test_support ${QUIRE_TEST_LIBRARIES})
  target_include_directories(test_vulkan PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(test_vulkan PRIVATE QUIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                             QUIRE_FAULTY_VULKAN="$<TARGET_FILE:quire_faulty_vulkan>")
  add_dependencies(test_vulkan quire_faulty_vulkan)
  target_compile_options(test_vulkan PRIVATE ${QUIRE_TEST_OPTIONS_COMPUTING})
  target_precompile_headers(test_vulkan REUSE_FROM test_tensor)
  # Two processes, not one a test: each compiles the shaders that it uses.
  set(models "GpuSequences.*:GpuModels.*:*GpuFamilies.*:GpuEngine.*:VulkanEngine.*")
  set(operations "-${models}")
  foreach(part operations models)
    add_test(NAME vulkan.${part} COMMAND test_vulkan --gtest_filter=${${part}})
    set_tests_properties(vulkan.${part} PROPERTIES TIMEOUT ${QUIRE_TEST_SECONDS_MAX} COST 1
                         SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]" FAIL_REGULAR_EXPRESSION "Running 0 tests")
  endforeach()
endif()
