#include "text/jinja/template.h"

#include "text/jinja/parser.h"

namespace quire::jinja {

Result<std::unique_ptr<const Template>> Template::parse(std::string_view source) {
  QUIRE_TRY(Ast ast, jinja::parse(source));
  return std::unique_ptr<const Template>(new Template(std::move(ast)));
}

Result<PromptText> Template::render(Heap& heap, const Render::Globals& globals, const Limits& limits,
                                    int64_t now_unix_s) const {
  return Render(ast_, heap, limits, now_unix_s).run(globals);
}

}  // namespace quire::jinja
