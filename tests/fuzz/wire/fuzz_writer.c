/* Arbitrary bytes written as strings must come out as well-formed JSON and XML. */
#include "wire/json.h"
#include "wire/writer.h"
#include "wire/xml.h"

#define OUT_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_document(struct mln_buf *out, enum mln_format format, struct mln_str text)
{
    struct mln_writer w;

    mln_writer_begin(&w, out, format, "Root");
    mln_writer_str(&w, "Text", text);
    mln_writer_list_begin(&w, "List");
    mln_writer_str(&w, NULL, text);
    mln_writer_list_end(&w);
    mln_writer_text_object_begin(&w, "Json");
    mln_writer_str_named(&w, text, text);
    mln_writer_text_object_end(&w);
    mln_writer_end(&w);
}

/* Parses `text` as a JSON object with one member whose name and value are the same string. */
static void check_pair(struct mln_str text)
{
    struct mln_json_value value;
    struct mln_json_iter it;
    struct mln_json *doc;
    struct mln_str key, got;
    struct mln_err err;

    if (mln_json_parse(text, &doc, &err) != MLN_OK)
        abort();
    it = mln_json_iter(mln_json_root(doc));
    if (!mln_json_next(&it, &key, &value) || !mln_json_to_str(value, &got) || !mln_str_eq(key, got))
        abort();
    mln_json_free(doc);
}

static void check_json(struct mln_str text)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(OUT_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf printed = MLN_BUF_INIT(OUT_MAX);
    struct mln_json *doc;
    struct mln_err err;

    write_document(&out, MLN_FORMAT_JSON, text);
    if (mln_json_parse(mln_buf_str(&out), &doc, &err) != MLN_OK)
        abort();
    mln_json_print(mln_json_root(doc), &printed);
    mln_json_free(doc);
    if (!mln_str_eq(mln_buf_str(&out), mln_buf_str(&printed)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(OUT_MAX);
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(OUT_MAX);
    struct mln_str text = { .ptr = (const char *)data, .len = size }, got;

    check_json(text);
    write_document(&out, MLN_FORMAT_XML, text);
    if (out.len > MLN_XML_BYTES_MAX)
        return 0;
    if (!mln_xml_text(mln_buf_str(&out), "Json", &arena, &got))
        abort();
    check_pair(got);
    (void)mln_xml_text(text, "Code", &arena, &got);
    return 0;
}
