/* Names of recorded answers (docs/replay.md): nothing from outside can leave the folder or clash.
 */
#include "acs/sign.h"
#include "collect/priv.h"

#define PART_BYTES_MAX ((size_t)150) /* With the page and the suffixes it stays a file's name. */
#define PART_CUT       ((size_t)100)
#define PART_HASH      ((size_t)32)
#define PART_MAX       ((size_t)1024 * 1024)

static bool is_plain(char c, bool is_first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || (c == '.' && !is_first);
}

static void encode(struct mln_str text, struct mln_buf *out)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (is_plain(text.ptr[i], i == 0)) {
            mln_buf_add_char(out, text.ptr[i]);
            continue;
        }
        mln_buf_add_char(out, '%');
        mln_buf_add_char(out, hex[c >> 4]);
        mln_buf_add_char(out, hex[c & 15]);
    }
}

/* `second` (may be empty) follows a comma. */
static void add_part(struct mln_str first, struct mln_str second, struct mln_buf *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf part = MLN_BUF_INIT(PART_MAX);
    char hash[MLN_SHA256_HEX_MAX];

    encode(first, &part);
    if (first.len > 0 && second.len > 0)
        mln_buf_add_char(&part, ',');
    encode(second, &part);
    if (part.code != MLN_OK) {
        out->code = part.code;
    } else if (part.len == 0) {
        mln_buf_add_char(out, '_');
    } else if (part.len <= PART_BYTES_MAX) {
        mln_buf_add(out, mln_buf_str(&part));
    } else {
        mln_sha256_hex(mln_buf_str(&part), hash);
        mln_buf_add(out, (struct mln_str){ part.ptr, PART_CUT });
        mln_buf_add_cstr(out, "%~");
        mln_buf_add(out, (struct mln_str){ hash, PART_HASH });
    }
}

void mln_replay_name(const struct mln_collect_request *request, struct mln_buf *out)
{
    const char *colon = strchr(request->call.id, ':');
    const char *name = colon != NULL ? colon + 1 : request->call.action;
    struct mln_str none = MLN_STR("");

    add_part(mln_str_of(request->call.product), none, out);
    mln_buf_add_char(out, '/');
    add_part(mln_str_of(name), none, out);
    mln_buf_add_char(out, '/');
    add_part(request->region, none, out);
    mln_buf_add_char(out, '/');
    add_part(request->key, request->variant, out);
    mln_buf_addf(out, ".%lld", (long long)request->page);
}

const char *mln_replay_suffix(size_t index)
{
    static const char *const suffixes[] = { ".json", ".xml", ".403.json", ".403.xml", ".404.json",
        ".404.xml", ".400.json", ".400.xml", ".429.json", ".429.xml", ".503.json", ".503.xml",
        ".500.json", ".500.xml", ".401.json", ".401.xml", ".409.json", ".409.xml", ".502.json",
        ".502.xml", ".504.json", ".504.xml", MLN_REPLAY_NO_REGION };

    return index < MLN_LEN(suffixes) ? suffixes[index] : NULL;
}
