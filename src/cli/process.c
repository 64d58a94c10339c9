/* Signals that ask for a stop, and the exit codes of the whole program. */
#include <signal.h>

#include "cli/cli.h"

static volatile sig_atomic_t stop_requested;

static void on_signal(int number)
{
    if (stop_requested != 0) {
        (void)signal(number, SIG_DFL);
        (void)raise(number);
    }
    stop_requested = 1;
}

const volatile int *cli_stop_flag(void)
{
    return &stop_requested;
}

void cli_catch_signals(struct cli *cli)
{
    struct sigaction action = { .sa_handler = on_signal }, before;

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    /* A session that ends is a reason to stop, unless nohup says otherwise. */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        (void)sigaction(SIGHUP, &action, NULL);
    cli->stop = &stop_requested;
}

int cli_exit_code(int code)
{
    static const struct {
        int code, exit;
    } rows[] = {
        { MLN_OK, 0 },
        { MLN_ENOTFOUND, CLI_EXIT_NOT_FOUND },
        { MLN_EDENIED, CLI_EXIT_DENIED },
        { MLN_ETRANSIENT, CLI_EXIT_NETWORK },
        { MLN_ECONFIG, CLI_EXIT_CONFIG },
        { MLN_ECREDS, CLI_EXIT_CREDS },
        { MLN_EPARTIAL, CLI_EXIT_PARTIAL },
        { MLN_EUSAGE, CLI_EXIT_USAGE },
        { MLN_ECANCELLED, CLI_EXIT_INTERRUPTED },
    };

    for (size_t i = 0; i < MLN_LEN(rows); i++) {
        if (rows[i].code == code)
            return rows[i].exit;
    }
    return CLI_EXIT_FAILURE;
}
