# The same for responses.
<<<
HTTP/1.00 200 ok
Content-Length: 0

http/1.0 200 ok
Content-Length: 0

HTTP/2.0 200 ok
Content-Length: 0

HTTP/1\0.1 200 ok
Content-Length: 0

HTTP/1.1234 200 ok
Content-Length: 0

=== requests
=== responses
start "HTTP/1.00" "200" "ok" 1.0 status=200
header "Content-Length" "0"
head-end length 0
end 0-39 VERSION
start "http/1.0" "200" "ok" 1.0 status=200
header "Content-Length" "0"
head-end length 0
end 39-77 VERSION
start "HTTP/2.0" "200" "ok" 2.0 status=200
header "Content-Length" "0"
head-end length 0
end 77-115 VERSION
start "HTTP/1\0.1" "200" "ok" 0.0 status=200
header "Content-Length" "0"
head-end length 0
end 115-154 NUL VERSION
start "HTTP/1.1234" "200" "ok" 0.0 status=200
header "Content-Length" "0"
head-end length 0
end 154-195 VERSION
