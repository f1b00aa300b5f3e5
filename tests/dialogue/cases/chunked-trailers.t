# Trailer fields behind the last chunk, one of them folded.
>>>
PUT /t HTTP/1.1
Host: a
Transfer-Encoding: chunked
Trailer: X-Sum

3
abc
0
X-Sum: 1
X-Long: one
  two

<<<
HTTP/1.1 204 No Content

=== requests
start "PUT" "/t" "HTTP/1.1" 1.1
header "Host" "a"
header "Transfer-Encoding" "chunked"
header "Trailer" "X-Sum"
head-end chunked
body 3 "abc"
trailer "X-Sum" "1"
trailer "X-Long" "one two"
end 0-115 OBS_FOLD
=== responses
start "HTTP/1.1" "204" "No Content" 1.1 status=204
head-end none
end 0-27
