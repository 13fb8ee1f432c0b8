# What lies in deploy/ against Prometheus' own checker. tools/install --tests brings promtool to build/tools where the
# machine has none.
find_program(PROMTOOL_PROGRAM promtool HINTS ${CMAKE_SOURCE_DIR}/build/tools)
if(PROMTOOL_PROGRAM)
  add_test(NAME deploy.prometheus_takes_the_configuration
           COMMAND ${PROMTOOL_PROGRAM} check config ${CMAKE_SOURCE_DIR}/deploy/prometheus.yml)
  add_test(NAME deploy.each_alert_fires_when_it_should
           COMMAND ${PROMTOOL_PROGRAM} test rules ${CMAKE_CURRENT_SOURCE_DIR}/deploy/alerts_test.yml)
  set_tests_properties(deploy.prometheus_takes_the_configuration deploy.each_alert_fires_when_it_should
                       PROPERTIES TIMEOUT 60)
  target_compile_definitions(test_server PRIVATE QUIRE_PROMTOOL="${PROMTOOL_PROGRAM}")
endif()
