# Two of them, with an empty line between, as some clients send.
>>>
GET /one

GET /two
=== requests
start "GET" "/one" "" 0.9
end 0-10
start "GET" "/two" "" 0.9
end 12-22 EMPTY_LINES
=== responses
