# Lines that end in LF alone, heads and chunks.
>>>
GET /?p=%20 HTTP/1.0\n\
User-Agent: Mozilla\n\
\n\
<<<
HTTP/1.1 200 OK\n\
Transfer-Encoding: chunked\n\
\n\
3\n\
abc\n\
0\n\
\n\
=== requests
start "GET" "/?p=%20" "HTTP/1.0" 1.0
header "User-Agent" "Mozilla"
head-end none
end 0-42 BARE_LF
=== responses
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Transfer-Encoding" "chunked"
head-end chunked
body 3 "abc"
end 0-53 BARE_LF CHUNK_END
