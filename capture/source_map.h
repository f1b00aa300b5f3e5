/* SPDX-License-Identifier: Apache-2.0 */
/* A capture file as memory, instead of a copy of its bytes: mapped whole, of which the stretch at hand, the
 * one before and those that are held count as the process's, and what was looked at once more of the last
 * ones.
 *
 * Only what nobody changes meanwhile: a regular file on a file system of this machine, on which the kernel
 * gives a read lease (fcntl(2), F_SETLEASE). Nobody has it open for writing then, and who wants to write or
 * cut it waits until a later stretch is asked for: then the lease is given back, and the rest is read. It is
 * given to the file's owner (or with CAP_LEASE) alone; all other files are read. A process that is stopped
 * for as long as the kernel lets a writer wait (45 s) loses it; if the file is cut then, SIGBUS is its end.
 *
 * Heap-owned. One thread but for the holds (source_block.h), which it has to outlive. */
#ifndef HARK_CAPTURE_SOURCE_MAP_H
#define HARK_CAPTURE_SOURCE_MAP_H

#include "capture/slice.h"
#include "capture/source_block.h"

/* Bytes that come at once: as many as a large page has, and as a table of usual ones is for. */
enum { MAP_STRETCH_BYTES = 2 * 1024 * 1024 };

struct source_map;

/* `fd` is borrowed for the call. `lasting`: its bytes stay in place for as long as the map is not swept
 * (source_block.lasts). NULL: the file has to be read. */
struct source_map *source_map_new(int fd, bool lasting);

bool source_map_lasts(const struct source_map *);

/* The bytes from `from` on: at least `wanted`, which reach beyond all that were brought before. They stay
 * where they are until the next call, or while their block is held. Empty: they have to be read; the file
 * ends before, somebody wants to change it, or its pages can't be had. */
struct slice source_map_bring(struct source_map *, uint64_t from, size_t wanted, struct source_block **);

/* It is needed no more, and comes to those that were left, some of which may be held. Takes it over. */
void source_map_leave(struct source_map *, struct source_map **left);
/* Frees those that nobody holds, and gives their leases back. */
void source_map_sweep(struct source_map **left);

#endif
