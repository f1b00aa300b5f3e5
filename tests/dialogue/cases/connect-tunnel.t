# A 2xx to CONNECT ends HTTP: what follows is the tunnel's.
>>>
CONNECT example.com:443 HTTP/1.1
Host: example.com:443

<<<
HTTP/1.1 200 Connection established

\x16\x03\x01\
=== requests
start "CONNECT" "example.com:443" "HTTP/1.1" 1.1
header "Host" "example.com:443"
head-end none
end 0-59
=== responses
start "HTTP/1.1" "200" "Connection established" 1.1 status=200
head-end tunnel
end 0-39
tunnel
