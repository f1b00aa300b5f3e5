# A body where none may be: bad, and the head before it was given.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 204 ok
Content-Length: 4

junk\
=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "204" "ok" 1.1 status=204
header "Content-Length" "4"
head-end none
end 0-38 forbidden ambiguous
bad
