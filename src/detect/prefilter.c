#include "detect/prefilter.h"

#include <hs/hs.h>

#include "detect/prefilter_route.h"
#include "detect/regex_factor.h"

#define KINDS           8
#define FLAG_BITS       32
#define EXPRESSION_MAX  (MLN_VALUE_BYTES_MAX * 4 + 16)
#define LITERALS_BYTES  (MLN_SQL_BYTES_MAX + MLN_SQL_LITERALS_MAX + 1)
#define SOURCE_NAME_MAX 64
#define PREFILTER_BYTES MLN_RULES_BYTES_MAX

/* One expression of the database, and the rules that need it. */
struct expression {
    char *text;
    unsigned flags;
    enum mln_haystack haystack;
    bool refused;
    struct use *uses;
};

struct use {
    struct use *next;
    size_t rule;
};

struct mln_prefilter {
    const struct mln_rules *rules;
    struct mln_arena arena;
    size_t words;
    uint64_t *bits;               /* The answer. */
    uint64_t *always;             /* Rules without a necessary text. */
    uint64_t *kinds[KINDS];       /* Rules by kind of event ... */
    uint64_t *by_flag[FLAG_BITS]; /* ... and by a flag that they need. */
    uint64_t *selected;           /* By log source, for the two names below. */
    char engine[SOURCE_NAME_MAX], product[SOURCE_NAME_MAX];
    bool source_known;
    struct expression *expressions;
    size_t expression_count, expression_capacity;
    struct mln_map by_text;
    hs_database_t *databases[MLN_HAYSTACKS];
    hs_scratch_t *scratch;
    struct mln_buf joined;
};

static void set_bit(uint64_t *bits, size_t at)
{
    bits[at / 64] |= (uint64_t)1 << (at % 64);
}

/* vectorscan of this generation needs SSE4.2 and does not check it itself. */
static bool machine_can(void)
{
#if defined(__x86_64__) || defined(__i386__)
    if (!__builtin_cpu_supports("sse4.2"))
        return false;
#endif
    return hs_valid_platform() == HS_SUCCESS;
}

static void add_quoted(struct mln_buf *buf, struct mln_str text)
{
    for (size_t i = 0; i < text.len; i++)
        mln_buf_addf(buf, "\\x%02x", (unsigned)(unsigned char)text.ptr[i]);
}

static unsigned flags_of(const struct mln_pattern *pattern, enum mln_haystack haystack)
{
    unsigned flags = HS_FLAG_SINGLEMATCH | HS_FLAG_PREFILTER;

    if ((pattern->regex_options & PCRE2_CASELESS) != 0)
        flags |= HS_FLAG_CASELESS;
    if ((pattern->regex_options & PCRE2_DOTALL) != 0)
        flags |= HS_FLAG_DOTALL;
    if ((pattern->regex_options & PCRE2_MULTILINE) != 0 || haystack == MLN_HAY_LITERALS)
        flags |= HS_FLAG_MULTILINE;
    return flags;
}

static bool is_accepted(const char *text, unsigned flags)
{
    hs_expr_info_t *info = NULL;
    hs_compile_error_t *why = NULL;
    bool accepted = hs_expression_info(text, flags, &info, &why) == HS_SUCCESS &&
                    info->min_width > 0;

    free(info);
    (void)hs_free_compile_error(why);
    return accepted;
}

static struct expression *expression_add(struct mln_prefilter *prefilter, struct mln_str text,
        unsigned flags, enum mln_haystack haystack)
{
    struct expression *expression;

    if (prefilter->expression_count == prefilter->expression_capacity) {
        size_t capacity = prefilter->expression_capacity * 2 + 64;
        void *grown = reallocarray(prefilter->expressions, capacity, sizeof(*expression));

        if (grown == NULL)
            return NULL;
        prefilter->expressions = grown;
        prefilter->expression_capacity = capacity;
    }
    expression = &prefilter->expressions[prefilter->expression_count++];
    *expression = (struct expression){
        .text = mln_arena_cstr(&prefilter->arena, text), .flags = flags, .haystack = haystack
    };
    if (expression->text == NULL)
        return NULL;
    expression->refused = !is_accepted(expression->text, flags);
    return expression;
}

/* The expression of this text, made once. */
static struct expression *expression_of(struct mln_prefilter *prefilter, struct mln_str text,
        unsigned flags, enum mln_haystack haystack)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(EXPRESSION_MAX);
    struct expression *expression;
    struct mln_str key;
    struct mln_err ignored;
    void *found;

    mln_buf_addf(&buf, "%u %u ", (unsigned)haystack, flags);
    mln_buf_add(&buf, text);
    if (mln_buf_done(&buf, &key, &ignored) != MLN_OK)
        return NULL;
    found = mln_map_get(&prefilter->by_text, key);
    if (found != NULL)
        return &prefilter->expressions[(uintptr_t)found - 1];
    expression = expression_add(prefilter, text, flags, haystack);
    if (expression == NULL)
        return NULL;
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): the map's value is a number, never followed */
    found = (void *)(uintptr_t)prefilter->expression_count;
    if (mln_map_put(&prefilter->by_text, key, found, NULL) != MLN_OK)
        return NULL;
    return expression;
}

static bool add_use(
        struct mln_prefilter *prefilter, const struct mln_rule *rule, struct expression *expression)
{
    struct use *use = mln_arena_alloc(&prefilter->arena, sizeof(*use));

    if (expression == NULL || use == NULL)
        return false;
    use->rule = rule->index;
    use->next = expression->uses;
    expression->uses = use;
    return true;
}

static bool add_text(struct mln_prefilter *prefilter, const struct mln_rule *rule,
        struct mln_str text, enum mln_haystack haystack)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(EXPRESSION_MAX);
    struct mln_str quoted;
    struct mln_err ignored;

    add_quoted(&buf, text);
    return mln_buf_done(&buf, &quoted, &ignored) == MLN_OK &&
           add_use(prefilter, rule,
                   expression_of(
                           prefilter, quoted, HS_FLAG_SINGLEMATCH | HS_FLAG_CASELESS, haystack));
}

/* A regular expression by the texts it needs; without any, as it is. */
static bool add_needle(struct mln_prefilter *prefilter, const struct mln_rule *rule,
        const struct mln_needle *needle)
{
    const struct mln_pattern *pattern = needle->pattern;
    struct mln_factor factor = { &pattern->text, 1 };
    bool is_regex = pattern->kind == MLN_PATTERN_REGEX;
    bool ok = !is_regex || mln_regex_factor(pattern->regex_text, &prefilter->arena, &factor);

    if (ok && is_regex && factor.count == 0)
        return add_use(prefilter, rule,
                expression_of(prefilter, mln_str_of(pattern->regex_text),
                        flags_of(pattern, needle->haystack), needle->haystack));
    for (size_t i = 0; ok && i < factor.count; i++)
        ok = add_text(prefilter, rule, factor.texts[i], needle->haystack);
    return ok;
}

static bool add_rule(
        struct mln_prefilter *prefilter, const struct mln_rule *rule, struct mln_arena *arena)
{
    unsigned kinds = mln_route_kinds(rule->condition);
    struct mln_route route;

    for (unsigned i = 0; i < KINDS; i++)
        if ((kinds & (1U << i)) != 0)
            set_bit(prefilter->kinds[i], rule->index);
    if (!mln_route_find(rule->condition, arena, &route))
        return false;
    if (!route.known) {
        set_bit(prefilter->always, rule->index);
        return true;
    }
    for (unsigned i = 0; i < FLAG_BITS; i++)
        if ((route.flags & (1U << i)) != 0)
            set_bit(prefilter->by_flag[i], rule->index);
    for (size_t i = 0; i < route.count; i++)
        if (!add_needle(prefilter, rule, &route.needles[i]))
            return false;
    return true;
}

/* What vectorscan cannot look for is left to evaluation. */
static void refuse(struct mln_prefilter *prefilter, struct expression *expression)
{
    expression->refused = true;
    for (const struct use *use = expression->uses; use != NULL; use = use->next)
        set_bit(prefilter->always, use->rule);
}

struct set {
    const char **texts;
    unsigned *flags, *ids;
    unsigned count;
};

static void collect(
        const struct mln_prefilter *prefilter, enum mln_haystack haystack, struct set *set)
{
    set->count = 0;
    for (size_t i = 0; i < prefilter->expression_count; i++) {
        const struct expression *expression = &prefilter->expressions[i];

        if (expression->refused || expression->haystack != haystack)
            continue;
        set->texts[set->count] = expression->text;
        set->flags[set->count] = expression->flags;
        set->ids[set->count++] = (unsigned)i;
    }
}

/* Compiles one database; an expression that makes it fail is refused and the rest tried again. */
static int compile_database(struct mln_prefilter *prefilter, enum mln_haystack haystack,
        struct set *set, struct mln_err *err)
{
    for (;;) {
        hs_compile_error_t *why = NULL;
        hs_error_t rc;
        int at;

        collect(prefilter, haystack, set);
        if (set->count == 0)
            return MLN_OK;
        rc = hs_compile_multi(set->texts, set->flags, set->ids, set->count, HS_MODE_BLOCK, NULL,
                &prefilter->databases[haystack], &why);
        if (rc == HS_SUCCESS)
            break;
        at = why != NULL ? why->expression : -1;
        (void)hs_free_compile_error(why);
        if (rc == HS_NOMEM)
            return mln_fail(err, MLN_ENOMEM, "prefilter: no memory");
        for (unsigned i = 0; i < set->count; i++)
            if (at < 0 || (unsigned)at == i)
                refuse(prefilter, &prefilter->expressions[set->ids[i]]);
    }
    if (hs_alloc_scratch(prefilter->databases[haystack], &prefilter->scratch) != HS_SUCCESS)
        return mln_fail(err, MLN_ENOMEM, "prefilter: no memory");
    return MLN_OK;
}

static int compile_databases(struct mln_prefilter *prefilter, struct mln_err *err)
{
    size_t count = prefilter->expression_count + 1;
    struct set set = {
        .texts = mln_arena_alloc(&prefilter->arena, count * sizeof(*set.texts)),
        .flags = mln_arena_alloc(&prefilter->arena, count * sizeof(*set.flags)),
        .ids = mln_arena_alloc(&prefilter->arena, count * sizeof(*set.ids)),
    };
    int rc = MLN_OK;

    if (set.texts == NULL || set.flags == NULL || set.ids == NULL)
        return mln_fail(err, MLN_ENOMEM, "prefilter: no memory");
    for (size_t i = 0; i < prefilter->expression_count; i++)
        if (prefilter->expressions[i].refused)
            refuse(prefilter, &prefilter->expressions[i]);
    for (enum mln_haystack i = 0; rc == MLN_OK && i < MLN_HAYSTACKS; i++)
        rc = compile_database(prefilter, i, &set, err);
    return rc;
}

static bool make_bits(struct mln_prefilter *prefilter)
{
    uint64_t **all[] = { &prefilter->bits, &prefilter->always, &prefilter->selected };
    size_t bytes = prefilter->words * sizeof(uint64_t);
    bool ok = true;

    for (size_t i = 0; i < MLN_LEN(all); i++)
        ok = ok && (*all[i] = mln_arena_alloc(&prefilter->arena, bytes)) != NULL;
    for (size_t i = 0; i < KINDS; i++)
        ok = ok && (prefilter->kinds[i] = mln_arena_alloc(&prefilter->arena, bytes)) != NULL;
    for (size_t i = 0; i < FLAG_BITS; i++)
        ok = ok && (prefilter->by_flag[i] = mln_arena_alloc(&prefilter->arena, bytes)) != NULL;
    return ok;
}

static int build(struct mln_prefilter *prefilter, struct mln_err *err)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT(PREFILTER_BYTES);
    const struct mln_rules *rules = prefilter->rules;
    bool can = machine_can();

    if (!make_bits(prefilter))
        return mln_fail(err, MLN_ENOMEM, "prefilter: no memory");
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->rules[i]->correlation != NULL)
            continue;
        if (!add_rule(prefilter, rules->rules[i], &arena))
            return mln_fail(err, MLN_ENOMEM, "prefilter: no memory");
        if (!can)
            set_bit(prefilter->always, i);
    }
    return can ? compile_databases(prefilter, err) : MLN_OK;
}

int mln_prefilter_new(
        const struct mln_rules *rules, struct mln_prefilter **out, struct mln_err *err)
{
    struct mln_prefilter *prefilter = calloc(1, sizeof(*prefilter));
    int rc;

    if (prefilter == NULL)
        return mln_fail(err, MLN_ENOMEM, "prefilter: no memory");
    prefilter->rules = rules;
    prefilter->arena.max_bytes = PREFILTER_BYTES;
    prefilter->joined.max = LITERALS_BYTES;
    prefilter->words = rules->count / 64 + 1;
    mln_map_init(&prefilter->by_text, SIZE_MAX);
    rc = build(prefilter, err);
    mln_map_fini(&prefilter->by_text, NULL);
    if (rc != MLN_OK) {
        mln_prefilter_free(prefilter);
        return rc;
    }
    *out = prefilter;
    return MLN_OK;
}

void mln_prefilter_free(struct mln_prefilter *prefilter)
{
    if (prefilter == NULL)
        return;
    for (size_t i = 0; i < MLN_HAYSTACKS; i++)
        (void)hs_free_database(prefilter->databases[i]);
    (void)hs_free_scratch(prefilter->scratch);
    mln_buf_free(&prefilter->joined);
    free(prefilter->expressions);
    mln_arena_free(&prefilter->arena);
    free(prefilter);
}

size_t mln_prefilter_words(const struct mln_prefilter *prefilter)
{
    return prefilter->words;
}

static bool product_is(struct mln_str wanted, struct mln_str engine)
{
    if (wanted.len == 0 || mln_str_eq_nocase(wanted, MLN_STR("aliyun")))
        return true;
    return mln_str_eq_nocase(wanted, engine) ||
           (mln_str_eq_nocase(wanted, MLN_STR("mysql")) &&
                   mln_str_eq_nocase(engine, MLN_STR("mariadb")));
}

static bool source_is(
        const struct mln_logsource *wanted, struct mln_str engine, struct mln_str product)
{
    bool category = wanted->category.len == 0 ||
                    mln_str_eq_nocase(wanted->category, MLN_STR("database_audit")) ||
                    mln_str_eq_nocase(wanted->category, MLN_STR("database"));

    return category && product_is(wanted->product, engine) &&
           (wanted->service.len == 0 || mln_str_eq_nocase(wanted->service, product));
}

static bool remember(char to[SOURCE_NAME_MAX], struct mln_str name)
{
    if (name.len >= SOURCE_NAME_MAX)
        return false;
    memcpy(to, name.len > 0 ? name.ptr : "", name.len);
    to[name.len] = '\0';
    return true;
}

/* Consecutive events come from the same source. */
static void select_source(struct mln_prefilter *prefilter, const struct mln_audit_event *event)
{
    if (prefilter->source_known && mln_str_is(event->engine, prefilter->engine) &&
            mln_str_is(event->product, prefilter->product))
        return;
    memset(prefilter->selected, 0, prefilter->words * sizeof(uint64_t));
    for (size_t i = 0; i < prefilter->rules->count; i++) {
        const struct mln_rule *rule = prefilter->rules->rules[i];

        if (source_is(&rule->logsource, event->engine, event->product))
            set_bit(prefilter->selected, i);
    }
    prefilter->source_known = remember(prefilter->engine, event->engine) &&
                              remember(prefilter->product, event->product);
}

static int on_match(
        unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    struct mln_prefilter *prefilter = context;

    (void)from;
    (void)to;
    (void)flags;
    for (const struct use *use = prefilter->expressions[id].uses; use != NULL; use = use->next)
        set_bit(prefilter->bits, use->rule);
    return 0;
}

static int scan(struct mln_prefilter *prefilter, enum mln_haystack haystack, struct mln_str text,
        struct mln_err *err)
{
    if (prefilter->databases[haystack] == NULL || text.len == 0)
        return MLN_OK;
    if (hs_scan(prefilter->databases[haystack], text.ptr, (unsigned)text.len, 0, prefilter->scratch,
                on_match, prefilter) != HS_SUCCESS)
        return mln_fail(err, MLN_EIO, "prefilter: vectorscan refused to scan");
    return MLN_OK;
}

static int scan_literals(struct mln_prefilter *prefilter, const struct mln_sql_skeleton *skeleton,
        struct mln_err *err)
{
    struct mln_str joined;
    int rc;

    if (prefilter->databases[MLN_HAY_LITERALS] == NULL || skeleton->literal_count == 0)
        return MLN_OK;
    if (skeleton->literal_count == 1)
        return scan(prefilter, MLN_HAY_LITERALS, skeleton->literals[0], err);
    mln_buf_reset(&prefilter->joined);
    for (size_t i = 0; i < skeleton->literal_count; i++) {
        mln_buf_add(&prefilter->joined, skeleton->literals[i]);
        mln_buf_add_char(&prefilter->joined, '\n');
    }
    rc = mln_buf_done(&prefilter->joined, &joined, err);
    return rc == MLN_OK ? scan(prefilter, MLN_HAY_LITERALS, joined, err) : rc;
}

int mln_prefilter_scan(struct mln_prefilter *prefilter, const struct mln_audit_event *event,
        const uint64_t **out, struct mln_err *err)
{
    const struct mln_sql_skeleton *skeleton = event->skeleton;
    int rc = MLN_OK;

    select_source(prefilter, event);
    memcpy(prefilter->bits, prefilter->always, prefilter->words * sizeof(uint64_t));
    if (skeleton != NULL) {
        for (unsigned flags = skeleton->flags; flags != 0; flags &= flags - 1) {
            const uint64_t *by_flag = prefilter->by_flag[__builtin_ctz(flags)];

            for (size_t i = 0; i < prefilter->words; i++)
                prefilter->bits[i] |= by_flag[i];
        }
        rc = scan(prefilter, MLN_HAY_SKELETON, skeleton->text, err);
        if (rc == MLN_OK)
            rc = scan_literals(prefilter, skeleton, err);
    }
    if (rc == MLN_OK)
        rc = scan(prefilter, MLN_HAY_SQL, event->sql, err);
    for (size_t i = 0; i < prefilter->words; i++)
        prefilter->bits[i] &= prefilter->kinds[event->kind][i] & prefilter->selected[i];
    *out = prefilter->bits;
    return rc;
}
