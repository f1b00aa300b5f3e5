# A response with a Content-Length that is no number lasts until close.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 OK
Content-Length: 68A

abc\
<<|
=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "68A"
head-end close
body 3 "abc"
eof complete length-syntax ambiguous
