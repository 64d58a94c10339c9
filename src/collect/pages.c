/*
 * Pages: which one follows, and when there is no end to them. A list counts as read only when
 * nothing speaks against it.
 */
#include <stdio.h>

#include "collect/executor.h"

static const struct mln_plan_entry *entry_of(const struct mln_task *task)
{
    return &task->run->plan->entries[task->call];
}

void mln_task_first_page(struct mln_task *task)
{
    task->page = 1;
    task->items = task->empty_pages = 0;
    task->total = -1;
    task->seen_at = 0;
    task->total_changed = task->total_fell = false;
    task->seen_token[0] = task->first[0] = '\0';
    mln_buf_reset(&task->token);
}

static bool read_number(struct mln_json_value root, const struct mln_path *path, int64_t *out)
{
    struct mln_json_value value;
    struct mln_str text;
    int64_t number = 0;

    if (!mln_path_find(root, path, &value))
        return false;
    if (!mln_json_to_i64(value, &number) &&
            (!mln_json_to_str(value, &text) || mln_str_to_i64(mln_str_trim(text), &number) < 0))
        return false;
    if (number < 0)
        return false;
    *out = number;
    return true;
}

static bool read_flag(struct mln_json_value root, const struct mln_path *path, bool *out)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(64);
    struct mln_json_value value;

    if (!mln_path_find(root, path, &value) || !mln_json_scalar(value, &text))
        return false;
    if (mln_str_eq_nocase(mln_buf_str(&text), MLN_STR("true")) ||
            mln_str_is(mln_buf_str(&text), "1")) {
        *out = true;
        return true;
    }
    *out = false;
    return mln_str_eq_nocase(mln_buf_str(&text), MLN_STR("false")) ||
           mln_str_is(mln_buf_str(&text), "0");
}

/* The list of a page as the plan names it. */
static struct mln_json_value first_element(const struct mln_task *task, struct mln_json_value root)
{
    const struct mln_row_map *rows = task->run->plan->schema.calls[task->call].rows;
    struct mln_json_value list, element = { 0 };
    struct mln_json_iter it;

    if (rows == NULL || !mln_path_find(root, &rows->list, &list))
        return element;
    it = mln_json_iter(list);
    (void)mln_json_next(&it, NULL, &element);
    return element;
}

/* A server that takes no notice of the number gives the same page for ever. */
static bool repeats(struct mln_task *task, struct mln_json_value root)
{
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT(MLN_FIRST_MAX);
    struct mln_json_value element = first_element(task, root);
    char digest[MLN_SHA256_HEX_MAX];
    bool same;

    if (mln_json_type(element) == MLN_JSON_NULL)
        return false;
    mln_json_print(element, &text);
    mln_sha256_hex(mln_buf_str(&text), digest);
    same = text.len > 0 && strcmp(digest, task->first) == 0;
    memcpy(task->first, digest, sizeof(digest));
    return same;
}

static enum mln_pages wrong(char why[200], const char *before, int64_t page, const char *after)
{
    (void)snprintf(why, 200, "%s %lld%s", before, (long long)page, after);
    return MLN_PAGES_WRONG;
}

/* ---- by number ---- */

static bool has_more_pages(const struct mln_task *task, struct mln_json_value root, int64_t added)
{
    const struct mln_plan_page *page = &entry_of(task)->page;
    int64_t asked = 0;
    bool more;

    if (page->has_more && read_flag(root, &page->more, &more))
        return more;
    if (task->total < 0)
        return page->max > 0 && added >= page->max;
    if (page->max == 0 || __builtin_mul_overflow(page->max, task->page, &asked))
        asked = INT64_MAX;
    /* An empty page in the middle is no end while there must be elements behind it. */
    return task->items < task->total && (added > 0 || asked < task->total);
}

static enum mln_pages next_number(
        struct mln_task *task, struct mln_json_value root, int64_t added, char why[200])
{
    if (!has_more_pages(task, root, added))
        return MLN_PAGES_END;
    if (added > 0 && repeats(task, root))
        return wrong(why, "page", task->page, " begins like the page before it");
    task->empty_pages = added > 0 ? 0 : task->empty_pages + 1;
    if (task->empty_pages > MLN_EMPTY_PAGES)
        return wrong(why, "the pages up to", task->page, " are empty and do not end");
    return MLN_PAGES_MORE;
}

/* ---- by token ---- */

/* Remembers the token of pages 1, 2, 4, 8, ...: a circle of tokens meets one of them. */
static bool is_circle(struct mln_task *task)
{
    char digest[MLN_SHA256_HEX_MAX];

    mln_sha256_hex(mln_buf_str(&task->token), digest);
    if (task->seen_at > 0 && strcmp(digest, task->seen_token) == 0)
        return true;
    if (task->seen_at == 0 || task->page >= 2 * task->seen_at) {
        memcpy(task->seen_token, digest, sizeof(digest));
        task->seen_at = task->page;
    }
    return false;
}

static enum mln_pages next_token(struct mln_task *task, struct mln_json_value root, char why[200])
{
    const struct mln_plan_page *page = &entry_of(task)->page;
    struct mln_json_value value;
    bool more = false, has_more = page->has_more && read_flag(root, &page->more, &more);

    mln_buf_reset(&task->token);
    if (mln_path_find(root, &page->next, &value))
        (void)mln_json_scalar(value, &task->token);
    if (has_more && !more)
        return MLN_PAGES_END;
    if (task->token.code != MLN_OK)
        return wrong(why, "the token after page", task->page, " is too long");
    if (task->token.len == 0)
        return has_more
                       ? wrong(why, "there is more after page", task->page, ", but no token for it")
                       : MLN_PAGES_END;
    return is_circle(task) ? wrong(why, "the token after page", task->page, " was there before")
                           : MLN_PAGES_MORE;
}

enum mln_pages mln_task_next_page(
        struct mln_task *task, struct mln_json_value root, int64_t added, char why[200])
{
    const struct mln_plan_page *page = &entry_of(task)->page;
    enum mln_pages next = MLN_PAGES_END;
    int64_t total = -1;

    task->items += added;
    if (page->has_total && read_number(root, &page->total, &total)) {
        task->total_changed = task->total_changed || (task->total >= 0 && task->total != total);
        task->total_fell = task->total_fell || total < task->total;
        task->total = total;
    }
    if (page->by == MLN_PAGE_NUMBER)
        next = next_number(task, root, added, why);
    else if (page->by == MLN_PAGE_TOKEN)
        next = next_token(task, root, why);
    if (next == MLN_PAGES_MORE && task->page >= MLN_COLLECT_PAGES_MAX)
        return wrong(why, "there are more than", MLN_COLLECT_PAGES_MAX, " pages");
    return next;
}
