// Everything that this server answers.
#pragma once

#include "server/routes/route.h"

namespace quire::server {

RouteTable make_routes();

}  // namespace quire::server
