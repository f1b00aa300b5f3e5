# In a body until close every gap is within.
>>>
GET / HTTP/1.0

<<<
HTTP/1.0 200 OK

abc\
<>< 1000000
<<<
xyz\
<<|
=== requests
start "GET" "/" "HTTP/1.0" 1.0
head-end none
end 0-18
=== responses
start "HTTP/1.0" "200" "OK" 1.0 status=200
head-end close
body 3 "abc"
gap 1000000
body 3 "xyz"
eof complete
