# The stream ends behind the target.
>>>
GET /old\
>>|
=== requests
start "GET" "/old" "" 0.9
end 0-8
eof between
=== responses
