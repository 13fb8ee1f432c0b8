# Not a part of `all`: cmake --build --preset release --target accuracy_bench
add_executable(accuracy_bench EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/accuracy/main.cpp)
target_link_libraries(accuracy_bench PRIVATE quire_model quire_test_support)
