/* What the modules of this folder share with each other and with nobody else. */
#pragma once

#include "base/str.h"

/* Prepares libsodium once per process; every user of it in this folder calls this first. */
void mln_sodium_ready(void);

/* Locked memory outside core files; giving it back, with the size it was taken with, wipes it.
 * Thread-safe. */
void *mln_vault_take(size_t bytes);
void mln_vault_give(void *ptr, size_t bytes);

/* A placeholder that keeps quoted text well-formed in JSON, XML and YAML. */
#define MLN_REDACTED "[redacted]"

/* True when a value under this name is a credential, whatever it looks like. */
bool mln_redact_is_name(struct mln_str name);

/* The part of a text that must not be shown; `to` 0 says that there is none. */
struct mln_span {
    size_t from, to;
};

/*
 * The credential whose name or prefix starts at `at`. Bytes before `done` are hidden already: the
 * search for the end goes on from there, which keeps nested credentials linear.
 */
struct mln_span mln_redact_shape(struct mln_str text, size_t at, size_t done);

/*
 * Learned secrets. `begin` holds them still for one walk over `text`, which asks at each position;
 * `end` lets them go. False from `begin` when a secret could not be kept, so that no text is safe.
 */
struct mln_redact_walk {
    struct mln_str text;
    unsigned spellings; /* A bit for each spelling that can occur in the text. */
};
bool mln_redact_walk_begin(struct mln_redact_walk *walk, struct mln_str text);
size_t mln_redact_walk_at(const struct mln_redact_walk *walk, size_t at, size_t done);
void mln_redact_walk_end(void);

/* How a text may spell bytes; the bit of each is 1 << its number. */
enum mln_spelling {
    MLN_SPELL_PLAIN,
    MLN_SPELL_PERCENT,
    MLN_SPELL_PERCENT_TWICE,
    MLN_SPELL_FORM,
    MLN_SPELL_JSON,
    MLN_SPELL_XML,
    MLN_SPELLINGS
};

/* Reads the bytes a text stands for in one encoding. One escape can stand for several. */
struct mln_spelled {
    struct mln_str text;
    size_t at;
    enum mln_spelling spelling;
    unsigned char more[4];
    unsigned more_at, more_count;
};

/* The next byte the text stands for, or -1 at its end. */
int mln_spelled_next(struct mln_spelled *cursor);
