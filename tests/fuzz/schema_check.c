/* SPDX-License-Identifier: Apache-2.0 */
/* schema_check SCHEMA: for each line of standard input "+", or "-" and what is wrong with it. */
#include "schema.h"

#include <stdio.h>
#include <stdlib.h>

static void judge(const struct schema *schema, struct json_tokener *tokener, const char *line, size_t len) {
    char why[512];
    json_tokener_reset(tokener);
    struct json_object *record = json_tokener_parse_ex(tokener, line, (int)len);
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        printf("- no JSON\n");
    } else if (schema_allows(schema, record, why, sizeof why)) {
        printf("+\n");
    } else {
        printf("- %s\n", why);
    }
    json_object_put(record);
}

int main(int argc, char **argv) {
    char why[512];
    struct schema *schema = argc == 2 ? schema_load(argv[1], why, sizeof why) : NULL;
    if (!schema) {
        fprintf(stderr, "schema_check: %s\n", argc == 2 ? why : "wants the schema's path");
        return 2;
    }
    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, stdin)) > 0) {
        judge(schema, tokener, line, (size_t)len);
    }
    free(line);
    json_tokener_free(tokener);
    schema_free(schema);
    return 0;
}
