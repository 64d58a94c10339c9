/* Entries hang in a chain of their connection's bucket and in a list by age; orphans in a list of
 * theirs. */
#include "detect/pending_tables.h"

#define NAMES     7 /* Of struct mln_pending_source. */
#define ENTRY_MAX (((size_t)MLN_EVENT_TABLES_MAX + NAMES) * (2 * MLN_PENDING_NAME_MAX + 16))

static const struct mln_str magic = { "MLNPT1\n", 7 };

static size_t bucket_of(uint64_t connection)
{
    return (size_t)((connection * 0x9e3779b97f4a7c15u) >> 54);
}

static void add_u64(struct mln_buf *buf, uint64_t number)
{
    char bytes[8];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(number >> (8 * i) & 0xff);
    mln_buf_add(buf, (struct mln_str){ .ptr = bytes, .len = sizeof(bytes) });
}

static bool read_u64(struct mln_str *rest, uint64_t *out)
{
    uint64_t number = 0;

    if (rest->len < 8)
        return false;
    for (size_t i = 0; i < 8; i++)
        number |= (uint64_t)(unsigned char)rest->ptr[i] << (8 * i);
    rest->ptr += 8;
    rest->len -= 8;
    *out = number;
    return true;
}

static bool read_str(struct mln_str *rest, struct mln_str *out)
{
    uint64_t len;

    if (!read_u64(rest, &len) || len > rest->len)
        return false;
    *out = (struct mln_str){ .ptr = rest->ptr, .len = (size_t)len };
    rest->ptr += len;
    rest->len -= (size_t)len;
    return true;
}

static struct mln_str shortened(struct mln_str s)
{
    if (s.len > MLN_PENDING_NAME_MAX)
        s.len = MLN_PENDING_NAME_MAX;
    return s;
}

static void add_str(struct mln_buf *buf, struct mln_str s)
{
    add_u64(buf, s.len);
    mln_buf_add(buf, s);
}

void mln_pending_free(struct mln_pending *pending)
{
    if (pending == NULL)
        return;
    mln_buf_free(&pending->bytes);
    free(pending);
}

static void free_list(struct mln_pending *at)
{
    while (at != NULL) {
        struct mln_pending *next = at->next;

        mln_pending_free(at);
        at = next;
    }
}

void mln_pending_fini(struct mln_pending_tables *tables)
{
    free_list(tables->oldest);
    free_list(tables->first_orphan);
    *tables = (struct mln_pending_tables){ 0 };
}

static void link_entry(struct mln_pending_tables *tables, struct mln_pending *entry)
{
    struct mln_pending **bucket = &tables->buckets[bucket_of(entry->key.connection)];

    entry->chain = *bucket;
    *bucket = entry;
    entry->next = NULL;
    entry->previous = tables->newest;
    if (tables->newest != NULL)
        tables->newest->next = entry;
    else
        tables->oldest = entry;
    tables->newest = entry;
    tables->count++;
}

static void unlink_entry(struct mln_pending_tables *tables, struct mln_pending *entry)
{
    struct mln_pending **slot = &tables->buckets[bucket_of(entry->key.connection)];

    while (*slot != entry)
        slot = &(*slot)->chain;
    *slot = entry->chain;
    if (entry->previous != NULL)
        entry->previous->next = entry->next;
    else
        tables->oldest = entry->next;
    if (entry->next != NULL)
        entry->next->previous = entry->previous;
    else
        tables->newest = entry->previous;
    entry->chain = entry->next = entry->previous = NULL;
    tables->count--;
}

static void link_orphan(struct mln_pending_tables *tables, struct mln_pending *entry)
{
    if (tables->last_orphan != NULL)
        tables->last_orphan->next = entry;
    else
        tables->first_orphan = entry;
    tables->last_orphan = entry;
}

static void make_orphan(struct mln_pending_tables *tables, struct mln_pending *entry)
{
    unlink_entry(tables, entry);
    link_orphan(tables, entry);
}

static struct mln_pending *find(struct mln_pending_tables *tables, struct mln_pending_key key)
{
    struct mln_pending *entry = tables->buckets[bucket_of(key.connection)];

    while (entry != NULL &&
            (entry->key.connection != key.connection || entry->key.query != key.query))
        entry = entry->chain;
    return entry;
}

/* Makes room: chains are newest first, so the last of the connection is its oldest. */
static void limit_connection(struct mln_pending_tables *tables, uint64_t connection)
{
    struct mln_pending *last = NULL;
    size_t count = 0;

    for (struct mln_pending *at = tables->buckets[bucket_of(connection)]; at != NULL;
            at = at->chain) {
        if (at->key.connection != connection)
            continue;
        last = at;
        count++;
    }
    if (count >= MLN_PENDING_CONNECTION_MAX)
        make_orphan(tables, last);
    else if (tables->count >= MLN_PENDING_MAX)
        make_orphan(tables, tables->oldest);
}

static struct mln_pending *new_entry(
        struct mln_pending_key key, int64_t time_ms, int hour, int weekday)
{
    struct mln_pending *entry = calloc(1, sizeof(*entry));

    if (entry == NULL)
        return NULL;
    entry->key = key;
    entry->time_ms = time_ms;
    entry->local_hour = hour;
    entry->local_weekday = weekday;
    entry->bytes = (struct mln_buf)MLN_BUF_INIT(ENTRY_MAX);
    return entry;
}

static bool has_table(
        const struct mln_pending *entry, struct mln_str database, struct mln_str table)
{
    struct mln_pending_view view;

    if (entry->table_count == 0)
        return false;
    mln_pending_view(entry, &view);
    for (size_t i = 0; i < view.table_count; i++) {
        struct mln_str name = view.tables[i];

        if (name.len == database.len + 1 + table.len &&
                memcmp(name.ptr, database.ptr, database.len) == 0 &&
                memcmp(name.ptr + database.len + 1, table.ptr, table.len) == 0)
            return true;
    }
    return false;
}

static struct mln_pending *begin_entry(struct mln_pending_tables *tables,
        struct mln_pending_key key, const struct mln_pending_source *source)
{
    const struct mln_str names[NAMES] = { source->instance, source->user, source->client,
        source->database, source->op, source->session, source->statement_id };
    struct mln_pending *entry;

    limit_connection(tables, key.connection);
    entry = new_entry(key, source->time_ms, source->local_hour, source->local_weekday);
    if (entry == NULL)
        return NULL;
    for (size_t i = 0; i < NAMES; i++)
        add_str(&entry->bytes, shortened(names[i]));
    link_entry(tables, entry);
    tables->bytes += entry->bytes.len;
    return entry;
}

int mln_pending_add(struct mln_pending_tables *tables, struct mln_pending_key key,
        const struct mln_pending_source *source, struct mln_str database, struct mln_str table,
        struct mln_err *err)
{
    struct mln_pending *entry = find(tables, key);
    size_t before;

    if (entry == NULL)
        entry = begin_entry(tables, key, source);
    if (entry == NULL)
        return mln_fail(err, MLN_ENOMEM, "no memory for a waiting table");
    before = entry->bytes.len;
    database = shortened(database);
    table = shortened(table);
    if (entry->table_count < MLN_EVENT_TABLES_MAX && tables->bytes < MLN_PENDING_BYTES_MAX &&
            !has_table(entry, database, table)) {
        add_u64(&entry->bytes, database.len + 1 + table.len);
        mln_buf_add(&entry->bytes, database);
        mln_buf_add_char(&entry->bytes, '.');
        mln_buf_add(&entry->bytes, table);
        entry->table_count++;
    }
    tables->bytes += entry->bytes.len - before;
    if (entry->bytes.code != MLN_OK)
        return mln_fail(err, MLN_ENOMEM, "no memory for a waiting table");
    return MLN_OK;
}

struct mln_pending *mln_pending_take(struct mln_pending_tables *tables, struct mln_pending_key key)
{
    struct mln_pending *entry = find(tables, key);

    if (entry != NULL) {
        unlink_entry(tables, entry);
        tables->bytes -= entry->bytes.len;
    }
    return entry;
}

void mln_pending_disconnect(struct mln_pending_tables *tables, uint64_t connection)
{
    struct mln_pending *at = tables->buckets[bucket_of(connection)], *chain;

    for (; at != NULL; at = chain) {
        chain = at->chain;
        if (at->key.connection == connection)
            make_orphan(tables, at);
    }
}

struct mln_pending *mln_pending_take_orphan(struct mln_pending_tables *tables)
{
    struct mln_pending *orphan = tables->first_orphan;

    if (orphan == NULL)
        return NULL;
    tables->bytes -= orphan->bytes.len;
    tables->first_orphan = orphan->next;
    if (orphan->next == NULL)
        tables->last_orphan = NULL;
    orphan->next = NULL;
    return orphan;
}

void mln_pending_view(const struct mln_pending *pending, struct mln_pending_view *out)
{
    struct mln_str rest = mln_buf_str(&pending->bytes);
    struct mln_str *fields[NAMES] = { &out->instance, &out->user, &out->client, &out->database,
        &out->op, &out->session, &out->statement_id };

    for (size_t i = 0; i < MLN_LEN(fields); i++)
        if (!read_str(&rest, fields[i]))
            *fields[i] = (struct mln_str){ .ptr = "", .len = 0 };
    out->table_count = 0;
    while (out->table_count < MLN_EVENT_TABLES_MAX &&
            read_str(&rest, &out->tables[out->table_count]))
        out->table_count++;
}

static void save_list(const struct mln_pending *at, bool orphan, struct mln_buf *out)
{
    for (; at != NULL; at = at->next) {
        mln_buf_add_char(out, orphan ? 'o' : 'w');
        add_u64(out, at->key.connection);
        add_u64(out, at->key.query);
        add_u64(out, (uint64_t)at->time_ms);
        add_u64(out, (uint64_t)at->local_hour * 7 + (uint64_t)at->local_weekday);
        add_u64(out, at->table_count);
        add_str(out, mln_buf_str(&at->bytes));
    }
}

void mln_pending_save(const struct mln_pending_tables *tables, struct mln_buf *out)
{
    mln_buf_add(out, magic);
    save_list(tables->first_orphan, true, out);
    save_list(tables->oldest, false, out);
}

/* Are these the fields and `count` tables, and nothing else? */
static bool bytes_are_sound(struct mln_str bytes, uint64_t count)
{
    struct mln_str item;

    if (count > MLN_EVENT_TABLES_MAX || bytes.len > ENTRY_MAX)
        return false;
    for (uint64_t i = 0; i < count + NAMES; i++)
        if (!read_str(&bytes, &item))
            return false;
    return bytes.len == 0;
}

/* One entry into `out`; false when the bytes are not ours. */
static bool load_entry(struct mln_str *rest, bool *orphan, struct mln_pending **out)
{
    uint64_t connection, query, time_ms, local, count;
    struct mln_pending *entry;
    struct mln_str bytes;

    if (*rest->ptr != 'o' && *rest->ptr != 'w')
        return false;
    *orphan = *rest->ptr == 'o';
    rest->ptr++;
    rest->len--;
    if (!read_u64(rest, &connection) || !read_u64(rest, &query) || !read_u64(rest, &time_ms) ||
            !read_u64(rest, &local) || local >= 24 * 7 || !read_u64(rest, &count) ||
            !read_str(rest, &bytes) || !bytes_are_sound(bytes, count))
        return false;
    entry = new_entry((struct mln_pending_key){ connection, query }, (int64_t)time_ms,
            (int)(local / 7), (int)(local % 7));
    if (entry != NULL) {
        entry->table_count = (size_t)count;
        mln_buf_add(&entry->bytes, bytes);
    }
    *out = entry;
    return true;
}

static int load_all(struct mln_pending_tables *tables, struct mln_str state, struct mln_err *err)
{
    while (state.len > 0) {
        struct mln_pending *entry;
        bool orphan;

        if (tables->count >= MLN_PENDING_MAX || !load_entry(&state, &orphan, &entry))
            return mln_fail(err, MLN_ECORRUPT, "the state of waiting tables is damaged");
        if (entry == NULL || entry->bytes.code != MLN_OK) {
            mln_pending_free(entry);
            return mln_fail(err, MLN_ENOMEM, "no memory for a waiting table");
        }
        tables->bytes += entry->bytes.len;
        if (orphan)
            link_orphan(tables, entry);
        else
            link_entry(tables, entry);
    }
    return MLN_OK;
}

int mln_pending_load(struct mln_pending_tables *tables, struct mln_str state, struct mln_err *err)
{
    struct mln_pending_tables loaded = { 0 };
    int rc;

    if (!mln_str_starts(state, magic))
        return mln_fail(err, MLN_ECORRUPT, "the state of waiting tables is not ours");
    state.ptr += magic.len;
    state.len -= magic.len;
    rc = load_all(&loaded, state, err);
    if (rc < 0) {
        mln_pending_fini(&loaded);
        return rc;
    }
    mln_pending_fini(tables);
    *tables = loaded;
    return MLN_OK;
}
