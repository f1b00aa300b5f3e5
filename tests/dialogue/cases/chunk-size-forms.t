# Sizes that only lenient readers take.
>>>
GET / HTTP/1.1

<<<
HTTP/1.1 200 OK
Transfer-Encoding: chunked

 3
abc

3
def
\v3
ghi
3  
jkl
0x3
mno
00000000000000000003
pqr
0

=== requests
start "GET" "/" "HTTP/1.1" 1.1
head-end none
end 0-18
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 18 "abcdefghijklmnopqr"
end 0-127 CHUNK_SIZE
