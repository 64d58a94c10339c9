/* Learned secrets in every spelling, and URLs. */
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "base/redact.h"
#include "test.h"

static struct mln_buf out = MLN_BUF_INIT(1 << 24);

static struct mln_str redacted(struct mln_str text)
{
    mln_buf_reset(&out);
    mln_redact(text, &out);
    return mln_buf_str(&out);
}

static void hides_each_spelling(void **state)
{
    static const struct {
        const char *secret, *text, *want;
    } rows[] = {
        { "s3cr/t+=x", "a s3cr/t+=x b", "a [redacted] b" },
        { "s3cr/t+=x", "s3cr/t+=xs3cr/t+=x", "[redacted][redacted]" },
        { "s3cr/t+=x", "k=s3cr%2Ft%2B%3Dx&b=1", "k=[redacted]&b=1" },
        { "s3cr/t+=x", "k=s3cr%2ft%2b%3dx&b=1", "k=[redacted]&b=1" },
        { "s3cr/t+=x", "k=%73%33%63%72%2F%74%2B%3D%78", "k=[redacted]" },
        { "s3cr/t+=x", "k%3Ds3cr%252Ft%252B%253Dx%26", "k%3D[redacted]%26" },
        { "s3cr/t+=x", "{\"k\":\"s3cr\\/t+=x\"}", "{\"k\":\"[redacted]\"}" },
        { "s3cr/t+=x", "{\"k\":\"s3cr\\u002Ft\\u002b=x\"}", "{\"k\":\"[redacted]\"}" },
        { "se\"cr\\et\n", "{\"k\":\"se\\\"cr\\\\et\\n\"}", "{\"k\":\"[redacted]\"}" },
        { "s<cr&t>\"x", "<a>s&lt;cr&amp;t&gt;&quot;x</a>", "<a>[redacted]</a>" },
        { "s<cr&t>\"x", "<a>s&#60;cr&#x26;t&#x3E;&#34;x</a>", "<a>[redacted]</a>" },
        { "pass word 1", "p=pass+word+1&q", "p=[redacted]&q" },
        { "pass word 1", "p=pass%20word+1&q", "p=[redacted]&q" },
        { "p\xc3\xa4sswort", "{\"p\":\"p\\u00e4sswort\"}", "{\"p\":\"[redacted]\"}" },
        { "key\xf0\x9f\x98\x80key", "{\"p\":\"key\\ud83d\\uDE00key\"}", "{\"p\":\"[redacted]\"}" },
        { "100%41sure", "is 100%41sure", "is [redacted]" },
        { "100%41sure", "is 100%2541sure", "is [redacted]" },
        { "secret", "secre secret secret", "secre [redacted] [redacted]" },
        { "secret", "secre", "secre" },
        { "secret", "", "" },
        { "short", "short", "short" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        mln_redact_learn(mln_str_of(rows[i].secret));
        EQ_STR(redacted(mln_str_of(rows[i].text)), rows[i].want);
        mln_redact_forget(mln_str_of(rows[i].secret));
        EQ_STR(redacted(mln_str_of(rows[i].text)), rows[i].text);
    }
}

/* Base64 of the secret inside longer texts, so that it starts at each of the three positions. */
static void hides_base64_at_every_alignment_and_alphabet(void **state)
{
    static const struct mln_str secret = { "\xff\xfe>>??c4n4ry\xfb\xff", 14 };
    static const int variants[] = { sodium_base64_VARIANT_ORIGINAL,
        sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_URLSAFE,
        sodium_base64_VARIANT_URLSAFE_NO_PADDING };

    (void)state;
    mln_redact_learn(secret);
    for (size_t before = 0; before < 7; before++) {
        for (size_t after = 0; after < 4; after++) {
            for (size_t v = 0; v < MLN_LEN(variants); v++) {
                unsigned char plain[64];
                char text[128];
                struct mln_str got;

                memset(plain, 'q', sizeof(plain));
                memcpy(plain + before, secret.ptr, secret.len);
                (void)sodium_bin2base64(
                        text, sizeof(text), plain, before + secret.len + after, variants[v]);
                got = redacted(mln_str_of(text));
                if (memmem(got.ptr, got.len, "[redacted]", 10) == NULL)
                    fail_msg("%zu before, %zu after: %s", before, after, text);
                /* At most the two digits it shares with its neighbours, and padding, remain of it.
                 */
                assert_true(got.len - 10 <= strlen(text) - (secret.len * 8 - 10) / 6);
            }
        }
    }
    mln_redact_forget(secret);
}

/* The same text again, in one piece, whatever stands around the secret. */
static void finds_a_secret_wherever_it_stands(void **state)
{
    static const struct mln_str secret = { "LTAIsecretLTAI/=\"\\%41", 21 };
    char text[80];

    (void)state;
    mln_redact_learn(secret);
    for (size_t at = 0; at <= sizeof(text) - secret.len; at++) {
        for (size_t fill = 0; fill < 6; fill++) {
            struct mln_str got;

            memset(text, "aL%\\&+"[fill], sizeof(text));
            memcpy(text + at, secret.ptr, secret.len);
            got = redacted((struct mln_str){ .ptr = text, .len = sizeof(text) });
            if (memmem(got.ptr, got.len, "secret", 6) != NULL)
                fail_msg("fill '%c' at %zu: %.*s", "aL%\\&+"[fill], at, MLN_FMT(got));
        }
    }
    mln_redact_forget(secret);
}

static void overlapping_secrets_leave_nothing_between(void **state)
{
    (void)state;
    mln_redact_learn(MLN_STR("abcdefgh"));
    mln_redact_learn(MLN_STR("efghijkl"));
    mln_redact_learn(MLN_STR("abcdefghijklmnop"));
    EQ_STR(redacted(MLN_STR("<abcdefghijkl>")), "<[redacted]>");
    EQ_STR(redacted(MLN_STR("<abcdefghijklmnop>")), "<[redacted]>");
    mln_redact_forget(MLN_STR("abcdefgh"));
    EQ_STR(redacted(MLN_STR("<abcdefghijkl>")), "<abcd[redacted]>");
    mln_redact_forget(MLN_STR("efghijkl"));
    mln_redact_forget(MLN_STR("abcdefghijklmnop"));
}

static void the_head_of_a_long_secret_is_hidden_too(void **state)
{
    const struct mln_str secret = MLN_STR("0123456789abcdefghijABCDEFGHIJklmnopqrst!");

    (void)state;
    mln_redact_learn(secret);
    EQ_STR(redacted(MLN_STR("[0123456789abcdefghijABCDEFGHIJklmnop]")), "[[redacted]]");
    mln_redact_forget(secret);
}

static void counts_how_often_a_secret_was_learned(void **state)
{
    (void)state;
    mln_redact_learn(MLN_STR("twice-learned"));
    mln_redact_learn(MLN_STR("twice-learned"));
    mln_redact_forget(MLN_STR("twice-learned"));
    EQ_STR(redacted(MLN_STR("twice-learned")), "[redacted]");
    mln_redact_forget(MLN_STR("twice-learned"));
    mln_redact_forget(MLN_STR("twice-learned"));
    EQ_STR(redacted(MLN_STR("twice-learned")), "twice-learned");
}

/* A secret of one repeated byte against a text of that byte is the worst case there is. */
static void stays_linear_on_repetitive_text(void **state)
{
    static char text[1 << 20];
    struct mln_str secret = { .ptr = text, .len = 60000 };
    clock_t start = clock();

    (void)state;
    memset(text, 'a', sizeof(text));
    mln_redact_learn(secret);
    EQ_STR(redacted((struct mln_str){ .ptr = text, .len = sizeof(text) }), "[redacted]");
    mln_redact_forget(secret);
    assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
}

static void *learn_and_forget(void *arg)
{
    const struct mln_str secret = mln_str_of(arg);

    for (int i = 0; i < 200; i++) {
        struct mln_buf mine = MLN_BUF_INIT(1000);

        mln_redact_learn(secret);
        mln_redact(secret, &mine);
        if (!mln_str_is(mln_buf_str(&mine), "[redacted]"))
            abort();
        mln_buf_free(&mine);
        mln_redact_forget(secret);
    }
    return NULL;
}

static void threads_learn_and_redact_together(void **state)
{
    char names[4][16] = { "secret-zero", "secret-one", "secret-two", "secret-two" };
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, learn_and_forget, names[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void a_url_keeps_only_harmless_parameters(void **state)
{
    static const struct {
        const char *url, *want;
    } rows[] = {
        { "https://sas.aliyuncs.com/", "https://sas.aliyuncs.com/" },
        { "https://h/?Action=ListCheckItem&AccessKeyId=x&Version=2018-12-03&Signature=y",
                "https://h/?Action=ListCheckItem&Version=2018-12-03" },
        { "http://100.100.100.200/role?token=abc", "http://100.100.100.200/role" },
        { "https://user:password@host/path?x#y", "https://[redacted]@host/path" },
        { "https://us@er:pass@host", "https://[redacted]@host" },
        { "https://h/a@b", "https://h/a@b" },
        { "/?action=x&Actions=x&Action&PageSize=20#Signature=a?b", "/?Action&PageSize=20" },
        { "/p#?Action=x", "/p" },
        { "/LTAI5tCANARYCANARYCA/x", "/[redacted]/x" },
        { "?Lang=LTAI5tCANARYCANARYCA", "?Lang=[redacted]" },
        { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        mln_buf_reset(&out);
        mln_redact_url(mln_str_of(rows[i].url), &out);
        EQ_STR(mln_buf_str(&out), rows[i].want);
    }
}

static int free_out(void **state)
{
    (void)state;
    mln_buf_free(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_each_spelling),
        cmocka_unit_test(hides_base64_at_every_alignment_and_alphabet),
        cmocka_unit_test(finds_a_secret_wherever_it_stands),
        cmocka_unit_test(overlapping_secrets_leave_nothing_between),
        cmocka_unit_test(the_head_of_a_long_secret_is_hidden_too),
        cmocka_unit_test(counts_how_often_a_secret_was_learned),
        cmocka_unit_test(stays_linear_on_repetitive_text),
        cmocka_unit_test(threads_learn_and_redact_together),
        cmocka_unit_test(a_url_keeps_only_harmless_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, free_out);
}
