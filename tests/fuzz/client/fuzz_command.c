/*
 * Command lines of profiles, split into words. Each word quoted again gives the same words, and the
 * place where the text stops being JSON is inside it.
 */
#include "client/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* 'it'\''s' */
static void quote(const char *word, struct mln_buf *out)
{
    mln_buf_add_char(out, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            mln_buf_add_cstr(out, "'\\''");
        else
            mln_buf_add_char(out, *word);
    }
    mln_buf_add_cstr(out, "' ");
}

static void round_trip(char *const *argv)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT((size_t)1024 * 1024);
    MLN_AUTO(mln_buf_free) struct mln_buf text = MLN_BUF_INIT((size_t)1024 * 1024);
    char **again = NULL;
    struct mln_err err;
    size_t n = 0;

    for (size_t i = 0; argv[i] != NULL; i++)
        quote(argv[i], &text);
    require(text.code == MLN_OK);
    if (text.len > MLN_PROCESS_COMMAND_MAX)
        return; /* Quoting made it too long. */
    require(mln_command_split(mln_buf_str(&text), &arena, &again, &err) == MLN_OK);
    for (; argv[n] != NULL; n++)
        require(again[n] != NULL && strcmp(argv[n], again[n]) == 0);
    require(again[n] == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MLN_AUTO(mln_arena_free) struct mln_arena arena = MLN_ARENA_INIT((size_t)1024 * 1024);
    struct mln_str text = { (const char *)data, size };
    char **argv = NULL;
    struct mln_err err;
    int line = 0, column = 0, rc;

    mln_json_place(text, &line, &column);
    require(line >= 1 && column >= 1 && (size_t)line <= size + 1 && (size_t)column <= size + 1);
    rc = mln_command_split(text, &arena, &argv, &err);
    require(rc == MLN_OK ? argv != NULL && argv[0] != NULL && argv[0][0] != '\0'
                         : rc == MLN_ECONFIG && argv == NULL);
    if (rc == MLN_OK)
        round_trip(argv);
    return 0;
}
