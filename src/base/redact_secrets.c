/*
 * The secrets the process holds, and the search for them. Each is kept as its bytes and as the
 * base64 it turns into at the three positions it can have in a longer text. Percent, form,
 * JSON and XML escapes are undone while comparing, because there are many
 * spellings of the same bytes.
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

static void add_form(struct entry *entry, const unsigned char *ptr, size_t len)
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
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the table keeps it, its first form always fits */
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

/* Where `form` ends when it stands at the cursor (by value), or 0. */
static size_t match(const struct form *form, struct mln_spelled cursor, size_t done)
{
    size_t enough = form->len < PREFIX_BYTES ? form->len : PREFIX_BYTES, i = 0, end = 0;

    for (; i < enough; i++) {
        if (mln_spelled_next(&cursor) != form->ptr[i])
            return 0;
    }
    end = cursor.at;
    for (; i < form->len && end >= done && mln_spelled_next(&cursor) == form->ptr[i]; i++)
        end = cursor.at;
    return end;
}

static size_t search(struct mln_spelled cursor, size_t done)
{
    struct mln_spelled start = cursor;
    unsigned char window[WINDOW_BYTES];
    size_t end = 0, start_bits;
    const struct form *form;
    int byte;

    for (size_t i = 0; i < WINDOW_BYTES; i++) {
        byte = mln_spelled_next(&cursor);
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
        enum mln_spelling spelling;
    } signs[] = { { "%", MLN_SPELL_PERCENT }, { "%25", MLN_SPELL_PERCENT_TWICE },
        { "+", MLN_SPELL_FORM }, { "\\", MLN_SPELL_JSON }, { "&", MLN_SPELL_XML } };

    (void)pthread_rwlock_rdlock(&known.lock);
    *walk = (struct mln_redact_walk){ .text = text };
    if (known.entries > 0)
        walk->spellings = 1U << MLN_SPELL_PLAIN;
    for (size_t i = 0; known.entries > 0 && i < MLN_LEN(signs); i++) {
        if (memmem(text.ptr, text.len, signs[i].sign, strlen(signs[i].sign)) != NULL)
            walk->spellings |= 1U << signs[i].spelling;
    }
    return !known.incomplete;
}

size_t mln_redact_walk_at(const struct mln_redact_walk *walk, size_t at, size_t done)
{
    size_t end = 0;

    for (unsigned i = 0; walk->spellings >> i != 0; i++) {
        struct mln_spelled cursor = {
            .text = walk->text, .at = at, .spelling = (enum mln_spelling)i
        };
        size_t hit = walk->spellings >> i & 1 ? search(cursor, done) : 0;

        end = hit > end ? hit : end;
    }
    return end;
}

void mln_redact_walk_end(void)
{
    (void)pthread_rwlock_unlock(&known.lock);
}
