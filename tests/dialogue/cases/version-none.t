# A word that looks like a version but has no number is no version.
>>>
GET / HTTP/x
=== requests
bad
=== responses
