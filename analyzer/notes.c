/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/notes.h"

static const struct note_info registry[NOTE_IDS] = {
    [NOTE_EMPTY_LINES] =
        {"empty_lines", NOTE_INFO, "RFC 9112 2.2",
         "Empty lines stood before the start line, or behind the last message (`hark.type: surplus`).",
         "nginx, Apache, HAProxy, Squid, Varnish, Node and Tomcat skip them; lighttpd, "
         "Caddy and gunicorn refuse."},
    [NOTE_BARE_LF] = {"bare_lf", NOTE_WARNING, "RFC 9112 2.2", "A line ended with LF alone.",
                      "In heads nginx, HAProxy, Squid, Caddy and Tomcat take it for a line's end, Apache, "
                      "lighttpd and Node refuse, gunicorn takes it for a part of the line; in chunk lines "
                      "nginx, HAProxy and Varnish take it, most others refuse."},
    [NOTE_BARE_CR] = {"bare_cr", NOTE_ERROR, "RFC 9112 2.2", "A CR stood inside a line.",
                      "Squid and gunicorn take it for a part of the value; nginx, Apache, HAProxy, Varnish, "
                      "lighttpd, Caddy, Node and Tomcat refuse."},
    [NOTE_NUL_BYTE] = {"nul_byte", NOTE_ERROR, "RFC 9110 5.5", "A NUL byte stood in the head.",
                       "gunicorn takes it in values and targets, HAProxy in values; nginx, Apache, Squid, "
                       "Varnish, lighttpd, Caddy, Node and Tomcat refuse."},
    [NOTE_CONTROL_BYTES] = {"control_bytes", NOTE_WARNING, "RFC 9110 5.5", "Control bytes stood in the head.",
                            "nginx, HAProxy, Squid and gunicorn take them in values; Apache, Varnish, "
                            "lighttpd, Caddy, Node and Tomcat refuse; in targets only gunicorn takes them."},
    [NOTE_OBS_FOLD] = {"obs_fold", NOTE_WARNING, "RFC 9112 5.2",
                       "A field line was folded; the parts are joined by a space.",
                       "Apache, HAProxy, Squid, Varnish, lighttpd, Caddy, gunicorn and Tomcat join the "
                       "lines; nginx and Node refuse."},
    [NOTE_SPACE_BEFORE_COLON] =
        {"space_before_colon", NOTE_ERROR, "RFC 9112 5.1",
         "White space stood between a field name and its colon.",
         "In requests all servers tried refuse. In responses nginx, Apache, HAProxy and Varnish refuse, "
         "Squid drops the space, lighttpd, Caddy, curl, wget and Python do not take it for that field."},
    [NOTE_FIELD_WITHOUT_COLON] = {"field_without_colon", NOTE_ERROR, "RFC 9112 5",
                                  "A field line had no colon; its whole text is given as the name.",
                                  "nginx passes over the line; the other servers tried refuse."},
    [NOTE_EMPTY_FIELD_NAME] = {"empty_field_name", NOTE_ERROR, "RFC 9110 5.1",
                               "A field line began with the colon.",
                               "Caddy takes it; the other servers tried refuse."},
    [NOTE_FIELD_NAME_SYNTAX] = {"field_name_syntax", NOTE_WARNING, "RFC 9110 5.1",
                                "A field name had bytes that a token can't have.",
                                "With a NUL in the name all servers tried refuse."},
    [NOTE_START_LINE_SPACES] = {"start_line_spaces", NOTE_WARNING, "RFC 9112 3",
                                "The parts of the start line were not divided by exactly one space.",
                                "Several spaces are taken by nginx, HAProxy, Squid, Varnish, Node and "
                                "Tomcat, tabs by HAProxy, Squid and Tomcat; the other servers tried refuse."},
    [NOTE_TARGET_SPACES] = {"target_spaces", NOTE_WARNING, "RFC 9112 3.2",
                            "White space stood inside the request target.",
                            "Squid and lighttpd take it; the other servers tried refuse."},
    [NOTE_VERSION_SYNTAX] =
        {"version_syntax", NOTE_WARNING, "RFC 9112 2.3",
         "The HTTP version was missing where one was expected, or oddly written.",
         "A version in small letters is taken by Squid and Varnish and refused by the other servers tried."},
    [NOTE_STATUS_SYNTAX] = {"status_syntax", NOTE_ERROR, "RFC 9112 4",
                            "The status code was not three digits from 100 to 599.", ""},
    [NOTE_LINE_TOO_LONG] = {"line_too_long", NOTE_WARNING, "",
                            "A line was longer than hark stores and is cut.", ""},
    [NOTE_CHUNK_SIZE_SYNTAX] =
        {"chunk_size_syntax", NOTE_WARNING, "RFC 9112 7.1",
         "A chunk size was written so that only lenient readers take it.",
         "0x is refused by all servers tried; blanks behind by Squid, Node and Tomcat, blanks before by all "
         "but Varnish and gunicorn, long zeros by Caddy and Tomcat."},
    [NOTE_CHUNK_EXTENSION_SYNTAX] = {"chunk_extension_syntax", NOTE_WARNING, "RFC 9112 7.1.1",
                                     "A chunk extension was malformed.",
                                     "nginx, HAProxy, lighttpd, Caddy and gunicorn take any bytes; Apache, "
                                     "Squid, Varnish, Node and Tomcat refuse."},
    [NOTE_CHUNK_END] = {"chunk_end", NOTE_ERROR, "RFC 9112 7.1", "Chunk data was not followed by CRLF.",
                        "Other bytes than a line end are refused by all servers tried; LF alone is taken by "
                        "nginx, HAProxy and Varnish."},
    [NOTE_FIRST_FIELD_FOLDED] = {"first_field_folded", NOTE_ERROR, "RFC 9112 2.2",
                                 "White space stood before the first field line.",
                                 "Squid leaves the line out; the other servers tried refuse."},
    [NOTE_HEAD_TOO_LARGE] = {"head_too_large", NOTE_WARNING, "",
                             "The head had more fields or bytes than hark stores; those beyond are left out.",
                             ""},
    [NOTE_BODY_SYNTAX] = {"body_syntax", NOTE_ERROR, "RFC 9112 7.1",
                          "The chunked body could not be read on; the message is taken to end there.",
                          "Servers refuse such a request or close; proxies and clients that receive such a "
                          "response give the rest up."},
    [NOTE_LENGTH_SYNTAX] =
        {"length_syntax", NOTE_ERROR, "RFC 9110 8.6", "A Content-Length was not a number.",
         "In requests all servers tried refuse, but gunicorn takes a plus sign and Caddy an empty value for "
         "none. In responses lighttpd, curl and wget take leading digits, nginx reads until close, Apache, "
         "HAProxy, Squid, Varnish and Caddy refuse."},
    [NOTE_LENGTH_REPEATED] =
        {"length_repeated", NOTE_WARNING, "RFC 9112 6.3",
         "Content-Length was given more than once with the same value.",
         "HAProxy and Squid take it, Caddy two lines but no list; nginx, Apache, Varnish, lighttpd, Node, "
         "gunicorn and Tomcat refuse the request. In responses all but Node take it."},
    [NOTE_LENGTH_CONFLICT] =
        {"length_conflict", NOTE_ERROR, "RFC 9112 6.3",
         "Content-Length was given with different values; the first is used.",
         "In requests all servers tried refuse. In responses nginx and curl go by the last, Apache, Varnish, "
         "lighttpd, wget and Python by the first; HAProxy, Squid, Caddy and Node refuse."},
    [NOTE_LENGTH_AND_CHUNKED] =
        {"length_and_chunked", NOTE_ERROR, "RFC 9112 6.1",
         "Both Transfer-Encoding and Content-Length were sent; Transfer-Encoding is used.",
         "In requests Apache, HAProxy, Squid and Caddy go by the chunks (Caddy in HTTP/1.0 by the length); "
         "nginx, Varnish, lighttpd, Node, gunicorn and Tomcat refuse. In responses most go by the chunks; "
         "Varnish and Node refuse."},
    [NOTE_NOT_CHUNKED_LAST] =
        {"not_chunked_last", NOTE_ERROR, "RFC 9112 6.3", "The last transfer coding was not chunked.",
         "In requests all servers tried refuse. In responses nginx and lighttpd take chunked wherever it "
         "stands, Apache, wget and Python then read until close, with a Content-Length beside another coding "
         "nginx, wget and Python go by it; HAProxy, Squid, Varnish and Caddy refuse."},
    [NOTE_TRANSFER_CODING_UNKNOWN] =
        {"transfer_coding_unknown", NOTE_ERROR, "RFC 9112 7",
         "A transfer coding was unregistered or malformed.",
         "Most refuse. For identity beside a Content-Length, gunicorn goes by the length and Squid sees no "
         "body; Squid takes chunked behind a vertical tab for chunked; lighttpd passes over an empty value."},
    [NOTE_TRANSFER_ENCODING_1_0] = {"transfer_encoding_1_0", NOTE_WARNING, "RFC 9112 6.1",
                                    "Transfer-Encoding was sent in an HTTP/1.0 message.",
                                    "In requests Apache, HAProxy, Squid, Varnish and Node go by the chunks, "
                                    "Caddy ignores it, nginx, lighttpd, gunicorn and Tomcat refuse. In "
                                    "responses Caddy reads until close, the others the chunks."},
    [NOTE_FRAMING_FORBIDDEN] = {"framing_forbidden", NOTE_WARNING, "RFC 9110 8.6, RFC 9112 6.1",
                                "Content-Length or Transfer-Encoding was sent where it must not be.",
                                "With a 204 Squid passes the bytes on as a body and Python reads chunks; "
                                "Varnish refuses it; the others tried see no body."},
    [NOTE_LENGTH_OVERFLOW] =
        {"length_overflow", NOTE_ERROR, "RFC 9110 8.6", "A length was too large to be represented.",
         "In requests all servers tried refuse or close. In responses nginx, lighttpd, curl and wget read "
         "until close; Apache, HAProxy, Squid, Varnish and Caddy refuse."},
    [NOTE_CHUNKED_TWICE] =
        {"chunked_twice", NOTE_ERROR, "RFC 9112 7.1", "The chunked coding was named more than once.",
         "Varnish and lighttpd take two such lines; the other servers tried refuse, and all refuse a list."},
    [NOTE_FRAMING_OBSCURED] =
        {"framing_obscured", NOTE_ERROR, "RFC 9112 5.1, 5.2",
         "Content-Length or Transfer-Encoding stood in a line that some do not take for it: folded, with "
         "space before the colon, or with odd bytes about the name.",
         "In requests Apache, HAProxy, Squid, Caddy and Tomcat join a folded Transfer-Encoding; nginx, "
         "Varnish, lighttpd, Node and gunicorn refuse it. All servers tried refuse the space and odd bytes, "
         "but Squid leaves out a line behind white space that comes first."},
    [NOTE_FRAMING_AMBIGUOUS] = {"framing_ambiguous", NOTE_ERROR, "RFC 9112 6.3, 11.2",
                                "Programs differ in where the message ends; what follows it on the "
                                "connection may be a message to one and a body to another.",
                                ""},
    [NOTE_CONTENT_UNEXPECTED] =
        {"content_unexpected", NOTE_INFO, "RFC 9110 9.3",
         "Content came with a GET, HEAD, CONNECT or TRACE, where it has no meaning.",
         "lighttpd refuses it with GET and HEAD, Squid when it has a Content-Length; Varnish drops a GET's "
         "and refuses a HEAD's; nginx, Apache, HAProxy, Caddy, Node, gunicorn and Tomcat take it."},
    [NOTE_METHOD_LONG] =
        {"method_long", NOTE_WARNING, "RFC 9110 9.1",
         "The method is registered nowhere and longer than any that is: perhaps bytes that do not belong to "
         "the request stand before it.",
         ""},
    [NOTE_HOST_MISMATCH] = {"host_mismatch", NOTE_WARNING, "RFC 9112 3.2.2",
                            "Host differed from the target's authority; the target's counts.",
                            "Apache, Squid, Varnish and Caddy go by the target; nginx, Node and gunicorn "
                            "hand on the Host field as it is; HAProxy, lighttpd and Tomcat refuse."},
    [NOTE_HOST_SYNTAX] = {"host_syntax", NOTE_WARNING, "RFC 9110 7.2",
                          "Host was not a host with an optional port.",
                          "HAProxy, Varnish, Node and gunicorn hand on a list or a path in it, Squid cuts "
                          "it; nginx, Apache, lighttpd, Caddy and Tomcat refuse."},
    [NOTE_HOST_MISSING] = {"host_missing", NOTE_WARNING, "RFC 9112 3.2", "An HTTP/1.1 request had no Host.",
                           "HAProxy, Squid, Varnish and gunicorn take it; nginx, Apache, lighttpd, Caddy, "
                           "Node and Tomcat refuse."},
    [NOTE_HOST_REPEATED] = {"host_repeated", NOTE_WARNING, "RFC 9112 3.2",
                            "A request had more than one Host.",
                            "Squid and Node go by the first, gunicorn joins them; nginx, Apache, HAProxy, "
                            "Varnish, lighttpd, Caddy and Tomcat refuse."},
    [NOTE_TARGET_FORM] = {"target_form", NOTE_WARNING, "RFC 9112 3.2",
                          "The form of the request target did not fit the method, or was none of the four.",
                          ""},
    [NOTE_TARGET_USERINFO] = {"target_userinfo", NOTE_WARNING, "RFC 9110 4.2.4",
                              "User information stood in the target or in Host.",
                              "In Host nginx, HAProxy, Varnish, Node and gunicorn hand it on, Squid drops "
                              "it; Apache, lighttpd, Caddy and Tomcat refuse."},
    [NOTE_TARGET_FRAGMENT] = {"target_fragment", NOTE_WARNING, "RFC 9112 3.2",
                              "The request target had a fragment.",
                              "Apache, HAProxy and Tomcat refuse; the other servers tried take it."},
    [NOTE_EARLY_RESPONSE] = {"early_response", NOTE_INFO, "RFC 9112 9.5",
                             "The final response began before the server had the whole request.", ""},
    [NOTE_UNSOLICITED_RESPONSE] = {"unsolicited_response", NOTE_WARNING, "RFC 9112 9.2",
                                   "A response came though no request was open.", ""},
    [NOTE_INTERIM_OVERFLOW] = {"interim_overflow", NOTE_WARNING, "",
                               "More 1xx responses came than hark stores; those beyond are only counted.",
                               ""},
    [NOTE_MESSAGE_CUT] = {"message_cut", NOTE_WARNING, "RFC 9112 8",
                          "A message ended before its framing said so.", ""},
    [NOTE_HEAD_CUT] = {"head_cut", NOTE_WARNING, "",
                       "A head was not captured to its end; fields may be missing.", ""},
    [NOTE_BODY_GAP] = {"body_gap", NOTE_INFO, "", "Bytes of a body were not captured.", ""},
    [NOTE_RESYNCHRONISED] = {"resynchronised", NOTE_INFO, "",
                             "A message's start was found by search, midstream or after a loss.", ""},
    [NOTE_BODY_END_GUESSED] = {"body_end_guessed", NOTE_WARNING, "RFC 9112 6.3",
                               "The request is not known, and the next response ended this one's body.", ""},
    [NOTE_RESET] = {"reset", NOTE_WARNING, "RFC 9293 3.5.2",
                    "The connection was reset during the transaction.", ""},
    [NOTE_TIMES_DISAGREE] = {"times_disagree", NOTE_INFO, "",
                             "The capture shows packets in another order than they were sent in: a time of "
                             "the record is negative.",
                             ""},
    [NOTE_OVERLAP_CONFLICT] = {"overlap_conflict", NOTE_ERROR, "RFC 9293 3.10.7.4",
                               "Segments with different bytes for the same place were captured; the record "
                               "shows those captured first, "
                               "and the receiver may have taken the others.",
                               ""},
    [NOTE_FASTER_THAN_HANDSHAKE] =
        {"faster_than_handshake", NOTE_INFO, "",
         "The answer came within the handshake's round trip to the server: server_think is negative.", ""},
    [NOTE_VERSION_UNKNOWN] =
        {"version_unknown", NOTE_WARNING, "RFC 9112 2.3",
         "The HTTP version was none that is defined for this syntax: 1.0, 1.1, or 0.9 without one.", ""},
    [NOTE_SINGLETON_REPEATED] =
        {"singleton_repeated", NOTE_WARNING, "RFC 9110 5.3",
         "A field that may stand in a message once was repeated; which one counts is not defined.", ""},
    [NOTE_DATE_SYNTAX] = {"date_syntax", NOTE_WARNING, "RFC 9110 5.6.7",
                          "A field that holds a date held none; recipients pass over it.", ""},
    [NOTE_DATE_OBSOLETE] =
        {"date_obsolete", NOTE_WARNING, "RFC 9110 5.6.7",
         "A date was written in one of the two old forms, which must be read and not be written.", ""},
    [NOTE_DATE_WEEKDAY] = {"date_weekday", NOTE_INFO, "RFC 9110 5.6.7",
                           "A date's weekday was not that of its day.", ""},
    [NOTE_DATE_MISSING] = {"date_missing", NOTE_INFO, "RFC 9110 6.6.1",
                           "A final response below 500 had no Date, which every server with a clock sends.",
                           ""},
    [NOTE_EXPIRES_NO_DATE] = {"expires_no_date", NOTE_INFO, "RFC 9111 5.3",
                              "Expires held no date, which means that the response has expired already.", ""},
    [NOTE_NUMBER_SYNTAX] = {"number_syntax", NOTE_WARNING, "RFC 9110 7.6.2, RFC 9111 5.1",
                            "Age or Max-Forwards was no number.", ""},
    [NOTE_CONTENT_TYPE_SYNTAX] = {"content_type_syntax", NOTE_WARNING, "RFC 9110 8.3",
                                  "Content-Type was no media type.", ""},
    [NOTE_ETAG_SYNTAX] =
        {"etag_syntax", NOTE_WARNING, "RFC 9110 8.8.3",
         "ETag was no entity tag: quotes are missing, or bytes that it can't have are in it.", ""},
    [NOTE_TRAILER_FORBIDDEN] = {"trailer_forbidden", NOTE_WARNING, "RFC 9110 6.5.1",
                                "A field that must be known before the content came behind it, as a trailer.",
                                ""},
    [NOTE_CONNECTION_OPTION_MISSING] =
        {"connection_option_missing", NOTE_WARNING, "RFC 9110 7.8, 10.1.4",
         "Upgrade or TE was sent and Connection did not name it, so that intermediaries pass it on.", ""},
    [NOTE_CONNECTION_END_TO_END] =
        {"connection_end_to_end", NOTE_WARNING, "RFC 9110 7.6.1",
         "Connection named a field that is meant for all recipients, so that intermediaries take it away.",
         ""},
    [NOTE_CLEARTEXT_CREDENTIALS] = {"cleartext_credentials", NOTE_WARNING, "RFC 7617 4, RFC 6750 5.3",
                                    "A password or token that is as good as one was sent without encryption.",
                                    ""},
    [NOTE_EXPECT_WITHOUT_CONTENT] = {"expect_without_content", NOTE_WARNING, "RFC 9110 10.1.1",
                                     "The request expected 100 (Continue) and had no content to wait with.",
                                     ""},
    [NOTE_EXPECTATION_UNKNOWN] = {"expectation_unknown", NOTE_INFO, "RFC 9110 10.1.1",
                                  "Expect asked for something else than 100-continue.", ""},
    [NOTE_RANGE_SYNTAX] =
        {"range_syntax", NOTE_WARNING, "RFC 9110 14.2",
         "Range could not be read, or asked for a range that ends before it begins; servers pass over it.",
         ""},
    [NOTE_IF_RANGE_ALONE] = {"if_range_alone", NOTE_WARNING, "RFC 9110 13.1.5",
                             "If-Range was sent without Range.", ""},
    [NOTE_IF_RANGE_WEAK] = {"if_range_weak", NOTE_WARNING, "RFC 9110 13.1.5",
                            "If-Range held a weak entity tag.", ""},
    [NOTE_REFERER_PARTS] = {"referer_parts", NOTE_WARNING, "RFC 9110 10.1.3",
                            "Referer held a fragment or user information.", ""},
    [NOTE_TRACE_SENSITIVE] = {"trace_sensitive", NOTE_WARNING, "RFC 9110 9.3.8",
                              "A TRACE, whose answer repeats it, carried credentials or cookies.", ""},
    [NOTE_OPTIONS_CONTENT_UNTYPED] = {"options_content_untyped", NOTE_WARNING, "RFC 9110 9.3.7",
                                      "An OPTIONS with content had no Content-Type.", ""},
    [NOTE_TE_CHUNKED] = {"te_chunked", NOTE_WARNING, "RFC 9112 7.4",
                         "TE named chunked, which every recipient takes anyway.", ""},
    [NOTE_CONTENT_RANGE_MISSING] = {"content_range_missing", NOTE_ERROR, "RFC 9110 15.3.7",
                                    "A 206 did not say which range it holds.", ""},
    [NOTE_CONTENT_RANGE_SYNTAX] =
        {"content_range_syntax", NOTE_WARNING, "RFC 9110 14.4",
         "Content-Range could not be read, or was no range: it ends before it begins, or behind the whole.",
         ""},
    [NOTE_CONTENT_RANGE_MISMATCH] =
        {"content_range_mismatch", NOTE_WARNING, "RFC 9110 14.4, 15.3.7",
         "Content-Range was another range than those asked for, or longer or shorter than the content.", ""},
    [NOTE_CONTENT_RANGE_UNEXPECTED] =
        {"content_range_unexpected", NOTE_INFO, "RFC 9110 14.4",
         "Content-Range came with a status or method for which it has no meaning.", ""},
    [NOTE_MULTIPART_CONTENT_RANGE] = {"multipart_content_range", NOTE_WARNING, "RFC 9110 15.3.7.2",
                                      "A 206 of several parts had a Content-Range in its own head.", ""},
    [NOTE_PARTIAL_UNASKED] = {"partial_unasked", NOTE_WARNING, "RFC 9110 15.3.7, 15.5.17",
                              "A 206 or 416 answered a request without Range.", ""},
    [NOTE_CONDITION_UNASKED] = {"condition_unasked", NOTE_WARNING, "RFC 9110 15.4.5, 15.5.13",
                                "A 304 or 412 answered a request without a condition.", ""},
    [NOTE_CHALLENGE_MISSING] = {"challenge_missing", NOTE_WARNING, "RFC 9110 15.5.2, 15.5.8",
                                "A 401 had no WWW-Authenticate, or a 407 no Proxy-Authenticate.", ""},
    [NOTE_ALLOW_MISSING] = {"allow_missing", NOTE_WARNING, "RFC 9110 15.5.6", "A 405 had no Allow.", ""},
    [NOTE_UPGRADE_MISSING] = {"upgrade_missing", NOTE_WARNING, "RFC 9110 15.2.2, 15.5.22",
                              "A 101 or 426 did not name a protocol in Upgrade.", ""},
    [NOTE_SWITCH_UNASKED] = {"switch_unasked", NOTE_ERROR, "RFC 9110 7.8",
                             "A 101 switched to a protocol that the request had not named.", ""},
    [NOTE_INTERIM_TO_1_0] = {"interim_to_1_0", NOTE_WARNING, "RFC 9110 15.2",
                             "A 1xx was sent to a client of HTTP/1.0.", ""},
    [NOTE_LOCATION_MISSING] = {"location_missing", NOTE_WARNING, "RFC 9110 15.4",
                               "A redirection (301, 302, 303, 307, 308) had no Location.", ""},
    [NOTE_REDIRECT_LOOP] = {"redirect_loop", NOTE_WARNING, "RFC 9110 15.4",
                            "A redirection of a GET or HEAD led to the very same target.", ""},
    [NOTE_REDIRECT_GROWING] =
        {"redirect_growing", NOTE_WARNING, "RFC 9110 15.4",
         "A redirection led to the same target with a part of it once more behind it, as loops that grow do.",
         ""},
    [NOTE_RESET_CONTENT] = {"reset_content", NOTE_ERROR, "RFC 9110 15.3.6", "A 205 had content.", ""},
    [NOTE_TRANSFER_ENCODING_TO_1_0] = {"transfer_encoding_to_1_0", NOTE_ERROR, "RFC 9112 6.1",
                                       "Transfer-Encoding was sent to a client of HTTP/1.0.", ""},
    [NOTE_FIELD_WRONG_SIDE] = {"field_wrong_side", NOTE_WARNING, "RFC 9110 2.2",
                               "A response had a field that only requests have, or the other way round.", ""},
    [NOTE_LIST_EMPTY_MEMBER] = {"list_empty_member", NOTE_INFO, "RFC 9110 5.6.1.1",
                                "A list had an empty member.", ""},
    [NOTE_WEIGHT_SYNTAX] =
        {"weight_syntax", NOTE_WARNING, "RFC 9110 12.4.2",
         "A weight (q) was no number from 0 to 1 with at most three digits behind the point.", ""},
    [NOTE_DIRECTIVE_QUOTED] =
        {"directive_quoted", NOTE_WARNING, "RFC 9111 5.2",
         "Cache-Control gave seconds as a quoted string, which must be written as a token.", ""},
    [NOTE_BAD_WHITE_SPACE] = {"bad_white_space", NOTE_INFO, "RFC 9110 5.6.3, 11.2",
                              "White space stood about the equals sign of a challenge's parameter.", ""},
    [NOTE_REALM_UNQUOTED] = {"realm_unquoted", NOTE_WARNING, "RFC 9110 11.5",
                             "A challenge's realm was no quoted string.", ""},
    [NOTE_AUTH_PARAMETER_REPEATED] = {"auth_parameter_repeated", NOTE_WARNING, "RFC 9110 11.2",
                                      "A challenge gave a parameter twice.", ""},
    [NOTE_URI_WITHOUT_HOST] = {"uri_without_host", NOTE_WARNING, "RFC 9110 4.2.1, 4.2.2",
                               "An http or https URI had no host.", ""},
    [NOTE_HTTPS_IN_CLEAR] = {"https_in_clear", NOTE_WARNING, "RFC 9110 4.2.2, 7.4",
                             "A target of the https scheme was asked for without encryption.", ""},
    [NOTE_REFERER_SECURE] = {"referer_secure", NOTE_WARNING, "RFC 9110 10.1.3",
                             "Referer told a page of the https scheme to a connection without encryption.",
                             ""},
    [NOTE_SWITCH_BEFORE_CONTINUE] =
        {"switch_before_continue", NOTE_WARNING, "RFC 9110 7.8",
         "A 101 answered a request that also expected 100 (Continue), and no 100 came before it.", ""},
    [NOTE_BAD_REQUEST_ACCEPTED] =
        {"bad_request_accepted", NOTE_WARNING, "RFC 9112 3.2, 5.1, 6.3",
         "A request that every server must refuse (Host missing, repeated or malformed, space before a "
         "colon, a length or coding that can't be read, CONNECT without a port) was answered with success.",
         ""},
    [NOTE_METHOD_REFUSED] = {"method_refused", NOTE_INFO, "RFC 9110 9.1",
                             "A GET or HEAD was answered with 501 (Not Implemented).", ""},
    [NOTE_CONNECTION_KEPT] =
        {"connection_kept", NOTE_WARNING, "RFC 9112 6.1, 6.3",
         "The connection went on though the request before on it was framed so that the server must close.",
         ""},
    [NOTE_KEEP_ALIVE_TO_1_0] = {"keep_alive_to_1_0", NOTE_WARNING, "RFC 9112 9.3",
                                "A proxy kept the connection with a client of HTTP/1.0 open.", ""},
    [NOTE_ACCEPT_ENCODING_UNRELATED] = {"accept_encoding_unrelated", NOTE_INFO, "RFC 9110 12.5.3",
                                        "A 415 named content codings though the request's content had none.",
                                        ""},
    [NOTE_LAST_MODIFIED_FUTURE] = {"last_modified_future", NOTE_WARNING, "RFC 9110 8.8.2.1",
                                   "Last-Modified was later than Date.", ""},
    [NOTE_PRECONDITION_IGNORED] = {"precondition_ignored", NOTE_WARNING, "RFC 9110 13.1",
                                   "The response shows that a condition of the request did not hold, and it "
                                   "was answered as if there were none.",
                                   ""},
    [NOTE_CONDITION_METHOD] = {"condition_method", NOTE_WARNING, "RFC 9110 13.1.2, 13.2.1",
                               "A 304 answered another method than GET or HEAD, or a 412 one that has no "
                               "conditions (CONNECT, OPTIONS, TRACE).",
                               ""},
    [NOTE_NOT_MODIFIED_MISMATCH] = {"not_modified_mismatch", NOTE_WARNING, "RFC 9110 13.1.2, 13.1.3",
                                    "A 304 had an entity tag that If-None-Match did not name.", ""},
    [NOTE_STALE_FORBIDDEN] = {"stale_forbidden", NOTE_WARNING, "RFC 9111 4.2.4, 5.2.2",
                              "A cache served a response that was older (Age) than it may get, though "
                              "must-revalidate, proxy-revalidate or s-maxage forbids that.",
                              ""},
    [NOTE_STALE_SERVED] =
        {"stale_served", NOTE_INFO, "RFC 9111 4.2.4",
         "A cache served a response that was older (Age) than it may get, and neither the client nor the "
         "server had allowed it.",
         ""},
    [NOTE_CACHED_FORBIDDEN] =
        {"cached_forbidden", NOTE_INFO, "RFC 9111 4",
         "A response came from a cache (Age) though no-store, no-cache, Vary: * or the request's method "
         "speaks against it; only a cache that validated it may do that.",
         ""},
    [NOTE_IF_RANGE_IGNORED] = {"if_range_ignored", NOTE_WARNING, "RFC 9110 13.1.5",
                               "A 206 had another entity tag or date than If-Range asked for.", ""},
    [NOTE_MULTIPART_UNASKED] = {"multipart_unasked", NOTE_WARNING, "RFC 9110 15.3.7.2",
                                "One range was asked for and several parts came.", ""},
    [NOTE_BYTERANGES_SYNTAX] =
        {"byteranges_syntax", NOTE_ERROR, "RFC 9110 15.3.7.2, 14.6",
         "A response of several parts (multipart/byteranges) did not say what divides them.", ""},
    [NOTE_RANGE_REFUSED] = {"range_refused", NOTE_WARNING, "RFC 9110 15.5.17",
                            "A 416 refused a range that the length it tells would satisfy.", ""},
    [NOTE_SURPLUS_BYTES] =
        {"surplus_bytes", NOTE_ERROR, "RFC 9112 6.3",
         "Bytes stood where a message was to begin, and are none: content where none may be "
         "(HEAD, 204, 304), or more than Content-Length said. They have a record of their "
         "own (`hark.type: surplus`).",
         ""},
    [NOTE_LENGTH_UNLIKE_BODY] =
        {"length_unlike_body", NOTE_ERROR, "RFC 9112 8",
         "The sender closed the connection before as many bytes as Content-Length said.", ""},
    [NOTE_MESSAGE_AFTER_CLOSE] = {"message_after_close", NOTE_WARNING, "RFC 9112 9.6",
                                  "The sender had said on this connection that it was its last message.", ""},
};

const struct note_info *note_info(enum note_id id) {
    return &registry[id];
}

const char *note_severity_name(enum note_severity severity) {
    static const char *const names[] = {
        [NOTE_INFO] = "info", [NOTE_WARNING] = "warning", [NOTE_ERROR] = "error"};
    return names[severity];
}
