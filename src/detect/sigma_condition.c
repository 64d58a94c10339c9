/*
 * The condition grammar of Sigma, lowest first: or, and, not, `1 of x*` / `all of them`,
 * parentheses. A list of conditions is an `or`. A name that is not there, and a pattern that meets
 * no name, are errors: they would make a rule silent.
 */
#include "detect/rule_priv.h"

#define CONDITION_BYTES_MAX ((size_t)16 * 1024)
#define SEARCHES_MAX        1024

struct search {
    const struct mln_yaml_node *value;
    struct mln_node *node;
};

struct parser {
    struct mln_rule_compiler *compiler;
    const struct mln_yaml_node *node; /* The condition's text, for places in messages. */
    struct search *searches;
    size_t search_count;
    struct mln_str text;
    size_t at; /* After the token. */
    struct mln_str token;
    unsigned depth;
};

static int parse_or(struct parser *parser, struct mln_node **out);

static int fail_here(struct parser *parser, const char *what)
{
    struct mln_yaml_node place = *parser->node;

    place.column += (unsigned)(parser->token.ptr - parser->text.ptr) + (place.quoted ? 1U : 0U);
    if (parser->token.len == 0)
        return mln_yaml_fail(parser->compiler->err, parser->compiler->file, &place,
                "condition: %s at the end", what);
    return mln_yaml_fail(parser->compiler->err, parser->compiler->file, &place,
            "condition: %s at '%.*s'", what, MLN_FMT(parser->token));
}

static int no_memory(struct mln_rule_compiler *compiler)
{
    return mln_fail(compiler->err, MLN_ENOMEM, "%s: no memory, or more rules than fit",
            compiler->file->name);
}

static bool is_name(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-' || c == '.' || c == '*';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A name, or one other byte; empty at the end. */
static void advance(struct parser *parser)
{
    size_t from;

    while (parser->at < parser->text.len && is_blank(parser->text.ptr[parser->at]))
        parser->at++;
    from = parser->at;
    while (parser->at < parser->text.len && is_name(parser->text.ptr[parser->at]))
        parser->at++;
    if (parser->at == from && from < parser->text.len)
        parser->at++;
    parser->token = (struct mln_str){ parser->text.ptr + from, parser->at - from };
}

static bool at_word(const struct parser *parser, const char *word)
{
    return mln_str_eq_nocase(parser->token, mln_str_of(word));
}

static bool next_is_of(const struct parser *parser)
{
    struct parser ahead = *parser;

    advance(&ahead);
    return at_word(&ahead, "of");
}

/* `*` anywhere in the pattern. */
static bool name_matches(struct mln_str pattern, struct mln_str name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, resume = 0;

    while (n < name.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.len && pattern.ptr[p] == name.ptr[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

static int search_node(struct parser *parser, struct search *search, struct mln_node **out)
{
    int rc = MLN_OK;

    if (search->node == NULL)
        rc = mln_sigma_search(parser->compiler, search->value, &search->node);
    if (rc == MLN_OK)
        *out = search->node;
    return rc;
}

static int parse_of(struct parser *parser, struct mln_node **out)
{
    bool all = at_word(parser, "all");
    struct mln_node *node;
    struct mln_str pattern;
    bool hidden;
    int rc = MLN_OK;

    advance(parser);
    advance(parser);
    pattern = at_word(parser, "them") ? MLN_STR("*") : parser->token;
    if (pattern.len == 0 || !is_name(pattern.ptr[0]))
        return fail_here(parser, "a name, a pattern or 'them' is wanted");
    hidden = pattern.ptr[0] == '_';
    node = mln_node_new(parser->compiler, all ? MLN_NODE_AND : MLN_NODE_OR, parser->search_count);
    if (node == NULL)
        return no_memory(parser->compiler);
    for (size_t i = 0; rc == MLN_OK && i < parser->search_count; i++) {
        struct mln_str name = parser->searches[i].value->key->text;

        if ((hidden || name.len == 0 || name.ptr[0] != '_') && name_matches(pattern, name))
            rc = search_node(parser, &parser->searches[i], &node->children[node->count++]);
    }
    if (rc != MLN_OK)
        return rc;
    if (node->count == 0)
        return fail_here(parser, "no search has such a name");
    advance(parser);
    *out = node;
    return MLN_OK;
}

static int parse_name(struct parser *parser, struct mln_node **out)
{
    for (size_t i = 0; i < parser->search_count; i++) {
        if (!mln_str_eq(parser->token, parser->searches[i].value->key->text))
            continue;
        advance(parser);
        return search_node(parser, &parser->searches[i], out);
    }
    return fail_here(parser, "unknown search");
}

/* NOLINTNEXTLINE(misc-no-recursion): MLN_RULE_DEPTH_MAX */
static int parse_primary(struct parser *parser, struct mln_node **out)
{
    int rc;

    if (mln_str_is(parser->token, "(")) {
        if (++parser->depth > MLN_RULE_DEPTH_MAX)
            return fail_here(parser, "nested too deep");
        advance(parser);
        rc = parse_or(parser, out);
        if (rc != MLN_OK)
            return rc;
        if (!mln_str_is(parser->token, ")"))
            return fail_here(parser, "')' is wanted");
        parser->depth--;
        advance(parser);
        return MLN_OK;
    }
    if (next_is_of(parser)) {
        if (at_word(parser, "1") || at_word(parser, "any") || at_word(parser, "all"))
            return parse_of(parser, out);
        return fail_here(parser, "only '1 of', 'any of' and 'all of' are supported,");
    }
    if (parser->token.len == 0 || !is_name(parser->token.ptr[0]) || at_word(parser, "and") ||
            at_word(parser, "or"))
        return fail_here(parser, "the name of a search is wanted");
    return parse_name(parser, out);
}

/* NOLINTNEXTLINE(misc-no-recursion): MLN_RULE_DEPTH_MAX */
static int parse_not(struct parser *parser, struct mln_node **out)
{
    struct mln_node *node;
    int rc;

    if (!at_word(parser, "not"))
        return parse_primary(parser, out);
    if (++parser->depth > MLN_RULE_DEPTH_MAX)
        return fail_here(parser, "nested too deep");
    node = mln_node_new(parser->compiler, MLN_NODE_NOT, 1);
    if (node == NULL)
        return no_memory(parser->compiler);
    advance(parser);
    rc = parse_not(parser, &node->children[0]);
    node->count = 1;
    parser->depth--;
    if (rc == MLN_OK)
        *out = node;
    return rc;
}

/* One level of `and` or `or`: the operands side by side in one node.
 * NOLINTNEXTLINE(misc-no-recursion): MLN_RULE_DEPTH_MAX */
static int parse_level(struct parser *parser, enum mln_node_kind kind, struct mln_node **out)
{
    const char *word = kind == MLN_NODE_AND ? "and" : "or";
    struct mln_node *node = NULL, *operand = NULL;
    int rc;

    for (;;) {
        rc = kind == MLN_NODE_AND ? parse_not(parser, &operand)
                                  : parse_level(parser, MLN_NODE_AND, &operand);
        if (rc != MLN_OK)
            return rc;
        if (node != NULL) {
            /* Operands are few; a node for each pair keeps this simple. */
            struct mln_node *pair = mln_node_new(parser->compiler, kind, 2);

            if (pair == NULL)
                return no_memory(parser->compiler);
            pair->children[0] = node;
            pair->children[1] = operand;
            pair->count = 2;
            operand = pair;
        }
        node = operand;
        if (!at_word(parser, word))
            break;
        advance(parser);
    }
    *out = node;
    return MLN_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): MLN_RULE_DEPTH_MAX */
static int parse_or(struct parser *parser, struct mln_node **out)
{
    return parse_level(parser, MLN_NODE_OR, out);
}

static int parse_text(
        struct parser *parser, const struct mln_yaml_node *node, struct mln_node **out)
{
    int rc;

    if (node->kind != MLN_YAML_SCALAR || node->text.len == 0 ||
            node->text.len > CONDITION_BYTES_MAX)
        return mln_yaml_fail(parser->compiler->err, parser->compiler->file, node,
                "a condition is a text of 1 to %zu bytes", CONDITION_BYTES_MAX);
    parser->node = node;
    parser->text = node->text;
    parser->at = 0;
    parser->depth = 0;
    advance(parser);
    rc = parse_or(parser, out);
    if (rc == MLN_OK && parser->token.len > 0)
        rc = fail_here(parser, "'and' or 'or' is wanted");
    return rc;
}

static int parse_conditions(
        struct parser *parser, const struct mln_yaml_node *node, struct mln_node **out)
{
    struct mln_node *any;
    int rc = MLN_OK;

    if (node->kind != MLN_YAML_LIST || node->count == 0)
        return parse_text(parser, node, out);
    any = mln_node_new(parser->compiler, MLN_NODE_OR, node->count);
    if (any == NULL)
        return no_memory(parser->compiler);
    for (const struct mln_yaml_node *one = node->first; rc == MLN_OK && one != NULL;
            one = one->next)
        rc = parse_text(parser, one, &any->children[any->count++]);
    if (rc == MLN_OK)
        *out = any;
    return rc;
}

int mln_sigma_condition(struct mln_rule_compiler *compiler, const struct mln_yaml_node *detection,
        struct mln_node **out)
{
    struct parser parser = { .compiler = compiler };
    const struct mln_yaml_node *condition;
    int rc = MLN_OK;

    if (detection->kind != MLN_YAML_MAP || detection->count > SEARCHES_MAX)
        return mln_yaml_fail(compiler->err, compiler->file, detection,
                "detection is a map of at most %d searches", SEARCHES_MAX);
    condition = mln_yaml_get(detection, "condition");
    if (condition == NULL)
        return mln_yaml_fail(
                compiler->err, compiler->file, detection, "detection has no condition");
    parser.searches = mln_arena_alloc(
            &compiler->rules->arena, (detection->count + 1) * sizeof(struct search));
    if (parser.searches == NULL)
        return no_memory(compiler);
    for (const struct mln_yaml_node *value = detection->first; value != NULL; value = value->next)
        if (value != condition && !mln_str_is(value->key->text, "timeframe"))
            parser.searches[parser.search_count++].value = value;
    rc = parse_conditions(&parser, condition, out);
    /* A search that no condition uses is checked all the same. */
    for (size_t i = 0; rc == MLN_OK && i < parser.search_count; i++) {
        struct mln_node *unused;

        rc = search_node(&parser, &parser.searches[i], &unused);
    }
    return rc;
}

struct emitter {
    struct mln_instruction *code;
    size_t count;
};

/* The depth is that of the condition, which is limited. `a or b or c ...` nests to the left.
 * NOLINTNEXTLINE(misc-no-recursion): MLN_RULE_DEPTH_MAX, and CONDITION_BYTES_MAX to the left */
static bool emit(struct emitter *emitter, const struct mln_node *node)
{
    enum mln_opcode jump = node->kind == MLN_NODE_AND ? MLN_CODE_IF_FALSE : MLN_CODE_IF_TRUE;
    size_t first = emitter->count;

    if (emitter->count + 2 >= MLN_RULE_CODE_MAX)
        return false;
    if (node->kind == MLN_NODE_ITEM) {
        emitter->code[emitter->count++] = (struct mln_instruction){ .opcode = MLN_CODE_TEST,
            .item = node->item };
        return true;
    }
    if (node->kind == MLN_NODE_NOT) {
        if (!emit(emitter, node->children[0]))
            return false;
        emitter->code[emitter->count++] = (struct mln_instruction){ .opcode = MLN_CODE_NOT };
        return true;
    }
    for (size_t i = 0; i < node->count; i++) {
        if (!emit(emitter, node->children[i]) || emitter->count + 2 >= MLN_RULE_CODE_MAX)
            return false;
        /* The target is this jump's own place until the end of the node is known. */
        if (i + 1 < node->count) {
            emitter->code[emitter->count] = (struct mln_instruction){ .opcode = jump,
                .target = (uint32_t)emitter->count };
            emitter->count++;
        }
    }
    for (size_t at = first; at < emitter->count; at++)
        if (emitter->code[at].opcode == jump && emitter->code[at].target == at)
            emitter->code[at].target = (uint32_t)emitter->count;
    return true;
}

int mln_sigma_emit(
        struct mln_rule_compiler *compiler, const struct mln_node *root, struct mln_rule *rule)
{
    MLN_AUTO_FREE struct mln_instruction *code = calloc(MLN_RULE_CODE_MAX, sizeof(*code));
    struct emitter emitter = { .code = code };

    if (code == NULL)
        return no_memory(compiler);
    if (!emit(&emitter, root))
        return mln_fail(
                compiler->err, MLN_ETOOBIG, "%s: the rule is too large", compiler->file->name);
    rule->code = mln_arena_alloc(&compiler->rules->arena, emitter.count * sizeof(*code));
    if (rule->code == NULL)
        return no_memory(compiler); /* NOLINT(clang-analyzer-unix.Malloc): the scope frees it */
    memcpy(rule->code, code, emitter.count * sizeof(*code));
    rule->code_count = emitter.count;
    return MLN_OK;
}
