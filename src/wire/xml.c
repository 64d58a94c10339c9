#include "wire/xml.h"

#include <expat.h>

struct search {
    XML_Parser parser;
    const char *element;
    unsigned depth, found_depth; /* Depth of the element while inside it; 0 before. */
    bool failed, done;
    struct mln_buf text;
};

static void stop(struct search *search)
{
    search->failed = true;
    (void)XML_StopParser(search->parser, XML_FALSE);
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct search *search = ctx;

    (void)attributes;
    if (++search->depth > MLN_XML_DEPTH_MAX)
        stop(search);
    else if (!search->done && search->found_depth == 0 && strcmp(name, search->element) == 0)
        search->found_depth = search->depth;
}

static void on_end(void *ctx, const XML_Char *name)
{
    struct search *search = ctx;

    (void)name;
    if (search->depth == search->found_depth) {
        search->found_depth = 0;
        search->done = true;
    }
    search->depth--;
}

static void on_text(void *ctx, const XML_Char *text, int len)
{
    struct search *search = ctx;

    if (search->found_depth > 0)
        mln_buf_add(&search->text, (struct mln_str){ .ptr = text, .len = (size_t)len });
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
        const XML_Char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    stop(ctx);
}

/* The whole document is read, so that text before a malformed rest is not taken for an answer. */
static bool run(struct search *search, struct mln_str xml)
{
    XML_SetUserData(search->parser, search);
    XML_SetElementHandler(search->parser, on_start, on_end);
    XML_SetCharacterDataHandler(search->parser, on_text);
    XML_SetStartDoctypeDeclHandler(search->parser, on_doctype);
    return XML_Parse(search->parser, xml.ptr, (int)xml.len, XML_TRUE) == XML_STATUS_OK &&
           !search->failed && search->done;
}

bool mln_xml_text(
        struct mln_str xml, const char *element, struct mln_arena *arena, struct mln_str *out)
{
    struct search search = { .element = element, .text = MLN_BUF_INIT(MLN_XML_BYTES_MAX) };
    struct mln_str text = { 0 }, copy;
    struct mln_err err;
    bool found;

    if (xml.len == 0 || xml.len > MLN_XML_BYTES_MAX)
        return false;
    search.parser = XML_ParserCreate(NULL);
    if (search.parser == NULL)
        return false;
    found = run(&search, xml) && mln_buf_done(&search.text, &text, &err) == MLN_OK;
    if (found) {
        copy = mln_arena_dup(arena, text);
        found = copy.ptr != NULL;
        if (found)
            *out = copy;
    }
    mln_buf_free(&search.text);
    XML_ParserFree(search.parser);
    return found;
}
