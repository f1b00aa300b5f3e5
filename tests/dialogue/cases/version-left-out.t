# A request line without version before fields: not HTTP/0.9, and its body is framed as they say.
>>>
POST /form
Host: a
Content-Length: 3

abcGET /next HTTP/1.1

>>|
<<<
HTTP/1.0 400 Bad Request

<<|
=== requests
start "POST" "/form" "" 0.9
header "Host" "a"
header "Content-Length" "3"
head-end length 3
body 3 "abc"
end 0-45 VERSION
start "GET" "/next" "HTTP/1.1" 1.1
head-end none
end 45-67
eof between
=== responses
start "HTTP/1.0" "400" "Bad Request" 1.0 status=400
head-end close
eof complete
