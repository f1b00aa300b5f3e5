# Behind a request line without version comes a whole request.
>>>
GET /one
GET /two HTTP/1.1
Host: a

>>|
=== requests
start "GET" "/one" "" 0.9
end 0-10
start "GET" "/two" "HTTP/1.1" 1.1
header "Host" "a"
head-end none
end 10-40
eof between
=== responses
