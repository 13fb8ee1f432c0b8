#include "text/constraint/schema/schema.h"

#include "text/constraint/schema/meaning.h"
#include "text/constraint/schema/text.h"
#include "text/constraint/schema/writer.h"

namespace quire::constraint {

Result<Grammar> schema_grammar(std::string_view schema_text) {
  QUIRE_TRY(const SchemaDocument document, SchemaDocument::parse(schema_text));
  SchemaMeaning meaning(document);
  Grammar grammar;
  SchemaWriter writer(meaning, grammar);
  QUIRE_TRY(const SchemaMeaning::Possible root, meaning.normal({{.place = SchemaJson::root}}));
  if (!root) {
    grammar.set_root(grammar.never());
    return grammar;
  }
  QUIRE_TRY(const NodeId node, writer.write(*root));
  grammar.set_root(node);
  return grammar;
}

Grammar json_grammar() {
  Grammar grammar;
  grammar.set_root(JsonText(grammar).any_value());
  return grammar;
}

Grammar json_object_grammar() {
  Grammar grammar;
  JsonText text(grammar);
  grammar.set_root(grammar.choice({grammar.bytes("{}"), text.object(text.any_object_members())}));
  return grammar;
}

}  // namespace quire::constraint
