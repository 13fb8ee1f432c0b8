# The kernels of a GPU that Vulkan drives, as SPIR-V, which are a part of the program: each shader once with the device's fma
# and once with one made in f64; and the backend's files that need Vulkan's headers.
set(QUIRE_VULKAN OFF)
find_program(QUIRE_GLSLC glslc)
find_path(QUIRE_VULKAN_HEADERS vulkan/vulkan_core.h)
if(QUIRE_SANITIZE)
  # They have not been tried beside a driver's own threads.
elseif(QUIRE_GLSLC AND QUIRE_VULKAN_HEADERS)
  set(QUIRE_VULKAN ON)
else()
  message(STATUS "No glslc or no headers of Vulkan: the program is built without Vulkan's kernels")
endif()

# Of the backend either what drives Vulkan is compiled or what says that there is none.
file(GLOB vulkan_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/backend/gpu/vulkan/*.cpp)
set(without_vulkan ${CMAKE_SOURCE_DIR}/src/backend/gpu/vulkan/without_vulkan.cpp)
list(REMOVE_ITEM vulkan_files ${without_vulkan})
if(NOT QUIRE_VULKAN)
  set_source_files_properties(${vulkan_files} PROPERTIES HEADER_FILE_ONLY ON)
  return()
endif()
set_source_files_properties(${without_vulkan} PROPERTIES HEADER_FILE_ONLY ON)

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
    # Not optimized, which drivers do: of a loop that it unrolls glslc's optimizer forgets what must not be fused.
    add_custom_command(
      OUTPUT ${binary}
      COMMAND ${QUIRE_GLSLC} -O0 --target-env=vulkan1.2 ${define} -MD -MF ${binary}.d -MT ${binary} -o ${binary}
              ${source}
      DEPENDS ${source}
      DEPFILE ${binary}.d
      COMMENT "Compiling the shader ${name} (${form})"
      VERBATIM)
    list(APPEND shader_files ${binary})
  endforeach()
  set(binaries "\"${shader_folder}/${name}_fused.spv\", \"${shader_folder}/${name}_f64.spv\"")
  string(APPEND shader_rows "QUIRE_SHADER(${name}, ${binaries})\n")
endforeach()
file(CONFIGURE OUTPUT ${shader_folder}/shaders.inc CONTENT "${shader_rows}" @ONLY)
add_custom_target(quire_vulkan_shaders DEPENDS ${shader_files})
add_dependencies(quire_kernels quire_vulkan_shaders)
set_source_files_properties(
  src/kernels/vulkan/shaders.cpp PROPERTIES COMPILE_DEFINITIONS "QUIRE_SHADERS=\"${shader_folder}/shaders.inc\""
                                            OBJECT_DEPENDS "${shader_files}")
