# A refused CONNECT is framed like any response.
>>>
CONNECT example.com:443 HTTP/1.1
Host: example.com:443

<<<
HTTP/1.1 403 Forbidden
Content-Length: 2

no\
=== requests
start "CONNECT" "example.com:443" "HTTP/1.1" 1.1
header "Host" "example.com:443"
head-end none
end 0-59
=== responses
start "HTTP/1.1" "403" "Forbidden" 1.1 status=403
header "Content-Length" "2"
head-end length 2
body 2 "no"
end 0-47
