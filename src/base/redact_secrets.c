/*
 * The secrets the process holds, and the search for them. Each is kept as its bytes and as the
 * base64 it turns into at the three positions it can have in a longer text. Percent, form, JSON and
 * XML escapes are undone while comparing, because there are many spellings of the same bytes.
 *
 * A search costs the same for every position: two bytes are looked up in a bitmap, six in a hash
 * table, and beyond PREFIX_BYTES a secret is compared only where that can hide more.
 */
#include <pthread.h>
#include <sodium.h>

#include "base/priv.h"
#include "base/redact.h"

#define SECRET_MIN_BYTES ((size_t)6)
#define WINDOW_BYTES     SECRET_MIN_BYTES
#define BUCKETS          ((size_t)4096)

/* So much of a long secret is as bad as all of it. */
#define PREFIX_BYTES ((size_t)32)

#define FORMS_MAX 7 /* The bytes, and two base64 alphabets at three positions. */

struct form {
    struct form *next;
    struct entry *owner;
    const unsigned char *ptr;
    size_t len;
};

struct entry {
    size_t uses;
    unsigned char *bytes; /* From the vault; the forms point into it. */
    size_t size;
    size_t form_count;
    struct form forms[FORMS_MAX]; /* The first is the secret itself. */
};

static struct {
    pthread_rwlock_t lock;
    struct form *buckets[BUCKETS];
    uint64_t starts[65536 /
                    64]; /* Which two bytes a form begins with; reset when the last is gone. */
    size_t entries;
    bool incomplete; /* A secret could not be kept: from now on no text is shown. */
} known = { .lock = PTHREAD_RWLOCK_INITIALIZER };

static size_t bucket_of(const unsigned char window[WINDOW_BYTES])
{
    uint64_t bits = 0;

    memcpy(&bits, window, WINDOW_BYTES);
    return (size_t)((bits * 0x9e3779b97f4a7c15U) >> 52) % BUCKETS;
}

static size_t start_of(const unsigned char window[2])
{
    return (size_t)window[0] << 8 | window[1];
}

static struct entry *find_entry(struct mln_str secret)
{
    struct form *form = known.buckets[bucket_of((const unsigned char *)secret.ptr)];

    for (; form != NULL; form = form->next) {
        if (form == &form->owner->forms[0] && form->len == secret.len &&
                sodium_memcmp(form->ptr, secret.ptr, secret.len) == 0)
            return form->owner;
    }
    return NULL;
}

/* The six bits of `secret` from bit `at` on. All of them are inside. */
static unsigned six_bits(struct mln_str secret, size_t at)
{
    unsigned high = (unsigned char)secret.ptr[at / 8];
    unsigned low = at / 8 + 1 < secret.len ? (unsigned char)secret.ptr[at / 8 + 1] : 0;

    return ((high << 8 | low) >> (10 - at % 8)) & 63;
}

static void add_form(struct entry *entry, unsigned char *ptr, size_t len)
{
    if (len >= WINDOW_BYTES)
        entry->forms[entry->form_count++] = (struct form){ .owner = entry, .ptr = ptr, .len = len };
}

/* Those base64 digits that hold nothing but bits of the secret, when `before` bytes stand before
 * it. */
static size_t encode(struct mln_str secret, size_t before, const char *alphabet, unsigned char *out)
{
    size_t first = (before * 8 + 5) / 6, last = (before + secret.len) * 8 / 6;

    for (size_t i = first; i < last; i++)
        out[i - first] = (unsigned char)alphabet[six_bits(secret, i * 6 - before * 8)];
    return last - first;
}

static struct entry *new_entry(struct mln_str secret)
{
    static const char standard[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char url_safe[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct entry *entry = calloc(1, sizeof(*entry));
    size_t digits = secret.len / 3 * 4 + 4, size = secret.len + 6 * digits;
    unsigned char *at;

    if (entry == NULL)
        return NULL;
    entry->size = size;
    at = entry->bytes = mln_vault_take(size);
    if (at == NULL) {
        free(entry);
        return NULL;
    }
    memcpy(at, secret.ptr, secret.len);
    add_form(entry, at, secret.len);
    at += secret.len;
    for (size_t before = 0; before < 3; before++) {
        size_t len = encode(secret, before, standard, at);

        add_form(entry, at, len);
        (void)encode(secret, before, url_safe, at + len);
        if (memcmp(at, at + len, len) != 0)
            add_form(entry, at + len, len);
        at += 2 * len;
    }
    return entry;
}

static void link_entry(struct entry *entry)
{
    for (size_t i = 0; i < entry->form_count; i++) {
        struct form *form = &entry->forms[i];
        size_t bucket = bucket_of(form->ptr), start = start_of(form->ptr);

        form->next = known.buckets[bucket];
        known.buckets[bucket] = form;
        known.starts[start / 64] |= (uint64_t)1 << start % 64;
    }
    known.entries++;
}

static void drop_entry(struct entry *entry)
{
    for (size_t i = 0; i < entry->form_count; i++) {
        struct form **link = &known.buckets[bucket_of(entry->forms[i].ptr)];

        while (*link != &entry->forms[i])
            link = &(*link)->next;
        *link = entry->forms[i].next;
    }
    if (--known.entries == 0)
        memset(known.starts, 0, sizeof(known.starts));
    mln_vault_give(entry->bytes, entry->size);
    free(entry);
}

void mln_redact_learn(struct mln_str secret)
{
    struct entry *entry;

    if (secret.len < SECRET_MIN_BYTES)
        return;
    mln_sodium_ready();
    (void)pthread_rwlock_wrlock(&known.lock);
    entry = find_entry(secret);
    if (entry == NULL) {
        entry = secret.len < SIZE_MAX / 16 ? new_entry(secret) : NULL;
        if (entry != NULL)
            link_entry(entry);
    }
    if (entry != NULL)
        entry->uses++;
    else
        known.incomplete = true;
    (void)pthread_rwlock_unlock(&known.lock);
}

void mln_redact_forget(struct mln_str secret)
{
    struct entry *entry;

    if (secret.len < SECRET_MIN_BYTES)
        return;
    (void)pthread_rwlock_wrlock(&known.lock);
    entry = find_entry(secret);
    if (entry != NULL && --entry->uses == 0)
        drop_entry(entry);
    (void)pthread_rwlock_unlock(&known.lock);
}

/* How a text may spell bytes; the bit of each is 1 << its number. */
enum encoding { PLAIN, PERCENT, PERCENT_TWICE, FORM, JSON, XML, ENCODINGS };

/* Reads the bytes a text stands for in one encoding. One escape can stand for several. */
struct cursor {
    struct mln_str text;
    size_t at;
    enum encoding encoding;
    unsigned char more[4];
    unsigned more_at, more_count;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number in `digits` hex digits at `at`, or -1. */
static int32_t hex_number(struct mln_str text, size_t at, size_t digits)
{
    int32_t value = 0;

    if (text.len < digits || at > text.len - digits)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_digit(text.ptr[at + i]);

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static unsigned char next_percent(struct cursor *cursor)
{
    int32_t value = hex_number(cursor->text, cursor->at, 2);

    if (value < 0)
        return '%';
    cursor->at += 2;
    if (value == '%' && cursor->encoding == PERCENT_TWICE) {
        int32_t again = hex_number(cursor->text, cursor->at, 2);

        if (again >= 0) {
            cursor->at += 2;
            value = again;
        }
    }
    return (unsigned char)value;
}

/* Queues the UTF-8 of `code` and returns its first byte. */
static unsigned char spread(struct cursor *cursor, uint32_t code)
{
    unsigned count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (unsigned i = count - 1; i > 0; i--) {
        cursor->more[i] = (unsigned char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    cursor->more[0] = (unsigned char)(count == 1 ? code : (0xf00U >> count & 0xff) | code);
    cursor->more_at = 1;
    cursor->more_count = count;
    return cursor->more[0];
}

static unsigned char next_json(struct cursor *cursor)
{
    static const char escapes[] = "bfnrt", bytes[] = "\b\f\n\r\t";
    struct mln_str text = cursor->text;
    int32_t high, low;
    const char *hit;
    char c;

    if (cursor->at >= text.len)
        return '\\';
    c = text.ptr[cursor->at++];
    hit = c != '\0' ? strchr(escapes, c) : NULL;
    if (hit != NULL)
        return (unsigned char)bytes[hit - escapes];
    high = c == 'u' ? hex_number(text, cursor->at, 4) : -1;
    if (high < 0)
        return (unsigned char)c;
    cursor->at += 4;
    if (high < 0xd800 || high > 0xdbff || text.len - cursor->at < 6 ||
            memcmp(text.ptr + cursor->at, "\\u", 2) != 0)
        return spread(cursor, (uint32_t)high);
    low = hex_number(text, cursor->at + 2, 4);
    if (low < 0xdc00 || low > 0xdfff)
        return spread(cursor, (uint32_t)high);
    cursor->at += 6;
    return spread(cursor, 0x10000 + ((uint32_t)(high - 0xd800) << 10 | (uint32_t)(low - 0xdc00)));
}

/* "&#38;" or "&#x26;", after the '#'; the code point and where it ends, or -1. */
static int32_t xml_number(struct mln_str text, size_t at, size_t *end)
{
    bool hex = at < text.len && (text.ptr[at] | 0x20) == 'x';
    size_t first = hex ? at + 1 : at;
    int32_t value = 0;

    for (at = first; at < text.len && at - first < 8; at++) {
        int digit = hex_digit(text.ptr[at]);

        if (text.ptr[at] == ';' && at > first) {
            *end = at + 1;
            return value;
        }
        if (digit < 0 || (!hex && digit > 9) || value > 0x10ffff)
            return -1;
        value = value * (hex ? 16 : 10) + digit;
    }
    return -1;
}

static unsigned char next_xml(struct cursor *cursor)
{
    static const struct {
        const char *name;
        char byte;
    } entities[] = { { "amp;", '&' }, { "apos;", '\'' }, { "gt;", '>' }, { "lt;", '<' },
        { "quot;", '"' } };
    struct mln_str rest = { .ptr = cursor->text.ptr + cursor->at,
        .len = cursor->text.len - cursor->at };
    int32_t value;

    for (size_t i = 0; i < MLN_LEN(entities); i++) {
        struct mln_str name = mln_str_of(entities[i].name);

        if (!mln_str_starts(rest, name))
            continue;
        cursor->at += name.len;
        return (unsigned char)entities[i].byte;
    }
    if (rest.len == 0 || rest.ptr[0] != '#')
        return '&';
    value = xml_number(cursor->text, cursor->at + 1, &cursor->at);
    return value >= 0 && value <= 0x10ffff ? spread(cursor, (uint32_t)value) : '&';
}

/* The next byte the text stands for, or -1 at its end. */
static int next_byte(struct cursor *cursor)
{
    char c;

    if (cursor->more_at < cursor->more_count)
        return cursor->more[cursor->more_at++];
    if (cursor->at >= cursor->text.len)
        return -1;
    c = cursor->text.ptr[cursor->at++];
    switch (cursor->encoding) {
    case PERCENT:
    case PERCENT_TWICE:
        return c == '%' ? next_percent(cursor) : (unsigned char)c;
    case FORM:
        return c == '%' ? next_percent(cursor) : c == '+' ? ' ' : (unsigned char)c;
    case JSON:
        return c == '\\' ? next_json(cursor) : (unsigned char)c;
    case XML:
        return c == '&' ? next_xml(cursor) : (unsigned char)c;
    case PLAIN:
    case ENCODINGS:
        break;
    }
    return (unsigned char)c;
}

/* Where `form` ends when it stands at the cursor (by value), or 0. */
static size_t match(const struct form *form, struct cursor cursor, size_t done)
{
    size_t enough = form->len < PREFIX_BYTES ? form->len : PREFIX_BYTES, i = 0, end = 0;

    for (; i < enough; i++) {
        if (next_byte(&cursor) != form->ptr[i])
            return 0;
    }
    end = cursor.at;
    for (; i < form->len && end >= done && next_byte(&cursor) == form->ptr[i]; i++)
        end = cursor.at;
    return end;
}

static size_t search(struct cursor cursor, size_t done)
{
    struct cursor start = cursor;
    unsigned char window[WINDOW_BYTES];
    size_t end = 0, start_bits;
    const struct form *form;
    int byte;

    for (size_t i = 0; i < WINDOW_BYTES; i++) {
        byte = next_byte(&cursor);
        if (byte < 0)
            return 0;
        window[i] = (unsigned char)byte;
        if (i != 1)
            continue;
        start_bits = start_of(window);
        if ((known.starts[start_bits / 64] >> start_bits % 64 & 1) == 0)
            return 0;
    }
    for (form = known.buckets[bucket_of(window)]; form != NULL; form = form->next) {
        size_t hit = match(form, start, done);

        end = hit > end ? hit : end;
    }
    return end;
}

bool mln_redact_walk_begin(struct mln_redact_walk *walk, struct mln_str text)
{
    static const struct {
        const char *sign;
        enum encoding encoding;
    } signs[] = { { "%", PERCENT }, { "%25", PERCENT_TWICE }, { "+", FORM }, { "\\", JSON },
        { "&", XML } };

    (void)pthread_rwlock_rdlock(&known.lock);
    *walk = (struct mln_redact_walk){ .text = text };
    if (known.entries > 0)
        walk->encodings = 1U << PLAIN;
    for (size_t i = 0; known.entries > 0 && i < MLN_LEN(signs); i++) {
        if (memmem(text.ptr, text.len, signs[i].sign, strlen(signs[i].sign)) != NULL)
            walk->encodings |= 1U << signs[i].encoding;
    }
    return !known.incomplete;
}

size_t mln_redact_walk_at(const struct mln_redact_walk *walk, size_t at, size_t done)
{
    size_t end = 0;

    for (unsigned i = 0; walk->encodings >> i != 0; i++) {
        struct cursor cursor = { .text = walk->text, .at = at, .encoding = (enum encoding)i };
        size_t hit = walk->encodings >> i & 1 ? search(cursor, done) : 0;

        end = hit > end ? hit : end;
    }
    return end;
}

void mln_redact_walk_end(void)
{
    (void)pthread_rwlock_unlock(&known.lock);
}
