# Not a part of `all`: cmake --build --preset release --target serve_overhead
add_executable(serve_overhead EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/serve_overhead/main.cpp)
target_link_libraries(serve_overhead PRIVATE quire_load)
target_include_directories(serve_overhead PRIVATE ${CMAKE_SOURCE_DIR}/tests)
