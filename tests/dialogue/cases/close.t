# Read until close: the body ends with the stream and is complete.
>>>
GET / HTTP/1.0

<<<
HTTP/1.0 200 OK
Content-Type: text/plain

all of this
is body\
<<|
=== requests
start "GET" "/" "HTTP/1.0" 1.0
head-end none
end 0-18
=== responses
start "HTTP/1.0" "200" "OK" 1.0 status=200
header "Content-Type" "text/plain"
head-end close
body 20 "all of this\r\nis body"
eof complete
