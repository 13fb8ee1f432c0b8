#include "base/terminal.h"

#include <sys/ioctl.h>

namespace quire {

size_t terminal_columns(int descriptor, size_t otherwise) {
  winsize size = {};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : otherwise;
}

size_t terminal_rows(int descriptor, size_t otherwise) {
  winsize size = {};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : otherwise;
}

}  // namespace quire
