#include "text/pretokenizer_table.h"

#include <algorithm>

namespace quire {

namespace {

// What expressions share. An apostrophe with what may follow it in English; digits alone, in threes, or as many as
// come; marks, punctuation and symbols; white space, which leaves its last character to the word that follows.
#define QUIRE_CONTRACTION R"((?i:'s|'t|'re|'ve|'m|'ll|'d))"
#define QUIRE_WORD R"([^\r\n\p{L}\p{N}]?\p{L}+)"
#define QUIRE_SIGNS R"( ?[^\s\p{L}\p{N}]+[\r\n]*)"
#define QUIRE_SPACES R"(\s*[\r\n]+|\s+(?!\S)|\s+)"

// A word may begin with capitals and go on in small letters; what has no case is either. Source: o200k_base of
// openai/tiktoken, and tekken of mistralai/mistral-common, which has no contractions.
#define QUIRE_CAPITALS R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])"
#define QUIRE_SMALL R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])"
#define QUIRE_CASED_WORD(END)                                                                            \
  R"([^\r\n\p{L}\p{N}]?)" QUIRE_CAPITALS "*" QUIRE_SMALL "+" END R"(|[^\r\n\p{L}\p{N}]?)" QUIRE_CAPITALS \
  "+" QUIRE_SMALL "*" END
#define QUIRE_CASED_SIGNS R"( ?[^\s\p{L}\p{N}]+[\r\n/]*)"

// A sign of ASCII holds to the letters after it, and marks belong to words. Source: DeepSeek V3's tokenizer.json.
#define QUIRE_SIGNED_WORD R"([!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
#define QUIRE_MARKED_SIGNS R"( ?[\p{P}\p{S}]+[\r\n]*)"

// GPT-2. Source: openai/gpt-2, src/encoder.py.
#define QUIRE_GPT2 R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"
#define QUIRE_QWEN2 QUIRE_CONTRACTION "|" QUIRE_WORD R"(|\p{N}|)" QUIRE_SIGNS "|" QUIRE_SPACES

constexpr const char* gpt2[] = {QUIRE_GPT2};
constexpr const char* digits_then_gpt2[] = {R"(\p{N})", QUIRE_GPT2};

// Llama 3 and Qwen 2 differ in how many digits a word may have. Source: their tokenizer.json.
constexpr const char* llama3[] = {QUIRE_CONTRACTION "|" QUIRE_WORD R"(|\p{N}{1,3}|)" QUIRE_SIGNS "|" QUIRE_SPACES};
constexpr const char* qwen2[] = {QUIRE_QWEN2};
// Marks are part of words, not signs.
constexpr const char* qwen35[] = {
    QUIRE_CONTRACTION R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|)" QUIRE_SPACES};
constexpr const char* laguna[] = {R"([^\n]+|\n+)", QUIRE_QWEN2};
constexpr const char* minicpm5[] = {R"(\p{N}{1,3})",
                                    QUIRE_CONTRACTION "|" QUIRE_WORD R"(|\p{N}+|)" QUIRE_SIGNS "|" QUIRE_SPACES};
constexpr const char* ufakzeka[] = {QUIRE_WORD R"(|\p{N}|)" QUIRE_SIGNS "|" QUIRE_SPACES};
constexpr const char* seed_coder[] = {QUIRE_CONTRACTION "|" QUIRE_WORD
                                                        R"(|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|)" QUIRE_SPACES};
constexpr const char* bailingmoe[] = {
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*)"
    R"(|\s*[\r\n]|\s+(?!\S)|\s+)"};
// Words with single spaces between are one. Possessive, for such a word may be the whole text.
constexpr const char* exaone_moe[] = {QUIRE_CONTRACTION R"(|[^\r\n\p{L}\p{N}]?\p{L}\p{M}*+(?: ?\p{L}\p{M}*+)*+|\p{N})"
                                                        R"(| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)"};
// White space is cut into powers of two. Where one was cut off, no line ends before the next word, so that is not
// looked for again: it would be for each piece of a long run.
constexpr const char* jais2[] = {
    QUIRE_CONTRACTION "|" QUIRE_WORD R"(|\p{N}{1,3}|)" QUIRE_SIGNS R"(|(?<![\t\x{B}\x{C}\x{85}\p{Z}])\s*[\r\n]+)"
                      R"(|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S))"
                      R"(|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s)"};

constexpr const char* gpt4o[] = {QUIRE_CASED_WORD(QUIRE_CONTRACTION "?") R"(|\p{N}{1,3}|)" QUIRE_CASED_SIGNS
                                                                         "|" QUIRE_SPACES};
constexpr const char* tekken[] = {QUIRE_CASED_WORD("") R"(|\p{N}|)" QUIRE_CASED_SIGNS "|" QUIRE_SPACES};
constexpr const char* youtu[] = {
    R"([\x{AC00}-\x{D7A3}\x{3131}-\x{318E}]+)"
    R"(|[\x{FF01}\x{2026}\x{201C}\x{201D}\x{2018}\x{2019}\x{2014}\x{FF1A}\x{FF1B}\x{FF0C}\x{3001}-\x{303F})"
    R"(\x{FE30}-\x{FE4F}]+|[\x{3105}-\x{312F}]+|[\x{4E00}-\x{9FA5}\x{3040}-\x{30FF}]+)",
    QUIRE_CASED_WORD(QUIRE_CONTRACTION "?") R"(|\p{N}|)" QUIRE_CASED_SIGNS "|" QUIRE_SPACES};

// Digits in threes from the right: what is left over of a run of them is cut off its left end, then threes follow. A
// pattern that looked for the end of the run behind each three would take n^2 steps for n digits.
constexpr const char* left_over_digits = R"(\A\d{1,2}(?=(?:\d{3})++\z))";
constexpr const char* three_digits = R"(\G\d{3})";
// Digits that a letter, a mark or a joining sign follows stay with what the next expression makes of them: no word ends
// there. Oniguruma, with which the model's tokenizer finds that, takes Latin-1's superscripts and fractions for
// letters.
constexpr const char* tiny_aya[] = {R"(\d++(?![\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{B2}\x{B3}\x{B9}\x{BC}-\x{BE}]))",
                                    left_over_digits, three_digits, gpt4o[0]};
// The model's own expression also joins digits with other numbers beside them, as in 1/2 written as one character.
constexpr const char* superbpe[] = {R"(\p{N}+)", left_over_digits, three_digits};
constexpr const char* afmoe[] = {
    R"(\p{N}++)", R"(\A\p{N}{1,2}(?=(?:\p{N}{3})++\z))", R"(\G\p{N}{3})",
    R"([\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{F900}-\x{FAFF}\x{3040}-\x{30FF}\x{FF65}-\x{FF9F}\x{2F00}-\x{2FDF})"
    R"(\x{E40}-\x{E7F}\x{E80}-\x{EFF}\x{1780}-\x{17FF}\x{1000}-\x{109F}\x{AA60}-\x{AA7F}\x{A9E0}-\x{A9FF})"
    R"(\x{AC00}-\x{D7AF}\x{1100}-\x{11FF}]+)",
    QUIRE_SIGNED_WORD "|" QUIRE_MARKED_SIGNS "|" QUIRE_SPACES};

// As gpt-4o, but a run of Han characters is a word, and none is in another. PCRE2 cannot take them out of a class, so
// the two kinds of words are spelled out without giving back: capitals up to the last small letter or letter without
// case, else capitals alone. Source: Kimi K2's tokenization_kimi.py.
#define QUIRE_NOT_HAN R"((?!\p{sc:Han}))"
constexpr const char* kimi_k2[] = {
    R"(\p{sc:Han}+|[^\r\n\p{L}\p{N}]?(?:(?:)" QUIRE_NOT_HAN QUIRE_CAPITALS R"()*+\p{Ll}(?:)" QUIRE_NOT_HAN QUIRE_SMALL
    R"()*+|(?:[\p{Lu}\p{Lt}]*+)" QUIRE_NOT_HAN R"([\p{Lm}\p{Lo}\p{M}])++))" QUIRE_CONTRACTION
    R"(?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}]++)" QUIRE_CONTRACTION R"(?|\p{N}{1,3}|)" QUIRE_SIGNS "|" QUIRE_SPACES};

// DeepSeek LLM: one after another, each cuts what the ones before it left. Source: its tokenizer.json.
constexpr const char* deepseek_letters =
    R"(\s?[A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293})"
    R"(\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A}\x{38C})"
    R"(\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556}\x{10A0}-\x{10C5})"
    R"(\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77})"
    R"(\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57})"
    R"(\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4})"
    R"(\x{1FC6}-\x{1FCC}\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC})"
    R"(\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D})"
    R"(\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B})"
    R"(\x{2C7E}-\x{2CE4}\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F})"
    R"(\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A})"
    R"(\x{FF41}-\x{FF5A}\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2})"
    R"(\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}]+)";
constexpr const char* deepseek_marks =
    R"(\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+)";
// Spaces that end the text. Looking back first makes it one try a run of spaces instead of one a space.
constexpr const char* deepseek_last_spaces = R"((?<!\s)\s++\z)";
constexpr const char* deepseek_cjk = R"([\x{4E00}-\x{9FA5}\x{0800}-\x{4E00}\x{AC00}-\x{D7FF}]+)";
constexpr const char* deepseek_llm[] = {R"([\r\n])",          deepseek_letters, deepseek_marks,
                                        deepseek_last_spaces, deepseek_cjk,     R"(\p{N}+)"};
constexpr const char* deepseek_coder[] = {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", deepseek_cjk, R"(\p{N})"};
constexpr const char* deepseek_kanji = R"([\x{4E00}-\x{9FA5}\x{3040}-\x{30FF}]+)";
constexpr const char* deepseek_v3[] = {R"(\p{N}{1,3})", deepseek_kanji,
                                       QUIRE_SIGNED_WORD "|" QUIRE_MARKED_SIGNS "|" QUIRE_SPACES};
constexpr const char* spark[] = {R"(\p{N}{1,3})", deepseek_kanji,
                                 QUIRE_SIGNED_WORD R"(| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+)", R"(\p{N})"};

constexpr const char* bloom_words = R"( ?[^(\s|.,!?\x{2026}\x{3002}\x{FF0C}\x{3001}\x{964}\x{6D4}\x{60C})]+)";
constexpr const char* bloom[] = {bloom_words};
constexpr const char* viking[] = {bloom_words, R"(\p{N})"};
constexpr const char* falcon[] = {R"([\p{P}$+<=>^~|`]+)", QUIRE_GPT2, "[0-9][0-9][0-9]"};
constexpr const char* chameleon[] = {"<sentinel:[0-9]+>", "IMGIMG[A-I]{1,4}Z",       R"([\t\n]|    |  )",
                                     R"(\p{N})",          R"([\p{P}!-/:-@\[-`{-~])", QUIRE_GPT2};
// Of files that say nothing. Source: llama.cpp, src/llama-vocab.cpp.
constexpr const char* unnamed[] = {R"([\p{P}$+<=>^~|]+)", QUIRE_GPT2, R"(\p{N}+)", "[0-9][0-9][0-9]"};

// Models whose own tokenizers compose characters first: Qwen's and those that were made from its code (R1's distills of
// Qwen, StableLM 2, Hunyuan), GPT-NeoX's (OLMo, MPT, ModernBERT) and Cohere's. Source: their tokenizer.json or
// tokenizer's code.
constexpr uint8_t llama3_traits = takes_whole_words | begins_with_bos;

// Names that converters write; those after the first of a group cut exactly alike.
constexpr KnownPreTokenizer pre_tokenizer_table[] = {
    {"default", unnamed},
    {"gpt-2", gpt2},
    {"phi-2", gpt2},
    {"mpt", gpt2, composes_characters},
    {"olmo", gpt2, composes_characters},
    {"modern-bert", gpt2, composes_characters},
    {"exaone4", gpt2},
    {"gigachat", gpt2},
    {"jais", gpt2},
    {"mellum", gpt2},
    {"trillion", gpt2},
    {"granite-docling", gpt2},
    {"a.x-4.0", gpt2},
    {"jina-es", gpt2},
    {"jina-de", gpt2},
    {"jina-v2-es", gpt2},
    {"jina-v2-de", gpt2},
    {"jina-v1-en", gpt2, separates_pairs},
    {"jina-v2-code", gpt2, separates_pairs},
    {"roberta-bpe", gpt2, separates_pairs},
    {"llama-bpe", llama3, llama3_traits},
    {"llama3", llama3, llama3_traits},
    {"llama-v3", llama3, llama3_traits},
    {"falcon3", llama3, llama3_traits},
    {"falcon-h1", llama3, llama3_traits},
    {"pixtral", llama3, llama3_traits},
    {"midm-2.0", llama3, llama3_traits},
    {"jina-v5-nano", llama3, llama3_traits},
    {"lfm2", llama3, llama3_traits},
    {"dbrx", llama3},
    {"smaug-bpe", llama3},
    {"glm4", llama3, takes_whole_words},
    {"glm5", llama3, takes_whole_words},
    {"chatglm-bpe", llama3},
    {"jais-2", jais2},
    {"minicpm5", minicpm5, takes_whole_words},
    {"qwen2", qwen2, composes_characters},
    {"deepseek-r1-qwen", qwen2, composes_characters},
    {"f2llmv2", qwen2, composes_characters},
    {"stablelm2", qwen2, composes_characters},
    {"megrez", qwen2},
    {"hunyuan", qwen2, composes_characters},
    {"kormo", qwen2},
    {"solar-open", qwen2},
    {"grok-2", qwen2},
    {"qwen35", qwen35, composes_characters},
    {"laguna", laguna},
    {"ufakzeka", ufakzeka},
    {"seed-coder", seed_coder},
    {"bailingmoe", bailingmoe},
    {"bailingmoe2", bailingmoe},
    {"llada-moe", bailingmoe},
    {"exaone-moe", exaone_moe},
    {"gpt-4o", gpt4o},
    {"llama4", gpt4o},
    {"kanana2", gpt4o},
    {"talkie", gpt4o},
    {"minimax-m2", gpt4o},
    {"granite-embed-multi-97m", gpt4o, takes_whole_words},
    {"tiny_aya", tiny_aya},
    {"cohere2moe", tiny_aya},
    {"tekken", tekken, takes_whole_words | begins_with_bos},
    {"youtu", youtu, takes_whole_words},
    {"kimi-k2", kimi_k2, ranks_by_id},
    {"deepseek-llm", deepseek_llm},
    {"deepseek-coder", deepseek_coder},
    {"deepseek-v3", deepseek_v3},
    {"hunyuan-dense", deepseek_v3},
    {"joyai-llm", deepseek_v3},
    {"hy_v4", deepseek_v3},
    {"spark2_5", spark},
    {"afmoe", afmoe},
    {"superbpe", superbpe},
    {"smollm", digits_then_gpt2},
    {"starcoder", digits_then_gpt2},
    {"refact", digits_then_gpt2},
    {"command-r", digits_then_gpt2, composes_characters},
    {"codeshell", digits_then_gpt2},
    {"exaone", digits_then_gpt2},
    {"minerva-7b", digits_then_gpt2},
    {"mellum2", digits_then_gpt2},
    {"bloom", bloom},
    {"poro-chat", bloom},
    {"gpt3-finnish", bloom},
    {"viking", viking},
    {"falcon", falcon},
    {"chameleon", chameleon, begins_with_bos},
};

}  // namespace

std::span<const KnownPreTokenizer> known_pre_tokenizers() { return pre_tokenizer_table; }

const KnownPreTokenizer* find_pre_tokenizer(std::string_view name) {
  const auto* const found = std::ranges::find(pre_tokenizer_table, name, &KnownPreTokenizer::name);
  return found == std::end(pre_tokenizer_table) ? nullptr : found;
}

}  // namespace quire
