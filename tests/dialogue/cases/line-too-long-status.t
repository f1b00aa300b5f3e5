# The reason is cut.
line_bytes 16
<<<
HTTP/1.1 200 OK and much more
Content-Length: 0

=== requests
=== responses
start "HTTP/1.1" "200" "OK " 1.1 status=200
header "Content-Length" ""
head-end close
