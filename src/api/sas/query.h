/* What the actions of check results share: parameter rows, lists of numbers and words. */
#pragma once

#include "api/call.h"
#include "risk/result.h"

#define SAS_LIST_MAX ((size_t)1000) /* Elements of a repeated parameter. */
#define SAS_ITEM_MAX (((int64_t)1 << 53) - 1)

/* clang-format off */
#define SAS_LANG_ROW                                                               \
    { .name = "Lang", .type = MLN_PARAM_WORD, .words = mln_language_words, .fallback = "zh", \
            .summary = "The language of titles and texts" }
#define SAS_PAGE_ROW                                                              \
    { .name = "CurrentPage", .type = MLN_PARAM_INT, .min = 1, .max = INT32_MAX,   \
            .fallback = "1", .summary = "The page, from 1" }
#define SAS_PAGE_SIZE_ROW(most)                                                   \
    { .name = "PageSize", .type = MLN_PARAM_INT, .min = 1, .max = (most),         \
            .fallback = "20", .summary = "Entries on a page" }
/* clang-format on */

/* "high", "medium", "low" to 3..1. */
extern const struct mln_word sas_level_words[];

/* A repeated parameter; both refuse the call (Invalid<name>) and return false. */
struct sas_numbers {
    int64_t *items;
    size_t count;
};
bool sas_read_numbers(struct mln_call *call, const char *name, struct sas_numbers *out);
struct sas_texts {
    struct mln_str *items;
    size_t count;
};
bool sas_read_texts(struct mln_call *call, const char *name, struct sas_texts *out);
/* The bits 1 << value of the words sent; 0 when none was. */
bool sas_read_bits(
        struct mln_call *call, const char *name, const struct mln_word *words, unsigned *out);

/* Refuses for a failed mln_result_* function: MLN_ENOTFOUND is `not_found`. Returns false. */
bool sas_refuse(
        struct mln_call *call, int rc, enum mln_acs_code not_found, const struct mln_err *err);

/* Pages that hold `total` entries. */
int64_t sas_page_count(int64_t total, int64_t page_size);

/* A mark on the item or resource of `request`, with the caller's name, by this action. */
void sas_mark_by(const struct mln_call *call, struct mln_mark_request *request);
