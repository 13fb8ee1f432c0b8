# Tests of the whole program run the binary that lies beside them.
if(TARGET test_cli AND TARGET quire)
  add_dependencies(test_cli quire)
endif()
