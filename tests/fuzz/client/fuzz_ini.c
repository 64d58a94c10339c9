/* Credential files of the SDKs: the first line is the section asked for, the rest the file. */
#include "client/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_inside(struct mln_str part, struct mln_str whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mln_str rest = { (const char *)data, size }, name = { 0 };
    struct mln_ini_section section = { .count = 99 };
    struct mln_err err = { 0 };
    int rc;

    (void)mln_str_next(&rest, '\n', &name);
    rc = mln_ini_read(rest, name, &section, &err);
    require(rc == MLN_OK || rc == MLN_ENOTFOUND || rc == MLN_ECONFIG);
    require(rc == MLN_OK || section.count == 99);
    if (rc != MLN_OK)
        return 0;
    require(section.count <= MLN_INI_KEYS_MAX);
    for (size_t i = 0; i < section.count; i++) {
        require(section.rows[i].key.len > 0);
        require(is_inside(section.rows[i].key, rest) && is_inside(section.rows[i].value, rest));
        require(memchr(section.rows[i].value.ptr, '\n', section.rows[i].value.len) == NULL ||
                section.rows[i].value.len == 0);
    }
    return 0;
}
