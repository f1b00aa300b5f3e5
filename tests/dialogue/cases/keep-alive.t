# Three exchanges in turn on one connection, the middle one empty.
>>>
GET /1 HTTP/1.1
Host: a

>>>
GET /2 HTTP/1.1
Host: a

>>>
GET /3 HTTP/1.1
Host: a

<<<
HTTP/1.1 200 OK
Content-Length: 3

one\
<<<
HTTP/1.1 200 OK
Content-Length: 0

<<<
HTTP/1.1 200 OK
Content-Length: 5

three\
=== requests
start "GET" "/1" "HTTP/1.1" 1.1
header "Host" "a"
head-end none
end 0-28
start "GET" "/2" "HTTP/1.1" 1.1
header "Host" "a"
head-end none
end 28-56
start "GET" "/3" "HTTP/1.1" 1.1
header "Host" "a"
head-end none
end 56-84
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "3"
head-end length 3
body 3 "one"
end 0-41
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 41-79
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "5"
head-end length 5
body 5 "three"
end 79-122
