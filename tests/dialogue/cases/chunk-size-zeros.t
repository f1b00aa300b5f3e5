# Overlong zeros end the body too; 0x without a number is zero.
>>>
POST /1 HTTP/1.1
Transfer-Encoding: chunked

00000000000000000000

POST /2 HTTP/1.1
Transfer-Encoding: chunked

0x

=== requests
start "POST" "/1" "HTTP/1.1" 1.1
header "Transfer-Encoding" "chunked"
head-end chunked
end 0-72 CHUNK_SIZE
start "POST" "/2" "HTTP/1.1" 1.1
header "Transfer-Encoding" "chunked"
head-end chunked
end 72-126 CHUNK_EXTENSION
=== responses
