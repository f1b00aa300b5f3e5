# A method that is no token can't be read.
>>>
G(T / HTTP/1.1

=== requests
bad
=== responses
