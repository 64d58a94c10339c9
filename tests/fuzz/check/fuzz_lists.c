/*
 * Lists of addresses and of ports, and security group rules: each line of the input is a rule, its
 * fields separated by bars.
 */
#include "check/net_list.h"
#include "check/port_list.h"
#include "check/sg_open.h"

#define RANGES_MAX ((size_t)10000)
#define ANSWER_MAX ((size_t)8 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What was printed is the same set when it is read. */
static void round_trip(struct mln_str list)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set set = MLN_NET_SET_INIT(RANGES_MAX);
    MLN_AUTO(mln_net_set_free) struct mln_net_set again = MLN_NET_SET_INIT(SIZE_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(ANSWER_MAX);
    struct mln_str unread = { 0 };

    net_list_add(&set, list, true, &unread);
    mln_net_set_print(&set, &buf);
    if (set.code != MLN_OK || buf.code != MLN_OK)
        return;
    unread = (struct mln_str){ 0 };
    net_list_add(&again, mln_buf_str(&buf), false, &unread);
    require(unread.ptr == NULL && mln_net_set_count(&set) == mln_net_set_count(&again));
    mln_net_set_subtract(&again, &set);
    require(mln_net_set_is_empty(&again));
}

/* A list that opens the world is open however it is said. */
static void open_or_not(struct mln_str list)
{
    struct net_opening opening = { .set = MLN_NET_SET_INIT(RANGES_MAX) };
    struct net_open_options options = { .widest = 1, .bare = true };

    net_opening_add(&opening, &options, list);
    for (unsigned family = 0; family < MLN_NET_FAMILIES && opening.set.code == MLN_OK; family++) {
        MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(ANSWER_MAX);
        bool open = net_opening_print(&opening, (enum mln_net_family)family, &buf);

        require(open == net_set_is_open(&opening.set, (enum mln_net_family)family));
        require(open == (buf.len > 0));
    }
    net_opening_fini(&opening);
}

static void add_line(struct sg_rules *rules, struct mln_str line)
{
    struct mln_str rest = line;
    struct sg_row row = { 0 };
    struct mln_err err = { 0 };

    (void)(mln_str_next(&rest, '|', &row.priority) && mln_str_next(&rest, '|', &row.policy) &&
            mln_str_next(&rest, '|', &row.protocol) && mln_str_next(&rest, '|', &row.ports) &&
            mln_str_next(&rest, '|', &row.sources) && mln_str_next(&rest, '|', &row.id));
    (void)sg_row_problem(&row);
    require(sg_rules_add(rules, &row, &err) == MLN_OK || err.code == MLN_ETOOBIG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MLN_AUTO(mln_net_set_free) struct mln_net_set ports = MLN_NET_SET_INIT(RANGES_MAX);
    MLN_AUTO(mln_buf_free) struct mln_buf buf = MLN_BUF_INIT(ANSWER_MAX);
    struct mln_str text = { .ptr = (const char *)data, .len = size }, rest = text, line = { 0 };
    struct sg_rules rules = { 0 };
    struct sg_ports asked = { 0 };
    struct mln_err err = { 0 };

    if (size == 0)
        return 0;
    round_trip(text);
    open_or_not(text);
    (void)port_list_add(&ports, text);
    (void)port_set_is_every(&ports);
    while (mln_str_next(&rest, '\n', &line))
        add_line(&rules, line);
    require(sg_ports_read(mln_str_of("[\"any/22\",\"tcp/80\"]"), &asked, &err) == MLN_OK);
    require(sg_open_print(&rules, &asked, &buf, &err) == MLN_OK);
    sg_rules_fini(&rules);
    return 0;
}
