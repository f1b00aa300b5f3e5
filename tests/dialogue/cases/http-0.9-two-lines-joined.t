# Two request lines without versions, one right behind the other: the second is no field.
>>>
GET /one
GET /two\
>>|
=== requests
start "GET" "/one" "" 0.9
end 0-10
start "GET" "/two" "" 0.9
end 10-18
eof between
=== responses
