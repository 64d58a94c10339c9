/* The order of calls must exist, and the plan as a whole has a hash. */
#include "acs/sign.h"
#include "collect/priv.h"
#include "wire/writer.h"

#define PRINT_MAX ((size_t)64 * 1024 * 1024)

/* Calls whose dependencies are all settled, round by round; what is left goes in circles. */
int mln_plan_check_cycles(struct mln_plan_loader *loader)
{
    MLN_AUTO_FREE bool *settled = calloc(loader->call_count + 1, sizeof(*settled));
    bool again = true;

    if (settled == NULL)
        return mln_plan_no_memory(loader);
    while (again) {
        again = false;
        for (size_t i = 0; i < loader->call_count; i++) {
            const struct mln_schema_call *call = &loader->calls[i];
            bool ready = !settled[i];

            for (size_t d = 0; ready && d < call->depend_count; d++)
                ready = settled[call->depends[d]];
            settled[i] = settled[i] || ready;
            again = again || ready;
        }
    }
    for (size_t i = 0; i < loader->call_count; i++) {
        const struct mln_plan_entry *entry = &loader->plan->entries[i];

        if (!settled[i])
            return mln_yaml_fail(loader->err, entry->file,
                    entry->for_each_node != NULL ? entry->for_each_node : entry->node,
                    "'%s' waits for a call that waits for it", entry->info.id);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the scope frees it */
    return MLN_OK;
}

/* Every part on its own line with its length before it, so that no two plans print the same. */
static void put(struct mln_buf *out, struct mln_str text)
{
    mln_buf_addf(out, "%zu:%.*s\n", text.len, MLN_FMT(text));
}

static void put_number(struct mln_buf *out, int64_t number)
{
    mln_buf_addf(out, "%lld\n", (long long)number);
}

static void put_cstr(struct mln_buf *out, const char *text)
{
    put_number(out, text != NULL);
    put(out, mln_str_of(text));
}

static void put_path(struct mln_buf *out, const struct mln_path *path, bool has)
{
    put_number(out, has ? (int64_t)path->count : -1);
    for (size_t i = 0; has && i < path->count; i++)
        put_cstr(out, path->names[i]);
}

static void put_table(struct mln_buf *out, const struct mln_table *table)
{
    put_cstr(out, table->name);
    put_number(out, table->single);
    put_number(out, table->is_unique);
    put_number(out, (int64_t)table->column_count);
    for (size_t i = 0; i < table->column_count; i++) {
        put_cstr(out, table->columns[i].name);
        put_number(out, table->columns[i].type);
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the rows of a plan nest, which YAML limits */
static void put_map(struct mln_buf *out, const struct mln_row_map *map)
{
    put_number(out, (int64_t)map->table);
    put_path(out, &map->list, true);
    put_path(out, &map->id, map->has_id);
    put_path(out, &map->name, map->has_name);
    put_path(out, &map->region, map->has_region);
    put_number(out, (int64_t)map->column_count);
    for (size_t i = 0; i < map->column_count; i++) {
        put_number(out, (int64_t)map->columns[i].column);
        put_path(out, &map->columns[i].path, true);
        put_cstr(out, map->columns[i].literal);
    }
    put_number(out, (int64_t)map->nested_count);
    for (size_t i = 0; i < map->nested_count; i++)
        put_map(out, &map->nested[i]);
}

static void put_errors(struct mln_buf *out, const struct mln_plan_errors *errors)
{
    put_number(out, (int64_t)errors->count);
    for (size_t i = 0; i < errors->count; i++) {
        put(out, errors->items[i].code);
        put_number(out, errors->items[i].any_before);
        put_number(out, errors->items[i].any_after);
        put_cstr(out, mln_outcome_name(errors->items[i].outcome));
    }
}

static void put_texts(struct mln_buf *out, const struct mln_yaml_strs *texts)
{
    put_number(out, (int64_t)texts->count);
    for (size_t i = 0; i < texts->count; i++)
        put(out, texts->items[i]);
}

static void put_page(struct mln_buf *out, const struct mln_plan_page *page)
{
    put_number(out, page->by);
    put(out, page->position);
    put(out, page->size);
    put_number(out, page->max);
    put_path(out, &page->next, true);
    put_path(out, &page->total, page->has_total);
    put_path(out, &page->more, page->has_more);
}

static void put_call(
        struct mln_buf *out, const struct mln_plan_entry *entry, const struct mln_schema_call *call)
{
    put_cstr(out, entry->info.id);
    put_cstr(out, entry->info.code);
    put_cstr(out, entry->info.version);
    put_cstr(out, entry->info.action);
    put_cstr(out, entry->info.ram_action);
    put_number(out, entry->info.style);
    put_cstr(out, entry->info.path); /* Neither host nor method nor rate change what is asked. */
    put_number(out, entry->info.scope);
    put_cstr(out, entry->keys_sql);
    put_texts(out, &entry->sites);
    put_number(out, (int64_t)entry->param_count);
    for (size_t i = 0; i < entry->param_count; i++) {
        put(out, entry->params[i].name);
        put(out, entry->params[i].value);
    }
    put(out, entry->variant_name);
    put_texts(out, &entry->variants);
    put_page(out, &entry->page);
    put_errors(out, &entry->errors);
    put_errors(out, &entry->product_errors);
    put_number(out, entry->batch);
    put_path(out, &entry->csv, entry->is_csv);
    put_texts(out, &entry->mask);
    put_number(out, call->rows != NULL);
    if (call->rows != NULL)
        put_map(out, call->rows);
}

int mln_plan_hash(struct mln_plan_loader *loader)
{
    struct mln_schema *schema = &loader->plan->schema;
    MLN_AUTO(mln_buf_free) struct mln_buf out = MLN_BUF_INIT(PRINT_MAX);
    struct mln_str text;
    int rc;

    put_cstr(&out, "merlon plan 1");
    put_number(&out, (int64_t)schema->table_count);
    for (size_t i = 0; i < schema->table_count; i++)
        put_table(&out, &schema->tables[i]);
    for (size_t i = 0; i < schema->call_count; i++)
        put_call(&out, &loader->plan->entries[i], &schema->calls[i]);
    rc = mln_buf_done(&out, &text, loader->err);
    if (rc != MLN_OK)
        return mln_wrap(loader->err, rc, "the collection plan");
    mln_sha256_hex(text, schema->hash);
    return schema->hash[0] != '\0'
                   ? MLN_OK
                   : mln_fail(loader->err, MLN_ECONFIG, "the crypto library has no SHA-256");
}
