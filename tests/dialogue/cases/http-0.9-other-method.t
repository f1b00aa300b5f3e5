# HTTP/0.9 knew GET alone.
>>>
POST /old
=== requests
bad
=== responses
