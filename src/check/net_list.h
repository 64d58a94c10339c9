/*
 * Lists of addresses as the cloud writes them: networks and addresses of both families, separated
 * by commas, semicolons or white space, with "%" and "*" for everything. And the question whether
 * a list lets the whole world in: its union holds every globally routable address of a family.
 */
#pragma once

#include "base/net_set.h"

#define NET_TOKEN_MAX  ((size_t)64) /* The longest text that is a network, with room. */
#define NET_TOKENS_MAX ((size_t)20) /* Shown of a union. */

/* Takes the next token off the list; false at its end. */
bool net_token_next(struct mln_str *rest, struct mln_str *token);

/* Which families a token opens, and its network. */
struct net_token {
    struct mln_net net;
    bool everything; /* "%" and "*": both families; `net` is IPv4's. */
};
/* `bare`: 0.0.0.0 and :: without a mask mean every address. False: no address. */
bool net_token_read(struct mln_str token, bool bare, struct net_token *out);

/* Adds the list to the set; the first token that is no address goes to `unparsed` (may be NULL). */
void net_list_add(
        struct mln_net_set *set, struct mln_str list, bool bare, struct mln_str *unparsed);

/* True when the set holds every globally routable address of the family. */
bool net_set_is_open(struct mln_net_set *set, enum mln_net_family family);

/* The ranges that are globally routable, ascending. */
const struct mln_net_range *net_routable(enum mln_net_family family, size_t *count);

/* The widest tokens of a family, in the order of the list. */
struct net_shown {
    char text[NET_TOKENS_MAX][NET_TOKEN_MAX];
    unsigned prefix[NET_TOKENS_MAX];
    size_t count;
    size_t more; /* Left out. */
};

/* Appends the tokens, joined by commas, and how many are left out. */
void net_shown_print(const struct net_shown *shown, struct mln_buf *out);

/* What opens one list, or the union of several. Starts zeroed but for the set's limit. */
struct net_opening {
    struct mln_net_set set;
    struct net_shown shown[MLN_NET_FAMILIES];
    char alone[MLN_NET_FAMILIES][NET_TOKEN_MAX]; /* The first /0, or wider than allowed; or "". */
    enum mln_net_family first;                   /* Whose token came first. */
};
struct net_open_options {
    unsigned widest; /* An IPv4 prefix shorter than this is open by itself. */
    bool bare;
};
void net_opening_add(
        struct net_opening *opening, const struct net_open_options *options, struct mln_str list);
void net_opening_fini(struct net_opening *opening);

/* True when `family` is open; appends the tokens that do it. */
bool net_opening_print(
        struct net_opening *opening, enum mln_net_family family, struct mln_buf *out);
