# A line of one word is no request.
>>>
HELLO

=== requests
bad
=== responses
