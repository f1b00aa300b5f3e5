# But not without end.
>>>
\{17* }GET / HTTP/1.0

=== requests
bad START_LINE_SPACES
=== responses
