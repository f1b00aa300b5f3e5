# Five bytes fit, the sixth must be a digit.
<<<
HTTP/x 200 OK

=== requests
=== responses
bad
