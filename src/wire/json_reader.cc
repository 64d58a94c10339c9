/*
 * The C interface of json.h over simdjson's DOM. The only C++ file: no C++ type crosses the border,
 * and it is compiled without exceptions, so nothing can be thrown through C frames. simdjson picks
 * the kernel for the CPU it runs on by itself.
 *
 * A value is an index into simdjson's tape, whose words are (type << 56 | payload):
 *   { [   payload: low 32 bits are the index after the closing word, the next 24 the saturated
 * count "     payload: offset of a 32-bit length and the decoded bytes in the string buffer l u d
 * the next word is the number; t f n: the type is the value
 */
#include <charconv>
#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>

extern "C" {
#include "wire/json.h"
#include "wire/priv.h"
#include "wire/writer.h"
}

struct mln_json {
    simdjson::dom::document dom;
};

namespace
{

constexpr size_t ROOT_INDEX = 1;
constexpr uint64_t PAYLOAD_MASK = 0x00ffffffffffffff;
constexpr size_t COUNT_SATURATED = 0xffffff;

constexpr size_t TAPE_SLACK = 256; /* Words of the tape, and more than as many bytes of strings. */

/* Each thread keeps a parser for documents up to this size; a larger one gets a parser of its own.
 */
constexpr size_t KEPT_PARSER_BYTES = 256 * 1024;

const simdjson::dom::document &dom_of(struct mln_json_value value)
{
    return static_cast<const struct mln_json *>(value.document)->dom;
}

uint64_t word(struct mln_json_value value)
{
    return dom_of(value).tape[value.index];
}

/* A value without a document (a zeroed struct) reads as null. */
char tag(struct mln_json_value value)
{
    return value.document == nullptr ? 'n' : static_cast<char>(word(value) >> 56);
}

template <typename T> T number(struct mln_json_value value)
{
    T out;

    std::memcpy(&out, &dom_of(value).tape[value.index + 1], sizeof(out));
    return out;
}

struct mln_str text(struct mln_json_value value)
{
    const uint8_t *at = dom_of(value).string_buf.get() + (word(value) & PAYLOAD_MASK);
    uint32_t len;

    std::memcpy(&len, at, sizeof(len));
    return { reinterpret_cast<const char *>(at + sizeof(len)), len };
}

bool is_container(char type)
{
    return type == '{' || type == '[';
}

size_t index_after(struct mln_json_value value)
{
    char type = tag(value);

    if (is_container(type))
        return static_cast<uint32_t>(word(value));
    return value.index + (type == 'l' || type == 'u' || type == 'd' ? 2 : 1);
}

const char *reason(simdjson::error_code code)
{
    switch (code) {
    case simdjson::EMPTY:
        return "there is no value";
    case simdjson::DEPTH_ERROR:
        return "nested too deeply";
    case simdjson::STRING_ERROR:
        return "a string has a wrong escape";
    case simdjson::UNCLOSED_STRING:
        return "a string is not closed";
    case simdjson::UNESCAPED_CHARS:
        return "a string has a control character";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
        return "a word is none of true, false and null";
    case simdjson::NUMBER_ERROR:
        return "a number is malformed or out of range";
    case simdjson::UTF8_ERROR:
        return "the text is not UTF-8";
    case simdjson::UNSUPPORTED_ARCHITECTURE:
        return "SIMDJSON_FORCE_IMPLEMENTATION names no kernel for this CPU";
    default:
        return "the structure is wrong";
    }
}

simdjson::error_code parse_with(
        simdjson::dom::parser &parser, struct mln_str text, simdjson::dom::document &dom)
{
    if (parser.capacity() < text.len || parser.max_depth() != MLN_JSON_DEPTH_MAX + 1) {
        simdjson::error_code code = parser.allocate(text.len, MLN_JSON_DEPTH_MAX + 1);

        if (code != simdjson::SUCCESS)
            return code;
    }
    /*
     * simdjson 3.0.1 writes a word past the tape it makes for some malformed documents of 61 bytes
     * (and of 61 + 64 n): found by fuzzing, kept as corpus_json/tape_past_its_room. The document
     * gets room for more.
     */
    if (simdjson::error_code code = dom.allocate(text.len + TAPE_SLACK)) {
        return code;
    }
    return parser.parse_into_document(dom, text.ptr, text.len, true).error();
}

simdjson::error_code parse(struct mln_str text, simdjson::dom::document &dom)
{
    static thread_local simdjson::dom::parser kept;

    if (text.len <= KEPT_PARSER_BYTES)
        return parse_with(kept, text, dom);
    simdjson::dom::parser own;
    return parse_with(own, text, dom);
}

void print_number(struct mln_json_value value, struct mln_buf *out)
{
    char digits[MLN_DOUBLE_TEXT_MAX];
    size_t len;

    if (tag(value) == 'd') {
        len = mln_double_text(number<double>(value), digits);
    } else {
        char *end = tag(value) == 'u'
                            ? std::to_chars(
                                      digits, digits + sizeof(digits), number<uint64_t>(value))
                                      .ptr
                            : std::to_chars(digits, digits + sizeof(digits), number<int64_t>(value))
                                      .ptr;
        len = static_cast<size_t>(end - digits);
    }
    mln_buf_add(out, { digits, len });
}

/* Recursion is bounded by MLN_JSON_DEPTH_MAX, which the parser enforced. */
void print_container(struct mln_json_value container, struct mln_buf *out)
{
    bool is_object = tag(container) == '{', first = true;
    struct mln_json_iter it = mln_json_iter(container);
    struct mln_json_value value;
    struct mln_str key;

    mln_buf_add_char(out, is_object ? '{' : '[');
    while (mln_json_next(&it, &key, &value)) {
        if (!first)
            mln_buf_add_char(out, ',');
        first = false;
        if (is_object) {
            mln_json_quote(key, out);
            mln_buf_add_char(out, ':');
        }
        mln_json_print(value, out);
    }
    mln_buf_add_char(out, is_object ? '}' : ']');
}

} // namespace

extern "C" int mln_json_parse(struct mln_str text, struct mln_json **out, struct mln_err *err)
{
    if (text.len > MLN_JSON_BYTES_MAX)
        return mln_fail(
                err, MLN_ETOOBIG, "JSON is over its limit of %zu bytes", MLN_JSON_BYTES_MAX);
    if (text.len == 0)
        return mln_fail(err, MLN_EINVAL, "malformed JSON: %s", reason(simdjson::EMPTY));

    std::unique_ptr<struct mln_json> doc(new (std::nothrow) mln_json);
    if (doc == nullptr)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    simdjson::error_code code = parse(text, doc->dom);
    if (code == simdjson::MEMALLOC)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    if (code != simdjson::SUCCESS)
        return mln_fail(err, MLN_EINVAL, "malformed JSON: %s", reason(code));
    *out = doc.release();
    return MLN_OK;
}

extern "C" void mln_json_free(struct mln_json *doc)
{
    delete doc;
}

extern "C" struct mln_json_value mln_json_root(const struct mln_json *doc)
{
    return { doc, ROOT_INDEX };
}

extern "C" enum mln_json_type mln_json_type(struct mln_json_value value)
{
    switch (tag(value)) {
    case '{':
        return MLN_JSON_OBJECT;
    case '[':
        return MLN_JSON_ARRAY;
    case '"':
        return MLN_JSON_STRING;
    case 'l':
        return MLN_JSON_INT;
    case 'u': /* Above INT64_MAX. */
    case 'd':
        return MLN_JSON_DOUBLE;
    case 't':
    case 'f':
        return MLN_JSON_BOOL;
    default:
        return MLN_JSON_NULL;
    }
}

extern "C" bool mln_json_get(
        struct mln_json_value object, const char *key, struct mln_json_value *out)
{
    struct mln_str wanted = mln_str_of(key), name;
    struct mln_json_iter it;
    struct mln_json_value value;

    if (tag(object) != '{')
        return false;
    it = mln_json_iter(object);
    while (mln_json_next(&it, &name, &value)) {
        if (mln_str_eq(name, wanted)) {
            *out = value;
            return true;
        }
    }
    return false;
}

extern "C" bool mln_json_to_str(struct mln_json_value value, struct mln_str *out)
{
    if (tag(value) != '"')
        return false;
    *out = text(value);
    return true;
}

extern "C" bool mln_json_to_i64(struct mln_json_value value, int64_t *out)
{
    if (tag(value) != 'l')
        return false;
    *out = number<int64_t>(value);
    return true;
}

extern "C" bool mln_json_to_double(struct mln_json_value value, double *out)
{
    switch (tag(value)) {
    case 'd':
        *out = number<double>(value);
        return true;
    case 'l':
        *out = static_cast<double>(number<int64_t>(value));
        return true;
    case 'u':
        *out = static_cast<double>(number<uint64_t>(value));
        return true;
    default:
        return false;
    }
}

extern "C" bool mln_json_to_bool(struct mln_json_value value, bool *out)
{
    char type = tag(value);

    if (type != 't' && type != 'f')
        return false;
    *out = type == 't';
    return true;
}

extern "C" bool mln_json_get_str(struct mln_json_value object, const char *key, struct mln_str *out)
{
    struct mln_json_value value;

    return mln_json_get(object, key, &value) && mln_json_to_str(value, out);
}

extern "C" bool mln_json_get_i64(struct mln_json_value object, const char *key, int64_t *out)
{
    struct mln_json_value value;

    return mln_json_get(object, key, &value) && mln_json_to_i64(value, out);
}

extern "C" struct mln_json_iter mln_json_iter(struct mln_json_value container)
{
    if (!is_container(tag(container)))
        return { container, 0, 0 };
    return { container, container.index + 1, index_after(container) - 1 };
}

extern "C" bool mln_json_next(
        struct mln_json_iter *iter, struct mln_str *key, struct mln_json_value *value)
{
    struct mln_json_value at = { iter->container.document, iter->next_index };
    struct mln_str name = { nullptr, 0 };

    if (iter->next_index >= iter->end_index)
        return false;
    if (tag(iter->container) == '{') {
        name = text(at);
        at.index++;
    }
    if (key != nullptr)
        *key = name;
    *value = at;
    iter->next_index = index_after(at);
    return true;
}

extern "C" size_t mln_json_count(struct mln_json_value container)
{
    struct mln_json_iter it;
    struct mln_json_value value;
    size_t count;

    if (!is_container(tag(container)))
        return 0;
    count = static_cast<size_t>(word(container) >> 32) & COUNT_SATURATED;
    if (count < COUNT_SATURATED)
        return count;
    it = mln_json_iter(container);
    for (count = 0; mln_json_next(&it, nullptr, &value); count++)
        continue;
    return count;
}

extern "C" void mln_json_print(struct mln_json_value value, struct mln_buf *out)
{
    switch (tag(value)) {
    case '{':
    case '[':
        print_container(value, out);
        break;
    case '"':
        mln_json_quote(text(value), out);
        break;
    case 'l':
    case 'u':
    case 'd':
        print_number(value, out);
        break;
    case 't':
        mln_buf_add_cstr(out, "true");
        break;
    case 'f':
        mln_buf_add_cstr(out, "false");
        break;
    default:
        mln_buf_add_cstr(out, "null");
        break;
    }
}

extern "C" size_t mln_double_text(double value, char out[MLN_DOUBLE_TEXT_MAX])
{
    /* Two bytes are kept for the ".0" that marks a whole number as a double. */
    char *end = std::to_chars(out, out + MLN_DOUBLE_TEXT_MAX - 3, value).ptr;
    size_t len = static_cast<size_t>(end - out);

    if (std::memchr(out, '.', len) == nullptr && std::memchr(out, 'e', len) == nullptr) {
        out[len++] = '.';
        out[len++] = '0';
    }
    return len;
}
