# Empty lines before a request (after a POST, say) and before a response.
>>>
POST / HTTP/1.0
Content-Length: 1

x
GET / HTTP/1.1

<<<
\n\

HTTP/1.1 200 OK
Content-Length: 0

=== requests
start "POST" "/" "HTTP/1.0" 1.0
header "Content-Length" "1"
head-end length 1
body 1 "x"
end 0-39
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 41-59 EMPTY_LINES
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 3-41 EMPTY_LINES BARE_LF
