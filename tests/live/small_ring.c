/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before libc (LD_PRELOAD): a kernel that has no memory for rings of more than RING_MOST bytes. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

enum { RING_MOST = 4 << 20 };

int setsockopt(int fd, int level, int name, const void *value, socklen_t len) {
    static int (*real)(int, int, int, const void *, socklen_t);
    if (!real) {
        void *found = dlsym(RTLD_NEXT, "setsockopt");
        memcpy(&real, &found, sizeof real);
    }
    if (level == SOL_PACKET && name == PACKET_RX_RING && len >= sizeof(struct tpacket_req)) {
        struct tpacket_req ring;
        memcpy(&ring, value, sizeof ring);
        if ((unsigned long)ring.tp_block_size * ring.tp_block_nr > RING_MOST) {
            errno = ENOMEM;
            return -1;
        }
    }
    return real(fd, level, name, value, len);
}
