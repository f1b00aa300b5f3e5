# The stream ends in what may have become a field or a request.
>>>
GET /one
HEA\
>>|
=== requests
start "GET" "/one" "" 0.9
end 0-10
eof truncated
=== responses
