/*
 * Prints signed requests for other clients, one a line: the URL's query and the headers, with tabs
 * between.
 *
 *     sign_requests HOST COUNT QUERY
 */
#include <stdio.h>

#include "signer.h"

int main(int argc, char **argv)
{
    struct signer signer;

    if (argc != 4) {
        (void)fprintf(stderr, "usage: sign_requests HOST COUNT QUERY\n");
        return 2;
    }
    signer = signer_from_env(argv[1]);
    for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
        struct signed_request request;

        signer_sign(&signer, argv[3], &request);
        (void)printf("%s", argv[3]);
        for (size_t h = 0; h < request.request.header_count; h++)
            (void)printf("\t%.*s: %.*s", MLN_FMT(request.headers[h].name),
                    MLN_FMT(request.headers[h].value));
        (void)printf("\n");
    }
    return 0;
}
