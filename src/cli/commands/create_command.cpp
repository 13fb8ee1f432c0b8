#include "cli/commands/commands.h"

namespace quire::cli {

Result<void> create_command(const CreateOptions&) { return fail(ErrorKind::unsupported, "not yet"); }

}  // namespace quire::cli
