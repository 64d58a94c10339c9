/*
 * Port ranges as the cloud writes them: "22/22", "20-25", "80", several separated by blanks or
 * commas; an empty list, "any", "-1" and "-1/-1" mean every port. They are kept as a set of
 * intervals, in the place of IPv4 addresses.
 */
#pragma once

#include "base/net_set.h"

#define PORT_LAST 65535

/* Adds the list; false when a part of it is no range (the others are added). */
bool port_list_add(struct mln_net_set *set, struct mln_str list);

bool port_set_holds(struct mln_net_set *set, unsigned port);

/* Every port that a service can have: 1 to 65535. */
bool port_set_is_every(struct mln_net_set *set);

/* One port, 0 to 65535. */
bool port_read(struct mln_str text, unsigned *out);
