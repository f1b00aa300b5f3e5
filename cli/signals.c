/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signals.h"

#include <signal.h>
#include <stdatomic.h>

static _Atomic(struct source *) source_to_stop;
static atomic_bool received;

static void on_signal(int number) {
    (void)number;
    atomic_store(&received, true);
    struct source *source = atomic_load(&source_to_stop);
    if (source) {
        source_stop(source);
    }
}

void signals_install(void) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
    /* No SA_RESTART: a wait in a system call ends. SA_RESETHAND: the second one kills. */
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&stop.sa_mask);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    struct sigaction before;
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) { /* nohup stays in force */
        sigaction(SIGHUP, &stop, NULL);
    }
}

void signals_set_source(struct source *source) {
    atomic_store(&source_to_stop, source);
    if (source && atomic_load(&received)) {
        source_stop(source);
    }
}

bool signals_received(void) {
    return atomic_load(&received);
}
