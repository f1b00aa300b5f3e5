# A 205 is framed by its fields (RFC 9110 section 15.3.6).
>>>
POST / HTTP/1.1
Content-Length: 0

<<<
HTTP/1.1 205 Reset Content
Content-Length: 2

ok\
=== requests
start "POST" "/" "HTTP/1.1" 1.1
header "Content-Length" "0"
head-end length 0
end 0-38
=== responses
start "HTTP/1.1" "205" "Reset Content" 1.1 status=205
header "Content-Length" "2"
head-end length 2
body 2 "ok"
end 0-51
