# No field has such a name: it starts a message, of which nothing is known.
>>>
GET /one
\{129*n}: a
=== requests
start "GET" "/one" "" 0.9
end 0-10
bad
=== responses
