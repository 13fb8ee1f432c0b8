# One folder an instruction set; its flags are on its leaf files only.
function(quire_isa folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/kernels/${folder}/*.cpp)
  if(sources)
    set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "${ARGN}")
  endif()
endfunction()
set(QUIRE_AVX2_FLAGS -mavx2 -mfma -mf16c)
# Both passes of gcc make all products of a tile before they add them up: many times its registers.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND QUIRE_AVX2_FLAGS -fno-tree-reassoc -fno-tree-ter)
endif()
set(QUIRE_AVX512_FLAGS ${QUIRE_AVX2_FLAGS} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512)
# gcc 12's AVX-512 header trips these warnings by itself (its bug 105593).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND QUIRE_AVX512_FLAGS -Wno-uninitialized -Wno-maybe-uninitialized)
endif()
# Sanitizers make the unrolled bodies so large that -O3 takes minutes a file; bits do not depend on it.
set(QUIRE_LEAF_OPTIMIZATION -O3)
if(QUIRE_SANITIZE)
  set(QUIRE_LEAF_OPTIMIZATION -O1)
endif()
quire_isa(scalar -O2)
quire_isa(avx2 ${QUIRE_LEAF_OPTIMIZATION} ${QUIRE_AVX2_FLAGS})
quire_isa(avx2_vnni ${QUIRE_LEAF_OPTIMIZATION} ${QUIRE_AVX2_FLAGS} -mavxvnni)
quire_isa(avx512 ${QUIRE_LEAF_OPTIMIZATION} ${QUIRE_AVX512_FLAGS})
quire_isa(avx512_vnni ${QUIRE_LEAF_OPTIMIZATION} ${QUIRE_AVX512_FLAGS} -mavx512vnni)
quire_isa(avx512_bf16 ${QUIRE_LEAF_OPTIMIZATION} ${QUIRE_AVX512_FLAGS} -mavx512bf16)
quire_isa(amx ${QUIRE_LEAF_OPTIMIZATION} ${QUIRE_AVX512_FLAGS} -mavx512bf16)  # tiles.h needs no flag
