# `GET key` belongs to other protocols.
>>>
GET key
=== requests
bad
=== responses
