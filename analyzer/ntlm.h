/* SPDX-License-Identifier: Apache-2.0 */
/* NTLM messages as HTTP carries them in base64 ([MS-NLMP] section 2.2.1): their type, and the user of the
 * last one. Challenge and response are not looked at. Pure functions. */
#ifndef HARK_ANALYZER_NTLM_H
#define HARK_ANALYZER_NTLM_H

#include "capture/slice.h"

struct ntlm_user {
    size_t len; /* in UTF-8, of "DOMAIN\user", or "user" without a domain */
    bool cut;   /* it did not fit */
};

/* The type (1 to 3) of the message that begins `offset` bytes into what the base64 stands for, `bytes` in
 * all; 0 where there is none. */
unsigned ntlm_message_type(struct slice base64, size_t bytes, size_t offset);
/* The user that a message of type 3 names, into `text`. False where it names none or lies about where. */
bool ntlm_read_user(struct slice base64, size_t bytes, size_t offset, uint8_t *text, size_t room,
                    struct ntlm_user *);

#endif
