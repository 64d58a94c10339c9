/* Lists of addresses and of ports. */
#include "check/fn.h"
#include "check/net_list.h"
#include "check/port_list.h"

#define TOKEN_SHOWN_MAX ((size_t)64)
#define TOKENS_MAX      (MLN_CHECK_RANGES_MAX / 2) /* `*` is a range of each family. */

/* The error of a set that could not hold its ranges; false then. */
static bool set_is_sound(sqlite3_context *out, const struct mln_net_set *set)
{
    struct mln_err err = { 0 };

    if (mln_net_set_done(set, &err) == MLN_OK)
        return true;
    mln_fn_error(out, "%s", err.msg);
    return false;
}

static void answer_buf(sqlite3_context *out, const struct mln_buf *buf)
{
    struct mln_err err = { 0 };
    struct mln_str text = { 0 };

    if (mln_buf_done(buf, &text, &err) == MLN_OK)
        mln_fn_answer(out, text);
    else
        mln_fn_error(out, "%s", err.msg);
}

/*
 * A list that is too long to be judged: world_open() knows nothing of it and unparsed() says so,
 * which makes the row unknown, where an error would hide every other resource.
 */
static bool is_too_long(sqlite3_value *value)
{
    return mln_fn_is_longer(value, MLN_CHECK_LIST_MAX);
}

/* list [, widest [, bare]]: a parameter that is missing would be a quiet pass, so it is an error.
 */
static bool open_options(
        sqlite3_context *out, int count, sqlite3_value **values, struct net_open_options *options)
{
    int64_t widest = 1, bare = 1;

    if (count > 1 && !mln_fn_integer(out, values[1], 0, 32, &widest))
        return false;
    if (count > 2 && !mln_fn_integer(out, values[2], 0, 1, &bare))
        return false;
    *options = (struct net_open_options){ .widest = (unsigned)widest, .bare = bare == 1 };
    return true;
}

static void answer_opening(sqlite3_context *out, struct net_opening *opening)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_CHECK_LIST_MAX);
    enum mln_net_family first = opening->first;

    if (!set_is_sound(out, &opening->set))
        return;
    if (net_opening_print(opening, first, &buf) ||
            net_opening_print(opening, first == MLN_NET_V4 ? MLN_NET_V6 : MLN_NET_V4, &buf))
        answer_buf(out, &buf);
}

static void world_open(sqlite3_context *out, int count, sqlite3_value **values)
{
    MLN_AUTO(net_opening_fini)
    struct net_opening opening = { .set = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX) };
    struct net_open_options options = { 0 };
    struct mln_str list = { 0 };

    if (mln_fn_is_null(values[0]) || !open_options(out, count, values, &options) ||
            is_too_long(values[0]) || !mln_fn_text(out, values[0], MLN_CHECK_LIST_MAX, &list))
        return;
    net_opening_add(&opening, &options, list);
    if (opening.set.code != MLN_ETOOBIG)
        answer_opening(out, &opening);
}

static void world_open_all_step(sqlite3_context *out, int count, sqlite3_value **values)
{
    struct net_opening *opening = sqlite3_aggregate_context(out, (int)sizeof(*opening));
    struct net_open_options options = { 0 };
    struct mln_str list = { 0 };

    if (opening == NULL) {
        sqlite3_result_error_nomem(out);
        return;
    }
    opening->set.max = MLN_CHECK_RANGES_MAX;
    if (!mln_fn_is_null(values[0]) && open_options(out, count, values, &options) &&
            !is_too_long(values[0]) && mln_fn_text(out, values[0], MLN_CHECK_LIST_MAX, &list))
        net_opening_add(opening, &options, list);
}

static void world_open_all_final(sqlite3_context *out)
{
    struct net_opening *opening = sqlite3_aggregate_context(out, 0);

    if (opening == NULL)
        return;
    answer_opening(out, opening);
    net_opening_fini(opening);
}

static void unparsed(sqlite3_context *out, int count, sqlite3_value **values)
{
    struct mln_str rest = { 0 }, token = { 0 };
    struct net_token read = { 0 };
    char shown[TOKEN_SHOWN_MAX + 1];
    size_t tokens = 0;

    (void)count;
    if (mln_fn_is_null(values[0]))
        return;
    if (is_too_long(values[0])) {
        mln_fn_answer(out, MLN_STR("(the list is too long)"));
        return;
    }
    if (!mln_fn_text(out, values[0], MLN_CHECK_LIST_MAX, &rest))
        return;
    while (net_token_next(&rest, &token)) {
        if (++tokens > TOKENS_MAX) {
            mln_fn_answer(out, MLN_STR("(the list is too long)"));
            return;
        }
        if (!net_token_read(token, true, &read)) {
            mln_fn_ascii(token, shown, sizeof(shown));
            mln_fn_answer(out, mln_str_of(shown));
            return;
        }
    }
}

/* A set of one list; the error is set when false. */
static bool read_set(sqlite3_context *out, sqlite3_value *value, bool bare, struct mln_net_set *set,
        struct mln_str *unread)
{
    struct mln_str list = { 0 };

    if (!mln_fn_text(out, value, MLN_CHECK_LIST_MAX, &list))
        return false;
    net_list_add(set, list, bare, unread);
    return set_is_sound(out, set);
}

/*
 * Where a list is trusted, 0.0.0.0 without a mask is that one address: reading it as everything
 * would turn a slip of the pen into a pass.
 */
static void net_inside(sqlite3_context *out, int count, sqlite3_value **values)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set list = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);
    MLN_AUTO(mln_net_set_free) struct mln_net_set what = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);
    struct mln_str unread = { 0 };

    if (mln_fn_any_null(count, values) || !read_set(out, values[0], false, &list, NULL) ||
            !read_set(out, values[1], true, &what, &unread))
        return;
    if (unread.ptr != NULL || mln_net_set_is_empty(&what))
        return;
    mln_net_set_subtract(&what, &list);
    if (set_is_sound(out, &what))
        sqlite3_result_int(out, mln_net_set_is_empty(&what) ? 1 : 0);
}

/* Tokens that are no addresses stay: what cannot be understood was not taken away. */
static void keep_unread(struct mln_str list, struct mln_buf *buf)
{
    struct mln_str rest = list, token = { 0 };
    struct net_token read = { 0 };

    while (net_token_next(&rest, &token)) {
        if (net_token_read(token, true, &read))
            continue;
        if (buf->len > 0)
            mln_buf_add_char(buf, ',');
        mln_buf_add(buf, token);
    }
}

static void net_minus(sqlite3_context *out, int count, sqlite3_value **values)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set left = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);
    MLN_AUTO(mln_net_set_free) struct mln_net_set what = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_CHECK_LIST_MAX);
    struct mln_str list = { 0 };

    (void)count;
    if (mln_fn_is_null(values[0]) || !mln_fn_text(out, values[0], MLN_CHECK_LIST_MAX, &list) ||
            !read_set(out, values[0], true, &left, NULL))
        return;
    if (!mln_fn_is_null(values[1]) && !read_set(out, values[1], false, &what, NULL))
        return;
    mln_net_set_subtract(&left, &what);
    if (!set_is_sound(out, &left))
        return;
    mln_net_set_print(&left, &buf);
    keep_unread(list, &buf);
    if (buf.len > 0 || buf.code != MLN_OK)
        answer_buf(out, &buf);
}

static void net_count(sqlite3_context *out, int count, sqlite3_value **values)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);
    struct mln_str unread = { 0 };

    (void)count;
    if (mln_fn_is_null(values[0]) || !read_set(out, values[0], true, &set, &unread))
        return;
    if (unread.ptr == NULL)
        sqlite3_result_int64(out, mln_net_set_count(&set));
}

static void list_join(sqlite3_context *out, int count, sqlite3_value **values)
{
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(MLN_CHECK_LIST_MAX);
    struct mln_str list = { 0 };
    bool any = false;

    for (int i = 0; i < count; i++) {
        if (mln_fn_is_null(values[i]))
            continue;
        if (!mln_fn_text(out, values[i], MLN_CHECK_LIST_MAX, &list))
            return;
        any = true;
        if (mln_str_trim(list).len == 0)
            continue;
        if (buf.len > 0)
            mln_buf_add_char(&buf, ',');
        mln_buf_add(&buf, list);
    }
    if (any)
        answer_buf(out, &buf);
}

static bool read_ports(
        sqlite3_context *out, sqlite3_value *value, struct mln_net_set *set, bool *understood)
{
    struct mln_str list = { 0 };

    if (!mln_fn_text(out, value, MLN_CHECK_LIST_MAX, &list))
        return false;
    *understood = port_list_add(set, list);
    return set_is_sound(out, set);
}

static void port_in(sqlite3_context *out, int count, sqlite3_value **values)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);
    bool understood = false, holds = false;
    struct mln_str text = { 0 };
    unsigned port = 0;

    if (mln_fn_any_null(count, values) || !read_ports(out, values[0], &set, &understood) ||
            !mln_fn_text(out, values[1], MLN_CHECK_LIST_MAX, &text) ||
            !port_read(mln_str_trim(text), &port))
        return;
    holds = port_set_holds(&set, port);
    if (holds || understood)
        sqlite3_result_int(out, holds ? 1 : 0);
}

static void port_any(sqlite3_context *out, int count, sqlite3_value **values)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(MLN_CHECK_RANGES_MAX);
    bool understood = false, every = false;

    if (mln_fn_any_null(count, values) || !read_ports(out, values[0], &set, &understood))
        return;
    every = port_set_is_every(&set);
    if (every || understood)
        sqlite3_result_int(out, every ? 1 : 0);
}

struct mln_fn_table mln_fn_nets(void)
{
    static const struct mln_fn_row rows[] = {
        { "list_join", -1, list_join, NULL, NULL },
        { "net_count", 1, net_count, NULL, NULL },
        { "net_inside", 2, net_inside, NULL, NULL },
        { "net_minus", 2, net_minus, NULL, NULL },
        { "port_any", 1, port_any, NULL, NULL },
        { "port_in", 2, port_in, NULL, NULL },
        { "unparsed", 1, unparsed, NULL, NULL },
        { "world_open", 1, world_open, NULL, NULL },
        { "world_open", 2, world_open, NULL, NULL },
        { "world_open", 3, world_open, NULL, NULL },
        { "world_open_all", 1, NULL, world_open_all_step, world_open_all_final },
        { "world_open_all", 2, NULL, world_open_all_step, world_open_all_final },
        { "world_open_all", 3, NULL, world_open_all_step, world_open_all_final },
    };

    return (struct mln_fn_table){ .rows = rows, .count = MLN_LEN(rows) };
}
