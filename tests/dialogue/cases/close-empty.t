# Read until close and nothing came.
>>>
GET / HTTP/1.0

<<<
HTTP/1.0 200 OK

<<|
=== requests
start "GET" "/" "HTTP/1.0" 1.0
head-end none
end 0-18
=== responses
start "HTTP/1.0" "200" "OK" 1.0 status=200
head-end close
eof complete
