message(FATAL_ERROR "The benchmark library was looked for, and half of it is missing here")
