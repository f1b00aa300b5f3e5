/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source_map.h"

#include "capture/lasting.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    MAP_BLOCKS = SOURCE_BLOCKS_HELD + 2 /* as many as are held, the one at hand, and the next */
};

struct source_map {
    struct source_block blocks[MAP_BLOCKS];
    struct source_block *block; /* of the stretch at hand; NULL before the first */
    void *room;                 /* ours, the file within */
    size_t room_bytes;
    uint8_t *bytes;
    size_t size;
    size_t reach; /* so far stretches were brought */
    int fd;       /* ours; it has the lease */
    struct source_map *next_left;
};

/* Elsewhere a lease may not bind all who can write, or not be known. */
static bool is_of_this_machine(int fd) {
    struct statfs status;
    if (fstatfs(fd, &status) != 0) {
        return false;
    }
    switch ((uint32_t)status.f_type) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case OVERLAYFS_SUPER_MAGIC:
        return true;
    default:
        return false;
    }
}

/* By default the kernel asks for a lease with a signal that would end hark; this one nobody minds. */
static bool take_lease(int fd) {
    return fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
}

static bool lease_is_mine(const struct source_map *map) {
    return fcntl(map->fd, F_GETLEASE) == F_RDLCK; /* another answer: it is asked for, or was taken away */
}

/* It begins a large page, and no other memory is in its last one (lasting.h). */
static bool map_file(struct source_map *map) {
    struct stat status; /* its size can't change under the lease */
    if (fstat(map->fd, &status) != 0 || status.st_size <= 0 || (uint64_t)status.st_size > SIZE_MAX) {
        return false;
    }
    size_t size = (size_t)status.st_size;
    size_t room_bytes = (size / LASTING_PIECE_BYTES + 2) * LASTING_PIECE_BYTES;
    void *room = mmap(NULL, room_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) {
        return false;
    }
    map->room = room;
    map->room_bytes = room_bytes;
    uint8_t *bytes = (uint8_t *)room + LASTING_PIECE_BYTES - (uintptr_t)room % LASTING_PIECE_BYTES;
    if (mmap(bytes, size, PROT_READ, MAP_SHARED | MAP_FIXED, map->fd, 0) == MAP_FAILED) {
        return false;
    }
    map->bytes = bytes;
    map->size = size;
    return true;
}

static void give_back(struct source_map *map) {
    if (map->room) {
        (void)munmap(map->room, map->room_bytes);
    }
    if (map->fd >= 0) {
        (void)fcntl(map->fd, F_SETLEASE, F_UNLCK); /* closing would not do: it is a copy */
        (void)close(map->fd);
    }
    free(map);
}

struct source_map *source_map_new(int fd, bool lasting) {
    if (!is_of_this_machine(fd)) {
        return NULL;
    }
    struct source_map *map = calloc(1, sizeof *map);
    if (!map) {
        return NULL;
    }
    map->fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (map->fd < 0 || !take_lease(map->fd) || !map_file(map)) {
        give_back(map);
        return NULL;
    }
    for (size_t i = 0; i < MAP_BLOCKS; i++) {
        map->blocks[i].lasts = lasting;
    }
    return map;
}

bool source_map_lasts(const struct source_map *map) {
    return map->blocks[0].lasts; /* as all of them */
}

static bool is_held(const struct source_map *map) {
    for (size_t i = 0; i < MAP_BLOCKS; i++) {
        if (source_block_is_held(&map->blocks[i])) {
            return true;
        }
    }
    return false;
}

void source_map_leave(struct source_map *map, struct source_map **left) {
    map->next_left = *left;
    *left = map;
}

void source_map_sweep(struct source_map **left) {
    while (*left) {
        struct source_map *map = *left;
        if (is_held(map)) {
            left = &map->next_left;
        } else {
            *left = map->next_left;
            give_back(map);
        }
    }
}

/* One that is neither held nor at hand. What such blocks stood for is the process's memory no longer; should
 * a held frame begin there, a fault brings it back. */
static struct source_block *free_block(struct source_map *map) {
    struct source_block *found = NULL;
    for (struct source_block *block = map->blocks; block < map->blocks + MAP_BLOCKS; block++) {
        if (block == map->block || source_block_is_held(block)) {
            continue;
        }
        if (block->size > 0) {
            (void)madvise(block->bytes, block->size, MADV_DONTNEED);
            block->size = 0;
        }
        found = block;
    }
    assert(found);
    return found;
}

struct slice source_map_bring(struct source_map *map, uint64_t from, size_t wanted,
                              struct source_block **block) {
    if (from > map->size || wanted > map->size - from || !lease_is_mine(map)) {
        return slice_make(map->bytes, 0);
    }
    size_t start = (size_t)from, end = start + wanted;
    assert(end > map->reach);
    size_t beyond = end % MAP_STRETCH_BYTES;
    if (beyond > 0) {
        size_t more = MAP_STRETCH_BYTES - beyond;
        end = map->size - end < more ? map->size : end + more;
    }
    /* Here a page that can't be read is an error; where it is touched it would be a signal. */
    uint8_t *bytes = map->bytes + map->reach;
    if (madvise(bytes, end - map->reach, MADV_POPULATE_READ) != 0) {
        return slice_make(map->bytes, 0);
    }
    map->block = free_block(map);
    map->block->bytes = bytes;
    map->block->size = end - map->reach;
    map->reach = end;
    *block = map->block;
    return slice_make(map->bytes + start, end - start);
}
