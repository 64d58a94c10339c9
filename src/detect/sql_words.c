/* The words that the skeleton pass knows, by first letter. */
#include "detect/sql_token.h"

enum {
    R = MLN_WORD_RESERVED,
    S = MLN_WORD_RESERVED | MLN_WORD_SPACED,
    I = MLN_WORD_INJECTED,
    SI = MLN_WORD_RESERVED | MLN_WORD_SPACED | MLN_WORD_INJECTED,
};

#define WORD(text, role, traits)                        \
    {                                                   \
        text, sizeof(text) - 1, MLN_ROLE_##role, traits \
    }
#define END                     \
    {                           \
        "", 0, MLN_ROLE_NONE, 0 \
    }

static const struct mln_sql_word words_a[] = { WORD("all", NONE, SI), WORD("and", AND, SI),
    WORD("any", NONE, S), WORD("as", NONE, S), WORD("alter", NONE, R), END };
static const struct mln_sql_word words_b[] = { WORD("by", NONE, S), WORD("between", NONE, S),
    WORD("begin", BEGIN, 0), WORD("benchmark", NONE, I), END };
static const struct mln_sql_word words_c[] = { WORD("case", NONE, S), WORD("create", CREATE, R),
    END };
static const struct mln_sql_word words_d[] = { WORD("delete", VERB, R), WORD("distinct", NONE, S),
    WORD("drop", NONE, R), WORD("div", NONE, S), END };
static const struct mln_sql_word words_e[] = { WORD("exists", NONE, S), WORD("else", NONE, S),
    WORD("except", NONE, S), END };
static const struct mln_sql_word words_f[] = { WORD("from", NONE, SI), WORD("for", NONE, R), END };
static const struct mln_sql_word words_g[] = { WORD("group", NONE, R), WORD("grant", NONE, R),
    END };
static const struct mln_sql_word words_h[] = { WORD("having", NONE, SI), END };
static const struct mln_sql_word words_i[] = { WORD("in", NONE, S), WORD("is", NONE, R),
    WORD("into", NONE, SI), WORD("insert", VERB, R), WORD("intersect", NONE, S), END };
static const struct mln_sql_word words_j[] = { WORD("join", NONE, S), END };
static const struct mln_sql_word words_l[] = { WORD("limit", LIMIT, R), WORD("like", EQUALS, S),
    WORD("load_file", NONE, I), END };
static const struct mln_sql_word words_n[] = { WORD("not", NONE, S), WORD("null", NONE, R), END };
static const struct mln_sql_word words_o[] = { WORD("or", OR, SI), WORD("on", NONE, S),
    WORD("order", NONE, R), WORD("outfile", NONE, R), END };
static const struct mln_sql_word words_r[] = { WORD("replace", VERB, R), WORD("rlike", NONE, S),
    WORD("regexp", NONE, S), WORD("revoke", NONE, R), END };
static const struct mln_sql_word words_s[] = { WORD("select", VERB, SI), WORD("set", NONE, S),
    WORD("sleep", NONE, I), WORD("some", NONE, S), END };
static const struct mln_sql_word words_t[] = { WORD("table", NONE, R), WORD("then", NONE, S),
    WORD("true", TRUE, R), WORD("to", NONE, R), END };
static const struct mln_sql_word words_u[] = { WORD("union", NONE, SI), WORD("update", VERB, R),
    WORD("using", NONE, S), END };
static const struct mln_sql_word words_v[] = { WORD("values", NONE, S), END };
static const struct mln_sql_word words_w[] = { WORD("where", WHERE, SI), WORD("when", NONE, S),
    WORD("with", WITH, R), END };
static const struct mln_sql_word words_x[] = { WORD("xor", NONE, SI), END };

static const struct mln_sql_word *const by_letter[26] = { words_a, words_b, words_c, words_d,
    words_e, words_f, words_g, words_h, words_i, words_j, NULL, words_l, NULL, words_n, words_o,
    NULL, NULL, words_r, words_s, words_t, words_u, words_v, words_w, words_x, NULL, NULL };

const struct mln_sql_word *mln_sql_word(const char *text, size_t len)
{
    unsigned letter = (unsigned)((unsigned char)text[0] - 'a');

    if (len < 2 || letter >= MLN_LEN(by_letter) || by_letter[letter] == NULL)
        return NULL;
    for (const struct mln_sql_word *word = by_letter[letter]; word->len != 0; word++) {
        if (word->len == len && word->text[1] == text[1] && memcmp(word->text, text, len) == 0)
            return word;
    }
    return NULL;
}
