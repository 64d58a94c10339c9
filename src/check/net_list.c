#include "check/net_list.h"

#include <stdio.h>

static bool is_separator(char c)
{
    return c == ',' || c == ';' || c == ' ' || (c >= '\t' && c <= '\r');
}

bool net_token_next(struct mln_str *rest, struct mln_str *token)
{
    size_t start = 0, end = 0;

    while (start < rest->len && is_separator(rest->ptr[start]))
        start++;
    if (start == rest->len)
        return false;
    end = start;
    while (end < rest->len && !is_separator(rest->ptr[end]))
        end++;
    *token = (struct mln_str){ .ptr = rest->ptr + start, .len = end - start };
    *rest = (struct mln_str){ .ptr = rest->ptr + end, .len = rest->len - end };
    return true;
}

bool net_token_read(struct mln_str token, bool bare, struct net_token *out)
{
    struct net_token read = { .net.range = mln_net_all(MLN_NET_V4) };

    if (mln_str_is(token, "%") || mln_str_is(token, "*")) {
        read.everything = true;
    } else if (bare && mln_str_is(token, "0.0.0.0")) {
        read.net.prefix = 0;
    } else if (bare && mln_str_is(token, "::")) {
        read.net.family = MLN_NET_V6;
        read.net.range = mln_net_all(MLN_NET_V6);
    } else if (token.len >= NET_TOKEN_MAX || mln_net_parse(token, &read.net) != MLN_OK) {
        return false;
    }
    *out = read;
    return true;
}

static void add_token(struct mln_net_set *set, const struct net_token *token)
{
    mln_net_set_add(set, token->net.family, token->net.range);
    if (token->everything)
        mln_net_set_add(set, MLN_NET_V6, mln_net_all(MLN_NET_V6));
}

void net_list_add(struct mln_net_set *set, struct mln_str list, bool bare, struct mln_str *unparsed)
{
    struct mln_str rest = list, token = { 0 };
    struct net_token read = { 0 };

    while (net_token_next(&rest, &token)) {
        if (net_token_read(token, bare, &read))
            add_token(set, &read);
        else if (unparsed != NULL && unparsed->ptr == NULL)
            *unparsed = token;
    }
}

/*
 * What lies between the private, shared, loopback, link-local, documentation, benchmark, protocol
 * and multicast blocks of IPv4; the global unicast block of IPv6.
 */
const struct mln_net_range *net_routable(enum mln_net_family family, size_t *count)
{
    static const struct mln_net_range v4[] = {
        { 0x01000000, 0x09ffffff }, /* 1.0.0.0 to 9.255.255.255 */
        { 0x0b000000, 0x643fffff }, /* 11.0.0.0 to 100.63.255.255 */
        { 0x64800000, 0x7effffff }, /* 100.128.0.0 to 126.255.255.255 */
        { 0x80000000, 0xa9fdffff }, /* 128.0.0.0 to 169.253.255.255 */
        { 0xa9ff0000, 0xac0fffff }, /* 169.255.0.0 to 172.15.255.255 */
        { 0xac200000, 0xbfffffff }, /* 172.32.0.0 to 191.255.255.255 */
        { 0xc0000100, 0xc00001ff }, /* 192.0.1.0 to 192.0.1.255 */
        { 0xc0000300, 0xc0a7ffff }, /* 192.0.3.0 to 192.167.255.255 */
        { 0xc0a90000, 0xc611ffff }, /* 192.169.0.0 to 198.17.255.255 */
        { 0xc6140000, 0xc63363ff }, /* 198.20.0.0 to 198.51.99.255 */
        { 0xc6336500, 0xcb0070ff }, /* 198.51.101.0 to 203.0.112.255 */
        { 0xcb007200, 0xdfffffff }, /* 203.0.114.0 to 223.255.255.255 */
    };
    static const struct mln_net_range v6[] = {
        { (mln_address)2 << 124, ((mln_address)4 << 124) - 1 }, /* 2000::/3 */
    };

    *count = family == MLN_NET_V4 ? MLN_LEN(v4) : MLN_LEN(v6);
    return family == MLN_NET_V4 ? v4 : v6;
}

bool net_set_is_open(struct mln_net_set *set, enum mln_net_family family)
{
    size_t count = 0;
    const struct mln_net_range *ranges = net_routable(family, &count);

    for (size_t i = 0; i < count; i++) {
        if (!mln_net_set_covers(set, family, ranges[i]))
            return false;
    }
    return true;
}

/* True when at least one address of the network is globally routable. */
static bool is_public(const struct mln_net *net)
{
    size_t count = 0;
    const struct mln_net_range *ranges = net_routable(net->family, &count);

    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first <= net->range.last && ranges[i].last >= net->range.first)
            return true;
    }
    return false;
}

static bool opens_alone(const struct mln_net *net, unsigned widest)
{
    if (net->prefix == 0)
        return true;
    return net->family == MLN_NET_V4 && net->prefix < widest && is_public(net);
}

/* When there is no more room the narrowest goes: a union is open by its wide members. */
static void show(struct net_shown *shown, struct mln_str token, unsigned prefix)
{
    size_t narrowest = 0, at = shown->count;

    if (shown->count == NET_TOKENS_MAX) {
        shown->more++;
        for (size_t i = 1; i < shown->count; i++) {
            if (shown->prefix[i] >= shown->prefix[narrowest])
                narrowest = i;
        }
        if (prefix >= shown->prefix[narrowest])
            return;
        at = --shown->count;
        memmove(shown->text[narrowest], shown->text[narrowest + 1],
                (at - narrowest) * sizeof(shown->text[0]));
        memmove(&shown->prefix[narrowest], &shown->prefix[narrowest + 1],
                (at - narrowest) * sizeof(shown->prefix[0]));
    }
    (void)snprintf(shown->text[at], sizeof(shown->text[at]), "%.*s", MLN_FMT(token));
    shown->prefix[at] = prefix;
    shown->count++;
}

static void note_token(struct net_opening *opening, struct mln_str token, const struct mln_net *net,
        unsigned widest)
{
    char *alone = opening->alone[net->family];

    show(&opening->shown[net->family], token, net->prefix);
    if (alone[0] != '\0' || !opens_alone(net, widest))
        return;
    (void)snprintf(alone, NET_TOKEN_MAX, "%.*s", MLN_FMT(token));
    if (opening->alone[MLN_NET_V4 + MLN_NET_V6 - net->family][0] == '\0')
        opening->first = net->family;
}

void net_opening_add(
        struct net_opening *opening, const struct net_open_options *options, struct mln_str list)
{
    struct mln_str rest = list, token = { 0 };
    struct net_token read = { 0 };

    while (net_token_next(&rest, &token)) {
        if (!net_token_read(token, options->bare, &read))
            continue;
        add_token(&opening->set, &read);
        note_token(opening, token, &read.net, options->widest);
        if (read.everything) {
            read.net = (struct mln_net){ .family = MLN_NET_V6, .range = mln_net_all(MLN_NET_V6) };
            note_token(opening, token, &read.net, options->widest);
        }
    }
}

void net_shown_print(const struct net_shown *shown, struct mln_buf *out)
{
    for (size_t i = 0; i < shown->count; i++) {
        if (i > 0)
            mln_buf_add_char(out, ',');
        mln_buf_add_cstr(out, shown->text[i]);
    }
    if (shown->more > 0)
        mln_buf_addf(out, ",+%zu more", shown->more);
}

void net_opening_fini(struct net_opening *opening)
{
    mln_net_set_free(&opening->set);
}

bool net_opening_print(struct net_opening *opening, enum mln_net_family family, struct mln_buf *out)
{
    const struct net_shown *shown = &opening->shown[family];

    if (opening->alone[family][0] != '\0') {
        mln_buf_add_cstr(out, opening->alone[family]);
        return true;
    }
    if (!net_set_is_open(&opening->set, family))
        return false;
    net_shown_print(shown, out);
    return true;
}
