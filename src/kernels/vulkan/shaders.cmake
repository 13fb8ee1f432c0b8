# The kernels of a GPU that Vulkan drives, as SPIR-V, which are a part of the program: each shader once with the device's
# fma and once with one made in f64.
if(QUIRE_SANITIZE)
  return()  # which have not been tried beside a driver's own threads
endif()
find_program(QUIRE_GLSLC glslc)
find_path(QUIRE_VULKAN_HEADERS vulkan/vulkan_core.h)
set(QUIRE_VULKAN OFF)
if(NOT QUIRE_GLSLC OR NOT QUIRE_VULKAN_HEADERS)
  message(STATUS "No glslc or no headers of Vulkan: the program is built without Vulkan's kernels")
  return()
endif()
set(QUIRE_VULKAN ON)

set(shader_folder ${CMAKE_BINARY_DIR}/vulkan)
file(MAKE_DIRECTORY ${shader_folder})
file(GLOB shader_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/kernels/vulkan/*.comp)
set(shader_files "")
set(shader_rows "")
foreach(source IN LISTS shader_sources)
  get_filename_component(name ${source} NAME_WE)
  foreach(form fused f64)
    set(binary ${shader_folder}/${name}_${form}.spv)
    set(define "")
    if(form STREQUAL "f64")
      set(define -DQUIRE_FMA_BY_F64)
    endif()
    add_custom_command(
      OUTPUT ${binary}
      COMMAND ${QUIRE_GLSLC} -O --target-env=vulkan1.2 ${define} -MD -MF ${binary}.d -MT ${binary} -o ${binary} ${source}
      DEPENDS ${source}
      DEPFILE ${binary}.d
      COMMENT "Compiling the shader ${name} (${form})"
      VERBATIM)
    list(APPEND shader_files ${binary})
  endforeach()
  string(APPEND shader_rows "QUIRE_SHADER(${name}, \"${shader_folder}/${name}_fused.spv\", \"${shader_folder}/${name}_f64.spv\")\n")
endforeach()
file(CONFIGURE OUTPUT ${shader_folder}/shaders.inc CONTENT "${shader_rows}" @ONLY)
add_custom_target(quire_vulkan_shaders DEPENDS ${shader_files})
add_dependencies(quire_kernels quire_vulkan_shaders)
set_source_files_properties(src/kernels/vulkan/shaders.cpp PROPERTIES COMPILE_DEFINITIONS "QUIRE_SHADERS=\"${shader_folder}/shaders.inc\""
                            OBJECT_DEPENDS "${shader_files}")
