/* SPDX-License-Identifier: Apache-2.0 */
/* Who stands between the two ends (RFC 9110 sections 3.7 and 7.6): what the fields say of proxies, gateways
 * and tunnels on the way, and which client they act for. All of it is a claim of whoever sent it. Slices are
 * views of the fields. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_INTERMEDIARIES_H
#define HARK_ANALYZER_SEMANTICS_INTERMEDIARIES_H

#include "analyzer/field_index.h"
#include "analyzer/forwarded_node.h"

enum { HOPS_KEPT = 8 };

/* What the receiver of the request is. */
enum intermediary_role {
    ROLE_UNKNOWN, /* an origin server, as far as it can be seen */
    ROLE_PROXY,   /* the target has absolute form (RFC 9112 section 3.2.2), or the answer is 407 */
    ROLE_TUNNEL,  /* CONNECT */
    ROLE_GATEWAY, /* asked as an origin server, but the response came through others (Via, Proxy-Status), or
                     says that it was asked for by one (502, 504) */
};
const char *intermediary_role_name(enum intermediary_role); /* "proxy", "tunnel", "gateway"; NULL */

/* One member of Via (section 7.6.3). */
struct via_hop {
    struct slice protocol; /* "1.1", or with its name "FSTR/2" */
    struct slice by;       /* host and port, or a pseudonym */
};
struct via {
    uint32_t count; /* the first HOPS_KEPT are kept, those nearest to the sender of the message */
    struct via_hop hops[HOPS_KEPT];
    bool loop; /* one of those kept stands there twice */
};

/* One member of Forwarded (RFC 7239 section 4). */
struct forwarded_hop {
    struct forwarded_node client; /* for */
    struct forwarded_node by;
    struct slice host, proto;
};

/* One member of Proxy-Status (RFC 9209 section 2). */
struct proxy_status {
    struct slice name;
    struct slice error; /* empty without one */
    bool has_received_status;
    unsigned received_status; /* from the next hop */
};

/* Fields that only concern one hop, in a message that shows that some relay passed them on (sections 7.6.1
 * and 10.1.4; RFC 9112 appendix C.2.2). */
enum hop_by_hop {
    HOP_PROXY_CONNECTION = 1 << 0, /* in a request that does not go to a proxy */
    HOP_KEEP_ALIVE = 1 << 1,       /* the message was relayed, and Connection no longer names the field */
    HOP_TE = 1 << 2,
    HOP_UPGRADE = 1 << 3,
    HOP_BY_HOPS = 4, /* their number */
};
const char *hop_by_hop_name(unsigned bit); /* "Proxy-Connection", "Keep-Alive" ... */

struct semantics_intermediaries {
    enum intermediary_role role;
    struct via request_via, response_via;
    uint32_t forwarded_count;
    struct forwarded_hop forwarded[HOPS_KEPT];
    uint32_t x_forwarded_for_count;
    struct forwarded_node x_forwarded_for[HOPS_KEPT]; /* the client first */
    struct slice x_forwarded_host, x_forwarded_proto;
    struct forwarded_node client;                     /* the one that the request is claimed to come from */
    enum field_name client_by;                        /* the field that says so; FIELD_NAME_OTHER: none */
    bool client_conflict;                             /* another field names another address */
    uint32_t request_hop_by_hop, response_hop_by_hop; /* enum hop_by_hop bits */
    bool has_max_forwards;
    uint64_t max_forwards;
    bool early_data; /* sent on by one who had it in TLS early data (RFC 8470) */
    uint32_t proxy_status_count;
    struct proxy_status proxy_status[HOPS_KEPT]; /* the one nearest to the origin server first */
    uint32_t cdn_loop_count;
    struct slice cdn_loop[HOPS_KEPT]; /* (RFC 8586) */
};

/* The request as others read it before. */
struct intermediary_scene {
    bool request_seen;
    enum target_form form;
    bool connect;                   /* the method is CONNECT */
    unsigned status;                /* of the response; 0 without one */
    bool request_cut, response_cut; /* fields of the head may be missing, Connection among them */
};

void semantics_intermediaries_read(struct semantics_intermediaries *, const struct field_index *request,
                                   const struct field_index *response, const struct intermediary_scene *);

#endif
