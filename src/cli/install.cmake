# What `cmake --install` puts beside the program: the manual and a completion script for each shell, which the program
# itself writes. A program for another machine cannot be asked; it is installed alone.
include(GNUInstallDirs)

function(quire_install_written arguments path)
  set(file ${CMAKE_BINARY_DIR}/shell_files/${path})
  get_filename_component(made_in ${file} DIRECTORY)
  get_filename_component(folder ${path} DIRECTORY)
  install(CODE "
    file(MAKE_DIRECTORY \"${made_in}\")
    execute_process(COMMAND \"$<TARGET_FILE:quire>\" ${arguments} OUTPUT_FILE \"${file}\" COMMAND_ERROR_IS_FATAL ANY)"
          COMPONENT quire)
  install(FILES ${file} DESTINATION ${folder} COMPONENT quire)
endfunction()

if(NOT CMAKE_CROSSCOMPILING)
  quire_install_written("man-page" ${CMAKE_INSTALL_MANDIR}/man1/quire.1)
  quire_install_written("completion bash" ${CMAKE_INSTALL_DATADIR}/bash-completion/completions/quire)
  quire_install_written("completion zsh" ${CMAKE_INSTALL_DATADIR}/zsh/site-functions/_quire)
  quire_install_written("completion fish" ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d/quire.fish)
endif()
