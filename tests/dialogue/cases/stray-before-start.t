# White space, NUL and a bare CR before the start lines.
>>>
 GET / HTTP/1.0

<<<
\0 \rHTTP/1.1 200 ok
Content-Length: 0

=== requests
start "GET" "/" "HTTP/1.0" 1.0
head-end none
end 1-19 START_LINE_SPACES
=== responses
start "HTTP/1.1" "200" "ok" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 3-41 BARE_CR NUL START_LINE_SPACES
