/* SPDX-License-Identifier: Apache-2.0 */
/* What is tried on hark. Each group of attacks is a table that ends with a row without name. */
#ifndef HARK_TESTS_ATTACK_H
#define HARK_TESTS_ATTACK_H

#include "stage.h"

/* What records may say of the attack itself, beside those of the truth file. */
enum attack_others {
    OTHERS_NONE,       /* nothing of it is HTTP */
    OTHERS_INCOMPLETE, /* messages, but no transaction that is complete */
    OTHERS_ANY
};

struct attack {
    const char *name;
    const char *unit; /* of its size */
    uint64_t ci;      /* size in every test run; it is also run twice as large */
    uint64_t whole;   /* size on demand */
    enum attack_others others;
    const char *arguments; /* of hark, "" for none */
    const char *what;      /* one sentence, for people */
    void (*run)(struct stage *, uint64_t size);
};

extern const struct attack attacks_insertion[];
extern const struct attack attacks_overlap[];
extern const struct attack attacks_flood[];
extern const struct attack attacks_fragment[];
extern const struct attack attacks_head[];
extern const struct attack attacks_body[];
extern const struct attack attacks_exchange[];
extern const struct attack attacks_hold[];
extern const struct attack attacks_mixed[];

#endif
