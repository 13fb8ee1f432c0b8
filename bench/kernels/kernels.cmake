# Not a part of `all`: cmake --build --preset release --target kernel_bench
add_executable(kernel_bench EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/kernels/main.cpp)
target_link_libraries(kernel_bench PRIVATE quire_backend)
