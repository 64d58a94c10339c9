/*
 * Loading rules: files into documents, documents into rules, references into pointers. Built-in
 * files come first, whatever their place, so that a user's file replaces them.
 */
#include "detect/rules.h"

#include <sodium.h>

#include "detect/rule_priv.h"

#define BUILT_IN_ID_MIN 10001
#define BUILT_IN_ID_MAX 99999
#define DERIVED_ID_MIN  ((int64_t)1000000000)
#define DERIVED_IDS     ((uint64_t)1000000000)
#define LEVEL_DEFAULT   2
#define CATEGORY_OTHER  199
#define MUTE_MS_MAX     MLN_TIMESPAN_MS_MAX

static const struct level_row {
    const char *name;
    int level;
} levels[] = {
    { "critical", 3 },
    { "high", 3 },
    { "informational", 1 },
    { "low", 1 },
    { "medium", 2 },
};

struct risk {
    int64_t rule_id, category_id, level, mute_ms;
    struct mln_str key, category, category_zh, name_zh, alert_frequency;
    struct mln_yaml_strs event_key;
};

#define ROW(key, type, member, flags, min, max)                   \
    {                                                             \
        key, type, offsetof(struct risk, member), flags, min, max \
    }
static const struct mln_yaml_field risk_fields[] = {
    ROW("alert_frequency", MLN_YAML_STR, alert_frequency, 0, 0, 0),
    ROW("category", MLN_YAML_STR, category, MLN_YAML_REQUIRED, 0, 0),
    ROW("category_id", MLN_YAML_I64, category_id, MLN_YAML_REQUIRED, 1, 1000000),
    ROW("category_zh", MLN_YAML_STR, category_zh, MLN_YAML_REQUIRED, 0, 0),
    ROW("event_key", MLN_YAML_STR_LIST, event_key, 0, 0, 0),
    ROW("key", MLN_YAML_STR, key, MLN_YAML_REQUIRED, 0, 0),
    ROW("level", MLN_YAML_I64, level, 0, 1, 3),
    ROW("mute", MLN_YAML_DURATION, mute_ms, 0, 0, MUTE_MS_MAX),
    ROW("name_zh", MLN_YAML_STR, name_zh, MLN_YAML_REQUIRED, 0, 0),
    ROW("rule_id", MLN_YAML_I64, rule_id, MLN_YAML_REQUIRED, 1, DERIVED_ID_MIN - 1),
};

/* A document on its way to a rule. */
struct draft {
    struct mln_rule *rule;
    struct mln_yaml_file *file;
    const struct mln_yaml_node *document;
};

struct loader {
    struct mln_rule_compiler compiler;
    struct mln_arena arena; /* YAML nodes, dropped at the end. */
    struct draft *drafts;
    struct mln_rule **loaded; /* By draft. */
    size_t count;
};

static int no_memory(struct loader *loader, const char *name)
{
    return mln_fail(
            loader->compiler.err, MLN_ENOMEM, "%s: no memory, or more rules than fit", name);
}

static struct mln_str scalar_of(const struct mln_yaml_node *map, const char *key)
{
    const struct mln_yaml_node *node = mln_yaml_get(map, key);

    return node != NULL && node->kind == MLN_YAML_SCALAR ? node->text : (struct mln_str){ 0 };
}

static struct mln_str keep(struct loader *loader, struct mln_str text)
{
    return mln_arena_dup(&loader->compiler.rules->arena, text);
}

static int read_level(struct loader *loader, const struct draft *draft)
{
    const struct mln_yaml_node *node = mln_yaml_get(draft->document, "level");

    draft->rule->info.level = LEVEL_DEFAULT;
    if (node == NULL)
        return MLN_OK;
    for (size_t i = 0; i < MLN_LEN(levels); i++) {
        if (node->kind == MLN_YAML_SCALAR && mln_str_is(node->text, levels[i].name)) {
            draft->rule->info.level = levels[i].level;
            return MLN_OK;
        }
    }
    return mln_yaml_fail(loader->compiler.err, draft->file, node,
            "a level is informational, low, medium, high or critical");
}

/* A rule without x-risk gets an id that stays the same while its Sigma id, name or title does. */
static void default_risk(struct loader *loader, struct mln_rule *rule)
{
    struct mln_str from = rule->id.len > 0 ? rule->id : rule->info.name_en;
    unsigned char digest[crypto_generichash_BYTES_MIN];
    uint64_t hash;

    if (rule->id.len == 0 && rule->name.len > 0)
        from = rule->name;
    (void)crypto_generichash(
            digest, sizeof(digest), (const unsigned char *)from.ptr, from.len, NULL, 0);
    memcpy(&hash, digest, sizeof(hash));
    rule->info.rule_id = DERIVED_ID_MIN + (int64_t)(hash % DERIVED_IDS);
    rule->info.key = mln_arena_cstr(&loader->compiler.rules->arena, from);
    rule->info.name_zh = rule->info.name_en;
    rule->info.category_id = CATEGORY_OTHER;
    rule->info.category_en = MLN_STR("Other");
    rule->info.category_zh = MLN_STR("其他");
    rule->info.alert_frequency = MLN_STR("1/day");
}

static int check_risk(struct loader *loader, const struct draft *draft,
        const struct mln_yaml_node *node, const struct risk *risk)
{
    struct mln_err *err = loader->compiler.err;
    const struct mln_yaml_strs *event_key = &risk->event_key;

    if (draft->rule->built_in &&
            (risk->rule_id < BUILT_IN_ID_MIN || risk->rule_id > BUILT_IN_ID_MAX))
        return mln_yaml_fail(err, draft->file, mln_yaml_get(node, "rule_id"),
                "built-in rule ids are %d to %d", BUILT_IN_ID_MIN, BUILT_IN_ID_MAX);
    if (event_key->count > 0 &&
            (event_key->count != 2 || !mln_str_is(event_key->items[0], "rule") ||
                    !mln_str_is(event_key->items[1], "product")))
        return mln_yaml_fail(err, draft->file, mln_yaml_get(node, "event_key"),
                "the only event key is [rule, product]");
    return MLN_OK;
}

static int read_risk(struct loader *loader, const struct draft *draft)
{
    const struct mln_yaml_node *node = mln_yaml_get(draft->document, "x-risk");
    struct mln_rule *rule = draft->rule;
    struct risk risk = { .alert_frequency = MLN_STR("1/day"), .level = rule->info.level };
    int rc;

    rule->mute_ms = rule->correlation != NULL ? rule->correlation->timespan_ms : 0;
    if (node == NULL) {
        default_risk(loader, rule);
        return rule->info.key != NULL ? MLN_OK : no_memory(loader, draft->file->name);
    }
    risk.mute_ms = rule->mute_ms;
    rc = mln_yaml_decode(draft->file, node, risk_fields, MLN_LEN(risk_fields), &risk,
            &loader->arena, loader->compiler.err);
    if (rc == MLN_OK)
        rc = check_risk(loader, draft, node, &risk);
    if (rc != MLN_OK)
        return rc;
    rule->has_risk = true;
    rule->mute_ms = risk.mute_ms;
    rule->info.rule_id = risk.rule_id;
    rule->info.category_id = risk.category_id;
    rule->info.level = (int)risk.level;
    rule->info.key = mln_arena_cstr(&loader->compiler.rules->arena, risk.key);
    rule->info.name_zh = keep(loader, risk.name_zh);
    rule->info.category_en = keep(loader, risk.category);
    rule->info.category_zh = keep(loader, risk.category_zh);
    rule->info.alert_frequency = keep(loader, risk.alert_frequency);
    return rule->info.key != NULL && rule->info.alert_frequency.ptr != NULL
                   ? MLN_OK
                   : no_memory(loader, draft->file->name);
}

static int read_detection(
        struct loader *loader, const struct draft *draft, const struct mln_yaml_node *detection)
{
    const struct mln_yaml_node *logsource = mln_yaml_get(draft->document, "logsource");
    struct mln_rule *rule = draft->rule;
    int rc;

    if (logsource == NULL || logsource->kind != MLN_YAML_MAP)
        return mln_yaml_fail(
                loader->compiler.err, draft->file, draft->document, "the rule has no logsource");
    rule->logsource.category = keep(loader, scalar_of(logsource, "category"));
    rule->logsource.product = keep(loader, scalar_of(logsource, "product"));
    rule->logsource.service = keep(loader, scalar_of(logsource, "service"));
    loader->compiler.own_taxonomy = mln_str_is(rule->logsource.category, "database_audit");
    loader->compiler.items = 0;
    rc = mln_sigma_condition(&loader->compiler, detection, &rule->condition);
    return rc == MLN_OK ? mln_sigma_emit(&loader->compiler, rule->condition, rule) : rc;
}

static int read_body(struct loader *loader, const struct draft *draft)
{
    const struct mln_yaml_node *detection = mln_yaml_get(draft->document, "detection");
    const struct mln_yaml_node *correlation = mln_yaml_get(draft->document, "correlation");
    struct mln_err *err = loader->compiler.err;

    if (mln_yaml_get(draft->document, "filter") != NULL)
        return mln_yaml_fail(err, draft->file, draft->document, "Sigma filters are not supported");
    if ((detection == NULL) == (correlation == NULL))
        return mln_yaml_fail(err, draft->file, draft->document,
                "a rule has either a detection or a correlation");
    if (detection != NULL)
        return read_detection(loader, draft, detection);
    draft->rule->correlation = mln_arena_alloc(
            &loader->compiler.rules->arena, sizeof(struct mln_correlation));
    if (draft->rule->correlation == NULL)
        return no_memory(loader, draft->file->name);
    draft->rule->info.is_correlation = true;
    return mln_correlation_read(&loader->compiler, correlation, draft->rule->correlation);
}

/* The same id again replaces; within one file, or twice built in, it is a mistake. */
static int replace_earlier(struct loader *loader, const struct draft *draft)
{
    struct mln_rule *rule = draft->rule;

    for (size_t i = 0; i < loader->count; i++) {
        struct mln_rule *earlier = loader->loaded[i];

        if (earlier->dropped || earlier->info.rule_id != rule->info.rule_id)
            continue;
        if (mln_str_eq(earlier->source, rule->source) || (earlier->built_in && rule->built_in))
            return mln_yaml_fail(loader->compiler.err, draft->file, draft->document,
                    "rule id %lld is that of '%.*s', too", (long long)rule->info.rule_id,
                    MLN_FMT(earlier->info.name_en));
        earlier->dropped = true;
        rule->info.replaced = true;
    }
    if (!rule->built_in && rule->has_risk && !rule->info.replaced &&
            rule->info.rule_id <= BUILT_IN_ID_MAX)
        return mln_yaml_fail(loader->compiler.err, draft->file, draft->document,
                "rule id %lld is none of the built-in ones; ids of your own begin at 100000",
                (long long)rule->info.rule_id);
    return MLN_OK;
}

static int read_document(struct loader *loader, const struct mln_rule_source *source,
        struct mln_yaml_file *file, const struct mln_yaml_node *document)
{
    struct mln_rules *rules = loader->compiler.rules;
    struct mln_rule *rule = mln_arena_alloc(&rules->arena, sizeof(*rule));
    struct draft draft = { rule, file, document };
    struct mln_str title;
    int rc;

    if (rule == NULL || loader->count == MLN_RULES_MAX)
        return no_memory(loader, file->name);
    if (document->kind != MLN_YAML_MAP)
        return mln_yaml_fail(loader->compiler.err, file, document, "a rule is a map");
    title = scalar_of(document, "title");
    if (title.len == 0)
        return mln_yaml_fail(loader->compiler.err, file, document, "the rule has no title");
    rule->built_in = source->built_in;
    rule->source = keep(loader, mln_str_of(source->name));
    rule->id = keep(loader, scalar_of(document, "id"));
    rule->name = keep(loader, scalar_of(document, "name"));
    rule->info.name_en = keep(loader, title);
    rc = read_level(loader, &draft);
    if (rc == MLN_OK)
        rc = read_body(loader, &draft);
    if (rc == MLN_OK)
        rc = read_risk(loader, &draft);
    if (rc == MLN_OK)
        rc = replace_earlier(loader, &draft);
    if (rc != MLN_OK)
        return rc;
    loader->loaded[loader->count] = rule;
    loader->drafts[loader->count++] = draft;
    return MLN_OK;
}

static int read_source(struct loader *loader, const struct mln_rule_source *source)
{
    struct mln_yaml_file *file = mln_arena_alloc(&loader->arena, sizeof(*file));
    int rc;

    if (file == NULL)
        return no_memory(loader, source->name);
    rc = mln_yaml_parse(source->text, source->name, &loader->arena, file, loader->compiler.err);
    loader->compiler.file = file;
    for (size_t i = 0; rc == MLN_OK && i < file->document_count; i++)
        if (file->documents[i]->kind != MLN_YAML_NULL)
            rc = read_document(loader, source, file, file->documents[i]);
    return rc;
}

/* Tells each listed rule which correlations it feeds. */
static int link_feeds(struct loader *loader, struct mln_rule *correlation)
{
    struct mln_arena *arena = &loader->compiler.rules->arena;

    for (size_t i = 0; i < correlation->correlation->rule_count; i++) {
        struct mln_rule *listed = correlation->correlation->rules[i];
        size_t count = listed->feed_count;
        struct mln_rule **feeds = mln_arena_alloc(arena, (count + 1) * sizeof(*feeds));
        uint32_t *slots = mln_arena_alloc(arena, (count + 1) * sizeof(*slots));

        if (feeds == NULL || slots == NULL)
            return no_memory(loader, "rules");
        for (size_t j = 0; j < count; j++) {
            feeds[j] = listed->feeds[j];
            slots[j] = listed->feed_slots[j];
        }
        feeds[count] = correlation;
        slots[count] = (uint32_t)i;
        listed->feeds = feeds;
        listed->feed_slots = slots;
        listed->feed_count++;
    }
    return MLN_OK;
}

static int resolve(struct loader *loader)
{
    int rc = MLN_OK;

    for (size_t i = 0; rc == MLN_OK && i < loader->count; i++) {
        const struct draft *draft = &loader->drafts[i];

        if (draft->rule->correlation == NULL || draft->rule->dropped)
            continue;
        loader->compiler.file = draft->file;
        rc = mln_correlation_resolve(&loader->compiler,
                mln_yaml_get(draft->document, "correlation"), draft->rule, loader->loaded,
                loader->count);
        if (rc == MLN_OK)
            rc = link_feeds(loader, draft->rule);
    }
    return rc;
}

/* False when correlations are nested too deep, which a circle always is. */
static bool measure_depth(struct loader *loader)
{
    bool grew = true;

    for (unsigned pass = 0; grew && pass <= MLN_CORRELATION_DEPTH; pass++) {
        grew = false;
        for (size_t i = 0; i < loader->count; i++) {
            struct mln_rule *rule = loader->loaded[i];
            size_t count = rule->correlation != NULL ? rule->correlation->rule_count : 0;

            for (size_t j = 0; j < count; j++) {
                if (rule->correlation->rules[j]->depth < rule->depth)
                    continue;
                rule->depth = rule->correlation->rules[j]->depth + 1;
                grew = true;
            }
        }
    }
    return !grew;
}

/*
 * A rule alarms unless correlations speak for it. A built-in document without x-risk is only ever a
 * part of a correlation, also when that was replaced.
 */
static bool alarms(const struct mln_rule *rule)
{
    bool generate = rule->feed_count == 0 && (rule->has_risk || !rule->built_in);

    for (size_t i = 0; i < rule->feed_count; i++)
        generate = generate || rule->feeds[i]->correlation->generate;
    return generate;
}

static int finish(struct loader *loader)
{
    struct mln_rules *rules = loader->compiler.rules;
    bool shallow = measure_depth(loader);

    rules->rules = mln_arena_alloc(&rules->arena, (loader->count + 1) * sizeof(*rules->rules));
    rules->infos = mln_arena_alloc(&rules->arena, (loader->count + 1) * sizeof(*rules->infos));
    if (rules->rules == NULL || rules->infos == NULL)
        return no_memory(loader, "rules");
    for (size_t i = 0; i < loader->count; i++) {
        const struct draft *draft = &loader->drafts[i];
        struct mln_rule *rule = draft->rule;

        if (rule->dropped)
            continue;
        if (!shallow && rule->depth > MLN_CORRELATION_DEPTH)
            return mln_yaml_fail(loader->compiler.err, draft->file, draft->document,
                    "correlations list each other in a circle, or more than %d deep",
                    MLN_CORRELATION_DEPTH);
        rule->alarms = alarms(rule);
        rule->index = rules->count;
        rules->rules[rules->count++] = rule;
        if (rule->alarms)
            rules->infos[rules->info_count++] = &rule->info;
    }
    return MLN_OK;
}

static int load(struct loader *loader, const struct mln_rule_source *sources, size_t count)
{
    int rc = MLN_OK;

    loader->drafts = mln_arena_alloc(&loader->arena, MLN_RULES_MAX * sizeof(*loader->drafts));
    loader->loaded = mln_arena_alloc(&loader->arena, MLN_RULES_MAX * sizeof(*loader->loaded));
    if (loader->drafts == NULL || loader->loaded == NULL)
        return no_memory(loader, "rules");
    for (size_t i = 0; rc == MLN_OK && i < count; i++)
        if (sources[i].built_in)
            rc = read_source(loader, &sources[i]);
    for (size_t i = 0; rc == MLN_OK && i < count; i++)
        if (!sources[i].built_in)
            rc = read_source(loader, &sources[i]);
    if (rc == MLN_OK)
        rc = resolve(loader);
    return rc == MLN_OK ? finish(loader) : rc;
}

int mln_rules_compile(const struct mln_rule_source *sources, size_t count,
        const struct mln_lists *lists, struct mln_rules **out, struct mln_err *err)
{
    struct mln_rules *rules = calloc(1, sizeof(*rules));
    struct loader loader = { .compiler = { .rules = rules, .lists = lists, .err = err },
        .arena = MLN_ARENA_INIT(MLN_RULES_BYTES_MAX) };
    int rc;

    if (rules == NULL)
        return mln_fail(err, MLN_ENOMEM, "rules: no memory");
    rules->arena.max_bytes = MLN_RULES_BYTES_MAX;
    rc = load(&loader, sources, count);
    mln_arena_free(&loader.arena);
    if (rc != MLN_OK) {
        mln_rules_free(rules);
        return rc;
    }
    *out = rules;
    return MLN_OK;
}

void mln_rules_free(struct mln_rules *rules)
{
    if (rules == NULL)
        return;
    for (size_t i = 0; i < rules->regex_count; i++)
        pcre2_code_free(rules->regexes[i]);
    free(rules->regexes);
    mln_arena_free(&rules->arena);
    free(rules);
}

size_t mln_rules_count(const struct mln_rules *rules)
{
    return rules->info_count;
}

const struct mln_rule_info *mln_rules_info(const struct mln_rules *rules, size_t index)
{
    return index < rules->info_count ? rules->infos[index] : NULL;
}
