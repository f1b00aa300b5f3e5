# The plainest exchange: a GET, a body with Content-Length.
>>>
GET / HTTP/1.1
Host: example.com

<<<
HTTP/1.1 200 OK
Content-Type: text/plain
Content-Length: 5

hello\
=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "Host" "example.com"
head-end none
end 0-37
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Type" "text/plain"
header "Content-Length" "5"
head-end length 5
body 5 "hello"
end 0-69
