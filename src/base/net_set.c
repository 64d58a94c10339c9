#include "base/net_set.h"

#include <arpa/inet.h>

#include "base/cidr.h"

#define V4_BITS 32U
#define V6_BITS 128U

static unsigned family_bits(enum mln_net_family family)
{
    return family == MLN_NET_V4 ? V4_BITS : V6_BITS;
}

/* The low `bits` bits set; 0..128. */
static mln_address low_bits(unsigned bits)
{
    return bits >= V6_BITS ? ~(mln_address)0 : ((mln_address)1 << bits) - 1;
}

struct mln_net_range mln_net_all(enum mln_net_family family)
{
    return (struct mln_net_range){ .first = 0, .last = low_bits(family_bits(family)) };
}

static mln_address address_of(const uint8_t bytes[16])
{
    mln_address address = 0;

    for (size_t i = 0; i < 16; i++)
        address = address << 8 | bytes[i];
    return address;
}

/* Decimal, without a leading zero: "08" is a typing error more often than a length. */
static bool parse_length(struct mln_str text, unsigned limit, unsigned *out)
{
    int64_t number = 0;

    if (text.len == 0 || text.len > 3 || text.ptr[0] == '-' ||
            (text.len > 1 && text.ptr[0] == '0') || mln_str_to_i64(text, &number) != MLN_OK ||
            number > (int64_t)limit)
        return false;
    *out = (unsigned)number;
    return true;
}

int mln_net_parse(struct mln_str text, struct mln_net *out)
{
    struct mln_str rest = text, address = { 0 };
    struct mln_net net = { .family = MLN_NET_V4 };
    struct mln_cidr one = { .prefix = 0 };
    mln_address number = 0, host = 0;

    if (!mln_str_next(&rest, '/', &address) || mln_cidr_parse(address, &one) != MLN_OK)
        return MLN_EINVAL;
    if (memchr(address.ptr, ':', address.len) != NULL)
        net.family = MLN_NET_V6;
    net.prefix = family_bits(net.family);
    if (rest.ptr != NULL && !parse_length(rest, net.prefix, &net.prefix))
        return MLN_EINVAL;
    number = address_of(one.addr);
    if (net.family == MLN_NET_V6 && number >> 32 == 0xffff && net.prefix >= V6_BITS - V4_BITS) {
        net.family = MLN_NET_V4;
        net.prefix -= V6_BITS - V4_BITS;
    }
    if (net.family == MLN_NET_V4)
        number &= low_bits(V4_BITS);
    host = low_bits(family_bits(net.family) - net.prefix);
    net.range.first = number & ~host;
    net.range.last = number | host;
    *out = net;
    return MLN_OK;
}

void mln_net_set_free(struct mln_net_set *set)
{
    for (size_t i = 0; i < MLN_NET_FAMILIES; i++) {
        free(set->of[i].at);
        set->of[i] = (struct mln_net_ranges){ 0 };
    }
}

/* Room for one more range, or a failure that sticks. */
static bool grow(struct mln_net_set *set, struct mln_net_ranges *ranges)
{
    size_t capacity = ranges->capacity == 0 ? 16 : ranges->capacity * 2;
    struct mln_net_range *at = NULL;

    if (set->code != MLN_OK)
        return false;
    if (set->of[MLN_NET_V4].count + set->of[MLN_NET_V6].count >= set->max) {
        set->code = MLN_ETOOBIG;
        return false;
    }
    if (ranges->count < ranges->capacity)
        return true;
    at = mln_resize(ranges->at, capacity, sizeof(*at));
    if (at == NULL) {
        set->code = MLN_ENOMEM;
        return false;
    }
    ranges->at = at;
    ranges->capacity = capacity;
    return true;
}

/* True when `next` overlaps or touches what ends at `last`. */
static bool joins(mln_address last, mln_address next)
{
    return next <= last || next - last == 1;
}

void mln_net_set_add(
        struct mln_net_set *set, enum mln_net_family family, struct mln_net_range range)
{
    struct mln_net_ranges *ranges = &set->of[family];
    struct mln_net_range *end = NULL;

    if (range.first > range.last)
        return;
    if (ranges->count == 0)
        ranges->settled = true;
    else
        end = &ranges->at[ranges->count - 1];
    /* Additions in ascending order, as subtraction makes them, stay merged without a sort. */
    if (end != NULL && ranges->settled && range.first >= end->first &&
            joins(end->last, range.first)) {
        if (range.last > end->last)
            end->last = range.last;
        return;
    }
    if (end != NULL && range.first < end->first)
        ranges->settled = false;
    if (grow(set, ranges))
        ranges->at[ranges->count++] = range;
}

void mln_net_set_add_set(struct mln_net_set *set, const struct mln_net_set *other)
{
    if (set->code == MLN_OK)
        set->code = other->code;
    for (unsigned family = 0; family < MLN_NET_FAMILIES; family++) {
        for (size_t i = 0; i < other->of[family].count; i++)
            mln_net_set_add(set, (enum mln_net_family)family, other->of[family].at[i]);
    }
}

static int by_first(const void *a, const void *b)
{
    const struct mln_net_range *left = a, *right = b;

    return (left->first > right->first) - (left->first < right->first);
}

static void settle(struct mln_net_ranges *ranges)
{
    size_t kept = 0;

    if (ranges->settled || ranges->count == 0)
        return;
    qsort(ranges->at, ranges->count, sizeof(*ranges->at), by_first);
    for (size_t i = 1; i < ranges->count; i++) {
        struct mln_net_range *end = &ranges->at[kept];

        if (!joins(end->last, ranges->at[i].first))
            ranges->at[++kept] = ranges->at[i];
        else if (ranges->at[i].last > end->last)
            end->last = ranges->at[i].last;
    }
    ranges->count = kept + 1;
    ranges->settled = true;
}

/* What is left of one family, appended to the empty `out`. Both are settled. */
static void subtract_family(struct mln_net_set *out, enum mln_net_family family,
        const struct mln_net_ranges *from, const struct mln_net_ranges *what)
{
    size_t next = 0;

    for (size_t i = 0; i < from->count; i++) {
        struct mln_net_range left = from->at[i];
        bool whole = false;

        while (next < what->count && what->at[next].last < left.first)
            next++;
        for (size_t j = next; !whole && j < what->count && what->at[j].first <= left.last; j++) {
            if (what->at[j].first > left.first)
                mln_net_set_add(
                        out, family, (struct mln_net_range){ left.first, what->at[j].first - 1 });
            whole = what->at[j].last >= left.last;
            if (!whole)
                left.first = what->at[j].last + 1;
            next = j;
        }
        if (!whole)
            mln_net_set_add(out, family, left);
    }
}

void mln_net_set_subtract(struct mln_net_set *set, struct mln_net_set *other)
{
    /* Each range taken out can split one in two. */
    struct mln_net_set left = { .max = SIZE_MAX, .code = set->code };

    if (left.code == MLN_OK)
        left.code = other->code;
    for (unsigned family = 0; family < MLN_NET_FAMILIES; family++) {
        settle(&set->of[family]);
        settle(&other->of[family]);
        subtract_family(&left, (enum mln_net_family)family, &set->of[family], &other->of[family]);
    }
    left.max = set->max;
    if (left.code == MLN_OK && left.of[MLN_NET_V4].count + left.of[MLN_NET_V6].count > left.max)
        left.code = MLN_ETOOBIG;
    mln_net_set_free(set);
    *set = left;
}

bool mln_net_set_covers(
        struct mln_net_set *set, enum mln_net_family family, struct mln_net_range range)
{
    struct mln_net_ranges *ranges = &set->of[family];
    size_t low = 0, high = 0;

    if (set->code != MLN_OK || range.first > range.last)
        return false;
    settle(ranges);
    /* The last range that starts at or before `first`: neighbours are merged, so it alone can do.
     */
    high = ranges->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ranges->at[middle].first <= range.first)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && ranges->at[low - 1].last >= range.last;
}

bool mln_net_set_is_empty(const struct mln_net_set *set)
{
    return set->of[MLN_NET_V4].count == 0 && set->of[MLN_NET_V6].count == 0;
}

int64_t mln_net_set_count(struct mln_net_set *set)
{
    mln_address total = 0;

    for (size_t family = 0; family < MLN_NET_FAMILIES; family++) {
        settle(&set->of[family]);
        for (size_t i = 0; i < set->of[family].count; i++) {
            const struct mln_net_range *range = &set->of[family].at[i];

            /* Never near overflow: the sum is checked before each addition. */
            if (range->last - range->first >= INT64_MAX)
                return INT64_MAX;
            total += range->last - range->first + 1;
            if (total >= INT64_MAX)
                return INT64_MAX;
        }
    }
    return (int64_t)total;
}

const struct mln_net_range *mln_net_set_ranges(
        struct mln_net_set *set, enum mln_net_family family, size_t *count)
{
    settle(&set->of[family]);
    *count = set->of[family].count;
    return set->of[family].at;
}

static void print_v4(mln_address address, struct mln_buf *out)
{
    /* Not inet_ntop(), which formats: lists are printed for each row that a check judges. */
    for (int shift = 24; shift >= 0; shift -= 8) {
        mln_buf_add_i64(out, (int64_t)(address >> shift & 0xff));
        if (shift > 0)
            mln_buf_add_char(out, '.');
    }
}

static void print_v6(mln_address address, struct mln_buf *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    uint8_t bytes[16];

    for (size_t i = 0; i < 16; i++)
        bytes[i] = (uint8_t)(address >> (8 * (15 - i)) & 0xff);
    (void)inet_ntop(AF_INET6, bytes, text, sizeof(text));
    mln_buf_add_cstr(out, text);
}

static void print_network(
        enum mln_net_family family, mln_address address, unsigned prefix, struct mln_buf *out)
{
    if (out->len > 0)
        mln_buf_add_char(out, ',');
    if (family == MLN_NET_V4)
        print_v4(address, out);
    else
        print_v6(address, out);
    mln_buf_add_char(out, '/');
    mln_buf_add_i64(out, (int64_t)prefix);
}

/* The widest network that starts at `first` and ends by `last`: how many bits are free in it. */
static unsigned free_bits(struct mln_net_range range, unsigned limit)
{
    unsigned bits = 0;

    while (bits < limit) {
        mln_address wider = low_bits(bits + 1);

        if ((range.first & wider) != 0 || wider > range.last - range.first)
            break;
        bits++;
    }
    return bits;
}

static void print_range(enum mln_net_family family, struct mln_net_range range, struct mln_buf *out)
{
    unsigned all = family_bits(family), bits = 0;

    while (out->code == MLN_OK) {
        bits = free_bits(range, all);
        print_network(family, range.first, all - bits, out);
        if (range.last - range.first == low_bits(bits))
            return;
        range.first += low_bits(bits) + 1;
    }
}

void mln_net_set_print(struct mln_net_set *set, struct mln_buf *out)
{
    for (unsigned family = 0; family < MLN_NET_FAMILIES; family++) {
        settle(&set->of[family]);
        for (size_t i = 0; i < set->of[family].count; i++)
            print_range((enum mln_net_family)family, set->of[family].at[i], out);
    }
}

int mln_net_set_done(const struct mln_net_set *set, struct mln_err *err)
{
    if (set->code == MLN_ETOOBIG)
        return mln_fail(err, MLN_ETOOBIG,
                "more than %zu address ranges: split the list or shorten it", set->max);
    if (set->code != MLN_OK)
        return mln_fail(err, set->code, "no memory for a list of addresses");
    return MLN_OK;
}
