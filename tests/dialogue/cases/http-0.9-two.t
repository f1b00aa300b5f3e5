# Two of them, with an empty line between, as some clients send.
>>>
GET /one

GET /two
>>|
=== requests
start "GET" "/one" "" 0.9
end 0-12
start "GET" "/two" "" 0.9
end 12-22
eof between
=== responses
