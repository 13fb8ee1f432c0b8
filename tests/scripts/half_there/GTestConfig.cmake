message(FATAL_ERROR "GoogleTest was looked for, and half of it is missing here")
