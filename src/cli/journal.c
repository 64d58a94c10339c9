#include "cli/journal.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/redact.h"
#include "wire/writer.h"

#define LINE_MAX_BYTES ((size_t)4096)

static int journal_path(const struct cli *cli, struct mln_buf *path, struct mln_err *err)
{
    const char *state = mln_env_get(cli->env, "XDG_STATE_HOME");
    const char *home = mln_env_home(cli->env);
    struct mln_str done;
    int rc;

    if (state != NULL && state[0] == '/')
        mln_buf_addf(path, "%s/merlon", state);
    else if (home != NULL)
        mln_buf_addf(path, "%s/.local/state/merlon", home);
    else
        return mln_fail(err, MLN_ECONFIG, "no home folder is known");
    rc = mln_buf_done(path, &done, err);
    if (rc == MLN_OK)
        rc = mln_dir_make(path->ptr, err);
    mln_buf_add_cstr(path, "/handled.jsonl");
    return rc == MLN_OK ? mln_buf_done(path, &done, err) : rc;
}

static void put_entry(const struct cli *cli, const struct journal_entry *entry, struct mln_buf *out)
{
    struct mln_writer writer;
    char now[MLN_TIME_TEXT_MAX];

    mln_time_format(mln_now_ms(cli->clock), now);
    mln_writer_begin(&writer, out, MLN_FORMAT_JSON, NULL);
    mln_writer_cstr(&writer, "time", now);
    mln_writer_cstr(&writer, "profile", entry->profile);
    mln_writer_i64(&writer, "risk_id", entry->risk_id);
    mln_writer_cstr(&writer, "request_id", entry->request_id);
    mln_writer_cstr(&writer, "outcome", entry->outcome);
    mln_writer_end(&writer);
    mln_buf_add_char(out, '\n');
}

int journal_add(const struct cli *cli, const struct journal_entry *entry, struct mln_err *err)
{
    MLN_AUTO(mln_buf_free) struct mln_buf path = MLN_BUF_INIT(4096);
    MLN_AUTO(mln_buf_free) struct mln_buf line = MLN_BUF_INIT(LINE_MAX_BYTES);
    MLN_AUTO(mln_buf_free) struct mln_buf clean = MLN_BUF_INIT(LINE_MAX_BYTES * 2);
    MLN_AUTO_CLOSE int fd = -1;
    struct mln_str text;
    int rc = journal_path(cli, &path, err);

    if (rc != MLN_OK)
        return rc;
    put_entry(cli, entry, &line);
    mln_redact(mln_buf_str(&line), &clean);
    rc = mln_buf_done(&clean, &text, err);
    if (rc != MLN_OK)
        return rc;
    fd = open(path.ptr, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, text.ptr, text.len) != (ssize_t)text.len)
        return mln_fail(err, MLN_EIO, "%s: %s", path.ptr, mln_errno_text(errno));
    return MLN_OK;
}
