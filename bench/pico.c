/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/pico.h"

#include <dlfcn.h>
#include <string.h>

enum { FIELDS = 64 };

struct pico_field {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

typedef int request_fn(const char *, size_t, const char **method, size_t *method_len, const char **path,
                       size_t *path_len, int *minor, struct pico_field *, size_t *count, size_t last_len);
typedef int response_fn(const char *, size_t, int *minor, int *status, const char **message,
                        size_t *message_len, struct pico_field *, size_t *count, size_t last_len);

bool pico_load(struct pico *pico) {
    void *library = dlopen("libh2o-evloop.so.0.13", RTLD_NOW);
    void *request = library ? dlsym(library, "phr_parse_request") : NULL;
    void *response = library ? dlsym(library, "phr_parse_response") : NULL;
    memcpy(&pico->request, &request, sizeof(pico->request));
    memcpy(&pico->response, &response, sizeof(pico->response));
    return request && response;
}

int pico_request(const struct pico *pico, const char *bytes, size_t len) {
    struct pico_field fields[FIELDS];
    size_t count = FIELDS, method_len, path_len;
    const char *method, *path;
    int minor;
    return ((request_fn *)pico->request)(bytes, len, &method, &method_len, &path, &path_len, &minor, fields,
                                         &count, 0);
}

int pico_response(const struct pico *pico, const char *bytes, size_t len) {
    struct pico_field fields[FIELDS];
    size_t count = FIELDS, message_len;
    const char *message;
    int minor, status;
    return ((response_fn *)pico->response)(bytes, len, &minor, &status, &message, &message_len, fields,
                                           &count, 0);
}
