# A cut line without a version is bad.
line_bytes 16
>>>
GET /012345678901234567890123456789

=== requests
bad
=== responses
