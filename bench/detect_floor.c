/*
 * What reading a log costs before any rule: lines of the source, the reader's parsing, the SQL
 * skeleton. Prints lines, events and statements.
 *
 *     detect_floor FILE
 */
#include <stdio.h>

#include "detect/reader.h"
#include "detect/source.h"

static struct mln_err err;

static void must(int rc)
{
    if (rc == MLN_OK)
        return;
    (void)fprintf(stderr, "detect_floor: %s\n", err.msg);
    exit(1);
}

int main(int argc, char **argv)
{
    struct mln_reader_options options = { .product = MLN_STR("RDS") };
    struct mln_zone *zone = NULL;
    struct mln_source *source = NULL;
    struct mln_reader *reader = NULL;
    struct mln_source_line line;
    long long lines = 0, events = 0, statements = 0;
    bool failed = false;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: detect_floor FILE\n");
        return 2;
    }
    must(mln_zone_new(MLN_STR("Asia/Shanghai"), &zone, &err));
    options.zone = zone;
    must(mln_source_open(argv[1], &source, &err));
    must(mln_reader_new(mln_reader_format("mariadb-server-audit"), &options, &reader, &err));
    while (mln_source_next(source, &line, &failed, &err)) {
        static struct mln_audit_event event;
        enum mln_line_result result;

        must(mln_reader_line(reader, line.text, line.truncated, &result, &event, &err));
        lines++;
        if (result != MLN_LINE_EVENT)
            continue;
        events++;
        statements += event.skeleton != NULL;
    }
    must(failed ? err.code : MLN_OK);
    (void)printf("%lld %lld %lld\n", lines, events, statements);
    mln_reader_free(reader);
    mln_source_close(source);
    mln_zone_free(zone);
    return 0;
}
