#include "check/port_list.h"

#include "check/net_list.h"

static bool is_every(struct mln_str token)
{
    return mln_str_eq_nocase(token, MLN_STR("any")) || mln_str_is(token, "-1") ||
           mln_str_is(token, "-1/-1");
}

bool port_read(struct mln_str text, unsigned *out)
{
    int64_t number = 0;

    if (text.len == 0 || text.ptr[0] == '-' || mln_str_to_i64(text, &number) != MLN_OK ||
            number > PORT_LAST)
        return false;
    *out = (unsigned)number;
    return true;
}

static bool read_range(struct mln_str token, struct mln_net_range *out)
{
    char separator = memchr(token.ptr, '/', token.len) != NULL ? '/' : '-';
    struct mln_str rest = token, text = { 0 };
    unsigned first = 0, last = PORT_LAST;

    if (!is_every(token)) {
        if (!mln_str_next(&rest, separator, &text) || !port_read(text, &first))
            return false;
        last = first;
        if (rest.ptr != NULL && !port_read(rest, &last))
            return false;
    }
    if (first > last)
        return false;
    *out = (struct mln_net_range){ .first = first, .last = last };
    return true;
}

bool port_list_add(struct mln_net_set *set, struct mln_str list)
{
    struct mln_net_range range = { .first = 0, .last = PORT_LAST };
    struct mln_str rest = list, token = { 0 };
    bool understood = true, empty = true;

    while (net_token_next(&rest, &token)) {
        empty = false;
        if (read_range(token, &range))
            mln_net_set_add(set, MLN_NET_V4, range);
        else
            understood = false;
    }
    if (empty)
        mln_net_set_add(set, MLN_NET_V4, range);
    return understood;
}

bool port_set_holds(struct mln_net_set *set, unsigned port)
{
    return mln_net_set_covers(
            set, MLN_NET_V4, (struct mln_net_range){ .first = port, .last = port });
}

bool port_set_is_every(struct mln_net_set *set)
{
    return mln_net_set_covers(
            set, MLN_NET_V4, (struct mln_net_range){ .first = 1, .last = PORT_LAST });
}
