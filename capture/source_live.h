/* SPDX-License-Identifier: Apache-2.0 */
/* What source_fanout.c needs of a live source. Private to capture/. */
#ifndef HARK_CAPTURE_SOURCE_LIVE_H
#define HARK_CAPTURE_SOURCE_LIVE_H

#include "capture/source_port.h"

/* The first interface of a source that source_open_live gave. Borrowed from it. */
struct source_port *source_live_port(const struct source *);

#endif
