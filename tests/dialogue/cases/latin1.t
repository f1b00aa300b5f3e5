# Bytes above 0x7f in values and reason pass.
>>>
GET /\xe4 HTTP/1.1
A: \xff\xfe

<<<
HTTP/1.1 404 Nicht gefunden \xe4
Content-Length: 0

=== requests
start "GET" "/\xe4" "HTTP/1.1" 1.1
header "A" "\xff\xfe"
head-end none
end 0-26
=== responses
start "HTTP/1.1" "404" "Nicht gefunden \xe4" 1.1 status=404
header "Content-Length" "0"
head-end length 0
end 0-52
