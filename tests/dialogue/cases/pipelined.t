# Requests with and without bodies back to back; the server answers in order, the HEAD without a body.
>>>
POST /a HTTP/1.1
Host: a
Content-Length: 4

bodyHEAD /b HTTP/1.1
Host: a

GET /c HTTP/1.1
Host: a

<<<
HTTP/1.1 201 Created
Content-Length: 2

okHTTP/1.1 200 OK
Content-Length: 1000

HTTP/1.1 404 Not Found
Content-Length: 4

gone\
=== requests
start "POST" "/a" "HTTP/1.1" 1.1
header "Host" "a"
header "Content-Length" "4"
head-end length 4
body 4 "body"
end 0-52
start "HEAD" "/b" "HTTP/1.1" 1.1
header "Host" "a"
head-end none
end 52-81
start "GET" "/c" "HTTP/1.1" 1.1
header "Host" "a"
head-end none
end 81-109
=== responses
start "HTTP/1.1" "201" "Created" 1.1 status=201
header "Content-Length" "2"
head-end length 2
body 2 "ok"
end 0-45
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "1000"
head-end none
end 45-86
start "HTTP/1.1" "404" "Not Found" 1.1 status=404
header "Content-Length" "4"
head-end length 4
body 4 "gone"
end 86-135
