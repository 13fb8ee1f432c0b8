# Tests of the backend that are of any GPU.
set(QUIRE_ANY_GPU_TESTS ${CMAKE_CURRENT_SOURCE_DIR}/gpu/backend/answers_test.cpp ${CMAKE_CURRENT_SOURCE_DIR}/gpu/backend/models_test.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/gpu/backend/operations_test.cpp ${CMAKE_CURRENT_SOURCE_DIR}/gpu/backend/sequences_test.cpp)
# The GPU's backend without a GPU: the same code that calls libcuda.so.1 calls a library that runs the kernels on fibers.
# Not under sanitizers, which have not been tried with a driver whose memory nobody may touch.
if(NOT QUIRE_SANITIZE)
  set(gpu_folder ${CMAKE_CURRENT_SOURCE_DIR}/gpu)
  # A library as a driver is one: only the functions that are called are seen, so that nothing of it is mistaken for the
  # program's own.
  add_library(quire_stand_in_cuda MODULE ${gpu_folder}/stand_in/stand_in.cpp ${gpu_folder}/stand_in/device_memory.cpp
              ${gpu_folder}/machine.cpp ${gpu_folder}/fiber.cpp ${CMAKE_SOURCE_DIR}/src/base/check.cpp)
  target_link_libraries(quire_stand_in_cuda PRIVATE quire_flags fmt::fmt)
  target_include_directories(quire_stand_in_cuda PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_options(quire_stand_in_cuda PRIVATE ${QUIRE_TEST_OPTIONS_COMPUTING} -fno-gnu-unique)
  target_link_options(quire_stand_in_cuda PRIVATE -Wl,--no-undefined)
  set_target_properties(quire_stand_in_cuda PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                                                       VISIBILITY_INLINES_HIDDEN ON)

  file(GLOB gpu_backend_sources CONFIGURE_DEPENDS ${gpu_folder}/backend/*.cpp)
  add_executable(test_gpu_backend ${gpu_backend_sources})
  add_dependencies(test_gpu_backend quire_stand_in_cuda quire)
  target_link_libraries(test_gpu_backend PRIVATE quire_engine quire_test_support ${QUIRE_TEST_LIBRARIES} ${CMAKE_DL_LIBS})
  target_include_directories(test_gpu_backend PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(test_gpu_backend PRIVATE QUIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                             QUIRE_STAND_IN_CUDA="$<TARGET_FILE:quire_stand_in_cuda>")
  target_compile_options(test_gpu_backend PRIVATE ${QUIRE_TEST_OPTIONS_COMPUTING})
  target_precompile_headers(test_gpu_backend REUSE_FROM test_tensor)
  quire_discover(test_gpu_backend gpu_backend. 1 0)
endif()
