/*
 * Answers from the texts of account_kinds.c, given to a snapshot as a collection gives them: call
 * after call, page after page, a commit every thousand rows.
 */
#include "account.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#define REGIONS       8
#define PAGE_ELEMENTS 100
#define COMMIT_ROWS   1000
#define ANSWER_MAX    ((size_t)4 * 1024 * 1024)
#define KINDS_MAX     100
#define SHARE_OF      10000

static const char *const regions[REGIONS] = { "cn-hangzhou", "cn-shanghai", "cn-beijing",
    "cn-shenzhen", "cn-zhangjiakou", "ap-southeast-1", "eu-central-1", "us-west-1" };
static const char *const sites[] = { "cn-hangzhou", "ap-southeast-1" };

/* A kind in an account of one size: `places` times `per_place` elements. */
struct kind {
    const struct account_kind *what;
    const struct mln_schema_call *call;
    const struct kind *parent;
    int64_t places, per_place, per_parent, total;
    uint64_t salt;
};

/* One element: of which kind, where, and its number in the account. */
struct element {
    const struct kind *kind;
    int64_t number, parent;
    unsigned options; /* Taken so far. */
};

struct account {
    struct kind kinds[KINDS_MAX];
    size_t count;
    struct mln_snapshot *snapshot;
    struct mln_buf answer, key;
    struct account_loading *out;
    int64_t unwritten;
    double making_cpu_s, making_wall_s;
    struct mln_err *err;
};

double account_cpu_s(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double account_wall_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* VmHWM counts resident pages of files, too: of ours, only the program itself. */
long account_peak_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[200];
    long peak = 0, mapped = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
        else if (strncmp(line, "RssFile:", 8) == 0)
            mapped = strtol(line + 8, NULL, 10);
    }
    if (file != NULL)
        (void)fclose(file);
    return peak - mapped;
}

/* ---- texts ---- */
static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static const struct kind *find_kind(const struct account *account, struct mln_str call)
{
    for (size_t i = 0; i < account->count; i++)
        if (mln_str_is(call, account->kinds[i].what->call))
            return &account->kinds[i];
    (void)fprintf(stderr, "no kind '%.*s' stands before its use\n", MLN_FMT(call));
    abort();
}

static const char *region_of(const struct kind *kind, int64_t number)
{
    if (kind->what->count == ACCOUNT_JOINT)
        return region_of(kind->parent, number);
    if (kind->places == REGIONS)
        return regions[number / kind->per_place];
    if (kind->call->scope == MLN_SCOPE_SITE)
        return sites[kind->places == 1 ? 0 : number / kind->per_place];
    if (kind->parent != NULL)
        return region_of(kind->parent, number / kind->per_parent);
    return kind->call->rows->has_region ? regions[0] : "";
}

/* The element of another kind that this one names: in the same region, when both have one. */
static int64_t referred(const struct element *from, const struct kind *to)
{
    int64_t place = 0, number = from->number;

    if (from->kind->places != REGIONS || to->places != REGIONS)
        return number % to->total;
    place = number / from->kind->per_place;
    return place * to->per_place + number % from->kind->per_place % to->per_place;
}

static void add_number(
        const struct kind *kind, int64_t number, char form, const char *region, struct mln_buf *out)
{
    unsigned long long at = (unsigned long long)number;

    if (form == 'n') /* Spread, as the cloud's are: neighbours in a page are none in an index. */
        mln_buf_addf(out, "%016llx", (unsigned long long)mix(at + kind->salt));
    else if (form == 'a')
        mln_buf_addf(out, "%llu.%llu.%llu", at >> 16 & 255, at >> 8 & 255, at & 255);
    else if (form == 'i')
        mln_buf_addf(out, "%llu", at);
    else
        mln_buf_add_cstr(out, region);
}

static void expand(const struct account *account, struct element *element, struct mln_str text,
        struct mln_buf *out);

/* Splits "(a*18|b)" and takes one by weight. Returns what follows. */
static size_t add_option(const struct account *account, struct element *element,
        struct mln_str text, struct mln_buf *out)
{
    struct mln_str options[16];
    uint64_t weights[16], sum = 0, pick;
    size_t count = 0, at = 0, begin = 0;

    for (; at < text.len; at++) {
        size_t end = at, star;

        if (text.ptr[at] != '|' && text.ptr[at] != ')')
            continue;
        for (star = at; star > begin && text.ptr[star - 1] >= '0' && text.ptr[star - 1] <= '9';)
            star--;
        weights[count] = 1;
        if (star > begin && star < at && text.ptr[star - 1] == '*') {
            weights[count] = strtoull(text.ptr + star, NULL, 10);
            end = star - 1;
        }
        sum += weights[count];
        options[count++] = (struct mln_str){ text.ptr + begin, end - begin };
        begin = at + 1;
        if (text.ptr[at] == ')' || count == MLN_LEN(options))
            break;
    }
    pick = mix((uint64_t)element->number * 31 + element->kind->salt + ++element->options) % sum;
    for (size_t i = 0; i < count; i++) {
        if (pick < weights[i]) {
            expand(account, element, options[i], out);
            break;
        }
        pick -= weights[i];
    }
    return at + 1;
}

static void expand(const struct account *account, struct element *element, struct mln_str text,
        struct mln_buf *out)
{
    for (size_t at = 0; at < text.len; at++) {
        const char *close;
        char form = at + 1 < text.len ? text.ptr[at + 1] : '\0';

        if (text.ptr[at] == '(') {
            at += add_option(account, element,
                    (struct mln_str){ text.ptr + at + 1, text.len - at - 1 }, out);
        } else if (text.ptr[at] != '$') {
            mln_buf_add_char(out, text.ptr[at]);
        } else if (at + 2 < text.len && text.ptr[at + 2] == '{') {
            const struct kind *to;

            close = memchr(text.ptr + at, '}', text.len - at);
            to = find_kind(account,
                    (struct mln_str){ text.ptr + at + 3, (size_t)(close - text.ptr) - at - 3 });
            add_number(to, referred(element, to), form, "", out);
            at = (size_t)(close - text.ptr);
        } else {
            const struct kind *kind = element->kind;

            if (form == 'p')
                add_number(kind->parent, element->parent, 'n', "", out);
            else if (kind->what->count == ACCOUNT_JOINT && form == 'n')
                add_number(kind->parent, element->number, 'n', "", out);
            else
                add_number(kind, element->number, form, region_of(kind, element->number), out);
            at++;
        }
    }
}

/* `count` elements inside the names that the plan looks for them under. */
static void make_answer(struct account *account, const struct kind *kind, int64_t first,
        int64_t count, int64_t parent)
{
    const struct mln_path *list = &kind->call->rows->list;
    struct mln_buf *out = &account->answer;
    double before = account_cpu_s(), began = account_wall_s();

    mln_buf_reset(out);
    for (size_t i = 0; i < list->count; i++)
        mln_buf_addf(out, "{\"%s\":", list->names[i]);
    if (list->count > 0)
        mln_buf_add_char(out, '[');
    for (int64_t i = 0; i < count && kind->what->element != NULL; i++) {
        struct element element = { kind, first + i, parent, 0 };

        if (i > 0)
            mln_buf_add_char(out, ',');
        expand(account, &element, mln_str_of(kind->what->element), out);
    }
    if (list->count > 0)
        mln_buf_add_char(out, ']');
    for (size_t i = 0; i < list->count; i++)
        mln_buf_add_char(out, '}');
    account->making_cpu_s += account_cpu_s() - before;
    account->making_wall_s += account_wall_s() - began;
}

/* ---- calls ---- */
static int keep_open(struct account *account, int64_t rows)
{
    int rc;

    account->unwritten += rows;
    if (account->unwritten < COMMIT_ROWS)
        return MLN_OK;
    account->unwritten = 0;
    rc = mln_snapshot_commit(account->snapshot, account->err);
    return rc == MLN_OK ? mln_snapshot_begin(account->snapshot, account->err) : rc;
}

static int add_page(struct account *account, const struct kind *kind,
        const struct mln_row_place *place, int64_t *items)
{
    struct mln_json *doc = NULL;
    struct mln_str text = { 0 };
    int64_t before = *items;
    int rc = mln_buf_done(&account->answer, &text, account->err);

    if (rc == MLN_OK)
        rc = mln_json_parse(text, &doc, account->err);
    if (rc != MLN_OK)
        return mln_wrap(account->err, rc, "%s: %.200s", kind->what->call, text.ptr);
    if (rc == MLN_OK)
        rc = mln_snapshot_add(account->snapshot, kind->call->rows, place, mln_json_root(doc), items,
                account->err);
    mln_json_free(doc);
    return rc == MLN_OK ? keep_open(account, *items - before + 1) : rc;
}

static int make_call(struct account *account, const struct kind *kind, const char *region,
        struct mln_str key, int64_t first, int64_t count, int64_t parent)
{
    struct mln_call_record record = {
        .call = mln_str_of(kind->what->call),
        .region = mln_str_of(region),
        .key = key,
        .http_status = 200,
        .total = -1,
        .started_ms = 1790000000000,
        .finished_ms = 1790000000100,
    };
    struct mln_row_place place = { 0, record.region, key };
    int64_t page = kind->call->rows->list.count > 0 ? PAGE_ELEMENTS : 1;
    int rc = mln_snapshot_call_begin(account->snapshot, &record, &place.call_row, account->err);

    for (int64_t at = 0; rc == MLN_OK && (at < count || at == 0); at += page) {
        make_answer(account, kind, first + at, count - at < page ? count - at : page, parent);
        record.pages++;
        rc = add_page(account, kind, &place, &record.items);
    }
    account->out->rows += record.items;
    account->out->calls++;
    return rc == MLN_OK
                   ? mln_snapshot_call_end(account->snapshot, place.call_row, &record, account->err)
                   : rc;
}

static const char *place_name(const struct kind *kind, int64_t place)
{
    if (kind->call->scope == MLN_SCOPE_SITE)
        return sites[place];
    return kind->call->scope == MLN_SCOPE_REGION ? regions[place] : "";
}

/* Keyed calls whose keys come from no kind: one element each. */
static int make_keyed_calls(struct account *account, const struct kind *kind)
{
    int rc = MLN_OK;

    for (int64_t i = 0; rc == MLN_OK && i < kind->total; i++) {
        struct element element = { kind, i, 0, 0 };

        mln_buf_reset(&account->key);
        expand(account, &element, mln_str_of(kind->what->id), &account->key);
        rc = make_call(account, kind, region_of(kind, i), mln_buf_str(&account->key), i, 1, 0);
    }
    return rc;
}

/* Calls of a region, of a site, or of the account. */
static int make_calls(struct account *account, const struct kind *kind)
{
    bool has_key = kind->call->scope == MLN_SCOPE_ROW && kind->what->count != ACCOUNT_JOINT;
    int rc = MLN_OK;

    if (has_key && kind->what->id != NULL)
        return make_keyed_calls(account, kind);
    for (int64_t place = 0; rc == MLN_OK && place < kind->places; place++)
        rc = make_call(account, kind, place_name(kind, place),
                has_key ? MLN_STR("report") : MLN_STR(""), place * kind->per_place, kind->per_place,
                0);
    return rc;
}

static int make_calls_for_rows(struct account *account, const struct kind *kind)
{
    const struct kind *parent = kind->parent;
    int rc = MLN_OK;

    for (int64_t i = 0; rc == MLN_OK && i < parent->total; i++) {
        struct element element = { parent, i, 0, 0 };

        mln_buf_reset(&account->key);
        expand(account, &element, mln_str_of(parent->what->id), &account->key);
        rc = make_call(account, kind, region_of(parent, i), mln_buf_str(&account->key),
                i * kind->per_parent, kind->what->element != NULL ? kind->per_parent : 0, i);
    }
    return rc;
}

/* In how many parts the elements of a kind come. */
static int64_t places_of(const struct kind *kind)
{
    if (kind->what->count == ACCOUNT_JOINT)
        return 1;
    if (kind->parent != NULL)
        return kind->parent->places;
    if (kind->call->scope == MLN_SCOPE_SITE)
        return (int64_t)MLN_LEN(sites);
    if (kind->call->scope == MLN_SCOPE_REGION || kind->what->id != NULL)
        return kind->call->scope == MLN_SCOPE_ACCOUNT ? 1 : REGIONS;
    return 1;
}

static int64_t at_least_one(int64_t count)
{
    return count > 1 ? count : 1;
}

static void size_kind(struct kind *kind, int64_t resources)
{
    int count = kind->what->count;

    kind->places = places_of(kind);
    kind->per_place = count > 0 ? at_least_one(resources * count / SHARE_OF / kind->places) : 1;
    if (kind->parent != NULL) {
        int64_t parents = kind->parent->total / kind->places;

        if (count > 0)
            kind->per_parent = at_least_one(kind->per_place / parents);
        else /* The one of ACCOUNT_EACH(0) is never made. */
            kind->per_parent = count <= -2 ? at_least_one(-2 - count) : 1;
        kind->per_place = kind->per_parent * parents;
    }
    kind->total = kind->places * kind->per_place;
}

static int add_kind(struct account *account, const struct mln_schema *schema,
        const struct account_kind *what, int64_t resources)
{
    struct kind *kind = &account->kinds[account->count];

    kind->what = what;
    for (size_t i = 0; i < schema->call_count; i++)
        if (strcmp(schema->calls[i].id, what->call) == 0)
            kind->call = &schema->calls[i];
    if (kind->call == NULL || kind->call->rows == NULL)
        return mln_fail(account->err, MLN_ENOTFOUND, "the plan has no call %s", what->call);
    if (what->parent != NULL)
        kind->parent = find_kind(account, mln_str_of(what->parent));
    kind->salt = mix((account->count + 1) * UINT64_C(0x9E3779B97F4A7C15));
    size_kind(kind, resources);
    account->count++;
    return MLN_OK;
}

static int load(struct account *account, const struct mln_schema *schema)
{
    int rc = mln_snapshot_set(account->snapshot, "account_id", MLN_STR(ACCOUNT_ID), account->err);

    if (rc == MLN_OK)
        rc = mln_snapshot_begin(account->snapshot, account->err);
    for (size_t i = 0; rc == MLN_OK && i < account->count; i++) {
        const struct kind *kind = &account->kinds[i];

        rc = kind->parent != NULL && kind->what->count != ACCOUNT_JOINT
                     ? make_calls_for_rows(account, kind)
                     : make_calls(account, kind);
    }
    for (size_t i = 0; rc == MLN_OK && i < schema->call_count; i++)
        rc = mln_snapshot_call_done(
                account->snapshot, mln_str_of(schema->calls[i].id), account->err);
    if (rc == MLN_OK)
        rc = mln_snapshot_commit(account->snapshot, account->err);
    if (rc == MLN_OK)
        rc = mln_snapshot_set(
                account->snapshot, "finished_ms", MLN_STR("1790000000000"), account->err);
    return rc == MLN_OK ? mln_snapshot_finish(account->snapshot, account->err) : rc;
}

int account_load(const struct mln_schema *schema, int64_t resources, struct mln_snapshot *snapshot,
        struct account_loading *out, struct mln_err *err)
{
    struct account *account = calloc(1, sizeof(*account));
    double before = account_cpu_s(), began = account_wall_s();
    int rc = MLN_OK;

    if (account == NULL || account_kind_count > KINDS_MAX) {
        free(account);
        return mln_fail(err, MLN_ENOMEM, "out of memory");
    }
    *out = (struct account_loading){ 0 };
    account->snapshot = snapshot;
    account->answer.max = ANSWER_MAX;
    account->key.max = ANSWER_MAX;
    account->out = out;
    account->err = err;
    for (size_t i = 0; rc == MLN_OK && i < account_kind_count; i++)
        rc = add_kind(account, schema, &account_kinds[i], resources);
    if (rc == MLN_OK)
        rc = load(account, schema);
    out->cpu_s = account_cpu_s() - before - account->making_cpu_s;
    out->wall_s = account_wall_s() - began - account->making_wall_s;
    mln_buf_free(&account->answer);
    mln_buf_free(&account->key);
    free(account);
    return rc;
}
