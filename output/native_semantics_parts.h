/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a record's `semantics` that explain one subject each: docs/record.md has their keys. Each
 * function writes its key and object, or nothing where nothing is known, and masks as native->options say.
 * One thread. */
#ifndef HARK_OUTPUT_NATIVE_SEMANTICS_PARTS_H
#define HARK_OUTPUT_NATIVE_SEMANTICS_PARTS_H

#include "analyzer/semantics_authentication.h"
#include "analyzer/semantics_content.h"
#include "analyzer/semantics_cookies.h"
#include "analyzer/semantics_hints.h"
#include "analyzer/semantics_intermediaries.h"
#include "analyzer/semantics_origin.h"
#include "analyzer/semantics_security.h"
#include "analyzer/semantics_trace.h"
#include "output/native.h"

/* Running text of a field, masked; what is not UTF-8 of it stands with the fields. */
void native_write_shown(struct native *, struct writer *, struct slice text);
/* What native_write_shown writes, without its quotes, into room of the caller's for as many bytes as the text
 * has: returns where it ends. NULL where something of it is hidden, or needs an escape. */
uint8_t *native_put_shown(const struct native *, uint8_t *to, struct slice text);
/* The same as native_write_shown of a URL or an authority. */
void native_write_shown_url(struct native *, struct writer *, struct slice url);

/* `authentication`: `credentials`, `proxy_credentials` {scheme, user, user_hashed, user_cut, realm,
 * algorithm, qop, mechanism, ntlm_message, malformed, repeated}; `challenges`, `proxy_challenges` [{scheme,
 * realm, algorithm, error, scope, stale}], `challenges_dropped`. A flag is there only when it is true. */
void native_write_semantics_authentication(struct native *, struct writer *,
                                           const struct semantics_authentication *);
/* `content`: `request`, `response` {type, type_malformed, suffix, charset, codings[], languages[],
 * disposition, filename}; `negotiation` {type_weight, charset_weight, coding_weight, language_weight (0 to
 * 1000: thousandths), transparent, tcn[], manipulations_asked[], manipulations[]}. */
void native_write_semantics_content(struct native *, struct writer *, const struct semantics_content *);
/* `cookies`: `sent` {count, names[], nameless}; `set` [{name, domain, path, max_age (s), expires (RFC 3339),
 * lifetime, secure, http_only, same_site, partitioned, problems[]}], `set_dropped`. */
void native_write_semantics_cookies(struct native *, struct writer *, const struct semantics_cookies *);
/* `intermediaries`: `role`; `client` {ip or name, port, field, conflict}; `request_via`, `response_via`
 * [{protocol, by}], `via_loop`; `forwarded` [{for, by, host, proto}], `x_forwarded_for`[],
 * `x_forwarded_host`, `x_forwarded_proto`; `request_hop_by_hop`, `response_hop_by_hop` [field names];
 * `proxy_status` [{name, error, received_status}]; `cdn_loop`[], `max_forwards`, `early_data`, `dropped`
 * (members of all these lists). */
void native_write_semantics_intermediaries(struct native *, struct writer *,
                                           const struct semantics_intermediaries *);
/* `origin`: `origin`, `origin_malformed`, `origin_relation`, `referrer_origin`, `referrer_relation`,
 * `fetch_site`, `fetch_mode`, `fetch_destination`, `fetch_user`; `cors` {preflight, requested_method,
 * requested_headers, allow_origin, allow_origin_malformed, allow_credentials, origin_allowed, method_allowed,
 * headers_allowed, max_age (s)}. */
void native_write_semantics_origin(struct native *, struct writer *, const struct semantics_origin *);
/* `security`: `hsts` {max_age (s), include_subdomains, preload, malformed, in_cleartext}; `csp`,
 * `csp_report_only` {policies, directives[], directives_dropped, unsafe_inline, unsafe_eval};
 * `frame_options`, `nosniff`, `referrer_policy`, `permissions_policy`, `opener_policy`, `embedder_policy`,
 * `resource_policy`, `xss_protection`; `missing` [field names]. */
void native_write_semantics_security(struct native *, struct writer *, const struct semantics_security *);
/* `hints`: `links` [{target, rel}], `links_dropped`, `links_malformed`; `request_priority`,
 * `response_priority` {urgency, incremental, malformed}. */
void native_write_semantics_hints(struct native *, struct writer *, const struct semantics_hints *);
/* `trace`: `id`, `span_id`, `parent_span_id` (lower case, 16 or 32 digits), `sampled`, `formats`[],
 * `malformed`[], `conflict`, `request_id`, `response_request_id`. */
void native_write_semantics_trace(struct native *, struct writer *, const struct semantics_trace *);

#endif
