// Python's two ways to fill in a text: "%s" % args and "{}".format(args).
#pragma once

#include "base/result.h"
#include "text/jinja/functions.h"
#include "text/jinja/value.h"

namespace quire::jinja {

// args: a tuple of values, a dict for %(name)s, or one value.
Result<Value> printf_format(Render& render, const Str& format, const Value& args);
Result<Value> brace_format(Render& render, const Str& format, const Args& args);

}  // namespace quire::jinja
