# 1.0 with Content-Length and without Host.
>>>
POST /form HTTP/1.0
Content-Length: 3

a=b\
<<<
HTTP/1.0 302 Moved Temporarily
Location: /

<<|
=== requests
start "POST" "/form" "HTTP/1.0" 1.0
header "Content-Length" "3"
head-end length 3
body 3 "a=b"
end 0-45
=== responses
start "HTTP/1.0" "302" "Moved Temporarily" 1.0 status=302
header "Location" "/"
head-end close
eof complete
