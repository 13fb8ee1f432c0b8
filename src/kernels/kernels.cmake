# One folder an instruction set; its flags are on its leaf files only.
function(quire_isa folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/kernels/${folder}/*.cpp)
  if(sources)
    set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "${ARGN}")
  endif()
endfunction()
# Of another architecture: not compiled.
function(quire_foreign)
  foreach(pattern IN LISTS ARGN)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/kernels/${pattern})
    if(sources)
      set_source_files_properties(${sources} PROPERTIES HEADER_FILE_ONLY ON)
    endif()
  endforeach()
endfunction()

# Sanitizers make the unrolled bodies so large that -O3 takes minutes a file; bits do not depend on it. (Checks of addresses
# that are calls would halve that, and make the kernels several times slower.)
set(QUIRE_LEAF_FLAGS -O3)
if(QUIRE_SANITIZE)
  set(QUIRE_LEAF_FLAGS -O1)
endif()
# Both passes of gcc make all products of a tile before they add them up: many times its registers.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND QUIRE_LEAF_FLAGS -fno-tree-reassoc -fno-tree-ter)
endif()

# Instructions that this machine lacks are compiled for completeness: their files, the dearest of a build with a sanitizer,
# are not watched.
set(QUIRE_MACHINE_FLAGS "")
if(QUIRE_SANITIZE AND EXISTS /proc/cpuinfo)
  file(STRINGS /proc/cpuinfo QUIRE_MACHINE_FLAGS REGEX "^flags" LIMIT_COUNT 1)
endif()
function(quire_x86_isa folder instructions)
  set(flags ${ARGN})
  if(QUIRE_MACHINE_FLAGS AND NOT QUIRE_MACHINE_FLAGS MATCHES " ${instructions}( |$)")
    list(APPEND flags -fno-sanitize=all)
  endif()
  quire_isa(${folder} ${flags})
endfunction()

quire_isa(scalar -O2)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  quire_foreign(avx*/*.cpp amx/*.cpp tables_x86.cpp)
  # Before it gives out registers gcc 12 moves loads to the front, more than there are registers for: 3.2 instructions a
  # product of Q4_0 become 2.5 without.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND QUIRE_LEAF_FLAGS -fno-schedule-insns)
  endif()
  quire_isa(neon ${QUIRE_LEAF_FLAGS} -march=armv8.2-a+dotprod)
  quire_isa(neon_i8mm ${QUIRE_LEAF_FLAGS} -march=armv8.2-a+dotprod+i8mm)
else()
  quire_foreign(neon*/*.cpp tables_arm.cpp)
  set(QUIRE_AVX2_FLAGS ${QUIRE_LEAF_FLAGS} -mavx2 -mfma -mf16c)
  set(QUIRE_AVX512_FLAGS ${QUIRE_AVX2_FLAGS} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512)
  # gcc 12's AVX-512 header trips these warnings by itself (its bug 105593).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND QUIRE_AVX512_FLAGS -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
  quire_x86_isa(avx2 avx2 ${QUIRE_AVX2_FLAGS})
  quire_x86_isa(avx2_vnni avx_vnni ${QUIRE_AVX2_FLAGS} -mavxvnni)
  quire_x86_isa(avx512 avx512f ${QUIRE_AVX512_FLAGS})
  quire_x86_isa(avx512_vnni avx512_vnni ${QUIRE_AVX512_FLAGS} -mavx512vnni)
  quire_x86_isa(avx512_bf16 avx512_bf16 ${QUIRE_AVX512_FLAGS} -mavx512bf16)
  quire_x86_isa(amx amx_int8 ${QUIRE_AVX512_FLAGS} -mavx512bf16)  # tiles.h needs no flag
endif()
