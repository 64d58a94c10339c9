#include "yaml/yaml.h"

#include <libfyaml.h>

#include "base/file.h"
#include "base/utf8.h"
#include "yaml/priv.h"

/*
 * libfyaml's events are turned into nodes one by one: nothing here or there recurses over the
 * input, and every limit is checked before the next event is read.
 */
struct builder {
    const struct mln_yaml_file *file;
    struct mln_arena *arena;
    struct mln_err *err;
    size_t node_count;
    unsigned line, column; /* Of the newest event that had a position. */
    unsigned depth;
    struct {
        struct mln_yaml_node *node, *last, *key; /* `key` waits for its value. */
    } level[MLN_YAML_DEPTH_MAX];
    struct mln_yaml_node *root; /* Of the document that is being read. */
    struct mln_str source;
    struct mln_buf text; /* The newest scalar. */
};

/* A list of documents that grows inside the arena. */
struct documents {
    struct mln_yaml_node **items;
    size_t count, cap;
};

static int no_room(struct mln_err *err, const char *name)
{
    return mln_fail(err, MLN_ENOMEM, "%s: out of memory", name);
}

static int fail_here(const struct builder *b, int code, const char *reason)
{
    return mln_fail(b->err, code, "%s:%u:%u: %s", b->file->name, b->line, b->column, reason);
}

/* Plain scalars that YAML 1.2's core schema calls null. */
static bool is_null_word(struct mln_str text)
{
    return text.len == 0 || mln_str_is(text, "~") || mln_str_is(text, "null") ||
           mln_str_is(text, "Null") || mln_str_is(text, "NULL");
}

static int new_node(struct builder *b, enum mln_yaml_kind kind, struct mln_yaml_node **out)
{
    struct mln_yaml_node *node;

    if (b->node_count == MLN_YAML_NODES_MAX)
        return fail_here(b, MLN_ETOOBIG, "too many values in one file");
    node = mln_arena_alloc(b->arena, sizeof(*node));
    if (node == NULL)
        return no_room(b->err, b->file->name);
    b->node_count++;
    *node = (struct mln_yaml_node){ .kind = kind, .line = b->line, .column = b->column };
    *out = node;
    return MLN_OK;
}

static void append(struct builder *b, struct mln_yaml_node *node)
{
    unsigned top = b->depth - 1;
    struct mln_yaml_node *parent = b->level[top].node, *last = b->level[top].last;

    node->key = b->level[top].key;
    b->level[top].key = NULL;
    if (last == NULL)
        parent->first = node;
    else
        last->next = node;
    b->level[top].last = node;
    parent->count++;
}

static bool wants_key(const struct builder *b)
{
    return b->depth > 0 && b->level[b->depth - 1].node->kind == MLN_YAML_MAP &&
           b->level[b->depth - 1].key == NULL;
}

/* Puts a finished scalar or an opened container where it belongs. */
static int place(struct builder *b, struct mln_yaml_node *node)
{
    if (wants_key(b)) {
        if (node->kind != MLN_YAML_SCALAR)
            return fail_here(b, MLN_EINVAL, "a key must be a word");
        if (!node->quoted && mln_str_is(node->text, "<<"))
            return fail_here(b, MLN_EINVAL, "merge keys are not allowed");
        b->level[b->depth - 1].key = node;
        return MLN_OK;
    }
    if (b->depth > 0)
        append(b, node);
    else
        b->root = node;
    return MLN_OK;
}

/*
 * fy_token_get_text() would be shorter, but it leaks for a quoted text with more than a few
 * escapes.
 */
static int read_chunks(struct builder *b, struct fy_token *token)
{
    struct fy_token_iter *iter = fy_token_iter_create(token);
    const struct fy_iter_chunk *chunk = NULL;
    int failed = 0;

    if (iter == NULL)
        return no_room(b->err, b->file->name);
    while ((chunk = fy_token_iter_chunk_next(iter, chunk, &failed)) != NULL)
        mln_buf_add(&b->text, (struct mln_str){ .ptr = chunk->str, .len = chunk->len });
    fy_token_iter_destroy(iter);
    return failed != 0 ? fail_here(b, MLN_EINVAL, "malformed text") : MLN_OK;
}

static int read_single_quoted(struct builder *b, struct fy_token *token)
{
    const struct fy_mark *start = fy_token_start_mark(token), *end = fy_token_end_mark(token);

    if (start == NULL || end == NULL || start->input_pos > end->input_pos ||
            end->input_pos > b->source.len)
        return fail_here(b, MLN_EINVAL, "malformed text");
    mln_yaml_single_quoted((struct mln_str){ .ptr = b->source.ptr + start->input_pos,
                                   .len = end->input_pos - start->input_pos },
            &b->text);
    return MLN_OK;
}

/* Puts the scalar's text together in b->text. */
static int read_text(struct builder *b, struct fy_token *token)
{
    int rc;

    mln_buf_reset(&b->text);
    if (fy_token_scalar_style(token) == FYSS_SINGLE_QUOTED)
        rc = read_single_quoted(b, token);
    else
        rc = read_chunks(b, token);
    if (rc == MLN_OK && b->text.code != MLN_OK)
        return no_room(b->err, b->file->name);
    return rc;
}

/* `token` is NULL where a value is left out. */
static int on_scalar(struct builder *b, struct fy_token *token)
{
    enum fy_scalar_style style = token != NULL ? fy_token_scalar_style(token) : FYSS_PLAIN;
    struct mln_yaml_node *node = NULL;
    struct mln_str text = MLN_STR("");
    int rc = MLN_OK;

    if (token != NULL) {
        rc = read_text(b, token);
        text = mln_buf_str(&b->text);
    }
    /* libfyaml's place of quoted text is after the quote. */
    if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && b->column > 1)
        b->column--;
    if (rc == MLN_OK)
        rc = new_node(b,
                style == FYSS_PLAIN && is_null_word(text) ? MLN_YAML_NULL : MLN_YAML_SCALAR, &node);
    if (rc != MLN_OK)
        return rc;
    node->quoted = style != FYSS_PLAIN;
    node->text = mln_arena_dup(b->arena, text);
    if (node->text.ptr == NULL)
        return no_room(b->err, b->file->name);
    return place(b, node);
}

static int on_container(struct builder *b, enum mln_yaml_kind kind)
{
    struct mln_yaml_node *node;
    int rc;

    if (b->depth == MLN_YAML_DEPTH_MAX)
        return fail_here(b, MLN_ETOOBIG, "nested too deeply");
    rc = new_node(b, kind, &node);
    if (rc == MLN_OK)
        rc = place(b, node);
    if (rc < 0)
        return rc;
    b->level[b->depth].node = node;
    b->level[b->depth].last = NULL;
    b->level[b->depth].key = NULL;
    b->depth++;
    return MLN_OK;
}

/* By key, then by place in the file. */
static int compare_members(const void *a, const void *b)
{
    const struct mln_yaml_node *x = (*(const struct mln_yaml_node *const *)a)->key;
    const struct mln_yaml_node *y = (*(const struct mln_yaml_node *const *)b)->key;
    int order = mln_str_cmp(x->text, y->text);

    if (order != 0)
        return order;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

static int repeated_key(const struct builder *b, const struct mln_yaml_node *first,
        const struct mln_yaml_node *again)
{
    MLN_AUTO(mln_buf_free) struct mln_buf shown = MLN_BUF_INIT(MLN_YAML_SHOWN_MAX);

    mln_yaml_show(again->text, &shown);
    return mln_yaml_fail(b->err, b->file, again, "key '%.*s' is repeated: it is in line %u already",
            MLN_FMT(mln_buf_str(&shown)), first->line);
}

/* Sorting keeps a map with a hundred thousand keys from costing their square. */
static int check_repeats(struct builder *b, const struct mln_yaml_node *map)
{
    MLN_AUTO_FREE struct mln_yaml_node **members = NULL;
    size_t count = 0;

    if (map->count < 2)
        return MLN_OK;
    members = calloc(map->count, sizeof(struct mln_yaml_node *));
    if (members == NULL)
        return no_room(b->err, b->file->name);
    for (struct mln_yaml_node *at = map->first; at != NULL; at = at->next)
        members[count++] = at;
    qsort(members, count, sizeof(struct mln_yaml_node *), compare_members);
    for (size_t i = 1; i < count; i++) {
        if (mln_str_eq(members[i - 1]->key->text, members[i]->key->text))
            return repeated_key(b, members[i - 1]->key, members[i]->key);
    }
    return MLN_OK;
}

static int close_container(struct builder *b)
{
    struct mln_yaml_node *node = b->level[--b->depth].node;

    return node->kind == MLN_YAML_MAP ? check_repeats(b, node) : MLN_OK;
}

static int add_document(struct builder *b, struct documents *docs)
{
    if (docs->count == docs->cap) {
        size_t cap = docs->cap == 0 ? 4 : docs->cap * 2;
        struct mln_yaml_node **grown = mln_arena_alloc(b->arena, cap * sizeof(*grown));

        if (grown == NULL)
            return no_room(b->err, b->file->name);
        if (docs->count > 0)
            memcpy(grown, docs->items, docs->count * sizeof(*grown));
        docs->items = grown;
        docs->cap = cap;
    }
    docs->items[docs->count++] = b->root;
    return MLN_OK;
}

static int on_event(struct builder *b, struct documents *docs, struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);

    if (mark != NULL) {
        b->line = (unsigned)mark->line + 1;
        b->column = (unsigned)mark->column + 1;
    }
    if (event->type == FYET_ALIAS)
        return fail_here(b, MLN_EINVAL, "aliases are not allowed");
    if (fy_event_get_anchor_token(event) != NULL)
        return fail_here(b, MLN_EINVAL, "anchors are not allowed");
    if (fy_event_get_tag_token(event) != NULL)
        return fail_here(b, MLN_EINVAL, "tags are not allowed");

    switch (event->type) {
    case FYET_SCALAR:
        return on_scalar(b, event->scalar.value);
    case FYET_SEQUENCE_START:
        return on_container(b, MLN_YAML_LIST);
    case FYET_MAPPING_START:
        return on_container(b, MLN_YAML_MAP);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        return close_container(b);
    case FYET_DOCUMENT_END:
        return add_document(b, docs);
    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
    case FYET_DOCUMENT_START:
    case FYET_ALIAS:
        return MLN_OK;
    }
    return MLN_OK;
}

/* libfyaml's first complaint, which names the cause; later ones follow from it. */
static int syntax_error(struct builder *b, struct fy_diag *diag)
{
    MLN_AUTO(mln_buf_free) struct mln_buf reason = MLN_BUF_INIT(MLN_YAML_SHOWN_MAX);
    void *at = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);

    if (first == NULL || first->msg == NULL)
        return fail_here(b, MLN_EINVAL, "malformed YAML");
    if (first->line > 0 && first->column > 0) {
        b->line = (unsigned)first->line;
        b->column = (unsigned)first->column;
    }
    mln_utf8_escape_controls(mln_str_of(first->msg), &reason);
    return fail_here(b, MLN_EINVAL, reason.len > 0 ? reason.ptr : "malformed YAML");
}

static int read_events(
        struct builder *b, struct fy_parser *parser, struct fy_diag *diag, struct documents *docs)
{
    bool ended = false;
    int rc = MLN_OK;

    while (rc == MLN_OK && !ended) {
        struct fy_event *event = fy_parser_parse(parser);

        if (event == NULL)
            return syntax_error(b, diag);
        ended = event->type == FYET_STREAM_END;
        rc = on_event(b, docs, event);
        fy_parser_event_free(parser, event);
    }
    return rc;
}

static void swallow(struct fy_diag *diag, void *user, const char *text, size_t len)
{
    (void)diag;
    (void)user;
    (void)text;
    (void)len;
}

/* libfyaml would print its complaints to stderr: they are collected instead. */
static struct fy_diag *quiet_diag(void)
{
    struct fy_diag_cfg cfg;
    struct fy_diag *diag;

    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.output_fn = swallow;
    cfg.colorize = false;
    diag = fy_diag_create(&cfg);
    if (diag != NULL)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

static int parse(struct builder *b, struct mln_str text, struct documents *docs)
{
    struct fy_diag *diag = quiet_diag();
    struct fy_parse_cfg cfg = {
        .flags = FYPCF_DEFAULT_VERSION_1_2,
        .diag = diag,
    };
    struct fy_parser *parser = diag != NULL ? fy_parser_create(&cfg) : NULL;
    int rc;

    if (parser != NULL && fy_parser_set_string(parser, text.ptr, text.len) == 0)
        rc = read_events(b, parser, diag, docs);
    else
        rc = no_room(b->err, b->file->name);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return rc;
}

int mln_yaml_parse(struct mln_str text, const char *name, struct mln_arena *arena,
        struct mln_yaml_file *out, struct mln_err *err)
{
    struct mln_yaml_file file = { .name = name };
    struct builder b = {
        .file = &file,
        .arena = arena,
        .err = err,
        .source = text,
        .line = 1,
        .column = 1,
        .text = MLN_BUF_INIT(MLN_YAML_BYTES_MAX * 2), /* Some escapes are longer decoded. */
    };
    struct documents docs = { 0 };
    int rc = mln_yaml_guard(text, name, err);

    if (rc == MLN_OK && text.len > 0)
        rc = parse(&b, text, &docs);
    mln_buf_free(&b.text);
    if (rc < 0)
        return rc;
    file.name = mln_arena_cstr(arena, mln_str_of(name));
    if (file.name == NULL)
        return no_room(err, name);
    file.documents = docs.items;
    file.document_count = docs.count;
    *out = file;
    return MLN_OK;
}

int mln_yaml_read(
        const char *path, struct mln_arena *arena, struct mln_yaml_file *out, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_YAML_BYTES_MAX);
    int rc = mln_file_read(path, &text, err);

    return rc < 0 ? rc : mln_yaml_parse(mln_buf_str(&text), path, arena, out, err);
}
