/*
 * A whole XML answer as JSON. The document becomes a tree in an arena first: siblings of one name
 * make one array wherever they stand, so nothing can be printed before its parent has ended.
 */
#include <expat.h>

#include "wire/writer.h"
#include "wire/xml.h"

/* A node for each 4 bytes of "<a/>" is the most that a document of MLN_XML_BYTES_MAX can ask for.
 */
#define ARENA_MAX      ((size_t)128 * 1024 * 1024)
#define SIBLINGS_MAX   512 /* Different names among the children of one element. */
#define ROOT_NAME_SIZE 64

struct node {
    const char *name;
    struct mln_str text;           /* Of a leaf. */
    struct node *first, *last;     /* One child of each name. */
    struct node *next;             /* The next child of another name. */
    struct node *same, *same_last; /* The next of this name; the last of it, at the first. */
};

struct tree {
    XML_Parser parser;
    struct mln_arena arena;
    struct mln_buf text; /* Of the innermost element, since its start. */
    struct node *open[MLN_XML_DEPTH_MAX + 1];
    unsigned depth; /* Elements that are open. */
    struct node *root;
    int code; /* Of the first failure. */
    const char *reason;
};

static void stop(struct tree *tree, int code, const char *reason)
{
    if (tree->code == MLN_OK) {
        tree->code = code;
        tree->reason = reason;
    }
    (void)XML_StopParser(tree->parser, XML_FALSE);
}

/* The first child called `name`; `count` is how many different names there are. */
static struct node *find(const struct node *parent, const char *name, size_t *count)
{
    struct node *child = parent->last;

    *count = 0;
    /* Lists repeat one name: it is nearly always the last. */
    if (child != NULL && strcmp(child->name, name) == 0)
        return child;
    for (child = parent->first; child != NULL && strcmp(child->name, name) != 0;
            child = child->next)
        (*count)++;
    return child;
}

static void attach(struct tree *tree, struct node *parent, struct node *node)
{
    size_t names;
    struct node *first = find(parent, node->name, &names);

    if (first != NULL) {
        first->same_last->same = node;
        first->same_last = node;
        return;
    }
    if (names >= SIBLINGS_MAX) {
        stop(tree, MLN_ETOOBIG, "an element has too many children of different names");
        return;
    }
    if (parent->last != NULL)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct tree *tree = ctx;
    struct node *node;

    (void)attributes;
    mln_buf_reset(&tree->text);
    if (tree->depth >= MLN_XML_DEPTH_MAX) {
        stop(tree, MLN_ETOOBIG, "nested too deeply");
        return;
    }
    node = mln_arena_alloc(&tree->arena, sizeof(*node));
    if (node != NULL)
        node->name = mln_arena_cstr(&tree->arena, mln_str_of(name));
    if (node == NULL || node->name == NULL) {
        stop(tree, MLN_ENOMEM, "out of memory");
        return;
    }
    node->same_last = node;
    if (tree->depth > 0)
        attach(tree, tree->open[tree->depth - 1], node);
    else
        tree->root = node;
    tree->open[tree->depth++] = node;
}

/* Blanks alone are how a document is laid out: an empty element that was broken over lines. */
static void on_end(void *ctx, const XML_Char *name)
{
    struct tree *tree = ctx;
    struct mln_str text = mln_buf_str(&tree->text);
    struct node *node;

    (void)name;
    /* expat still ends an empty element that was stopped at its start. */
    if (tree->code != MLN_OK)
        return;
    node = tree->open[--tree->depth];
    if (tree->text.code != MLN_OK) {
        stop(tree, tree->text.code, "a text is too long");
    } else if (node->first == NULL && mln_str_trim(text).len > 0) {
        node->text = mln_arena_dup(&tree->arena, text);
        if (node->text.ptr == NULL)
            stop(tree, MLN_ENOMEM, "out of memory");
    }
    mln_buf_reset(&tree->text);
}

static void on_text(void *ctx, const XML_Char *text, int len)
{
    struct tree *tree = ctx;

    mln_buf_add(&tree->text, (struct mln_str){ .ptr = text, .len = (size_t)len });
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
        const XML_Char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    stop(ctx, MLN_EINVAL, "it has a DTD");
}

static int read_all(struct tree *tree, struct mln_str xml, struct mln_err *err)
{
    enum XML_Status status;

    XML_SetUserData(tree->parser, tree);
    XML_SetElementHandler(tree->parser, on_start, on_end);
    XML_SetCharacterDataHandler(tree->parser, on_text);
    XML_SetStartDoctypeDeclHandler(tree->parser, on_doctype);
    status = XML_Parse(tree->parser, xml.ptr, (int)xml.len, XML_TRUE);
    if (tree->code != MLN_OK)
        return mln_fail(err, tree->code, "XML: %s", tree->reason);
    if (status != XML_STATUS_OK && XML_GetErrorCode(tree->parser) == XML_ERROR_NO_MEMORY)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    if (status != XML_STATUS_OK)
        return mln_fail(err, MLN_EINVAL, "malformed XML in line %lu: %s",
                (unsigned long)XML_GetCurrentLineNumber(tree->parser),
                XML_ErrorString(XML_GetErrorCode(tree->parser)));
    return MLN_OK;
}

/* Recursion is bounded by MLN_XML_DEPTH_MAX. */
/* NOLINTNEXTLINE(misc-no-recursion): MLN_XML_DEPTH_MAX */
static void print(const struct node *node, struct mln_buf *out)
{
    if (node->first == NULL) {
        mln_json_quote(node->text, out);
        return;
    }
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        mln_buf_add_char(out, child == node->first ? '{' : ',');
        mln_json_quote(mln_str_of(child->name), out);
        mln_buf_add_char(out, ':');
        for (const struct node *one = child; one != NULL; one = one->same) {
            if (child->same != NULL)
                mln_buf_add_char(out, one == child ? '[' : ',');
            print(one, out);
        }
        if (child->same != NULL)
            mln_buf_add_char(out, ']');
    }
    mln_buf_add_char(out, '}');
}

/* Nothing is appended, and no name given, unless all of it can be. */
static int give(const struct tree *tree, struct mln_buf *out, char root[ROOT_NAME_SIZE],
        struct mln_err *err)
{
    size_t before = out->len, len = strlen(tree->root->name);
    struct mln_str ignored;
    int rc;

    if (root != NULL && len >= ROOT_NAME_SIZE)
        return mln_fail(err, MLN_ETOOBIG, "XML: the name of its root is too long");
    print(tree->root, out);
    rc = mln_buf_done(out, &ignored, err);
    if (rc < 0) {
        out->len = before;
        return rc;
    }
    if (root != NULL)
        memcpy(root, tree->root->name, len + 1);
    return MLN_OK;
}

int mln_xml_to_json(
        struct mln_str xml, struct mln_buf *out, char root[ROOT_NAME_SIZE], struct mln_err *err)
{
    struct tree tree = { .arena = MLN_ARENA_INIT(ARENA_MAX),
        .text = MLN_BUF_INIT(MLN_XML_BYTES_MAX) };
    int rc;

    if (xml.len > MLN_XML_BYTES_MAX)
        return mln_fail(err, MLN_ETOOBIG, "XML is over its limit of %zu bytes", MLN_XML_BYTES_MAX);
    if (xml.len == 0)
        return mln_fail(err, MLN_EINVAL, "malformed XML: there is no element");
    tree.parser = XML_ParserCreate(NULL);
    if (tree.parser == NULL)
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    rc = read_all(&tree, xml, err);
    if (rc == MLN_OK)
        rc = give(&tree, out, root, err);
    XML_ParserFree(tree.parser);
    mln_buf_free(&tree.text);
    mln_arena_free(&tree.arena);
    return rc;
}
