/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signals.h"

#include <signal.h>
#include <stdatomic.h>

static _Atomic(struct source *) source_to_stop;
static atomic_bool received;
static atomic_uint requested; /* sum of enum signal_request */

static void on_signal(int number) {
    (void)number;
    atomic_store(&received, true);
    struct source *source = atomic_load(&source_to_stop);
    if (source) {
        source_stop(source);
    }
}

static void on_request(int number) {
    atomic_fetch_or(&requested, (unsigned)(number == SIGHUP ? SIGNAL_REOPEN : SIGNAL_LEDGER));
}

void signals_install(bool hangup_reopens) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
    /* No SA_RESTART: a wait in a system call ends. SA_RESETHAND: the second one kills. */
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&stop.sa_mask);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    struct sigaction request = {.sa_handler = on_request};
    sigemptyset(&request.sa_mask);
    sigaction(SIGUSR1, &request, NULL);
    struct sigaction before;
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) { /* nohup stays in force */
        sigaction(SIGHUP, hangup_reopens ? &request : &stop, NULL);
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

unsigned signals_requested(void) {
    return atomic_load_explicit(&requested, memory_order_relaxed);
}

bool signals_take(enum signal_request request) {
    return atomic_fetch_and(&requested, ~(unsigned)request) & (unsigned)request;
}
