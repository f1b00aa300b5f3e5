# 100 Continue does not answer the request.
>>>
POST / HTTP/1.1
Expect: 100-continue
Content-Length: 3

abc\
<<<
HTTP/1.1 100 Continue

HTTP/1.1 200 OK
Content-Length: 2

ok\
=== requests
start "POST" "/" "HTTP/1.1" 1.1
header "Expect" "100-continue"
header "Content-Length" "3"
head-end length 3
body 3 "abc"
end 0-63
=== responses
start "HTTP/1.1" "100" "Continue" 1.1 status=100
head-end none
end 0-25
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "2"
head-end length 2
body 2 "ok"
end 25-65
