# Codings before chunked, several fields, tabs, case.
>>>
POST /1 HTTP/1.1
Transfer-Encoding: gzip, chunked

0

POST /2 HTTP/1.1
Transfer-Encoding: gzip
Transfer-Encoding: \tCHUNKED\t

0

POST /3 HTTP/1.1
Transfer-Encoding: chunked, chunked

0

POST /4 HTTP/1.1
Transfer-Encoding: identity
Content-Length: 2

ok\
=== requests
start "POST" "/1" "HTTP/1.1" 1.1
header "Transfer-Encoding" "gzip, chunked"
head-end chunked
end 0-59
start "POST" "/2" "HTTP/1.1" 1.1
header "Transfer-Encoding" "gzip"
header "Transfer-Encoding" "CHUNKED"
head-end chunked
end 59-139
start "POST" "/3" "HTTP/1.1" 1.1
header "Transfer-Encoding" "chunked, chunked"
head-end chunked
end 139-201 chunked-twice
start "POST" "/4" "HTTP/1.1" 1.1
header "Transfer-Encoding" "identity"
header "Content-Length" "2"
head-end length 2
body 2 "ok"
end 201-271 coding-unknown
=== responses
