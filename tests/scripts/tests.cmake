# ./run needs none of what only tests and benchmarks need: its preset looks for none of it, where all of it is broken.
set(half_there ${CMAKE_CURRENT_SOURCE_DIR}/scripts/half_there)
add_test(NAME scripts.run_configures_where_the_tests_packages_are_half_there
         COMMAND ${CMAKE_COMMAND} --fresh --preset program -B ${CMAKE_BINARY_DIR}/program_alone
                 -DGTest_DIR=${half_there} -Dbenchmark_DIR=${half_there}
         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(scripts.run_configures_where_the_tests_packages_are_half_there PROPERTIES TIMEOUT 60)

add_test(NAME scripts.a_skipped_test_has_its_reason_behind_its_name
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/scripts/skip_reasons_test.sh ${CMAKE_SOURCE_DIR}/tools/with_skip_reasons)
set_tests_properties(scripts.a_skipped_test_has_its_reason_behind_its_name PROPERTIES TIMEOUT 60)
