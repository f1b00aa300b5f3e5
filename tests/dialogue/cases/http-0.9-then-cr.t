# ... or in half a line end.
>>>
GET /one
\r\
>>|
=== requests
start "GET" "/one" "" 0.9
end 0-10
eof between
=== responses
