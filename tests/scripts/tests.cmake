# ./run needs none of what only tests and benchmarks need: its preset looks for none of it, where all of it is broken.
set(half_there ${CMAKE_CURRENT_SOURCE_DIR}/scripts/half_there)
add_test(NAME scripts.run_configures_where_the_tests_packages_are_half_there
         COMMAND ${CMAKE_COMMAND} --fresh --preset program -B ${CMAKE_BINARY_DIR}/program_alone
                 -DGTest_DIR=${half_there} -Dbenchmark_DIR=${half_there}
         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(scripts.run_configures_where_the_tests_packages_are_half_there PROPERTIES TIMEOUT 60)
