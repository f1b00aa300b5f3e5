# Proper chunk extensions: bare, with a token, quoted, with blanks around.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 OK
Transfer-Encoding: chunked

1;a
x
1;a=b;c="d; \\"e\\""
x
1 ; a = b
x
0;last

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 3 "xxx"
end 0-102
