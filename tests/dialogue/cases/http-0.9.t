# A request line alone; the answer has no head and lasts until close.
>>>
GET /old
>>|
<<<
<html>old</html>\
<<|
=== requests
start "GET" "/old" "" 0.9
end 0-10
eof between
=== responses
body 16 "<html>old</html>"
eof complete
