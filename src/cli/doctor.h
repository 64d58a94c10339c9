/* `doctor`: rows of what was looked at. Each file of it looks at one kind of thing. */
#pragma once

#include "cli/live.h"
#include "cli/rows.h"

enum doctor_finding { DOCTOR_FINE, DOCTOR_SKIPPED, DOCTOR_TROUBLE };

struct doctor {
    struct cli *cli;
    struct cli_live live;
    struct cli_rows rows;
    size_t troubles;
    bool has_creds; /* They work: the cloud says who they are. */
};

void doctor_report(
        struct doctor *doctor, const char *check, enum doctor_finding finding, const char *note);
void doctor_reportf(struct doctor *doctor, const char *check, enum doctor_finding finding,
        const char *fmt, ...) MLN_PRINTF(4, 5);

/* doctor_network.c: proxies, names, certificates, endpoints, and the clock beside the cloud's. */
void doctor_network(struct doctor *doctor);
/* doctor_files.c: who can read the files that hold keys; the store; the sealing key. */
void doctor_files(struct doctor *doctor);
/* doctor_permissions.c: the calls of the plan. */
void doctor_permissions(struct doctor *doctor);
/* doctor_aliyun.c: the aliyun command line, with which people make their profiles. */
void doctor_aliyun(struct doctor *doctor);
