# The kernels of a GPU as PTX, which are a part of the program. clang makes it; nothing of NVIDIA's is needed.
if(QUIRE_SANITIZE)
  return()  # which watch the text that fibers run
endif()
find_program(QUIRE_CLANG_CUDA clang++-19)
if(NOT QUIRE_CLANG_CUDA)
  message(STATUS "No clang++-19: the program is built without the kernels of a GPU")
  return()
endif()

execute_process(COMMAND ${QUIRE_CLANG_CUDA} -dumpversion OUTPUT_VARIABLE gpu_compiler OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REGEX REPLACE "^([0-9]+\\.[0-9]+).*" "\\1" QUIRE_GPU_COMPILER "${gpu_compiler}")  # what tests expect counts of
set(QUIRE_GPU_MODULES ${CMAKE_BINARY_DIR}/gpu)
file(MAKE_DIRECTORY ${QUIRE_GPU_MODULES})
set(gpu_source ${CMAKE_SOURCE_DIR}/src/kernels/gpu/module.cu)
set(gpu_texts "")
foreach(architecture 75 80)
  set(text ${QUIRE_GPU_MODULES}/module_${architecture}.ptx)
  add_custom_command(
    OUTPUT ${text}
    # -O3 as bits do not depend on it, and every call is made a part of its kernel; no flag that lets the compiler flush,
    # approximate or fuse.
    COMMAND ${QUIRE_CLANG_CUDA} -x cuda -std=c++23 -nocudainc -nocudalib --cuda-gpu-arch=sm_${architecture}
            --cuda-device-only -O3 -mllvm -inline-threshold=100000 -ffp-contract=off -Wall -Wextra -Wno-unused-function
            -I${CMAKE_SOURCE_DIR}/src -MD -MF ${text}.d -MT ${text} -S -o ${text} ${gpu_source}
    DEPENDS ${gpu_source}
    DEPFILE ${text}.d
    COMMENT "Compiling the kernels of a GPU for compute capability ${architecture}"
    VERBATIM)
  list(APPEND gpu_texts ${text})
endforeach()
add_custom_target(quire_gpu_module DEPENDS ${gpu_texts})
add_dependencies(quire_kernels quire_gpu_module)
set_source_files_properties(src/kernels/gpu/module.cpp PROPERTIES COMPILE_DEFINITIONS "QUIRE_GPU_MODULES=\"${QUIRE_GPU_MODULES}\""
                            OBJECT_DEPENDS "${gpu_texts}")
