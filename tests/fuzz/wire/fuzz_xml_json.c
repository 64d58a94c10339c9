/* Arbitrary bytes as XML; what is accepted is JSON that our own reader takes, but for its depth. */
#include "wire/json.h"
#include "wire/xml.h"

#define OUT_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(OUT_MAX);
    struct mln_json *doc = NULL;
    struct mln_err err;
    char root[64] = "";

    if (mln_xml_to_json((struct mln_str){ .ptr = (const char *)data, .len = size }, &out, root,
                &err) != MLN_OK)
        return 0;
    if (root[0] == '\0')
        abort();
    if (mln_json_parse(mln_buf_str(&out), &doc, &err) != MLN_OK) {
        if (strstr(err.msg, "deeply") == NULL)
            abort();
        return 0;
    }
    if (mln_json_type(mln_json_root(doc)) != MLN_JSON_OBJECT &&
            mln_json_type(mln_json_root(doc)) != MLN_JSON_STRING)
        abort();
    mln_json_free(doc);
    return 0;
}
