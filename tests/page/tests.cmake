# A browser looks at the live page of a real server. Needs node, the packages of the lockfile (npm ci in tests/page) and
# chromium.
find_program(NODE_PROGRAM node)
find_program(CHROMIUM_PROGRAM NAMES chromium chromium-browser google-chrome)
if(NODE_PROGRAM AND CHROMIUM_PROGRAM AND TARGET quire
   AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/page/node_modules/playwright-core)
  add_test(NAME page.browser COMMAND ${NODE_PROGRAM} --test page.test.mjs
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/page)
  set_tests_properties(page.browser PROPERTIES TIMEOUT 300 ENVIRONMENT
    "QUIRE_PAGE_PROGRAM=$<TARGET_FILE:quire>;QUIRE_PAGE_MODEL=${CMAKE_SOURCE_DIR}/models/quire-tiny.gguf;QUIRE_PAGE_BROWSER=${CHROMIUM_PROGRAM};QUIRE_PAGE_SCREENSHOTS=${CMAKE_BINARY_DIR}/page_screenshots")
endif()
