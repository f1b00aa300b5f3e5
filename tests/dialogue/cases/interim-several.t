# 102 and 103 with fields, then the answer to a HEAD: interim responses keep the request.
>>>
HEAD / HTTP/1.1

GET /x HTTP/1.1

<<<
HTTP/1.1 102 Processing

HTTP/1.1 103 Early Hints
Link: </style.css>; rel=preload

HTTP/1.1 200 OK
Content-Length: 500

HTTP/1.1 200 OK
Content-Length: 1

x\
=== requests
start "HEAD" "/" "HTTP/1.1" 1.1
head-end none
end 0-19
start "GET" "/x" "HTTP/1.1" 1.1
head-end none
end 19-38
=== responses
start "HTTP/1.1" "102" "Processing" 1.1 status=102
head-end none
end 0-27
start "HTTP/1.1" "103" "Early Hints" 1.1 status=103
header "Link" "</style.css>; rel=preload"
head-end none
end 27-88
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "500"
head-end none
end 88-128
start "HTTP/1.1" "200" "OK" 1.1 status=200
header "Content-Length" "1"
head-end length 1
body 1 "x"
end 128-167
